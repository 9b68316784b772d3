//! What the sandbox costs: the standard pricing guest against the same crate compiled into this program.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use plugin_host::{Host, HostSettings};
use standard_pricing::StandardPricing;
use undash::plugin::{Kind, StandardGuest};
use undash_plugin_sdk::PricingRule as _;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clock::{median, quantile};
use crate::questions::{self, CHARGES};
use crate::table::{Row, Table, Target};

/// The most a fresh instance and a call may take at the median, in microseconds.
const TARGET_US: f64 = 60.0;

/// What guests need of the calling thread.
const STACK: usize = 8 << 20;

/// Prints the section.
pub(crate) fn measure(arguments: &Arguments, table: &mut Table) -> Outcome<()> {
    table.section(
        &format!("Standard pricing guest, {CHARGES} charges, a fresh instance each call; the yardstick is the same crate in native Rust"),
        &[],
    );
    let calls = arguments.scaled(20_000, 500);
    let rounds = std::thread::Builder::new().stack_size(STACK).spawn(move || rounds(calls))?;
    let (guest, native, whole) = rounds.join().map_err(|_| "the pricing thread panicked")??;

    for (what, share, target) in [("median", 0.5, Some(TARGET_US)), ("p99", 0.99, None)] {
        let (guest, native) = (quantile(&guest, share), quantile(&native, share));
        table.row(&Row {
            what: &format!("instantiate and call, {what}"),
            measured: format!("{guest:.1} µs"),
            yardstick: format!("{native:.1} µs"),
            ratio: Some(guest / native),
            target: target.map(|target| (guest, Target::AtMost(target), " µs")),
        });
    }
    table.row(&Row {
        what: "overhead of the sandbox, median",
        measured: format!("{:.1} µs", median(&guest) - median(&native)),
        ..Row::default()
    });
    table.row(&Row {
        what: "through the pool of threads, median / p99",
        measured: format!("{:.1} / {:.1} µs", median(&whole), quantile(&whole, 0.99)),
        ..Row::default()
    });
    Ok(())
}

/// Microseconds of each call: guest, native, and guest through the pool.
type Times = (Vec<f64>, Vec<f64>, Vec<f64>);

fn rounds(calls: usize) -> Outcome<Times> {
    let host = Host::new(HostSettings::default())?;
    let guest = StandardGuest::of(Kind::Pricing);
    host.prepare_now(guest.digest(), guest.bytes).map_err(|failure| failure.message())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = questions::for_guest();
    let (mut sandboxed, mut native, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    check(&host, guest.digest())?;
    // In turns, so that a busy moment of the machine hits all alike.
    for call in 0..calls + calls / 10 {
        let started = Instant::now();
        let answer = black_box(host.price_now(guest.digest(), black_box(&asked)));
        let spent = started.elapsed();
        answer.answer.map_err(|failure| failure.message())?;

        let question = questions::for_native();
        let started = Instant::now();
        let answer = black_box(StandardPricing::price(black_box(question)));
        let spent_native = started.elapsed();
        answer.map_err(|failure| failure.message)?;

        let (digest, question) = (guest.digest(), asked.clone());
        let (host, started) = (Arc::clone(&host), Instant::now());
        black_box(runtime.block_on(async move { host.price(digest, question).await }));
        let spent_whole = started.elapsed();
        if call >= calls / 10 {
            let micros = |spent: std::time::Duration| spent.as_secs_f64() * 1e6;
            sandboxed.push(micros(spent));
            native.push(micros(spent_native));
            whole.push(micros(spent_whole));
        }
    }
    Ok((sandboxed, native, whole))
}

/// Both must say the same, or the comparison means nothing.
fn check(host: &Host, digest: &str) -> Outcome<()> {
    let guest = host.price_now(digest, &questions::for_guest()).answer.map_err(|failure| failure.message())?;
    let native = StandardPricing::price(questions::for_native()).map_err(|failure| failure.message)?;
    let guest: Vec<&str> = guest.charges.iter().map(|charge| charge.amount.as_str()).collect();
    let native: Vec<&str> = native.charges.iter().map(|charge| charge.amount.as_str()).collect();
    if guest == native { Ok(()) } else { Err(format!("guest and native differ: {guest:?} and {native:?}").into()) }
}
