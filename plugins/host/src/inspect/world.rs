//! Which world a component targets, and whether it keeps to it.
//!
//! Names are compared exactly. Lookups by the engine follow semantic versions, so that `1.0.0` and `1.3.0` would both
//! find an export `1.2.0`.

use plugin_contract::{WIT, WORLDS, World};
use wit_parser::Resolve;

use super::structure::{ImportKind, Surface};
use super::{PluginKind, Refusal};

/// The one world whose interface the component exports.
pub(super) fn detect(surface: &Surface) -> Result<(World, PluginKind), Refusal> {
    let mut found = WORLDS.iter().filter(|world| surface.exports.iter().any(|name| name == world.export));
    let supported = || WORLDS.map(|world| world.export).join(", ");
    match (found.next(), found.next()) {
        (Some(world), None) => kind(world).map(|kind| (*world, kind)),
        (Some(_), Some(_)) => Err(Refusal::new(
            "ambiguous-world",
            "the component exports the interfaces of more than one world".to_owned(),
            "build one component for each kind of plugin",
        )),
        (None, _) => Err(Refusal::new(
            "world-mismatch",
            format!(
                "the component exports {}, none of which this platform calls",
                list(surface.exports.iter().map(String::as_str))
            ),
            format!("export exactly one of: {}", supported()),
        )),
    }
}

fn kind(world: &World) -> Result<PluginKind, Refusal> {
    match world.function {
        "price" => Ok(PluginKind::Pricing),
        "calculate" => Ok(PluginKind::Tax),
        "render" => Ok(PluginKind::Template),
        other => Err(Refusal::new(
            "world-mismatch",
            format!("this host does not call `{other}` yet"),
            "upload it to a newer version of the platform",
        )),
    }
}

/// Every import must be one the world names; types that `use` brings to the root are harmless.
pub(super) fn check_imports(surface: &Surface, world: &World) -> Result<(), Refusal> {
    let foreign: Vec<&str> = surface
        .imports
        .iter()
        .filter(|(name, kind)| match kind {
            ImportKind::Instance => !world.imports.contains(&name.as_str()),
            ImportKind::Type => false,
            ImportKind::Other => true,
        })
        .map(|(name, _)| name.as_str())
        .collect();
    let Some(first) = foreign.first() else {
        return Ok(());
    };
    let fix = if first.starts_with("wasi:") {
        "a plugin has no clock, files, network or environment: in Rust build for wasm32-unknown-unknown and drop std \
         input and output; in JavaScript use `jco componentize --disable all` or `stubWasi`; in Python `--stub-wasi`; \
         in TinyGo `-target=wasm-unknown`"
            .to_owned()
    } else {
        format!("import nothing but {}", world.imports.join(", "))
    };
    Err(Refusal::new("import-not-allowed", format!("the component imports {}", list(foreign.into_iter())), fix))
}

/// Compares the types of every import and export with the world's.
pub(super) fn check_target(world: &World, bytes: &[u8]) -> Result<(), Refusal> {
    let own_fault = |message: String| {
        Refusal::new("world-mismatch", message, "report this: the published contract could not be read")
    };
    let mut resolve = Resolve::default();
    let mut package = None;
    for source in WIT {
        let id = resolve.push_str(source.file, source.text).map_err(|error| own_fault(format!("{error:#}")))?;
        if source.name == world.package {
            package = Some(id);
        }
    }
    let package = package.ok_or_else(|| own_fault(format!("no package {}", world.package)))?;
    let id =
        resolve.select_world(&[package], Some(world.local_name)).map_err(|error| own_fault(format!("{error:#}")))?;
    wit_component::targets(&resolve, id, bytes).map_err(|error| {
        Refusal::new(
            "world-mismatch",
            format!("the component does not fit `{}`: {}", world.name, error.root_cause()),
            "generate the bindings again from the published WIT and change nothing in it",
        )
    })
}

/// A list for people: 20 names and how many more there are.
fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let count = names.len();
    if count == 0 {
        return "nothing".to_owned();
    }
    let mut text = String::new();
    for (at, name) in names.take(SHOWN).enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        text.push('`');
        text.extend(name.chars().take(128));
        text.push('`');
    }
    if count > SHOWN {
        text.push_str(&format!(" and {} more", count - SHOWN));
    }
    text
}
