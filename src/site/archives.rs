//! The archive documents (RFC 5005). An archive is rendered once and stored. It is rendered again
//! only if a story was removed or the site's addresses changed.

use url::Url;

use feed_model::{Timestamp, TopicId};
use feed_publisher::{Addresses, Channel, FeedFormat, Paging, render};

use crate::store::{ArchiveState, Reader, RenderedArchive, StoreError};

use super::{
    rendered_document::RenderedDocument,
    settings::SiteSettings,
    topic_channel::{PublishedTopic, channel, published_topics},
};

/// The result of looking up an archive.
#[derive(Debug, Clone, PartialEq)]
pub enum ArchiveLookup {
    /// The document.
    Document(RenderedDocument),
    /// The archive exists, and its document will be rendered shortly (503).
    NotRendered,
    /// Every story of the archive was removed (410).
    Gone,
    /// The archive does not exist yet (404).
    NotFound,
}

/// Returns an archive of a topic as it is stored. For an audience with a token in the path it is
/// rendered with the audience's addresses.
pub fn archive(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    topic: &TopicId,
    number: u64,
) -> Result<ArchiveLookup, StoreError> {
    let Some(stored) = reader.archive(topic, number)? else {
        return Ok(ArchiveLookup::NotFound);
    };
    let document = |body| {
        let path = Addresses::archive_path(topic.as_str(), number);
        let media_type = FeedFormat::Atom.content_type();
        ArchiveLookup::Document(RenderedDocument::new(path, media_type, body, stored.updated))
    };
    Ok(match stored.body {
        _ if stored.is_empty => ArchiveLookup::Gone,
        None => ArchiveLookup::NotRendered,
        Some(_) if settings.audience.token.is_some() => {
            render_for_audience(reader, settings, topic, number)?
                .map_or(ArchiveLookup::NotFound, document)
        }
        Some(body) => document(body),
    })
}

/// Renders an archive with the audience's addresses.
fn render_for_audience(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    id: &TopicId,
    number: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(topic) = published_topics(settings).find(|topic| topic.id == *id) else {
        return Ok(None);
    };
    let Some(state) = reader.archives(id)?.into_iter().find(|state| state.number == number) else {
        return Ok(None);
    };
    let stories = reader.archive_stories(id, number)?;
    let channel = Channel {
        updated: state.updated.unwrap_or(Timestamp::UNIX_EPOCH),
        ..archive_channel(settings, &topic, &state).with_stories(&stories)
    };
    Ok(Some(render(&channel, FeedFormat::Atom)))
}

/// Returns the archives of each topic that were rendered with other addresses or titles than those
/// of the settings.
pub(super) fn outdated(
    reader: &Reader<'_>,
    settings: &SiteSettings,
) -> Result<Vec<(TopicId, Vec<u64>)>, StoreError> {
    let mut outdated = Vec::new();
    for topic in published_topics(settings) {
        let numbers: Vec<u64> = reader
            .archives(&topic.id)?
            .into_iter()
            .filter(|state| {
                let current = || digest(&archive_channel(settings, &topic, state), state.revision);
                state.input_digest.is_some_and(|digest| digest != current())
            })
            .map(|state| state.number)
            .collect();
        if !numbers.is_empty() {
            outdated.push((topic.id, numbers));
        }
    }
    Ok(outdated)
}

/// The size of a batch of archives that are rendered together.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchLimits {
    /// The most archives of a topic.
    pub(super) per_topic: usize,
    /// The size of the documents from which on no other is rendered, in bytes.
    pub(super) bytes: usize,
}

/// Renders pending archives, the newest of each topic first.
pub(super) fn render_pending(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    now: Timestamp,
    limits: BatchLimits,
) -> Result<Vec<RenderedArchive>, StoreError> {
    let mut rendered = Vec::new();
    let mut bytes = 0;
    for topic in published_topics(settings) {
        let pending = reader.pending_archives(&topic.id)?;
        let newest = pending.into_iter().rev().filter(|state| !state.is_empty);
        for state in newest.take(limits.per_topic) {
            let channel = archive_channel(settings, &topic, &state);
            let digest = digest(&channel, state.revision);
            let stories = reader.archive_stories(&topic.id, state.number)?;
            let updated = next_updated(state.updated, now);
            let channel = Channel { updated, ..channel.with_stories(&stories) };
            let body = render(&channel, FeedFormat::Atom);
            bytes += body.len();
            rendered.push(RenderedArchive {
                topic: topic.id.clone(),
                number: state.number,
                revision: state.revision,
                input_digest: digest,
                updated,
                body,
            });
            if bytes >= limits.bytes {
                return Ok(rendered);
            }
        }
    }
    Ok(rendered)
}

/// Returns the channel of an archive. It links to the next archive even if that does not exist yet,
/// so that the document never changes.
fn archive_channel(
    settings: &SiteSettings,
    topic: &PublishedTopic,
    state: &ArchiveState,
) -> Channel<'static> {
    let addresses = settings.addresses();
    let name = topic.id.as_str();
    let url = |number: u64| addresses.absolute(&Addresses::archive_path(name, number));
    let mut channel = channel(settings, &addresses, name, &topic.title, &topic.description);
    // What is below is part of the digest, so it stays as it was when archives were first rendered.
    channel.icon = None;
    channel.paging = Paging {
        is_archive: true,
        current: Url::parse(&channel.feed_urls.atom).ok(),
        prev_archive: state.prev.and_then(|number| Url::parse(&url(number)).ok()),
        next_archive: Url::parse(&url(state.number.saturating_add(1))).ok(),
    };
    channel.feed_urls.atom = url(state.number);
    channel
}

/// Returns the digest of everything that an archive is rendered from: its channel, and the revision
/// that counts the removals of stories.
fn digest(channel: &Channel<'_>, revision: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&render(channel, FeedFormat::Atom));
    hasher.update(&revision.to_le_bytes());
    hasher.finalize().into()
}

/// Returns the current time in whole seconds, but at least one second after the previous time.
fn next_updated(previous: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let now = Timestamp::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    previous.map_or(now, |previous| now.max(previous + chrono::TimeDelta::seconds(1)))
}
