//! What an operation is paid from: the buckets of its key and its organisation, for the GraphQL transport.

use std::sync::Arc;
use transport::{Bucket, Budget, Charge, Denied};

use crate::app::App;
use crate::http::identity::denied;
use crate::limiter::{Measure, Standing};
use crate::viewer::Viewer;

/// The buckets, as the transport asks for them.
pub(super) struct Purse {
    app: Arc<App>,
}

impl Purse {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

impl Budget for Purse {
    type Identity = Viewer;

    async fn admit(&self, viewer: &Viewer) -> Result<(), Denied> {
        let spent = self.app.limiter.spend(viewer, Measure::Requests, 1).await;
        spent.map(|_| ()).map_err(|wait| denied(wait.error()))
    }

    async fn charge(&self, viewer: &Viewer, cost: u64) -> Charge {
        match self.app.limiter.spend(viewer, Measure::Cost, cost).await {
            Ok(standings) => {
                self.app.metrics.cost_charged(cost);
                Charge::Granted(scarcest(standings))
            }
            Err(wait) => {
                self.app.metrics.cost_refused(cost);
                Charge::Refused { retry_after: wait.retry_after }
            }
        }
    }

    async fn settle(&self, viewer: &Viewer, charged: u64, actual: u64) -> Option<Bucket> {
        let unused = charged.saturating_sub(actual);
        self.app.metrics.cost_given_back(unused);
        scarcest(self.app.limiter.give_back(viewer, Measure::Cost, unused).await)
    }
}

/// The bucket that will be empty first is the one a client has to know.
fn scarcest(standings: Vec<Standing>) -> Option<Bucket> {
    let bucket = standings.into_iter().min_by_key(|standing| standing.remaining)?;
    Some(Bucket { max: bucket.rate.burst, remaining: bucket.remaining, restore_per_second: bucket.rate.per_second })
}
