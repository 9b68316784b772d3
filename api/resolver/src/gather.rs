//! Many futures of one kind, most of which are ready at once.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{StreamExt, stream::FuturesUnordered};

/// Their outputs, in their order. Each is polled once in turn; those that wait then go on together, so that a loader
/// sees the keys of all of them.
pub(crate) async fn gather<F>(futures: impl ExactSizeIterator<Item = F> + Send) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send,
{
    let mut outputs = Vec::with_capacity(futures.len());
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
                    outputs.push(Some(output));
                    place = Some(at);
                }
                Poll::Pending => {
                    outputs.push(None);
                    waiting.push(Waiting { index, at });
                }
            }
        }
        Poll::Ready(())
    })
    .await;
    drop(place);
    let mut waiting = FuturesUnordered::from_iter(waiting);
    while let Some((index, output)) = waiting.next().await {
        outputs[index] = Some(output);
    }
    outputs.into_iter().flatten().collect()
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
