//! Where log lines go: standard error, for a person or as JSON.

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};
use crate::error::Error;

/// Starts logging as the settings say.
pub(super) fn start(settings: &Settings) -> Result<(), Error> {
    start_with(settings, &settings.log_filter)
}

/// The same with warnings only, unless the settings ask for more: for verbs that tell a story themselves.
pub(super) fn start_quiet(settings: &Settings) -> Result<(), Error> {
    let chosen = settings.log_filter != Settings::default().log_filter;
    start_with(settings, if chosen { &settings.log_filter } else { "warn" })
}

fn start_with(settings: &Settings, filter: &str) -> Result<(), Error> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Error::invalid("SETTINGS", format!("UNDASH_LOG is not a filter such as `info` or `undash=debug`: {error}."))
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log_format {
        LogFormat::Human => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(Error::internal)
}
