//! The archives of a feed (RFC 5005 §4): documents with its older entries, each of which names the
//! one before it.
//!
//! A feed that names an archive has it queued, unless it is known. The backfill fetches it, stores
//! its entries, and queues the archive before it in the same transaction, so that a walk that is
//! interrupted goes on where it was. An archive that was read is not requested again.

use url::Url;

use feed_model::{FeedMeta, Source, Timestamp};

use super::{
    crawl_result::CrawlResult, discovery::read_feed, fetched::PollFailure, session::FetchSession,
};
use crate::{
    fetch::Response,
    store::{Arrival, PageChange, QueuedPage, StoreError},
};

/// The most archives that are read of one source. Hosts in `allow_hosts` have no limit.
const MAX_ARCHIVES: usize = 1_000;

/// Returns the archive that a document of a feed names, to be queued. With `backfill = 0`, archives
/// are not read.
pub(super) fn named_by(feed: &FeedMeta, source: &Source) -> Option<PageChange> {
    let url = Url::parse(feed.prev_archive.as_deref()?).ok().filter(|_| source.backfill > 0)?;
    let limit = if source.poll_policy.exempt { usize::MAX } else { MAX_ARCHIVES };
    Some(PageChange::ArchiveFound { url, limit })
}

/// Returns the archives to fetch: the stored queue and those just found, without those that were
/// requested in this crawl.
pub(super) async fn queued(
    session: &FetchSession<'_>,
    most: usize,
    now: Timestamp,
    crawl: &CrawlResult,
) -> Result<Vec<QueuedPage>, StoreError> {
    let (mut found, mut requested) = (Vec::new(), Vec::new());
    for change in &crawl.pages {
        match change {
            PageChange::ArchiveFound { url, .. } => found.push(url.clone()),
            PageChange::Fetched { url, .. }
            | PageChange::Failed { url, .. }
            | PageChange::Postponed { url, .. } => requested.push(url.clone()),
            _ => {}
        }
    }
    let id = session.source().id.clone();
    let limit = most + requested.len();
    let mut queue = session
        .poller()
        .store
        .read_async(move |reader| {
            let mut queue = reader.queued_archives(&id, now, limit)?;
            for url in found {
                if !queue.contains(&url) && !reader.is_known_page(&id, &url)? {
                    queue.push(url);
                }
            }
            Ok(queue)
        })
        .await?;
    queue.retain(|url| !requested.contains(url));
    let page = |url| QueuedPage { url, backfill: true, refresh: false, rank: 0, metadata: None };
    Ok(queue.into_iter().map(page).collect())
}

/// Reads an archive: its entries, and the archive that it names.
pub(super) async fn read(
    session: &FetchSession<'_>,
    url: &Url,
    response: &Response,
    crawl: &mut CrawlResult,
) -> Result<(), PollFailure> {
    let document = read_feed(session, response).await?;
    crawl.pages.extend(named_by(&document.feed, session.source()));
    crawl.drafts.extend(document.drafts.into_iter().map(|draft| (draft, Arrival::Backfill)));
    crawl.pages.push(PageChange::Fetched { url: url.clone(), metadata: None });
    Ok(())
}
