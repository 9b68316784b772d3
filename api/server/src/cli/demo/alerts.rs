//! A subscriber inside the process: an ordinary GraphQL subscription with the tenant's rights.

use billing::ids::OrganisationId;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::cli::import::importer;
use crate::error::Error;
use crate::graphql;

/// How long to wait for what has been written to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// From the first event there ever was, so that a second run of the demo sees what the first fired.
const DOCUMENT: &str = "subscription($after: String!) {
  usageAlertEvents(after: $after) { event { alertRule { name } threshold observed } }
}";

/// An alert as the demo tells it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Alert {
    rule: String,
    threshold: String,
    observed: String,
}

/// Listens until it is asked what it has received.
pub(super) struct Listener {
    received: mpsc::UnboundedReceiver<Result<Alert, Error>>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Subscribes as the organisation.
    pub(super) fn start(app: &Arc<App>, organisation: OrganisationId, quiet: bool) -> Self {
        let schema = graphql::schema(Arc::clone(app));
        let variables =
            async_graphql::Variables::from_json(serde_json::json!({"after": graphql::alert_cursor(organisation, 0)}));
        let request = graphql::attach(
            async_graphql::Request::new(DOCUMENT).variables(variables),
            importer(organisation, None),
            app,
        );
        let (send, received) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut answers = Box::pin(schema.execute_stream(request));
            while let Some(answer) = answers.next().await {
                let alert = read(answer);
                if let (Ok(Some(alert)), false) = (&alert, quiet) {
                    eprintln!("Alert        {}: {} reached, {} so far", alert.rule, alert.threshold, alert.observed);
                }
                let sent = match alert {
                    Ok(Some(alert)) => send.send(Ok(alert)),
                    Ok(None) => Ok(()),
                    Err(error) => send.send(Err(error)),
                };
                if sent.is_err() {
                    return;
                }
            }
        });
        Self { received, task }
    }

    /// Waits for `expected` alerts and stops listening.
    pub(super) async fn received(mut self, expected: usize) -> Result<Vec<Alert>, Error> {
        let mut alerts = Vec::with_capacity(expected);
        while alerts.len() < expected {
            let next = tokio::time::timeout(PATIENCE, self.received.recv()).await;
            let late = || {
                Error::unavailable(
                    "ALERT_LATE",
                    format!("{} of {expected} alerts arrived through the subscription.", alerts.len()),
                )
            };
            let alert = next.map_err(|_| late())?.ok_or_else(late)??;
            alerts.push(alert);
        }
        self.task.abort();
        Ok(alerts)
    }
}

#[derive(Deserialize)]
struct Item {
    event: Option<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    alert_rule: Rule,
    threshold: String,
    observed: String,
}

#[derive(Deserialize)]
struct Rule {
    name: String,
}

fn read(answer: async_graphql::Response) -> Result<Option<Alert>, Error> {
    if let Some(error) = answer.errors.first() {
        return Err(Error::internal(format!("the alert subscription failed: {}", error.message)));
    }
    let data = answer.data.into_json().map_err(Error::internal)?;
    let item = data.get("usageAlertEvents").cloned().unwrap_or_default();
    let item: Item = serde_json::from_value(item).map_err(Error::internal)?;
    Ok(item.event.map(|event| Alert {
        rule: event.alert_rule.name,
        threshold: event.threshold,
        observed: event.observed,
    }))
}
