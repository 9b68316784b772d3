//! The conventions of the schema, checked over the whole of it.

use serde_json::Value;
use std::collections::HashSet;

use crate::graphql::{Root, builder, permissions, sdl};

const INTROSPECTION: &str = "{ __schema { queryType { name } mutationType { name } subscriptionType { name } types { kind name description \
    interfaces { name } fields(includeDeprecated: true) { name description type { ...T } args { name description type { ...T } } } \
    inputFields { name description type { ...T } } enumValues(includeDeprecated: true) { name description } } } } \
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

pub(super) async fn types() -> Vec<Value> {
    let answer = builder().finish().execute(INTROSPECTION).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    let json = answer.data.into_json().unwrap();
    let types = json["__schema"]["types"].as_array().unwrap().clone();
    types.into_iter().filter(|meta| !meta["name"].as_str().unwrap().starts_with("__")).collect()
}

pub(super) fn list<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    value[key].as_array().map(|items| items.iter().collect()).unwrap_or_default()
}

pub(super) fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap()
}

#[tokio::test]
async fn everything_is_described() {
    let mut silent = Vec::new();
    let mut check = |path: String, value: &Value| {
        if value["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
            silent.push(path);
        }
    };
    const BUILT_IN: [&str; 4] = ["Boolean", "ID", "Int", "String"];
    for meta in types().await.into_iter().filter(|meta| !BUILT_IN.contains(&name(meta))) {
        let kind = name(&meta).to_owned();
        check(kind.clone(), &meta);
        for field in list(&meta, "fields") {
            check(format!("{kind}.{}", name(field)), field);
            for argument in list(field, "args") {
                check(format!("{kind}.{}({})", name(field), name(argument)), argument);
            }
        }
        for part in list(&meta, "inputFields").into_iter().chain(list(&meta, "enumValues")) {
            check(format!("{kind}.{}", name(part)), part);
        }
    }
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

#[tokio::test]
async fn every_root_field_declares_its_permission_and_no_other() {
    let types = types().await;
    let mut found = HashSet::new();
    for (root, of) in [(Root::Query, "Query"), (Root::Mutation, "Mutation"), (Root::Subscription, "Subscription")] {
        // The noun `Subscription` and the root of subscriptions must not be one type.
        let root_type = types.iter().find(|meta| name(meta) == root_name(of)).unwrap();
        found.extend(list(root_type, "fields").into_iter().map(|field| (root, name(field).to_owned())));
    }
    let declared: Vec<_> =
        permissions().filter(|need| need.root != Root::Object).map(|need| (need.root, need.field.to_owned())).collect();
    let unique: HashSet<_> = declared.iter().cloned().collect();
    assert_eq!(declared.len(), unique.len(), "declared twice");
    assert_eq!(unique, found);
}

fn root_name(of: &str) -> &str {
    match of {
        "Subscription" => "SubscriptionRoot",
        other => other,
    }
}

#[tokio::test]
async fn mutations_have_one_input_and_a_payload_with_errors() {
    let types = types().await;
    let payload = |field: &str| {
        let mut letters = field.chars();
        let first = letters.next().unwrap().to_ascii_uppercase();
        format!("{first}{}Payload", letters.as_str())
    };
    let mutation = types.iter().find(|meta| name(meta) == "Mutation").unwrap();
    for field in list(mutation, "fields") {
        let arguments = list(field, "args");
        assert_eq!(arguments.len(), 1, "{}", name(field));
        assert_eq!(
            (name(arguments[0]), arguments[0]["type"]["kind"].as_str()),
            ("input", Some("NON_NULL")),
            "{}",
            name(field)
        );
        assert_eq!(field["type"]["ofType"]["name"].as_str(), Some(payload(name(field)).as_str()));
        let answer = types.iter().find(|meta| name(meta) == payload(name(field))).unwrap();
        assert!(list(answer, "fields").iter().any(|field| name(field) == "errors"), "{}", name(field));
    }
}

#[tokio::test]
async fn nothing_is_a_float_and_nothing_is_american() {
    let text = sdl();
    assert!(!text.contains("Float"));
    for meta in types().await {
        for field in list(&meta, "fields").into_iter().chain(list(&meta, "inputFields")) {
            assert!(!name(field).to_lowercase().contains("organization"), "{}.{}", name(&meta), name(field));
        }
    }
}

#[test]
fn the_schema_prints_the_same_every_time() {
    assert_eq!(sdl(), sdl());
    assert!(sdl().contains("type Organisation implements Node"));
}
