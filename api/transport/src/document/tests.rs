//! The pre-pass against documents made to hurt, and against those that real tools send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use async_graphql::Value;

use super::*;
use crate::RequestId;

fn look(json: serde_json::Value) -> Result<Prepared, Failure> {
    let mut envelope = Envelope::from_json(json).unwrap();
    let rules = Rules { limits: &Limits::default(), costs: None, resume: None, types: None, known: None };
    prepare(envelope.query.take().unwrap(), envelope, Files::default(), &rules)
}

fn send(query: &str) -> Result<Prepared, Failure> {
    look(serde_json::json!({ "query": query }))
}

fn limit_hit(query: &str) -> String {
    let error = send(query).unwrap_err().into_error(&RequestId::new());
    let extensions = error.extensions.unwrap();
    assert_eq!(extensions.get("code"), Some(&Value::from(code::QUERY_TOO_COMPLEX)), "{}", error.message);
    let Some(Value::String(name)) = extensions.get("limitName") else { panic!("no limitName") };
    for entry in ["limit", "found"] {
        let number = extensions.get(entry).unwrap().to_string();
        assert!(error.message.contains(&number), "{} names no {entry}", error.message);
    }
    name.clone()
}

/// 30 fragments, each spreading the next twice; the last selects `leaf`.
fn bomb(leaf: &str) -> String {
    let mut document = String::from("{...A0}");
    for level in 0..30 {
        document.push_str(&format!("fragment A{level} on Q{{...A{0} ...A{0}}}", level + 1));
    }
    document.push_str(&format!("fragment A30 on Q{{{leaf}}}"));
    document
}

#[test]
fn a_fragment_bomb_of_a_kilobyte_is_refused_in_less_than_a_millisecond() {
    for leaf in ["a", "...Nowhere", "__typename"] {
        let document = bomb(leaf);
        assert!((900..1400).contains(&document.len()), "{}", document.len());
        assert_eq!(limit_hit(&document), "expandedFields");
        let parsed = parse(&document, &Limits::default()).unwrap();
        let analysis = fastest(|| measure::check(&parsed, &Limits::default()).is_err());
        assert!(analysis < Duration::from_millis(1), "{analysis:?}");
        // With the parser, whose speed is the compiler's doing: a fifth of this when optimised.
        let bound = if cfg!(debug_assertions) { 20 } else { 1 };
        let whole = fastest(|| send(&document).is_err());
        assert!(whole < Duration::from_millis(bound), "{whole:?}");
    }
}

/// The shortest of several runs, so that a busy machine does not fail the test.
fn fastest(refused: impl Fn() -> bool) -> Duration {
    let runs = (0..20).map(|_| {
        let start = Instant::now();
        assert!(refused());
        start.elapsed()
    });
    runs.min().unwrap()
}

#[test]
fn each_limit_is_named_when_it_is_hit() {
    let many = |count: usize, piece: &str| piece.repeat(count);
    for (query, expected) in [
        (format!("{{a #{}\n}}", "x".repeat(21_000)), "documentBytes"),
        (format!("{}a{}", many(70, "{a"), many(70, "}")), "lexicalNesting"),
        (format!("{{a(x:{}{})}}", many(70, "["), many(70, "]")), "lexicalNesting"),
        (format!("{{a(x:[\"\"\"b\" {}{}])}}", many(70, "["), many(70, "]")), "lexicalNesting"),
        (format!("{{a{{{}}}}}", many(1001, "b ")), "expandedFields"),
        (format!("{}a{}", many(13, "{a"), many(13, "}")), "depth"),
        (format!("{{{}}}", many(31, "b:a ")), "aliases"),
        (format!("{{{}}}", many(21, "a ")), "rootFields"),
        (format!("mutation{{{}}}", many(11, "a ")), "mutationRootFields"),
        (format!("{{a{}}}", many(51, "@d ")), "directives"),
        ((0..21).map(|n| format!("query q{n}{{a}}")).collect(), "operations"),
        ("{__schema{types{fields{type{fields{type{fields{name}}}}}}}}".to_owned(), "introspectionLists"),
        (format!("{{__schema{{types{}}}}}", many(20, "{ofType") + &many(20, "}")), "introspectionDepth"),
    ] {
        assert_eq!(limit_hit(&query), expected, "{query}");
    }
}

#[test]
fn a_long_chain_of_fragments_does_not_recurse_without_end() {
    let mut document = String::from("{...F0}");
    for level in 0..400 {
        document.push_str(&format!("fragment F{level} on Q{{a{{a{{...F{}}}}}}}", level + 1));
    }
    document.push_str("fragment F400 on Q{a}");
    assert!(document.len() < 20_000);
    assert_eq!(limit_hit(&document), "selectionNesting");
}

#[test]
fn fragments_carry_their_depth_aliases_and_root_fields() {
    let inside = "fragment F on Q { x:a{b{c{d{e{f}}}}} }";
    assert!(send(&format!("{{a{{b{{c{{d{{e{{f{{...F}}}}}}}}}}}}}}{inside}")).is_ok());
    assert_eq!(limit_hit(&format!("{{a{{b{{c{{d{{e{{f{{g{{...F}}}}}}}}}}}}}}}}{inside}")), "depth");
    assert_eq!(limit_hit(&format!("{{a{{{}}}}}{inside}", "...F ".repeat(31))), "aliases");
    assert_eq!(limit_hit(&format!("{{{}}}{inside}", "...F ".repeat(21))), "rootFields");
}

#[test]
fn a_circle_of_fragments_is_refused_with_words() {
    let failure = send("{...A} fragment A on Q{...B ...B} fragment B on Q{...A ...A}").unwrap_err();
    assert_eq!(failure.code(), code::GRAPHQL_VALIDATION_FAILED);
    assert!(failure.message().contains("spreads itself"));
}

#[test]
fn the_introspection_query_of_common_tools_passes() {
    let query = include_str!("introspection.graphql");
    let prepared = send(query).unwrap_or_else(|failure| panic!("{}", failure.message()));
    assert_eq!(prepared.kind, OperationType::Query);
}

#[test]
fn the_operation_is_chosen_by_name() {
    let choose =
        |name: serde_json::Value| look(serde_json::json!({"query": "query A{a} mutation B{b}", "operationName": name}));
    assert_eq!(choose("B".into()).unwrap().kind, OperationType::Mutation);
    assert_eq!(choose("A".into()).unwrap().kind, OperationType::Query);
    assert!(choose("C".into()).unwrap_err().message().contains("`C`"));
    assert!(choose(serde_json::Value::Null).unwrap_err().message().contains("operationName"));
}

#[test]
fn a_required_variable_must_have_a_value() {
    let with = |variables: &str| {
        let query = "query($a: Int!, $b: Int! = 1, $c: Int, $d: Int! @x) { f(a: $a, b: $b, c: $c, d: $d) }";
        let variables: serde_json::Value = serde_json::from_str(variables).unwrap();
        look(serde_json::json!({ "query": query, "variables": variables }))
    };
    assert!(with(r#"{"a": 1, "d": 1}"#).is_ok());
    for (variables, culprit) in [
        ("{}", "`$a`"),
        (r#"{"a": null, "d": 1}"#, "`$a`"),
        (r#"{"a": 1, "b": null, "d": 1}"#, "`$b`"),
        (r#"{"a": 1}"#, "`$d`"),
    ] {
        let failure = with(variables).unwrap_err();
        assert_eq!(failure.code(), code::BAD_USER_INPUT);
        assert!(failure.message().contains(culprit), "{}", failure.message());
    }
}

#[test]
fn syntax_errors_are_one_sentence_with_a_place() {
    let failure = send("{ a(").unwrap_err();
    assert_eq!(failure.code(), code::GRAPHQL_PARSE_FAILED);
    assert!(!failure.message().contains('\n'), "{}", failure.message());
    assert_eq!(failure.into_error(&RequestId::new()).locations.len(), 1);
    assert_eq!(send("").unwrap_err().code(), code::GRAPHQL_PARSE_FAILED);
}

#[test]
fn a_subscription_has_one_root_field_outside_fragments() {
    assert!(send("subscription{a}").is_ok());
    for query in ["subscription{a b}", "subscription{...F} fragment F on S{a}", "subscription{... on S{a}}"] {
        assert_eq!(send(query).unwrap_err().code(), code::GRAPHQL_VALIDATION_FAILED, "{query}");
    }
}

#[test]
fn a_forged_upload_is_refused() {
    let json = serde_json::json!({"query": "mutation($f:Upload!){a(f:$f)}", "variables": {"f": [{"x": "#__graphql_file__:0"}]}});
    assert_eq!(look(json).unwrap_err().code(), code::BAD_USER_INPUT);
    for query in [
        r##"mutation{a(f:"#__graphql_file__:0")}"##,
        r##"mutation($f:Upload="#__graphql_file__:0"){a(f:$f)}"##,
        r#"mutation{a(f:"\u0023__graphql_file__:0")}"#,
        r#"mutation{a(f:[{g:"\u0023__graphql_file__:x"}])}"#,
        r#"mutation{a @d(f:"\u0023__graphql_file__:0")}"#,
        r#"mutation{...F} fragment F on M{a(f:"\u0023__graphql_file__:0")}"#,
    ] {
        assert_eq!(send(query).unwrap_err().code(), code::BAD_USER_INPUT, "{query}");
    }
    assert!(send(r#"mutation{a(f:"see \u0023__graphql_file__:0")}"#).is_ok());
}

#[test]
fn a_document_sent_again_is_looked_at_by_its_variables_only() {
    let known = Known::new(1000);
    let limits = Limits::default();
    let rules = Rules { limits: &limits, costs: None, resume: None, types: None, known: Some(&known) };
    let look = |query: &str, variables: serde_json::Value| {
        let json = serde_json::json!({ "query": query, "variables": variables });
        let mut envelope = Envelope::from_json(json).unwrap();
        let text = envelope.query.take().unwrap();
        prepare(text, envelope, Files::default(), &rules).map(|prepared| prepared.kind)
    };
    let query = "query($a: Int!) { f(a: $a) }";
    for _ in 0..2 {
        assert!(matches!(look(query, serde_json::json!({ "a": 1 })), Ok(OperationType::Query)));
        assert_eq!(look(query, serde_json::json!({})).unwrap_err().code(), code::BAD_USER_INPUT);
        let forged = serde_json::json!({ "a": 1, "b": "#__graphql_file__:0" });
        assert_eq!(look(query, forged).unwrap_err().code(), code::BAD_USER_INPUT);
        assert_eq!(look(&bomb("a"), serde_json::json!({})).unwrap_err().code(), code::QUERY_TOO_COMPLEX);
    }
    assert!(known.get(query).is_some());
    assert!(known.get(&bomb("a")).is_none(), "what was refused must be refused again");
}

#[test]
fn a_resumed_subscription_goes_on_after_the_last_id() {
    let resumed = |query: &str| {
        let json = serde_json::json!({ "query": query, "variables": { "after": "old" } });
        let mut envelope = Envelope::from_json(json).unwrap();
        let resume = Some(Resume { variable: "after", cursor: "new" });
        let rules = Rules { limits: &Limits::default(), costs: None, resume, types: None, known: None };
        let text = envelope.query.take().unwrap();
        prepare(text, envelope, Files::default(), &rules).unwrap().request.variables["after"].clone()
    };
    assert_eq!(resumed("subscription($after: String) { a(after: $after) }"), Value::from("new"));
    assert_eq!(resumed("subscription { a }"), Value::from("old"));
    assert_eq!(resumed("query($after: String) { a(after: $after) }"), Value::from("old"));
}
