//! Components for tests: the built ones, and core modules in text form wrapped into a world.

use std::sync::{Arc, LazyLock};

use plugin_host::{Host, HostSettings, LimitProfile, STANDARD, digest, v1};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

pub(crate) const PRICING: &[u8] = include_bytes!("../../../dist/standard-pricing.wasm");
pub(crate) const TAX: &[u8] = include_bytes!("../../../dist/standard-tax.wasm");
pub(crate) const TEMPLATE: &[u8] = include_bytes!("../../../dist/standard-template.wasm");

/// Settings under which a busy test machine never runs out of wall-clock time before the guest runs out of fuel.
pub(crate) fn settings() -> HostSettings {
    HostSettings { profile: LimitProfile { deadline_ms: 60_000, ..STANDARD }, ..HostSettings::default() }
}

/// One host for all tests, so that the engine is built once.
pub(crate) fn host() -> Arc<Host> {
    static HOST: LazyLock<Arc<Host>> = LazyLock::new(|| Host::new(settings()).unwrap());
    Arc::clone(&HOST)
}

/// A core module as a component of a world in `package hostile:test`, whose text is `wit`.
pub(crate) fn component_of(wit: &[&str], world: &str, module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    for source in plugin_contract::WIT {
        resolve.push_str(source.file, source.text).unwrap();
    }
    let mut package = None;
    for (at, text) in wit.iter().enumerate() {
        package = Some(resolve.push_str(format!("{at}.wit"), text).unwrap());
    }
    let world = resolve.select_world(&[package.unwrap()], Some(world)).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default().module(&module).unwrap();
    encoder.encode().unwrap()
}

const WORLD: &str = "package hostile:test;
    world plugin { import undash:types/log@1.0.0; export undash:pricing/rule@1.0.0; }";

/// A pricing rule whose body is `body` and whose module also holds `rest`. The body answers a pointer to a result.
pub(crate) fn pricing_rule(body: &str, rest: &str) -> Vec<u8> {
    component_of(&[WORLD], "plugin", &pricing_module(body, rest))
}

pub(crate) fn pricing_module(body: &str, rest: &str) -> String {
    let params = "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)";
    let memory = if rest.contains("(memory") { "" } else { "(memory (export \"memory\") 2)" };
    format!(
        r#"(module
            {imports}
            {memory}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
            (func $price (export "undash:pricing/rule@1.0.0#price") {params} (result i32) {body})
            {rest})"#,
        imports = if body.contains("$log") {
            r#"(import "undash:types/log@1.0.0" "write" (func $log (param i32 i32 i32)))"#
        } else {
            ""
        },
    )
}

/// A rule that answers one charge with this text as its amount.
pub(crate) fn answering(amount: &str) -> Vec<u8> {
    let text: String = amount.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let length = amount.len();
    pricing_rule(
        "(i32.const 16)",
        &format!(
            r#"(data (i32.const 20) "\20\00\00\00\01\00\00\00")
            (data (i32.const 36) "\40\00\00\00\{:02x}\{:02x}")
            (data (i32.const 64) "{text}")"#,
            length & 0xff,
            length >> 8,
        ),
    )
}

/// Prepares and asks. The inspection of the upload must have nothing against it.
pub(crate) fn ask(bytes: &[u8]) -> plugin_host::Call<v1::pricing::Output> {
    let host = host();
    let name = digest(bytes);
    host.inspect_now(bytes).unwrap();
    host.prepare_now(&name, bytes).unwrap();
    host.price_now(&name, &question(vec![per_unit("calls", "2", "1.5")]))
}

pub(crate) fn question(charges: Vec<v1::pricing::Charge>) -> v1::pricing::Input {
    v1::pricing::Input {
        reference: "test".into(),
        currency: "USD".into(),
        period: v1::pricing::Period { start: "2026-01-01T00:00:00Z".into(), end: "2026-02-01T00:00:00Z".into() },
        as_of: "2026-02-01T00:00:00Z".into(),
        charges,
        attributes: Vec::new(),
    }
}

pub(crate) fn number(name: &str, value: &str) -> v1::types::Parameter {
    v1::types::Parameter { name: name.into(), value: v1::types::ParameterValue::Number(value.into()) }
}

pub(crate) fn charge(
    code: &str,
    model: &str,
    quantity: &str,
    parameters: Vec<v1::types::Parameter>,
) -> v1::pricing::Charge {
    v1::pricing::Charge {
        code: code.into(),
        metric_code: code.into(),
        quantity: quantity.into(),
        event_count: 1,
        model: model.into(),
        parameters,
        attributes: Vec::new(),
    }
}

pub(crate) fn per_unit(code: &str, quantity: &str, unit: &str) -> v1::pricing::Charge {
    charge(code, "PER_UNIT", quantity, vec![number("unit_amount", unit)])
}

pub(crate) fn tiers() -> v1::types::Parameter {
    let tier = |up_to: Option<&str>, unit: &str| v1::types::Tier {
        up_to: up_to.map(Into::into),
        unit_amount: unit.into(),
        flat_amount: "0".into(),
    };
    v1::types::Parameter {
        name: "tiers".into(),
        value: v1::types::ParameterValue::Tiers(vec![
            tier(Some("100000"), "0.000015"),
            tier(Some("500000"), "0.000012"),
            tier(None, "0.00001"),
        ]),
    }
}
