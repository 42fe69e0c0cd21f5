//! The neutral model that every writer renders.

use chrono::TimeDelta;
use url::Url;

use super::{Addresses, excerpt, xml};
use feed_model::{Enclosure, Person, SafeHtml, Story, Timestamp};

/// How far ahead of the moment at which it was first seen a publisher's date may lie: clocks are
/// not all the same.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(10);

/// Where the three documents of one channel are served: each names itself (`rel=self`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedUrls {
    /// Atom.
    pub atom: String,
    /// RSS.
    pub rss: String,
    /// JSON Feed.
    pub json: String,
}

/// A document's place among the archives of its feed (RFC 5005 §4); nothing for a feed without
/// archives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// Whether this is an archive document and not the subscription document.
    pub is_archive: bool,
    /// The subscription document, named by archives.
    pub current: Option<Url>,
    /// The archive before this document in time.
    pub prev_archive: Option<Url>,
    /// The archive after this document in time.
    pub next_archive: Option<Url>,
}

/// One feed, before it has a form: what the three writers render.
#[derive(Debug, Clone)]
pub struct Channel<'a> {
    /// The feed's id: a `tag:` URI (RFC 4151), independent of host and port.
    pub id: String,
    /// Plain text.
    pub title: String,
    /// Plain text; may be empty.
    pub description: String,
    /// The HTML page of the same stories.
    pub page_url: String,
    /// Where the documents are served.
    pub feed_urls: FeedUrls,
    /// When the documents last changed: stored, never computed from a clock.
    pub updated: Timestamp,
    /// How long a reader may wait before it asks again, in minutes: RSS `ttl`.
    pub ttl_minutes: u64,
    /// The stories, in the order to be published.
    pub stories: &'a [Story],
    /// The site's addresses: where a story without link or text can be read.
    pub addresses: &'a Addresses,
    /// The place among archives.
    pub paging: Paging,
}

impl Channel<'_> {
    /// The description, or one sentence that can stand for it where a form demands one.
    pub(super) fn description_or_title(&self) -> String {
        let own = xml::single_line(&self.description);
        if own.is_empty() { format!("Stories of {}", xml::single_line(&self.title)) } else { own }
    }

    /// Where to read a story: its own link; a story that has neither link nor text is read on its
    /// page here, since Atom demands one of the two (RFC 4287 §4.1.2).
    pub(super) fn link(&self, story: &Story) -> Option<String> {
        story.url.as_deref().and_then(xml::http_url).or_else(|| {
            text(story).is_none().then(|| self.addresses.absolute(&Addresses::story_path(story.id)))
        })
    }
}

/// The feed that a story is credited to: the one that the entry itself named, else the source that
/// it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// An IRI.
    pub id: String,
    /// Plain text.
    pub title: String,
    /// The feed's address, where there is a feed.
    pub feed_url: Option<String>,
    /// The publication's page.
    pub home_page_url: Option<String>,
    /// When title, links or id last changed.
    pub updated: Timestamp,
    /// Copyright text.
    pub rights: Option<String>,
}

/// Which feed a story is credited to. What an entry says of its own origin is kept (RFC 4287
/// §4.2.11) when that names the feed in some way: an id, its address or its page.
pub fn attribution(story: &Story) -> Attribution {
    let source = &story.source;
    let polled = xml::http_url(&source.feed_url);
    let own = Attribution {
        id: Some(source.feed_id.clone())
            .filter(|id| xml::is_feed_id(id))
            .or_else(|| polled.clone())
            .unwrap_or_else(|| format!("urn:tributary:source:{}", source.id)),
        title: xml::single_line(&source.title),
        feed_url: polled.filter(|_| source.is_feed),
        home_page_url: source.home_page_url.as_deref().and_then(xml::http_url),
        updated: source.updated,
        rights: source.rights.as_deref().map(xml::single_line).filter(|text| !text.is_empty()),
    };
    let Some(origin) = &story.origin else {
        return own;
    };
    let feed_url = origin.feed_url.as_deref().and_then(xml::http_url);
    let home_page_url = origin.home_page_url.as_deref().and_then(xml::http_url);
    let id = origin
        .id
        .clone()
        .filter(|id| xml::is_feed_id(id))
        .or_else(|| feed_url.clone())
        .or_else(|| home_page_url.clone());
    let Some(id) = id else { return own };
    let title = origin.title.as_deref().map(xml::single_line).filter(|title| !title.is_empty());
    Attribution {
        title: title.unwrap_or_else(|| id.clone()),
        id,
        feed_url,
        home_page_url,
        updated: origin.updated.unwrap_or(source.updated),
        rights: origin.rights.as_deref().map(xml::single_line).filter(|text| !text.is_empty()),
    }
}

/// The authors that a story is published with: those it names, else the title of the feed that it
/// is credited to, so that no entry is ever taken for the aggregator's own. E-mail addresses are
/// not passed on.
pub(super) fn authors(story: &Story, credited: &Attribution) -> Vec<Person> {
    let mut authors: Vec<Person> = Vec::new();
    for author in &story.authors {
        let name = match xml::single_line(&author.name) {
            name if !name.is_empty() => name,
            _ => xml::single_line(author.email.as_deref().unwrap_or_default()),
        };
        if !name.is_empty() && authors.iter().all(|known| known.name != name) {
            authors.push(Person {
                name,
                email: None,
                url: author.url.as_deref().and_then(xml::http_url),
            });
        }
    }
    if authors.is_empty() {
        let name = if credited.title.is_empty() {
            xml::single_line(&story.source.title)
        } else {
            credited.title.clone()
        };
        let name = if name.is_empty() { story.source.id.to_string() } else { name };
        authors.push(Person { name, email: None, url: None });
    }
    authors
}

/// A story's title as every document shows it: one line of plain text, never empty.
pub(super) fn display_title(story: &Story) -> String {
    xml::single_line(&excerpt::title(story))
}

/// A story's text as a document can carry it, where there is any.
pub(super) fn text(story: &Story) -> Option<String> {
    html(story.content.as_ref())
}

/// The same of its short text.
pub(super) fn short_text(story: &Story) -> Option<String> {
    html(story.summary.as_ref())
}

fn html(html: Option<&SafeHtml>) -> Option<String> {
    html.map(|html| xml::clean(html.as_str()).into_owned()).filter(|html| !html.trim().is_empty())
}

/// The publisher's date, where readers can use it. One that lay ahead when the story arrived is
/// left to the pages: feed readers hold such a story back, or pin it to the top, for as long as it
/// lies ahead.
pub(super) fn published(story: &Story) -> Option<Timestamp> {
    story.published.filter(|at| *at <= story.first_published + CLOCK_TOLERANCE)
}

/// The copyright text of an entry.
pub(super) fn rights(story: &Story) -> Option<String> {
    story.rights.as_deref().map(xml::single_line).filter(|text| !text.is_empty())
}

/// The languages that have a code of two letters (ISO 639-1), with the older codes that are still
/// in use.
const TWO_LETTERS: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz \
    ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja \
    ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng \
    nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta \
    te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Codes of three letters that stand for a language with a shorter one, which is then the only
/// right one (RFC 5646 §2.2.1).
const THREE_LETTERS: &str = "ara:ar ces:cs chi:zh cze:cs dan:da deu:de dut:nl ell:el eng:en fin:fi fra:fr fre:fr ger:de gre:el \
    heb:he hin:hi hun:hu ind:id ita:it jpn:ja kor:ko nld:nl nob:nb nor:no pol:pl por:pt ron:ro rum:ro rus:ru spa:es swe:sv \
    tha:th tur:tr ukr:uk vie:vi zho:zh";

/// The language tag, where it is one (BCP 47: a known language of two letters or any of three, then
/// groups of at most eight letters and digits).
pub(super) fn language(story: &Story) -> Option<&str> {
    let good = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let tag = story.language.as_deref()?.trim();
    let primary = tag.split('-').next()?;
    let same = |code: &str| code.eq_ignore_ascii_case(primary);
    if let Some((_, shorter)) = THREE_LETTERS
        .split_ascii_whitespace()
        .filter_map(|pair| pair.split_once(':'))
        .find(|(code, _)| same(code))
    {
        return (primary == tag).then_some(shorter);
    }
    let known = match primary.len() {
        2 => TWO_LETTERS.split_ascii_whitespace().any(same),
        length => length == 3 && primary.bytes().all(|b| b.is_ascii_alphabetic()),
    };
    (known && tag.split('-').all(good)).then_some(tag)
}

/// An enclosure's media type, where it has the shape of one; else the type that says nothing.
pub(super) fn media_type(enclosure: &Enclosure) -> &str {
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let mime = enclosure.mime.trim();
    match mime.split_once('/') {
        Some((kind, sub)) if token(kind) && token(sub) => mime,
        _ => "application/octet-stream",
    }
}
