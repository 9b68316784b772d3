//! The published model against documents whose price can be worked out by hand.
#![allow(clippy::unwrap_used)]

use async_graphql::{Value, Variables, parser::parse_query, parser::types::DocumentOperations, value};
use proptest::prelude::*;

use super::*;

const SDL: &str = "
    schema { query: Query mutation: Mutation subscription: Listening }
    interface Node { id: ID! owner: Owner }
    type Query {
      node(id: ID!): Node
      nodes(ids: [ID!]!): [Node]!
      bills(first: Int, last: Int, after: String): BillConnection!
      short(first: Int = 5): BillConnection!
      runs(first: Int): [Run!]!
      series(input: SeriesInput!): Series!
      quote(times: Int = 3): Int!
      words: [String!]!
    }
    input SeriesInput { buckets: Int! groups: Int = 1 }
    type Series { groups: [Group!]! }
    type Group { key: String! }
    type Run { id: ID! bill: Bill }
    type Owner { name: String! }
    type Bill implements Node { id: ID! owner: Owner lines: [Line!]! notes(first: Int): NoteConnection! }
    type Line { text: String! }
    type NoteConnection { nodes: [Note!]! pageInfo: PageInfo! totalCount: Int! }
    type Note { text: String! }
    type BillConnection { edges: [BillEdge!]! nodes: [Bill!]! pageInfo: PageInfo! totalCount: Int! largest: Bill }
    type BillEdge { cursor: String! node: Bill! }
    type PageInfo { hasNextPage: Boolean! }
    type Mutation { pay(id: ID!): Bill }
    type Listening { bills: Bill }
";

fn model() -> CostModel {
    let number = |value: Option<Value>| match value {
        Some(Value::Number(number)) => number.as_u64().unwrap_or(u64::MAX),
        _ => 1,
    };
    CostModel::from_sdl(SDL)
        .unwrap()
        .with_field("Query.series", move |arguments| FieldCost {
            own: number(arguments.at(&["input", "buckets"])).saturating_mul(number(arguments.at(&["input", "groups"]))),
            items: 1,
        })
        .unwrap()
        .with_field("Query.quote", move |arguments| FieldCost { own: number(arguments.get("times")), items: 0 })
        .unwrap()
}

fn priced(query: &str, variables: Value) -> (u64, Plan) {
    let document = parse_query(query).unwrap();
    let DocumentOperations::Single(operation) = &document.operations else { unreachable!("one operation") };
    let variables = Variables::from_value(variables);
    estimate(&model(), &CostSettings::default(), &document, &operation.node, &variables)
}

fn cost(query: &str) -> u64 {
    priced(query, Value::Null).0
}

#[test]
fn a_value_is_free_and_what_is_below_it_is_counted() {
    let query = "{ node(id: 1) { owner { name } } bills(first: 3) { nodes { owner { name } notes(first: 2) { totalCount } } } }";
    let document = parse_query(query).unwrap();
    let DocumentOperations::Single(operation) = &document.operations else { unreachable!("one operation") };
    let price = |model: &CostModel| {
        estimate(model, &CostSettings::default(), &document, &operation.node, &Variables::default()).0
    };
    assert_eq!(price(&model()), 2 + 2 + 3 * (1 + 1 + 2));
    assert_eq!(price(&model().with_value("Owner").unwrap()), 1 + 2 + 3 * (1 + 2));
    assert!(model().with_value("Nobody").is_err(), "a renamed type must not lose its price unnoticed");
}

#[test]
fn every_shape_has_its_price() {
    for (query, expected) in [
        ("{ words __typename }", 0),
        ("{ __schema { types { fields { name } } } }", 0),
        ("{ node(id: 1) { id } }", 1),
        ("{ node(id: 1) { id ... on Bill { owner { name } lines { text } } } }", 1 + 1 + 10),
        ("{ nodes(ids: [1, 2, 3]) { id owner { name } } }", 3 * 2),
        ("{ nodes(ids: 1) { id } }", 1),
        ("{ bills(first: 50) { nodes { id } } }", 2 + 50),
        ("{ bills(first: 50) { edges { cursor node { id } } pageInfo { hasNextPage } totalCount } }", 2 + 50),
        ("{ bills { nodes { id } } }", 2 + 25),
        ("{ bills(first: null, last: 7) { nodes { id } } }", 2 + 7),
        ("{ bills(first: 1000000000000000000000) { nodes { id } } }", 2 + 100),
        ("{ bills(first: -1) { nodes { id } } }", 2),
        ("{ bills(first: 50) { totalCount largest { id } } }", 2 + 1),
        ("{ short { nodes { id } } }", 2 + 5),
        ("{ runs(first: 4) { bill { id } } }", 4 * 2),
        ("{ bills(first: 10) { nodes { notes(first: 5) { nodes { text } } } } }", 2 + 10 * (1 + 2 + 5)),
        ("{ series(input: { buckets: 30, groups: 4 }) { groups { key } } }", 120 + 10),
        ("{ quote }", 3),
        ("{ quote(times: 9) }", 9),
        ("mutation { pay(id: 1) { id owner { name } } }", 2),
        ("subscription { bills { id } }", 1),
        ("{ a: node(id: 1) { id } b: node(id: 2) { id } }", 2),
        ("{ nowhere { anything { id } } }", 2),
    ] {
        assert_eq!(cost(query), expected, "{query}");
    }
}

#[test]
fn variables_and_their_defaults_decide_the_size_of_a_page() {
    let query = "query($n: Int = 8, $with: Boolean = false) {
        bills(first: $n) { nodes { id owner @include(if: $with) { name } lines @skip(if: $with) { text } } } }";
    assert_eq!(priced(query, value!({})).0, 2 + 8 * 11);
    assert_eq!(priced(query, value!({ "n": 3, "with": true })).0, 2 + 3 * 2);
    assert_eq!(priced("query($b: [ID!]!) { nodes(ids: $b) { id } }", value!({ "b": [1, 2] })).0, 2);
    let nested = "query($g: Int) { series(input: { buckets: 6, groups: $g }) { groups { key } } }";
    assert_eq!(priced(nested, value!({ "g": 7 })).0, 42 + 10);
}

#[test]
fn a_fragment_costs_the_same_as_its_text() {
    let spread = "query { bills(first: 9) { ...P } x: bills(first: 2) { ...P } }
        fragment P on BillConnection { nodes { ...B } totalCount } fragment B on Bill { owner { name } }";
    assert_eq!(cost(spread), 2 + 9 * 2 + 2 + 2 * 2);
    // Thirty fragments, each spreading the next twice: 2^30 objects, counted in thirty steps.
    let mut bomb = String::from("{ node(id: 1) { ...A0 } }");
    for level in 0..30 {
        bomb.push_str(&format!("fragment A{level} on Node {{ ...A{0} ...A{0} }}", level + 1));
    }
    bomb.push_str("fragment A30 on Node { owner { name } }");
    assert_eq!(cost(&bomb), 1 + (1 << 30));
}

#[test]
fn sums_saturate() {
    let mut query = String::from("id");
    for _ in 0..12 {
        query = format!(
            "notes(first: 100) {{ nodes {{ text x {{ {query} }} }} }} bills(first: 100) {{ nodes {{ {query} }} }}"
        );
    }
    let model = CostModel::from_sdl(
        "type Query { bills(first: Int): AConnection } type AConnection { nodes: [A] }
         type A { id: ID bills(first: Int): AConnection notes(first: Int): AConnection text: ID x: A }",
    )
    .unwrap();
    let document = parse_query(format!("{{ {query} }}")).unwrap();
    let DocumentOperations::Single(operation) = &document.operations else { unreachable!("one operation") };
    let (cost, _) = estimate(&model, &CostSettings::default(), &document, &operation.node, &Variables::default());
    assert_eq!(cost, u64::MAX);
}

#[test]
fn an_answer_is_counted_along_what_was_selected() {
    let query = "{ bills(first: 50) { nodes { id owner { name } lines { text } } edges { node { id } } pageInfo { hasNextPage } }
        node(id: 1) { id } }";
    let (requested, plan) = priced(query, Value::Null);
    assert_eq!(requested, 2 + 50 * (12 + 1) + 1);
    let answer = value!({
        "bills": {
            "nodes": [{ "id": 1, "owner": { "name": "a" }, "lines": [{ "text": "x" }, { "text": "y" }] }, { "id": 2, "owner": null, "lines": [] }],
            "edges": [{ "node": { "id": 1 } }, { "node": { "id": 2 } }],
            "pageInfo": { "hasNextPage": false },
        },
        "node": null,
    });
    assert_eq!(plan.actual(&answer), 2 + (1 + 1 + 2) + 1 + 2);
    assert_eq!(plan.actual(&Value::Null), 0);
}

#[test]
fn a_coordinate_that_does_not_exist_is_an_error() {
    let rule = |_: &Arguments<'_>| FieldCost { own: 1, items: 1 };
    assert!(CostModel::from_sdl(SDL).unwrap().with_field("Query.sereis", rule).is_err());
    assert!(CostModel::from_sdl("type {").is_err());
}

proptest! {
    /// A larger page never costs less, whatever number a client writes.
    #[test]
    fn pages_are_monotonous_and_capped(small: i64, large: i64) {
        let (small, large) = (small.min(large), small.max(large));
        let page = |first: i64| cost(&format!("{{ bills(first: {first}) {{ nodes {{ notes(first: {first}) {{ nodes {{ text }} }} }} }} }}"));
        prop_assert!(page(small) <= page(large));
        prop_assert!(page(large) <= 2 + 100 * (1 + 2 + 100));
    }
}
