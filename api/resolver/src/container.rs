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
        let items = &ctx.item.node.items;
        let mut fields = Vec::new();
        if root.introspection_type_name() != T::type_name() {
            resolver_utils::resolve_container(ctx, root).await
        } else if items.iter().all(is_field) {
            Ok(resolve(ctx, root, items.iter().filter_map(field), items.len()).await)
        } else if flatten::<T>(ctx, &ctx.item.node, &mut fields) {
            Ok(resolve(ctx, root, fields.iter().copied(), fields.len()).await)
        } else {
            resolver_utils::resolve_container(ctx, root).await
        }
    })
}

fn field(item: &Positioned<Selection>) -> Option<&Positioned<Field>> {
    match &item.node {
        Selection::Field(field) => Some(field),
        Selection::InlineFragment(_) | Selection::FragmentSpread(_) => None,
    }
}

fn is_field(item: &Positioned<Selection>) -> bool {
    field(item).is_some_and(|field| field.node.directives.is_empty())
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

async fn resolve<'a, T: ContainerType + ?Sized>(
    ctx: &ContextSelectionSet<'_>,
    root: &T,
    fields: impl Iterator<Item = &'a Positioned<Field>> + Clone + Send,
    count: usize,
) -> Value {
    let mut object = IndexMap::with_capacity(count);
    let mut keys = fields.clone().map(|field| &field.node.response_key().node);
    let mut waiting = Vec::new();
    gather(fields.map(|field| value(ctx, root, field)), |index, value| {
        // The first outcomes come in the order of the fields, late ones in any.
        let next = keys.next();
        let late = || waiting.iter().find(|(place, _)| *place == index).map(|(_, key)| *key);
        let Some(key) = next.or_else(late) else { return };
        match value {
            Some(Ok(value)) => insert(&mut object, key, value),
            Some(Err(error)) => {
                ctx.add_error(error);
                if next.is_none() {
                    object.shift_remove(key);
                }
            }
            None => {
                // Holds its place among the others.
                object.entry(key.clone()).or_insert(Value::Null);
                waiting.push((index, key));
            }
        }
    })
    .await;
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
fn insert(object: &mut IndexMap<Name, Value>, key: &Name, value: Value) {
    match object.entry(key.clone()) {
        Entry::Vacant(place) => {
            place.insert(value);
        }
        Entry::Occupied(mut first) => merge(first.get_mut(), value),
    }
}

fn merge(first: &mut Value, second: Value) {
    match (first, second) {
        (first @ Value::Null, second) => *first = second,
        (Value::Object(first), Value::Object(second)) => {
            second.into_iter().for_each(|(key, value)| insert(first, &key, value));
        }
        (Value::List(first), Value::List(second)) => {
            first.iter_mut().zip(second).for_each(|(first, second)| merge(first, second));
        }
        _ => {}
    }
}
