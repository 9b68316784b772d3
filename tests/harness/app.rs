//! The server of one test: the real one, on a port of its own, with the workers running.

use chrono::{TimeDelta, Utc};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use undash::app::App;
use undash::app::audit;
use undash::app::bill_period::{self, Run, Summary};
use undash::config::Settings;
use undash::http::Server;
use undash::store::Page;
use undash::store::audit::ActorKind;
use undash::store::outbox::{Filter, JobState};
use undash::{store, worker};

use crate::Client;
use crate::database::{Database, Place};

/// The operator's key on every test server.
pub const OPERATOR_KEY: &str = "undash_op_testtesttesttesttesttesttesttest";

/// How long an effect may take to be finished after the test.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running server. End it with [`TestApp::finish`].
pub struct TestApp {
    /// The application itself, for what no client can see.
    pub app: Arc<App>,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it runs on.
    pub database: Database,
    /// Speaks HTTP.
    pub http: reqwest::Client,
    server: Option<Server>,
    place: Option<Place>,
}

impl TestApp {
    /// Starts a server on a fresh database.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, |_| ()).await
    }

    /// The same, with other settings.
    pub async fn start_with(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(database, database.place().await, change).await
    }

    /// A second server on the same database, as on another machine.
    pub async fn second_node(&self) -> Self {
        Self::at(self.database, self.place.as_ref().expect("a running server").seen_seen_from_afar(), |_| ()).await
    }

    async fn at(database: Database, place: Place, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            // Periods of the tests lie in the past. A grace that never ends leaves their invoices drafts until the
            // test says otherwise, so that no worker bills between two steps of a journey.
            billing_grace: Duration::from_secs(86_400 * 36_500),
            worker_interval: Duration::from_millis(100),
            shutdown_timeout: Duration::from_secs(5),
            database_connections: 8,
            ..place.settings()
        };
        change(&mut settings);
        let app = App::start(settings, Utc::now()).await.expect("the application starts");
        let server = Server::start(Arc::clone(&app)).await.expect("the server starts");
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
        Self { app, address: server.address, database, http, server: Some(server), place: Some(place) }
    }

    /// A client with the operator's key.
    pub fn operator(&self) -> Client {
        self.client(OPERATOR_KEY)
    }

    /// A client with some key.
    pub fn client(&self, key: &str) -> Client {
        Client::new(self.http.clone(), self.address, Some(key.to_owned()))
    }

    /// A client without a key.
    pub fn stranger(&self) -> Client {
        Client::new(self.http.clone(), self.address, None)
    }

    /// Follows a link the server handed out. The server does not know its port before it listens, so only
    /// the path of the link is used.
    pub fn link(&self, link: &str) -> String {
        let path = link.splitn(4, '/').nth(3).unwrap_or_else(|| panic!("{link} is a link"));
        format!("http://{}/{path}", self.address)
    }

    /// Bills everything that has ended, at once, as `undash bill` does.
    pub async fn bill(&self) -> Summary {
        let by = audit::actor(ActorKind::Cli);
        let run = Run { now: Utc::now(), grace: TimeDelta::zero(), organisation: None, claim: false, by };
        bill_period::run(&self.app, run).await.expect("billing runs")
    }

    /// Waits until every effect is done and every alert rule has looked at what is there.
    pub async fn rest(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            worker::run_to_rest(&self.app).await.expect("the workers work");
            // A worker of the server may hold a row at this moment.
            let changes = store::usage_change::depth(&self.app.store).await.expect("the changes");
            let effects = store::outbox::depth(&self.app.store, 1).await.expect("the outbox");
            if changes + effects == 0 || Instant::now() > deadline {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops the server. Fails when an effect is unfinished or was given up.
    pub async fn finish(mut self) {
        self.rest().await;
        let left = store::outbox::depth(&self.app.store, 100).await.expect("the outbox");
        assert_eq!(left, 0, "effects are unfinished in the outbox");
        let filter = Filter { states: vec![JobState::Dead], ..Filter::default() };
        let dead: Vec<_> = store::outbox::page(&self.app.store, &filter, &Page::first(10), Utc::now())
            .await
            .expect("the outbox")
            .items
            .into_iter()
            .map(|job| (job.topic, job.last_error))
            .collect();
        assert!(dead.is_empty(), "effects were given up: {dead:?}");
        if let Some(server) = self.server.take() {
            server.stop().await.expect("the server stops");
        }
        self.app.store.clone().close().await.expect("the database closes");
        if let Some(place) = self.place.take() {
            place.remove().await;
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if self.place.is_some() && !std::thread::panicking() {
            panic!("end a TestApp with finish(), which looks for unfinished effects");
        }
    }
}
