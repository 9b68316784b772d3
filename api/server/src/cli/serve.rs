//! `undash serve`: API and workers in this process until a signal says stop.

use chrono::Utc;
use clap::Args;
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, manage_keys};
use crate::config::{Secret, Settings};
use crate::error::Error;
use crate::http::Server;

/// Flags of `undash serve`.
#[derive(Args)]
pub(super) struct ServeArguments {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub(super) async fn run(mut settings: Settings, arguments: ServeArguments) -> Result<ExitCode, Error> {
    super::listen(&mut settings, arguments.listen);
    super::logs::start(&settings)?;
    let now = Utc::now();
    let app = App::start(settings, now).await?;
    let chosen = app.settings.operator_key.as_ref().map(Secret::reveal);
    let made = manage_keys::install_operator_key(&app, chosen, now).await?;
    if let Some(made) = made.filter(|_| chosen.is_none()) {
        println!("Operator key (shown once, keep it safe): {}", made.secret);
    }
    let server = Server::start(app).await?;
    tracing::info!(address = %server.address, "listening; GraphiQL is at /, GraphQL at /graphql, bulk usage at /v1/events");
    server.run_until(stop_signal()?).await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Resolves at SIGTERM or SIGINT.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
