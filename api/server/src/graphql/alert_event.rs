//! Alert events: thresholds that were crossed, numbered without holes, and the list of them for clients that poll.

use async_graphql::{Context, ID, Object};
use billing::ids::{AlertEventId, OrganisationId};
use std::sync::Arc;

use super::access::{Call, Need, enter, loaders};
use super::alert_rule::AlertRule;
use super::connection::{Connection, Edge, PageArgs, counter};
use super::cursor::List;
use super::fault::{Fault, Result, nullable};
use super::ident::show_id;
use super::money::CurrencyCode;
use super::scalar::{Decimal, Instant};
use super::time::DateTimeInterval;
use crate::app::App;
use crate::error::Error;
use crate::store::alert_event as records;
use crate::viewer::Permission;

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::query("usageAlertEvents", Permission::AlertsRead)];

/// A threshold that was crossed.
pub(super) struct UsageAlertEvent(pub(super) records::AlertEvent);

/// A threshold that was crossed. A rule fires once at each threshold in each period.
#[Object]
impl UsageAlertEvent {
    /// Its id, `ale_…`. It never changes, so that a client can tell an event it has seen.
    pub(super) async fn id(&self) -> ID {
        show_id(self.0.event.id)
    }

    /// When the crossing was noticed.
    async fn occurred_at(&self) -> Instant {
        self.0.event.occurred_at.into()
    }

    /// The id of the rule that fired.
    async fn alert_rule_id(&self) -> ID {
        show_id(self.0.event.rule_id)
    }

    /// The rule that fired.
    async fn alert_rule(&self, ctx: &Context<'_>) -> Option<Result<AlertRule>> {
        nullable(async {
            Ok(loaders(ctx)?.load_one((self.0.event.organisation_id, self.0.event.rule_id)).await?.map(AlertRule))
        })
        .await
    }

    /// The id of the subscription that was watched.
    async fn subscription_id(&self) -> ID {
        show_id(self.0.event.subscription_id)
    }

    /// The billing period that was watched.
    async fn period(&self) -> DateTimeInterval {
        self.0.event.period.into()
    }

    /// The threshold that was crossed.
    async fn threshold(&self) -> Decimal {
        self.shown(self.0.event.threshold)
    }

    /// What was observed: at or above the threshold.
    async fn observed(&self) -> Decimal {
        self.shown(self.0.event.observed)
    }

    /// The currency of both numbers when the cost is watched; null for a quantity.
    async fn currency(&self) -> Option<CurrencyCode> {
        self.0.event.currency.map(CurrencyCode)
    }
}

impl UsageAlertEvent {
    /// A cost with the digits of its currency, a quantity as short as it can be.
    fn shown(&self, number: rust_decimal::Decimal) -> Decimal {
        match self.0.event.currency {
            Some(currency) => {
                let mut cost = number;
                cost.rescale(currency.exponent().max(number.normalize().scale()));
                Decimal(cost)
            }
            None => Decimal::plain(number),
        }
    }
}

/// One that the caller may see, for `node`.
pub(super) async fn find(
    call: &Call<'_>,
    organisation: OrganisationId,
    id: AlertEventId,
) -> Result<Option<UsageAlertEvent>, Error> {
    Ok(records::find(&call.app.store, organisation, id).await?.map(UsageAlertEvent))
}

/// The list that cursors of alert events belong to: the same for polling and for the subscription.
pub(super) fn list(organisation: OrganisationId) -> List {
    List::of("usageAlertEvents", organisation)
}

/// Where to go on from: refused when events after it are gone, or when it is not from here.
pub(super) async fn resume(app: &App, organisation: OrganisationId, cursor: &str) -> Result<i64, Fault> {
    let sequence = list(organisation).number(cursor, "after")?;
    let oldest = records::oldest_sequence(&app.store, organisation).await?;
    if oldest > sequence.saturating_add(1) {
        let words =
            "Events after this cursor are no longer kept. Go on from oldestAvailable, and look up what you missed.";
        let oldest_available = list(organisation).numbered_cursor(oldest.saturating_sub(1));
        return Err(Fault::from(Error::invalid("CURSOR_EXPIRED", words).at(["after"]))
            .with("oldestAvailable", oldest_available));
    }
    if sequence > records::latest_sequence(&app.store, organisation).await? {
        return Err(super::cursor::invalid_cursor("after").into());
    }
    Ok(sequence)
}

#[derive(Default)]
pub(super) struct AlertEventQuery;

#[Object]
impl AlertEventQuery {
    /// The alert events of an organisation in the order they happened: for clients that poll instead of subscribing.
    /// The cursors are those of the subscription `usageAlertEvents`.
    async fn usage_alert_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "How many from the oldest on, 1 to 100; 25 when nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many up to the latest, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor.")] before: Option<String>,
    ) -> Result<Connection<UsageAlertEvent>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let args = PageArgs::new(first, after, last, before);
        let app = Arc::clone(call.app);
        let (events, has_previous, has_next) = match args.is_backward()? {
            false => forward(&app, organisation, &args).await?,
            true => backward(&app, organisation, &args).await?,
        };
        let list = list(organisation);
        let edges = events
            .into_iter()
            .map(|event| Edge { cursor: list.numbered_cursor(event.sequence), node: UsageAlertEvent(event) })
            .collect();
        let count = counter(move || {
            let app = Arc::clone(&app);
            async move {
                // Numbers have no holes, so the two ends are the count.
                let oldest = records::oldest_sequence(&app.store, organisation).await?;
                let latest = records::latest_sequence(&app.store, organisation).await?;
                Ok(if oldest == 0 { 0 } else { (latest - oldest + 1).unsigned_abs() })
            }
        });
        Ok(Connection::from_edges(edges, has_previous, has_next, count))
    }
}

async fn forward(
    app: &App,
    organisation: OrganisationId,
    args: &PageArgs,
) -> Result<(Vec<records::AlertEvent>, bool, bool)> {
    let size = args.size()?;
    let after = match &args.after {
        Some(cursor) => resume(app, organisation, cursor).await?,
        None => 0,
    };
    let mut events = records::page_after(&app.store, organisation, after, size + 1).await?;
    let more = events.len() > size as usize;
    events.truncate(size as usize);
    Ok((events, args.after.is_some(), more))
}

async fn backward(
    app: &App,
    organisation: OrganisationId,
    args: &PageArgs,
) -> Result<(Vec<records::AlertEvent>, bool, bool)> {
    let size = args.size()?;
    let before = args.before.as_ref().map(|cursor| list(organisation).number(cursor, "before")).transpose()?;
    let mut events = records::page_before(&app.store, organisation, before, size + 1).await?;
    let more = events.len() > size as usize;
    events.truncate(size as usize);
    events.reverse();
    Ok((events, more, before.is_some()))
}
