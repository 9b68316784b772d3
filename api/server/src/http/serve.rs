//! Listening, and stopping without losing anything: first no new work, then the answers that are
//! owed, then the sockets, within the time the settings allow.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::Error;
use crate::worker;

/// A server that is running in this process.
pub struct Server {
    /// Where it really listens, also when the settings said port 0.
    pub address: SocketAddr,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Server {
    /// Binds the address of the settings and starts API and workers.
    pub async fn start(app: Arc<App>) -> Result<Self, Error> {
        let listener = TcpListener::bind(app.settings.listen).await.map_err(|error| {
            Error::unavailable(
                "CANNOT_LISTEN",
                format!("Cannot listen on {}: {error}. Choose another address with --listen.", app.settings.listen),
            )
        })?;
        let address = listener.local_addr().map_err(Error::internal)?;
        app.address.get_or_init(|| address);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(app, listener, shutdown.clone()));
        Ok(Self { address, shutdown, task })
    }

    /// Serves until `signal` resolves, then stops gracefully.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Result<(), Error> {
        let mut task = self.task;
        tokio::select! {
            ended = &mut task => return ended.map_err(Error::internal)?,
            () = signal => self.shutdown.cancel(),
        }
        task.await.map_err(Error::internal)?
    }

    /// Stops gracefully.
    pub async fn stop(self) -> Result<(), Error> {
        self.run_until(std::future::ready(())).await
    }
}

/// Serves on `listener` until `shutdown` is cancelled.
pub async fn serve(app: Arc<App>, listener: TcpListener, shutdown: CancellationToken) -> Result<(), Error> {
    let (router, drain) = super::router(&app, shutdown.clone())?;
    let workers = worker::start(&app, shutdown.clone());
    let patience = app.settings.shutdown_timeout;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());

    let stopping = async {
        shutdown.cancelled().await;
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        ended = async { serving.await } => ended.map_err(Error::internal)?,
        () = stopping => tracing::warn!("requests were still running at the end of the shutdown time"),
    }
    shutdown.cancel();
    if tokio::time::timeout(patience, async {
        drain.finished().await;
        workers.finished().await;
    })
    .await
    .is_err()
    {
        tracing::warn!("sockets or workers were still busy at the end of the shutdown time");
    }
    Ok(())
}
