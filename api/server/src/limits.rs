//! The rules of the GraphQL transport as they follow from the settings: made once here, enforced in `http`, published by
//! `graphql`.

use transport::{CostSettings, SocketSettings, TransportSettings, UploadSettings};

use crate::app::upload_plugin::COMPONENT_BYTES;
use crate::config::Settings;

/// What the transport is told.
#[must_use]
pub fn transport_settings(settings: &Settings) -> TransportSettings {
    TransportSettings {
        costs: CostSettings { operation: operation_cost(settings), ..CostSettings::default() },
        sockets: SocketSettings { allowed_origins: settings.allowed_origins.clone(), ..SocketSettings::default() },
        uploads: UploadSettings {
            enabled: true,
            file_bytes: COMPONENT_BYTES.unsigned_abs(),
            files: 1,
            directory: Some(settings.data_dir.join("uploads")),
            ..UploadSettings::default()
        },
        ..TransportSettings::default()
    }
}

/// The most an operation may cost: what a bucket can never hold would be refused for ever.
fn operation_cost(settings: &Settings) -> u64 {
    let buckets = [settings.rates.key_cost, settings.rates.organisation_cost];
    buckets.into_iter().flatten().map(|rate| rate.burst).fold(settings.operation_cost, u64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rate;

    #[test]
    fn no_operation_may_cost_more_than_a_bucket_holds() {
        let mut settings = Settings::default();
        assert_eq!(transport_settings(&settings).costs.operation, 5_000);
        settings.rates.key_cost = Some(Rate { per_second: 1, burst: 300 });
        assert_eq!(transport_settings(&settings).costs.operation, 300);
    }
}
