//! The shape an answer must have: fields in the order in which they were asked for (7.2.2 of the
//! specification), a failed non-null field that takes its parent along (6.4.4), and `{}` where every
//! field of a selection was skipped.
//!
//! async-graphql answers fields in the order in which their resolvers finish, leaves failed ones out and
//! answers `null` for an empty selection; caching clients and typed ones stumble over each. What is here
//! knows the types from the schema's own text and rearranges; it computes nothing.

mod annotate;
mod arrange;
mod types;

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Response, Value, Variables,
    parser::types::{BaseType, DocumentOperations, ExecutableDocument, OperationDefinition},
};

pub(crate) use self::{annotate::annotate, types::Types};

/// Under which the concrete type of an object is asked for; taken out of the answer again. Names that
/// begin with two underscores belong to the specification, so that no client has one.
const TYPE_KEY: &str = "__shape";

/// The shape of one operation's answers.
#[derive(Debug)]
pub(crate) struct Shape {
    types: Arc<Types>,
    document: Arc<ExecutableDocument>,
    operation: Option<Name>,
    /// What `@skip` and `@include` look at.
    switches: HashMap<Name, bool>,
}

impl Shape {
    /// The shape of the operation `operation` is the name of, in a document with that operation.
    pub(crate) fn of(
        types: &Arc<Types>,
        document: &Arc<ExecutableDocument>,
        operation: &OperationDefinition,
        name: Option<&str>,
        variables: &Variables,
    ) -> Self {
        let boolean = |name: &Name| match variables.get(name) {
            Some(Value::Boolean(value)) => Some(*value),
            _ => None,
        };
        let switches = operation.variable_definitions.iter().filter_map(|definition| {
            let variable = &definition.node;
            if !matches!(&variable.var_type.node.base, BaseType::Named(name) if name == "Boolean") {
                return None;
            }
            let default = match variable.default_value.as_ref().map(|value| &value.node) {
                Some(Value::Boolean(value)) => Some(*value),
                _ => None,
            };
            Some((variable.name.node.clone(), boolean(&variable.name.node).or(default)?))
        });
        Self {
            types: Arc::clone(types),
            document: Arc::clone(document),
            operation: name.map(Name::new),
            switches: switches.collect(),
        }
    }

    /// Gives an answer its shape. An answer to a request that was not executed has none.
    pub(crate) fn give_to(&self, response: &mut Response) {
        if let Some(operation) = self.operation() {
            arrange::arrange(self, operation, response);
        }
    }

    /// The schema as far as shapes need it.
    pub(crate) fn types(&self) -> &Types {
        &self.types
    }

    fn operation(&self) -> Option<&OperationDefinition> {
        match (&self.document.operations, &self.operation) {
            (DocumentOperations::Single(operation), _) => Some(&operation.node),
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name).map(|found| &found.node),
            (DocumentOperations::Multiple(operations), None) => operations.values().next().map(|found| &found.node),
        }
    }
}

#[cfg(test)]
mod tests;
