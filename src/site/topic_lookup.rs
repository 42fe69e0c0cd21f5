//! What the `{topic}` of an address means: a topic, a union, an old name.

use feed_model::TopicId;

use super::SiteSettings;

/// The most members of a union; beyond that nobody asks in earnest.
const MAX_MEMBERS: usize = 32;

/// What the `{topic}` of an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicLookup {
    /// One topic: its documents are held ready.
    Topic(TopicId),
    /// Several, sorted, each once.
    Union(Vec<TopicId>),
    /// The same under another name, to which a reader is sent for good (308).
    Moved(String),
    /// A topic that was there once (410).
    Retired(String),
    /// One of these is private, and not shown to whoever asks (401).
    Private,
    /// These are not known (404).
    Unknown(Vec<String>),
}

/// Reads the `{topic}` of an address, percent-decoded. `+` joins the members of a union; `all`
/// swallows the others.
pub fn resolve(name: &str, settings: &SiteSettings, retired: &[TopicId]) -> TopicLookup {
    let written: Vec<&str> = name.split('+').collect();
    if written.len() > MAX_MEMBERS {
        return TopicLookup::Unknown(vec![name.to_owned()]);
    }
    let mut members: Vec<TopicId> = Vec::new();
    let mut unknown = Vec::new();
    let mut gone = Vec::new();
    let mut private = false;
    for member in &written {
        let known = TopicId::new(*member).ok().and_then(|id| current(id, settings));
        match known {
            Some(id) if !id.is_all() && settings.visible_topic(&id).is_none() => private = true,
            Some(id) => members.push(id),
            None if retired.iter().any(|id| id.as_str() == *member) => {
                gone.push((*member).to_owned());
            }
            None => unknown.push((*member).to_owned()),
        }
    }
    if !unknown.is_empty() {
        return TopicLookup::Unknown(unknown);
    }
    if private {
        return TopicLookup::Private;
    }
    if let Some(first) = gone.into_iter().next() {
        return TopicLookup::Retired(first);
    }
    members.sort();
    members.dedup();
    if members.iter().any(TopicId::is_all) {
        members = vec![TopicId::all()];
    }
    let canonical = members.iter().map(TopicId::as_str).collect::<Vec<_>>().join("+");
    if canonical != name {
        return TopicLookup::Moved(canonical);
    }
    match members.len() {
        1 => TopicLookup::Topic(members.remove(0)),
        _ => TopicLookup::Union(members),
    }
}

/// The id that a name has today: its own, or that of the topic that it was an earlier name of.
fn current(id: TopicId, settings: &SiteSettings) -> Option<TopicId> {
    if id.is_all() || settings.topics.iter().any(|topic| topic.id == id) {
        return Some(id);
    }
    settings
        .topics
        .iter()
        .find(|topic| topic.former_ids.contains(&id))
        .map(|topic| topic.id.clone())
}
