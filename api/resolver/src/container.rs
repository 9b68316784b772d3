//! An object, field by field in the order in which they were asked for.

use async_graphql::{
    ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::{IndexMap, map::Entry},
    parser::types::{Field, Selection, SelectionSet, TypeCondition},
    resolver_utils::{self, ContainerType},
};
use futures_util::future::BoxFuture;

use crate::gather::gather;

/// Resolves the selected fields of an object. A failed field is reported to the context and left out.
///
/// Interfaces, unions and directives of the schema's own are left to the stock resolver. Extensions are not told of fields.
pub fn resolve_container<'c, 'a: 'c, T: ContainerType + ?Sized>(
    ctx: &'c ContextSelectionSet<'a>,
    root: &'a T,
) -> BoxFuture<'c, ServerResult<Value>> {
    Box::pin(async move {
        let mut fields = Vec::with_capacity(ctx.item.node.items.len());
        let is_object = root.introspection_type_name() == T::type_name();
        match is_object && flatten::<T>(ctx, &ctx.item.node, &mut fields) {
            true => Ok(resolve(ctx, root, &fields).await),
            false => resolver_utils::resolve_container(ctx, root).await,
        }
    })
}

/// The fields of a selection with those of its fragments; false where the stock resolver knows more.
fn flatten<'a, T: OutputType + ?Sized>(
    ctx: &ContextSelectionSet<'a>,
    selection: &'a SelectionSet,
    fields: &mut Vec<&'a Positioned<Field>>,
) -> bool {
    selection.items.iter().all(|item| match &item.node {
        Selection::Field(field) => {
            fields.push(field);
            field.node.directives.is_empty()
        }
        Selection::InlineFragment(fragment) => {
            let condition = fragment.node.type_condition.as_ref();
            !condition.is_none_or(|condition| applies::<T>(ctx, condition))
                || flatten::<T>(ctx, &fragment.node.selection_set.node, fields)
        }
        Selection::FragmentSpread(spread) => {
            ctx.query_env.fragments.get(&spread.node.fragment_name.node).is_some_and(|fragment| {
                !applies::<T>(ctx, &fragment.node.type_condition)
                    || flatten::<T>(ctx, &fragment.node.selection_set.node, fields)
            })
        }
    })
}

/// Whether a fragment on this type is about an object of type `T`.
fn applies<T: OutputType + ?Sized>(ctx: &ContextSelectionSet<'_>, condition: &Positioned<TypeCondition>) -> bool {
    let (condition, name) = (condition.node.on.node.as_str(), T::type_name());
    condition == name
        || ctx.schema_env.registry.implements.get(&*name).is_some_and(|interfaces| interfaces.contains(condition))
}

async fn resolve<T: ContainerType + ?Sized>(
    ctx: &ContextSelectionSet<'_>,
    root: &T,
    fields: &[&Positioned<Field>],
) -> Value {
    let values = gather(fields.iter().map(|field| value(ctx, root, field))).await;
    let mut object = IndexMap::with_capacity(fields.len());
    for (field, value) in fields.iter().zip(values) {
        match value {
            Ok(value) => insert(&mut object, field.node.response_key().node.clone(), value),
            Err(error) => ctx.add_error(error),
        }
    }
    match object.is_empty() {
        true => Value::Null,
        false => Value::Object(object),
    }
}

async fn value<T: ContainerType + ?Sized>(
    ctx: &ContextSelectionSet<'_>,
    root: &T,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    if field.node.name.node == "__typename" {
        return Ok(Value::String(root.introspection_type_name().into_owned()));
    }
    Ok(root.resolve_field(&ctx.with_field(field)).await?.unwrap_or_default())
}

/// Adds a field; one that was selected twice has what either selection asked of it.
fn insert(object: &mut IndexMap<Name, Value>, key: Name, value: Value) {
    match object.entry(key) {
        Entry::Vacant(place) => {
            place.insert(value);
        }
        Entry::Occupied(mut first) => merge(first.get_mut(), value),
    }
}

fn merge(first: &mut Value, second: Value) {
    match (first, second) {
        (Value::Object(first), Value::Object(second)) => {
            second.into_iter().for_each(|(key, value)| insert(first, key, value));
        }
        (Value::List(first), Value::List(second)) => {
            first.iter_mut().zip(second).for_each(|(first, second)| merge(first, second));
        }
        _ => {}
    }
}
