//! The schema as far as costs need it: for each field of each type whether it is a leaf, an object, a
//! list or a page, and the type below it.

use std::collections::HashMap;

use async_graphql::{
    Name, Value,
    parser::{
        parse_schema,
        types::{BaseType, FieldDefinition, OperationType, Type, TypeKind, TypeSystemDefinition},
    },
};

use super::{CostModelError, arguments::Rule};

/// All types that can have a selection set.
#[derive(Clone, Debug)]
pub(super) struct Types {
    numbers: HashMap<String, usize>,
    fields: Vec<HashMap<String, FieldKind>>,
    roots: [String; 3],
}

/// A type with fields; the unknown one has none, so that a wrong document is left to validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypeRef(Option<usize>);

/// What a field is made of.
#[derive(Clone, Debug)]
pub(super) struct FieldKind {
    pub(super) shape: Shape,
    pub(super) below: TypeRef,
    /// Default values of arguments that have one.
    pub(super) defaults: Vec<(Name, Value)>,
    pub(super) rule: Option<Rule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Leaf,
    Object,
    /// A list of objects whose length nothing tells.
    List,
    /// A list of objects, one for each entry of the argument `ids`.
    ByIds,
    /// A list of objects with `first` or `last`.
    Page,
    Connection,
    /// `nodes` of a connection: an object for each item of the page.
    Nodes,
    /// `edges` of a connection: free, its `node` is the object.
    Edges,
    /// `pageInfo` of a connection, which is within the connection's own price.
    PageInfo,
    /// An object that is a value in several parts: free.
    Value,
}

impl Types {
    pub(super) fn read(sdl: &str) -> Result<Self, CostModelError> {
        let document = parse_schema(sdl).map_err(|error| CostModelError(error.to_string()))?;
        let mut roots = ["Query", "Mutation", "Subscription"].map(str::to_owned);
        let mut definitions = Vec::new();
        for definition in &document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let named = [&schema.node.query, &schema.node.mutation, &schema.node.subscription];
                    for (root, name) in roots.iter_mut().zip(named) {
                        if let Some(name) = name {
                            *root = name.node.to_string();
                        }
                    }
                }
                TypeSystemDefinition::Type(definition) => {
                    let fields: &[_] = match &definition.node.kind {
                        TypeKind::Object(object) => &object.fields,
                        TypeKind::Interface(interface) => &interface.fields,
                        TypeKind::Union(_) => &[],
                        TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
                    };
                    definitions.push((definition.node.name.node.as_str(), fields));
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        let mut numbers = HashMap::new();
        for (name, _) in &definitions {
            let next = numbers.len();
            numbers.entry((*name).to_owned()).or_insert(next);
        }
        let is_connection = |name: &str| {
            name.ends_with("Connection")
                && definitions.iter().any(|(owner, fields)| {
                    *owner == name
                        && fields.iter().any(|field| matches!(field.node.name.node.as_str(), "edges" | "nodes"))
                })
        };
        let connections: Vec<&str> =
            definitions.iter().map(|(name, _)| *name).filter(|name| is_connection(name)).collect();
        let mut types = Self { numbers, fields: Vec::new(), roots };
        types.fields.resize_with(types.numbers.len(), HashMap::new);
        for (owner, fields) in &definitions {
            let kinds: Vec<_> = fields
                .iter()
                .map(|field| (field.node.name.node.to_string(), types.kind(owner, &field.node, &connections)))
                .collect();
            if let TypeRef(Some(number)) = types.named(owner) {
                // Extensions of a type add to it.
                types.fields[number].extend(kinds);
            }
        }
        Ok(types)
    }

    fn kind(&self, owner: &str, field: &FieldDefinition, connections: &[&str]) -> FieldKind {
        let (is_list, name) = innermost(&field.ty.node);
        let below = self.named(name);
        let has = |argument: &str| field.arguments.iter().any(|one| one.node.name.node == argument);
        let in_connection = connections.contains(&owner);
        let shape = match (below, field.name.node.as_str()) {
            (TypeRef(None), _) => Shape::Leaf,
            (_, "nodes") if in_connection && is_list => Shape::Nodes,
            (_, "edges") if in_connection && is_list => Shape::Edges,
            (_, "pageInfo") if in_connection => Shape::PageInfo,
            _ if connections.contains(&name) => Shape::Connection,
            _ if !is_list => Shape::Object,
            _ if has("ids") => Shape::ByIds,
            _ if has("first") || has("last") => Shape::Page,
            _ => Shape::List,
        };
        let defaults = field.arguments.iter().filter_map(|argument| {
            let value = argument.node.default_value.as_ref()?;
            Some((argument.node.name.node.clone(), value.node.clone()))
        });
        FieldKind { shape, below, defaults: defaults.collect(), rule: None }
    }

    pub(super) fn root(&self, kind: OperationType) -> TypeRef {
        let [query, mutation, subscription] = &self.roots;
        self.named(match kind {
            OperationType::Query => query,
            OperationType::Mutation => mutation,
            OperationType::Subscription => subscription,
        })
    }

    pub(super) fn named(&self, name: &str) -> TypeRef {
        TypeRef(self.numbers.get(name).copied())
    }

    pub(super) fn field(&self, owner: TypeRef, name: &str) -> Option<&FieldKind> {
        self.fields.get(owner.0?)?.get(name)
    }

    /// Makes every single object of this type free; false if there is no such type.
    pub(super) fn make_value(&mut self, name: &str) -> bool {
        let value = self.named(name);
        let fields = self.fields.iter_mut().flat_map(HashMap::values_mut);
        for field in fields.filter(|field| field.below == value && field.shape == Shape::Object) {
            field.shape = Shape::Value;
        }
        value != TypeRef::UNKNOWN
    }

    pub(super) fn field_mut(&mut self, coordinate: &str) -> Option<&mut FieldKind> {
        let (owner, field) = coordinate.split_once('.')?;
        let owner = self.named(owner).0?;
        self.fields.get_mut(owner)?.get_mut(field)
    }
}

impl TypeRef {
    pub(super) const UNKNOWN: Self = Self(None);
}

/// Whether a type is a list at any level, and the name inside.
fn innermost(ty: &Type) -> (bool, &str) {
    match &ty.base {
        BaseType::Named(name) => (false, name.as_str()),
        BaseType::List(inner) => (true, innermost(inner).1),
    }
}
