//! A GraphQL client as a customer would write one: POST, a key, JSON.

use serde_json::{Value, json};
use std::net::SocketAddr;

/// A client with one key, or none.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    key: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Value,
}

impl Answer {
    /// The value at a JSON pointer below `data`.
    pub fn data(&self, pointer: &str) -> &Value {
        self.body.pointer(&format!("/data{pointer}")).unwrap_or(&Value::Null)
    }

    /// The code of the first top-level error.
    pub fn code(&self) -> Option<&str> {
        self.body.pointer("/errors/0/extensions/code").and_then(Value::as_str)
    }

    /// The words of the first top-level error.
    pub fn message(&self) -> &str {
        self.body.pointer("/errors/0/message").and_then(Value::as_str).unwrap_or_default()
    }

    /// The first of the payload's user errors.
    pub fn user_error(&self) -> Option<&Value> {
        let payload = self.body.get("data")?.as_object()?.values().next()?;
        payload.get("errors")?.as_array()?.first()
    }

    /// Whether nothing failed, neither on top nor in a payload.
    pub fn is_fine(&self) -> bool {
        self.status == 200 && self.body.get("errors").is_none() && self.user_error().is_none()
    }
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, address: SocketAddr, key: Option<String>) -> Self {
        Self { http, address, key }
    }

    /// The key.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    /// Where the server is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a document, whatever comes of it.
    pub async fn ask(&self, document: &str, variables: Value) -> Answer {
        self.send(json!({"query": document, "variables": variables}).to_string()).await
    }

    /// Sends a body as it is.
    pub async fn send(&self, body: String) -> Answer {
        let request = self
            .http
            .post(format!("http://{}/graphql", self.address))
            .header("content-type", "application/json")
            .header("accept", "application/json");
        let response = self.with_key(request).body(body).send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        Answer { status, body: serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}")) }
    }

    /// The data of a document that must succeed, user errors included.
    pub async fn get(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.ask(document, variables.clone()).await;
        assert!(answer.is_fine(), "{document}\nwith {variables}\nfailed: {}", answer.body);
        answer.body["data"].take()
    }

    /// Calls a mutation, whatever comes of it. Its input type is named after it, as all of them are.
    pub async fn mutate(&self, field: &str, input: Value, selection: &str) -> Answer {
        let (first, rest) = field.split_at(1);
        let document = format!(
            "mutation($input: {}{rest}Input!) {{ {field}(input: $input) {{ {selection} errors {{ message code path }} }} }}",
            first.to_uppercase()
        );
        self.ask(&document, json!({"input": input})).await
    }

    /// The payload of a mutation that must succeed.
    pub async fn make(&self, field: &str, input: Value, selection: &str) -> Value {
        let mut answer = self.mutate(field, input.clone(), selection).await;
        assert!(answer.is_fine(), "{field} with {input}\nfailed: {}", answer.body);
        answer.body["data"][field].take()
    }

    /// Sends usage to the bulk endpoint.
    pub async fn post_events(&self, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.post_events_for(None, content_type, body).await
    }

    /// Sends usage to the bulk endpoint and names the organisation.
    pub async fn post_events_for(
        &self,
        organisation: Option<&str>,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request =
            self.http.post(format!("http://{}/v1/events", self.address)).header("content-type", content_type);
        if let Some(organisation) = organisation {
            request = request.header("undash-organisation", organisation);
        }
        let response = self.with_key(request).body(body).send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    fn with_key(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }
}
