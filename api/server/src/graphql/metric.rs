//! Metrics: what is measured, and how events become one quantity.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use std::sync::Arc;

use super::access::{Call, Need, enter};
use super::connection::{COUNT_CAP, Connection, PageArgs, counter};
use super::cursor::List;
use super::fault::{Result, nullable};
use super::ident::{parse_id, show_id, unknown};
use super::scalar::Instant;
use super::user_error::payload;
use crate::app::catalogue;
use crate::error::Error;
use crate::store::metric as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("metric", Permission::CatalogueRead),
    Need::query("metrics", Permission::CatalogueRead),
    Need::mutation("metricCreate", Permission::CatalogueWrite),
];

/// Something that is measured.
pub(super) struct Metric(pub(super) records::Metric);

/// A metric: something that is measured, with the way its events become one quantity.
#[Object]
impl Metric {
    /// Its id, `met_…`.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.id)
    }

    /// What events call it.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The unit it is measured in, for people.
    async fn unit(&self) -> &str {
        &self.0.unit
    }

    /// How its events become one quantity; never changes.
    async fn aggregation(&self) -> Aggregation {
        self.0.aggregation.into()
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }
}

/// How the events of a metric become one quantity. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "billing::metering::Aggregation")]
pub(super) enum Aggregation {
    /// The number of events; their values are ignored.
    Count,
    /// The sum of the values.
    Sum,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
}

/// The metric with an id or a code.
pub(super) async fn find(call: &Call<'_>, id_or_code: &str) -> Result<Option<records::Metric>, Error> {
    match id_or_code.starts_with("met_") {
        true => records::find(&call.app.store, parse_id(&ID(id_or_code.to_owned()), "metric")?).await,
        false => records::find_by_code(&call.app.store, id_or_code).await,
    }
}

/// The metric with an id or a code, or words.
pub(super) async fn existing(call: &Call<'_>, id_or_code: &str) -> Result<records::Metric, Error> {
    let found = find(call, id_or_code).await?;
    found.ok_or_else(|| {
        Error::invalid(
            "UNKNOWN_METRIC",
            format!("There is no metric `{id_or_code}`. Query `metrics` for ids and codes."),
        )
        .at(["metric"])
    })
}

#[derive(Default)]
pub(super) struct MetricQuery;

#[Object]
impl MetricQuery {
    /// One metric by its id or by its code. NOT_FOUND when there is none.
    async fn metric(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: Option<ID>,
        #[graphql(desc = "Its code.")] code: Option<String>,
    ) -> Option<Result<Metric>> {
        nullable(async {
            let call = enter(ctx)?;
            let found = match (id, code) {
                (Some(id), None) => {
                    let id = parse_id(&id, "id")?;
                    records::find(&call.app.store, id).await?.ok_or_else(|| unknown("metric", id))?
                }
                (None, Some(code)) => {
                    let missing =
                        || Error::not_found("NOT_FOUND", format!("There is no metric `{code}`.")).at(["code"]);
                    records::find_by_code(&call.app.store, &code).await?.ok_or_else(missing)?
                }
                _ => return Err(Error::invalid("MISSING_FIELD", "Give either id or code.").at(["id"]).into()),
            };
            Ok(Some(Metric(found)))
        })
        .await
    }

    /// All metrics, newest first.
    async fn metrics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Metric>> {
        let call = enter(ctx)?;
        let list = List::of("metrics", ());
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let app = Arc::clone(call.app);
        let rows = records::page(&app.store, &page).await?;
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move { records::count_capped(&app.store, COUNT_CAP + 1).await }
        });
        Ok(Connection::of(rows, &list, count, Metric))
    }
}

/// What a new metric is.
#[derive(InputObject)]
struct MetricCreateInput {
    /// What events call it: 1 to 64 of a-z, 0-9, `.`, `_` and `-`. It never changes.
    code: String,
    /// What people call it; 1 to 200 characters.
    name: String,
    /// The unit it is measured in, for people, such as `token` or `GB`.
    #[graphql(default = "unit")]
    unit: String,
    /// How its events become one quantity. It never changes.
    aggregation: Aggregation,
}

payload! {
    /// What `metricCreate` answers.
    MetricCreatePayload {
        /// The new metric; null when there are errors.
        metric: Metric
    }
}

#[derive(Default)]
pub(super) struct MetricMutation;

#[Object]
impl MetricMutation {
    /// Makes a metric.
    async fn metric_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is.")] input: MetricCreateInput,
    ) -> Result<MetricCreatePayload> {
        let call = enter(ctx)?;
        let MetricCreateInput { code, name, unit, aggregation } = input;
        let made =
            catalogue::create_metric(call.app, call.viewer, code, name, unit, aggregation.into(), call.now).await;
        MetricCreatePayload::answer(made.map(Metric))
    }
}
