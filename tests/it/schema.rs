//! What is written down is what is so: the schema, the page of the settings, and the promises about both.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeDefinition, TypeKind, TypeSystemDefinition};
use std::path::Path;

#[test]
fn the_schema_in_the_root_is_the_one_that_is_served() {
    same("schema.graphql", &undash::graphql::sdl(), "cargo run -- schema > schema.graphql");
}

#[test]
fn the_page_of_the_settings_is_the_table() {
    same("docs/settings.md", &undash::config::documentation(), "cargo run -- schema --settings > docs/settings.md");
}

#[test]
fn no_number_is_a_float() {
    let sdl = undash::graphql::sdl();
    let floats: Vec<&str> = sdl
        .lines()
        .filter(|line| line.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "Float"))
        .collect();
    assert!(floats.is_empty(), "{floats:#?}");
}

#[test]
fn everything_in_the_schema_is_described() {
    let document = parse_schema(undash::graphql::sdl()).unwrap();
    let mut silent = Vec::new();
    let mut types = 0;
    for definition in &document.definitions {
        if let TypeSystemDefinition::Type(definition) = definition {
            types += 1;
            silent.extend(undescribed(&definition.node));
        }
    }
    assert!(types > 80, "the schema was read: {types} types");
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

fn undescribed(definition: &TypeDefinition) -> Vec<String> {
    let name = &definition.name.node;
    let mut silent = Vec::new();
    if definition.description.is_none() {
        silent.push(name.to_string());
    }
    match &definition.kind {
        TypeKind::Object(_) | TypeKind::Interface(_) => {
            let fields = match &definition.kind {
                TypeKind::Object(object) => &object.fields,
                TypeKind::Interface(interface) => &interface.fields,
                _ => unreachable!(),
            };
            for field in fields {
                if field.node.description.is_none() {
                    silent.push(format!("{name}.{}", field.node.name.node));
                }
                for argument in field.node.arguments.iter().filter(|argument| argument.node.description.is_none()) {
                    silent.push(format!("{name}.{}({})", field.node.name.node, argument.node.name.node));
                }
            }
        }
        TypeKind::InputObject(input) => {
            silent.extend(
                input
                    .fields
                    .iter()
                    .filter(|field| field.node.description.is_none())
                    .map(|field| format!("{name}.{}", field.node.name.node)),
            );
        }
        TypeKind::Enum(values) if name.as_str() != "CurrencyCode" => {
            silent.extend(
                values
                    .values
                    .iter()
                    .filter(|value| value.node.description.is_none())
                    .map(|value| format!("{name}.{}", value.node.value.node)),
            );
        }
        _ => {}
    }
    silent
}

fn same(file: &str, expected: &str, how: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if written == expected {
        return;
    }
    let first = written.lines().zip(expected.lines()).enumerate().find(|(_, (left, right))| left != right);
    let place = first
        .map_or("at its end".to_owned(), |(line, (left, right))| format!("in line {}:\n- {left}\n+ {right}", line + 1));
    panic!("{file} is not what the code says {place}\nWrite it again with: {how}");
}
