//! The front door: who may come in, what goes wrong on the way, and the answer.

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, request::Parts};
use reqwest::Url;
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use tokio::time::sleep;

use crate::{
    api::{
        self,
        call::{Call, read_body},
        refunds::{fingerprint, payment_of},
    },
    faults::Trouble,
    pages,
    refusal::Refusal,
    shared::Shared,
    wire::Knife,
    world::Claim,
};

/// The longest request that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// Answers every request. What was asked for is done even when the caller leaves.
pub(crate) async fn door(
    State(shared): State<Shared>,
    ConnectInfo(knife): ConnectInfo<Knife>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return refused(&Refusal::input("The request body is too large"));
    };
    let work = shared.tasks.spawn(serve(shared.clone(), knife, parts, body));
    work.await.unwrap_or_else(|_| refused(&Refusal::fault(500, "SERVER_ERROR", "The server encountered an error")))
}

async fn serve(shared: Shared, knife: Knife, parts: Parts, body: Bytes) -> Response {
    let path = parts.uri.path();
    if path.starts_with("/pay/") {
        return pages::page(&shared, parts.method.as_str(), path, &body);
    }
    shared.count();
    let trouble = shared.faults.strike(parts.method.as_str(), path);
    match trouble {
        Some(Trouble::HangsUpBefore) => {
            knife.cut();
            return Response::default();
        }
        Some(trouble) => {
            if let Some(answer) = broken(trouble) {
                return answer;
            }
        }
        None => {}
    }
    let outcome = match take_apart(&shared, &parts, &body) {
        Ok(call) => act(&shared, &call, trouble).await,
        Err(refusal) => Err(refusal),
    };
    match trouble {
        Some(Trouble::HangsUpAfter) => knife.cut(),
        Some(Trouble::AnswersLate(pause)) => sleep(pause).await,
        _ => {}
    }
    match outcome {
        Ok(document) => answer(StatusCode::OK, "application/json", document.to_string()),
        Err(refusal) => refused(&refusal),
    }
}

fn take_apart(shared: &Shared, parts: &Parts, body: &[u8]) -> Result<Call, Refusal> {
    authenticate(shared, &parts.headers)?;
    let below = parts.uri.path().strip_prefix("/v1/").ok_or_else(Refusal::unknown_url)?;
    let query = parts.uri.query().map(pairs).unwrap_or_default();
    let path = below.split('/').filter(|piece| !piece.is_empty()).map(decoded).collect();
    let key = parts.headers.get("x-refund-idempotency");
    let idempotency = key.map(|key| key.to_str().map(str::to_owned).unwrap_or_default());
    Ok(Call { method: parts.method.as_str().to_owned(), path, query, body: read_body(body)?, idempotency })
}

async fn act(shared: &Shared, call: &Call, trouble: Option<Trouble>) -> Result<Value, Refusal> {
    let key = call.idempotency.as_deref().zip(payment_of(call));
    if let Some((key, payment_id)) = &key {
        let claim = shared.change(|world| match world.claim(key, &fingerprint(call, payment_id))? {
            Claim::Fresh => Ok(None),
            Claim::Done(refund_id) => Ok(Some(world.refund(&refund_id)?.json())),
        });
        if let Some(refund) = claim? {
            return Ok(refund);
        }
    }
    if let Some(Trouble::ActsLate(pause)) = trouble {
        sleep(pause).await;
    }
    let (outcome, letters) = shared.change_and_keep(|world| {
        let outcome = api::answer(world, call);
        if let Some((key, _)) = &key {
            let refund = outcome.as_ref().ok().and_then(|refund| refund.get("id")).and_then(Value::as_str);
            world.conclude(key, refund);
        }
        outcome
    });
    for letter in letters {
        if trouble == Some(Trouble::WebhookFirst) {
            shared.courier.send_and_wait(letter).await;
        } else {
            shared.courier.send(letter);
        }
    }
    outcome
}

/// `Basic `, spelled exactly so, and both keys.
fn authenticate(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(given) = headers.get(header::AUTHORIZATION) else {
        return Err(Refusal::plain(401, "Please provide your api key for authentication purposes."));
    };
    let decoded = given
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded).ok());
    let keys = decoded.as_deref().and_then(|keys| keys.split_at_checked(keys.iter().position(|byte| *byte == b':')?));
    match keys {
        Some((id, secret)) if id == shared.key_id.as_bytes() => {
            let known = secret.get(1..).is_some_and(|secret| secret.ct_eq(shared.key_secret.as_bytes()).into());
            if known { Ok(()) } else { Err(Refusal::plain(401, "Authentication failed")) }
        }
        _ => Err(Refusal::plain(401, "The api key provided is invalid")),
    }
}

fn broken(trouble: Trouble) -> Option<Response> {
    let words = "Request failed. Please try after sometime.";
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1>\
                </center>\r\n</body>\r\n</html>\r\n";
    match trouble {
        Trouble::TooManyRequests => Some(refused(&Refusal::plain(429, words))),
        Trouble::TooManyRequestsInWords => {
            Some(answer(StatusCode::TOO_MANY_REQUESTS, "text/plain", "Too many requests\n".to_owned()))
        }
        Trouble::ServerError => {
            let words = "We are facing some trouble completing your request at the moment. Please try again shortly.";
            Some(refused(&Refusal::fault(500, "SERVER_ERROR", words)))
        }
        Trouble::OperationInProgress => {
            Some(refused(&Refusal::input("Request failed because another payment operation is in progress.")))
        }
        Trouble::GatewayError => {
            let words = "Payment processing failed due to error at bank or wallet gateway";
            Some(refused(&Refusal::fault(502, "GATEWAY_ERROR", words)))
        }
        Trouble::BadGatewayPage => Some(answer(StatusCode::BAD_GATEWAY, "text/html", page.to_owned())),
        _ => None,
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    answer(status, "application/json", refusal.body().to_string())
}

/// An answer of this kind.
pub(crate) fn answer(status: StatusCode, kind: &'static str, body: String) -> Response {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    answer
}

/// Names and values as URLs and forms write them.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://localhost/?{text}"));
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

fn decoded(piece: &str) -> String {
    pairs(&format!("piece={}", piece.replace('+', "%2B"))).pop().map(|(_, value)| value).unwrap_or_default()
}
