//! The pre-pass: a document is parsed once and measured before async-graphql sees it, because its
//! own checks write every fragment out un-memoised (one kilobyte costs 2^29 visits). Nothing here
//! checks against the schema; whether a field exists is async-graphql's business.

mod known;
mod lexical;
mod marks;
mod measure;

use std::sync::Arc;

use async_graphql::{
    Name, Request, Value, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection},
    },
};

pub(crate) use self::known::Known;
use crate::{
    CostModel, CostSettings, Limits, code,
    cost::{Plan, estimate},
    envelope::Envelope,
    failure::Failure,
    files::{Files, UPLOAD_MARK, is_marked},
    shape::{Shape, Types, annotate},
};

/// A request that is small enough to be validated, with its parsed document inside.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) request: Request,
    pub(crate) kind: OperationType,
    /// The most it may cost, and how its answer is counted; `None` where costs are not counted.
    pub(crate) price: Option<(u64, Plan)>,
    /// What its answers must look like; `None` where the schema is not known.
    pub(crate) shape: Option<Shape>,
}

/// By what a document is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) costs: Option<(&'a CostModel, &'a CostSettings)>,
    pub(crate) resume: Option<Resume<'a>>,
    /// The schema by which answers get their shape.
    pub(crate) types: Option<&'a Arc<Types>>,
    /// Where documents are remembered; `None` looks at each anew.
    pub(crate) known: Option<&'a Known>,
}

/// Where a client that lost its stream goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resume<'a> {
    pub(crate) variable: &'a str,
    pub(crate) cursor: &'a str,
}

/// Parses, measures and prices.
pub(crate) fn prepare(text: String, envelope: Envelope, files: Files, rules: &Rules<'_>) -> Result<Prepared, Failure> {
    let Envelope { operation_name, mut variables, extensions, .. } = envelope;
    if variables.values().any(is_marked) {
        return Err(imitation());
    }
    files.put_into(&mut variables);
    let document = look(&text, rules)?;
    let operation = choose(&document, operation_name.as_deref())?;
    let kind = operation.ty;
    if kind == OperationType::Subscription {
        check_subscription(operation)?;
        rules.resume.into_iter().for_each(|resume| go_on(operation, &mut variables, resume));
    }
    check_required_variables(operation, &variables)?;
    let price = rules.costs.map(|(model, settings)| price(model, settings, &document, operation, &variables));
    let price = price.transpose()?;
    let shape = rules.types.map(|types| Shape::of(types, &document, operation, operation_name.as_deref(), &variables));
    let mut request = Request::new(text).variables(variables);
    request.operation_name = operation_name;
    request.extensions.0 = extensions;
    request.uploads = files.uploads;
    request.set_parsed_query(Arc::unwrap_or_clone(document));
    Ok(Prepared { request, kind, price, shape })
}

/// Everything that depends on the text alone.
fn look(text: &str, rules: &Rules<'_>) -> Result<Arc<ExecutableDocument>, Failure> {
    if let Some(document) = rules.known.and_then(|known| known.get(text)) {
        return Ok(document);
    }
    let mut document = parse(text, rules.limits)?;
    if marks::imitates_an_upload(text, &document) {
        return Err(imitation());
    }
    measure::check(&document, rules.limits)?;
    if let Some(types) = rules.types {
        annotate(&mut document, types);
    }
    let document = Arc::new(document);
    if let Some(known) = rules.known {
        known.keep(text, &document);
    }
    Ok(document)
}

fn price(
    model: &CostModel,
    settings: &CostSettings,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(u64, Plan), Failure> {
    let (cost, plan) = estimate(model, settings, document, operation, variables);
    let limit = settings.operation;
    if cost <= limit {
        return Ok((cost, plan));
    }
    let failure = Failure::new(
        code::QUERY_TOO_COMPLEX,
        format!("The operation may cost {cost}; at most {limit} is allowed. Ask for smaller pages or fewer objects."),
    );
    Err(failure.with("limitName", "operationCost").with("cost", cost).with("limit", limit))
}

/// Sets the cursor variable of a subscription that has one. It wins over the value sent with it: a
/// browser repeats the address of its first request, and the id is always the later place.
fn go_on(operation: &OperationDefinition, variables: &mut Variables, resume: Resume<'_>) {
    let mut definitions = operation.variable_definitions.iter();
    if definitions.any(|definition| definition.node.name.node == resume.variable) {
        variables.insert(Name::new(resume.variable), Value::String(resume.cursor.to_owned()));
    }
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

fn imitation() -> Failure {
    Failure::new(
        code::BAD_USER_INPUT,
        format!("A text may not begin with `{UPLOAD_MARK}`. Send files as a multipart request."),
    )
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
