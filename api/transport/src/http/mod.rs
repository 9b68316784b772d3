//! One HTTP request from its headers to its answer, in the order in which a stranger learns least:
//! verb, identity, media types, body, document, price.

mod accept;
pub(crate) mod answer;
mod body;
mod linger;
mod upload;

use std::{collections::HashMap, sync::Arc, time::Instant};

use async_graphql::{Executor, parser::types::OperationType};
use axum::{
    body::Body,
    extract::{Query, Request},
    http::{HeaderMap, Method, header, request::Parts},
    response::Response,
};
use tracing::Instrument;

use self::accept::{Accepted, Events, Media};
pub(crate) use self::answer::panic_answer;
use crate::{
    Authenticator, Caller, LastEventId, OperationKind, Outcome, RequestId, admit, code,
    document::Prepared,
    envelope::{Envelope, bad},
    events,
    execute::run_once,
    failure::Failure,
    files::Files,
    identity::bearer,
    transport::Shared,
    ws,
};

/// Either of these proves that no foreign page sent the request unasked.
const PREFLIGHT_HEADERS: [&str; 2] = ["graphql-require-preflight", "apollo-require-preflight"];

/// Answers everything that arrives at `/graphql`.
pub(crate) async fn handle<E: Executor, A: Authenticator>(shared: Arc<Shared<E, A>>, request: Request) -> Response {
    let id = RequestId::of(request.extensions());
    let span = tracing::info_span!("graphql", request_id = %id);
    async move {
        if ws::is_upgrade(&request) {
            return match ws::upgrade(shared, request, &id).await {
                Ok(response) => response,
                Err(failure) => answer::write(Media::Json, failure.into_response(&id), &id),
            };
        }
        let accepted = accept::negotiate(request.headers());
        let mut kind = OperationKind::Unknown;
        let began = Instant::now();
        let served = serve(&shared, request, accepted, &id, &mut kind).await;
        if served.is_err() {
            shared.observer.operation(kind, Outcome::Refused, began.elapsed());
        }
        match served {
            Ok(response) => response,
            Err(failure) if accepted.events == Events::Preferred && answer::is_about_the_document(failure.code()) => {
                events::refused(failure, &id)
            }
            Err(failure) => answer::write(accepted.media.unwrap_or(Media::Json), failure.into_response(&id), &id),
        }
    }
    .instrument(span)
    .await
}

async fn serve<E: Executor, A: Authenticator>(
    shared: &Arc<Shared<E, A>>,
    request: Request,
    accepted: Accepted,
    id: &RequestId,
    kind_seen: &mut OperationKind,
) -> Result<Response, Failure> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let body = linger::lingering(body);
    let by_get = match parts.method {
        Method::GET => true,
        Method::POST => false,
        _ => {
            return Err(Failure::new(code::METHOD_NOT_ALLOWED, "Send GraphQL by POST, or a query by GET."));
        }
    };
    let caller = Caller::of(&parts.headers, &parts.extensions).named(id);
    let identity = shared.authenticator.authenticate(bearer(&parts.headers), caller).await?;
    if accepted.media.is_none() && accepted.events == Events::Refused {
        return Err(Failure::new(
            code::NOT_ACCEPTABLE,
            "The header `Accept` must admit `application/graphql-response+json`, `application/json` or `text/event-stream`.",
        ));
    }
    admit::admit(shared, &identity).await?;
    let (envelope, files) = match by_get {
        true => (envelope_of_get(&parts)?, Files::default()),
        false => read(shared, &identity, &parts.headers, body).await?,
    };
    let last_event = LastEventId::of(&parts.headers);
    let mut prepared = admit::prepare(shared, &identity, envelope, files, last_event.as_ref()).await?;
    *kind_seen = prepared.kind.into();
    let by_events = by_events(prepared.kind, by_get, accepted)?;
    let place = match prepared.kind {
        OperationType::Subscription => Some(events::place(shared, &identity)?),
        OperationType::Query | OperationType::Mutation => None,
    };
    let account = admit::charge(shared, &identity, &mut prepared).await?;
    prepared.request = admit::attach(shared, identity.clone(), prepared.request, id, last_event);
    if by_events {
        let ready = events::Ready { prepared, account, identity, place };
        return Ok(events::open(shared, ready, id));
    }
    let Prepared { request, kind, shape, .. } = prepared;
    let wait = shared.settings.execution_wait;
    let mut response = run_once(&shared.schema, &shared.tracker, wait, kind, request, id, shape.as_ref()).await;
    if let Some(account) = account {
        account.settle(shared, &identity, &mut response).await;
    }
    shared.observer.operation(kind.into(), Outcome::of(&response), began.elapsed());
    Ok(answer::write(accepted.media.unwrap_or(Media::Json), response, id))
}

/// Whether an operation is answered by a stream of events; whether it may be sent like this at all.
fn by_events(kind: OperationType, by_get: bool, accepted: Accepted) -> Result<bool, Failure> {
    match (kind, by_get, accepted.events) {
        (OperationType::Mutation, true, _) => {
            Err(Failure::new(code::METHOD_NOT_ALLOWED, "Only queries run by GET. Send the mutation by POST.")
                .with("allow", "POST"))
        }
        (OperationType::Subscription, _, Events::Refused) => Err(bad(
            "Subscriptions run over a WebSocket at this same address, subprotocol `graphql-transport-ws`, or as events: send `Accept: text/event-stream`.",
        )),
        (OperationType::Subscription, _, _) | (_, _, Events::Preferred) => Ok(true),
        (OperationType::Query | OperationType::Mutation, _, _) => Ok(false),
    }
}

async fn read<E, A: Authenticator>(
    shared: &Shared<E, A>,
    identity: &A::Identity,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Envelope, Files), Failure> {
    if !shared.settings.uploads.enabled || !upload::is_multipart(headers) {
        let envelope = body::read(headers, body, &shared.settings).await?;
        return Ok((envelope, Files::default()));
    }
    // A form on a foreign page can send multipart without asking, but not this header.
    if !has_preflight_header(headers) {
        return Err(bad("A multipart request needs the header `GraphQL-Require-Preflight`, with any value."));
    }
    if !shared.authenticator.may_upload(identity) {
        return Err(Failure::new(code::FORBIDDEN, "This key may not send files."));
    }
    let Ok(_place) = shared.uploads.try_acquire() else {
        let failure = Failure::new(code::UNAVAILABLE, "Too many uploads at once. Try again in a moment.");
        return Err(failure.retry_after(std::time::Duration::from_secs(1)));
    };
    upload::read(headers, body, &shared.settings).await
}

fn envelope_of_get(parts: &Parts) -> Result<Envelope, Failure> {
    refuse_foreign_page(&parts.headers)?;
    let Query(parameters) = Query::<HashMap<String, String>>::try_from_uri(&parts.uri)
        .map_err(|_| bad("The query string is not of the form `query=…&variables=…`, percent-encoded."))?;
    Envelope::from_query_string(parameters)
}

/// Keys travel only in headers a page must ask leave to send, so a request with one is safe; this
/// matters where the authenticator lets callers in without a key.
fn refuse_foreign_page(headers: &HeaderMap) -> Result<(), Failure> {
    match headers.contains_key(header::AUTHORIZATION) || has_preflight_header(headers) {
        true => Ok(()),
        false => Err(bad("A GET request needs the header `Authorization` or `GraphQL-Require-Preflight`.")),
    }
}

fn has_preflight_header(headers: &HeaderMap) -> bool {
    PREFLIGHT_HEADERS.iter().any(|name| headers.contains_key(*name))
}
