//! Every limit of a transport in one flat table, so that the owner of the schema can publish what is in
//! force instead of repeating it.

use std::time::Duration;

use crate::TransportSettings;

/// What is in force. Also found in the data of every request, as `Arc<LimitsReport>`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described where it is set, in `Limits` and the settings")]
#[non_exhaustive]
pub struct LimitsReport {
    pub document_bytes: u64,
    pub lexical_nesting: u64,
    pub operations_per_document: u64,
    pub expanded_fields: u64,
    pub depth: u64,
    pub introspection_depth: u64,
    pub introspection_lists: u64,
    pub selection_nesting: u64,
    pub aliases: u64,
    pub root_fields: u64,
    pub mutation_root_fields: u64,
    pub directives: u64,
    pub operation_cost: u64,
    pub default_page: u64,
    pub largest_page: u64,
    pub list_items: u64,
    /// Requests in one body: batches are refused.
    pub batch_size: u64,
    pub body_bytes: u64,
    pub body_wait_ms: u64,
    pub execution_wait_ms: u64,
    pub persisted_query_bytes: u64,
    pub init_wait_ms: u64,
    pub ping_every_ms: u64,
    pub silence_ms: u64,
    pub write_wait_ms: u64,
    pub identity_check_every_ms: u64,
    pub drain_wait_ms: u64,
    pub message_bytes: u64,
    pub operations_per_socket: u64,
    pub streams_per_owner: u64,
    pub streams_per_instance: u64,
    pub event_keep_alive_ms: u64,
    /// 0 where uploads are off.
    pub upload_files: u64,
    pub upload_file_bytes: u64,
}

impl From<&TransportSettings> for LimitsReport {
    fn from(settings: &TransportSettings) -> Self {
        let TransportSettings { limits, costs, sockets, events, uploads, .. } = settings;
        Self {
            document_bytes: number(limits.document_bytes),
            lexical_nesting: number(limits.lexical_nesting),
            operations_per_document: limits.operations,
            expanded_fields: limits.expanded_fields,
            depth: limits.depth,
            introspection_depth: limits.introspection_depth,
            introspection_lists: limits.introspection_lists,
            selection_nesting: limits.selection_nesting,
            aliases: limits.aliases,
            root_fields: limits.root_fields,
            mutation_root_fields: limits.mutation_root_fields,
            directives: limits.directives,
            operation_cost: costs.operation,
            default_page: costs.default_page,
            largest_page: costs.largest_page,
            list_items: costs.list_items,
            batch_size: 1,
            body_bytes: number(settings.body_bytes),
            body_wait_ms: milliseconds(settings.body_wait),
            execution_wait_ms: milliseconds(settings.execution_wait),
            persisted_query_bytes: number(settings.persisted_query_bytes),
            init_wait_ms: milliseconds(sockets.init_wait),
            ping_every_ms: milliseconds(sockets.ping_every),
            silence_ms: milliseconds(sockets.silence),
            write_wait_ms: milliseconds(sockets.write_wait),
            identity_check_every_ms: milliseconds(sockets.identity_check_every),
            drain_wait_ms: milliseconds(sockets.drain_wait),
            message_bytes: number(sockets.message_bytes),
            operations_per_socket: number(sockets.operations_per_socket),
            streams_per_owner: number(sockets.sockets_per_owner),
            streams_per_instance: number(sockets.sockets_per_instance),
            event_keep_alive_ms: milliseconds(events.keep_alive),
            upload_files: if uploads.enabled { number(uploads.files) } else { 0 },
            upload_file_bytes: if uploads.enabled { uploads.file_bytes } else { 0 },
        }
    }
}

fn number(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
