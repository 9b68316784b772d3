//! Components that pass inspection and misbehave when called: each ends in its class, and the host goes on.

use std::time::{Duration, Instant};

use plugin_host::{Failure, Host, HostSettings, LimitProfile, STANDARD, digest};

use crate::guests::{answering, ask, pricing_rule, question};

fn failure(bytes: &[u8]) -> Failure {
    ask(bytes).answer.unwrap_err()
}

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    let endless = pricing_rule("(loop (br 0)) (unreachable)", "");
    let call = ask(&endless);
    assert_eq!(call.answer.unwrap_err(), Failure::Fuel { budget: 50_100_000 });
    assert!(call.fuel_used >= 50_000_000);
}

#[test]
fn endless_tail_calls_run_out_of_fuel() {
    let rest = "(func $ping (result i32) (return_call $pong)) (func $pong (result i32) (return_call $ping))";
    assert_eq!(failure(&pricing_rule("(call $ping)", rest)).code(), "fuel");
}

#[test]
fn endless_allocation_in_the_realloc_runs_out_of_fuel() {
    let module = r#"(module (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (loop (br 0)) (unreachable))
        (func (export "undash:pricing/rule@1.0.0#price")
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 0)))"#;
    let wit = "package hostile:test; world plugin { export undash:pricing/rule@1.0.0; }";
    let bytes = crate::guests::component_of(&[wit], "plugin", module);
    assert_eq!(failure(&bytes).code(), "fuel");
}

#[test]
fn growing_memory_without_end_is_denied() {
    let body = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)";
    let call = ask(&pricing_rule(body, ""));
    assert_eq!(call.answer.unwrap_err(), Failure::MemoryLimit { limit: 32 << 20 });
    assert!(call.memory_peak <= 32 << 20);
}

#[test]
fn denied_growth_in_a_loop_is_priced_as_what_it_costs() {
    let body = "(loop (drop (memory.grow (i32.const 60000))) (br 0)) (unreachable)";
    let started = Instant::now();
    assert_eq!(failure(&pricing_rule(body, "")).code(), "fuel");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn the_clock_stops_what_fuel_does_not() {
    let profile = LimitProfile { deadline_ms: 20, fuel_base: u64::MAX / 2, fuel_max: u64::MAX / 2, ..STANDARD };
    let host = Host::new(HostSettings { profile, ..HostSettings::default() }).unwrap();
    let endless = pricing_rule("(loop (br 0)) (unreachable)", "");
    host.prepare_now(&digest(&endless), &endless).unwrap();
    let failure = host.price_now(&digest(&endless), &question(vec![])).answer.unwrap_err();
    assert_eq!(failure, Failure::HostTimeout);
    assert!(!failure.is_deterministic());
}

#[test]
fn deep_recursion_is_stopped() {
    let rest = "(func $deep (param i32) (result i32)
        (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))";
    assert_eq!(failure(&pricing_rule("(call $deep (i32.const 0))", rest)), Failure::StackOverflow);
}

#[test]
fn crashes_have_names() {
    for (body, expected) in [
        ("(unreachable)", "unreachable"),
        ("(i32.load (i32.const -4))", "memory-out-of-bounds"),
        ("(i32.div_u (i32.const 1) (i32.const 0))", "integer-division-by-zero"),
    ] {
        match failure(&pricing_rule(body, "")) {
            Failure::Trap { kind, .. } => assert_eq!(kind, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn amounts_have_one_text_form() {
    for bad in [
        "1e9",
        "NaN",
        "Infinity",
        "",
        " 1",
        "1 ",
        "+1",
        "01",
        "-0",
        ".5",
        "5.",
        "1,000",
        "0x10",
        "１２",
        "99999999999999999999999999999",
        "0.00000000000000000000000000001",
    ] {
        match failure(&answering(bad)) {
            Failure::InvalidOutput { path, rule, .. } => {
                assert_eq!((path.as_str(), rule), ("charges.0.amount", "decimal"), "{bad}");
            }
            other => panic!("{bad}: {other:?}"),
        }
    }
    match failure(&answering("-1")) {
        Failure::InvalidOutput { path, rule, got } => {
            assert_eq!((path.as_str(), rule, got.as_str()), ("charges.0.amount", "not-negative", "-1"));
        }
        other => panic!("{other:?}"),
    }
    let good = ask(&answering("12.50")).answer.unwrap();
    assert_eq!(good.charges[0].amount, "12.50");
}

#[test]
fn answers_that_cannot_be_read() {
    let bad_utf8 = pricing_rule(
        "(i32.const 16)",
        r#"(data (i32.const 20) "\20\00\00\00\01\00\00\00") (data (i32.const 36) "\40\00\00\00\01") (data (i32.const 64) "\ff")"#,
    );
    let pointer = pricing_rule("(i32.const -8)", "");
    let unaligned = pricing_rule("(i32.const 17)", "");
    let discriminant = pricing_rule("(i32.const 16)", r#"(data (i32.const 16) "\09")"#);
    let list = pricing_rule("(i32.const 16)", r#"(data (i32.const 20) "\00\00\01\00\ff\ff\ff\0f")"#);
    for (what, bytes) in [
        ("text", bad_utf8),
        ("pointer", pointer),
        ("alignment", unaligned),
        ("discriminant", discriminant),
        ("list", list),
    ] {
        assert_eq!(failure(&bytes).code(), "invalid-output", "{what}");
    }
}

#[test]
fn enormous_answers_are_cut_off() {
    // 6000 charges whose amount is the same 10 000 bytes.
    let texts = pricing_rule(
        "(local $at i32)
         (loop
            (i32.store offset=131076 (local.get $at) (i32.const 1024))
            (i32.store offset=131080 (local.get $at) (i32.const 10000))
            (local.set $at (i32.add (local.get $at) (i32.const 20)))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 120000))))
         (i32.const 16)",
        r#"(memory (export "memory") 8) (data (i32.const 20) "\00\00\02\00\70\17\00\00")"#,
    );
    let cut_off = Failure::OutputTooLarge { what: "bytes", limit: 256 << 10 };
    assert_eq!(failure(&texts), cut_off);
    // A million empty charges.
    let elements = pricing_rule(
        "(i32.const 16)",
        r#"(memory (export "memory") 320) (data (i32.const 20) "\00\00\01\00\40\42\0f\00")"#,
    );
    assert_eq!(failure(&elements), cut_off);
}

#[test]
fn a_flood_of_log_lines_is_bounded_and_clean() {
    let body = "(local $n i32)
        (loop
            (call $log (i32.const 3) (i32.const 1024) (i32.const 40))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $n) (i32.const 500))))
        (unreachable)";
    let rest = r#"(data (i32.const 1024) "line\0aERROR forged line\1b[31m.............")"#;
    let call = ask(&pricing_rule(body, rest));
    assert_eq!(call.answer.unwrap_err().code(), "trap");
    assert_eq!(call.logs.len(), 64);
    let bytes: usize = call.logs.iter().map(|line| line.text.len()).sum();
    assert!(bytes <= 8 << 10);
    assert!(call.logs[0].text.starts_with("line ERROR forged line [31m"));
}

#[test]
fn a_refusal_of_the_guest_is_its_own_class() {
    let rest = r#"(data (i32.const 16) "\01\00\00\00\40\00\00\00\05\00\00\00\60\00\00\00\04\00\00\00\00\00\00\00\00\00\00\00")
        (data (i32.const 64) "wrong") (data (i32.const 96) "no\0a!")"#;
    match failure(&pricing_rule("(i32.const 16)", rest)) {
        Failure::GuestError { code, message, path } => {
            assert_eq!((code.as_str(), message.as_str(), path.as_str()), ("wrong", "no !", ""));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_survives_a_call() {
    // Answers the text of a counter in memory that it raises: "1" the first time, "2" if anything survived.
    let body = "(i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1))) (i32.const 16)";
    let rest = r#"(data (i32.const 20) "\20\00\00\00\01\00\00\00") (data (i32.const 36) "\40\00\00\00\01") (data (i32.const 64) "0")"#;
    let bytes = pricing_rule(body, rest);
    for _ in 0..3 {
        assert_eq!(ask(&bytes).answer.unwrap().charges[0].amount, "1");
    }
}
