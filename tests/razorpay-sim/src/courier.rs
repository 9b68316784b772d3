//! Delivery of webhooks: at least once, in no particular order, again and again until somebody takes them.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use bytes::Bytes;
use reqwest::redirect::Policy;
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    faults::{Faults, WebhookTrouble},
    lock::locked,
    options::{Pace, Webhook},
    signature::sign,
    world::Letter,
};

/// One attempt to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `x-razorpay-event-id`, the same for every delivery of an event.
    pub event_id: String,
    /// Such as `payment.captured`.
    pub event: String,
    /// 1 for the first.
    pub attempt: u32,
    /// What was sent, byte for byte.
    pub body: Bytes,
    /// What was sent as `X-Razorpay-Signature`.
    pub signature: Option<String>,
    /// What the receiver answered; `None` when it did not.
    pub status: Option<u16>,
}

/// In which order held webhooks are let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// As they came about.
    InOrder,
    /// The last one first.
    Reversed,
}

/// An event with the secret of its time: a later secret does not sign it.
#[derive(Clone)]
struct Parcel {
    letter: Letter,
    secret: String,
    made: Instant,
}

#[derive(Default)]
struct Post {
    webhook: Option<Webhook>,
    held: Option<Vec<Parcel>>,
    parcels: Vec<Parcel>,
    log: Vec<Delivery>,
}

/// Delivers webhooks.
#[derive(Clone)]
pub(crate) struct Courier {
    client: reqwest::Client,
    pace: Pace,
    post: Arc<Mutex<Post>>,
    faults: Arc<Faults>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Courier {
    pub(crate) fn new(
        webhook: Option<Webhook>,
        pace: Pace,
        faults: Arc<Faults>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        // A receiver is nearby, whatever proxies the environment names; a redirection is no 2xx.
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap_or_default();
        let post = Arc::new(Mutex::new(Post { webhook, ..Post::default() }));
        Self { client, pace, post, faults, tasks, stop }
    }

    /// Another address or another secret; what was made before stays signed with the old one.
    pub(crate) fn set(&self, webhook: Option<Webhook>) {
        locked(&self.post).webhook = webhook;
    }

    pub(crate) fn webhook(&self) -> Option<Webhook> {
        locked(&self.post).webhook.clone()
    }

    pub(crate) fn log(&self) -> Vec<Delivery> {
        locked(&self.post).log.clone()
    }

    pub(crate) fn letters(&self) -> Vec<Letter> {
        locked(&self.post).parcels.iter().map(|parcel| parcel.letter.clone()).collect()
    }

    pub(crate) fn hold(&self) {
        locked(&self.post).held.get_or_insert_default();
    }

    /// Delivers what was held one after the other, in this order.
    pub(crate) fn release(&self, order: Release) {
        let mut held = locked(&self.post).held.take().unwrap_or_default();
        if order == Release::Reversed {
            held.reverse();
        }
        let courier = self.clone();
        self.spawn(async move {
            for parcel in held {
                if !courier.attempt(&parcel, 1, None).await {
                    courier.retry_in_background(parcel);
                }
            }
        });
    }

    /// Sends an event on its way.
    pub(crate) fn send(&self, letter: Letter) {
        let Some(parcel) = self.pack(letter, true) else { return };
        let trouble = self.faults.strike_webhook(&parcel.letter.event);
        let pause = match trouble {
            Some(WebhookTrouble::Lost) => return,
            Some(WebhookTrouble::Late(pause)) => self.pace.webhook + pause,
            _ => self.pace.webhook,
        };
        let courier = self.clone();
        self.spawn(async move {
            sleep(pause).await;
            courier.deliver(parcel, trouble).await;
        });
    }

    /// Delivers an event and comes back when it was taken or refused once.
    pub(crate) async fn send_and_wait(&self, letter: Letter) {
        let Some(parcel) = self.pack(letter, false) else { return };
        if !self.attempt(&parcel, 1, None).await {
            self.retry_in_background(parcel);
        }
    }

    /// Delivers an event once more, as signed in its time; false when there is none of this name.
    pub(crate) fn again(&self, event_id: &str) -> bool {
        let parcel = locked(&self.post).parcels.iter().find(|parcel| parcel.letter.id == event_id).cloned();
        let Some(mut parcel) = parcel else { return false };
        parcel.made = Instant::now();
        let courier = self.clone();
        self.spawn(async move { courier.deliver(parcel, None).await });
        true
    }

    /// Notes an event and stamps it with today's secret; `None` when it goes nowhere for now.
    fn pack(&self, letter: Letter, may_be_held: bool) -> Option<Parcel> {
        let mut post = locked(&self.post);
        let secret = post.webhook.as_ref().map(|webhook| webhook.secret.clone());
        let parcel = Parcel { letter, secret: secret.clone().unwrap_or_default(), made: Instant::now() };
        post.parcels.push(parcel.clone());
        secret?;
        match post.held.as_mut().filter(|_| may_be_held) {
            Some(held) => {
                held.push(parcel);
                None
            }
            None => Some(parcel),
        }
    }

    async fn deliver(&self, parcel: Parcel, trouble: Option<WebhookTrouble>) {
        let mut taken = self.attempt(&parcel, 1, trouble).await;
        if trouble == Some(WebhookTrouble::Twice) {
            taken = self.attempt(&parcel, 1, None).await;
        }
        if !taken {
            self.retry(parcel).await;
        }
    }

    fn retry_in_background(&self, parcel: Parcel) {
        let courier = self.clone();
        self.spawn(async move { courier.retry(parcel).await });
    }

    /// Tries until somebody takes it, ever more slowly; after the longest wait the webhook is disabled.
    async fn retry(&self, parcel: Parcel) {
        let mut pause = self.pace.retry_first;
        for attempt in 2.. {
            sleep(pause).await;
            pause = (pause * 2).min(self.pace.retry_longest);
            if parcel.made.elapsed() > self.pace.give_up {
                tracing::warn!(event = parcel.letter.event, "a webhook was given up and disabled");
                locked(&self.post).webhook = None;
                return;
            }
            if self.webhook().is_none() || self.attempt(&parcel, attempt, None).await {
                return;
            }
        }
    }

    /// Delivers once; whether it was taken.
    async fn attempt(&self, parcel: &Parcel, attempt: u32, trouble: Option<WebhookTrouble>) -> bool {
        let Some(webhook) = self.webhook() else { return false };
        let letter = &parcel.letter;
        let signature = match trouble {
            Some(WebhookTrouble::Unsigned) => None,
            Some(WebhookTrouble::WrongSignature) => Some(sign(&letter.body, "not the secret")),
            _ => Some(sign(&letter.body, &parcel.secret)),
        };
        let body = match trouble {
            Some(WebhookTrouble::Tampered) => tampered(&letter.body),
            _ => letter.body.clone(),
        };
        let mut request = self
            .client
            .post(&webhook.url)
            .timeout(self.pace.webhook_timeout)
            .header("content-type", "application/json")
            .header("user-agent", "Razorpay-Webhook/v1")
            .header("x-razorpay-event-id", &letter.id)
            .body(body.clone());
        if let Some(signature) = &signature {
            request = request.header("x-razorpay-signature", signature);
        }
        let status = request.send().await.ok().map(|answer| answer.status());
        let delivery = Delivery {
            event_id: letter.id.clone(),
            event: letter.event.clone(),
            attempt,
            body,
            signature,
            status: status.map(|status| status.as_u16()),
        };
        locked(&self.post).log.push(delivery);
        status.is_some_and(|status| status.is_success())
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }
}

/// The same JSON with another number in it.
fn tampered(body: &Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    if let Some(digit) = bytes.iter_mut().rev().find(|byte| byte.is_ascii_digit()) {
        *digit = if *digit == b'9' { b'8' } else { *digit + 1 };
    }
    Bytes::from(bytes)
}
