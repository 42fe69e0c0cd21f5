//! Lookup of the `{topic}` in addresses: a topic, a union or a former id.

use feed_model::TopicId;

use super::{settings::SiteSettings, topic_channel::union_name};

/// The most members of a union.
const MAX_MEMBERS: usize = 32;

/// The result of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicLookup {
    /// One topic.
    Topic(TopicId),
    /// A union: several topics, sorted, each once.
    Union(Vec<TopicId>),
    /// The canonical name, which differs from the given one (308).
    Moved(String),
    /// A topic that was removed (410).
    Retired(String),
    /// At least one topic is private and not visible to the audience (401).
    Private,
    /// At least one topic does not exist (404); these are all of them.
    Unknown(Vec<String>),
}

/// Looks up the `{topic}` of an address after percent-decoding. `+` joins the members of a union. A
/// union with `all` is `all`.
pub fn resolve(name: &str, settings: &SiteSettings, retired: &[TopicId]) -> TopicLookup {
    let names: Vec<&str> = name.split('+').collect();
    if names.len() > MAX_MEMBERS {
        return TopicLookup::Unknown(vec![name.to_owned()]);
    }
    let mut members: Vec<TopicId> = Vec::new();
    let mut unknown = Vec::new();
    let mut retired_names = Vec::new();
    let mut is_private = false;
    for name in &names {
        let id = TopicId::new(*name).ok().and_then(|id| current_id(id, settings));
        match id {
            Some(id) if !id.is_all() && settings.visible_topic(&id).is_none() => is_private = true,
            Some(id) => members.push(id),
            None if retired.iter().any(|id| id.as_str() == *name) => {
                retired_names.push((*name).to_owned());
            }
            None => unknown.push((*name).to_owned()),
        }
    }
    if !unknown.is_empty() {
        return TopicLookup::Unknown(unknown);
    }
    if is_private {
        return TopicLookup::Private;
    }
    if let Some(first) = retired_names.into_iter().next() {
        return TopicLookup::Retired(first);
    }
    members.sort();
    members.dedup();
    if members.iter().any(TopicId::is_all) {
        members = vec![TopicId::all()];
    }
    let canonical = union_name(&members);
    if canonical != name {
        return TopicLookup::Moved(canonical);
    }
    match members.len() {
        1 => TopicLookup::Topic(members.remove(0)),
        _ => TopicLookup::Union(members),
    }
}

/// Returns the current id of a topic from its current or a former id.
fn current_id(id: TopicId, settings: &SiteSettings) -> Option<TopicId> {
    if id.is_all() || settings.topics.iter().any(|topic| topic.id == id) {
        return Some(id);
    }
    settings
        .topics
        .iter()
        .find(|topic| topic.former_ids.contains(&id))
        .map(|topic| topic.id.clone())
}
