//! How the rate falls as the tables grow: five stages, in each the server and the driver add the same rows.

use std::sync::Arc;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clock::Spent;
use crate::ingestion::{BULK_CLIENTS, connect, send};
use crate::place::{Engines, Place};
use crate::table::{Row, Table, grouped};
use crate::workload::BATCH;

const STAGES: usize = 5;

/// Batches prepared at a time, so that five million events do not have to fit into memory.
const PREPARED: usize = 50;

/// Prints the section.
pub(crate) async fn measure(arguments: &Arguments, engines: &Engines, table: &mut Table) -> Outcome<()> {
    let rows = arguments.rows;
    table.section(
        &format!(
            "Growth to {} rows, 1,000 events a request (--rows 5000000 is the whole question)",
            grouped(rows as f64)
        ),
        &["The yardstick is the driver alone on tables of the same size."],
    );
    for (name, engine) in engines.all() {
        match engine {
            Err(reason) => table.skip(&format!("{name}: {reason}")),
            Ok(engine) => {
                let mut place = Place::open(engine).await?;
                let stages = grow(rows, &mut place).await?;
                place.close().await?;
                print(name, rows, &stages, table);
            }
        }
    }
    Ok(())
}

async fn grow(rows: usize, place: &mut Place<'_>) -> Outcome<Vec<(f64, f64)>> {
    let mut connections = connect(place, BULK_CLIENTS).await?;
    let mut stages = Vec::with_capacity(STAGES);
    for stage in 0..STAGES {
        let (mut server, mut raw) = (Spent::default(), Spent::default());
        let mut left = rows / STAGES / BATCH;
        let batches = left;
        while left > 0 {
            let prepared = left.min(PREPARED);
            left -= prepared;
            let events = Arc::new(place.workload.batches(prepared));
            let watch = place.stopwatch();
            connections = send(connections, &events).await?.0;
            server += watch.stop();
            let watch = place.stopwatch();
            place.raw.save(&events).await?;
            raw += watch.stop();
        }
        eprintln!("  … {} of {STAGES} stages", stage + 1);
        stages.push((server.rate(batches * BATCH), raw.rate(batches * BATCH)));
    }
    Ok(stages)
}

fn print(name: &str, rows: usize, stages: &[(f64, f64)], table: &mut Table) {
    for (stage, (server, raw)) in stages.iter().enumerate() {
        let reached = (stage + 1) * (rows / STAGES);
        table.row(&Row {
            what: &format!("{name}: up to {} rows", grouped(reached as f64)),
            measured: format!("{} rows/s", grouped(*server)),
            yardstick: format!("{} rows/s", grouped(*raw)),
            ratio: Some(server / raw),
            target: None,
        });
    }
    if let (Some(first), Some(last)) = (stages.first(), stages.last()) {
        table.row(&Row {
            what: &format!("{name}: last stage to first"),
            measured: format!("{:.2}", last.0 / first.0),
            yardstick: format!("{:.2}", last.1 / first.1),
            ..Row::default()
        });
    }
}
