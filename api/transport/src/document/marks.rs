//! Strings in a document that imitate an upload. Escapes can hide one from a look at the text, so the
//! parsed values are looked at, but only where there is anything to look for.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Positioned, parser::types::Directive};
use async_graphql_value::Value;

use crate::files::{UPLOAD_MARK, is_marked};

/// Whether any literal of the document begins with the mark.
pub(super) fn imitates_an_upload(source: &str, document: &ExecutableDocument) -> bool {
    if !source.contains('\\') && !source.contains(UPLOAD_MARK) {
        return false;
    }
    let in_operations = document.operations.iter().any(|(_, operation)| {
        let defaults = operation.node.variable_definitions.iter().filter_map(|one| one.node.default_value.as_ref());
        defaults.into_iter().any(|value| is_marked(&value.node))
            || in_directives(&operation.node.directives)
            || in_selections(&operation.node.selection_set.node)
    });
    in_operations || document.fragments.values().any(|fragment| in_selections(&fragment.node.selection_set.node))
}

/// The recursion is bounded by the check of the brackets, which comes first.
fn in_selections(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| match &selection.node {
        Selection::Field(field) => {
            in_arguments(&field.node.arguments)
                || in_directives(&field.node.directives)
                || in_selections(&field.node.selection_set.node)
        }
        Selection::InlineFragment(fragment) => {
            in_directives(&fragment.node.directives) || in_selections(&fragment.node.selection_set.node)
        }
        Selection::FragmentSpread(spread) => in_directives(&spread.node.directives),
    })
}

fn in_directives(directives: &[Positioned<Directive>]) -> bool {
    directives.iter().any(|directive| in_arguments(&directive.node.arguments))
}

fn in_arguments(arguments: &[(Positioned<Name>, Positioned<Value>)]) -> bool {
    arguments.iter().any(|(_, value)| in_value(&value.node))
}

fn in_value(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with(UPLOAD_MARK),
        Value::List(items) => items.iter().any(in_value),
        Value::Object(entries) => entries.values().any(in_value),
        _ => false,
    }
}
