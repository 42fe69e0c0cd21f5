//! The channels of topics and unions: feeds without their stories.

use std::sync::Arc;

use url::Url;

use feed_model::{Topic, TopicId};
use feed_publisher::{Addresses, Channel, ChannelIcon, Paging, TopicScheme};

use crate::store::{Reader, StoreError};

use super::settings::SiteSettings;

/// A topic with feeds.
pub(super) struct PublishedTopic {
    pub id: TopicId,
    pub title: String,
    pub description: String,
}

/// Returns the topics with feeds: `all`, then the visible topics in the order of feeds.toml.
pub(super) fn published_topics(
    settings: &SiteSettings,
) -> impl Iterator<Item = PublishedTopic> + '_ {
    let all = PublishedTopic {
        id: TopicId::all(),
        title: settings.title.clone(),
        description: String::new(),
    };
    std::iter::once(all).chain(settings.visible_topics().map(|topic| PublishedTopic {
        id: topic.id.clone(),
        title: topic.title.clone(),
        description: topic.description.clone().unwrap_or_default(),
    }))
}

/// Returns the channel of a topic with a link to its newest archive.
pub(super) fn topic_channel(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    addresses: &Addresses,
    topic: &PublishedTopic,
) -> Result<Channel<'static>, StoreError> {
    let mut channel =
        channel(settings, addresses, topic.id.as_str(), &topic.title, &topic.description);
    if let Some(number) = reader.newest_archive(&topic.id)? {
        let path = Addresses::archive_path(topic.id.as_str(), number);
        channel.paging = Paging {
            current: Url::parse(&channel.feed_urls.atom).ok(),
            prev_archive: Url::parse(&addresses.absolute(&path)).ok(),
            ..Paging::default()
        };
    }
    Ok(channel)
}

/// Returns a channel without archives. `name` is a topic or a union.
pub(super) fn channel(
    settings: &SiteSettings,
    addresses: &Addresses,
    name: &str,
    title: &str,
    description: &str,
) -> Channel<'static> {
    let is_topic = |topic: &&Topic| topic.id.as_str() == name;
    let topic = settings.topics.iter().find(is_topic).map_or_else(TopicId::all, |t| t.id.clone());
    Channel {
        icon: Some(ChannelIcon {
            url: addresses.absolute(&Addresses::icon_path(topic.as_str())),
            is_square: settings.icons.is_square(&topic),
        }),
        topics: Arc::new(topic_scheme(settings, name)),
        title: title.to_owned(),
        description: description.to_owned(),
        attribution: settings.attribution,
        ttl_minutes: settings.max_age.as_secs().div_ceil(60),
        ..Channel::new(addresses, name, format!("{}/{name}", settings.feed_id))
    }
}

/// Returns the topics that are categories in the feed of `name`: the public ones and its own.
fn topic_scheme(settings: &SiteSettings, name: &str) -> TopicScheme {
    let is_own = |topic: &Topic| name.split('+').any(|own| own == topic.id.as_str());
    let shown = settings.topics.iter().filter(|topic| topic.access.is_empty() || is_own(topic));
    TopicScheme {
        iri: settings.feed_id.clone(),
        titles: shown.map(|topic| (topic.id.clone(), topic.title.clone())).collect(),
    }
}

/// Returns the name of a union in addresses: its members joined by `+`.
pub(super) fn union_name(members: &[TopicId]) -> String {
    members.iter().map(TopicId::as_str).collect::<Vec<_>>().join("+")
}

/// Returns the title of a union: the titles of its members.
pub(super) fn union_title(settings: &SiteSettings, members: &[TopicId]) -> String {
    let title = |id: &TopicId| {
        settings.visible_topic(id).map_or_else(|| id.to_string(), |topic| topic.title.clone())
    };
    members.iter().map(title).collect::<Vec<_>>().join(" + ")
}
