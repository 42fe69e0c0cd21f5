//! Sources that turn out to read one document, by a feed link, a redirect or feeds.toml: one
//! request serves them all.
//!
//! Only the asking is shared: each keeps its own entries, their identity and its health. They are
//! planned for one moment, the latest of other_source, and the answer that the first of them is
//! given is lent to the others (`fetch`). A source with a schedule or credentials of its own is
//! asked by itself.

use chrono::TimeDelta;

use super::{PollSettings, refresh::FetchedSource, session::FetchSession};
use crate::{
    schedule::{NextPoll, PollReason},
    store::{SharedFeedSource, StoreError},
};
use feed_model::{Problem, Source, SourceId, Timestamp};

/// The other sources that read what this fetched was answered with.
pub(super) async fn of(
    session: &FetchSession<'_>,
    fetched: &FetchedSource,
) -> Result<Vec<SharedFeedSource>, StoreError> {
    let Some(url) = fetched.polled_url.clone() else {
        return Ok(Vec::new());
    };
    let id = session.source().id.clone();
    session.poller().read(move |reader| reader.shared_feed_sources(&id, &url)).await
}

/// Says so where a document was read.
pub(super) fn note(fetched: &mut FetchedSource, shared_feeds: &[SharedFeedSource]) {
    let Some(url) = fetched.polled_url.clone().filter(|_| !fetched.drafts.is_empty()) else {
        return;
    };
    for peer in shared_feeds {
        let text = format!(
            "source `{}` reads {url} as well: one request serves both, and one of the two is enough",
            peer.id
        );
        fetched.problems.get_or_insert_default().push(Problem::warning("same-address", text));
    }
}

/// Brings readers of one document together where they would come shortly after each other: who
/// would come first waits, by less than the shorter of their intervals. Returns those of the others
/// that wait.
pub(super) fn align_schedules(
    next: &mut NextPoll,
    source: &Source,
    last_request: Timestamp,
    shared_feeds: &[SharedFeedSource],
    settings: &PollSettings,
) -> Vec<SourceId> {
    if !can_be_delayed(source) {
        return Vec::new();
    }
    let candidates: Vec<_> = shared_feeds
        .iter()
        .filter_map(|peer| {
            let other_source =
                settings.source(&peer.id).filter(|other_source| can_be_delayed(other_source))?;
            let half = TimeDelta::from_std(
                source.poll_policy.interval.min(other_source.poll_policy.interval) / 2,
            )
            .ok()?;
            let at = peer.next_poll.filter(|at| (*at - next.at).abs() <= half)?;
            Some((peer, other_source, at))
        })
        .collect();
    let Some((latest, _, at)) = candidates.iter().max_by_key(|(_, _, at)| *at) else {
        return Vec::new();
    };
    let aligned_at = next.at.max(*at);
    if aligned_at > next.at {
        if !is_within_max_interval(source, Some(last_request), aligned_at) {
            return Vec::new();
        }
        next.at = aligned_at;
        next.reason = PollReason::SharedFeed {
            source: latest.id.clone(),
            delayed: Some(Box::new(next.reason.clone())),
        };
    }
    candidates
        .iter()
        .filter(|(peer, other_source, at)| {
            *at < aligned_at && is_within_max_interval(other_source, peer.last_request, aligned_at)
        })
        .map(|(peer, _, _)| peer.id.clone())
        .collect()
}

fn can_be_delayed(source: &Source) -> bool {
    source.poll_policy.schedule.is_none() && source.auth.is_none()
}

fn is_within_max_interval(source: &Source, last_request: Option<Timestamp>, at: Timestamp) -> bool {
    let cap = TimeDelta::from_std(source.poll_policy.max_interval).unwrap_or(TimeDelta::MAX);
    last_request.is_none_or(|last| at - last <= cap)
}
