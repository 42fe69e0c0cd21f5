//! The archive documents: drawn once, kept as bytes, drawn again only when a story was taken out or
//! the site's own addresses changed.

use url::Url;

use crate::store::{ArchiveState, Reader, RenderedArchive, StoreError};
use feed_model::{Timestamp, TopicId};
use feed_publisher::{Addresses, Channel, FeedFormat, Paging};

use super::{
    RenderedDocument, SiteSettings, Snapshot,
    documents::{PublishedTopic, channel, published_topics, render},
};

/// What there is at the address of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveLookup {
    /// The document.
    Document(RenderedDocument),
    /// It is cut, and its document follows in a moment.
    NotRendered,
    /// Every story of it is gone (410).
    Gone,
    /// It is not cut (404).
    NotFound,
}

/// The archive of a topic with this number, as it is kept; drawn anew where the addresses in it are
/// others for whoever looks.
pub fn archive(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    topic: &TopicId,
    number: u64,
) -> Result<ArchiveLookup, StoreError> {
    let Some(document) = snapshot.archive(topic, number)? else {
        return Ok(ArchiveLookup::NotFound);
    };
    let path = Addresses::archive_path(topic.as_str(), number);
    let there = |body| {
        ArchiveLookup::Document(RenderedDocument::new(
            path,
            FeedFormat::Atom.content_type(),
            body,
            document.updated,
        ))
    };
    Ok(match document.body {
        _ if document.is_empty => ArchiveLookup::Gone,
        None => ArchiveLookup::NotRendered,
        Some(_) if settings.audience.token.is_some() => {
            render_for_audience(snapshot, settings, topic, number)?
                .map_or(ArchiveLookup::NotFound, there)
        }
        Some(body) => there(body),
    })
}

/// The bytes of an archive with the addresses that it has for whoever looks.
fn render_for_audience(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    id: &TopicId,
    number: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(topic) = published_topics(settings).find(|topic| topic.id == *id) else {
        return Ok(None);
    };
    let Some(state) = snapshot.archives(id)?.into_iter().find(|state| state.number == number)
    else {
        return Ok(None);
    };
    let addresses = settings.addresses();
    let mut channel = frame(settings, &addresses, &topic, &state);
    let stories = snapshot.archive_stories(id, number)?;
    channel.stories = &stories;
    channel.updated = state.updated.unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Some(render(&channel, FeedFormat::Atom)))
}

/// Draws archives whose document is not drawn, or from something else than what it would be drawn
/// from now: as many as make about `enough` bytes.
pub(super) fn render_pending(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    now: Timestamp,
    enough: usize,
) -> Result<Vec<RenderedArchive>, StoreError> {
    let addresses = settings.addresses();
    let mut drawn = Vec::new();
    let mut bytes = 0;
    for topic in published_topics(settings) {
        for state in reader.archives(&topic.id)?.into_iter().filter(|state| !state.is_empty) {
            let mut channel = frame(settings, &addresses, &topic, &state);
            let digest = digest(&channel, state.revision);
            if state.input_digest == Some(digest) {
                continue;
            }
            let stories = reader.archive_stories(&topic.id, state.number)?;
            channel.stories = &stories;
            channel.updated = next_updated(state.updated, now);
            let body = render(&channel, FeedFormat::Atom);
            bytes += body.len();
            drawn.push(RenderedArchive {
                topic: topic.id.clone(),
                number: state.number,
                revision: state.revision,
                input_digest: digest,
                updated: channel.updated,
                body,
            });
            if bytes >= enough {
                return Ok(drawn);
            }
        }
    }
    Ok(drawn)
}

/// The document without its stories. It names the archive after it from its first byte on, which is
/// cut later.
fn frame<'a>(
    settings: &SiteSettings,
    addresses: &'a Addresses,
    topic: &PublishedTopic,
    state: &ArchiveState,
) -> Channel<'a> {
    let name = topic.id.as_str();
    let at = |number: u64| addresses.absolute(&Addresses::archive_path(name, number));
    let mut channel = channel(settings, addresses, name, &topic.title, &topic.description);
    channel.paging = Paging {
        is_archive: true,
        current: Url::parse(&channel.feed_urls.atom).ok(),
        prev_archive: state.prev.and_then(|number| Url::parse(&at(number)).ok()),
        next_archive: Url::parse(&at(state.number.saturating_add(1))).ok(),
    };
    channel.feed_urls.atom = at(state.number);
    channel
}

/// What a document is drawn from: what stands around its stories, and how often some were taken
/// out.
fn digest(frame: &Channel<'_>, revision: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&render(frame, FeedFormat::Atom));
    hasher.update(&revision.to_le_bytes());
    hasher.finalize().into()
}

/// Now in whole seconds, and later than before: `updated` moves with the bytes.
fn next_updated(before: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let second = Timestamp::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    before.map_or(second, |before| second.max(before + chrono::TimeDelta::seconds(1)))
}
