//! `/stories/{id}`: one story, who carries it, why it is where it is.

use askama::Template;

use super::{Site, frame::Frame, line::Line};
use crate::{Addresses, channel, excerpt, moment, xml};
use feed_model::{MembershipBy, NotMember, SourceId, Story};

struct TopicView {
    title: String,
    page: String,
    decided: String,
    because: Vec<Vec<Piece>>,
}

/// A piece of a reason: its words, or a matcher as it stands in feeds.toml.
struct Piece {
    text: String,
    is_code: bool,
}

/// A reason in pieces: what stands between two backticks is code. A matcher of many words is cut short by itself, so that
/// what it found is still told.
fn pieces(reason: &str) -> Vec<Piece> {
    let reason = xml::line(reason);
    let parts: Vec<&str> = reason.split('`').collect();
    // A backtick without its twin is a character like others.
    if parts.len().is_multiple_of(2) {
        return vec![Piece { text: excerpt::shorten(&reason, MAX_SENTENCE_CHARS), is_code: false }];
    }
    let piece = |(at, text): (usize, &&str)| {
        let is_code = at % 2 == 1;
        let most = if is_code { MAX_MATCHER_CHARS } else { MAX_SENTENCE_CHARS };
        Piece { text: excerpt::shorten(text, most), is_code }
    };
    parts.iter().enumerate().filter(|(_, text)| !text.is_empty()).map(piece).take(MOST_PIECES).collect()
}

/// A topic that the story is not in.
struct OutsideView {
    title: String,
    page: String,
    score: String,
    because: Vec<Vec<Piece>>,
}

struct Carrier {
    source: String,
    href: Option<String>,
    title: Option<String>,
    seen: String,
    seen_for_machines: String,
}

struct Same {
    source: String,
    because: String,
}

#[derive(Template)]
#[template(path = "story.html")]
struct Page {
    frame: Frame,
    id: String,
    published_id: String,
    item: Line,
    read_at: Option<String>,
    categories: Vec<String>,
    topics: Vec<TopicView>,
    outside: Vec<OutsideView>,
    carriers: Vec<Carrier>,
    duplicates: Vec<Same>,
    since: String,
    since_for_machines: String,
}

/// How long the lists of the page may be, tried in this order until it is small enough: a story of a thousand copies
/// must not make a page of a megabyte.
const LIST_LENGTHS: [usize; 5] = [40, 20, 10, 4, 1];
const MAX_SENTENCE_CHARS: usize = 300;
const MAX_MATCHER_CHARS: usize = 64;
/// A text that was found may have backticks of its own.
const MOST_PIECES: usize = 24;

/// A story's page; `outside` are the topics that it is not in. Sources and topics that may not be shown are left out.
pub fn story(site: &Site<'_>, story: &Story, outside: &[NotMember]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for longest in LIST_LENGTHS {
        bytes = super::render(&view(site, story, outside, longest));
        if bytes.len() <= super::MAX_PAGE_BYTES {
            break;
        }
    }
    bytes
}

fn view(site: &Site<'_>, story: &Story, outside: &[NotMember], longest: usize) -> Page {
    let item = Line::new(site, story);
    let mut frame = Frame::new(site, &channel::shown_title(story), Some(&Addresses::story_path(story.id)));
    frame.title = excerpt::shorten(&frame.title, 160);
    frame.description = item.summary.clone().unwrap_or_default();
    frame.og_type = "article";
    let original = story.url.as_deref().and_then(xml::web_address);
    if original.is_some() {
        frame.canonical.clone_from(&original);
    }
    let host = |url: &String| url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let sentence = |text: &str| excerpt::shorten(&xml::line(text), MAX_SENTENCE_CHARS);
    let topics = story.topics.iter().take(longest).filter_map(|membership| {
        let topic = site.topics.iter().find(|topic| topic.id == membership.id)?;
        Some(TopicView {
            title: xml::line(&topic.title),
            page: site.addresses.rooted(&Addresses::topic_path(topic.id.as_str())),
            decided: match membership.by {
                MembershipBy::Rule => format!("by its rule, score {:.1}", membership.score),
                MembershipBy::Label => "by a person's label".to_owned(),
            },
            because: membership.because.iter().take(longest).map(|because| pieces(because)).collect(),
        })
    });
    let outside = outside.iter().take(longest).filter_map(|outside| {
        let topic = site.topics.iter().find(|topic| topic.id == outside.id)?;
        Some(OutsideView {
            title: xml::line(&topic.title),
            page: site.addresses.rooted(&Addresses::topic_path(topic.id.as_str())),
            score: format!("score {:.1}", outside.score),
            because: outside.because.iter().take(longest).map(|because| pieces(because)).collect(),
        })
    });
    let public = |source: &SourceId| story.sources.iter().find(|entry| entry.source == *source && entry.public);
    let carriers = story.sources.iter().filter(|entry| entry.public).take(longest).map(|entry| Carrier {
        source: sentence(&entry.source_title),
        href: entry.url.as_deref().and_then(xml::web_address),
        title: entry.title.as_deref().map(sentence).filter(|title| !title.is_empty() && *title != item.title),
        seen: moment::for_people(entry.first_seen, None),
        seen_for_machines: moment::rfc3339(entry.first_seen),
    });
    let duplicates = story.duplicates.iter().take(longest).filter_map(|duplicate| {
        let entry = public(&duplicate.source)?;
        Some(Same { source: sentence(&entry.source_title), because: sentence(&duplicate.because) })
    });
    Page {
        id: story.id.to_string(),
        published_id: xml::line(&story.published_id),
        read_at: original.as_ref().and_then(host),
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
        since: moment::for_people(story.first_published, None),
        since_for_machines: moment::rfc3339(story.first_published),
        item,
        frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(reason: &str) -> String {
        let piece = |piece: &Piece| if piece.is_code { format!("<{}>", piece.text) } else { piece.text.clone() };
        pieces(reason).iter().map(piece).collect()
    }

    #[test]
    fn what_a_long_matcher_found_is_still_told() {
        assert_eq!(shown("`kafka` found \"Kafka\" in the title: 2"), "<kafka> found \"Kafka\" in the title: 2");
        assert_eq!(shown("one ` alone"), "one ` alone");
        let long = shown(&format!("`/{}/` found \"yaml\" in the title: 2", "yaml|".repeat(90)));
        assert!(long.starts_with("</yaml|yaml|") && long.ends_with("…> found \"yaml\" in the title: 2"), "{long}");
        assert!(shown(&"`x".repeat(10_000)).len() < 2_000);
    }
}
