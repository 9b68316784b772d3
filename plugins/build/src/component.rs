//! From a core module to a component, and what a component looks like from outside.

use plugin_contract::WORLDS;
use wasmparser::{ComponentExternalKind, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::BuildError;

/// Wraps a core module that carries its WIT, as the SDK's macros leave it, into a component.
///
/// # Errors
/// When the module carries no WIT, or does not fit the WIT it carries.
pub fn componentise(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let not_a_plugin = |error: &dyn std::fmt::Display| BuildError::NotAPlugin {
        reason: format!("{error:#}; does it call an export macro of the SDK?"),
    };
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| not_a_plugin(&error))
}

/// What a component imports and exports at its outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// `pricing`, `tax` or `template`.
    pub kind: &'static str,
    /// Names of imported interfaces, sorted.
    pub imports: Vec<String>,
    /// Names of exported interfaces, sorted.
    pub exports: Vec<String>,
}

/// Reads the outside of a component.
///
/// # Errors
/// When it is none, or exports none of the contract's interfaces.
pub fn shape(component: &[u8]) -> Result<Shape, BuildError> {
    let not_a_plugin = |reason: String| BuildError::NotAPlugin { reason };
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| not_a_plugin(error.to_string()))? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section.into_iter().flatten() {
                    imports.push(import.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                let instances =
                    section.into_iter().flatten().filter(|export| export.kind == ComponentExternalKind::Instance);
                exports.extend(instances.map(|export| export.name.name.to_owned()));
            }
            _ => {}
        }
    }
    imports.sort();
    exports.sort();
    let world = WORLDS
        .iter()
        .find(|world| exports.iter().any(|name| name == world.export))
        .ok_or_else(|| not_a_plugin(format!("it exports {exports:?} and none of the contract's interfaces")))?;
    let kind = match world.function {
        "price" => "pricing",
        "calculate" => "tax",
        _ => "template",
    };
    Ok(Shape { kind, imports, exports })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::{componentise, shape};
    use crate::{Manifest, digest};

    #[test]
    fn the_built_guests_are_listed_and_import_nothing_but_the_contract() {
        let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist");
        let read = |file: &str| std::fs::read([dist, file].join("/")).unwrap();
        let manifest: Manifest = serde_json::from_slice(&read("manifest.json")).unwrap();
        assert_eq!(manifest.guests.len(), 3);
        for guest in manifest.guests {
            let bytes = read(&format!("{}.wasm", guest.name));
            assert_eq!((digest(&bytes), bytes.len()), (guest.digest, guest.size));
            let shape = shape(&bytes).unwrap();
            assert_eq!(shape.kind, guest.kind);
            assert_eq!(shape.exports.len(), 1);
            assert!(shape.imports.iter().all(|name| name.starts_with("undash:types/")), "{shape:?}");
        }
    }

    #[test]
    fn a_module_without_wit_is_no_plugin() {
        let module = b"\0asm\x01\0\0\0";
        assert!(shape(module).is_err());
        let bare = componentise(module).and_then(|component| shape(&component));
        assert!(bare.unwrap_err().to_string().contains("not a plugin"));
    }
}
