//! Any bytes as a document: the pre-pass must answer with a price or a sentence, and soon.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use transport::{CostModel, CostSettings, Inspector, Limits};

static INSPECTOR: LazyLock<Inspector> = LazyLock::new(|| {
    let read = CostModel::from_sdl(
        "type Query { a(first: Int, ids: [ID!]): A b(first: Int): BConnection c: Int }
         type A { a(first: Int): A b(first: Int, last: Int): BConnection list: [A] leaf: String }
         type BConnection { nodes: [A] edges: [BEdge] totalCount: Int }
         type BEdge { cursor: String node: A }",
    );
    let model = read.unwrap_or_else(|error| unreachable!("{error}"));
    Inspector::new(Limits::default(), Some((model, CostSettings::default())), 0)
});

fuzz_target!(|text: &str| {
    let request = json!({ "query": text, "variables": { "n": 100, "after": "c1" } });
    let _ = INSPECTOR.inspect(request);
});
