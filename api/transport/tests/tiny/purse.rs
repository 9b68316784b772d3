//! A budget that is the same for everyone but `poor`, and two trusted documents.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_graphql::Value;
use transport::{
    Arguments, Bucket, Budget, Charge, CostModel, Denied, FieldCost, Transport, TransportSettings, TrustedDocuments,
};

use super::{Door, Tiny};

/// The model of the tiny schema, with a price of its own for `nap`.
pub fn costs() -> CostModel {
    let ms = |arguments: &Arguments<'_>| match arguments.get("ms") {
        Some(Value::Number(ms)) => ms.as_u64().unwrap_or(0),
        _ => 0,
    };
    CostModel::from_sdl(&super::schema().sdl())
        .unwrap()
        .with_field("Query.nap", move |arguments| FieldCost { own: ms(arguments), items: 0 })
        .unwrap()
}

/// The tiny schema with everything switched on.
pub fn transport(settings: TransportSettings, purse: Purse) -> Transport<Tiny, Door> {
    Transport::new(super::schema(), Door::default(), settings)
        .with_costs(costs())
        .with_budget(purse)
        .with_trusted_documents(Library)
}

/// A thousand, of which nothing flows back by itself.
#[derive(Clone, Debug)]
pub struct Purse(pub Arc<AtomicU64>);

impl Default for Purse {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(1_000)))
    }
}

impl Purse {
    fn bucket(&self) -> Bucket {
        Bucket { max: 1_000, remaining: self.0.load(Ordering::SeqCst), restore_per_second: 50 }
    }
}

impl Budget for Purse {
    type Identity = String;

    async fn charge(&self, identity: &String, cost: u64) -> Charge {
        let taken = self.0.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(cost));
        match taken {
            Ok(_) if identity != "poor" => Charge::Granted(Some(self.bucket())),
            _ => Charge::Refused { retry_after: Duration::from_millis(2_500) },
        }
    }

    async fn settle(&self, _identity: &String, charged: u64, actual: u64) -> Option<Bucket> {
        self.0.fetch_add(charged - actual, Ordering::SeqCst);
        Some(self.bucket())
    }
}

/// Knows `{ hello }` and `subscription { tick(n: 1) }`, and has one false entry.
#[derive(Clone, Copy, Debug)]
pub struct Library;

impl TrustedDocuments for Library {
    type Identity = String;

    async fn find(&self, _identity: &String, digest: &str) -> Result<Option<String>, Denied> {
        let known = ["{ hello }", "subscription { tick(n: 1) }", "mutation { write(ms: 0) }"];
        let by_digest = known.into_iter().find(|text| super::digest(text) == digest);
        match by_digest {
            Some(text) => Ok(Some(text.to_owned())),
            None if digest == "0".repeat(64) => Ok(Some("{ forged }".to_owned())),
            None if digest == "1".repeat(64) => Err(Denied::Unavailable("The documents cannot be read.".to_owned())),
            None => Ok(None),
        }
    }
}
