//! What the server counts about itself, for an operator's collector. One value per server, no global one.
//!
//! Labels come from closed lists: routes, codes and kinds, never an id, a name or an address, so that nobody outside can
//! make the list grow. Where the page is served and who may read it is in `http`.

mod labels;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

use self::labels::{Closed, Operation, Outcome, Refusal, Request, Route, Timed};

/// Seconds, from a key in memory to a slow report.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The counters of one server; a clone counts on the same ones.
#[derive(Clone)]
pub struct Metrics(Arc<Counters>);

struct Counters {
    registry: Registry,
    requests: Family<Request, Counter>,
    request_seconds: Family<Route, Histogram, fn() -> Histogram>,
    operations: Family<Operation, Counter>,
    operation_seconds: Family<Timed, Histogram, fn() -> Histogram>,
    cost_charged: Counter,
    cost_given_back: Counter,
    cost_refused: Counter,
    refusals: Family<Refusal, Counter>,
    fallback_active: Gauge,
    fallbacks: Counter,
    sockets_open: Gauge,
    sockets_closed: Family<Closed, Counter>,
    usage_events: Family<Outcome, Counter>,
    outbox_waiting: Gauge,
    outbox_age: Gauge,
    outbox_dead: Gauge,
    books_findings: Gauge,
}

/// What became of the events of one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsageCount {
    /// Recorded now.
    pub accepted: u64,
    /// Recorded before.
    pub duplicate: u64,
    /// The transaction id was used for another content.
    pub conflict: u64,
    /// Broke a rule.
    pub rejected: u64,
}

/// How the outbox stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutboxCount {
    /// Effects not done yet.
    pub waiting: u64,
    /// Seconds the oldest of them has been due; 0 when none is.
    pub oldest_seconds: i64,
    /// Effects that were given up.
    pub dead: u64,
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Everything at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut counters = Counters {
            registry: Registry::with_prefix("undash"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            operations: Family::default(),
            operation_seconds: Family::new_with_constructor(seconds),
            cost_charged: Counter::default(),
            cost_given_back: Counter::default(),
            cost_refused: Counter::default(),
            refusals: Family::default(),
            fallback_active: Gauge::default(),
            fallbacks: Counter::default(),
            sockets_open: Gauge::default(),
            sockets_closed: Family::default(),
            usage_events: Family::default(),
            outbox_waiting: Gauge::default(),
            outbox_age: Gauge::default(),
            outbox_dead: Gauge::default(),
            books_findings: Gauge::default(),
        };
        counters.register();
        Self(Arc::new(counters))
    }

    /// The page in the text format of Prometheus.
    ///
    /// # Errors
    /// Nothing that can happen while writing to memory.
    pub fn page(&self) -> Result<String, std::fmt::Error> {
        let mut page = String::new();
        prometheus_client::encoding::text::encode(&mut page, &self.0.registry)?;
        Ok(page)
    }

    /// An HTTP request was answered. `route` is the route's pattern, never the path.
    pub fn http_answered(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let labels = Request { route: route.to_owned(), method, status };
        self.0.requests.get_or_create(&labels).inc();
        self.0.request_seconds.get_or_create(&Route { route: labels.route }).observe(took.as_secs_f64());
    }

    /// A GraphQL operation has ended.
    pub fn operation_ended(&self, kind: &'static str, outcome: &'static str, took: Duration) {
        self.0.operations.get_or_create(&Operation { kind, outcome }).inc();
        self.0.operation_seconds.get_or_create(&Timed { kind }).observe(took.as_secs_f64());
    }

    /// Cost was taken from buckets.
    pub fn cost_charged(&self, cost: u64) {
        self.0.cost_charged.inc_by(cost);
    }

    /// Cost that was taken and not used.
    pub fn cost_given_back(&self, cost: u64) {
        self.0.cost_given_back.inc_by(cost);
    }

    /// An operation had to wait because a bucket of cost was empty.
    pub fn cost_refused(&self, cost: u64) {
        self.0.cost_refused.inc_by(cost);
    }

    pub(crate) fn limiter_refused(&self, layer: &'static str, what: &'static str) {
        self.0.refusals.get_or_create(&Refusal { layer, what }).inc();
    }

    pub(crate) fn limiter_lost(&self) {
        self.0.fallback_active.set(1);
        self.0.fallbacks.inc();
    }

    pub(crate) fn limiter_found(&self) {
        self.0.fallback_active.set(0);
    }

    /// A socket was opened.
    pub fn socket_opened(&self) {
        self.0.sockets_open.inc();
    }

    /// A socket was closed: with this code by us, without one by its client.
    pub fn socket_closed(&self, code: Option<u16>) {
        self.0.sockets_open.dec();
        let code = code.map_or_else(|| "client".to_owned(), |code| code.to_string());
        self.0.sockets_closed.get_or_create(&Closed { code }).inc();
    }

    /// Usage events were answered.
    pub fn usage_answered(&self, count: UsageCount) {
        let outcomes = [
            ("accepted", count.accepted),
            ("duplicate", count.duplicate),
            ("conflict", count.conflict),
            ("rejected", count.rejected),
        ];
        for (outcome, count) in outcomes.into_iter().filter(|(_, count)| *count > 0) {
            self.0.usage_events.get_or_create(&Outcome { outcome }).inc_by(count);
        }
    }

    /// The outbox was looked at.
    pub fn outbox_seen(&self, count: OutboxCount) {
        let shown = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.0.outbox_waiting.set(shown(count.waiting));
        self.0.outbox_age.set(count.oldest_seconds.max(0));
        self.0.outbox_dead.set(shown(count.dead));
    }

    /// The books of money were looked at.
    pub fn books_seen(&self, findings: u64) {
        self.0.books_findings.set(i64::try_from(findings).unwrap_or(i64::MAX));
    }
}

impl Counters {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("http_requests", "Answered HTTP requests", self.requests.clone());
        registry.register("http_request_seconds", "Time to the head of an answer", self.request_seconds.clone());
        registry.register("graphql_operations", "GraphQL operations that ended", self.operations.clone());
        registry.register("graphql_operation_seconds", "Time of a GraphQL operation", self.operation_seconds.clone());
        registry.register("cost_charged", "Cost taken from buckets", self.cost_charged.clone());
        registry.register("cost_given_back", "Cost taken and not used", self.cost_given_back.clone());
        registry.register("cost_refused", "Cost of operations that had to wait", self.cost_refused.clone());
        registry.register("rate_limit_refusals", "Refusals, by whose bucket was empty", self.refusals.clone());
        let words = "1 while Redis is away and this node counts rate limits for itself";
        registry.register("limiter_fallback_active", words, self.fallback_active.clone());
        registry.register("limiter_fallbacks", "How often Redis went away", self.fallbacks.clone());
        registry.register("sockets_open", "Open WebSockets", self.sockets_open.clone());
        registry.register("sockets_closed", "Closed WebSockets, by close code", self.sockets_closed.clone());
        registry.register("usage_events", "Usage events, by what became of them", self.usage_events.clone());
        registry.register("outbox_waiting", "Effects that are not done yet", self.outbox_waiting.clone());
        registry.register("outbox_oldest_age_seconds", "How long the oldest effect is due", self.outbox_age.clone());
        registry.register("outbox_dead", "Effects that were given up", self.outbox_dead.clone());
        let words = "Sums of money that their rows did not give, when this server last looked";
        registry.register("books_findings", words, self.books_findings.clone());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_page_shows_what_was_counted() {
        let metrics = Metrics::new();
        metrics.http_answered("/graphql", "POST", 200, Duration::from_millis(3));
        metrics.usage_answered(UsageCount { accepted: 2, conflict: 1, ..UsageCount::default() });
        metrics.limiter_lost();
        metrics.socket_opened();
        metrics.socket_closed(Some(4403));
        let page = metrics.page().unwrap();
        for line in [
            "undash_http_requests_total{route=\"/graphql\",method=\"POST\",status=\"200\"} 1",
            "undash_http_request_seconds_bucket{le=\"0.005\",route=\"/graphql\"} 1",
            "undash_usage_events_total{outcome=\"accepted\"} 2",
            "undash_usage_events_total{outcome=\"conflict\"} 1",
            "undash_limiter_fallback_active 1",
            "undash_limiter_fallbacks_total 1",
            "undash_sockets_open 0",
            "undash_sockets_closed_total{code=\"4403\"} 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
        }
    }
}
