//! The only task that writes to a socket. Protocol frames go before results, each frame has a
//! deadline, and a client that does not read is let go rather than waited for.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt, stream::SplitSink};
use tokio::sync::mpsc;

use super::{
    close::Close,
    operation::{Frame, Operations},
};

/// Time to hand over the close frame to a client that has already been too slow once.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Protocol frames, never results.
#[derive(Debug)]
pub(super) enum Control {
    Text(&'static str),
    Close(Close),
}

/// Why the writer stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The close frame was written, or nobody is left to write for.
    Closed,
    /// The client did not read in time.
    Slow,
    /// The connection is broken.
    Gone,
}

/// Writes until told to close or unable to go on.
pub(super) async fn run(
    mut sink: SplitSink<WebSocket, Message>,
    mut control: mpsc::Receiver<Control>,
    mut frames: mpsc::Receiver<Frame>,
    operations: Operations,
    wait: Duration,
) -> End {
    loop {
        let message = tokio::select! {
            biased;
            order = control.recv() => match order {
                Some(Control::Text(text)) => Message::text(text),
                Some(Control::Close(close)) => return write_close(&mut sink, &close, wait).await,
                None => return End::Closed,
            },
            Some(frame) = frames.recv() => {
                if frame.operation.is_stopped() {
                    continue;
                }
                if frame.is_last {
                    operations.end(&frame.operation);
                }
                Message::text(frame.text)
            }
        };
        match tokio::time::timeout(wait, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Gone,
            Err(_) => {
                write_close(&mut sink, &Close::slow_consumer(), LAST_WORD).await;
                return End::Slow;
            }
        }
    }
}

async fn write_close(sink: &mut SplitSink<WebSocket, Message>, close: &Close, wait: Duration) -> End {
    match tokio::time::timeout(wait, sink.send(Message::Close(Some(close.frame())))).await {
        Ok(Ok(())) => End::Closed,
        Ok(Err(_)) => End::Gone,
        Err(_) => End::Slow,
    }
}
