//! Sources that turn out to read one document, by a feed link, a redirect or feeds.toml: one request serves them all.
//!
//! Only the asking is shared: each keeps its own entries, their identity and its health. They are planned for one moment, the
//! latest of theirs, and the answer that the first of them is given is lent to the others (`fetch`). A source with a schedule
//! or credentials of its own is asked by itself.

use chrono::TimeDelta;

use super::{Settings, exchange::Exchanges, refresh::Visit};
use crate::{
    schedule::NextPoll,
    store::{FellowReader, StoreError},
};
use feed_model::{Problem, Source, SourceId, Timestamp};

/// The other sources that read what this visit was answered with.
pub(super) async fn of(exchanges: &Exchanges<'_>, visit: &Visit) -> Result<Vec<FellowReader>, StoreError> {
    let Some(url) = visit.polled.clone() else { return Ok(Vec::new()) };
    let id = exchanges.source().id.clone();
    exchanges.poller().read(move |reader| reader.sources_at(&id, &url)).await
}

/// Says so where a document was read.
pub(super) fn note(visit: &mut Visit, fellows: &[FellowReader]) {
    let Some(url) = visit.polled.clone().filter(|_| !visit.drafts.is_empty()) else { return };
    for fellow in fellows {
        let text = format!("source `{}` reads {url} as well: one request serves both, and one of the two is enough", fellow.id);
        visit.problems.get_or_insert_default().push(Problem::warning("same-address", text));
    }
}

/// Brings readers of one document together where they would come shortly after each other: who would come first waits, by
/// less than the shorter of their intervals. Returns those of the others that wait.
pub(super) fn meet(
    next: &mut NextPoll,
    source: &Source,
    last_request: Timestamp,
    fellows: &[FellowReader],
    settings: &Settings,
) -> Vec<SourceId> {
    if !may_wait(source) {
        return Vec::new();
    }
    let near: Vec<_> = fellows
        .iter()
        .filter_map(|fellow| {
            let theirs = settings.source(&fellow.id).filter(|theirs| may_wait(theirs))?;
            let half = TimeDelta::from_std(source.pace.interval.min(theirs.pace.interval) / 2).ok()?;
            let at = fellow.next_poll.filter(|at| (*at - next.at).abs() <= half)?;
            Some((fellow, theirs, at))
        })
        .collect();
    let Some((latest, _, at)) = near.iter().max_by_key(|(_, _, at)| *at) else { return Vec::new() };
    let meeting = next.at.max(*at);
    if meeting > next.at {
        if !is_within_cap(source, Some(last_request), meeting) {
            return Vec::new();
        }
        next.at = meeting;
        next.because = format!("{}, then together with source `{}`, which reads the same document", next.because, latest.id);
    }
    near.iter()
        .filter(|(fellow, theirs, at)| *at < meeting && is_within_cap(theirs, fellow.last_request, meeting))
        .map(|(fellow, _, _)| fellow.id.clone())
        .collect()
}

fn may_wait(source: &Source) -> bool {
    source.pace.schedule.is_none() && source.auth.is_none()
}

fn is_within_cap(source: &Source, last_request: Option<Timestamp>, at: Timestamp) -> bool {
    let cap = TimeDelta::from_std(source.pace.max_interval).unwrap_or(TimeDelta::MAX);
    last_request.is_none_or(|last| at - last <= cap)
}
