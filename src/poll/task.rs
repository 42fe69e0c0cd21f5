//! One task of the scheduler: a poll, or pages of a backfill.

use std::sync::Arc;

use tracing::{Instrument as _, info_span};

use feed_model::Source;

use super::{poller::Poller, report::PollReport};

/// One task of the scheduler.
#[derive(Debug, Clone)]
pub struct PollTask {
    /// The source.
    pub source: Arc<Source>,
    /// The key of its host's limit.
    pub host: String,
    /// What is fetched.
    pub work: Work,
}

/// What a task fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The source itself.
    Poll,
    /// Pages of its backfill.
    Backfill {
        /// The most pages.
        max_pages: usize,
    },
}

impl PollTask {
    /// Carries the task out. A panic is part of the report.
    pub(super) async fn run(&self, poller: &Poller) -> PollReport {
        match self.work {
            Work::Poll => poller.refresh(&self.source).await,
            Work::Backfill { max_pages } => {
                let (poller, source) = (poller.clone(), self.source.clone());
                let span = info_span!("backfill", source = source.id.as_str());
                let backfill = async move { poller.backfill_source(&source, max_pages).await };
                let backfill = tokio::spawn(backfill.instrument(span));
                backfill.await.unwrap_or_else(|join_error| {
                    let error = format!("internal error, please report it: {join_error}");
                    PollReport::not_stored_because(self.source.id.clone(), error)
                })
            }
        }
    }
}
