//! The pre-pass: a document is parsed once and measured before async-graphql sees it, because its
//! own checks write every fragment out un-memoised (one kilobyte costs 2^29 visits). Nothing here
//! knows the schema; whether a field exists is async-graphql's business.

mod lexical;
mod measure;

use async_graphql::{
    Request, Value, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection},
    },
};

use crate::{Limits, code, envelope::Envelope, failure::Failure};

/// The mark by which async-graphql finds uploads in variables; sent by a client it would index an
/// empty list.
const UPLOAD_MARK: &str = "#__graphql_file__:";

/// A request that is small enough to be validated, with its parsed document inside.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) request: Request,
    pub(crate) kind: OperationType,
}

/// Parses and measures.
pub(crate) fn prepare(envelope: Envelope, limits: &Limits) -> Result<Prepared, Failure> {
    refuse_upload_marks(&envelope)?;
    let document = parse(&envelope.query, limits)?;
    measure::check(&document, limits)?;
    let operation = choose(&document, envelope.operation_name.as_deref())?;
    let kind = operation.ty;
    if kind == OperationType::Subscription {
        check_subscription(operation)?;
    }
    check_required_variables(operation, &envelope.variables)?;
    let mut request = Request::new(envelope.query).variables(envelope.variables);
    request.operation_name = envelope.operation_name;
    request.extensions.0 = envelope.extensions;
    request.set_parsed_query(document);
    Ok(Prepared { request, kind })
}

fn parse(source: &str, limits: &Limits) -> Result<ExecutableDocument, Failure> {
    if source.len() > limits.document_bytes {
        return Err(over("documentBytes", limits.document_bytes as u64, source.len() as u64, "bytes of document text"));
    }
    let nesting = lexical::deepest(source);
    if nesting > limits.lexical_nesting {
        return Err(over("lexicalNesting", limits.lexical_nesting as u64, nesting as u64, "brackets open at once"));
    }
    parse_query(source).map_err(|error| {
        let message = plain(&error.to_string());
        Failure::new(code::GRAPHQL_PARSE_FAILED, message).at(error.positions().collect())
    })
}

/// The parser's message draws the source with an arrow over several lines; its last line has the
/// meaning, and the place is in `locations`.
fn plain(message: &str) -> String {
    let meaning = message.rsplit_once("= ").map_or(message, |(_, meaning)| meaning).trim();
    format!("The document is not valid GraphQL: {}.", meaning.trim_end_matches('.'))
}

fn choose<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a OperationDefinition, Failure> {
    let invalid = |message: String| Failure::new(code::GRAPHQL_VALIDATION_FAILED, message);
    let unknown = |name: &str| {
        invalid(format!("The document has no operation named `{name}`. Set `operationName` to one it has."))
    };
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(&operation.node),
        (DocumentOperations::Single(_), Some(name)) => Err(unknown(name)),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|operation| &operation.node).ok_or_else(|| unknown(name))
        }
        (DocumentOperations::Multiple(operations), None) => match operations.values().next() {
            Some(operation) if operations.len() == 1 => Ok(&operation.node),
            _ => Err(invalid("The document has several operations. Set `operationName` to the one to run.".to_owned())),
        },
    }
}

/// A subscription has one root field, and async-graphql silently ignores one inside a fragment.
fn check_subscription(operation: &OperationDefinition) -> Result<(), Failure> {
    match operation.selection_set.node.items.as_slice() {
        [only] if matches!(only.node, Selection::Field(_)) => Ok(()),
        items => Err(Failure::new(
            code::GRAPHQL_VALIDATION_FAILED,
            "A subscription has exactly one root field, written directly and not in a fragment. Start one subscription per field.",
        )
        .at(items.iter().map(|item| item.pos).collect())),
    }
}

/// A required variable without a value is a fault of the request; async-graphql would only notice in
/// the middle of the execution.
fn check_required_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), Failure> {
    for definition in &operation.variable_definitions {
        let variable = &definition.node;
        let is_missing = match variables.get(&variable.name.node) {
            Some(value) => *value == Value::Null,
            None => variable.default_value.is_none(),
        };
        if is_missing && !variable.var_type.node.nullable {
            let (name, kind) = (&variable.name.node, &variable.var_type.node);
            return Err(Failure::new(
                code::BAD_USER_INPUT,
                format!("The variable `${name}` of type `{kind}` has no value. Set it in `variables`."),
            )
            .at(vec![definition.pos]));
        }
    }
    Ok(())
}

fn refuse_upload_marks(envelope: &Envelope) -> Result<(), Failure> {
    fn marked(value: &Value) -> bool {
        match value {
            Value::String(text) => text.starts_with(UPLOAD_MARK),
            Value::List(items) => items.iter().any(marked),
            Value::Object(map) => map.values().any(marked),
            _ => false,
        }
    }
    match envelope.query.contains(UPLOAD_MARK) || envelope.variables.values().any(marked) {
        true => Err(Failure::new(code::BAD_USER_INPUT, format!("A text may not begin with `{UPLOAD_MARK}`."))),
        false => Ok(()),
    }
}

/// One limit exceeded: the sentence names what was counted, how many there are and how many may be.
fn over(name: &str, limit: u64, found: u64, what: &str) -> Failure {
    // A count that saturated says nothing beyond "very many".
    let (more_than, found) = match found > 1_000_000 {
        true => ("more than ", 1_000_000),
        false => ("", found),
    };
    Failure::new(
        code::QUERY_TOO_COMPLEX,
        format!(
            "The document has {more_than}{found} {what}; at most {limit} are allowed. Split it into several requests."
        ),
    )
    .with("limitName", name)
    .with("limit", limit)
    .with("found", found)
}

#[cfg(test)]
mod tests;
