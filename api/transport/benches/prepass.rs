//! How long the look at a document takes: the 5 kB document of a busy page, and the kilobyte of fragments
//! that would cost the stock layer 2^29 visits. Medians; `cargo bench -p transport`.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use async_graphql::parser::parse_query;
use serde_json::json;
use transport::{CostModel, CostSettings, Inspector, Limits};

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
    for part in 0..10 {
        text.push_str(&format!(
            "  list{part}: things(first: 5, after: $after) {{\n    edges {{\n      cursor\n      node {{\n        ...Thing\n        parts {{\n          text\n          price {{\n            amount\n            currency\n          }}\n          owner {{\n            id\n            name\n            address\n          }}\n        }}\n      }}\n    }}\n    pageInfo {{\n      hasNextPage\n      endCursor\n    }}\n    totalCount\n  }}\n  one{part}: thing(id: \"thing_{part}\") {{\n    ...Thing\n  }}\n"
        ));
    }
    text.push_str("}\nfragment Thing on Thing {\n  id\n  name\n  total {\n    amount\n    currency\n  }\n  owner {\n    id\n    name\n  }\n}\n# A note of the kind that front ends leave in their documents.\n");
    text
}

fn bomb() -> String {
    let mut text = String::from("{...A0}");
    for level in 0..29 {
        text.push_str(&format!("fragment A{level} on Q{{...A{0} ...A{0}}}", level + 1));
    }
    text + "fragment A29 on Q{__typename}"
}

/// The median of each, taken in turns so that a busy machine is busy for all of them.
fn medians<const N: usize>(mut works: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut times = [(); N].map(|()| Vec::new());
    for _ in 0..2_001 {
        for (work, times) in works.iter_mut().zip(&mut times) {
            let start = Instant::now();
            work();
            times.push(start.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

fn main() {
    let model = CostModel::from_sdl(SDL).unwrap();
    let inspector = |costs: Option<CostModel>, known| {
        Inspector::new(Limits::default(), costs.map(|model| (model, CostSettings::default())), known)
    };
    let (anew, plain) = (inspector(Some(model.clone()), 0), inspector(None, 0));
    let remembering = inspector(Some(model), 100_000);
    for (name, text) in [("page", page()), ("fragment bomb", bomb())] {
        let request = json!({ "query": text, "variables": { "after": "c1" } });
        let [copy, parser, plain, whole, again] = medians([
            &mut || drop(black_box(request.clone())),
            &mut || drop(black_box(parse_query(&text))),
            &mut || drop(black_box(plain.inspect(request.clone()))),
            &mut || drop(black_box(anew.inspect(request.clone()))),
            &mut || drop(black_box(remembering.inspect(request.clone()))),
        ]);
        let [plain, whole, again] = [plain, whole, again].map(|time| time.saturating_sub(copy));
        println!("{name}, {} bytes: {:?}", text.len(), anew.inspect(request.clone()));
        println!("  sent for the first time {whole:?}, sent again {again:?}");
        println!(
            "  of the first time: parser {parser:?}, limits {:?}, costs {:?}",
            plain.saturating_sub(parser),
            whole.saturating_sub(plain)
        );
    }
}
