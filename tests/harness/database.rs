//! The two databases, and a template of each: migrated, with the operator's key and with the standard
//! guests compiled, so that a test starts in a moment.

use chrono::Utc;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use undash::app::{App, manage_keys};
use undash::config::{Secret, Settings};
use undash::plugin::STANDARD;

use crate::app::OPERATOR_KEY;

use throwaway::{scratch, unique};

/// What a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// The embedded database, a file in the data folder.
    Sqlite,
    /// A database on the server of this process.
    Postgres,
}

/// A database and data folder of one test.
pub(crate) struct Place {
    pub(crate) data_dir: PathBuf,
    pub(crate) url: Option<String>,
    name: Option<String>,
}

impl Database {
    /// Whether it can be had here; says loudly when not.
    pub fn is_at_hand(self) -> bool {
        self == Self::Sqlite || throwaway::server().is_some()
    }

    /// A copy of the template for one test.
    pub(crate) async fn place(self) -> Place {
        let template = tokio::task::spawn_blocking(move || self.template()).await.expect("a template");
        let data_dir = scratch("data");
        copy(&template.data_dir, &data_dir);
        let Some(original) = &template.name else { return Place { data_dir, url: None, name: None } };
        let server = throwaway::server().expect("PostgreSQL");
        let name = unique(&format!("undash-{}", std::process::id()));
        server.create(&name, Some(original)).await;
        Place { data_dir, url: Some(server.url(&name)), name: Some(name) }
    }

    fn template(self) -> &'static Place {
        static SQLITE: OnceLock<Place> = OnceLock::new();
        static POSTGRES: OnceLock<Place> = OnceLock::new();
        let cell = if self == Self::Sqlite { &SQLITE } else { &POSTGRES };
        cell.get_or_init(|| {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
            runtime.block_on(make_template(self))
        })
    }
}

async fn make_template(database: Database) -> Place {
    let data_dir = scratch("template");
    let name = (database == Database::Postgres).then(|| unique(&format!("undash-template-{}", std::process::id())));
    let mut url = None;
    if let Some(name) = &name {
        let server = throwaway::server().expect("PostgreSQL");
        server.create(name, None).await;
        url = Some(server.url(name));
    }
    let place = Place { data_dir, url, name };
    let app = App::start(place.settings(), Utc::now()).await.expect("a template");
    manage_keys::install_operator_key(&app, Some(OPERATOR_KEY), Utc::now()).await.expect("the operator's key");
    for guest in &STANDARD {
        app.plugins.prepare(guest.digest(), Arc::from(guest.bytes)).await.expect("a standard guest");
    }
    app.store.clone().close().await.expect("an end");
    place
}

impl Place {
    /// Settings that point here.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            data_dir: self.data_dir.clone(),
            database_url: self.url.as_ref().map(Secret::new),
            plugin_threads: 2,
            ..Settings::default()
        }
    }

    /// The same database seen from another machine: with a data folder of its own.
    pub(crate) fn seen_seen_from_afar(&self) -> Self {
        assert!(self.url.is_some(), "only PostgreSQL is shared between machines");
        let data_dir = scratch("data");
        copy(&self.data_dir.join("compiled"), &data_dir.join("compiled"));
        Self { data_dir, url: self.url.clone(), name: None }
    }

    /// Removes it all.
    pub(crate) async fn remove(self) {
        if let (Some(name), Some(server)) = (&self.name, throwaway::server()) {
            server.remove(name).await;
        }
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
