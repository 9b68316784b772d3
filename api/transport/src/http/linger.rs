//! A body whose rest is read and forgotten when nobody wants it any more. A server that answers early and closes while the
//! client still sends has its answer destroyed on the way; so it listens on for a moment, keeping nothing.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use futures_util::{Stream, StreamExt};
use tokio::{runtime::Handle, time::timeout};

/// The most that is read in vain, and for how long.
const BYTES: usize = 1024 * 1024;
const TIME: Duration = Duration::from_secs(3);

/// What has not been read yet; nothing once the end was seen.
struct Rest(Option<BodyDataStream>);

/// The same body, which is read on for a moment should the request be refused before its end.
pub(super) fn lingering(body: Body) -> Body {
    match body.is_end_stream() {
        true => body,
        false => Body::from_stream(Rest(Some(body.into_data_stream()))),
    }
}

impl Stream for Rest {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let part = ready!(rest.poll_next_unpin(context));
        if !matches!(part, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(part)
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(timeout(TIME, forget(rest)));
        }
    }
}

async fn forget(mut rest: BodyDataStream) {
    let mut left = BYTES;
    while let Some(Ok(part)) = rest.next().await {
        match left.checked_sub(part.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn what_is_not_wanted_is_read_on_within_bounds() {
        let read = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&read);
        let endless = stream::repeat_with(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(Bytes::from_static(&[0; 1024]))
        });
        let mut parts = lingering(Body::from_stream(endless)).into_data_stream();
        parts.next().await.unwrap().unwrap();
        drop(parts);
        timeout(TIME, async {
            while read.load(Ordering::SeqCst) < 1_026 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(read.load(Ordering::SeqCst), 1_026, "one wanted, a mebibyte in vain, and the one too many");
        assert!(lingering(Body::empty()).is_end_stream());
    }
}
