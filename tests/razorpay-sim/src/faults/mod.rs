//! Bad days: what goes wrong, where and how often.

mod words;

use std::{sync::Mutex, time::Duration};

use crate::lock::locked;

/// How often something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The next so many times.
    Next(u32),
    /// Every time, until the faults are cleared.
    Always,
    /// By chance, in so many of a hundred cases.
    Percent(u8),
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// 429 with Razorpay's error in JSON; nothing happens.
    TooManyRequests,
    /// 429 with a few words that are no JSON; nothing happens.
    TooManyRequestsInWords,
    /// 500 `SERVER_ERROR`; nothing happens.
    ServerError,
    /// 400 because a capture or another refund of the same payment is under way; nothing happens, and it may be tried
    /// again in a few seconds.
    OperationInProgress,
    /// 502 `GATEWAY_ERROR`; nothing happens.
    GatewayError,
    /// 502 with the page of a proxy; nothing happens.
    BadGatewayPage,
    /// The connection ends before anything happened.
    HangsUpBefore,
    /// What was asked for happens, then the connection ends without an answer.
    HangsUpAfter,
    /// What was asked for happens at once, the answer comes this much later.
    AnswersLate(Duration),
    /// What was asked for happens only after this long, even when the caller has gone.
    ActsLate(Duration),
    /// The webhooks of what happens are delivered before the answer is sent.
    WebhookFirst,
}

/// Something that goes wrong with requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `POST` and the like; `None` is any.
    pub method: Option<String>,
    /// The beginning of a path such as `/v1/payments/*/refund`, where `*` is any one piece; empty is any.
    pub path: String,
    /// How often.
    pub times: Times,
    /// What.
    pub trouble: Trouble,
}

impl Fault {
    /// What happens the next time to any request.
    #[must_use]
    pub fn next(trouble: Trouble) -> Self {
        Self { method: None, path: String::new(), times: Times::Next(1), trouble }
    }

    /// The same for requests of this method and a path that begins so.
    #[must_use]
    pub fn at(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        path.clone_into(&mut self.path);
        self
    }

    /// The same, so often.
    #[must_use]
    pub fn times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    fn concerns(&self, method: &str, path: &str) -> bool {
        let mut pieces = path.split('/').filter(|piece| !piece.is_empty());
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self
                .path
                .split('/')
                .filter(|piece| !piece.is_empty())
                .all(|wanted| pieces.next().is_some_and(|piece| wanted == "*" || wanted == piece))
    }
}

/// What goes wrong with a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookTrouble {
    /// Delivered twice, with the same event id.
    Twice,
    /// The body of the first delivery was changed after it was signed; retries are sound.
    Tampered,
    /// The first delivery is signed with another secret; retries are sound.
    WrongSignature,
    /// The first delivery has no signature; retries are sound.
    Unsigned,
    /// Never delivered.
    Lost,
    /// Delivered this much later.
    Late(Duration),
}

/// Something that goes wrong with webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookFault {
    /// The beginning of the event's name, such as `refund.`; empty is any.
    pub event: String,
    /// How often.
    pub times: Times,
    /// What.
    pub trouble: WebhookTrouble,
}

impl WebhookFault {
    /// What happens the next time to an event whose name begins so.
    #[must_use]
    pub fn next(event: &str, trouble: WebhookTrouble) -> Self {
        Self { event: event.to_owned(), times: Times::Next(1), trouble }
    }

    /// The same, so often.
    #[must_use]
    pub fn times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }
}

/// The faults in force, the oldest first.
#[derive(Default)]
pub(crate) struct Faults {
    requests: Mutex<Vec<Fault>>,
    webhooks: Mutex<Vec<WebhookFault>>,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        locked(&self.requests).push(fault);
    }

    pub(crate) fn add_for_webhooks(&self, fault: WebhookFault) {
        locked(&self.webhooks).push(fault);
    }

    pub(crate) fn clear(&self) {
        locked(&self.requests).clear();
        locked(&self.webhooks).clear();
    }

    /// What goes wrong with this request.
    pub(crate) fn strike(&self, method: &str, path: &str) -> Option<Trouble> {
        let mut faults = locked(&self.requests);
        let mut faults = faults.iter_mut().filter(|fault| fault.concerns(method, path));
        faults.find_map(|fault| due(&mut fault.times).then_some(fault.trouble))
    }

    /// What goes wrong with this webhook.
    pub(crate) fn strike_webhook(&self, event: &str) -> Option<WebhookTrouble> {
        let mut faults = locked(&self.webhooks);
        let mut faults = faults.iter_mut().filter(|fault| event.starts_with(&fault.event));
        faults.find_map(|fault| due(&mut fault.times).then_some(fault.trouble))
    }
}

fn due(times: &mut Times) -> bool {
    match times {
        Times::Next(0) => false,
        Times::Next(left) => {
            *left -= 1;
            true
        }
        Times::Always => true,
        Times::Percent(share) => rand::random_range(0..100) < *share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_where_it_was_put_and_so_often() {
        let faults = Faults::default();
        faults.add(Fault::next(Trouble::ServerError).at("POST", "/v1/payments/*/refund"));
        assert_eq!(faults.strike("GET", "/v1/payments/pay_1/refund"), None);
        assert_eq!(faults.strike("POST", "/v1/payments/pay_1"), None);
        assert_eq!(faults.strike("POST", "/v1/payments/pay_1/refund"), Some(Trouble::ServerError));
        assert_eq!(faults.strike("POST", "/v1/payments/pay_1/refund"), None);
    }
}
