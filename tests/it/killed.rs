//! An import killed with SIGKILL at several moments and started again: nothing lost, nothing doubled.

use harness::{Database, SharedDatabase, scratch, undash};
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::demo::{Bill, Trace, demo};

/// Requests in the trace: enough for an import to be interrupted in the middle.
const ROWS: u64 = 4_000;

#[test]
fn on_sqlite() {
    killed(None);
}

#[test]
fn on_postgres() {
    if !Database::Postgres.is_at_hand() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(SharedDatabase::create()).unwrap();
    killed(Some(&database.url));
    runtime.block_on(database.remove());
}

/// Killed while the document was being rendered: the job is still leased to the process that is gone. The next run makes
/// the document all the same, at the latest when the lease has run out.
#[test]
fn between_taking_a_job_and_finishing_it() {
    let folder = scratch("killed");
    let file = Trace::of(50).write(&folder);
    let data = folder.join("data");
    let before = demo(&data, &file, None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&format!("sqlite://{}", data.join("undash.db").display())).await.unwrap();
        // A lease that has six seconds left, in the form in which the table keeps times.
        let sql = "UPDATE outbox SET done_at = NULL, claimed_until = strftime('%Y-%m-%dT%H:%M:%S', 'now', '+6 seconds') || '.000000+00:00' WHERE topic = 'invoice.render';
            UPDATE invoices SET pdf_key = NULL, pdf_sha256 = NULL";
        connection.execute(sqlx::raw_sql(sql)).await.unwrap();
        connection.close().await.unwrap();
    });
    std::fs::remove_file(before["invoice"]["pdf"].as_str().unwrap()).unwrap();
    let after = demo(&data, &file, None);
    assert_eq!(after["invoice"], before["invoice"]);
    assert!(std::fs::read(after["invoice"]["pdf"].as_str().unwrap()).unwrap().starts_with(b"%PDF-"));
}

fn killed(database: Option<&str>) {
    let folder = scratch("killed");
    let trace = Trace::of(ROWS);
    let file = trace.write(&folder);
    let data = folder.join("data");

    // Each life is longer than the one before, so that death comes at ever later points: while the database is being
    // made, while the catalogue is, and while the usage is coming in.
    let mut deaths = 0;
    let mut life = Duration::from_millis(25);
    while deaths < 12 {
        let mut command = undash();
        command.args(["demo", "--json", "--data-dir"]).arg(&data).arg("--trace").arg(&file);
        if let Some(url) = database {
            command.args(["--database-url", url]);
        }
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + life;
        while Instant::now() < until && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        if child.try_wait().unwrap().is_some() {
            // It came to its end before its time: the machine is fast, and there is nothing more to interrupt.
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        deaths += 1;
        life = life * 13 / 10;
    }
    assert!(deaths >= 3, "it was interrupted {deaths} times");

    let events = 3 * trace.len() as u64;
    let answer = demo(&data, &file, database);
    let count = |key: &str| answer["events"][key].as_u64().unwrap();
    assert_eq!((count("accepted") + count("duplicates"), count("conflicts"), count("rejected")), (events, 0, 0));
    assert_eq!(Bill::read(&answer), trace.bill());
    assert_eq!(answer["invoice"]["number"], "DEMO-000001");
    let thresholds: Vec<_> = answer["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| alert["threshold"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(thresholds, ["10.00", "25.00"], "each threshold was told once");

    let again = demo(&data, &file, database);
    assert_eq!(again["events"]["duplicates"].as_u64(), Some(events));
    assert_eq!(again["invoice"], answer["invoice"]);
}
