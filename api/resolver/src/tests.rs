//! Answers are those of the stock resolver, except for the order of fields, which is that of the document.
#![allow(clippy::unwrap_used)]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    Context, EmptyMutation, EmptySubscription, Error, Interface, Object, Schema, SimpleObject,
    dataloader::{DataLoader, Loader},
};

/// The same types on the stock resolver and on ours.
macro_rules! types {
    ($module:ident, $krate:literal, $list:ident) => {
        mod $module {
            use super::*;
            #[allow(unused_imports)]
            use crate::Items;

            #[derive(SimpleObject, Clone)]
            #[graphql(crate = $krate)]
            pub(super) struct Price {
                amount: String,
                currency: &'static str,
            }

            #[derive(Interface)]
            #[graphql(crate = $krate, field(name = "id", ty = "usize"))]
            pub(super) enum Node {
                Thing(Thing),
            }

            #[derive(Clone)]
            pub(super) struct Thing(usize);

            #[Object(crate = $krate)]
            impl Thing {
                async fn id(&self) -> usize {
                    self.0
                }

                async fn price(&self) -> Price {
                    Price { amount: format!("{}.50", self.0), currency: "EUR" }
                }

                /// Waits, so that other fields overtake it on the stock resolver.
                async fn name(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
                    Ok(ctx.data::<DataLoader<Names>>()?.load_one(self.0).await?)
                }

                async fn odd(&self) -> async_graphql::Result<Option<usize>> {
                    if self.0 % 2 == 1 { Ok(Some(self.0)) } else { Err(Error::new("not odd")) }
                }

                async fn parts(&self) -> $list<Thing> {
                    (0..self.0.min(2)).map(Thing).collect()
                }
            }

            pub(super) struct Query;

            #[Object(crate = $krate)]
            impl Query {
                async fn things(&self, count: usize) -> $list<Thing> {
                    (0..count).map(Thing).collect()
                }

                async fn node(&self) -> Node {
                    Node::Thing(Thing(3))
                }
            }
        }
    };
}

types!(stock, "async_graphql", Vec);
types!(ours, "crate", Items);

/// Names of things, read in batches that are counted.
struct Names(Arc<AtomicUsize>);

impl Loader<usize> for Names {
    type Value = String;
    type Error = String;

    async fn load(&self, keys: &[usize]) -> Result<HashMap<usize, String>, Self::Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok(keys.iter().map(|key| (*key, format!("thing {key}"))).collect())
    }
}

async fn answers(query: &str) -> [serde_json::Value; 2] {
    let batches = Arc::new(AtomicUsize::default());
    let names = || DataLoader::new(Names(Arc::clone(&batches)), tokio::spawn);
    let stock = Schema::build(stock::Query, EmptyMutation, EmptySubscription).data(names()).finish();
    let ours = Schema::build(ours::Query, EmptyMutation, EmptySubscription).data(names()).finish();
    assert_eq!(stock.sdl(), ours.sdl());
    [stock.execute(query).await, ours.execute(query).await].map(|mut answer| {
        answer.errors.sort_by_key(|error| format!("{:?}", error.path));
        serde_json::to_value(&answer).unwrap()
    })
}

#[tokio::test]
async fn what_is_answered_is_what_the_stock_resolver_answers() {
    let queries = [
        "{ things(count: 60) { id name price { currency amount } __typename parts { id parts { id } } } }",
        "{ things(count: 3) { one: id two: id price { amount } price { currency } parts { id } parts { price { amount } } } }",
        "{ things(count: 4) { id odd } }",
        "{ things(count: 2) { ...Whole ... on Thing { odd } ... { id } ...Abstract } } \
         fragment Whole on Thing { name price { ...Money } } fragment Money on Price { currency } fragment Abstract on Node { id }",
        "query { things(count: 2) { id @skip(if: true) price @include(if: true) { amount } } }",
        "{ things(count: 2) { id @skip(if: true) } }",
        "{ node { __typename id ... on Thing { name price { amount } } } }",
        "{ things(count: 0) { id } }",
    ];
    for query in queries {
        let [stock, ours] = answers(query).await;
        assert_eq!(stock, ours, "{query}");
        assert!(stock["data"] != serde_json::Value::Null, "{stock}");
    }
}

#[tokio::test]
async fn fields_come_in_the_order_of_the_document() {
    let schema = Schema::build(ours::Query, EmptyMutation, EmptySubscription)
        .data(DataLoader::new(Names(Arc::default()), tokio::spawn))
        .finish();
    let answer = schema.execute("{ things(count: 1) { name price { currency amount } id } }").await;
    let text = serde_json::to_string(&answer.data).unwrap();
    assert_eq!(text, r#"{"things":[{"name":"thing 0","price":{"currency":"EUR","amount":"0.50"},"id":0}]}"#);
}

#[tokio::test]
async fn items_that_wait_wait_together() {
    let batches = Arc::new(AtomicUsize::default());
    let schema = Schema::build(ours::Query, EmptyMutation, EmptySubscription)
        .data(DataLoader::new(Names(Arc::clone(&batches)), tokio::spawn))
        .finish();
    let answer = schema.execute("{ things(count: 90) { name id } }").await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    assert_eq!(batches.load(Ordering::Relaxed), 1);
}
