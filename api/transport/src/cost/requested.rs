//! What an operation may cost at most. Each fragment is looked at once, and all sums saturate: a
//! document cannot wrap its own price to zero.

use std::{collections::HashMap, rc::Rc};

use async_graphql::{
    Name, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

use super::{
    CostModel, CostSettings,
    actual::{Branch, Plan, merge},
    arguments::{Arguments, Scope},
    types::{FieldKind, Shape, TypeRef, Types},
};

/// The price of a selection set, and what of it is in the answer where.
#[derive(Clone, Debug, Default)]
struct Price {
    /// Counted once.
    once: u64,
    /// Counted for each item of the connection this selection set belongs to.
    each: u64,
    branches: Vec<Branch>,
}

/// The most the operation costs, and the plan by which its answer is counted.
pub(crate) fn estimate(
    model: &CostModel,
    settings: &CostSettings,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> (u64, Plan) {
    let scope = Scope { operation, variables };
    let mut pricer = Pricer { types: &model.types, settings, document, scope, fragments: HashMap::new() };
    let price = pricer.selections(&operation.selection_set.node, model.types.root(operation.ty));
    (price.once, Plan(price.branches))
}

struct Pricer<'a> {
    types: &'a Types,
    settings: &'a CostSettings,
    document: &'a ExecutableDocument,
    scope: Scope<'a>,
    /// `None` while a fragment is being priced; circles are refused before, so this only ends them.
    fragments: HashMap<&'a str, Option<Rc<Price>>>,
}

impl<'a> Pricer<'a> {
    /// The recursion is bounded by the check of `selectionNesting`, which comes first.
    fn selections(&mut self, set: &'a SelectionSet, owner: TypeRef) -> Price {
        let mut price = Price::default();
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    // A leaf is free, and so is everything about the schema itself.
                    if field.node.selection_set.node.items.is_empty() && !self.has_rule(owner, name)
                        || name.starts_with("__")
                        || self.scope.skips(&field.node.directives)
                    {
                        continue;
                    }
                    let (once, each, branch) = self.field(&field.node, owner);
                    price.once = price.once.saturating_add(once);
                    price.each = price.each.saturating_add(each);
                    merge(&mut price.branches, branch);
                }
                Selection::InlineFragment(fragment) if !self.scope.skips(&fragment.node.directives) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let owner = condition.map_or(owner, |condition| self.types.named(&condition.node.on.node));
                    let inner = self.selections(&fragment.node.selection_set.node, owner);
                    price.add(inner);
                }
                Selection::FragmentSpread(spread) if !self.scope.skips(&spread.node.directives) => {
                    if let Some(inner) = self.fragment(&spread.node.fragment_name.node) {
                        price.add(Price::clone(&inner));
                    }
                }
                Selection::InlineFragment(_) | Selection::FragmentSpread(_) => {}
            }
        }
        price
    }

    fn fragment(&mut self, name: &Name) -> Option<Rc<Price>> {
        let (name, fragment) = self.document.fragments.get_key_value(name)?;
        if let Some(known) = self.fragments.get(name.as_str()) {
            return known.clone();
        }
        self.fragments.insert(name, None);
        let owner = self.types.named(&fragment.node.type_condition.node.on.node);
        let price = Rc::new(self.selections(&fragment.node.selection_set.node, owner));
        self.fragments.insert(name, Some(Rc::clone(&price)));
        Some(price)
    }

    fn has_rule(&self, owner: TypeRef, name: &str) -> bool {
        self.types.field(owner, name).is_some_and(|kind| kind.rule.is_some())
    }

    /// What a field costs once, what for each item of the connection it belongs to, and its branch.
    fn field(&mut self, field: &'a Field, owner: TypeRef) -> (u64, u64, Branch) {
        let types = self.types;
        let kind = types.field(owner, &field.name.node);
        let below = self.selections(&field.selection_set.node, kind.map_or(TypeRef::UNKNOWN, |kind| kind.below));
        let Price { once, each, branches } = below;
        let branch = |own, item| Branch { key: field.response_key().node.clone(), own, item, branches };
        let Some(kind) = kind else {
            return (once.saturating_add(1), 0, branch(0, 1));
        };
        let arguments = self.arguments(field, kind);
        let item = once.saturating_add(1);
        if let Some(rule) = &kind.rule {
            let price = rule.price(&arguments);
            // A page with a price of its own: the rule says how large the page is.
            let selected = match kind.shape {
                Shape::Connection => once.saturating_add(price.items.saturating_mul(each)),
                _ => price.items.saturating_mul(once),
            };
            let mut paid = branch(price.own, 0);
            if price.items == 0 {
                // Its own price is the price of everything below it, in the answer too.
                paid.branches.clear();
            }
            return (price.own.saturating_add(selected), 0, paid);
        }
        let times = |count: u64| count.saturating_mul(item);
        match kind.shape {
            Shape::Leaf => (once, 0, branch(0, 0)),
            Shape::Object => (item, 0, branch(0, 1)),
            Shape::List => (times(self.settings.list_items), 0, branch(0, 1)),
            Shape::ByIds => (times(arguments.length("ids")), 0, branch(0, 1)),
            Shape::Page => (times(arguments.page()), 0, branch(0, 1)),
            Shape::Nodes => (0, item, branch(0, 1)),
            Shape::Edges => (0, once, branch(0, 0)),
            Shape::PageInfo | Shape::Value => (once, 0, branch(0, 0)),
            Shape::Connection => {
                let items = arguments.page().saturating_mul(each);
                (items.saturating_add(once).saturating_add(2), 0, branch(2, 0))
            }
        }
    }

    fn arguments(&self, field: &'a Field, kind: &'a FieldKind) -> Arguments<'a> {
        Arguments { field, kind, scope: self.scope, settings: self.settings }
    }
}

impl Price {
    fn add(&mut self, other: Self) {
        self.once = self.once.saturating_add(other.once);
        self.each = self.each.saturating_add(other.each);
        for branch in other.branches {
            merge(&mut self.branches, branch);
        }
    }
}
