//! The last look at what the schema answers: every error gets a code, a request id and a word on
//! retrying, and nothing that was not written for clients gets out.
//!
//! async-graphql sets no code on its own errors, and `?` in a resolver turns any error into its
//! `Display` text. So an error counts as meant for clients only if it carries a code or is one of
//! async-graphql's own about the client's document or values.

use async_graphql::{PathSegment, Response, ServerError};

use crate::{
    RequestId, code,
    failure::{code_of, refusal, stamp},
    shape::{Shape, Types},
};

/// Gives one answer its shape and completes its errors.
pub(crate) fn polish(mut response: Response, id: &RequestId, shape: Option<&Shape>) -> Response {
    let refused = refusal(&response).is_some();
    if let Some(shape) = shape.filter(|_| !refused) {
        shape.give_to(&mut response);
    }
    for error in &mut response.errors {
        if let Some(shape) = shape {
            advise(error, shape.types());
        }
        polish_error(error, refused, id);
    }
    response
}

/// Where a value does not fit its type, the schema's own words on the type say what would.
fn advise(error: &mut ServerError, types: &Types) {
    if !error.message.starts_with("Invalid value for argument ") {
        return;
    }
    let named = ["expected type \"", "enumeration type \""].into_iter().find_map(|before| {
        let (_, rest) = error.message.split_once(before)?;
        rest.split('"').next()
    });
    let words = named.and_then(|name| types.description(name.trim_matches(['[', ']', '!'])));
    if let Some(words) = words {
        error.message = format!("{}. {words}", error.message);
    }
}

fn polish_error(error: &mut ServerError, refused: bool, id: &RequestId) {
    let known = code_of(error).map(str::to_owned);
    let code = known.unwrap_or_else(|| {
        let code = classify(error, refused);
        if code == code::INTERNAL {
            mask(error, id);
        }
        error.extensions.get_or_insert_default().set("code", code);
        code.to_owned()
    });
    stamp(error.extensions.get_or_insert_default(), &code, id);
}

/// The code of an error without one. An error with a source came through `?` from a foreign type.
fn classify(error: &ServerError, refused: bool) -> &'static str {
    let message = error.message.as_str();
    if error.source.is_some() {
        code::INTERNAL
    } else if refused {
        match is_about_size(message) {
            true => code::QUERY_TOO_COMPLEX,
            false => code::GRAPHQL_VALIDATION_FAILED,
        }
    } else if is_about_a_value(message) {
        code::BAD_USER_INPUT
    } else {
        code::INTERNAL
    }
}

fn is_about_size(message: &str) -> bool {
    const SIZE: [&str; 4] = [
        "Query is too complex.",
        "Query is nested too deep.",
        "The recursion depth of the query cannot be greater than",
        "The number of directives on the field",
    ];
    SIZE.iter().any(|start| message.starts_with(start))
}

fn is_about_a_value(message: &str) -> bool {
    const VALUE: [&str; 4] =
        ["Failed to parse \"", "Expected input type \"", "Invalid value for argument ", "Introspection is disabled"];
    VALUE.iter().any(|start| message.starts_with(start))
}

fn mask(error: &mut ServerError, id: &RequestId) {
    tracing::error!(request_id = %id, path = %path(&error.path), error = %error.message, "a resolver failed without a code");
    error.message = format!("Something went wrong on our side. Quote the request id {id} when you ask for help.");
    error.source = None;
}

fn path(segments: &[PathSegment]) -> String {
    let parts = segments.iter().map(|segment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    });
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_value_that_does_not_fit_is_told_what_would() {
        let types = Types::read(
            "type Query { a: Int } \"\"\"\n Cents,\n as text.\n\"\"\" scalar Money scalar Bare \"One of three.\" enum Colour { RED }",
        )
        .unwrap();
        for (given, told) in [
            ("Invalid value for argument \"input.a.0\", expected type \"Money\"", Some("Cents, as text.")),
            ("Invalid value for argument \"a\", expected type \"[Money!]\"", Some("Cents, as text.")),
            (
                "Invalid value for argument \"a\", enumeration type \"Colour\" does not contain the value \"X\"",
                Some("One of three."),
            ),
            ("Invalid value for argument \"a\", expected type \"Bare\"", None),
            ("Unknown field, expected type \"Money\"", None),
        ] {
            let mut error = ServerError::new(given, None);
            advise(&mut error, &types);
            assert_eq!(error.message, told.map_or_else(|| given.to_owned(), |told| format!("{given}. {told}")));
        }
    }
}
