//! Faults in words, for the command line: `POST /v1/payments/*/refund hangs-up-after 3`.

use std::{str::FromStr, time::Duration};

use super::{Fault, Times, Trouble};

impl FromStr for Fault {
    type Err = String;

    /// Reads a method or `*`, a path or `*`, what goes wrong, and how often: a number, `always` or a share such as
    /// `20%`; once when it is not said.
    ///
    /// What may go wrong: `too-many-requests`, `too-many-requests-in-words`, `operation-in-progress`, `server-error`, `gateway-error`,
    /// `bad-gateway-page`, `hangs-up-before`, `hangs-up-after`, `webhook-first`, and with milliseconds
    /// `answers-late=500` and `acts-late=500`.
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (method, path, trouble, times) = match words.as_slice() {
            [method, path, trouble] => (*method, *path, *trouble, "1"),
            [method, path, trouble, times] => (*method, *path, *trouble, *times),
            _ => return Err(format!("“{text}” is not a method, a path, a trouble and how often")),
        };
        Ok(Self {
            method: (method != "*").then(|| method.to_owned()),
            path: if path == "*" { String::new() } else { path.to_owned() },
            times: read_times(times).ok_or_else(|| format!("“{times}” is not how often"))?,
            trouble: read_trouble(trouble).ok_or_else(|| format!("“{trouble}” is no trouble"))?,
        })
    }
}

fn read_times(word: &str) -> Option<Times> {
    match word.strip_suffix('%') {
        Some(share) => share.parse().ok().filter(|share| *share <= 100).map(Times::Percent),
        None if word == "always" => Some(Times::Always),
        None => word.parse().ok().map(Times::Next),
    }
}

fn read_trouble(word: &str) -> Option<Trouble> {
    let (name, pause) = match word.split_once('=') {
        Some((name, pause)) => (name, Some(Duration::from_millis(pause.parse().ok()?))),
        None => (word, None),
    };
    match (name, pause) {
        ("too-many-requests", None) => Some(Trouble::TooManyRequests),
        ("too-many-requests-in-words", None) => Some(Trouble::TooManyRequestsInWords),
        ("operation-in-progress", None) => Some(Trouble::OperationInProgress),
        ("server-error", None) => Some(Trouble::ServerError),
        ("gateway-error", None) => Some(Trouble::GatewayError),
        ("bad-gateway-page", None) => Some(Trouble::BadGatewayPage),
        ("hangs-up-before", None) => Some(Trouble::HangsUpBefore),
        ("hangs-up-after", None) => Some(Trouble::HangsUpAfter),
        ("webhook-first", None) => Some(Trouble::WebhookFirst),
        ("answers-late", Some(pause)) => Some(Trouble::AnswersLate(pause)),
        ("acts-late", Some(pause)) => Some(Trouble::ActsLate(pause)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_from_words() {
        let fault = Fault::next(Trouble::AnswersLate(Duration::from_millis(500))).at("POST", "/v1/orders");
        assert_eq!("POST /v1/orders answers-late=500".parse(), Ok(fault.times(Times::Next(1))));
        let any = Fault::next(Trouble::ServerError).times(Times::Percent(20));
        assert_eq!("* * server-error 20%".parse(), Ok(any));
        for wrong in ["", "GET / nothing", "GET / server-error often", "GET / server-error=5", "* * acts-late"] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }
}
