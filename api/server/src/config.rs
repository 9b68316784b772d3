//! Every setting, read once: the only place that looks at the environment or at `undash.toml`.
//!
//! One table ([`settings`]) names each setting, its environment variable, its default and its
//! meaning; parsing, `docs/settings.md` and the error texts all come from it. Command line flags
//! win over the environment, the environment over the file, the file over the default. Nothing here
//! may open a connection or know what a setting is used for.

mod rates;
mod table;

use ipnet::IpNet;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use rates::{Rate, Rates};
pub use table::settings;
use table::{days, minutes};

/// Everything an operator can set, with types and units.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of the embedded database, PDFs and the compiled plugin cache.
    pub data_dir: PathBuf,
    /// Address the server listens on.
    pub listen: SocketAddr,
    /// Where clients reach the server; the start of every link it hands out.
    pub public_url: Option<String>,
    /// `sqlite://…` or `postgres://…`; SQLite in the data folder when absent.
    pub database_url: Option<Secret>,
    /// Connections to PostgreSQL at most.
    pub database_connections: u32,
    /// How long PostgreSQL may work on one statement of a request.
    pub database_statement_timeout: Duration,
    /// The same for billing, verification and the workers.
    pub database_background_timeout: Duration,
    /// Operator key to install at first start instead of making one.
    pub operator_key: Option<Secret>,
    /// `human` or `json` log lines.
    pub log_format: LogFormat,
    /// Filter in `tracing` syntax, such as `info` or `undash=debug`.
    pub log_filter: String,
    /// Origins that browsers may open WebSockets from.
    pub allowed_origins: Vec<String>,
    /// Proxies that are believed when they say whom they speak for.
    pub trusted_proxies: Vec<IpNet>,
    /// How long before now an event may have occurred.
    pub usage_max_past: Duration,
    /// How long after now an event may claim to have occurred.
    pub usage_max_future: Duration,
    /// Wait between the end of a period and the finalising of its invoice.
    pub billing_grace: Duration,
    /// How often the workers look for due work when nothing wakes them.
    pub worker_interval: Duration,
    /// Threads that run plugins.
    pub plugin_threads: usize,
    /// Plugin calls that may wait for a thread before new ones are refused.
    pub plugin_queue: usize,
    /// How long running requests may take to finish at shutdown.
    pub shutdown_timeout: Duration,
    /// What one GraphQL operation may cost at most.
    pub operation_cost: u64,
    /// How often and how much anybody may ask.
    pub rates: Rates,
    /// Where the rates are counted for all nodes together; each node counts for itself when absent.
    pub redis_url: Option<Secret>,
    /// The public half of the key to Razorpay; no gateway when absent.
    pub razorpay_key_id: Option<String>,
    /// The secret half.
    pub razorpay_key_secret: Option<Secret>,
    /// What Razorpay signs webhooks with.
    pub razorpay_webhook_secret: Option<Secret>,
    /// What it signed them with before: old events come with the old signature.
    pub razorpay_previous_webhook_secret: Option<Secret>,
    /// Where Razorpay is.
    pub razorpay_url: String,
    /// How long a gateway may take to answer before what it did is unknown.
    pub gateway_timeout: Duration,
    /// Where mails come from.
    pub mail_from: String,
    /// The mail server; a folder when absent.
    pub smtp_url: Option<Secret>,
    /// What a collector of metrics sends as its bearer token; keys of the operator always may.
    pub metrics_token: Option<Secret>,
}

/// A value that must never reach a log line.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `value` from `Debug`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that uses it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}

/// Shape of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person at a terminal.
    Human,
    /// One JSON object a line, for a log store.
    Json,
}

/// One row of the table of settings.
pub struct Setting {
    /// Key in `undash.toml`.
    pub key: &'static str,
    /// Environment variable.
    pub variable: &'static str,
    /// Default as it would be written, or what happens without the setting.
    pub default: &'static str,
    /// Meaning and unit, one or two sentences.
    pub meaning: &'static str,
    apply: fn(&mut Settings, &str) -> Result<(), String>,
}

/// Environment variables that are not settings of the server but belong to the project.
const OTHER_VARIABLES: &[&str] = &["UNDASH_CONFIG", "UNDASH_TEST_POSTGRES_URL"];

/// Why the settings cannot be used: one sentence that names the setting and what it should hold.
#[derive(Debug, PartialEq, Eq)]
pub struct SettingsError(pub String);

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./undash-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            database_url: None,
            database_connections: 16,
            database_statement_timeout: Duration::from_secs(10),
            database_background_timeout: Duration::from_secs(300),
            operator_key: None,
            log_format: LogFormat::Human,
            log_filter: "info".to_owned(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            usage_max_past: days(3_650),
            usage_max_future: minutes(60),
            billing_grace: minutes(60),
            worker_interval: Duration::from_secs(1),
            plugin_threads: std::thread::available_parallelism().map_or(2, usize::from),
            plugin_queue: 1_024,
            shutdown_timeout: Duration::from_secs(20),
            operation_cost: 5_000,
            rates: Rates::default(),
            redis_url: None,
            razorpay_key_id: None,
            razorpay_key_secret: None,
            razorpay_webhook_secret: None,
            razorpay_previous_webhook_secret: None,
            razorpay_url: "https://api.razorpay.com".to_owned(),
            gateway_timeout: Duration::from_secs(15),
            mail_from: "billing@localhost".to_owned(),
            smtp_url: None,
            metrics_token: None,
        }
    }
}

impl Settings {
    /// Reads the file and the environment of this process.
    pub fn load() -> Result<Self, SettingsError> {
        let environment: BTreeMap<String, String> = std::env::vars().collect();
        let file = match environment.get("UNDASH_CONFIG") {
            Some(path) => Some(read_file(Path::new(path))?),
            None if Path::new("undash.toml").exists() => Some(read_file(Path::new("undash.toml"))?),
            None => None,
        };
        Self::from_sources(file.as_deref(), &environment)
    }

    /// Settings from the text of a file and a set of environment variables.
    pub fn from_sources(file: Option<&str>, environment: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        if let Some(text) = file {
            settings.apply_file(text)?;
        }
        settings.apply_environment(environment)?;
        Ok(settings)
    }

    fn apply_file(&mut self, text: &str) -> Result<(), SettingsError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            SettingsError(format!("undash.toml cannot be read: {}", error.message()))
        })?;
        for (key, value) in table {
            let setting = settings().find(|setting| setting.key == key).ok_or_else(|| {
                SettingsError(format!(
                    "undash.toml sets `{key}`, which is not a setting. Did you mean {}?",
                    nearest(&key, |s| s.key)
                ))
            })?;
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                other => {
                    return Err(SettingsError(format!(
                        "undash.toml: `{key}` must be a string or a whole number, not {}.",
                        other.type_str()
                    )));
                }
            };
            self.set(setting, setting.key, &text)?;
        }
        Ok(())
    }

    fn apply_environment(&mut self, environment: &BTreeMap<String, String>) -> Result<(), SettingsError> {
        for (variable, value) in environment {
            if let Some(setting) = settings().find(|setting| setting.variable == variable) {
                self.set(setting, setting.variable, value)?;
            } else if variable.starts_with("UNDASH_") && !OTHER_VARIABLES.contains(&variable.as_str()) {
                return Err(SettingsError(format!(
                    "The environment sets {variable}, which is not a setting. Did you mean {}?",
                    nearest(variable, |s| s.variable)
                )));
            }
        }
        Ok(())
    }

    fn set(&mut self, setting: &Setting, name: &str, value: &str) -> Result<(), SettingsError> {
        (setting.apply)(self, value.trim())
            .map_err(|expected| SettingsError(format!("{name} must be {expected}. {}", setting.meaning)))
    }

    /// The database to open: the one set, or the embedded one in the data folder.
    pub fn database(&self) -> String {
        self.database_url.as_ref().map_or_else(
            || format!("sqlite://{}?mode=rwc", self.data_dir.join("undash.db").display()),
            |url| url.reveal().to_owned(),
        )
    }
}

/// The page `docs/settings.md`, made from the table.
pub fn documentation() -> String {
    let mut page = String::from(
        "# Settings\n\nFlags win over the environment, the environment over `undash.toml` (in the working folder, or where\n\
         `UNDASH_CONFIG` points), the file over the default. An unknown or bad setting stops the start with a sentence\n\
         that names it. This page is made from the table in `api/server/src/config/table.rs`, by `undash schema --settings`.\n\n\
         | `undash.toml` | environment | default | meaning |\n|---|---|---|---|\n",
    );
    for setting in settings() {
        page.push_str(&format!(
            "| `{}` | `{}` | {} | {} |\n",
            setting.key, setting.variable, setting.default, setting.meaning
        ));
    }
    page
}

fn read_file(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path)
        .map_err(|error| SettingsError(format!("The settings file {} cannot be read: {error}.", path.display())))
}

/// The name in the table that shares the most letters in order with what was written.
fn nearest(written: &str, name: fn(&Setting) -> &'static str) -> &'static str {
    let likeness = |candidate: &str| {
        let mut rest = candidate.chars();
        written
            .to_ascii_lowercase()
            .chars()
            .filter(|letter| rest.by_ref().any(|c| c.to_ascii_lowercase() == *letter))
            .count()
    };
    settings().map(name).max_by_key(|candidate| likeness(candidate)).unwrap_or("listen")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn environment_wins_over_the_file() {
        let settings = Settings::from_sources(
            Some("listen = \"127.0.0.1:1\"\nplugin_queue = 7"),
            &environment(&[("UNDASH_LISTEN", "127.0.0.1:2")]),
        )
        .unwrap();
        assert_eq!((settings.listen.port(), settings.plugin_queue), (2, 7));
    }

    #[test]
    fn unknown_and_bad_settings_are_refused_with_words() {
        let none = BTreeMap::new();
        for (file, variables, words) in [
            (
                Some("listn = \"x\""),
                none.clone(),
                "undash.toml sets `listn`, which is not a setting. Did you mean listen?",
            ),
            (
                Some("listen = \"nowhere\""),
                none.clone(),
                "listen must be an address and a port such as 127.0.0.1:8080.",
            ),
            (Some("listen = 1.5"), none, "must be a string or a whole number, not float"),
            (None, environment(&[("UNDASH_LISTENN", "x")]), "Did you mean UNDASH_LISTEN?"),
            (
                None,
                environment(&[("DATABASE_URL", "mysql://x")]),
                "DATABASE_URL must be a URL that starts with postgres:// or sqlite://",
            ),
            (
                None,
                environment(&[("UNDASH_PLUGIN_THREADS", "0")]),
                "UNDASH_PLUGIN_THREADS must be a whole number from 1 to 256.",
            ),
        ] {
            let error = Settings::from_sources(file, &variables).unwrap_err();
            assert!(error.0.contains(words), "{error} should say: {words}");
        }
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        let settings =
            Settings::from_sources(None, &environment(&[("DATABASE_URL", "postgres://u:hunter2@h/d")])).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
