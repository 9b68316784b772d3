//! A schema with one of everything, and a door that knows a few keys. Shared by the example and the
//! tests; it must stay small. What a budget and trusted documents need is in `purse`.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod client;
pub mod purse;

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, Error, ErrorExtensions, Object, Request, Result, Schema, SimpleObject, Subscription, Upload,
};
use futures_util::{Stream, StreamExt, stream};
use sha2::{Digest, Sha256};
use transport::{Authenticator, Denied, LastEventId, LimitsReport, RequestId};

pub type Tiny = Schema<Query, Mutation, Ticks>;

pub static WRITES_FINISHED: AtomicUsize = AtomicUsize::new(0);
pub static QUERIES_DROPPED: AtomicUsize = AtomicUsize::new(0);

/// Tells that the future it lies in was dropped, as a database driver would cancel its statement.
struct Statement;

impl Drop for Statement {
    fn drop(&mut self) {
        QUERIES_DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(SimpleObject)]
pub struct Thing {
    number: u64,
}

#[derive(SimpleObject)]
pub struct ThingConnection {
    nodes: Vec<Thing>,
}

/// An item of a stream that can be resumed.
#[derive(SimpleObject)]
pub struct Count {
    cursor: String,
    number: u64,
}

pub fn schema() -> Tiny {
    Schema::build(Query, Mutation, Ticks).limit_complexity(500).finish()
}

/// The SHA-256 of a text in hexadecimal.
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Who is calling, as the resolvers see it.
#[derive(Clone, Debug)]
pub struct Caller(pub String);

pub struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "world"
    }
    async fn caller(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(ctx.data::<Caller>()?.0.clone())
    }
    async fn request_id(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(ctx.data::<RequestId>()?.to_string())
    }
    async fn add(&self, a: i32, b: i32) -> i32 {
        a + b
    }
    async fn same(&self, number: f64) -> Option<f64> {
        Some(number)
    }
    /// A foreign error by way of `?`: its words must not get out.
    async fn leak(&self) -> Result<Option<i32>> {
        Ok(Some("password=hunter2".parse::<i32>()?))
    }
    async fn refused(&self) -> Result<Option<i32>> {
        Err(Error::new("No such thing.").extend_with(|_, e| e.set("code", "NOT_FOUND")))
    }
    async fn crash(&self) -> Option<i32> {
        fault()
    }
    async fn slow(&self) -> i32 {
        let _statement = Statement;
        tokio::time::sleep(Duration::from_secs(60)).await;
        1
    }
    async fn nap(&self, ms: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        ms
    }
    /// There are never more than three.
    async fn things(&self, first: Option<u64>) -> ThingConnection {
        ThingConnection { nodes: (0..first.unwrap_or(25).min(3)).map(|number| Thing { number }).collect() }
    }
    async fn depth_limit(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(ctx.data::<Arc<LimitsReport>>()?.depth)
    }
    #[graphql(complexity = "10_000")]
    async fn dear(&self) -> i32 {
        1
    }
}

fn fault() -> Option<i32> {
    panic!("secret")
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn write(&self, ms: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        WRITES_FINISHED.fetch_add(1, Ordering::SeqCst);
        ms
    }
    /// The name, type and text of a file.
    async fn read(&self, ctx: &Context<'_>, file: Upload) -> Result<String> {
        let file = file.value(ctx)?;
        let (name, kind) = (file.filename.clone(), file.content_type.clone().unwrap_or_default());
        let mut text = String::new();
        file.into_read().read_to_string(&mut text)?;
        Ok(format!("{name} {kind} {text}"))
    }
    async fn sizes(&self, ctx: &Context<'_>, files: Vec<Upload>) -> Result<Vec<u64>> {
        files.iter().map(|file| Ok(file.value(ctx)?.size()?)).collect()
    }
}

pub struct Ticks;

#[Subscription]
impl Ticks {
    /// `n` numbers, a little apart.
    async fn tick(&self, n: u32, #[graphql(default = 50)] ms: u64) -> impl Stream<Item = u32> {
        stream::iter(0..n).then(move |number| async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            number
        })
    }
    /// The numbers after a cursor, for ever, with a cursor each.
    async fn count(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
        #[graphql(default = 20)] ms: u64,
    ) -> impl Stream<Item = Count> {
        let last = after.or_else(|| ctx.data_opt::<LastEventId>().map(|id| id.0.clone()));
        let next = last.and_then(|cursor| cursor.strip_prefix('c')?.parse::<u64>().ok()).map_or(0, |number| number + 1);
        stream::iter(next..).then(move |number| async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Count { cursor: format!("c{number}"), number }
        })
    }
    async fn never(&self) -> impl Stream<Item = u32> {
        stream::pending()
    }
    /// As fast as the socket takes them, each a hundred kilobytes.
    async fn flood(&self) -> impl Stream<Item = String> {
        stream::iter(0_u64..).map(|number| format!("{number}{}", "x".repeat(100_000)))
    }
    async fn closed_door(&self) -> Result<impl Stream<Item = u32>> {
        Err::<stream::Empty<u32>, _>(Error::new("Not for you.").extend_with(|_, e| e.set("code", "FORBIDDEN")))
    }
    async fn stumbles(&self) -> impl Stream<Item = Result<u32>> {
        stream::iter([Ok(1), Err(Error::new("secret")), Ok(3)])
    }
    async fn crashes(&self) -> impl Stream<Item = u32> {
        stream::iter(0..3).map(|number| if number == 1 { panic!("secret") } else { number })
    }
}

/// Lets in whoever says `good` (and a few more, see `purse`), for as long as `revoked` is not set.
#[derive(Clone, Debug, Default)]
pub struct Door {
    pub revoked: Arc<AtomicBool>,
}

impl Authenticator for Door {
    type Identity = String;

    async fn authenticate(
        &self,
        bearer: Option<String>,
        _caller: transport::Caller,
    ) -> std::result::Result<String, Denied> {
        match bearer.as_deref() {
            Some(key @ ("good" | "other" | "trusted" | "poor" | "reader")) => Ok(key.to_owned()),
            Some("busy") => Err(Denied::RateLimited {
                message: "Too many requests.".to_owned(),
                retry_after: Duration::from_millis(1500),
            }),
            _ => Err(Denied::Unauthenticated("Send a valid key as `Authorization: Bearer …`.".to_owned())),
        }
    }

    async fn still_valid(&self, _identity: &String) -> bool {
        !self.revoked.load(Ordering::SeqCst)
    }

    fn attach(&self, identity: String, request: Request) -> Request {
        request.data(Caller(identity))
    }

    fn socket_owner(&self, identity: &String) -> Option<String> {
        Some(identity.clone())
    }

    fn trusted_documents_only(&self, identity: &String) -> bool {
        identity == "trusted"
    }

    fn may_upload(&self, identity: &String) -> bool {
        identity != "reader"
    }

    fn document_class(&self, identity: &String) -> String {
        identity.clone()
    }
}
