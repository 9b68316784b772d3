//! Every limit there is, published, so that no client has to find one by trial. The numbers come from where they are
//! enforced: the transport's report, the limiter, and the constants of the use cases.

use async_graphql::{Context, Enum, Object, SimpleObject};
use std::sync::Arc;
use transport::LimitsReport;

use super::access::{Call, Need, enter};
use super::connection::{COUNT_CAP, DEFAULT_PAGE, LARGEST_PAGE};
use super::costs::WORDS;
use super::fault::Result;
use super::node::MOST_IDS;
use super::scalar::Decimal;
use super::usage_ingest::EVENTS_PER_MUTATION;
use super::usage_series::{MOST_DAYS, MOST_GROUPS, MOST_POINTS, MOST_POINTS_OF_ALL};
use crate::app::record_usage::{BULK_BYTES, EVENTS_PER_REQUEST};
use crate::config::Rate;
use crate::limiter::{Measure, Standing};
use crate::limits::transport_settings;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::any_key("apiLimits")];

#[derive(Default)]
pub(super) struct ApiLimitsQuery;

#[Object]
impl ApiLimitsQuery {
    /// The limits on every request, so that clients need not find them by trial.
    async fn api_limits(&self, ctx: &Context<'_>) -> Result<ApiLimits> {
        let call = enter(ctx)?;
        let report = match ctx.data_opt::<Arc<LimitsReport>>() {
            Some(report) => Arc::clone(report),
            None => Arc::new(LimitsReport::from(&transport_settings(&call.app.settings))),
        };
        Ok(ApiLimits::of(&call, &report).await)
    }
}

/// The limits on every request. A request beyond one of those on documents is refused before it runs.
#[derive(SimpleObject)]
struct ApiLimits {
    /// Bytes of the document text.
    document_bytes: i32,
    /// Fields and spreads of one operation, with fragments written out.
    fields: i32,
    /// Fields nested in each other.
    depth: i32,
    /// Aliases in one operation.
    aliases: i32,
    /// Root fields of a query.
    query_root_fields: i32,
    /// Root fields of a mutation.
    mutation_root_fields: i32,
    /// Cost of one operation, as `costModel` counts it.
    cost: i32,
    /// Items on a page when neither `first` nor `last` is given.
    default_page_size: i32,
    /// Items on a page at most.
    max_page_size: i32,
    /// How far `totalCount` counts.
    total_count_cap: i32,
    /// Ids in one `nodes`.
    nodes_ids: i32,
    /// Events in one `usageIngest`; send more through `POST /v1/events`.
    usage_ingest_events: i32,
    /// Points of one group in one usage series.
    usage_series_points: i32,
    /// Groups in one usage series.
    usage_series_groups: i32,
    /// Points in one usage series, all groups together.
    usage_series_points_in_all: i32,
    /// Days of the window of one usage series.
    usage_series_days: i32,
    /// Events in one `POST /v1/events`.
    bulk_events: i32,
    /// Bytes of the body of one `POST /v1/events`.
    bulk_bytes: i32,
    /// How the cost of an operation is counted, in words. `extensions.cost` of each answer tells what it came to.
    cost_model: String,
    /// Items that a list counts as when nothing tells how many it has.
    list_items: i32,
    /// Brackets open at once in the text of a document.
    lexical_nesting: i32,
    /// Operations in one document.
    operations_per_document: i32,
    /// Fields, inline fragments and spreads on one path.
    selection_nesting: i32,
    /// Directives of one operation, with fragments written out.
    directives: i32,
    /// Fields nested in each other below `__schema` and `__type`.
    introspection_depth: i32,
    /// Lists of types in each other below `__schema` and `__type`.
    introspection_lists: i32,
    /// Requests in one HTTP body: batches are not taken.
    batch_size: i32,
    /// Bytes of the body of a GraphQL request.
    body_bytes: i32,
    /// Milliseconds for the body of a GraphQL request to arrive.
    body_wait_ms: i32,
    /// Milliseconds that a query or a mutation is waited for.
    execution_wait_ms: i32,
    /// Bytes of automatically persisted documents that are remembered for each organisation.
    persisted_query_bytes: i32,
    /// Files in one multipart request, for keys that may upload plugins.
    upload_files: i32,
    /// Bytes of one file in a multipart request.
    upload_file_bytes: i32,
    /// Rules of WebSockets and event streams.
    streams: StreamLimits,
    /// The buckets that the caller draws from, as they stand now. A request that finds one empty is answered with 429 and
    /// `Retry-After`. None is shown for what the operator has switched off.
    rates: Vec<RateLimit>,
}

/// Rules of WebSockets and event streams.
#[derive(SimpleObject)]
struct StreamLimits {
    /// Operations at once on one socket.
    operations_per_socket: i32,
    /// Sockets and event streams of one key.
    per_key: i32,
    /// Sockets and event streams of one server.
    per_server: i32,
    /// Bytes of one message from the client.
    message_bytes: i32,
    /// Milliseconds until `connection_init` must have arrived.
    init_wait_ms: i32,
    /// Milliseconds between the server's pings.
    ping_every_ms: i32,
    /// Milliseconds without any frame from the client after which a socket is closed.
    silence_ms: i32,
    /// Milliseconds that a message may take to leave.
    write_wait_ms: i32,
    /// Milliseconds between looks at whether the key is still valid.
    key_check_every_ms: i32,
    /// Milliseconds that running operations have when the server stops.
    drain_wait_ms: i32,
    /// Milliseconds between the comments that keep an event stream open.
    event_keep_alive_ms: i32,
}

/// A bucket: it holds `burst`, each use takes from it, and `perSecond` flows in.
#[derive(SimpleObject)]
struct RateLimit {
    /// What it counts.
    measure: RateMeasure,
    /// Who shares it.
    scope: RateScope,
    /// What it holds when full.
    burst: Decimal,
    /// What flows in each second.
    per_second: Decimal,
    /// What it holds now; null for the bucket of an address, which is taken from before anybody is known.
    remaining: Option<Decimal>,
}

/// What a bucket counts. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum RateMeasure {
    /// GraphQL operations, one each, whatever they cost; of an address all requests.
    Requests,
    /// Requests with a key that is not valid.
    FailedKeys,
    /// Cost of GraphQL operations.
    Cost,
    /// Events on `POST /v1/events`, one a request at least; those of `usageIngest` are in its cost.
    Events,
}

/// Who shares a bucket. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum RateScope {
    /// Everybody at one address; one /64 of IPv6.
    Address,
    /// One key.
    Key,
    /// All keys of one organisation.
    Organisation,
}

fn shown(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl ApiLimits {
    async fn of(call: &Call<'_>, report: &LimitsReport) -> Self {
        Self {
            document_bytes: shown(report.document_bytes),
            fields: shown(report.expanded_fields),
            depth: shown(report.depth),
            aliases: shown(report.aliases),
            query_root_fields: shown(report.root_fields),
            mutation_root_fields: shown(report.mutation_root_fields),
            cost: shown(report.operation_cost),
            default_page_size: DEFAULT_PAGE,
            max_page_size: LARGEST_PAGE,
            total_count_cap: shown(COUNT_CAP),
            nodes_ids: shown(MOST_IDS as u64),
            usage_ingest_events: shown(EVENTS_PER_MUTATION as u64),
            usage_series_points: shown(MOST_POINTS as u64),
            usage_series_groups: shown(MOST_GROUPS as u64),
            usage_series_points_in_all: shown(MOST_POINTS_OF_ALL as u64),
            usage_series_days: shown(MOST_DAYS.unsigned_abs()),
            bulk_events: shown((EVENTS_PER_REQUEST as u64).min(call.app.limiter.most(Measure::Events))),
            bulk_bytes: shown(BULK_BYTES as u64),
            cost_model: WORDS.to_owned(),
            list_items: shown(report.list_items),
            lexical_nesting: shown(report.lexical_nesting),
            operations_per_document: shown(report.operations_per_document),
            selection_nesting: shown(report.selection_nesting),
            directives: shown(report.directives),
            introspection_depth: shown(report.introspection_depth),
            introspection_lists: shown(report.introspection_lists),
            batch_size: shown(report.batch_size),
            body_bytes: shown(report.body_bytes),
            body_wait_ms: shown(report.body_wait_ms),
            execution_wait_ms: shown(report.execution_wait_ms),
            persisted_query_bytes: shown(report.persisted_query_bytes),
            upload_files: shown(report.upload_files),
            upload_file_bytes: shown(report.upload_file_bytes),
            streams: StreamLimits::of(report),
            rates: rates(call).await,
        }
    }
}

impl StreamLimits {
    fn of(report: &LimitsReport) -> Self {
        Self {
            operations_per_socket: shown(report.operations_per_socket),
            per_key: shown(report.streams_per_owner),
            per_server: shown(report.streams_per_instance),
            message_bytes: shown(report.message_bytes),
            init_wait_ms: shown(report.init_wait_ms),
            ping_every_ms: shown(report.ping_every_ms),
            silence_ms: shown(report.silence_ms),
            write_wait_ms: shown(report.write_wait_ms),
            key_check_every_ms: shown(report.identity_check_every_ms),
            drain_wait_ms: shown(report.drain_wait_ms),
            event_keep_alive_ms: shown(report.event_keep_alive_ms),
        }
    }
}

/// The caller's buckets: those of every address by their rate, those of the key and its organisation as they stand.
async fn rates(call: &Call<'_>) -> Vec<RateLimit> {
    let settings = &call.app.settings.rates;
    let of_address = [(RateMeasure::Requests, settings.address), (RateMeasure::FailedKeys, settings.failed_keys)];
    let mut rates: Vec<_> = of_address
        .into_iter()
        .filter_map(|(measure, rate)| Some(RateLimit::new(measure, RateScope::Address, rate?, None)))
        .collect();
    let of_caller = [
        (RateMeasure::Requests, Measure::Requests),
        (RateMeasure::Cost, Measure::Cost),
        (RateMeasure::Events, Measure::Events),
    ];
    for (shown, measure) in of_caller {
        for Standing { counted, rate, remaining } in call.app.limiter.standing(call.viewer, measure).await {
            let scope = if counted.layer() == "key" { RateScope::Key } else { RateScope::Organisation };
            rates.push(RateLimit::new(shown, scope, rate, Some(remaining)));
        }
    }
    rates
}

impl RateLimit {
    fn new(measure: RateMeasure, scope: RateScope, rate: Rate, remaining: Option<u64>) -> Self {
        let Rate { burst, per_second } = rate;
        let remaining = remaining.map(|number| Decimal(number.into()));
        Self { measure, scope, burst: Decimal(burst.into()), per_second: Decimal(per_second.into()), remaining }
    }
}
