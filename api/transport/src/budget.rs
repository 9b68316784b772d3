//! What a caller may spend: the trait by which the owner of the schema grants or refuses the price of
//! an operation. How much anyone has, and where it is counted, must not be known here.

use std::{future::Future, time::Duration};

use futures_util::future::BoxFuture;

use crate::Denied;

/// A budget of cost per identity, such as a token bucket of its organisation.
pub trait Budget: Send + Sync + 'static {
    /// Whoever is calling; the same as `Authenticator::Identity`.
    type Identity: Send + Sync + 'static;

    /// One more operation, whatever it costs: asked once for each, before its document is looked at. The default lets
    /// all of them in.
    ///
    /// # Errors
    /// [`Denied::RateLimited`](crate::Denied::RateLimited), with words for the client.
    fn admit(&self, _identity: &Self::Identity) -> impl Future<Output = Result<(), Denied>> + Send {
        async { Ok(()) }
    }

    /// Takes the most an operation may cost, before it runs. Introspection costs nothing and is not
    /// charged; a subscription is charged once, when it starts.
    ///
    /// Where the count cannot be reached the implementation decides: refusing with `Unavailable`
    /// is not offered, because a budget that is away must not take the service with it.
    fn charge(&self, identity: &Self::Identity, cost: u64) -> impl Future<Output = Charge> + Send;

    /// Gives back what an answer did not use: `charged` was taken, `actual` is what it cost. Not
    /// called when nobody waited for the answer. Returns the bucket as it is then; `None`, the
    /// default, gives nothing back.
    fn settle(
        &self,
        _identity: &Self::Identity,
        _charged: u64,
        _actual: u64,
    ) -> impl Future<Output = Option<Bucket>> + Send {
        async { None }
    }
}

/// The outcome of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// The operation may run. Clients are told of the bucket, where there is one.
    Granted(Option<Bucket>),
    /// The operation must wait. HTTP 429 with `Retry-After`; an `error` message on a socket.
    Refused {
        /// When the same operation would be granted.
        retry_after: Duration,
    },
}

/// A token bucket, as clients are told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// What it holds when full.
    pub max: u64,
    /// What it holds now.
    pub remaining: u64,
    /// What flows in per second.
    pub restore_per_second: u64,
}

impl Bucket {
    /// Seconds until it is full, if it ever is.
    pub(crate) fn full_after(self) -> Option<u64> {
        let missing = self.max.saturating_sub(self.remaining);
        (self.restore_per_second > 0).then(|| missing.div_ceil(self.restore_per_second))
    }
}

/// [`Budget`] with its futures boxed, so that a transport without one needs no type for it.
pub(crate) trait AnyBudget<I>: Send + Sync {
    fn admit<'a>(&'a self, identity: &'a I) -> BoxFuture<'a, Result<(), Denied>>;
    fn charge<'a>(&'a self, identity: &'a I, cost: u64) -> BoxFuture<'a, Charge>;
    fn settle<'a>(&'a self, identity: &'a I, charged: u64, actual: u64) -> BoxFuture<'a, Option<Bucket>>;
}

impl<B: Budget> AnyBudget<B::Identity> for B {
    fn admit<'a>(&'a self, identity: &'a B::Identity) -> BoxFuture<'a, Result<(), Denied>> {
        Box::pin(Budget::admit(self, identity))
    }

    fn charge<'a>(&'a self, identity: &'a B::Identity, cost: u64) -> BoxFuture<'a, Charge> {
        Box::pin(Budget::charge(self, identity, cost))
    }

    fn settle<'a>(&'a self, identity: &'a B::Identity, charged: u64, actual: u64) -> BoxFuture<'a, Option<Bucket>> {
        Box::pin(Budget::settle(self, identity, charged, actual))
    }
}
