//! Answers out of order, with holes and with nulls, and what they must become.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use async_graphql::{PathSegment, Response, ServerError, Value, Variables, parser::parse_query, value};
use serde_json::json;

use super::*;

const SCHEMA: &str = "
    type Query { a: Int b: Int! thing: Thing sure: Thing! things: [Thing!]! holes: [Thing]! node: Node nodes: [Node]! json: Json pair: Pair }
    type Thing implements Node { id: ID! name: String size: Int! inner: Thing! }
    type Other implements Node { id: ID! title: String! }
    interface Node { id: ID! }
    union Pair = Thing | Other
    scalar Json
";

fn shaped(text: &str, variables: serde_json::Value, data: Value, failed: &[&[&str]]) -> String {
    let types = Arc::new(Types::read(SCHEMA).unwrap());
    let mut document = parse_query(text).unwrap();
    annotate(&mut document, &types);
    let document = Arc::new(document);
    let (_, operation) = document.operations.iter().next().unwrap();
    let variables = Variables::from_json(variables);
    let shape = Shape::of(&types, &document, &operation.node, None, &variables);
    let mut response = Response::new(data);
    for path in failed {
        let path = path.iter().map(|part| PathSegment::Field((*part).to_owned())).collect();
        response.errors.push(ServerError::new("x", None).with_path(path));
    }
    shape.give_to(&mut response);
    serde_json::to_string(&response.data).unwrap()
}

#[test]
fn fields_come_in_the_order_of_the_document() {
    let data = value!({ "b": 2, "things": [{ "size": 1, "id": "1" }, { "id": "2", "size": 2 }], "a": 1 });
    assert_eq!(
        shaped("{ a things { id size } b }", json!({}), data.clone(), &[]),
        r#"{"a":1,"things":[{"id":"1","size":1},{"id":"2","size":2}],"b":2}"#
    );
    let fragments = "query { ...F a things { size } } fragment F on Query { things { id } ... { b } }";
    assert_eq!(
        shaped(fragments, json!({}), data, &[]),
        r#"{"things":[{"id":"1","size":1},{"id":"2","size":2}],"b":2,"a":1}"#
    );
}

#[test]
fn a_failed_field_is_null_or_takes_its_parent_along() {
    let failed: &[&[&str]] = &[&["thing", "size"]];
    assert_eq!(
        shaped("{ a thing { size } }", json!({}), value!({ "thing": {}, "a": 1 }), failed),
        r#"{"a":1,"thing":null}"#
    );
    assert_eq!(
        shaped("{ thing { name id } }", json!({}), value!({ "thing": { "id": "1" } }), failed),
        r#"{"thing":{"name":null,"id":"1"}}"#
    );
    assert_eq!(shaped("{ a sure { size } }", json!({}), value!({ "sure": {}, "a": 1 }), failed), "null");
    assert_eq!(
        shaped("{ x: thing { inner { size } } }", json!({}), value!({ "x": { "inner": null } }), failed),
        r#"{"x":null}"#
    );
    assert_eq!(
        shaped("{ holes { size } }", json!({}), value!({ "holes": [{ "size": 1 }, {}] }), failed),
        r#"{"holes":[{"size":1},null]}"#
    );
    assert_eq!(shaped("{ things { size } }", json!({}), value!({ "things": [{ "size": 1 }, {}] }), failed), "null");
    assert_eq!(shaped("{ b }", json!({}), value!({}), failed), "null");
}

#[test]
fn an_object_without_fields_is_an_object() {
    let no = json!({ "no": false });
    let document = "query($no: Boolean!) { thing { id @include(if: $no) } sure { ... @include(if: $no) { id } } }";
    let there = value!({ "thing": { "__shape": "Thing" }, "sure": { "__shape": "Thing" } });
    assert_eq!(shaped(document, no.clone(), there, &[]), r#"{"thing":{},"sure":{}}"#);
    assert_eq!(shaped("query($no: Boolean = false) { a @include(if: $no) }", json!({}), Value::Null, &[]), "{}");
    assert_eq!(
        shaped("query($no: Boolean = true) { a @skip(if: $no) b }", no, value!({ "b": 1, "a": 1 }), &[]),
        r#"{"a":1,"b":1}"#
    );
}

#[test]
fn what_an_object_is_decides_which_fragments_count() {
    let document = "{ nodes { ... on Thing { size id } ... on Other { id title } ... on Node { __typename } } json pair { ... on Other { title } } }";
    let data = value!({
        "json": { "z": 1, "a": null },
        "pair": { "__shape": "Thing" },
        "nodes": [
            { "__shape": "Other", "title": "t", "id": "1", "__typename": "Other" }, null,
            { "__shape": "Thing", "id": "2", "size": 1, "__typename": "Thing" },
        ],
    });
    assert_eq!(
        shaped(document, json!({}), data, &[]),
        r#"{"nodes":[{"id":"1","title":"t","__typename":"Other"},null,{"size":1,"id":"2","__typename":"Thing"}],"json":{"z":1,"a":null},"pair":{}}"#
    );
}

#[test]
fn introspection_is_put_in_order_too() {
    let data = value!({ "a": 1, "__schema": { "queryType": { "name": "Query", "kind": "OBJECT" }, "types": [] } });
    assert_eq!(
        shaped("{ __schema { types { name } queryType { kind name } } a }", json!({}), data, &[]),
        r#"{"__schema":{"types":[],"queryType":{"kind":"OBJECT","name":"Query"}},"a":1}"#
    );
}
