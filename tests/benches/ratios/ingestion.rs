//! Usage through the HTTP endpoint of the real server, against the driver alone; both in turns, on growing tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clock::{Spent, median, quantile};
use crate::place::{Engines, Place};
use crate::table::{Row, Table, Target, grouped};
use crate::wire::Wire;
use crate::workload::{BATCH, Batch};

/// Connections that send batches.
pub(crate) const BULK_CLIENTS: usize = 4;

/// Connections that send single events.
const SINGLE_CLIENTS: usize = 64;

/// What the rounds found.
#[derive(Default)]
struct Found {
    bulk: Vec<f64>,
    raw: Vec<f64>,
    bulk_to_raw: Vec<f64>,
    store: Vec<f64>,
    store_to_raw: Vec<f64>,
    single: Vec<f64>,
    single_to_raw: Vec<f64>,
    waits: Vec<f64>,
    cpu: [Spent; 4],
    rows: usize,
    requests: usize,
}

/// Prints the section.
pub(crate) async fn measure(arguments: &Arguments, engines: &Engines, table: &mut Table) -> Outcome<()> {
    table.section(
        "Ingestion through POST /v1/events; the yardstick is the driver alone, 1,000 rows a transaction",
        &[
            "Same rows, tables, keys, indexes, totals and durability on both sides, in turns; medians of rounds.",
            "CPU counts clients, server and database; on a busy machine its ratio is the steadier one.",
        ],
    );
    for (name, engine) in engines.all() {
        match engine {
            Err(reason) => table.skip(&format!("{name}: {reason}")),
            Ok(engine) => {
                let mut place = Place::open(engine).await?;
                let found = rounds(arguments, &mut place).await?;
                place.close().await?;
                print(name, &found, table);
            }
        }
    }
    Ok(())
}

async fn rounds(arguments: &Arguments, place: &mut Place<'_>) -> Outcome<Found> {
    let (rounds, batches, requests) = (arguments.scaled(9, 2), arguments.scaled(24, 4), arguments.scaled(8_000, 256));
    let mut bulk = connect(place, BULK_CLIENTS).await?;
    let mut single = connect(place, SINGLE_CLIENTS).await?;
    let mut found = Found::default();
    // The first round warms caches and statements up and does not count.
    for round in 0..=rounds {
        let events = Arc::new(place.workload.batches(batches));
        let watch = place.stopwatch();
        bulk = send(bulk, &events).await?.0;
        let server = watch.stop();

        let watch = place.stopwatch();
        place.raw.save(&events).await?;
        let raw = watch.stop();

        let events = Arc::new(place.workload.batches(batches));
        let watch = place.stopwatch();
        place.save_in_store(&events).await?;
        let store = watch.stop();

        let events = Arc::new(place.workload.singles(requests));
        let watch = place.stopwatch();
        let (connections, waits) = send(single, &events).await?;
        let alone = watch.stop();
        single = connections;
        if round == 0 {
            continue;
        }
        let rows = batches * BATCH;
        found.rows += rows;
        found.requests += requests;
        found.bulk.push(server.rate(rows));
        found.raw.push(raw.rate(rows));
        found.bulk_to_raw.push(server.rate(rows) / raw.rate(rows));
        found.store.push(store.rate(rows));
        found.store_to_raw.push(store.rate(rows) / raw.rate(rows));
        found.single.push(alone.rate(requests));
        found.single_to_raw.push(alone.rate(requests) / raw.rate(rows));
        found.waits.extend(waits);
        for (sum, spent) in found.cpu.iter_mut().zip([server, raw, store, alone]) {
            *sum += spent;
        }
    }
    Ok(found)
}

fn print(name: &str, found: &Found, table: &mut Table) {
    let rate = |sample: &[f64], unit: &str| format!("{} {unit}", grouped(median(sample)));
    let raw = rate(&found.raw, "rows/s");
    let ratio = median(&found.bulk_to_raw);
    table.row(&Row {
        what: &format!("{name}: 1,000 events a request, {BULK_CLIENTS} clients"),
        measured: rate(&found.bulk, "rows/s"),
        yardstick: raw.clone(),
        ratio: Some(ratio),
        target: Some((ratio, Target::AtLeast(0.5), "")),
    });
    table.row(&Row {
        what: &format!("{name}: of which store::usage alone"),
        measured: rate(&found.store, "rows/s"),
        yardstick: raw.clone(),
        ratio: Some(median(&found.store_to_raw)),
        target: None,
    });
    let ratio = median(&found.single_to_raw);
    table.row(&Row {
        what: &format!("{name}: 1 event a request, {SINGLE_CLIENTS} clients"),
        measured: rate(&found.single, "rows/s"),
        yardstick: raw,
        ratio: Some(ratio),
        target: Some((ratio, Target::AtLeast(0.1), "")),
    });
    let [bulk, raw, store, single] = found.cpu;
    let raw = raw.cpu_each(found.rows);
    for (what, cpu) in [
        ("a bulk row", bulk.cpu_each(found.rows)),
        ("a row in store::usage", store.cpu_each(found.rows)),
        ("a single event", single.cpu_each(found.requests)),
    ] {
        table.row(&Row {
            what: &format!("{name}: processor time of {what}"),
            measured: format!("{cpu:.1} µs"),
            yardstick: format!("{raw:.1} µs"),
            ratio: Some(cpu / raw),
            target: None,
        });
    }
    let wait = |share: f64| format!("{:.1} ms", quantile(&found.waits, share));
    table.row(&Row {
        what: &format!("{name}: wait of a single event, p50 / p99"),
        measured: format!("{} / {}", wait(0.5), wait(0.99)),
        ..Row::default()
    });
}

/// Keep-alive connections to the server of a place.
pub(crate) async fn connect(place: &Place<'_>, count: usize) -> Outcome<Vec<Wire>> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Wire::open(place.server.address).await?);
    }
    Ok(connections)
}

/// Sends every request, each connection its next one as soon as the last is answered; the waits in milliseconds.
pub(crate) async fn send(connections: Vec<Wire>, batches: &Arc<Vec<Batch>>) -> Outcome<(Vec<Wire>, Vec<f64>)> {
    let next = Arc::new(AtomicUsize::new(0));
    let clients = connections.into_iter().map(|mut wire| {
        let (batches, next) = (Arc::clone(batches), Arc::clone(&next));
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let sent = Instant::now();
                wire.send(&batch.request, batch.rows.len()).await?;
                waits.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((wire, waits))
        })
    });
    let running: Vec<_> = clients.collect();
    let (mut connections, mut waits) = (Vec::new(), Vec::new());
    for client in running {
        let (wire, waited) = client.await??;
        connections.push(wire);
        waits.extend(waited);
    }
    Ok((connections, waits))
}
