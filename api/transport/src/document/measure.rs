//! How large an operation is with every fragment written out, computed with each fragment measured
//! once. All sums saturate: a document cannot wrap its own size to zero.

use std::collections::HashMap;

use async_graphql::{
    Positioned,
    parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
};

use super::over;
use crate::{Limits, code, failure::Failure};

/// The size of a piece of a document, fragments written out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    /// Fields, inline fragments and spreads. Spreads count because a document of nothing but
    /// spreads is still walked by every validation rule.
    selections: u64,
    /// Fields on the longest path, not looking below `__schema` and `__type`.
    depth: u64,
    /// Fields on the longest path through `__schema` or `__type`.
    introspection_depth: u64,
    /// Cyclic type lists on the longest path, counted everywhere.
    lists: u64,
    /// The same, below `__schema` and `__type` only.
    introspection_lists: u64,
    /// Selections of any kind on the longest path.
    nesting: u64,
    aliases: u64,
    directives: u64,
    /// Fields directly in this selection set.
    top_fields: u64,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            top_fields: self.top_fields.saturating_add(other.top_fields),
            depth: self.depth.max(other.depth),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            lists: self.lists.max(other.lists),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
            nesting: self.nesting.max(other.nesting),
        }
    }

    /// This selection set inside one more selection.
    fn within(self, directives: usize) -> Self {
        Self {
            selections: self.selections.saturating_add(1),
            directives: self.directives.saturating_add(directives as u64),
            nesting: self.nesting.saturating_add(1),
            ..self
        }
    }

    /// This selection set inside a field.
    fn within_field(self, field: &Field) -> Self {
        let name = field.name.node.as_str();
        let is_introspection = matches!(name, "__schema" | "__type");
        let is_list = matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes");
        let inner = self.within(field.directives.len());
        Self {
            aliases: inner.aliases.saturating_add(u64::from(field.alias.is_some())),
            top_fields: 1,
            lists: inner.lists.saturating_add(u64::from(is_list)),
            depth: if is_introspection { 1 } else { inner.depth.saturating_add(1) },
            introspection_depth: match (is_introspection, inner.introspection_depth) {
                (true, below) => below.max(inner.depth).saturating_add(1),
                (false, 0) => 0,
                (false, below) => below.saturating_add(1),
            },
            introspection_lists: if is_introspection { inner.lists } else { inner.introspection_lists },
            ..inner
        }
    }
}

/// Measures every operation of the document against the limits.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Failure> {
    let operations = document.operations.iter().len() as u64;
    if operations > limits.operations {
        return Err(over("operations", limits.operations, operations, "operations"));
    }
    let mut meter = Meter { document, limits, fragments: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let size = meter.operation(&operation.node)?;
        check_size(size, operation.node.ty, limits).map_err(|failure| failure.at(vec![operation.pos]))?;
    }
    // Fragments nobody spreads are walked by validation too.
    for name in document.fragments.keys() {
        meter.fragment(name.as_str(), 0)?;
    }
    Ok(())
}

fn check_size(size: Size, kind: OperationType, limits: &Limits) -> Result<(), Failure> {
    let (root_name, root_fields) = match kind {
        OperationType::Mutation => ("mutationRootFields", limits.mutation_root_fields),
        OperationType::Query | OperationType::Subscription => ("rootFields", limits.root_fields),
    };
    let rules = [
        (
            "expandedFields",
            limits.expanded_fields,
            size.selections,
            "fields and spreads once its fragments are written out",
        ),
        ("depth", limits.depth, size.depth, "fields nested in each other"),
        (
            "introspectionDepth",
            limits.introspection_depth,
            size.introspection_depth,
            "introspection fields nested in each other",
        ),
        (
            "introspectionLists",
            limits.introspection_lists,
            size.introspection_lists,
            "introspection lists nested in each other",
        ),
        ("selectionNesting", limits.selection_nesting, size.nesting, "fields and fragments nested in each other"),
        ("aliases", limits.aliases, size.aliases, "aliases"),
        (root_name, root_fields, size.top_fields, "root fields"),
        ("directives", limits.directives, size.directives, "directives"),
    ];
    let exceeded = rules.into_iter().find(|(_, limit, found, _)| found > limit);
    exceeded.map_or(Ok(()), |(name, limit, found, what)| Err(over(name, limit, found, what)))
}

struct Meter<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// `None` while a fragment is being measured, so that meeting it again is a cycle.
    fragments: HashMap<&'a str, Option<Size>>,
}

impl<'a> Meter<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, Failure> {
        let variables: usize =
            operation.variable_definitions.iter().map(|variable| variable.node.directives.len()).sum();
        let size = self.selections(&operation.selection_set, 0)?;
        let directives = operation.directives.len().saturating_add(variables) as u64;
        Ok(Size { directives: size.directives.saturating_add(directives), ..size })
    }

    /// `level` is how many selections lie above; it bounds this function's own recursion.
    fn selections(&mut self, set: &'a Positioned<SelectionSet>, level: u64) -> Result<Size, Failure> {
        if level > self.limits.selection_nesting {
            let limit = self.limits.selection_nesting;
            return Err(
                over("selectionNesting", limit, level, "fields and fragments nested in each other").at(vec![set.pos])
            );
        }
        let mut size = Size::default();
        for selection in &set.node.items {
            let one = match &selection.node {
                Selection::Field(field) => {
                    self.selections(&field.node.selection_set, level + 1)?.within_field(&field.node)
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.node.selection_set, level + 1)?.within(fragment.node.directives.len())
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    self.fragment(name, level + 1)?.within(spread.node.directives.len())
                }
            };
            size = size.beside(one);
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &str, level: u64) -> Result<Size, Failure> {
        // An unknown fragment is reported by validation, with a suggestion.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Size::default());
        };
        match self.fragments.get(name.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                return Err(Failure::new(
                    code::GRAPHQL_VALIDATION_FAILED,
                    format!("The fragment `{name}` spreads itself. Break the circle."),
                )
                .at(vec![fragment.pos]));
            }
            None => {}
        }
        self.fragments.insert(name.as_str(), None);
        let mut size = self.selections(&fragment.node.selection_set, level)?;
        size.directives = size.directives.saturating_add(fragment.node.directives.len() as u64);
        self.fragments.insert(name.as_str(), Some(size));
        Ok(size)
    }
}
