//! Whether a text would ever run: within the limits, and valid against the schema. Nothing is executed.

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::{Request, Response, Value};
use serde_json::json;
use std::sync::{Arc, LazyLock};
use transport::{Inspector, TransportSettings};

use super::{UndashSchema, builder, costs};
use crate::error::Error;

/// A schema that stops where it would begin to execute.
static VALIDATING: LazyLock<UndashSchema> = LazyLock::new(|| builder().extension(Stop).finish());

struct Stop;

impl ExtensionFactory for Stop {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Stop {
    async fn execute(&self, _: &ExtensionContext<'_>, _: Option<&str>, _: NextExecute<'_>) -> Response {
        Response::new(Value::Null)
    }
}

/// What judges documents; made once for many.
pub(super) struct DocumentCheck(Inspector);

impl DocumentCheck {
    /// By the limits in force.
    pub(super) fn new(settings: &TransportSettings) -> Result<Self, Error> {
        let model = costs().map_err(Error::internal)?;
        Ok(Self(Inspector::new(settings.limits.clone(), Some((model, settings.costs.clone())), 0)))
    }

    /// The words say why the document would not run.
    pub(super) async fn check(&self, text: &str) -> Result<(), String> {
        self.0.inspect(json!({ "query": text })).map_err(|refusal| refusal.message)?;
        let answer = VALIDATING.execute(Request::new(text)).await;
        let words: Vec<String> = answer.errors.into_iter().map(|error| error.message).collect();
        if words.is_empty() { Ok(()) } else { Err(words.join("; ")) }
    }
}
