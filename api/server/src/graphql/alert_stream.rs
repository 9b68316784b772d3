//! The subscription to alert events: what was missed, then what happens, in order, none twice and none left out.
//!
//! The rows are the truth: every item is read from the database after the last one handed out. The bus
//! only says when to look; a poll a second looks anyway. A slow reader therefore costs nothing but its own
//! delay. Nothing is remembered here beyond the place in the list.

use async_graphql::{Context, ID, InputObject, SimpleObject, Subscription};
use billing::ids::{AlertRuleId, OrganisationId, SubscriptionId};
use futures_util::{Stream, stream};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};

use super::access::{Need, enter};
use super::alert_event::{UsageAlertEvent, list, resume};
use super::fault::{Fault, Result};
use super::ident::parse_id;
use crate::app::App;
use crate::error::{Error, ErrorKind};
use crate::store::alert_event::{self as records, AlertEvent};
use crate::viewer::{Permission, Viewer};

/// What the root fields of this file need.
pub(super) const NEEDS: &[Need] = &[Need::subscription("usageAlertEvents", Permission::AlertsRead)];

/// Events read at a time; fewer wait in memory for a slow reader.
const BATCH: u32 = 100;

/// How long a look waits when the bus says nothing.
const POLL: Duration = Duration::from_secs(1);

/// One item of the stream of alert events.
#[derive(SimpleObject)]
pub(super) struct UsageAlertEventItem {
    /// The place of the item: subscribe again with it as `after`, and nothing is missed or doubled.
    cursor: String,
    /// Whether the event happened before this subscription began.
    replayed: bool,
    /// The event; null in the first item of a subscription without `after`, which only says where it begins.
    event: Option<UsageAlertEvent>,
}

/// Which alert events.
#[derive(InputObject, Default)]
struct UsageAlertFilter {
    /// Only of these rules.
    alert_rule_ids: Option<Vec<ID>>,
    /// Only of these subscriptions.
    subscription_ids: Option<Vec<ID>>,
}

struct Wanted {
    rules: Option<Vec<AlertRuleId>>,
    subscriptions: Option<Vec<SubscriptionId>>,
}

impl UsageAlertFilter {
    fn read(self) -> Result<Wanted, Error> {
        let rules =
            self.alert_rule_ids.map(|ids| ids.iter().map(|id| parse_id(id, "alertRuleIds")).collect::<Result<_, _>>());
        let subscriptions = self
            .subscription_ids
            .map(|ids| ids.iter().map(|id| parse_id(id, "subscriptionIds")).collect::<Result<_, _>>());
        Ok(Wanted { rules: rules.transpose()?, subscriptions: subscriptions.transpose()? })
    }
}

impl Wanted {
    fn has(&self, event: &AlertEvent) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.contains(&event.event.rule_id))
            && self
                .subscriptions
                .as_ref()
                .is_none_or(|subscriptions| subscriptions.contains(&event.event.subscription_id))
    }
}

#[derive(Default)]
pub(super) struct AlertStream;

#[Subscription]
impl AlertStream {
    /// Alert events as they happen. With `after` everything since that place comes first. Without it the first item has
    /// a cursor and no event, so that a client can resume even before anything happened.
    async fn usage_alert_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation; a key of the operator must name it.")] organisation_id: Option<ID>,
        #[graphql(desc = "Go on after this cursor, which the subscription or the query usageAlertEvents gave.")] after: Option<String>,
        #[graphql(desc = "Only these.")] filter: Option<UsageAlertFilter>,
    ) -> Result<impl Stream<Item = Result<UsageAlertEventItem>> + use<>> {
        let call = enter(ctx)?;
        let organisation = call.organisation(organisation_id.as_ref())?;
        let wanted = filter.unwrap_or_default().read()?;
        // Listening begins before the first look, so that nothing written in between goes unnoticed.
        let hints = call.app.bus.alerts();
        let tip = records::latest_sequence(&call.app.store, organisation).await?;
        let last = match &after {
            Some(cursor) => resume(call.app, organisation, cursor).await?,
            None => tip,
        };
        let follower = Follower {
            app: Arc::clone(call.app),
            viewer: call.viewer.clone(),
            organisation,
            wanted,
            hints,
            tip,
            last,
            greet: after.is_none(),
            waiting: VecDeque::new(),
        };
        Ok(stream::unfold(Some(follower), |follower| async {
            let mut follower = follower?;
            let item = follower.next().await;
            // After an error that waiting does not mend the stream ends; the client resumes from its cursor.
            let follower = item.is_ok().then_some(follower);
            Some((item, follower))
        }))
    }
}

/// A reader's place in the list, and what it has not been handed yet.
struct Follower {
    app: Arc<App>,
    viewer: Viewer,
    organisation: OrganisationId,
    wanted: Wanted,
    hints: broadcast::Receiver<OrganisationId>,
    /// The latest event when the subscription began.
    tip: i64,
    /// The last event that was read.
    last: i64,
    greet: bool,
    waiting: VecDeque<AlertEvent>,
}

impl Follower {
    async fn next(&mut self) -> Result<UsageAlertEventItem, Fault> {
        if std::mem::take(&mut self.greet) {
            return Ok(UsageAlertEventItem { cursor: self.cursor(self.last), replayed: false, event: None });
        }
        loop {
            while let Some(event) = self.waiting.pop_front() {
                if self.wanted.has(&event) {
                    self.viewer.require(Permission::AlertsRead)?;
                    return Ok(UsageAlertEventItem {
                        cursor: self.cursor(event.sequence),
                        replayed: event.sequence <= self.tip,
                        event: Some(UsageAlertEvent(event)),
                    });
                }
            }
            if !self.look().await? {
                self.wait().await;
            }
        }
    }

    /// Reads what came after the last event; tells whether there was anything.
    async fn look(&mut self) -> Result<bool, Fault> {
        match records::page_after(&self.app.store, self.organisation, self.last, BATCH).await {
            Ok(events) => {
                self.last = events.last().map_or(self.last, |event| event.sequence);
                self.waiting = events.into();
                Ok(!self.waiting.is_empty())
            }
            Err(error) if error.kind == ErrorKind::Unavailable => {
                // The place is kept, so waiting for the database loses nothing.
                super::fault::log(&error);
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Until the bus speaks of this organisation, or for a poll at most.
    async fn wait(&mut self) {
        let organisation = self.organisation;
        let hints = &mut self.hints;
        let hinted = async {
            loop {
                match hints.recv().await {
                    Ok(written) if written == organisation => return,
                    // Missed hints may have been ours.
                    Err(RecvError::Lagged(_)) => return,
                    Ok(_) => {}
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // Running out of time is as good a reason to look as a hint.
        let _ = tokio::time::timeout(POLL, hinted).await;
    }

    fn cursor(&self, sequence: i64) -> String {
        list(self.organisation).numbered_cursor(sequence)
    }
}
