//! Invoices billed per second on SQLite, from the claim to the commit, without PDFs: ten lines, 1,000 events each.
//!
//! Usage comes as the running totals ingestion keeps. How many quarter hours the 1,000 events of a line lie in decides
//! how many rows an invoice reads, so both ends are measured: a few busy hours a day, and spread over the whole month.

use std::sync::Arc;
use std::time::{Duration, Instant};

use billing::ids::{OrganisationId, SubscriptionId};
use billing::period::{Anchor, Cadence, CadenceUnit, Interval};
use chrono::{TimeDelta, Utc};
use rust_decimal::Decimal;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tempfile::TempDir;
use undash::app::bill_period::{self, Run};
use undash::app::tenants::{self as use_case, NewSubscription};
use undash::app::{App, audit, catalogue, rate_period};
use undash::config::Settings;
use undash::store;
use undash::store::metric::Metric;
use undash::store::plugin::Target as Named;
use undash::store::subscription::SubscriptionAnchor;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clock::Stopwatch;
use crate::questions::{self, CHARGES, EVENTS};
use crate::table::{Row, Table, Target, grouped};
use crate::tenants::{self, operator};

const TARGET: f64 = 200.0;

/// Quarter hours with usage in a line's month.
const SHAPES: [(&str, usize); 2] = [("in 30 quarter hours", 30), ("spread over the month", 850)];

/// Prints the section.
pub(crate) async fn measure(arguments: &Arguments, table: &mut Table) -> Outcome<()> {
    table.section(
        &format!(
            "Invoices per second on SQLite, end to end without PDF; {CHARGES} lines of {EVENTS} events, pre-aggregated"
        ),
        &[],
    );
    for (shape, buckets) in SHAPES {
        let invoices = arguments.scaled(if buckets > 100 { 200 } else { 500 }, 10);
        let alone = arguments.scaled(40, 4);
        let place = Place::seed(invoices + alone, buckets).await?;
        let parts = parts(&place, alone).await?;
        let watch = Stopwatch::start(None);
        let run = Run {
            now: Utc::now(),
            grace: TimeDelta::zero(),
            organisation: None,
            claim: true,
            by: audit::actor(store::audit::ActorKind::Worker),
        };
        let summary = bill_period::run(&place.app, run).await?;
        let spent = watch.stop();
        if summary.issued != invoices {
            return Err(format!(
                "{} invoices issued instead of {invoices}; held: {:?}",
                summary.issued,
                summary.held.first()
            )
            .into());
        }
        let rate = spent.rate(invoices);
        table.row(&Row {
            what: &format!("events of a line {shape}"),
            measured: format!("{} a second", grouped(rate)),
            target: Some((rate, Target::AtLeast(TARGET), "")),
            ..Row::default()
        });
        table.note(&format!(
            "    {:.0} µs of processor time each. Billed alone: {}",
            spent.cpu_each(invoices),
            parts.words(buckets * CHARGES),
        ));
    }
    Ok(())
}

/// An app with subscriptions whose month is over.
struct Place {
    app: Arc<App>,
    customers: Vec<(OrganisationId, SubscriptionId)>,
    metrics: Vec<Metric>,
    month: Interval,
    _folder: TempDir,
}

impl Place {
    async fn seed(customers: usize, buckets: usize) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("undash-bench-").tempdir()?;
        let app =
            App::start(Settings { data_dir: folder.path().to_owned(), ..Settings::default() }, Utc::now()).await?;
        let issuer = tenants::issuer(&app).await?;
        let mut metrics = Vec::with_capacity(CHARGES);
        for place in 0..CHARGES {
            let (code, aggregation) = questions::metric(place);
            metrics.push(tenants::metric(&app, &code, aggregation).await?);
        }
        let (plan, _) = catalogue::create_plan(
            &app,
            &operator(),
            "bench".to_owned(),
            "Bench".to_owned(),
            questions::terms(&metrics),
            Utc::now(),
        )
        .await?;
        let cadence = Cadence { unit: CadenceUnit::Month, anchor: Anchor::Calendar };
        let month = cadence.period_containing("UTC".parse()?, Utc::now() - TimeDelta::days(40));
        let mut place = Self { app, customers: Vec::with_capacity(customers), metrics, month, _folder: folder };
        let mut connection = SqliteConnection::connect(&place.app.settings.database()).await?;
        for number in 0..customers {
            let organisation = tenants::organisation(&place.app, issuer, &format!("Customer {number}")).await?;
            let project = use_case::create_project(
                &place.app,
                &operator(),
                organisation,
                "main".to_owned(),
                "Main".to_owned(),
                Utc::now(),
            )
            .await?;
            let new = NewSubscription {
                plan_id: plan.id,
                project_id: None,
                anchor: SubscriptionAnchor::Calendar,
                starts_at: month.start,
                ends_at: Some(month.end),
            };
            let subscription =
                use_case::create_subscription(&place.app, &operator(), organisation, new, Utc::now()).await?;
            place.totals(&mut connection, organisation, project.id.uuid(), buckets).await?;
            place.customers.push((organisation, subscription.id));
        }
        connection.close().await?;
        Ok(place)
    }

    /// The totals ingestion would have kept, a transaction for each customer.
    async fn totals(
        &self,
        connection: &mut SqliteConnection,
        organisation: OrganisationId,
        project: uuid::Uuid,
        buckets: usize,
    ) -> Outcome<()> {
        const INSERT: &str = "INSERT INTO usage_totals VALUES (?, ?, ?, ?, ?, ?, '0.5', '99.5', ?, ?)";
        let quarter_hours = (self.month.end - self.month.start).num_minutes() / 15;
        let mut tx = connection.begin().await?;
        for metric in &self.metrics {
            for bucket in 0..buckets {
                let bucket_start =
                    self.month.start + TimeDelta::minutes(15 * (bucket as i64 * quarter_hours / buckets as i64));
                let count = EVENTS as i64 / buckets as i64 + i64::from(bucket < EVENTS as usize % buckets);
                sqlx::query(INSERT)
                    .bind(organisation.uuid())
                    .bind(metric.id.uuid())
                    .bind(project)
                    .bind(bucket_start)
                    .bind(count)
                    .bind((Decimal::from(count) * Decimal::new(12_345, 2)).normalize().to_string())
                    .bind(i64::MAX / (bucket as i64 + 1))
                    .bind(i64::MIN / (bucket as i64 + 1))
                    .execute(&mut *tx)
                    .await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

/// Where the time of one invoice goes.
#[derive(Default)]
struct Parts {
    read: Duration,
    of_which_totals: Duration,
    plugins: Duration,
    checks: Duration,
    transaction: Duration,
    count: u32,
}

impl Parts {
    fn words(&self, rows: usize) -> String {
        let each = |part: Duration| (part / self.count.max(1)).as_micros();
        format!(
            "read {} µs (totals, {rows} rows: {}), plugins {}, questions and checks {}, facts and transaction {}",
            each(self.read),
            each(self.of_which_totals),
            each(self.plugins),
            each(self.checks),
            each(self.transaction),
        )
    }
}

/// Bills the first customers one after the other and takes the work apart.
async fn parts(place: &Place, count: usize) -> Outcome<Parts> {
    let (app, mut parts) = (&place.app, Parts::default());
    let metrics: Vec<_> = place.metrics.iter().map(|metric| metric.id).collect();
    let run = |organisation| Run {
        now: Utc::now(),
        grace: TimeDelta::zero(),
        organisation: Some(organisation),
        claim: false,
        by: audit::actor(store::audit::ActorKind::Worker),
    };
    for (turn, (organisation, subscription)) in place.customers.iter().take(count).enumerate() {
        let mut clock = Instant::now();
        let mut lap = || std::mem::replace(&mut clock, Instant::now()).elapsed();
        let account = rate_period::account(app, *organisation, *subscription).await?;
        let read_account = lap();
        store::usage::totals(&app.store, *organisation, &metrics, None, &place.month).await?;
        let read_totals = lap();
        let targets = [Named::Organisation(*organisation), Named::Plan(account.subscription.plan_id)];
        store::plugin::active_at(&app.store, &targets, place.month.end).await?;
        let read_plugins = lap();
        let rated = rate_period::rate(app, &account, place.month, &place.month, place.month.end)
            .await
            .map_err(|reason| reason.to_string())?;
        let rate = lap();
        for call in &rated.calls {
            app.plugins.replay(call).await?;
        }
        let plugins = lap();
        bill_period::run(app, run(*organisation)).await?;
        let bill = lap();
        // The same again finds nothing to do: what looking for work costs.
        bill_period::run(app, run(*organisation)).await?;
        let look = lap();
        if turn == 0 {
            continue; // Statements are prepared and plugins loaded.
        }
        parts.count += 1;
        parts.read += read_account + read_totals + read_plugins;
        parts.of_which_totals += read_totals;
        parts.plugins += plugins;
        parts.checks += rate.saturating_sub(read_totals + read_plugins + plugins);
        parts.transaction += bill.saturating_sub(look + read_account + rate);
    }
    Ok(parts)
}
