//! The command line: verbs, their flags, and the words they print. The only room that writes to the
//! terminal. Each verb turns flags into settings and calls a use case.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bill;
mod demo;
mod import;
mod jobs;
mod logs;
mod migrate;
mod plugin;
mod progress;
mod razorpay_sim;
mod serve;
mod verify;

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Secret, Settings};
use crate::error::Error;

/// Usage-based billing: usage events in, correct invoices out.
///
/// Start with `undash demo` to see a whole month billed, then `undash serve` to run the server.
/// Settings come from flags, the environment and undash.toml; docs/settings.md lists them all.
#[derive(Parser)]
#[command(name = "undash", version, propagate_version = true, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

/// Flags of every verb.
#[derive(Args)]
struct Common {
    /// Folder of the embedded database, PDFs and compiled plugins [default: ./undash-data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Database to use instead of the embedded one, such as postgres://user@host/undash
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the API and the workers in this process
    ///
    /// Needs no configuration: data goes to ./undash-data, the API listens on 127.0.0.1:8080. The first
    /// start makes an operator key and prints it once; UNDASH_OPERATOR_KEY chooses it instead.
    /// GraphiQL is at /, GraphQL at /graphql (HTTP and WebSocket), bulk usage at /v1/events.
    Serve(serve::ServeArguments),
    /// Bill a month of usage from start to end, and show every step
    ///
    /// Makes an issuing entity, an organisation, metrics, a plan, a subscription and an alert rule;
    /// imports a trace of LLM requests; receives the alert through the GraphQL subscription; bills the
    /// month through the plugins and writes the PDF. Running it again in the same folder adds nothing.
    Demo(demo::DemoArguments),
    /// Import usage from a file through the same path as the API
    ///
    /// Reads one JSON event a line (the same objects POST /v1/events takes). Importing a file
    /// again adds nothing: events are recognised by their transactionId. It may be killed at any
    /// moment and started again.
    Import(import::ImportArguments),
    /// Bill every period that has ended, and finalise the invoices
    ///
    /// The server does this by itself; use it to bill at once, or without a running server. Billing a
    /// period a second time changes nothing, also when two processes try at once.
    Bill(bill::BillArguments),
    /// Look at effects that leave the database, and deal with those that were given up
    #[command(subcommand)]
    Jobs(jobs::JobsVerb),
    /// Simulate Razorpay for local development, with a page to pay
    RazorpaySim(razorpay_sim::RazorpaySim),
    /// Build, check and try plugins
    #[command(subcommand)]
    Plugin(plugin::PluginVerb),
    /// Bring the database up to date
    ///
    /// The server does this when it starts; use it to do so beforehand, or --status to look.
    Migrate(migrate::MigrateArguments),
    /// Print the GraphQL schema, or with --settings the page that documents the settings
    Schema {
        /// Print docs/settings.md instead
        #[arg(long)]
        settings: bool,
    },
    /// Check that the books are right
    ///
    /// Counts usage again from the events, adds up every invoice, and computes issued invoices anew
    /// with the plugins that priced them. Walks the chains of the audit trail as well; `undash verify audit`
    /// does only that. Prints what differs and ends with code 1 if anything does.
    Verify(verify::VerifyArguments),
}

/// Runs the verb on the command line.
pub fn main() -> ExitCode {
    let line = CommandLine::parse();
    match run(line) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("undash: {}", error.public);
            let mut cause: Option<&dyn std::error::Error> = error.private.as_deref().map(|cause| cause as _);
            while let Some(inner) = cause {
                eprintln!("  because: {inner}");
                cause = inner.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(line: CommandLine) -> Result<ExitCode, Error> {
    if let Verb::Schema { settings } = line.verb {
        print!("{}", if settings { crate::config::documentation() } else { crate::graphql::sdl() });
        return Ok(ExitCode::SUCCESS);
    }
    let mut settings = Settings::load().map_err(|error| Error::invalid("SETTINGS", error.0))?;
    line.common.apply(&mut settings);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::internal)?;
    runtime.block_on(async move {
        match line.verb {
            Verb::Serve(arguments) => serve::run(settings, arguments).await,
            Verb::Demo(arguments) => demo::run(settings, arguments).await,
            Verb::Import(arguments) => import::run(settings, arguments).await,
            Verb::Bill(arguments) => bill::run(settings, arguments).await,
            Verb::RazorpaySim(arguments) => razorpay_sim::run(arguments).await.map(|()| ExitCode::SUCCESS),
            Verb::Jobs(verb) => jobs::run(settings, verb).await,
            Verb::Plugin(verb) => plugin::run(settings, verb).await,
            Verb::Migrate(arguments) => migrate::run(settings, arguments).await,
            Verb::Verify(arguments) => verify::run(settings, arguments).await,
            Verb::Schema { .. } => Ok(ExitCode::SUCCESS),
        }
    })
}

impl Common {
    fn apply(&self, settings: &mut Settings) {
        if let Some(dir) = &self.data_dir {
            settings.data_dir.clone_from(dir);
        }
        if let Some(url) = &self.database_url {
            settings.database_url = Some(Secret::new(url));
        }
    }
}

/// An address given on the command line wins over the settings.
fn listen(settings: &mut Settings, address: Option<SocketAddr>) {
    if let Some(address) = address {
        settings.listen = address;
    }
}
