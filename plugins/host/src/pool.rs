//! A few threads that run guests, and a queue that is allowed to be full.
//!
//! Guests are pure computation of up to the deadline, so they run neither on the runtime's workers nor on its
//! unbounded blocking pool. A full queue is an answer (`Failure::Capacity`), never a wait without end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::settings::HostError;

/// The guest's stack and the host's frames below it.
const STACK: usize = 4 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// The threads end when the pool is dropped and the queue is empty.
pub(crate) struct Pool {
    queue: SyncSender<Job>,
}

impl Pool {
    pub(crate) fn start(threads: usize, queue: usize) -> Result<Self, HostError> {
        let (sender, receiver) = sync_channel::<Job>(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        for index in 0..threads.max(1) {
            let receiver = Arc::clone(&receiver);
            std::thread::Builder::new()
                .name(format!("plugin-{index}"))
                .stack_size(STACK)
                .spawn(move || work(&receiver))
                .map_err(|error| HostError::new(format!("a plugin thread could not start: {error}")))?;
        }
        Ok(Self { queue: sender })
    }

    /// Runs `job` on one of the threads.
    ///
    /// # Errors
    /// `Failure::Capacity` when the queue is full, `Failure::Internal` when the job panicked.
    pub(crate) async fn run<T, F>(&self, job: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody may be listening any more; the work is lost then, which is what the caller chose.
            let _ = reply.send(job());
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Failure::Capacity,
            TrySendError::Disconnected(_) => Failure::Internal { message: "no plugin thread is left".to_owned() },
        })?;
        answer.await.map_err(|_| Failure::Internal { message: "a plugin thread panicked".to_owned() })
    }
}

fn work(receiver: &Mutex<Receiver<Job>>) {
    loop {
        let job = match receiver.lock() {
            Ok(receiver) => receiver.recv(),
            Err(poisoned) => poisoned.into_inner().recv(),
        };
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a plugin call panicked in the host");
        }
    }
}
