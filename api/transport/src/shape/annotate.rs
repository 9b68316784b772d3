//! What an answer must tell about itself to be given its shape: the type of an object behind an interface,
//! and that an object is there although all its fields were skipped. Where either may be in doubt,
//! `__typename` is asked for beside what the client wants.
//!
//! The conditions of a client's own `__typename` move to a fragment around it, because async-graphql does not see the
//! variables of a field it answers itself and would call them unused.

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{DocumentOperations, ExecutableDocument, Field, InlineFragment, Selection, SelectionSet},
};

use super::{
    TYPE_KEY,
    types::{Types, innermost},
};

/// Adds what the shape needs. Only selections of fields get it, never a root, which needs none.
pub(crate) fn annotate(document: &mut ExecutableDocument, types: &Types) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => {
            let root = types.root(operation.node.ty);
            inside(&mut operation.node.selection_set.node, root, types);
        }
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                let root = types.root(operation.node.ty);
                inside(&mut operation.node.selection_set.node, root, types);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        let condition = fragment.node.type_condition.node.on.node.clone();
        inside(&mut fragment.node.selection_set.node, Some(condition.as_str()), types);
    }
}

fn inside(selection: &mut SelectionSet, owner: Option<&str>, types: &Types) {
    for item in &mut selection.items {
        move_conditions(&mut item.node);
        match &mut item.node {
            Selection::Field(field) => below(&mut field.node, owner, types),
            Selection::InlineFragment(fragment) => {
                let fragment = &mut fragment.node;
                let condition = fragment.type_condition.as_ref().map(|condition| condition.node.on.node.clone());
                let owner = condition.as_deref().or(owner);
                inside(&mut fragment.selection_set.node, owner, types);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// `__typename @include(if: $x)` becomes `... @include(if: $x) { __typename }`, which is the same.
fn move_conditions(selection: &mut Selection) {
    let Selection::Field(field) = selection else { return };
    if field.node.name.node != "__typename" || field.node.directives.is_empty() {
        return;
    }
    let directives = std::mem::take(&mut field.node.directives);
    let pos = field.pos;
    let inner = Positioned::new(Selection::Field(field.clone()), pos);
    let selection_set = Positioned::new(SelectionSet { items: vec![inner] }, pos);
    let fragment = InlineFragment { type_condition: None, directives, selection_set };
    *selection = Selection::InlineFragment(Positioned::new(fragment, pos));
}

fn below(field: &mut Field, owner: Option<&str>, types: &Types) {
    let selection = &mut field.selection_set.node;
    if selection.items.is_empty() {
        return;
    }
    let Some(ty) = types.field(owner, &field.name.node) else { return };
    let name = innermost(ty);
    inside(selection, Some(name), types);
    let is_certain = |item: &Positioned<Selection>| match &item.node {
        Selection::Field(field) => field.node.directives.is_empty(),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
    };
    if types.is_abstract(name) || !selection.items.iter().any(is_certain) {
        selection
            .items
            .push(Positioned::new(Selection::Field(Positioned::new(type_name(), Pos::default())), Pos::default()));
    }
}

fn type_name() -> Field {
    let at_no_place = |name: &str| Positioned::new(Name::new(name), Pos::default());
    Field {
        alias: Some(at_no_place(TYPE_KEY)),
        name: at_no_place("__typename"),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet::default(), Pos::default()),
    }
}
