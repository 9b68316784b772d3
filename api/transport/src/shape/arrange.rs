//! Walks an answer beside the selections that asked for it.

use std::{collections::HashMap, mem};

use async_graphql::{
    Name, Positioned, Response, Value,
    indexmap::IndexMap,
    parser::types::{BaseType, Directive, OperationDefinition, Selection, SelectionSet, Type},
};

use async_graphql_value::Value as Given;

use super::{Shape, TYPE_KEY, types::innermost};

/// What was asked of one place of the answer: the selections that meet there and, for each type of object
/// seen there, their fields. A list asks the same of each item, so the fields are gathered once.
#[derive(Default)]
struct Asked<'d> {
    selections: Vec<&'d SelectionSet>,
    gathered: Vec<(Option<String>, Vec<Slot<'d>>)>,
}

/// One field of an object.
struct Slot<'d> {
    key: &'d Name,
    /// `None` below introspection and for `__typename`.
    ty: Option<&'d Type>,
    asked: Asked<'d>,
}

/// A value that may not be null here is: its parent is null too.
struct NullHere;

pub(super) fn arrange(shape: &Shape, operation: &OperationDefinition, response: &mut Response) {
    let root = shape.types.root(operation.ty);
    let mut asked = Asked { selections: vec![&operation.selection_set.node], ..Asked::default() };
    if response.data == Value::Null && response.errors.is_empty() {
        response.data = Value::Object(IndexMap::new());
    }
    if let Value::Object(entries) = &mut response.data
        && shape.object(&mut asked, root, entries).is_err()
    {
        response.data = Value::Null;
    }
}

impl Shape {
    fn value<'d>(&'d self, asked: &mut Asked<'d>, ty: Option<&'d Type>, value: &mut Value) -> Result<(), NullHere> {
        let inside = match (&mut *value, ty.map(|ty| &ty.base)) {
            (Value::List(items), Some(BaseType::List(inner))) => {
                items.iter_mut().try_for_each(|item| self.value(asked, Some(inner), item))
            }
            (Value::List(items), _) => items.iter_mut().try_for_each(|item| self.value(asked, None, item)),
            (Value::Object(entries), _) if !asked.selections.is_empty() => {
                let told = match entries.swap_remove(TYPE_KEY) {
                    Some(Value::String(name)) => Some(name),
                    _ => None,
                };
                let named = ty.map(innermost).filter(|name| self.types.is_composite(name));
                self.object(asked, told.as_deref().or(named), entries)
            }
            (Value::Null, _) => Err(NullHere),
            _ => Ok(()),
        };
        if inside.is_err() {
            *value = Value::Null;
        }
        match ty {
            Some(ty) if !ty.nullable => inside,
            _ => Ok(()),
        }
    }

    fn object<'d>(
        &'d self,
        asked: &mut Asked<'d>,
        concrete: Option<&str>,
        entries: &mut IndexMap<Name, Value>,
    ) -> Result<(), NullHere> {
        let slots = self.slots(asked, concrete);
        let in_order = entries.len() == slots.len() && entries.keys().zip(&*slots).all(|(key, slot)| key == slot.key);
        if !in_order {
            let mut unordered = mem::take(entries);
            // A field that failed is not there at all.
            let found = |slot: &Slot<'_>| (slot.key.clone(), unordered.swap_remove(slot.key).unwrap_or_default());
            entries.extend(slots.iter().map(found));
        }
        for (slot, value) in slots.iter_mut().zip(entries.values_mut()) {
            self.value(&mut slot.asked, slot.ty, value)?;
        }
        Ok(())
    }

    fn slots<'d, 'a>(&'d self, asked: &'a mut Asked<'d>, concrete: Option<&str>) -> &'a mut Vec<Slot<'d>> {
        let found = asked.gathered.iter().position(|(name, _)| name.as_deref() == concrete);
        let place = found.unwrap_or_else(|| {
            let mut slots = Slots { shape: self, concrete, list: Vec::new(), places: HashMap::new() };
            asked.selections.iter().for_each(|selection| slots.gather(selection));
            asked.gathered.push((concrete.map(str::to_owned), slots.list));
            asked.gathered.len() - 1
        });
        &mut asked.gathered[place].1
    }

    /// Whether `@skip` and `@include` let a selection through.
    fn is_wanted(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let skips = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return true,
            };
            let condition = directive.node.arguments.iter().find(|(name, _)| name.node == "if");
            let is_set = match condition.map(|(_, value)| &value.node) {
                Some(Given::Boolean(value)) => *value,
                Some(Given::Variable(name)) => self.switches.get(name).copied().unwrap_or(false),
                _ => false,
            };
            is_set != skips
        })
    }
}

/// The fields of an object of one type, in the order of the document.
struct Slots<'d, 'c> {
    shape: &'d Shape,
    concrete: Option<&'c str>,
    list: Vec<Slot<'d>>,
    places: HashMap<&'d Name, usize>,
}

impl<'d> Slots<'d, '_> {
    fn gather(&mut self, selection: &'d SelectionSet) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) if self.shape.is_wanted(&field.node.directives) => {
                    let field = &field.node;
                    let key = &field.response_key().node;
                    if key == TYPE_KEY {
                        continue;
                    }
                    let place = *self.places.entry(key).or_insert_with(|| {
                        let ty = self.shape.types.field(self.concrete, &field.name.node);
                        self.list.push(Slot { key, ty, asked: Asked::default() });
                        self.list.len() - 1
                    });
                    if !field.selection_set.node.items.is_empty() {
                        self.list[place].asked.selections.push(&field.selection_set.node);
                    }
                }
                Selection::InlineFragment(fragment) if self.shape.is_wanted(&fragment.node.directives) => {
                    let condition = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    if condition.is_none_or(|condition| self.shape.types.fits(condition, self.concrete)) {
                        self.gather(&fragment.node.selection_set.node);
                    }
                }
                Selection::FragmentSpread(spread) if self.shape.is_wanted(&spread.node.directives) => {
                    if let Some(fragment) = self.shape.document.fragments.get(&spread.node.fragment_name.node)
                        && self.shape.types.fits(&fragment.node.type_condition.node.on.node, self.concrete)
                    {
                        self.gather(&fragment.node.selection_set.node);
                    }
                }
                Selection::Field(_) | Selection::InlineFragment(_) | Selection::FragmentSpread(_) => {}
            }
        }
    }
}
