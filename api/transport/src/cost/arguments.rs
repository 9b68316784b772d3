//! The arguments of a field as a price sees them: variables filled in, defaults applied, nothing
//! checked, because validation comes later.

use std::{fmt, sync::Arc};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{Directive, Field, OperationDefinition},
};
use async_graphql_value::Value as Written;

use super::{CostSettings, FieldCost, types::FieldKind};

/// The values of an operation's variables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) operation: &'a OperationDefinition,
    pub(super) variables: &'a Variables,
}

impl<'a> Scope<'a> {
    /// What was sent, else the default, else nothing.
    fn variable(self, name: &Name) -> Option<&'a Value> {
        let default = || {
            let definitions = &self.operation.variable_definitions;
            let definition = definitions.iter().find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| &value.node)
        };
        self.variables.get(name).or_else(default)
    }

    fn constant(self, written: &Written) -> Option<Value> {
        if let Written::Variable(name) = written {
            return self.variable(name).cloned();
        }
        let filled = written.clone().into_const_with(|name| {
            Ok::<_, std::convert::Infallible>(self.variable(&name).cloned().unwrap_or_default())
        });
        filled.ok()
    }

    /// Whether `@skip` or `@include` leaves a selection out.
    pub(super) fn skips(self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let when = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            let condition = directive.node.arguments.iter().find(|(name, _)| name.node == "if");
            condition.and_then(|(_, value)| self.constant(&value.node)) == Some(Value::Boolean(when))
        })
    }
}

/// The arguments of one field of one request.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    pub(super) field: &'a Field,
    pub(super) kind: &'a FieldKind,
    pub(super) scope: Scope<'a>,
    pub(super) settings: &'a CostSettings,
}

impl Arguments<'_> {
    /// An argument's value with its variables filled in; the schema's default if it was left out.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        let written = self.field.arguments.iter().find(|(argument, _)| argument.node == name);
        let sent = written.and_then(|(_, value)| self.scope.constant(&value.node));
        sent.or_else(|| {
            self.kind.defaults.iter().find(|(argument, _)| argument == name).map(|(_, value)| value.clone())
        })
    }

    /// A value inside an input object, such as `["input", "granularity"]`.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.get(first)?, |value, name| match value {
            Value::Object(mut entries) => entries.swap_remove(*name),
            _ => None,
        })
    }

    /// The size of the page asked for by `first` and `last`: at most the largest page, and that many
    /// where the value is no whole number, because then nothing is known.
    #[must_use]
    pub fn page(&self) -> u64 {
        let size = |name| match self.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) if number.as_i64().is_some_and(|number| number < 0) => Some(0),
            Some(Value::Number(number)) => Some(number.as_u64().unwrap_or(u64::MAX)),
            Some(_) => Some(u64::MAX),
        };
        let asked = size("first").max(size("last")).unwrap_or(self.settings.default_page);
        asked.min(self.settings.largest_page)
    }

    /// How many entries a list argument has; a single value counts as one.
    #[must_use]
    pub fn length(&self, name: &str) -> u64 {
        match self.get(name) {
            None | Some(Value::Null) => 0,
            Some(Value::List(items)) => items.len() as u64,
            Some(_) => 1,
        }
    }
}

/// A price of its own.
#[derive(Clone)]
pub(super) struct Rule(Arc<dyn Fn(&Arguments<'_>) -> FieldCost + Send + Sync>);

impl Rule {
    pub(super) fn new(rule: impl Fn(&Arguments<'_>) -> FieldCost + Send + Sync + 'static) -> Self {
        Self(Arc::new(rule))
    }

    pub(super) fn price(&self, arguments: &Arguments<'_>) -> FieldCost {
        (self.0)(arguments)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule")
    }
}
