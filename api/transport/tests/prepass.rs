//! The pre-pass against texts nobody would write: whole documents cut, doubled and stirred, and documents
//! made of the grammar's own pieces. It must answer every one of them with a price or a sentence, soon.
//! `fuzz/` does the same without an end, where a nightly compiler is at hand.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::json;
use transport::{CostModel, CostSettings, Inspector, Limits};

const SDL: &str = "
    type Query { a(first: Int, ids: [ID!], x: String): A b(first: Int): BConnection c: Int }
    type A { a(first: Int): A b(first: Int, last: Int): BConnection! list: [A!]! leaf: String }
    type BConnection { nodes: [A!]! edges: [BEdge!]! pageInfo: PageInfo! totalCount: Int! }
    type BEdge { cursor: String! node: A! }
    type PageInfo { hasNextPage: Boolean! }
    type Mutation { a: A }
    type Subscription { a: A }
";

static INSPECTOR: LazyLock<Inspector> = LazyLock::new(|| {
    let model = CostModel::from_sdl(SDL).unwrap();
    Inspector::new(Limits::default(), Some((model, CostSettings::default())), 10_000)
});

const CORPUS: [&str; 8] = [
    "{ a { b(first: 10) { nodes { list { leaf } } totalCount } } }",
    "query Q($n: Int = 3, $with: Boolean!) { a(first: $n) @include(if: $with) { ...F } } fragment F on A { a { leaf } }",
    "mutation { a { leaf } }",
    "subscription($after: String) { a(x: $after) { leaf } }",
    "{...A} fragment A on Query {...B ...B} fragment B on Query {...A}",
    "{ a(x: \"\"\"block \\\"\"\" text\"\"\") { leaf } b: a(ids: [1, 2, {y: [3]}], x: \"\\u0023__graphql_file__:0\") { leaf } }",
    "{ __schema { types { fields { type { ofType { name } } } } } }",
    "query A { c } query B { c } # comment { { {\n{ c }",
];

const PIECES: [&str; 30] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$",
    "...",
    "@include(if: true)",
    "@skip(if: $v)",
    " on A ",
    "query ",
    "mutation ",
    "subscription ",
    "fragment F on A ",
    "fragment G on B ",
    "...F ",
    "...G ",
    "a ",
    "b(first: 100) ",
    "nodes ",
    "list ",
    "leaf ",
    "\"",
    "\"\"\"",
    "\\u0023",
    "#",
    "9999999999999999999999",
];

/// Looks at one text; the answer does not matter, that there is one soon does.
fn look(text: &str, variables: &serde_json::Value) {
    let start = Instant::now();
    let request = json!({ "query": text, "variables": variables });
    let found = INSPECTOR.inspect(request);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}: {text}");
    match found {
        Ok(found) => assert!(found.cost.is_some_and(|cost| cost <= CostSettings::default().operation)),
        Err(refusal) => assert!(!refusal.message.is_empty() && !refusal.message.contains("Error {"), "{refusal}"),
    }
}

/// A change of a text at a place chosen by the run.
#[derive(Clone, Debug)]
enum Change {
    Cut(Index, Index),
    Double(Index, Index, u8),
    Insert(Index, usize),
    Flip(Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Cut(from, to)),
        (any::<Index>(), any::<Index>(), 2..40_u8).prop_map(|(from, to, times)| Change::Double(from, to, times)),
        (any::<Index>(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
    ]
}

fn changed(mut text: Vec<u8>, change: &Change) -> Vec<u8> {
    let length = text.len() + 1;
    let range = |from: &Index, to: &Index| {
        let (from, to) = (from.index(length), to.index(length));
        from.min(to)..from.max(to)
    };
    match change {
        Change::Cut(from, to) => drop(text.drain(range(from, to))),
        Change::Double(from, to, times) => {
            let range = range(from, to);
            let piece = text[range.clone()].repeat(usize::from(*times));
            text.splice(range, piece);
            text.truncate(20_000);
        }
        Change::Insert(at, piece) => drop(text.splice(at.index(length)..at.index(length), PIECES[*piece].bytes())),
        Change::Flip(at, byte) => {
            if let Some(one) = text.get_mut(at.index(length)) {
                *one ^= byte;
            }
        }
    }
    text
}

fn config(cases: u32) -> ProptestConfig {
    // The same texts in every run: a failure must not depend on the day.
    ProptestConfig {
        cases,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn stirred_documents_are_answered(start in 0..CORPUS.len(), changes in vec(change(), 1..8), n in any::<i64>()) {
        let text = changes.iter().fold(CORPUS[start].as_bytes().to_vec(), changed);
        look(&String::from_utf8_lossy(&text), &json!({ "n": n, "with": true, "v": n }));
    }

    #[test]
    fn documents_of_loose_pieces_are_answered(pieces in vec(0..PIECES.len(), 0..200)) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        look(&text, &json!({}));
    }

    /// Fragments that spread each other in any way, circles and bombs among them.
    #[test]
    fn webs_of_fragments_are_answered(spreads in vec(vec(0..30_usize, 0..6), 1..30)) {
        let mut text = String::from("{ ...F0 }");
        for (number, targets) in spreads.iter().enumerate() {
            let inner: String = targets.iter().map(|target| format!("...F{target} b(first: 3) {{ nodes {{ ...F{target} }} }} ")).collect();
            text.push_str(&format!("fragment F{number} on A {{ {inner} leaf }}"));
        }
        look(&text, &json!({}));
    }

    /// Texts that are no GraphQL at all.
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        look(&text, &json!({}));
    }
}
