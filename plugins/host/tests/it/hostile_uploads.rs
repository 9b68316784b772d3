//! Files that must never become plugins: each is refused by name, and the host goes on.

use crate::guests::{PRICING, component_of, host, pricing_module, pricing_rule};

fn refusal(bytes: &[u8]) -> (&'static str, String) {
    let refusal = host().inspect_now(bytes).unwrap_err();
    assert!(!refusal.fix.is_empty());
    (refusal.code, refusal.message)
}

#[track_caller]
fn refused(bytes: &[u8], code: &str, words: &str) {
    let (found, message) = refusal(bytes);
    assert!(found == code && message.contains(words), "{found}: {message}");
}

fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap()
}

#[test]
fn files_of_another_kind() {
    refused(b"", "not-a-component", "begin");
    refused(b"(component)", "not-a-component", "begin");
    refused(b"PK\x03\x04rest of an archive", "not-a-component", "begin");
    refused(b"\x1f\x8b\x08gzip", "not-a-component", "begin");
    refused(&text("(module)"), "core-module", "core module");
    let machine_code = wasmtime::Engine::default().precompile_component(PRICING).unwrap();
    refused(&machine_code, "precompiled", "machine code");
}

#[test]
fn damaged_files() {
    refused(&PRICING[..PRICING.len() / 2], "invalid-wasm", "");
    refused(&PRICING[..8 + 3], "invalid-wasm", "");
    let mut trailing = PRICING.to_vec();
    trailing.extend(b"PK\x03\x04 trailing archive");
    let (code, _) = refusal(&trailing);
    assert!(code == "invalid-wasm" || code == "structure", "{code}");
}

#[test]
fn files_that_are_too_large() {
    let large = format!("(component (@custom \"padding\" \"{}\"))", "x".repeat(5 << 20));
    refused(&text(&large), "too-large", "4194304");
    let custom = format!("(component (@custom \"padding\" \"{}\"))", "x".repeat(300 << 10));
    refused(&text(&custom), "structure", "custom-sections");
}

#[test]
fn other_worlds() {
    refused(&text("(component)"), "world-mismatch", "nothing");
    let module = r#"(module (func (export "other:thing/rule@1.0.0#price") (result i32) (i32.const 0)))"#;
    let wit = "package other:thing@1.0.0; interface rule { price: func() -> u32; } world w { export rule; }";
    refused(&component_of(&[wit], "w", module), "world-mismatch", "other:thing/rule@1.0.0");
    // The right name with another type.
    let lookalike = text(
        r#"(component
            (core module $m (func (export "f") (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func $f (result u32) (canon lift (core func $i "f")))
            (instance $rule (export "price" (func $f)))
            (export "undash:pricing/rule@1.0.0" (instance $rule)))"#,
    );
    refused(&lookalike, "world-mismatch", "does not fit");
    // A version nobody published.
    let newer = text(
        r#"(component
            (core module $m (func (export "f") (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func $f (result u32) (canon lift (core func $i "f")))
            (instance $rule (export "price" (func $f)))
            (export "undash:pricing/rule@1.1.0" (instance $rule)))"#,
    );
    refused(&newer, "world-mismatch", "undash:pricing/rule@1.1.0");
}

#[test]
fn foreign_imports() {
    let wasi = "package wasi:cli@0.2.0; interface environment { initial-cwd: func() -> u32; }";
    let world = "package hostile:test;
        world w { import wasi:cli/environment@0.2.0; export undash:pricing/rule@1.0.0; }";
    let module = pricing_module("(call $cwd)", "")
        .replace("(module", r#"(module (import "wasi:cli/environment@0.2.0" "initial-cwd" (func $cwd (result i32)))"#);
    let bytes = component_of(&[wasi, world], "w", &module);
    refused(&bytes, "import-not-allowed", "wasi:cli/environment@0.2.0");
    let fix = host().inspect_now(&bytes).unwrap_err().fix;
    assert!(fix.contains("wasm32-unknown-unknown"), "{fix}");

    let lookalike = "package undash:typos@1.0.0; interface log { initial-cwd: func() -> u32; }";
    let world = world.replace("wasi:cli/environment@0.2.0", "undash:typos/log@1.0.0");
    let module = module.replace("wasi:cli/environment@0.2.0", "undash:typos/log@1.0.0");
    let bytes = component_of(&[lookalike, &world], "w", &module);
    refused(&bytes, "import-not-allowed", "undash:typos/log@1.0.0");
}

#[test]
fn features_no_toolchain_of_ours_needs() {
    let simd = pricing_rule("(drop (v128.const i64x2 0 0)) (i32.const 0)", "");
    refused(&simd, "feature-not-allowed", "SIMD");
    let memories = pricing_rule("(i32.const 0)", "(memory (export \"memory\") 1) (memory 1)");
    refused(&memories, "feature-not-allowed", "memor");
}

#[test]
fn memories_and_tables_beyond_the_limits() {
    let memory = pricing_rule("(i32.const 0)", "(memory (export \"memory\") 65536)");
    refused(&memory, "structure", "memory-size");
    let table = pricing_rule("(i32.const 0)", "(table 10000000 funcref)");
    refused(&table, "structure", "table-elements");
    let tables = pricing_rule("(i32.const 0)", &"(table 1 funcref)".repeat(5));
    refused(&tables, "structure", "tables");
}

#[test]
fn functions_that_cost_the_compiler_too_much() {
    let depth = format!("{}{}(i32.const 0)", "(block ".repeat(400), ")".repeat(400));
    refused(&pricing_rule(&depth, ""), "structure", "block-depth");
    let loops = format!("{}{}(i32.const 0)", "(loop ".repeat(3_000), ")".repeat(3_000));
    refused(&pricing_rule(&loops, ""), "structure", "block-depth");
    let locals = format!("(local {}) (i32.const 0)", "i64 ".repeat(2_000));
    refused(&pricing_rule(&locals, ""), "structure", "locals");
    let body = format!("{}(i32.const 0)", "(drop (i32.const 1000000))".repeat(40_000));
    refused(&pricing_rule(&body, ""), "structure", "function-body");
    let many = "(func)".repeat(9_000);
    refused(&pricing_rule("(i32.const 0)", &many), "structure", "functions");
    let segments = "(data \"\")".repeat(17_000);
    refused(&pricing_rule("(i32.const 0)", &segments), "structure", "data-segments");
}

#[test]
fn components_that_instantiate_each_other_twice() {
    let mut wat = String::from("(component (component $c0)");
    for n in 1..24 {
        let before = n - 1;
        wat.push_str(&format!(
            "(component $c{n} (alias outer 1 $c{before} (component $inner)) \
             (instance (instantiate $inner)) (instance (instantiate $inner)))"
        ));
    }
    wat.push_str("(instance (instantiate $c23)))");
    refused(&text(&wat), "structure", "outer-alias");
    // Written inside each other instead: still twice.
    let mut nested = String::from("(component $c)");
    for _ in 0..20 {
        nested = format!("(component $c {nested} (instance (instantiate $c)) (instance (instantiate $c)))");
    }
    refused(&text(&nested), "structure", "instances-of-one-component");
    let many = "(component)".repeat(40);
    refused(&text(&format!("(component {many})")), "structure", "nested-components");
    let instances = "(core instance (instantiate $m))".repeat(200);
    refused(&text(&format!("(component (core module $m) {instances})")), "structure", "core-instances");
}

#[test]
fn parts_of_the_component_model_nobody_needs() {
    let start = r#"(component (import "f" (func $f)) (start $f))"#;
    refused(&text(start), "structure", "component-start");
    let module_alias = "(component (core module $m) (component (alias outer 1 $m (core module $n))))";
    refused(&text(module_alias), "structure", "outer-alias");
    let encoding = r#"(component
        (import "log" (func $log (param "m" string)))
        (core module $m (memory (export "memory") 1))
        (core instance $i (instantiate $m))
        (core func (canon lower (func $log) string-encoding=utf16 (memory (core memory $i "memory")))))"#;
    refused(&text(encoding), "structure", "string-encoding");
    let exported = "(component (component $c) (export \"c\" (component $c)))";
    refused(&text(exported), "structure", "component-as-a-value");
    let builtin = "(component (core func (canon backpressure.inc)))";
    refused(&text(builtin), "structure", "canonical-function");
}

#[test]
fn start_functions_run_under_the_limits_of_a_call() {
    let endless = pricing_rule("(i32.const 0)", "(func $s (loop (br 0))) (start $s)");
    refused(&endless, "budget-exceeded", "budget");
    let crash = pricing_rule("(i32.const 0)", "(func $s (unreachable)) (start $s)");
    refused(&crash, "start-failed", "unreachable");
}

#[test]
fn random_damage_never_harms_the_host() {
    // A fixed sequence, so that a failure can be repeated.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut refusals = 0;
    for _ in 0..60 {
        let mut bytes = PRICING.to_vec();
        for _ in 0..4 {
            let at = (next() as usize) % bytes.len();
            bytes[at] = next() as u8;
        }
        // The outcome depends on where the damage fell; that there is one is the point.
        refusals += usize::from(host().inspect_now(&bytes).is_err());
    }
    assert!(refusals > 0);
}
