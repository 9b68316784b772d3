//! Many futures of one kind, most of which are ready at once.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{StreamExt, stream::FuturesUnordered};

/// Hands their outputs to `take`, each with its index. Each future is polled once in turn and its output handed over;
/// for one that has to wait, `take` is told so with `None`, and again when the output is there. Those that wait do so
/// together, so that a loader sees the keys of all of them.
pub(crate) async fn gather<F, T>(futures: impl Iterator<Item = F> + Send, mut take: T)
where
    F: Future<Output: Send> + Send,
    T: FnMut(usize, Option<F::Output>) + Send,
{
    let mut waiting = Vec::new();
    let mut unasked = futures.enumerate();
    // One place on the heap serves for all that are ready at once.
    let mut place: Option<Place<F>> = None;
    poll_fn(|context| {
        for (index, future) in unasked.by_ref() {
            let mut at = place.take().unwrap_or_else(|| Box::pin(None));
            at.set(Some(future));
            match poll(&mut at, context) {
                Poll::Ready(output) => {
                    take(index, Some(output));
                    place = Some(at);
                }
                Poll::Pending => {
                    take(index, None);
                    waiting.push(Waiting { index, at });
                }
            }
        }
        Poll::Ready(())
    })
    .await;
    drop(place);
    if waiting.is_empty() {
        return;
    }
    let mut waiting = FuturesUnordered::from_iter(waiting);
    while let Some((index, output)) = waiting.next().await {
        take(index, Some(output));
    }
}

type Place<F> = Pin<Box<Option<F>>>;

fn poll<F: Future>(place: &mut Place<F>, context: &mut Context<'_>) -> Poll<F::Output> {
    place.as_mut().as_pin_mut().map_or(Poll::Pending, |future| future.poll(context))
}

struct Waiting<F> {
    index: usize,
    at: Place<F>,
}

impl<F: Future> Future for Waiting<F> {
    type Output = (usize, F::Output);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let index = self.index;
        poll(&mut self.at, context).map(|output| (index, output))
    }
}
