//! Asking Razorpay over HTTP, and what each kind of answer says about the money.

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::config::{Secret, Settings};
use crate::error::Error;
use crate::gateway::{Declined, Outcome};

/// An account at Razorpay.
pub struct Razorpay {
    pub(super) http: Http,
    /// The secrets webhooks may be signed with, the current one first.
    pub(super) webhook_secrets: Vec<Secret>,
    /// The public half of the key, which a checkout in a browser needs.
    pub key_id: String,
}

pub(super) struct Http {
    client: Client,
    base: String,
    key_id: String,
    key_secret: Secret,
}

impl Razorpay {
    /// The account the settings name; none when they name none.
    ///
    /// # Errors
    /// `Invalid` for half an account, `Internal` when no client can be made.
    pub fn new(settings: &Settings) -> Result<Option<Self>, Error> {
        let (key_id, key_secret) = match (&settings.razorpay_key_id, &settings.razorpay_key_secret) {
            (None, None) => return Ok(None),
            (Some(id), Some(secret)) => (id.clone(), secret.clone()),
            _ => {
                let words = "Set both `razorpay_key_id` and `razorpay_key_secret`, or neither.";
                return Err(Error::invalid("BAD_SETTING", words));
            }
        };
        let client = Client::builder()
            .timeout(settings.gateway_timeout)
            .user_agent("undash")
            .build()
            .map_err(Error::internal)?;
        let secrets = [&settings.razorpay_webhook_secret, &settings.razorpay_previous_webhook_secret];
        Ok(Some(Self {
            http: Http { client, base: settings.razorpay_url.clone(), key_id: key_id.clone(), key_secret },
            webhook_secrets: secrets.into_iter().flatten().cloned().collect(),
            key_id,
        }))
    }
}

impl Http {
    pub(super) async fn get(&self, path: &str) -> Outcome<Value> {
        self.ask(Method::GET, path, None, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value, refund_key: Option<&str>) -> Outcome<Value> {
        self.ask(Method::POST, path, Some(body), refund_key).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>, refund_key: Option<&str>) -> Outcome<Value> {
        let url = format!("{}/v1/{path}", self.base);
        let mut request = self.client.request(method, url).basic_auth(&self.key_id, Some(self.key_secret.reveal()));
        if let Some(key) = refund_key {
            request = request.header("X-Refund-Idempotency", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Outcome::Unknown(format!("no answer: {}", chain(&error))),
        };
        let status = answer.status();
        match answer.text().await {
            Ok(text) => judge(status, &text),
            Err(error) => Outcome::Unknown(format!("the answer broke off: {}", chain(&error))),
        }
    }
}

/// Refusals of the moment, or of our settings, that say nothing of the money.
const NOT_YET: [&str; 2] = ["another payment operation is in progress", "requested URL was not found"];

/// What an answer says. Error bodies are objects as documented, `{"message": …}`, a bare string, or no JSON at all.
fn judge(status: StatusCode, text: &str) -> Outcome<Value> {
    let body: Option<Value> = serde_json::from_str(text).ok();
    if status.is_success() {
        return match body {
            Some(body) => Outcome::Done(body),
            None => Outcome::Unknown(format!("{status} without JSON")),
        };
    }
    let error = body.as_ref().and_then(|body| body.get("error"));
    let said = |field: &str| error.and_then(|error| error.get(field)).and_then(Value::as_str);
    let words = said("description")
        .or_else(|| body.as_ref().and_then(|body| body.get("message")).and_then(Value::as_str))
        .or_else(|| body.as_ref().and_then(Value::as_str))
        .unwrap_or("no description");
    let is_plain_no = match status {
        StatusCode::BAD_REQUEST => error.is_some() && !NOT_YET.iter().any(|passing| words.contains(passing)),
        StatusCode::CONFLICT => !words.contains("still in progress"),
        StatusCode::UNPROCESSABLE_ENTITY => true,
        _ => false,
    };
    if !is_plain_no {
        return Outcome::Unknown(format!("{status}: {words}"));
    }
    let code = said("reason").filter(|reason| !matches!(*reason, "" | "NA")).or_else(|| said("code"));
    Outcome::Declined(Declined { code: code.unwrap_or("refused").to_owned(), words: words.to_owned() })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn only_a_plain_no_is_a_decline() {
        let no = |words: &str, reason: &str| {
            format!(r#"{{"error":{{"code":"BAD_REQUEST_ERROR","description":"{words}","reason":"{reason}"}}}}"#)
        };
        let table = [
            (
                400,
                no("The refund amount provided is greater than amount captured", "input_validation_failed"),
                Some("input_validation_failed"),
            ),
            (400, no("The payment has been fully refunded already", "NA"), Some("BAD_REQUEST_ERROR")),
            (400, no("The requested URL was not found on the server.", "NA"), None),
            (400, no("Request failed because another payment operation is in progress.", "NA"), None),
            (400, "upstream says no".to_owned(), None),
            (401, no("Authentication failed", "NA"), None),
            (
                409,
                no("Different request with the same idempotency key has already been processed.", ""),
                Some("BAD_REQUEST_ERROR"),
            ),
            (409, no("Another request with the same idempotency key is still in progress.", ""), None),
            (429, no("Request failed. Please try after sometime.", "NA"), None),
            (429, "<html>slow down</html>".to_owned(), None),
            (500, r#"{"error":{"code":"SERVER_ERROR","description":"oops"}}"#.to_owned(), None),
            (502, r#"{"error":{"code":"GATEWAY_ERROR","description":"the bank"}}"#.to_owned(), None),
            (502, r#""bad gateway""#.to_owned(), None),
            (503, r#"{"message":"away"}"#.to_owned(), None),
            (200, "not JSON".to_owned(), None),
        ];
        for (status, body, declined) in table {
            let found = judge(StatusCode::from_u16(status).unwrap(), &body);
            match (&found, declined) {
                (Outcome::Declined(found), Some(code)) => assert_eq!(found.code, code),
                (Outcome::Unknown(_), None) => {}
                _ => panic!("{status} {body}: {found:?}"),
            }
        }
        assert!(matches!(judge(StatusCode::OK, "{}"), Outcome::Done(_)));
    }
}
