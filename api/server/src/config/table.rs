//! The table of settings: names, defaults, meanings, and how a text becomes a value.
//!
//! Adding a setting is one row here and one field in [`Settings`](super::Settings); the documentation follows from it.

mod gateway;
mod mail;

use std::path::PathBuf;
use std::time::Duration;

use super::{LogFormat, Rate, Secret, Setting};
use crate::addresses;

macro_rules! setting {
    ($key:literal, $variable:literal, $default:literal, $meaning:literal, $apply:expr) => {
        Setting { key: $key, variable: $variable, default: $default, meaning: $meaning, apply: $apply }
    };
}

use setting;

/// The table: the one place where settings are documented.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SERVER.iter().chain(gateway::GATEWAY).chain(mail::MAIL)
}

const SERVER: &[Setting] = &[
    setting!(
        "data_dir",
        "UNDASH_DATA_DIR",
        "./undash-data",
        "Folder of the embedded database, the PDFs and the compiled plugin cache.",
        |s, v| {
            s.data_dir = PathBuf::from(v);
            Ok(())
        }
    ),
    setting!("listen", "UNDASH_LISTEN", "127.0.0.1:8080", "Address and port the server listens on.", |s, v| {
        s.listen = v.parse().map_err(|_| "an address and a port such as 127.0.0.1:8080".to_owned())?;
        Ok(())
    }),
    setting!(
        "public_url",
        "UNDASH_PUBLIC_URL",
        "http:// and the listen address",
        "Where clients reach the server; the start of upload and download links.",
        |s, v| {
            s.public_url = Some(url(v)?);
            Ok(())
        }
    ),
    setting!(
        "database_url",
        "DATABASE_URL",
        "undash.db in the data folder",
        "`postgres://user:password@host/database`, or `sqlite://path?mode=rwc`.",
        |s, v| {
            s.database_url = Some(database_url(v)?);
            Ok(())
        }
    ),
    setting!(
        "database_connections",
        "UNDASH_DATABASE_CONNECTIONS",
        "16",
        "Connections to PostgreSQL at most (2 to 500). SQLite uses one writer and four readers.",
        |s, v| {
            s.database_connections = between(v, 2, 500)?;
            Ok(())
        }
    ),
    setting!(
        "database_statement_timeout_seconds",
        "UNDASH_DATABASE_STATEMENT_TIMEOUT_SECONDS",
        "10",
        "Seconds that PostgreSQL may work on one statement of a request, or wait for one lock (1 to 3600).",
        |s, v| {
            s.database_statement_timeout = Duration::from_secs(u64::from(between(v, 1, 3_600)?));
            Ok(())
        }
    ),
    setting!(
        "database_background_timeout_seconds",
        "UNDASH_DATABASE_BACKGROUND_TIMEOUT_SECONDS",
        "300",
        "The same for billing, verification and the workers, which nobody waits for (1 to 86400).",
        |s, v| {
            s.database_background_timeout = Duration::from_secs(u64::from(between(v, 1, 86_400)?));
            Ok(())
        }
    ),
    setting!(
        "operator_key",
        "UNDASH_OPERATOR_KEY",
        "made at first start and printed once",
        "Operator key to install at first start: `undash_op_` and at least 32 letters or digits.",
        |s, v| {
            s.operator_key = Some(Secret::new(v));
            Ok(())
        }
    ),
    setting!("log_format", "UNDASH_LOG_FORMAT", "human", "`human` or `json`.", |s, v| {
        s.log_format = match v {
            "human" => LogFormat::Human,
            "json" => LogFormat::Json,
            _ => return Err("`human` or `json`".to_owned()),
        };
        Ok(())
    }),
    setting!(
        "log_filter",
        "UNDASH_LOG",
        "info",
        "Which log lines are written, such as `info` or `undash=debug,sqlx=warn`.",
        |s, v| {
            s.log_filter = v.to_owned();
            Ok(())
        }
    ),
    setting!(
        "allowed_origins",
        "UNDASH_ALLOWED_ORIGINS",
        "none: the same origin only",
        "Origins, separated by commas, whose pages may open WebSockets.",
        |s, v| {
            s.allowed_origins =
                v.split(',').map(str::trim).filter(|o| !o.is_empty()).map(url).collect::<Result<_, _>>()?;
            Ok(())
        }
    ),
    setting!(
        "trusted_proxies",
        "UNDASH_TRUSTED_PROXIES",
        "none: the address of the connection counts",
        "Address ranges, separated by commas, of the proxies in front whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`.",
        |s, v| {
            s.trusted_proxies = v
                .split(',')
                .map(str::trim)
                .filter(|range| !range.is_empty())
                .map(|range| {
                    addresses::range(range).map_err(|fix| format!("address ranges separated by commas; {fix}"))
                })
                .collect::<Result<_, _>>()?;
            Ok(())
        }
    ),
    setting!(
        "usage_max_past_days",
        "UNDASH_USAGE_MAX_PAST_DAYS",
        "3650",
        "Days before now that an event may have occurred; older ones are rejected (1 to 36500).",
        |s, v| {
            s.usage_max_past = days(between(v, 1, 36_500)?);
            Ok(())
        }
    ),
    setting!(
        "usage_max_future_minutes",
        "UNDASH_USAGE_MAX_FUTURE_MINUTES",
        "60",
        "Minutes after now that an event may claim; later ones are rejected (0 to 1440).",
        |s, v| {
            s.usage_max_future = minutes(between(v, 0, 1_440)?);
            Ok(())
        }
    ),
    setting!(
        "billing_grace_minutes",
        "UNDASH_BILLING_GRACE_MINUTES",
        "60",
        "Minutes between the end of a period and the finalising of its invoice (0 to 43200).",
        |s, v| {
            s.billing_grace = minutes(between(v, 0, 43_200)?);
            Ok(())
        }
    ),
    setting!(
        "worker_interval_milliseconds",
        "UNDASH_WORKER_INTERVAL_MILLISECONDS",
        "1000",
        "How often workers look for due work when nothing wakes them (20 to 60000).",
        |s, v| {
            s.worker_interval = Duration::from_millis(u64::from(between(v, 20, 60_000)?));
            Ok(())
        }
    ),
    setting!(
        "plugin_threads",
        "UNDASH_PLUGIN_THREADS",
        "number of processors",
        "Threads that run plugins (1 to 256).",
        |s, v| {
            s.plugin_threads = between(v, 1, 256)? as usize;
            Ok(())
        }
    ),
    setting!(
        "plugin_queue",
        "UNDASH_PLUGIN_QUEUE",
        "1024",
        "Plugin calls that may wait for a thread; more are refused as retryable (1 to 100000).",
        |s, v| {
            s.plugin_queue = between(v, 1, 100_000)? as usize;
            Ok(())
        }
    ),
    setting!(
        "shutdown_timeout_seconds",
        "UNDASH_SHUTDOWN_TIMEOUT_SECONDS",
        "20",
        "Seconds that running requests may take to finish at shutdown (1 to 600).",
        |s, v| {
            s.shutdown_timeout = Duration::from_secs(u64::from(between(v, 1, 600)?));
            Ok(())
        }
    ),
    setting!(
        "operation_cost",
        "UNDASH_OPERATION_COST",
        "5000",
        "What one GraphQL operation may cost at most (100 to 1000000); never more than a bucket of cost holds.",
        |s, v| {
            s.operation_cost = u64::from(between(v, 100, 1_000_000)?);
            Ok(())
        }
    ),
    setting!(
        "rate_address",
        "UNDASH_RATE_ADDRESS",
        "5000/s burst 50000",
        "Requests of one address (IPv6: one /64), taken before the key is looked at. `off` switches it off, as it does the others.",
        |s, v| {
            s.rates.address = Rate::read(v)?;
            Ok(())
        }
    ),
    setting!(
        "rate_failed_keys",
        "UNDASH_RATE_FAILED_KEYS",
        "1/s burst 60",
        "Invalid keys from one address; past that, keys not seen valid a moment ago wait.",
        |s, v| {
            s.rates.failed_keys = Rate::read(v)?;
            Ok(())
        }
    ),
    setting!(
        "rate_key_requests",
        "UNDASH_RATE_KEY_REQUESTS",
        "500/s burst 2000",
        "GraphQL operations of one key, whatever each costs.",
        |s, v| {
            s.rates.key_requests = Rate::read(v)?;
            Ok(())
        }
    ),
    setting!(
        "rate_organisation_requests",
        "UNDASH_RATE_ORGANISATION_REQUESTS",
        "1000/s burst 5000",
        "The same for all keys of one organisation together.",
        |s, v| {
            s.rates.organisation_requests = Rate::read(v)?;
            Ok(())
        }
    ),
    setting!(
        "rate_key_cost",
        "UNDASH_RATE_KEY_COST",
        "5000/s burst 100000",
        "Cost of the GraphQL operations of one key; what an answer did not use is given back.",
        |s, v| {
            s.rates.key_cost = Rate::read(v)?;
            Ok(())
        }
    ),
    setting!(
        "rate_organisation_cost",
        "UNDASH_RATE_ORGANISATION_COST",
        "20000/s burst 400000",
        "The same for all keys of one organisation together.",
        |s, v| {
            s.rates.organisation_cost = Rate::read(v)?;
            Ok(())
        }
    ),
    setting!(
        "rate_key_events",
        "UNDASH_RATE_KEY_EVENTS",
        "50000/s burst 500000",
        "Events of one key on `POST /v1/events`; a request counts as one at least.",
        |s, v| {
            s.rates.key_events = Rate::read(v)?;
            Ok(())
        }
    ),
    setting!(
        "rate_organisation_events",
        "UNDASH_RATE_ORGANISATION_EVENTS",
        "100000/s burst 1000000",
        "The same for all keys of one organisation together.",
        |s, v| {
            s.rates.organisation_events = Rate::read(v)?;
            Ok(())
        }
    ),
    setting!(
        "redis_url",
        "UNDASH_REDIS_URL",
        "none: each node counts for itself",
        "`redis://user:password@host:6379/0`, `rediss://…` for TLS or `redis+unix:///path`: counts the rates for all nodes together. While it does not answer each node counts for itself.",
        |s, v| {
            s.redis_url = Some(redis_url(v)?);
            Ok(())
        }
    ),
    setting!(
        "metrics_token",
        "UNDASH_METRICS_TOKEN",
        "none: only keys of the operator",
        "What a collector sends as `Authorization: Bearer …` to `GET /metrics`; at least 16 characters.",
        |s, v| {
            s.metrics_token = Some(token(v)?);
            Ok(())
        }
    ),
];

fn between(value: &str, low: u32, high: u32) -> Result<u32, String> {
    value
        .parse()
        .ok()
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| format!("a whole number from {low} to {high}"))
}

fn url(value: &str) -> Result<String, String> {
    if value.starts_with("http://") || value.starts_with("https://") {
        Ok(value.trim_end_matches('/').to_owned())
    } else {
        Err("an address that starts with http:// or https://".to_owned())
    }
}

fn database_url(value: &str) -> Result<Secret, String> {
    if ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| value.starts_with(scheme)) {
        Ok(Secret::new(value))
    } else {
        Err("a URL that starts with postgres:// or sqlite://".to_owned())
    }
}

fn redis_url(value: &str) -> Result<Secret, String> {
    if ["redis://", "rediss://", "redis+unix://", "unix://"].iter().any(|scheme| value.starts_with(scheme)) {
        Ok(Secret::new(value))
    } else {
        Err("a URL that starts with redis://, rediss:// or redis+unix://".to_owned())
    }
}

fn token(value: &str) -> Result<Secret, String> {
    match value.len() >= 16 {
        true => Ok(Secret::new(value)),
        false => Err("a secret of at least 16 characters".to_owned()),
    }
}

pub(super) fn days(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 86_400)
}

pub(super) fn minutes(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 60)
}
