//! How long the look at a document takes: the 5 kB document of a busy page, and the kilobyte of fragments
//! that would cost the stock layer 2^29 visits. Medians; `cargo bench -p transport`.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use async_graphql::parser::parse_query;
use serde_json::json;
use transport::{CostModel, CostSettings, Limits, inspect};

const SDL: &str = "
    type Query { things(first: Int, after: String): ThingConnection! thing(id: ID!): Thing }
    type ThingConnection { nodes: [Thing!]! edges: [ThingEdge!]! pageInfo: PageInfo! totalCount: Int! }
    type ThingEdge { cursor: String! node: Thing! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type Thing { id: ID! name: String! total: Price! owner: Owner parts: [Part!]! things(first: Int): ThingConnection! }
    type Price { amount: String! currency: String! }
    type Owner { id: ID! name: String! address: [String!]! }
    type Part { text: String! price: Price! owner: Owner }
";

/// About five thousand bytes, laid out as people and tools write.
fn page() -> String {
    let mut text = String::from("query Page($first: Int = 20, $after: String) {\n");
    for part in 0..8 {
        text.push_str(&format!(
            "  list{part}: things(first: 5, after: $after) {{\n    edges {{\n      cursor\n      node {{\n        ...Thing\n        parts {{\n          text\n          price {{\n            amount\n            currency\n          }}\n          owner {{\n            id\n            name\n            address\n          }}\n        }}\n      }}\n    }}\n    pageInfo {{\n      hasNextPage\n      endCursor\n    }}\n    totalCount\n  }}\n  one{part}: thing(id: \"thing_{part}\") {{\n    ...Thing\n  }}\n"
        ));
    }
    text.push_str("}\nfragment Thing on Thing {\n  id\n  name\n  total {\n    amount\n    currency\n  }\n  owner {\n    id\n    name\n  }\n}\n");
    text
}

fn bomb() -> String {
    let mut text = String::from("{...A0}");
    for level in 0..29 {
        text.push_str(&format!("fragment A{level} on Q{{...A{0} ...A{0}}}", level + 1));
    }
    text + "fragment A29 on Q{__typename}"
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<_> = (0..2_001)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let (limits, settings) = (Limits::default(), CostSettings::default());
    let model = CostModel::from_sdl(SDL).unwrap();
    for (name, text) in [("page", page()), ("fragment bomb", bomb())] {
        let request = json!({ "query": text, "variables": { "after": "c1" } });
        let found = inspect(request.clone(), &limits, Some((&model, &settings)));
        let parse = median(|| drop(black_box(parse_query(&text))));
        let copy = median(|| drop(black_box(request.clone())));
        let without_costs = median(|| drop(black_box(inspect(request.clone(), &limits, None)))) - copy;
        let whole = median(|| drop(black_box(inspect(request.clone(), &limits, Some((&model, &settings)))))) - copy;
        println!(
            "{name}: {} bytes, {found:?}\n  parser alone {parse:?}, which async-graphql would spend in any case\n  whole pre-pass {whole:?}, of which beyond the parser {:?} (without costs {:?})",
            text.len(),
            whole.saturating_sub(parse),
            without_costs.saturating_sub(parse),
        );
    }
}
