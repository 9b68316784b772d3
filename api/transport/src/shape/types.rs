//! The schema as far as shapes need it: of each field its type with what may be null, and of each object
//! the interfaces and unions it belongs to.

use std::collections::{HashMap, HashSet};

use async_graphql::Positioned;
use async_graphql::parser::{
    self, parse_schema,
    types::{BaseType, FieldDefinition, OperationType, Type, TypeKind, TypeSystemDefinition},
};

/// All types with fields.
#[derive(Debug, Default)]
pub(crate) struct Types {
    composite: HashMap<String, Composite>,
    /// What the schema says about its scalars and enums.
    descriptions: HashMap<String, String>,
    roots: [Option<String>; 3],
}

/// An object, an interface or a union.
#[derive(Debug, Default)]
pub(super) struct Composite {
    fields: HashMap<String, Type>,
    /// The interfaces and unions it belongs to.
    belongs_to: HashSet<String>,
    is_abstract: bool,
}

impl Types {
    /// Reads the schema definition language.
    pub(crate) fn read(sdl: &str) -> Result<Self, parser::Error> {
        let mut types =
            Self { roots: ["Query", "Mutation", "Subscription"].map(|name| Some(name.to_owned())), ..Self::default() };
        for definition in parse_schema(sdl)?.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let named = [schema.node.query, schema.node.mutation, schema.node.subscription];
                    types.roots = named.map(|name| name.map(|name| name.node.to_string()));
                }
                TypeSystemDefinition::Type(definition) => {
                    let name = definition.node.name.node.to_string();
                    match definition.node.kind {
                        TypeKind::Object(object) => types.add(name, object.fields, object.implements, false),
                        TypeKind::Interface(interface) => types.add(name, interface.fields, interface.implements, true),
                        TypeKind::Union(union) => {
                            for member in union.members {
                                let member = types.composite.entry(member.node.to_string()).or_default();
                                member.belongs_to.insert(name.clone());
                            }
                            types.composite.entry(name).or_default().is_abstract = true;
                        }
                        TypeKind::Scalar | TypeKind::Enum(_) => {
                            let words = definition.node.description.map(|words| words.node).unwrap_or_default();
                            let words: Vec<&str> = words.split_whitespace().collect();
                            types.descriptions.insert(name, words.join(" "));
                        }
                        TypeKind::InputObject(_) => {}
                    }
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        Ok(types)
    }

    fn add(
        &mut self,
        name: String,
        fields: Vec<Positioned<FieldDefinition>>,
        implements: Vec<Positioned<async_graphql::Name>>,
        is_abstract: bool,
    ) {
        let composite = self.composite.entry(name).or_default();
        composite.is_abstract |= is_abstract;
        composite.belongs_to.extend(implements.into_iter().map(|interface| interface.node.to_string()));
        composite.fields.extend(fields.into_iter().map(|field| (field.node.name.node.to_string(), field.node.ty.node)));
    }

    pub(super) fn root(&self, kind: OperationType) -> Option<&str> {
        let [query, mutation, subscription] = &self.roots;
        match kind {
            OperationType::Query => query.as_deref(),
            OperationType::Mutation => mutation.as_deref(),
            OperationType::Subscription => subscription.as_deref(),
        }
    }

    /// The type of a field; `None` for those of introspection.
    pub(super) fn field(&self, owner: Option<&str>, name: &str) -> Option<&Type> {
        self.composite.get(owner?)?.fields.get(name)
    }

    /// What the schema says about a scalar or an enum.
    pub(crate) fn description(&self, name: &str) -> Option<&str> {
        self.descriptions.get(name).map(String::as_str).filter(|words| !words.is_empty())
    }

    pub(super) fn is_abstract(&self, name: &str) -> bool {
        self.composite.get(name).is_some_and(|composite| composite.is_abstract)
    }

    pub(super) fn is_composite(&self, name: &str) -> bool {
        self.composite.contains_key(name)
    }

    /// Whether a selection on `condition` is about an object of type `concrete`. Where the type is not known, which
    /// is so only below introspection, every selection is.
    pub(super) fn fits(&self, condition: &str, concrete: Option<&str>) -> bool {
        let Some(concrete) = concrete else { return true };
        condition == concrete
            || self.composite.get(concrete).is_some_and(|composite| composite.belongs_to.contains(condition))
    }
}

/// The name inside the lists of a type.
pub(super) fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => innermost(inner),
    }
}
