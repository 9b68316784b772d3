//! A simulator, somebody who asks it things, and somebody who receives its webhooks.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, http::HeaderMap, http::StatusCode};
use razorpay_sim::{Options, Simulator, Webhook};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub(crate) const KEY: &str = "rzp_test_key";
pub(crate) const SECRET: &str = "key secret";

/// A webhook as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) signature: Option<String>,
    pub(crate) bytes: Bytes,
}

impl Received {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        self.body()["event"].as_str().unwrap().to_owned()
    }

    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        self.signature.as_deref() == Some(razorpay_sim::signature::sign(&self.bytes, secret).as_str())
    }
}

/// Receives webhooks; answers `refusals` of them with 500 first.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) refusals: Arc<Mutex<u32>>,
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (refusals, received) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(Vec::new())));
        let receiver = Self { url, refusals, received };
        let inner = receiver.clone();
        let app = Router::new().fallback(move |headers: HeaderMap, bytes: Bytes| async move {
            let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            inner.received.lock().unwrap().push(Received {
                id: header("x-razorpay-event-id").unwrap(),
                signature: header("x-razorpay-signature"),
                bytes,
            });
            let mut refusals = inner.refusals.lock().unwrap();
            if *refusals > 0 {
                *refusals -= 1;
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            StatusCode::OK
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        receiver
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn of(&self, event: &str) -> Vec<Received> {
        self.all().into_iter().filter(|received| received.event() == event).collect()
    }
}

pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) receiver: Receiver,
    pub(crate) client: Client,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(adjust: impl FnOnce(&mut Options)) -> Self {
        let receiver = Receiver::start().await;
        let mut options = Options::new(KEY, SECRET).webhook(&receiver.url, "first");
        adjust(&mut options);
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let simulator = Simulator::start(listen, options).await.unwrap();
        Self { simulator, receiver, client: Client::builder().no_proxy().build().unwrap() }
    }

    pub(crate) fn rotate(&self, secret: &str) {
        self.simulator.set_webhook(Some(Webhook { url: self.receiver.url.clone(), secret: secret.to_owned() }));
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.simulator.url())).basic_auth(KEY, Some(SECRET))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::POST, path).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::PATCH, path).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn refund(&self, payment: &str, key: &str, body: &Value) -> (u16, Value) {
        let path = format!("/v1/payments/{payment}/refund");
        let request = self.request(Method::POST, &path).header("X-Refund-Idempotency", key).json(body);
        answer(request.send().await.unwrap()).await
    }

    /// A new order's id.
    pub(crate) async fn order(&self, amount: i64) -> String {
        let (status, order) = self.post("/v1/orders", json!({ "amount": amount, "currency": "INR" })).await;
        assert_eq!(status, 200, "{order}");
        id(&order)
    }

    /// A captured payment's id.
    pub(crate) async fn paid(&self, amount: i64) -> String {
        let order = self.order(amount).await;
        self.simulator.pay_order(&order, &razorpay_sim::Payer::pays()).unwrap()
    }
}

pub(crate) fn id(document: &Value) -> String {
    document["id"].as_str().unwrap_or_else(|| panic!("{document} has an id")).to_owned()
}

pub(crate) fn words(document: &Value) -> &str {
    document["error"]["description"].as_str().unwrap_or_default()
}

pub(crate) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}, in ten seconds");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
