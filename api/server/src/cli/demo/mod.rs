//! `undash demo`: a month of usage from the first event to the PDF, with every part of the product.
//!
//! Everything goes the way a customer's data goes: use cases, the usage gate, the GraphQL
//! subscription, the plugins, the outbox. In the same folder it can be killed at any moment and run
//! again; what is there is found again by its code.

mod alerts;
mod report;
mod seed;
mod trace;

use chrono::{TimeDelta, Utc};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use self::alerts::Listener;
use self::report::Outcome;
use self::seed::Demo;
use super::import::{Counts, importer, operator};
use super::serve::stop_signal;
use crate::app::record_usage::{Arrival, record_usage_in_trail};
use crate::app::{App, audit, bill_period, evaluate_alerts, explain_invoice, invoice_document, manage_keys};
use crate::config::Settings;
use crate::error::Error;
use crate::http::Server;
use crate::viewer::{Role, Scope};
use crate::{store, worker};

/// Seed of the trace that is made when no file is given.
const SEED: u64 = 20_261_014;

/// Requests handed over at once; each is three events.
const REQUESTS_PER_BATCH: usize = 300;

/// Flags of `undash demo`.
#[derive(Args)]
pub(super) struct DemoArguments {
    /// Trace of LLM requests: a CSV file with the header TIMESTAMP,ContextTokens,GeneratedTokens;
    /// without it a trace is made from a seed
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Print one JSON object instead of the tour
    #[arg(long)]
    json: bool,
    /// Keep the server running afterwards
    #[arg(long)]
    serve: bool,
    /// Address and port of --serve [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", requires = "serve")]
    listen: Option<SocketAddr>,
}

pub(super) async fn run(mut settings: Settings, arguments: DemoArguments) -> Result<ExitCode, Error> {
    super::listen(&mut settings, arguments.listen);
    super::logs::start_quiet(&settings)?;
    if settings.data_dir == Settings::default().data_dir {
        settings.data_dir = tempfile::Builder::new().prefix("undash-demo-").tempdir().map_err(Error::internal)?.keep();
    }
    let requests = match &arguments.trace {
        Some(file) => trace::read(file)?,
        None => trace::generate(SEED),
    };
    let month = trace::month(&requests)?;
    let folder = settings.data_dir.clone();
    let say = |words: String| {
        if !arguments.json {
            println!("{words}");
        }
    };

    say(format!("Data folder  {}", folder.display()));
    let app = App::start(settings, Utc::now()).await?;
    let demo = seed::seed(&app, &operator(), month, Utc::now()).await?;
    say(format!(
        "Organisation {} ({}), plan {} in USD, {} alert thresholds",
        demo.organisation.name, demo.organisation.id, demo.plan_code, demo.thresholds
    ));

    let counts = import(&app, &demo, &requests, arguments.json).await?;
    let outcome = bill(&app, &demo, counts.0, counts.1).await?;
    if arguments.json {
        report::json(&outcome)?;
    } else {
        report::tour(&outcome, &folder);
    }
    if arguments.serve {
        serve(app, &demo, arguments.json).await?;
    } else if !arguments.json {
        println!("\nTo look around in GraphiQL:  undash demo --data-dir {} --serve", folder.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Imports the trace with the alert workers running and a subscriber listening.
async fn import(
    app: &Arc<App>,
    demo: &Demo,
    requests: &[trace::Request],
    quiet: bool,
) -> Result<(Counts, Vec<alerts::Alert>), Error> {
    let listener = Listener::start(app, demo.organisation.id, quiet);
    let shutdown = CancellationToken::new();
    let workers = worker::start_effects(app, shutdown.clone());

    let viewer = importer(demo.organisation.id, None);
    let bar = super::progress::bar(requests.len() * 3, "importing events", quiet);
    let mut counts = Counts::default();
    for (batch, chunk) in requests.chunks(REQUESTS_PER_BATCH).enumerate() {
        let arrivals = chunk.iter().enumerate().flat_map(|(place, request)| {
            let row = batch * REQUESTS_PER_BATCH + place + 1;
            // Every fifth request belongs to the second project.
            let project = &demo.projects[usize::from(row.is_multiple_of(5))];
            trace::events(request, row, &project.to_string()).map(|event| Arrival::new(Ok(event), ""))
        });
        let outcomes =
            record_usage_in_trail(app, &viewer, demo.organisation.id, arrivals.collect(), Utc::now()).await?;
        counts.add(&outcomes);
        bar.inc(outcomes.len() as u64);
    }
    bar.finish_and_clear();

    shutdown.cancel();
    workers.finished().await;
    // Not through the queue: a run that was killed may still hold its claim there.
    evaluate_alerts::evaluate(app, demo.organisation.id, Utc::now()).await?;
    worker::run_to_rest(app).await?;
    let written = store::alert_event::latest_sequence(&app.store, demo.organisation.id).await?;
    let alerts = listener.received(usize::try_from(written).unwrap_or(0)).await?;
    Ok((counts, alerts))
}

async fn bill(app: &Arc<App>, demo: &Demo, counts: Counts, alerts: Vec<alerts::Alert>) -> Result<Outcome, Error> {
    let run = bill_period::Run {
        now: Utc::now(),
        grace: TimeDelta::zero(),
        organisation: Some(demo.organisation.id),
        claim: false,
        by: audit::actor(store::audit::ActorKind::Cli),
    };
    let summary = bill_period::run(app, run).await?;
    if let Some((_, reason)) = summary.held.into_iter().next() {
        return Err(Error::refused("HELD", format!("The month could not be billed: {reason}")));
    }
    worker::run_to_rest(app).await?;
    let invoice = store::invoice::find_by_period(
        &app.store,
        demo.organisation.id,
        demo.subscription,
        store::invoice::InvoiceKind::Period,
        demo.period.start,
    )
    .await?
    .ok_or_else(|| Error::internal("the billed month has no invoice"))?;
    // Checks that the file is there and whole, and makes it if not: a run that was killed may have left it to us.
    invoice_document::pdf(app, demo.organisation.id, invoice.id).await?;
    let explanation = explain_invoice::explain(app, &operator(), demo.organisation.id, invoice.id).await?;
    let key = explanation.invoice.pdf_key.as_deref().ok_or_else(|| Error::internal("the invoice has no PDF"))?;
    let pdf = app.files.path(key)?;
    Ok(Outcome { counts, alerts, explanation, pdf })
}

async fn serve(app: Arc<App>, demo: &Demo, quiet: bool) -> Result<(), Error> {
    let now = Utc::now();
    let key = |name: &str, scope, role| manage_keys::NewKey {
        name: name.to_owned(),
        scope,
        role: manage_keys::Grant::BuiltIn(role),
        expires_at: Some(now + TimeDelta::days(1)),
        trusted_documents_only: false,
        ip_allow_list: Vec::new(),
    };
    let of_operator =
        manage_keys::create_key(&app, &operator(), key("demo operator", Scope::Operator, Role::Owner), now).await?;
    let of_tenant = manage_keys::create_key(
        &app,
        &operator(),
        key("demo tenant", Scope::Organisation(demo.organisation.id), Role::Owner),
        now,
    )
    .await?;
    let server = Server::start(app).await?;
    if !quiet {
        println!("\nServing on http://{} until Ctrl-C", server.address);
        println!("GraphiQL     http://{}/", server.address);
        println!("Operator key {}  (one day)", of_operator.secret);
        println!("Tenant key   {}  (one day)", of_tenant.secret);
    }
    server.run_until(stop_signal()?).await
}
