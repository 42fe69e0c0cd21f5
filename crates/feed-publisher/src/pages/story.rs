//! `/stories/{id}`: one story, who carries it, why it is where it is.

use askama::Template;

use super::{SiteInfo, layout::Layout, story_row::StoryRow};
use crate::{Addresses, channel, date_format, excerpt, xml};
use feed_model::{DecidedBy, NonMembership, SourceId, Story};

struct MembershipView {
    title: String,
    page: String,
    decided_by: String,
    because: Vec<Vec<ReasonPiece>>,
}

/// A piece of a reason: its words, or a matcher as it stands in feeds.toml.
struct ReasonPiece {
    text: String,
    is_code: bool,
}

/// A reason in pieces: what stands between two backticks is code. A matcher of many words is cut
/// short by itself, so that what it found is still told.
fn pieces(reason: &str) -> Vec<ReasonPiece> {
    let reason = xml::single_line(reason);
    let parts: Vec<&str> = reason.split('`').collect();
    // A backtick without its twin is a character like others.
    if parts.len().is_multiple_of(2) {
        return vec![ReasonPiece {
            text: excerpt::shorten(&reason, MAX_SENTENCE_CHARS),
            is_code: false,
        }];
    }
    let piece = |(at, text): (usize, &&str)| {
        let is_code = at % 2 == 1;
        let most = if is_code { MAX_MATCHER_CHARS } else { MAX_SENTENCE_CHARS };
        ReasonPiece { text: excerpt::shorten(text, most), is_code }
    };
    parts
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
        .map(piece)
        .take(MAX_PIECES)
        .collect()
}

/// A topic that the story is not in.
struct NotMemberView {
    title: String,
    page: String,
    score: String,
    because: Vec<Vec<ReasonPiece>>,
}

struct Carrier {
    source: String,
    href: Option<String>,
    title: Option<String>,
    seen: String,
    seen_datetime: String,
}

struct DuplicateView {
    source: String,
    because: String,
}

#[derive(Template)]
#[template(path = "story.html")]
struct Page {
    layout: Layout,
    id: String,
    published_id: String,
    item: StoryRow,
    original_host: Option<String>,
    categories: Vec<String>,
    topics: Vec<MembershipView>,
    outside: Vec<NotMemberView>,
    carriers: Vec<Carrier>,
    duplicates: Vec<DuplicateView>,
    since: String,
    since_datetime: String,
}

/// How long the lists of the page may be, tried in this order until it is small enough: a story of
/// a thousand copies must not make a page of a megabyte.
const LIST_LENGTHS: [usize; 5] = [40, 20, 10, 4, 1];
const MAX_SENTENCE_CHARS: usize = 300;
const MAX_MATCHER_CHARS: usize = 64;
/// A text that was found may have backticks of its own.
const MAX_PIECES: usize = 24;

/// A story's page; `outside` are the topics that it is not in. Sources and topics that may not be
/// shown are left out.
pub fn story(site: &SiteInfo<'_>, story: &Story, outside: &[NonMembership]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for longest in LIST_LENGTHS {
        bytes = super::render(&view(site, story, outside, longest));
        if bytes.len() <= super::MAX_PAGE_BYTES {
            break;
        }
    }
    bytes
}

fn view(site: &SiteInfo<'_>, story: &Story, outside: &[NonMembership], longest: usize) -> Page {
    let item = StoryRow::new(site, story);
    let mut layout =
        Layout::new(site, &channel::display_title(story), Some(&Addresses::story_path(story.id)));
    layout.title = excerpt::shorten(&layout.title, 160);
    layout.description = item.summary.clone().unwrap_or_default();
    layout.og_type = "article";
    let original = story.url.as_deref().and_then(xml::http_url);
    if original.is_some() {
        layout.canonical.clone_from(&original);
    }
    let host =
        |url: &String| url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let sentence = |text: &str| excerpt::shorten(&xml::single_line(text), MAX_SENTENCE_CHARS);
    let topics = story.topics.iter().take(longest).filter_map(|membership| {
        let topic = site.topics.iter().find(|topic| topic.id == membership.id)?;
        Some(MembershipView {
            title: xml::single_line(&topic.title),
            page: site.addresses.rooted(&Addresses::topic_path(topic.id.as_str())),
            decided_by: match membership.by {
                DecidedBy::Rule => format!("by its rule, score {:.1}", membership.score),
                DecidedBy::Label => "by a person's label".to_owned(),
            },
            because: membership
                .because
                .iter()
                .take(longest)
                .map(|because| pieces(because))
                .collect(),
        })
    });
    let outside = outside.iter().take(longest).filter_map(|outside| {
        let topic = site.topics.iter().find(|topic| topic.id == outside.id)?;
        Some(NotMemberView {
            title: xml::single_line(&topic.title),
            page: site.addresses.rooted(&Addresses::topic_path(topic.id.as_str())),
            score: format!("score {:.1}", outside.score),
            because: outside.because.iter().take(longest).map(|because| pieces(because)).collect(),
        })
    });
    let public = |source: &SourceId| {
        story.sources.iter().find(|entry| entry.source == *source && entry.public)
    };
    let carriers =
        story.sources.iter().filter(|entry| entry.public).take(longest).map(|entry| Carrier {
            source: sentence(&entry.source_title),
            href: entry.url.as_deref().and_then(xml::http_url),
            title: entry
                .title
                .as_deref()
                .map(sentence)
                .filter(|title| !title.is_empty() && *title != item.title),
            seen: date_format::display_date(entry.first_seen, None),
            seen_datetime: date_format::rfc3339(entry.first_seen),
        });
    let duplicates = story.duplicates.iter().take(longest).filter_map(|duplicate| {
        let entry = public(&duplicate.source)?;
        Some(DuplicateView {
            source: sentence(&entry.source_title),
            because: sentence(&duplicate.because),
        })
    });
    Page {
        id: story.id.to_string(),
        published_id: xml::single_line(&story.published_id),
        original_host: original.as_ref().and_then(host),
        categories: story
            .categories
            .iter()
            .map(|category| sentence(category.label.as_deref().unwrap_or(&category.term)))
            .filter(|category| !category.is_empty())
            .take(longest)
            .collect(),
        topics: topics.collect(),
        outside: outside.collect(),
        carriers: carriers.collect(),
        duplicates: duplicates.collect(),
        since: date_format::display_date(story.first_published, None),
        since_datetime: date_format::rfc3339(story.first_published),
        item,
        layout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(reason: &str) -> String {
        let piece = |piece: &ReasonPiece| {
            if piece.is_code { format!("<{}>", piece.text) } else { piece.text.clone() }
        };
        pieces(reason).iter().map(piece).collect()
    }

    #[test]
    fn what_a_long_matcher_found_is_still_told() {
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
