//! `/stories/{id}`: one story, who told it when, and the reasons for its topics and duplicates.

use askama::Template;

use chrono::NaiveTime;

use feed_model::{
    DatePrecision, DecidedBy, Membership, NonMembership, Story, StoryEntry, Timestamp,
};

use crate::{
    addresses::Addresses,
    channel, date_format, excerpt,
    pages::{
        layout::{Layout, PageLink, SiteInfo, TopicRef},
        render::{MAX_PAGE_BYTES, render},
        story_row::StoryRow,
    },
    xml,
};

/// Limits on the lengths of the page's lists, tried in this order until the page is small enough. A
/// story may have thousands of entries.
const LIST_LENGTHS: [usize; 5] = [40, 20, 10, 4, 1];
const MAX_SENTENCE_CHARS: usize = 300;
const MAX_MATCHER_CHARS: usize = 64;
/// The most parts of one reason. A quoted text may contain backticks.
const MAX_PARTS: usize = 24;

/// A part of a reason: words, or a matcher of feeds.toml.
struct ReasonPart {
    text: String,
    is_code: bool,
}

/// A topic of the story.
struct TopicView {
    title: String,
    page: String,
    decided_by: String,
    reasons: Vec<Vec<ReasonPart>>,
}

/// Topics that the story is not in for the same reasons.
struct OtherTopicsView {
    topics: Vec<PageLink>,
    score: String,
    reasons: Vec<Vec<ReasonPart>>,
}

/// An entry in the timeline of the story.
struct EntryView {
    source: String,
    /// The source's page on this site.
    page: Option<String>,
    /// The original.
    href: Option<String>,
    /// The entry's title, if it differs from the story's.
    title: Option<String>,
    /// Why it joined the story; `None` for the entry that began it.
    join_reason: Option<String>,
    /// The publisher's date, else the time at which it was first seen.
    told: String,
    told_datetime: String,
    /// The time at which it was first seen, if the publisher's date is shown.
    first_seen: Option<String>,
    first_seen_datetime: String,
}

#[derive(Template)]
#[template(path = "story.html")]
struct StoryTemplate {
    layout: Layout,
    id: String,
    published_id: String,
    story: StoryRow,
    original_host: Option<String>,
    categories: Vec<String>,
    topics: Vec<TopicView>,
    other_topics: Vec<OtherTopicsView>,
    /// Who told the story when, first to last.
    entries: Vec<EntryView>,
    more_entries: usize,
    added: String,
    added_datetime: String,
}

/// Renders a story's page. `other_topics` are the topics that the story is not in. Sources and
/// topics that the reader may not see are omitted.
pub fn story(site: &SiteInfo<'_>, story: &Story, other_topics: &[NonMembership]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for max_length in LIST_LENGTHS {
        bytes = render(&view(site, story, other_topics, max_length));
        if bytes.len() <= MAX_PAGE_BYTES {
            break;
        }
    }
    bytes
}

fn view(
    site: &SiteInfo<'_>,
    story: &Story,
    other_topics: &[NonMembership],
    max_length: usize,
) -> StoryTemplate {
    let row = StoryRow::new(site, story);
    let original = story.url.as_deref().and_then(xml::http_url);
    let mut layout =
        Layout::new(site, &channel::display_title(story), Some(&Addresses::story_path(story.id)));
    layout.title = excerpt::shorten(&layout.title, 160);
    layout.description = row.summary.clone().unwrap_or_default();
    layout.og_type = "article";
    if original.is_some() {
        layout.canonical.clone_from(&original);
    }
    layout.license = channel::license(story).map(|(url, _)| url);
    layout.tdm_reserved = story.source.reservation.tdm_reserved;
    layout.tdm_policy = story
        .source
        .reservation
        .tdm_policy
        .as_deref()
        .filter(|_| layout.tdm_reserved)
        .and_then(xml::http_url);
    let mut entries: Vec<&StoryEntry> = story.sources.iter().filter(|entry| entry.public).collect();
    entries.sort_by_key(|entry| told_at(entry));
    let categories = story
        .categories
        .iter()
        .map(|category| sentence(category.label.as_deref().unwrap_or(&category.term)))
        .filter(|category| !category.is_empty());
    StoryTemplate {
        id: story.id.to_string(),
        published_id: xml::single_line(&story.published_id),
        original_host: original.as_deref().and_then(host),
        categories: categories.take(max_length).collect(),
        topics: story
            .topics
            .iter()
            .take(max_length)
            .filter_map(|membership| topic_view(site, membership, max_length))
            .collect(),
        other_topics: other_topic_views(site, other_topics, max_length),
        more_entries: entries.len().saturating_sub(max_length),
        entries: entries
            .into_iter()
            .take(max_length)
            .map(|entry| entry_view(site, story, entry, &row.title))
            .collect(),
        added: date_format::display_date(story.first_published, None, site.timezone),
        added_datetime: date_format::rfc3339(story.first_published),
        story: row,
        layout,
    }
}

fn topic_view(
    site: &SiteInfo<'_>,
    membership: &Membership,
    max_length: usize,
) -> Option<TopicView> {
    let topic = site.topics.iter().find(|topic| topic.id == membership.id)?;
    Some(TopicView {
        title: xml::single_line(&topic.title),
        page: topic_page(site, topic),
        decided_by: match membership.by {
            DecidedBy::Rule => format!("by rules, score {:.1}", membership.score),
            DecidedBy::Label => "by label".to_owned(),
        },
        reasons: reasons(&membership.because, max_length),
    })
}

/// Groups the topics that the story is not in by their scores and reasons.
fn other_topic_views(
    site: &SiteInfo<'_>,
    others: &[NonMembership],
    max_length: usize,
) -> Vec<OtherTopicsView> {
    let mut groups: Vec<(&NonMembership, OtherTopicsView)> = Vec::new();
    for other in others {
        let Some(topic) = site.topics.iter().find(|topic| topic.id == other.id) else { continue };
        let link = PageLink { href: topic_page(site, topic), text: xml::single_line(&topic.title) };
        let score = format!("score {:.1}", other.score);
        let known = groups
            .iter_mut()
            .find(|(first, view)| first.because == other.because && view.score == score);
        if let Some((_, view)) = known {
            view.topics.push(link);
        } else if groups.len() < max_length {
            let reasons = reasons(&other.because, max_length);
            groups.push((other, OtherTopicsView { topics: vec![link], score, reasons }));
        }
    }
    let mut views: Vec<OtherTopicsView> = groups.into_iter().map(|(_, view)| view).collect();
    for view in &mut views {
        view.topics.truncate(max_length);
    }
    views
}

/// Returns a stored reason for a merge without the name of its rule.
fn without_rule_name(reason: &str) -> &str {
    match reason.split_once(": ") {
        Some((name, words)) if !name.contains(' ') => words,
        _ => reason,
    }
}

fn topic_page(site: &SiteInfo<'_>, topic: &TopicRef) -> String {
    site.addresses.rooted(&Addresses::topic_path(topic.id.as_str()))
}

/// Returns when a source told the story: the publisher's date, unless it was in the future when the
/// entry was first seen, else the time at which it was first seen.
fn told_at(entry: &StoryEntry) -> Timestamp {
    entry.published.map_or(entry.first_seen, |date| date.min(entry.first_seen))
}

fn entry_view(
    site: &SiteInfo<'_>,
    story: &Story,
    entry: &StoryEntry,
    story_title: &str,
) -> EntryView {
    let told_at = told_at(entry);
    // A date at the beginning of a day is likely to be a date without a time of day.
    let is_day = entry.published == Some(told_at) && told_at.time() == NaiveTime::MIN;
    let precision = if is_day { Some(DatePrecision::Day) } else { None };
    let time = |at| date_format::display_time(at, site.timezone);
    let join_reason = story
        .duplicates
        .iter()
        .find(|duplicate| duplicate.source == entry.source && duplicate.key == entry.key);
    EntryView {
        source: sentence(&entry.source_title),
        page: Addresses::source_path(&entry.source, 1).map(|path| site.addresses.rooted(&path)),
        href: entry.url.as_deref().and_then(xml::http_url),
        title: entry
            .title
            .as_deref()
            .map(sentence)
            .filter(|title| !title.is_empty() && title != story_title),
        join_reason: join_reason.map(|duplicate| sentence(without_rule_name(&duplicate.because))),
        told: if is_day {
            date_format::display_date(told_at, precision, site.timezone)
        } else {
            time(told_at)
        },
        told_datetime: date_format::datetime_attribute(told_at, precision),
        first_seen: (told_at != entry.first_seen).then(|| time(entry.first_seen)),
        first_seen_datetime: date_format::rfc3339(entry.first_seen),
    }
}

fn host(url: &str) -> Option<String> {
    url::Url::parse(url).ok()?.host_str().map(str::to_owned)
}

fn sentence(text: &str) -> String {
    excerpt::shorten(&xml::single_line(text), MAX_SENTENCE_CHARS)
}

fn reasons(reasons: &[String], max_length: usize) -> Vec<Vec<ReasonPart>> {
    reasons.iter().take(max_length).map(|reason| reason_parts(reason)).collect()
}

/// Splits a reason at its backticks: the text between two of them is code. Long matchers are
/// shortened on their own, so that the rest of the reason stays.
fn reason_parts(reason: &str) -> Vec<ReasonPart> {
    let reason = xml::single_line(reason);
    let parts: Vec<&str> = reason.split('`').collect();
    let has_unpaired_backtick = parts.len().is_multiple_of(2);
    if has_unpaired_backtick {
        let text = excerpt::shorten(&reason, MAX_SENTENCE_CHARS);
        return vec![ReasonPart { text, is_code: false }];
    }
    let part = |(index, text): (usize, &&str)| {
        let is_code = index % 2 == 1;
        let max_chars = if is_code { MAX_MATCHER_CHARS } else { MAX_SENTENCE_CHARS };
        ReasonPart { text: excerpt::shorten(text, max_chars), is_code }
    };
    let parts = parts.iter().enumerate().filter(|(_, text)| !text.is_empty());
    parts.map(part).take(MAX_PARTS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(reason: &str) -> String {
        let text = |part: &ReasonPart| {
            if part.is_code { format!("<{}>", part.text) } else { part.text.clone() }
        };
        reason_parts(reason).iter().map(text).collect()
    }

    #[test]
    fn the_match_of_a_long_matcher_is_not_cut_off() {
        assert_eq!(
            shown("`kafka` found \"Kafka\" in the title: 2"),
            "<kafka> found \"Kafka\" in the title: 2"
        );
        assert_eq!(shown("one ` alone"), "one ` alone");
        let long = shown(&format!("`/{}/` found \"yaml\" in the title: 2", "yaml|".repeat(90)));
        assert!(
            long.starts_with("</yaml|yaml|") && long.ends_with("…> found \"yaml\" in the title: 2"),
            "{long}"
        );
        assert!(shown(&"`x".repeat(10_000)).len() < 2_000);
    }
}
