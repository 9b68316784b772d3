//! The way of every operation from its envelope to the schema, the same for requests, event streams and
//! sockets: which document, how large, what it costs, and who pays.

use std::time::Duration;

use async_graphql::{Executor, Request, Response, Value, value};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    Authenticator, Bucket, Charge, LastEventId, RequestId, code,
    cost::Plan,
    document::{self, Prepared, Resume, Rules},
    documents,
    envelope::Envelope,
    failure::{Failure, code_of, refusal},
    files::Files,
    transport::Shared,
};

/// What was charged for an operation, to be settled when its answer is there.
#[derive(Debug)]
pub(crate) struct Account {
    requested: u64,
    limit: u64,
    bucket: Option<Bucket>,
    plan: Plan,
}

/// Lets one more operation of this caller in, whatever it will cost.
pub(crate) async fn admit<E, A: Authenticator>(shared: &Shared<E, A>, identity: &A::Identity) -> Result<(), Failure> {
    match shared.budget.as_deref() {
        None => Ok(()),
        Some(budget) => {
            let admitted = async { budget.admit(identity).await.map_err(Failure::from) };
            in_time(shared.settings.execution_wait, admitted).await
        }
    }
}

/// Finds the document and looks at it. Nothing is charged yet.
pub(crate) async fn prepare<E: Executor, A: Authenticator>(
    shared: &Shared<E, A>,
    identity: &A::Identity,
    mut envelope: Envelope,
    files: Files,
    last_event: Option<&LastEventId>,
) -> Result<Prepared, Failure> {
    let found = in_time(shared.settings.execution_wait, documents::find(shared, identity, &mut envelope)).await?;
    let kept = found.keep.map(|digest| (digest, found.text.clone()));
    let variable = shared.settings.events.cursor_variable.as_deref();
    let resume = last_event.zip(variable).map(|(id, variable)| Resume { variable, cursor: &id.0 });
    let costs = shared.costs.as_ref().map(|model| (model, &shared.settings.costs));
    let known = Some(&shared.known);
    let rules = Rules { limits: &shared.settings.limits, costs, resume, types: Some(&shared.types), known };
    let prepared = document::prepare(found.text, envelope, files, &rules)?;
    if let Some((digest, text)) = kept {
        shared.memory.keep(shared.authenticator.document_class(identity), digest, &text);
    }
    Ok(prepared)
}

/// Charges the operation and hands the request to whoever the caller is known by.
pub(crate) async fn charge<E: Executor, A: Authenticator>(
    shared: &Shared<E, A>,
    identity: &A::Identity,
    prepared: &mut Prepared,
) -> Result<Option<Account>, Failure> {
    let Some((requested, plan)) = prepared.price.take() else {
        return Ok(None);
    };
    let limit = shared.settings.costs.operation;
    let mut account = Account { requested, limit, bucket: None, plan };
    if let Some(budget) = shared.budget.as_deref().filter(|_| requested > 0) {
        let charge = async { Ok(budget.charge(identity, requested).await) };
        match in_time(shared.settings.execution_wait, charge).await? {
            Charge::Granted(bucket) => account.bucket = bucket,
            Charge::Refused { retry_after } => {
                return Err(Failure::new(
                    code::RATE_LIMITED,
                    format!("This operation costs {requested}, which is more than is left of your budget. Try again later, or ask for less."),
                )
                .with("cost", requested)
                .retry_after(retry_after));
            }
        }
    }
    Ok(Some(account))
}

/// The request as the schema gets it: with the caller, the request's id and the published limits.
pub(crate) fn attach<E: Executor, A: Authenticator>(
    shared: &Shared<E, A>,
    identity: A::Identity,
    request: Request,
    id: &RequestId,
    last_event: Option<LastEventId>,
) -> Request {
    let request = request.data(id.clone()).data(shared.report.clone());
    let request = match last_event {
        Some(last_event) => request.data(last_event),
        None => request,
    };
    shared.authenticator.attach(identity, request)
}

impl Account {
    /// Counts what the answer really cost, gives the rest back, and tells the client.
    pub(crate) async fn settle<E, A: Authenticator>(
        mut self,
        shared: &Shared<E, A>,
        identity: &A::Identity,
        response: &mut Response,
    ) {
        // Work that was begun and thrown away is paid in full: a client must not get it for nothing.
        let wasted = refusal(response).is_some_and(|errors| {
            errors.iter().any(|error| matches!(code_of(error), Some(code::TIMEOUT | code::INTERNAL)))
        });
        // A list may be longer than was assumed; nobody pays more than they were told.
        let actual = if wasted { self.requested } else { self.plan.actual(&response.data).min(self.requested) };
        if let Some(budget) = shared.budget.as_deref().filter(|_| self.requested > 0 && actual != self.requested) {
            let settled = budget.settle(identity, self.requested, actual);
            let settled = tokio::time::timeout(shared.settings.execution_wait, settled).await;
            self.bucket = settled.ok().flatten().or(self.bucket);
        }
        response.extensions.insert("cost".to_owned(), self.told(actual));
        if let Some(bucket) = self.bucket {
            response.http_headers.extend(headers(bucket));
        }
    }

    fn told(&self, actual: u64) -> Value {
        let (requested, limit) = (self.requested, self.limit);
        match self.bucket {
            None => value!({ "requested": requested, "actual": actual, "limit": limit }),
            Some(Bucket { max, remaining, restore_per_second }) => value!({
                "requested": requested,
                "actual": actual,
                "limit": limit,
                "bucket": { "max": max, "remaining": remaining, "restorePerSecond": restore_per_second },
            }),
        }
    }
}

/// The bucket for clients that read headers only.
fn headers(bucket: Bucket) -> HeaderMap {
    let named = [
        ("ratelimit-limit", Some(bucket.max)),
        ("ratelimit-remaining", Some(bucket.remaining)),
        ("ratelimit-reset", bucket.full_after()),
    ];
    let present = named.into_iter().filter_map(|(name, number)| Some((name, number?)));
    present.map(|(name, number)| (HeaderName::from_static(name), HeaderValue::from(number))).collect()
}

/// A document or a budget that cannot be reached must not hold a request for ever.
async fn in_time<T>(wait: Duration, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = |_| Err(Failure::new(code::UNAVAILABLE, "The request could not be checked in time. Try again."));
    tokio::time::timeout(wait, work).await.unwrap_or_else(late)
}
