//! Sources that read the same feed, by a feed link, a redirect or feeds.toml: one request serves
//! them all.
//!
//! Only the request is shared. Each source keeps its own entries and its own health. Their next
//! polls are aligned to the latest of them, and the response cache of `fetch` passes the response
//! of the first to the others. A source with a cron schedule or with credentials is not aligned.

use chrono::TimeDelta;

use feed_model::{Problem, Source, SourceId, Timestamp};

use super::{fetched::FetchedSource, settings::PollSettings};
use crate::{
    schedule::{NextPoll, PollReason},
    store::SharedFeedSource,
};

/// Adds a warning for each other source that reads the same document, if entries were read.
pub(super) fn add_problems(fetched: &mut FetchedSource, shared_feeds: &[SharedFeedSource]) {
    let Some(url) = fetched.polled_url().cloned() else {
        return;
    };
    let Some(found) = fetched.found_mut().filter(|found| !found.drafts.is_empty()) else {
        return;
    };
    for peer in shared_feeds {
        let text =
            format!("source `{}` reads {url} as well: one of the two sources is enough", peer.id);
        found.problems.push(Problem::warning("same-address", text));
    }
}

/// Aligns the next polls of sources that read the same feed, if they are at most half of the
/// shorter interval apart: the earlier ones are delayed. Returns the other sources to be delayed.
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
