//! What every request and every task has in common.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    courier::Courier,
    faults::Faults,
    lock::locked,
    options::Options,
    world::{Deed, Letter, World},
};

/// What every request and every task has in common.
#[derive(Clone)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    requests: Arc<AtomicU64>,
    pub(crate) key_id: Arc<str>,
    pub(crate) key_secret: Arc<str>,
    pub(crate) courier: Courier,
    pub(crate) faults: Arc<Faults>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Shared {
    pub(crate) fn new(options: Options, url: String) -> Self {
        let (tasks, stop, faults) = (TaskTracker::new(), CancellationToken::new(), Arc::new(Faults::default()));
        let (webhook, pace) = (options.webhook.clone(), options.pace);
        // Closed so that it can be waited for; tasks may still be added.
        tasks.close();
        Self {
            key_id: options.key_id.as_str().into(),
            key_secret: options.key_secret.as_str().into(),
            courier: Courier::new(webhook, pace, faults.clone(), tasks.clone(), stop.clone()),
            world: Arc::new(Mutex::new(World::new(options, url))),
            requests: Arc::default(),
            faults,
            tasks,
            stop,
        }
    }

    /// Looks at the books.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&locked(&self.world))
    }

    /// Changes the books in one piece and sends what there is to tell.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let (outcome, letters) = self.change_and_keep(change);
        for letter in letters {
            self.courier.send(letter);
        }
        outcome
    }

    /// Changes the books in one piece; what there is to tell is left to the caller.
    pub(crate) fn change_and_keep<T>(&self, change: impl FnOnce(&mut World) -> T) -> (T, Vec<Letter>) {
        let (outcome, (letters, agenda)) = {
            let mut world = locked(&self.world);
            (change(&mut world), world.take())
        };
        self.schedule(agenda);
        (outcome, letters)
    }

    fn schedule(&self, agenda: Vec<(Duration, Deed)>) {
        for (pause, deed) in agenda {
            let shared = self.clone();
            self.tasks.spawn(async move {
                tokio::select! {
                    () = shared.stop.cancelled() => {}
                    () = sleep(pause) => shared.change(|world| world.happen(&deed)),
                }
            });
        }
    }

    pub(crate) fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}
