//! Digests: one entry for the stories of each day or week that is over, in the time zone of the
//! site.
//!
//! A story belongs to the day of its position: that on which it arrived, or for a first import that
//! of the publisher's date. A digest is issued once its period is over. What arrives later with an
//! earlier date, from a new source, is not announced again.

use chrono::{Datelike as _, NaiveDate};

use feed_model::{
    AttributionMode, DatePrecision, Reservation, SafeHtml, SourceId, SourceRef, Story, StoryId,
    Timestamp, TopicId,
    time_zone::{day_start, local_date},
};
use feed_publisher::{
    Addresses, Channel, DigestPeriod, FeedFormat, FeedUrls, digest_item, digest_title, render,
};

use crate::store::{Digest, IssuedDigest, Reader, Store, StoreError};

use super::{
    rendered_document::RenderedDocument,
    search::never_updated,
    settings::SiteSettings,
    topic_channel::{PublishedTopic, channel, published_topics},
};

/// The most stories of a digest. The page of the month has the others.
const MAX_STORIES: usize = 100;
/// The most digests of a document: about a month of days, and half a year of weeks.
const MAX_DIGESTS: usize = 30;
/// The largest size of a document, in bytes. Beyond it the oldest digests leave.
const MAX_BYTES: usize = 250_000;

/// Issues the digests of all periods that are over.
///
/// The first digests of a topic are issued for the periods before, as soon as every source was
/// polled. `is_complete` says that the caller does not wait for that.
pub fn issue_digests(
    store: &Store,
    settings: &SiteSettings,
    now: Timestamp,
    is_complete: bool,
) -> Result<(), StoreError> {
    let settings = &settings.as_owner();
    let due = store.read(|reader| {
        let mut due = Vec::new();
        for topic in published_topics(settings) {
            for period in DigestPeriod::ALL {
                due.extend(due_digests(reader, settings, &topic, period, now, is_complete)?);
            }
        }
        Ok(due)
    })?;
    if due.is_empty() { Ok(()) } else { store.issue_digests(due, MAX_DIGESTS) }
}

/// Returns the digests of a topic that are due. The last one has no items if its period has no
/// stories.
fn due_digests(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    topic: &PublishedTopic,
    period: DigestPeriod,
    now: Timestamp,
    is_complete: bool,
) -> Result<Vec<IssuedDigest>, StoreError> {
    let zone = settings.timezone;
    let current = period.first_day(local_date(now, None, zone));
    let count = i64::try_from(MAX_DIGESTS).unwrap_or(i64::MAX);
    let first = match reader.newest_digest(&topic.id, period)? {
        Some(newest) => period.later(newest, 1),
        None if is_complete || reader.is_filled(&topic.id)? => period.later(current, -count),
        None => return Ok(Vec::new()),
    };
    if first >= current {
        return Ok(Vec::new());
    }
    // A date without a time of day is the same day in every zone.
    let margin = chrono::TimeDelta::days(1);
    let (from, until) = (day_start(first, zone) - margin, day_start(current, zone) + margin);
    let addresses = settings.addresses();
    let mut digests: Vec<IssuedDigest> = Vec::new();
    let digest_of = |first_day: NaiveDate| IssuedDigest {
        topic: topic.id.clone(),
        period,
        first_day,
        published_id: format!("{}/{}/{}/{first_day}", settings.feed_id, topic.id, period.name()),
        title: digest_title(&topic.title, period, first_day),
        ends: day_start(period.later(first_day, 1), zone),
        items: Vec::new(),
    };
    for story in reader.stories_between(&topic.id, from, until)? {
        let precision =
            story.published_precision.filter(|_| story.published == Some(story.position));
        let first_day = period.first_day(local_date(story.position, precision, zone));
        if !(first..current).contains(&first_day) {
            continue;
        }
        let item = (story.id, digest_item(&story, &addresses));
        // Stories without a time of day may be out of order.
        match digests.iter_mut().rev().find(|digest| digest.first_day == first_day) {
            Some(digest) => digest.items.push(item),
            None => digests.push(IssuedDigest { items: vec![item], ..digest_of(first_day) }),
        }
    }
    for digest in &mut digests {
        digest.items.truncate(MAX_STORIES);
    }
    digests.sort_by_key(|digest| digest.first_day);
    let last = period.later(current, -1);
    if digests.last().is_none_or(|digest| digest.first_day < last) {
        digests.push(digest_of(last));
    }
    Ok(digests)
}

/// Renders the digests of a topic. Returns `None` if the topic does not exist.
pub fn digest_feed(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    id: &TopicId,
    period: DigestPeriod,
    format: FeedFormat,
) -> Result<Option<RenderedDocument>, StoreError> {
    let Some(topic) = published_topics(settings).find(|topic| topic.id == *id) else {
        return Ok(None);
    };
    let addresses = settings.addresses();
    let digests = reader.digests(id, period, MAX_DIGESTS)?;
    let mut stories: Vec<Story> =
        digests.iter().map(|digest| story(settings, &addresses, &topic, digest)).collect();
    // An entry that is out does not change, so the oldest leave if there is too much text.
    let sizes = stories.iter().scan(0, |bytes, story| {
        *bytes += story.content.as_ref().map_or(0, |content| content.as_str().len());
        Some(*bytes)
    });
    let fitting = sizes.take_while(|bytes| *bytes <= MAX_BYTES).count();
    stories.truncate(fitting.max(1));
    let url = |format| addresses.absolute(&Addresses::digest_path(id.as_str(), period, format));
    let title = match period {
        DigestPeriod::Daily => format!("{}, day by day", topic.title),
        DigestPeriod::Weekly => format!("{}, week by week", topic.title),
    };
    let updated = digests.first().map_or_else(never_updated, |digest| digest.ends);
    let channel = channel(settings, &addresses, id.as_str(), &title, &topic.description);
    let hub = settings.hub_url(std::slice::from_ref(id));
    let channel = Channel {
        hub: hub.clone(),
        id: format!("{}/{id}/{}", settings.feed_id, period.name()),
        feed_urls: FeedUrls {
            atom: url(FeedFormat::Atom),
            rss: url(FeedFormat::Rss),
            json: url(FeedFormat::Json),
        },
        updated,
        // The topic is the publication of its digests.
        attribution: AttributionMode::Markup,
        ..channel.with_stories(&stories)
    };
    let body = render(&channel, format);
    let path = Addresses::digest_path(id.as_str(), period, format);
    Ok(Some(RenderedDocument {
        hub,
        ..RenderedDocument::new(path, format.content_type(), body, Some(updated))
    }))
}

/// Returns the paths of the digests of all topics that the audience sees.
pub fn digest_paths(settings: &SiteSettings) -> Vec<String> {
    let mut paths = Vec::new();
    for topic in published_topics(settings) {
        for period in DigestPeriod::ALL {
            let path = |format| Addresses::digest_path(topic.id.as_str(), period, format);
            paths.extend(FeedFormat::ALL.map(path));
        }
    }
    paths
}

/// Returns a digest as a story of the topic's own feed.
fn story(
    settings: &SiteSettings,
    addresses: &Addresses,
    topic: &PublishedTopic,
    digest: &Digest,
) -> Story {
    let name = topic.id.as_str();
    let month = (digest.first_day.year(), digest.first_day.month());
    let list = format!("<ul>{}</ul>", digest.items.concat());
    Story {
        id: StoryId(digest.first_day.num_days_from_ce().into()),
        published_id: digest.published_id.clone(),
        title: digest.title.clone(),
        url: Some(addresses.absolute(&Addresses::month_path(name, month, 1))),
        authors: Vec::new(),
        published: Some(digest.ends),
        published_precision: Some(DatePrecision::Second),
        updated: digest.ends,
        first_published: digest.ends,
        position: digest.ends,
        summary: None,
        content: Some(SafeHtml::from_sanitised(list)),
        summary_text: String::new(),
        language: None,
        categories: Vec::new(),
        enclosures: Vec::new(),
        image: None,
        rights: None,
        license: None,
        related: Vec::new(),
        origin: None,
        source: SourceRef {
            id: SourceId::new(name)
                .unwrap_or_else(|_| SourceId::new("digest").expect("`digest` is a valid id")),
            feed_id: format!("{}/{name}", settings.feed_id),
            title: topic.title.clone(),
            feed_url: addresses.absolute(&Addresses::feed_path(name, FeedFormat::Atom)),
            is_feed: true,
            home_page_url: Some(addresses.absolute(&Addresses::topic_path(name))),
            rights: None,
            reservation: Reservation::default(),
            updated: digest.ends,
        },
        topics: Vec::new(),
        sources: Vec::new(),
        duplicates: Vec::new(),
        labelled: false,
        public: true,
    }
}
