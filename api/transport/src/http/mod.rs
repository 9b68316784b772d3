//! One HTTP request from its headers to its answer, in the order in which a stranger learns least:
//! verb, identity, media types, body, document.

mod accept;
mod answer;
mod body;

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Executor, Response as GraphqlResponse, parser::types::OperationType};
use axum::{
    extract::{Query, Request},
    http::{HeaderMap, Method, header, request::Parts},
    response::Response,
};
use tracing::Instrument;

use self::accept::Media;
pub(crate) use self::answer::panic_answer;
use crate::{
    Authenticator, PeerAddress, RequestId, code,
    document::prepare,
    envelope::{Envelope, bad},
    execute::run_once,
    failure::Failure,
    identity::bearer,
    transport::Shared,
    ws,
};

/// Either of these on a GET without `Authorization` proves that no foreign page sent it unasked.
const PREFLIGHT_HEADERS: [&str; 2] = ["graphql-require-preflight", "apollo-require-preflight"];

/// Answers everything that arrives at `/graphql`.
pub(crate) async fn handle<E: Executor, A: Authenticator>(shared: Arc<Shared<E, A>>, request: Request) -> Response {
    let id = RequestId::of(request.extensions());
    let span = tracing::info_span!("graphql", request_id = %id);
    async move {
        let media = accept::negotiate(request.headers());
        if ws::is_upgrade(&request) {
            return match ws::upgrade(shared, request).await {
                Ok(response) => response,
                Err(failure) => answer::write(Media::Json, failure.into_response(&id), &id),
            };
        }
        let outcome = serve(&shared, request, media, &id).await;
        let response = outcome.unwrap_or_else(|failure| failure.into_response(&id));
        answer::write(media.unwrap_or(Media::Json), response, &id)
    }
    .instrument(span)
    .await
}

async fn serve<E: Executor, A: Authenticator>(
    shared: &Shared<E, A>,
    request: Request,
    media: Option<Media>,
    id: &RequestId,
) -> Result<GraphqlResponse, Failure> {
    let (parts, body) = request.into_parts();
    let by_get = match parts.method {
        Method::GET => true,
        Method::POST => false,
        _ => {
            return Err(Failure::new(code::METHOD_NOT_ALLOWED, "Send GraphQL by POST, or a query by GET."));
        }
    };
    let peer = PeerAddress::of(&parts.extensions);
    let identity = shared.authenticator.authenticate(bearer(&parts.headers), peer).await?;
    if media.is_none() {
        return Err(Failure::new(
            code::NOT_ACCEPTABLE,
            "The header `Accept` must admit `application/graphql-response+json` or `application/json`.",
        ));
    }
    let envelope = if by_get {
        refuse_foreign_page(&parts.headers)?;
        envelope_of_get(&parts)?
    } else {
        body::read(&parts.headers, body, &shared.settings).await?
    };
    let prepared = prepare(envelope, &shared.settings.limits)?;
    match (prepared.kind, by_get) {
        (OperationType::Subscription, _) => {
            return Err(bad(
                "Subscriptions run over a WebSocket at this same address, subprotocol `graphql-transport-ws`.",
            ));
        }
        (OperationType::Mutation, true) => {
            return Err(Failure::new(code::METHOD_NOT_ALLOWED, "Only queries run by GET. Send the mutation by POST.")
                .with("allow", "POST"));
        }
        _ => {}
    }
    let request = shared.authenticator.attach(identity, prepared.request.data(id.clone()));
    let wait = shared.settings.execution_wait;
    Ok(run_once(&shared.schema, &shared.tracker, wait, prepared.kind, request, id).await)
}

fn envelope_of_get(parts: &Parts) -> Result<Envelope, Failure> {
    let Query(parameters) = Query::<HashMap<String, String>>::try_from_uri(&parts.uri)
        .map_err(|_| bad("The query string is not of the form `query=…&variables=…`, percent-encoded."))?;
    Envelope::from_query_string(parameters)
}

/// Keys travel only in headers a page must ask leave to send, so a request with one is safe; this
/// matters where the authenticator lets callers in without a key.
fn refuse_foreign_page(headers: &HeaderMap) -> Result<(), Failure> {
    let proven =
        headers.contains_key(header::AUTHORIZATION) || PREFLIGHT_HEADERS.iter().any(|name| headers.contains_key(*name));
    match proven {
        true => Ok(()),
        false => Err(bad("A GET request needs the header `Authorization` or `GraphQL-Require-Preflight`.")),
    }
}
