//! What the feed parser read and what was noted beside it, joined into drafts.

use std::collections::HashSet;

use url::Url;

use super::{
    authors::{WEAK_AUTHOR, authors, people},
    date::parse_date,
    draft::RawDraft,
    media::{enclosure, is_image, media},
    parse::{Entry, Feed, Text},
    repairs::line_of,
    text::{folded, plain_text, plain_title, strip_forbidden, title_text},
    tidy::{FeedNotes, ItemNotes, Name, Said, SourceNote},
    url::{http_url, untracked},
    xml::{Lexer, Token, local_name},
};
use feed_model::{Category, Draft, Enclosure, FeedMeta, Format, Guid, OriginSource, Problem, PublishedDate, TakenFrom};

/// The most values of one kind that an item keeps: categories, enclosures, persons.
pub(super) const MAX_VALUES: usize = 100;

/// The longest id that is kept, in bytes.
const MAX_ID_BYTES: usize = 4096;

/// Where relative addresses begin.
#[derive(Debug)]
pub(super) struct Bases {
    document: Url,
    page: Option<Url>,
    format: Format,
    /// Whether the feed names an author, and not only who publishes or looks after it.
    pub has_author: bool,
}

impl Bases {
    /// For a link of an item without `xml:base`: the document; but a feed that is served for its site by another host
    /// means the site.
    fn of_links(&self) -> &Url {
        match &self.page {
            Some(page) if self.format != Format::Atom && page.host_str() != self.document.host_str() => page,
            _ => &self.document,
        }
    }
}

/// The feed, and where relative addresses begin.
pub(super) fn feed(feed: &Feed, notes: &FeedNotes, format: Format, url: &Url, problems: &mut Vec<Problem>) -> (FeedMeta, Bases) {
    let base = notes.base.as_ref().unwrap_or(url);
    let link =
        |wanted: &str| notes.links.iter().find(|link| link.rel == wanted).and_then(|link| http_url(&link.href, Some(base)));
    let to_page = notes.links.iter().find(|link| link.rel == "alternate" && link.mime.as_deref().is_none_or(is_page));
    let page = to_page.and_then(|link| http_url(&link.href, Some(base))).or_else(|| link("alternate"));
    let dates = |said: &[Said<String>]| first_date(said).map(|(date, _)| date.at);
    let mut rhythm = notes.pace.clone();
    if notes.update_period_s.is_some() || notes.update_frequency.is_some() {
        rhythm.sy_interval_s = Some((notes.update_period_s.unwrap_or(86_400) / notes.update_frequency.unwrap_or(1)).max(1));
    }
    let icon = [&notes.logo, &notes.icon, &notes.image].into_iter().flatten().find_map(|icon| http_url(icon, Some(base)));
    let meta = FeedMeta {
        id: notes.id.as_deref().and_then(exact),
        title: feed.title.as_ref().map(title).filter(|t| !t.is_empty()),
        description: feed.description.as_ref().map(short_text).filter(|t| !t.is_empty()),
        home_page_url: page.as_ref().map(|url| untracked(url.clone()).into()),
        self_url: link("self").map(String::from),
        updated: dates(&notes.updated).or_else(|| dates(&notes.published)),
        language: notes.language.as_deref().and_then(language),
        rights: feed.rights.as_ref().map(short_text).filter(|t| !t.is_empty()),
        authors: people(&notes.people).0,
        icon: icon.map(String::from),
        hubs: notes
            .links
            .iter()
            .filter(|l| l.rel == "hub")
            .filter_map(|l| http_url(&l.href, Some(base)))
            .map(String::from)
            .collect(),
        pace: rhythm,
    };
    if meta.title.is_none() {
        problems.push(Problem::note("untitled-feed", "The feed has no title."));
    }
    let has_author = notes.people.iter().any(|said| said.rank < WEAK_AUTHOR);
    let bases = Bases { document: base.clone(), page, format, has_author };
    (meta, bases)
}

/// One item; nothing where it says nothing.
pub(super) fn item(
    entry: Entry,
    notes: &ItemNotes,
    bases: &Bases,
    meta: &FeedMeta,
    document: &str,
    problems: &mut Vec<Problem>,
) -> Option<RawDraft> {
    let base = notes.base.as_ref().unwrap_or_else(|| bases.of_links());
    let (guid, guid_from) = match notes.id.as_ref().or(notes.weak_id.as_ref()) {
        Some((text, from)) => (exact(text).map(|value| Guid { value, is_permalink: notes.is_permalink }), Some(from.clone())),
        None => (None, None),
    };
    let media: Vec<Enclosure> = notes.media.iter().filter_map(|m| media(m, base)).collect();
    let mut enclosures: Vec<Enclosure> =
        notes.links.iter().filter(|l| l.rel == "enclosure").filter_map(|l| enclosure(l, base)).collect();
    for enclosure in media {
        if !enclosures.iter().any(|e| e.url == enclosure.url) {
            enclosures.push(enclosure);
        }
    }
    enclosures.truncate(MAX_VALUES);
    let link_name = if bases.format == Format::Json { "url" } else { "link" };
    let (url, url_from) = choose_url(notes, link_name, guid.as_ref(), &enclosures, base).unzip();
    let text_base = notes.base.as_ref().or(url.as_ref()).or(bases.page.as_ref()).unwrap_or(&bases.document).clone();
    let with_base = |text: Option<Text>, own: Option<&Url>| text.map(|text| (text, own.unwrap_or(&text_base).clone()));

    let line = || line_of(document, notes.at);
    let (published, published_from) = first_date(&notes.published).unzip();
    let (updated, updated_from) = first_date(&notes.updated).unzip();
    if published.is_none()
        && updated.is_none()
        && let Some(said) = notes.published.first().or(notes.updated.first())
    {
        let text: String = said.value.chars().take(60).collect();
        problems.push(Problem::warning("unreadable-date", format!("An item has a date that is none: “{text}”.")).at_line(line()));
    }
    let (authors, authors_from) = authors(notes, meta, bases);
    let named = notes.images.iter().map(|(url, from)| (url.as_str(), from));
    let mut shown = named.chain(notes.media.iter().filter(|m| is_image(m)).map(|m| (m.url.as_str(), &m.from)));
    let (image, image_from) = shown.find_map(|(url, from)| Some((http_url(url, Some(base))?, from.clone()))).unzip();
    let related = notes.links.iter().filter(|l| matches!(l.rel.as_ref(), "related" | "via")).map(|l| l.href.as_str());
    let related =
        unique(related.chain(notes.related.iter().map(String::as_str)).filter_map(|r| http_url(r, Some(base))).map(String::from));

    let draft = Draft {
        guid,
        url,
        title: entry.title.as_ref().map(title).filter(|t| !t.is_empty()),
        authors,
        categories: categories(notes.categories.iter().chain(&notes.subjects)),
        published: published.or(updated),
        updated: updated.map(|date| date.at),
        summary: None,
        content: None,
        language: notes.language.as_deref().and_then(language).or_else(|| meta.language.clone()),
        image: image.map(String::from),
        enclosures,
        origin: notes.source.as_ref().and_then(|note| origin(note, base)),
        rights: entry.rights.as_ref().map(short_text).filter(|t| !t.is_empty()),
        related,
        from: TakenFrom {
            guid: guid_from,
            title: notes.title_from.clone(),
            url: url_from,
            published: published_from.or_else(|| updated_from.clone()),
            updated: updated_from,
            authors: authors_from,
            summary: notes.summary_from.clone(),
            content: notes.content_from.clone(),
            image: image_from,
        },
    };
    let has_text = entry.title.iter().chain(&entry.summary).chain(&entry.content).any(|text| !text.text.trim().is_empty());
    // What it has from the feed alone is not its own.
    let own = || Draft {
        authors: people(&notes.people).0,
        language: notes.language.clone().filter(|_| meta.language.is_none()),
        from: TakenFrom::default(),
        ..draft.clone()
    };
    if !has_text && own() == Draft::default() {
        if says_nothing(document, notes.at) {
            problems.push(Problem::warning("empty-item", "An item says nothing of itself; it was left out.").at_line(line()));
            return None;
        }
        let text = "An item has neither a title nor a text, an id or a link; it was kept for what else it says.";
        problems.push(Problem::note("bare-item", text).at_line(line()));
    }
    let summary = with_base(entry.summary, notes.summary_base.as_ref());
    let content_base = notes.content_base.as_ref().or(notes.summary_base.as_ref());
    let content = with_base(entry.content, content_base);
    Some(RawDraft { draft, summary, content })
}

/// Whether nothing stands in the item that begins at a byte of the document: no text, and no attribute but names.
fn says_nothing(document: &str, at: usize) -> bool {
    let mut lexer = Lexer::new(document);
    lexer.seek(at);
    let is_item = |name: &str| ["item", "entry"].iter().any(|item| local_name(name).eq_ignore_ascii_case(item));
    for (nth, token) in lexer.enumerate() {
        match token {
            Token::Start(tag) if nth > 0 && is_item(tag.name) => return true,
            Token::End(name) if is_item(name) => return true,
            Token::Start(tag) => {
                let is_name = |name: &str| name.starts_with("xmlns") || name.starts_with("xml:");
                if tag.attributes().any(|(name, value)| !is_name(name) && !value.trim().is_empty()) {
                    return false;
                }
                if nth == 0 && tag.empty {
                    return true;
                }
            }
            Token::Text(text) | Token::CData(text) if !text.trim().is_empty() => return false,
            Token::End(_) | Token::Text(_) | Token::CData(_) => {}
        }
    }
    true
}

/// The link that a service replaced by its own, else alternate HTML, else untargeted, else an id that is a permalink, else a weaker link, else the enclosure; and which of
/// these it was.
fn choose_url(
    notes: &ItemNotes,
    link_name: &'static str,
    guid: Option<&Guid>,
    enclosures: &[Enclosure],
    base: &Url,
) -> Option<(Url, Name)> {
    let alternate = |fits: &dyn Fn(Option<&str>) -> bool| {
        let mut fitting = notes.links.iter().filter(|link| link.rel == "alternate" && fits(link.mime.as_deref()));
        Some((fitting.find_map(|link| http_url(&link.href, Some(base)))?, Name::Borrowed(link_name)))
    };
    let permalink = || {
        let guid = guid.filter(|guid| guid.is_permalink != Some(false))?;
        let from = notes.id.as_ref().or(notes.weak_id.as_ref())?.1.clone();
        // A relative one is an address only where it was said to be one.
        let base = (guid.is_permalink == Some(true)).then_some(base);
        Some((http_url(&guid.value, base)?, from))
    };
    let weak = || {
        let mut weak = notes.weak_link.iter().chain(&notes.weak_id);
        weak.find_map(|(text, from)| Some((http_url(text, None)?, from.clone())))
    };
    let original = notes.original_link.as_ref().and_then(|(text, from)| Some((http_url(text, None)?, from.clone())));
    let (url, from) = original
        .or_else(|| alternate(&|mime| mime.is_some_and(is_page)))
        .or_else(|| alternate(&|mime| mime.is_none()))
        .or_else(|| alternate(&|_| true))
        .or_else(permalink)
        .or_else(weak)
        .or_else(|| Some((Url::parse(&enclosures.first()?.url).ok()?, Name::Borrowed("enclosure"))))?;
    Some((untracked(url), from))
}

fn is_page(mime: &str) -> bool {
    let mime = mime.trim().to_ascii_lowercase();
    mime.starts_with("text/html") || mime.starts_with("application/xhtml")
}

/// The date of the lowest rank that is one, and where it stood: a bad second date never erases a good first.
fn first_date(said: &[Said<String>]) -> Option<(PublishedDate, Name)> {
    let dates = said.iter().take(8).filter_map(|said| Some((said.rank, parse_date(&said.value)?, &said.from)));
    let (_, date, from) = dates.min_by_key(|(rank, ..)| *rank)?;
    Some((date, from.clone()))
}

fn title(text: &Text) -> String {
    if text.is_html { title_text(&text.text) } else { plain_title(&text.text) }
}

fn short_text(text: &Text) -> String {
    if text.is_html { plain_text(&text.text) } else { folded(&text.text) }
}

/// An id, exactly but for white space around it and characters that could never be published again.
fn exact(text: &str) -> Option<String> {
    let text = strip_forbidden(text.trim());
    (!text.is_empty() && text.len() <= MAX_ID_BYTES).then(|| text.into_owned())
}

fn language(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "-");
    let tag = text.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    (tag && text.len() >= 2 && text.len() <= 35).then_some(text)
}

fn categories<'a>(all: impl Iterator<Item = &'a Category>) -> Vec<Category> {
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for category in all {
        let term = title_text(&category.term);
        if !term.is_empty() && kept.len() < MAX_VALUES && seen.insert(term.to_lowercase()) {
            let label = category.label.as_deref().map(title_text).filter(|label| !label.is_empty() && *label != term);
            let scheme = category.scheme.as_deref().map(folded).filter(|s| !s.is_empty() && is_harmless(s));
            kept.push(Category { term, scheme, label });
        }
    }
    kept
}

/// A scheme is an IRI that nobody opens, as a rule; but readers make links of everything.
fn is_harmless(scheme: &str) -> bool {
    let lower = scheme.to_ascii_lowercase();
    !["javascript:", "data:", "vbscript:"].iter().any(|bad| lower.starts_with(bad))
}

fn unique(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for one in all {
        if kept.len() < MAX_VALUES && !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

fn origin(note: &SourceNote, base: &Url) -> Option<OriginSource> {
    let url = |text: &Option<String>| text.as_deref().and_then(|t| http_url(t, Some(base))).map(String::from);
    let origin = OriginSource {
        id: note.id.as_deref().and_then(exact),
        title: note.title.as_deref().map(title_text).filter(|t| !t.is_empty()),
        feed_url: url(&note.feed_url),
        home_page_url: url(&note.home_page_url),
        updated: note.updated.as_deref().and_then(parse_date).map(|date| date.at),
        rights: note.rights.as_deref().map(plain_text).filter(|t| !t.is_empty()),
    };
    (origin != OriginSource::default()).then_some(origin)
}
