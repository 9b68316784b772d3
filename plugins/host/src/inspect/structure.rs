//! One linear walk over the file that bounds everything a compiler or an instantiation would pay for.
//!
//! Parser limits are loosened upstream on request, so ours are our own. Components that are never instantiated twice
//! and never passed around make the flattened size equal to the written size: a 1.5 KB file whose nested components
//! each instantiate the one before twice otherwise needs gigabytes, in code that neither fuel nor epochs interrupt.

use std::fmt::Display;

use plugin_contract::LimitProfile;
use wasmparser::{
    BinaryReaderError, CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, ComponentTypeRef, FunctionBody, Instance, Operator, Parser, Payload,
};

use super::Refusal;

/// What the outermost component asks for and offers.
#[derive(Default)]
pub(super) struct Surface {
    pub(super) imports: Vec<(String, ImportKind)>,
    pub(super) exports: Vec<String>,
}

/// How an import can matter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ImportKind {
    Instance,
    Type,
    Other,
}

/// Running totals over the whole file, and one frame for each component or module being read.
struct Walk<'a> {
    profile: &'a LimitProfile,
    surface: Surface,
    frames: Vec<Frame>,
    nested: usize,
    modules: usize,
    functions: usize,
    core_instances: usize,
    memories: usize,
    memory_bytes: u64,
    tables: usize,
    table_elements: u64,
    custom_bytes: usize,
}

/// How often each component defined in the frame is instantiated.
#[derive(Default)]
struct Frame {
    instantiated: Vec<usize>,
}

/// Walks `bytes` and answers what the component imports and exports.
///
/// # Errors
/// `structure` for a broken limit, `invalid-wasm` for bytes that cannot be read.
pub(super) fn walk(bytes: &[u8], profile: &LimitProfile) -> Result<Surface, Refusal> {
    let mut walk = Walk {
        profile,
        surface: Surface::default(),
        frames: Vec::new(),
        nested: 0,
        modules: 0,
        functions: 0,
        core_instances: 0,
        memories: 0,
        memory_bytes: 0,
        tables: 0,
        table_elements: 0,
        custom_bytes: 0,
    };
    for payload in Parser::new(0).parse_all(bytes) {
        walk.payload(payload.map_err(|error| unreadable(&error))?)?;
    }
    Ok(walk.surface)
}

fn unreadable(error: &BinaryReaderError) -> Refusal {
    Refusal::new(
        "invalid-wasm",
        format!("{} (at byte {})", error.message(), error.offset()),
        "build the component again; the file is damaged or not WebAssembly",
    )
}

fn at_most(rule: &str, found: impl Display + PartialOrd + Into<u64> + Copy, limit: usize) -> Result<(), Refusal> {
    if found.into() <= limit as u64 {
        return Ok(());
    }
    Err(Refusal::new(
        "structure",
        format!("rule `{rule}`: {found} found, at most {limit} allowed"),
        "make the component smaller, or ask the operator for a larger limit profile",
    ))
}

fn banned(rule: &str, what: &str) -> Refusal {
    Refusal::new(
        "structure",
        format!("rule `{rule}`: {what}"),
        "build with one of the supported toolchains; none of them needs this",
    )
}

impl Walk<'_> {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { .. } => self.frames.push(Frame::default()),
            Payload::End(_) => {
                self.frames.pop();
            }
            Payload::CustomSection(section) => {
                self.custom_bytes += section.data().len();
                at_most("custom-sections", self.custom_bytes as u64, self.profile.custom_sections)?;
            }
            Payload::ModuleSection { .. } => {
                self.modules += 1;
                at_most("core-modules", self.modules as u64, self.profile.core_modules)?;
            }
            Payload::ComponentSection { .. } => {
                self.nested += 1;
                at_most("nested-components", self.nested as u64, self.profile.nested_components)?;
                if let Some(frame) = self.frames.last_mut() {
                    frame.instantiated.push(0);
                }
            }
            Payload::ComponentStartSection { .. } => {
                return Err(banned("component-start", "the component has a start function"));
            }
            other => {
                if !self.component_section(&other)? {
                    self.core_section(&other)?;
                }
            }
        }
        Ok(())
    }

    /// Sections of components; `false` when the payload belongs to a core module.
    fn component_section(&mut self, payload: &Payload<'_>) -> Result<bool, Refusal> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    if let Instance::Instantiate { .. } = instance.map_err(|e| unreadable(&e))? {
                        self.core_instances += 1;
                        let found = self.core_instances as u64;
                        at_most("core-instances", found, self.profile.core_instances)?;
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    self.component_instance(&instance.map_err(|e| unreadable(&e))?)?;
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    check_alias(&alias.map_err(|e| unreadable(&e))?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section.clone() {
                    check_canonical(&function.map_err(|e| unreadable(&e))?)?;
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    let import = import.map_err(|e| unreadable(&e))?;
                    self.import(import.name.name, import.ty)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    let export = export.map_err(|e| unreadable(&e))?;
                    check_kind(export.kind, "export")?;
                    if self.frames.len() == 1 && export.kind == ComponentExternalKind::Instance {
                        self.surface.exports.push(export.name.name.to_owned());
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn component_instance(&mut self, instance: &ComponentInstance<'_>) -> Result<(), Refusal> {
        let ComponentInstance::Instantiate { component_index, .. } = instance else {
            return Ok(());
        };
        let count = self
            .frames
            .last_mut()
            .and_then(|frame| frame.instantiated.get_mut(*component_index as usize))
            .ok_or_else(|| banned("component-instance", "an instance of no component written here"))?;
        *count += 1;
        at_most("instances-of-one-component", *count as u64, 1)
    }

    fn import(&mut self, name: &str, ty: ComponentTypeRef) -> Result<(), Refusal> {
        if self.frames.len() == 1 {
            let kind = match ty {
                ComponentTypeRef::Instance(_) => ImportKind::Instance,
                ComponentTypeRef::Type(_) => ImportKind::Type,
                _ => ImportKind::Other,
            };
            self.surface.imports.push((name.to_owned(), kind));
            return Ok(());
        }
        match ty {
            ComponentTypeRef::Component(_) => Err(banned("component-import", "a nested component imports a component")),
            ComponentTypeRef::Module(_) => Err(banned("module-import", "a nested component imports a module")),
            _ => Ok(()),
        }
    }

    fn core_section(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        let profile = self.profile;
        match payload {
            Payload::ImportSection(section) => {
                let count = section.clone().into_imports().take(profile.core_imports + 1).count();
                at_most("imports-of-a-module", count as u64, profile.core_imports)
            }
            Payload::FunctionSection(section) => {
                self.functions += section.count() as usize;
                at_most("functions", self.functions as u64, profile.functions)
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let memory = memory.map_err(|e| unreadable(&e))?;
                    self.memories += 1;
                    at_most("memories", self.memories as u64, profile.memories)?;
                    let bytes = memory.initial.saturating_mul(1 << 16);
                    self.memory_bytes = self.memory_bytes.saturating_add(bytes);
                    at_most("memory-size", self.memory_bytes, profile.memory_size)?;
                }
                Ok(())
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    let table = table.map_err(|e| unreadable(&e))?;
                    self.tables += 1;
                    at_most("tables", self.tables as u64, profile.tables)?;
                    self.table_elements = self.table_elements.saturating_add(table.ty.initial);
                    at_most("table-elements", self.table_elements, profile.table_elements)?;
                }
                Ok(())
            }
            Payload::DataSection(section) => at_most("data-segments", section.count(), profile.data_segments),
            Payload::ElementSection(section) => at_most("element-segments", section.count(), profile.table_elements),
            Payload::CodeSectionEntry(body) => check_function(body, profile),
            Payload::UnknownSection { id, .. } => {
                Err(banned("unknown-section", &format!("a section with the unknown id {id}")))
            }
            _ => Ok(()),
        }
    }
}

fn check_function(body: &FunctionBody<'_>, profile: &LimitProfile) -> Result<(), Refusal> {
    at_most("function-body", body.range().len() as u64, profile.function_body)?;
    let mut locals = 0_u64;
    for local in body.get_locals_reader().map_err(|e| unreadable(&e))? {
        let (count, _) = local.map_err(|e| unreadable(&e))?;
        locals = locals.saturating_add(u64::from(count));
        at_most("locals", locals, profile.locals)?;
    }
    let mut depth = 0_u64;
    for operator in body.get_operators_reader().map_err(|e| unreadable(&e))? {
        match operator.map_err(|e| unreadable(&e))? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                depth += 1;
                at_most("block-depth", depth, profile.block_depth)?;
            }
            Operator::End => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Components and modules are written where they are instantiated, and not handed around.
fn check_kind(kind: ComponentExternalKind, verb: &str) -> Result<(), Refusal> {
    match kind {
        ComponentExternalKind::Component | ComponentExternalKind::Module => {
            Err(banned("component-as-a-value", &format!("a component or module is handed around by {verb}")))
        }
        _ => Ok(()),
    }
}

fn check_alias(alias: &ComponentAlias<'_>) -> Result<(), Refusal> {
    match alias {
        ComponentAlias::InstanceExport { kind, .. } => check_kind(*kind, "alias"),
        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type | ComponentOuterAliasKind::CoreType, .. }
        | ComponentAlias::CoreInstanceExport { .. } => Ok(()),
        ComponentAlias::Outer { .. } => Err(banned("outer-alias", "an outer alias of something other than a type")),
    }
}

fn check_canonical(function: &CanonicalFunction) -> Result<(), Refusal> {
    let options = match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => options,
        CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceRep { .. }
        | CanonicalFunction::ResourceDrop { .. } => return Ok(()),
        _ => {
            return Err(banned(
                "canonical-function",
                "a canonical function other than lift, lower and those of resources",
            ));
        }
    };
    for option in options {
        match option {
            CanonicalOption::UTF8
            | CanonicalOption::Memory(_)
            | CanonicalOption::Realloc(_)
            | CanonicalOption::PostReturn(_) => {}
            CanonicalOption::UTF16 | CanonicalOption::CompactUTF16 => {
                return Err(banned("string-encoding", "text that is not UTF-8"));
            }
            _ => return Err(banned("canonical-option", "an asynchronous or experimental option")),
        }
    }
    Ok(())
}
