//! Usage events as they were recorded.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use billing::ids::{MetricId, OrganisationId};
use billing::metering::PropertyValue;
use uuid::Uuid;

use super::access::{Call, Need, enter, linked, loaders};
use super::connection::{Edge, PageArgs, PageInfo};
use super::cursor::List;
use super::fault::Result;
use super::ident::{parse_pair, show_id, show_pair};
use super::metric::{self, Metric};
use super::project::{self, Project};
use super::scalar::{Decimal, Instant};
use super::time::DateTimeRange;
use crate::error::Error;
use crate::store::usage::{self, EventFilter, StoredEvent};
use crate::store::{self, Keyed as _};
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[
    Need::query("usageEvents", Permission::UsageRead),
    Need::field("UsageEvent.metric", Permission::CatalogueRead),
    Need::field("UsageEvent.project", Permission::ProjectsRead),
];

/// Metrics that one list may span: each costs a scan of its own.
const MOST_METRICS: usize = 50;

/// What its ids begin with.
const PREFIX: &str = "evt";

/// A recorded event.
pub(super) struct UsageEvent(StoredEvent);

/// A usage event as it was recorded. It never changes.
#[Object]
impl UsageEvent {
    /// Its id, `evt_…`.
    pub(super) async fn id(&self) -> ID {
        show_pair(PREFIX, self.0.organisation_id.uuid(), Uuid::from_bytes(self.0.transaction_digest))
    }

    /// The sender's id of the event, unique within the organisation for ever.
    async fn transaction_id(&self) -> &str {
        &self.0.transaction_id
    }

    /// The id of its metric.
    async fn metric_id(&self) -> ID {
        show_id(self.0.metric_id)
    }

    /// What was used; null for keys that may not read the catalogue.
    async fn metric(&self, ctx: &Context<'_>) -> Option<Result<Metric>> {
        linked(ctx, "UsageEvent.metric", async { Ok(loaders(ctx)?.load_one(self.0.metric_id).await?.map(Metric)) })
            .await
    }

    /// The id of its project.
    async fn project_id(&self) -> ID {
        show_id(self.0.project_id)
    }

    /// The project it was used in; null for keys that may not read projects.
    async fn project(&self, ctx: &Context<'_>) -> Option<Result<Project>> {
        linked(ctx, "UsageEvent.project", async {
            Ok(loaders(ctx)?.load_one((self.0.organisation_id, self.0.project_id)).await?.map(Project))
        })
        .await
    }

    /// When it happened, as the sender said.
    async fn occurred_at(&self) -> Instant {
        self.0.occurred_at.into()
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> Instant {
        self.0.recorded_at.into()
    }

    /// The amount of usage; null for an event that only counts.
    async fn value(&self) -> Option<Decimal> {
        self.0.value.map(Decimal::plain)
    }

    /// What the sender added, sorted by name.
    async fn properties(&self) -> Vec<UsageProperty> {
        self.0.properties.iter().map(UsageProperty::of).collect()
    }
}

/// Something the sender added to an event.
#[derive(SimpleObject)]
struct UsageProperty {
    /// Its name.
    name: String,
    /// Its value as text: a text as it is, an exact number, `true` or `false`.
    value: String,
    /// What the value is.
    kind: UsagePropertyKind,
}

/// What the value of a property is. New values may be added.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum UsagePropertyKind {
    /// A text.
    Text,
    /// An exact number.
    Number,
    /// True or false.
    Flag,
}

impl UsageProperty {
    fn of((name, value): &(String, PropertyValue)) -> Self {
        let (kind, value) = match value {
            PropertyValue::Text(text) => (UsagePropertyKind::Text, text.clone()),
            PropertyValue::Number(number) => (UsagePropertyKind::Number, billing::decimal::canonical(*number)),
            PropertyValue::Bool(truth) => (UsagePropertyKind::Flag, truth.to_string()),
        };
        Self { name: name.clone(), value, kind }
    }
}

/// A page of events.
struct UsageEventConnection {
    edges: Vec<Edge<UsageEvent>>,
    page_info: PageInfo,
}

/// A page of usage events. There may be billions, so they are not counted; `usageSeries` has exact numbers.
#[Object]
impl UsageEventConnection {
    /// The events of the page with a cursor each.
    async fn edges(&self) -> &Vec<Edge<UsageEvent>> {
        &self.edges
    }

    /// The events of the page, for clients that need no cursor of each.
    async fn nodes(&self) -> Vec<&UsageEvent> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }
}

/// Which usage events.
#[derive(InputObject, Default)]
struct UsageEventFilter {
    /// Only of these metrics, by id or by code, at most 50; of all when left out.
    metrics: Option<Vec<ID>>,
    /// Only of this project.
    project_id: Option<ID>,
    /// Only what happened in this time.
    occurred_at: Option<DateTimeRange>,
}

#[derive(Default)]
pub(super) struct UsageEventQuery;

#[Object]
impl UsageEventQuery {
    /// The recorded usage events of an organisation, the latest happening first; a project's key sees only its own.
    async fn usage_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "Only these.")] filter: Option<UsageEventFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<UsageEventConnection> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let filter = filter.unwrap_or_default();
        let named = filter.metrics.clone();
        let times = filter.occurred_at;
        let filter = EventFilter {
            metrics: metrics(&call, filter.metrics.as_deref()).await?,
            project_id: project::narrowed(&call, organisation, filter.project_id.as_ref()).await?,
            occurred_from: times.and_then(|range| range.gte).map(|at| at.0),
            occurred_until: times.and_then(|range| range.lt).map(|at| at.0),
        };
        let list = List::of(
            "usageEvents",
            (organisation, named, filter.project_id, filter.occurred_from, filter.occurred_until),
        );
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let rows = usage::events_page(&call.app.store, organisation, &filter, &page).await?;
        let (has_previous, has_next) = (rows.has_previous, rows.has_next);
        let edges: Vec<_> = rows
            .items
            .into_iter()
            .map(|row| Edge { cursor: list.cursor(&row.cursor()), node: UsageEvent(row) })
            .collect();
        Ok(UsageEventConnection { page_info: PageInfo::of(&edges, has_previous, has_next), edges })
    }
}

/// One that the caller may see, for `node`.
pub(super) async fn node(call: &Call<'_>, id: &ID) -> Result<Option<UsageEvent>, Error> {
    let (organisation, digest) = parse_pair(PREFIX, id, "id")?;
    let organisation = call.viewer.organisation(Some(OrganisationId::from_uuid(organisation)))?;
    let found = usage::find_by_digest(&call.app.store, organisation, *digest.as_bytes()).await?;
    let own_project = call.viewer.own_project();
    Ok(found.filter(|event| own_project.is_none_or(|own| own == event.project_id)).map(UsageEvent))
}

async fn metrics(call: &Call<'_>, named: Option<&[ID]>) -> Result<Vec<MetricId>, Error> {
    let too_many = || {
        Error::invalid("TOO_MANY", format!("Name at most {MOST_METRICS} metrics in filter.metrics."))
            .at(["filter", "metrics"])
    };
    let Some(named) = named else {
        let all = store::metric::list(&call.app.store).await?;
        return if all.len() > MOST_METRICS {
            Err(too_many())
        } else {
            Ok(all.into_iter().map(|metric| metric.id).collect())
        };
    };
    if named.len() > MOST_METRICS {
        return Err(too_many());
    }
    let mut ids = Vec::with_capacity(named.len());
    for metric in named {
        ids.push(metric::existing(call, metric).await?.id);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
