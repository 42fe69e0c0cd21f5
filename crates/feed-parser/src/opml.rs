//! OPML 1.0 and 2.0, read leniently: many outlines in circulation are not well-formed.

use std::{collections::HashMap, fmt};

use percent_encoding::percent_decode_str;
use url::Url;

use super::{
    text::title_text,
    url::{http_url, without_feed_scheme},
    xml::{Lexer, Tag, Token, local_name, unescape},
};
use feed_model::Problem;

/// The maximum number of feeds of one outline.
const MAX_FEEDS: usize = 20_000;

/// The maximum nesting of folders.
const MAX_FOLDERS: usize = 32;

/// The outlines that a problem names.
const MAX_EXAMPLES: usize = 5;

/// The user name and password of a URL: `user:password`. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct Userinfo(String);

impl Userinfo {
    /// Returns the user name and password of a URL, without percent-encoding.
    pub fn of(url: &Url) -> Option<Self> {
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (decoded(url.username()), decoded(url.password().unwrap_or("")));
        Some(Self(format!("{user}:{password}")))
    }

    /// Returns `user:password`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Userinfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Userinfo(…)")
    }
}

/// A feed of an outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpmlFeed {
    /// The attribute `title`, else `text`.
    pub title: Option<String>,
    /// The attribute `xmlUrl`, an absolute http(s) URL without userinfo.
    pub xml_url: Url,
    /// The user name and password that `xmlUrl` contains.
    pub userinfo: Option<Userinfo>,
    /// The attribute `htmlUrl`, an absolute http(s) URL.
    pub html_url: Option<Url>,
    /// The folders that it is in. A folder is the titles of the enclosing outlines, outermost
    /// first.
    pub folders: Vec<Vec<String>>,
}

/// An OPML document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opml {
    /// `head/title`.
    pub title: Option<String>,
    /// The feeds in document order. Each URL occurs once.
    pub outlines: Vec<OpmlFeed>,
    /// What was omitted or repaired.
    pub problems: Vec<Problem>,
}

/// Parses an OPML document of any version. It never fails, but reports what could not be used.
pub fn parse(text: &str) -> Opml {
    let mut reader = OpmlReader::new(text);
    let mut lexer = Lexer::new(text);
    while let Some(token) = lexer.next() {
        match token {
            Token::Start(tag) => reader.start(&tag, lexer.token_start()),
            Token::End(name) => reader.end(local_name(name)),
            Token::Text(text) => reader.text(|| unescape(text).into_owned()),
            Token::CData(text) => reader.text(|| text.to_owned()),
        }
    }
    reader.finish(lexer.ended_in_token())
}

/// An outline whose end tag was not read yet.
struct OpenOutline {
    /// The title of a folder; `None` for a feed.
    folder: Option<String>,
    /// The offset of an outline that is no feed and has no outline in it so far.
    childless_at: Option<usize>,
}

/// Outlines that are omitted for one reason: what each is called, with its line.
#[derive(Default)]
struct Omitted(Vec<(String, u32)>);

impl Omitted {
    /// Returns the problem, if any outline was omitted. `what` describes the outlines.
    fn problem(self, what: &str) -> Option<Problem> {
        let line = self.0.first()?.1;
        let (count, more) = (self.0.len(), self.0.len().saturating_sub(MAX_EXAMPLES));
        let named: Vec<String> = self
            .0
            .into_iter()
            .take(MAX_EXAMPLES)
            .map(|(name, line)| format!("{name} (line {line})"))
            .collect();
        let named = named.join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = match count {
            1 => format!("1 outline {what} was omitted: {named}."),
            _ => format!("{count} outlines {what} were omitted: {named}{more}."),
        };
        Some(Problem::warning("opml-address", text).at_line(line))
    }
}

/// How much of the element `opml` was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RootElement {
    Missing,
    Open,
    Closed,
}

/// What was read of a document so far.
struct OpmlReader<'a> {
    text: &'a str,
    opml: Opml,
    /// The index in `outlines` of each URL.
    seen: HashMap<String, usize>,
    open: Vec<OpenOutline>,
    in_title: bool,
    has_outline: bool,
    root: RootElement,
    repeated: usize,
    too_many: usize,
    without_url: Omitted,
    invalid_url: Omitted,
    extraction: Omitted,
}

impl<'a> OpmlReader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            opml: Opml::default(),
            seen: HashMap::new(),
            open: Vec::new(),
            in_title: false,
            has_outline: false,
            root: RootElement::Missing,
            repeated: 0,
            too_many: 0,
            without_url: Omitted::default(),
            invalid_url: Omitted::default(),
            extraction: Omitted::default(),
        }
    }

    fn start(&mut self, tag: &Tag<'_>, at: usize) {
        self.in_title = false;
        match local_name(tag.name).to_ascii_lowercase().as_str() {
            "opml" => self.root = RootElement::Open,
            "title" if self.opml.title.is_none() => self.in_title = !tag.self_closing,
            "outline" => self.outline(tag, at),
            _ => {}
        }
    }

    fn outline(&mut self, tag: &Tag<'_>, at: usize) {
        self.has_outline = true;
        if let Some(parent) = self.open.last_mut() {
            parent.childless_at = None;
        }
        let kind = attribute(tag, &["type"]).map(|kind| kind.to_ascii_lowercase());
        let is_feed = kind
            .as_ref()
            .is_some_and(|kind| ["rss", "atom", "feed"].iter().any(|feed| kind.starts_with(feed)));
        let written = attribute(tag, &["xmlurl"])
            .or_else(|| attribute(tag, &["xml_url", "feedurl", "rssurl"]))
            // In OPML 1.0 every kind of outline has `url`. Only feeds are used.
            .or_else(|| attribute(tag, &["url"]).filter(|_| is_feed));
        let title = attribute(tag, &["title"])
            .or_else(|| attribute(tag, &["text"]))
            .map(|title| title_text(&title))
            .filter(|title| !title.is_empty());
        let mut open = OpenOutline { folder: None, childless_at: None };
        match written {
            Some(written) if kind.as_deref().is_some_and(is_extraction) => {
                let omitted = self.omitted(title.as_deref(), Some(&written), at);
                self.extraction.0.push(omitted);
            }
            Some(written) => {
                if let Some(url) = address(&written) {
                    self.feed(tag, title, url);
                } else {
                    let omitted = self.omitted(title.as_deref(), Some(&written), at);
                    self.invalid_url.0.push(omitted);
                    open.folder = title;
                }
            }
            None => open = OpenOutline { folder: title, childless_at: Some(at) },
        }
        if tag.self_closing {
            self.close(&open);
        } else if self.open.len() < MAX_FOLDERS {
            self.open.push(open);
        }
    }

    fn feed(&mut self, tag: &Tag<'_>, title: Option<String>, mut url: Url) {
        let userinfo = Userinfo::of(&url);
        if userinfo.is_some() {
            // These fail only for URLs that cannot have userinfo.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        let folder: Vec<String> =
            self.open.iter().filter_map(|outline| outline.folder.clone()).collect();
        if let Some(index) = self.seen.get(url.as_str()) {
            self.repeated += 1;
            let folders = &mut self.opml.outlines[*index].folders;
            if !folder.is_empty() && !folders.contains(&folder) {
                folders.push(folder);
            }
            return;
        }
        if self.opml.outlines.len() == MAX_FEEDS {
            self.too_many += 1;
            return;
        }
        self.seen.insert(url.to_string(), self.opml.outlines.len());
        self.opml.outlines.push(OpmlFeed {
            title,
            xml_url: url,
            userinfo,
            html_url: attribute(tag, &["htmlurl", "html_url"])
                .and_then(|written| http_url(&absolute(&written)?, None)),
            folders: if folder.is_empty() { Vec::new() } else { vec![folder] },
        });
    }

    fn end(&mut self, name: &str) {
        self.in_title = false;
        if name.eq_ignore_ascii_case("opml") {
            self.root = RootElement::Closed;
        } else if name.eq_ignore_ascii_case("outline")
            && let Some(open) = self.open.pop()
        {
            self.close(&open);
        }
    }

    /// Records an outline without a URL and without an outline in it.
    fn close(&mut self, outline: &OpenOutline) {
        if let Some(at) = outline.childless_at {
            let omitted = self.omitted(outline.folder.as_deref(), None, at);
            self.without_url.0.push(omitted);
        }
    }

    /// Returns what an omitted outline is called, with its line.
    fn omitted(&self, title: Option<&str>, url: Option<&str>, at: usize) -> (String, u32) {
        let name = match (title, url) {
            (_, Some(url)) => url,
            (Some(title), None) => title,
            (None, None) => "(no title)",
        };
        let name: String = name.chars().take(80).collect();
        (format!("“{name}”"), super::repairs::line_number(self.text, at))
    }

    fn text(&mut self, text: impl FnOnce() -> String) {
        if self.in_title {
            self.opml.title = Some(title_text(&text())).filter(|title| !title.is_empty());
        }
    }

    fn finish(self, ended_in_token: bool) -> Opml {
        let mut opml = self.opml;
        opml.problems.extend(self.without_url.problem("without an xmlUrl"));
        opml.problems.extend(self.invalid_url.problem("with an xmlUrl that is not an http(s) URL"));
        opml.problems.extend(self.extraction.problem("of a type that extracts items from a page"));
        opml.problems.sort_by_key(|problem| problem.line);
        if self.repeated > 0 {
            let repeated = self.repeated;
            opml.problems.push(Problem::note(
                "opml-repeated",
                format!("{repeated} outlines repeat a URL; each URL was used once."),
            ));
        }
        if self.too_many > 0 {
            let text = format!(
                "The document has more than {MAX_FEEDS} feeds; the last {} were omitted.",
                self.too_many
            );
            opml.problems.push(Problem::warning("opml-too-many", text));
        }
        if self.root == RootElement::Missing && !self.has_outline {
            opml.problems.push(Problem::error(
                "not-opml",
                "The document is not an OPML file: it has no outline.",
            ));
        } else if ended_in_token || self.root == RootElement::Open {
            let text = "The document ends before </opml>: it seems to be truncated, and feeds may \
                        be missing.";
            opml.problems.push(
                Problem::warning("opml-truncated", text)
                    .at_line(super::repairs::line_number(self.text, self.text.len())),
            );
        }
        opml
    }
}

fn attribute(tag: &Tag<'_>, names: &[&str]) -> Option<String> {
    let value = tag
        .attributes()
        .find(|(name, _)| names.iter().any(|n| name.eq_ignore_ascii_case(n)))
        .map(|(_, value)| unescape(value))?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Parses a URL as outlines write it, with its userinfo.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(&absolute(text)?).ok()?;
    http_url(url.as_str(), None).map(|_| url)
}

/// Returns an absolute URL as outlines write it: `feed:` stands for http, and the scheme may be
/// missing.
fn absolute(text: &str) -> Option<String> {
    let text = without_feed_scheme(text);
    if http_url(&text, None).is_some() {
        return Some(text.trim().to_owned());
    }
    let bare = !text.contains("://")
        && text
            .split('/')
            .next()
            .is_some_and(|host| host.contains('.') && !host.contains([' ', ':', '@']));
    bare.then(|| format!("http://{text}"))
}

/// Returns whether an outline describes how to extract items from a page and not a feed, as
/// `FreshRSS` exports it: `HTML+XPath`, `JSON+DotNotation`.
fn is_extraction(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    ["xpath", "dotnotation"].iter().any(|method| kind.contains(method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_outlines_are_parsed() {
        let opml = parse(
            "<?xml version='1.0'?>\n\
             <OPML version=\"9\"><head><title>My &amp; list</title></head><body>\n\
             <outline text=\"Databases & storage\"><outline title=A text=b type=rss \
             XMLURL=\"https://example.org/a?x=1&y=2\" htmlUrl='https://example.org/'>\n\
             </outline><outline text=\"Deep\"><outline text=\"B\" xmlUrl=\"feed://example.org/b\"/>\
             </outline></outline>\n\
             <outline text=\"C\" xmlUrl=\"javascript:alert(1)\"/>\
             <outline text=\"D\" xmlurl=\"example.org/d.xml\"/>\n\
             <outline text=\"Again\"><outline text=\"again\" \
             xmlUrl=\"https://example.org/a?x=1&amp;y=2\"/></outline></body></opml>",
        );
        assert_eq!(opml.title.as_deref(), Some("My & list"));
        let seen: Vec<_> = opml
            .outlines
            .iter()
            .map(|o| {
                let folders: Vec<String> = o.folders.iter().map(|f| f.join("/")).collect();
                (o.title.as_deref().unwrap(), o.xml_url.as_str(), folders.join(", "))
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("A", "https://example.org/a?x=1&y=2", "Databases & storage, Again".to_owned()),
                ("B", "http://example.org/b", "Databases & storage/Deep".to_owned()),
                ("D", "http://example.org/d.xml", String::new()),
            ]
        );
        let codes: Vec<_> = opml.problems.iter().map(|p| p.code.as_ref()).collect();
        assert_eq!(codes, ["opml-address", "opml-repeated"]);
        assert_eq!(opml.problems[0].line, Some(5));
    }

    #[test]
    fn malformed_attributes_are_parsed() {
        let opml = parse(
            "\u{feff}<opml><body><OUTLINE TEXT=Plain XMLURL=https://example.org/plain?a=1&b=2 />\n\
             <outline type='rss' text='1.0' url='https://example.org/old'/><outline type='link' \
             text='no feed' url='https://example.org/page'/>\n\
             <outline text=\"a < b & \"quoted\"\" xmlUrl=\"https://example.org/quoted\">\
             <outline title=\"&lt;i&gt;Deep&lt;/i&gt; &eacute;\" xml_url=\" \
             feed:https://example.org/deep \"\n\
             htmlUrl=\"javascript:alert(1)\"></outline><outline xmlUrl=\"\" text=\"\"/>\
             <outline xmlUrl='https://user:secret@example.org/private'/>",
        );
        let seen: Vec<_> = opml
            .outlines
            .iter()
            .map(|o| (o.title.as_deref(), o.xml_url.as_str(), o.html_url.is_some()))
            .collect();
        assert_eq!(
            seen,
            [
                (Some("Plain"), "https://example.org/plain?a=1&b=2", false),
                (Some("1.0"), "https://example.org/old", false),
                (Some("a < b &"), "https://example.org/quoted", false),
                (Some("Deep é"), "https://example.org/deep", false),
                (None, "https://example.org/private", false),
            ]
        );
        assert_eq!(opml.outlines[4].userinfo.as_ref().unwrap().as_str(), "user:secret");
        assert!(!format!("{opml:?}").contains("secret"));
        let texts: Vec<_> = opml.problems.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "2 outlines without an xmlUrl were omitted: “no feed” (line 2), “(no title)” \
                 (line 4).",
                "The document ends before </opml>: it seems to be truncated, and feeds may be \
                 missing.",
            ]
        );
    }

    #[test]
    fn omitted_outlines_are_counted_and_some_are_named() {
        let outline = |n: usize| format!("<outline text=\"Feed {n}\" type=\"rss\"/>");
        let outlines: String = (1..=50).map(outline).collect();
        let opml = parse(&format!(
            "<opml><body>{outlines}<outline text=\"Folder\"><outline text=\"Inner\"/></outline>\
             </body></opml>"
        ));
        assert_eq!(opml.problems.len(), 1);
        assert_eq!(
            opml.problems[0].text,
            "51 outlines without an xmlUrl were omitted: “Feed 1” (line 1), “Feed 2” \
             (line 1), “Feed 3” (line 1), “Feed 4” (line 1), “Feed 5” (line 1) and 46 more."
        );
    }

    #[test]
    fn a_truncated_document_is_reported_wherever_it_ends() {
        let whole = "<opml><body><outline text=\"A\" xmlUrl=\"https://e.example/a\"/>\
                     <outline text=\"B\" xmlUrl=\"https://e.example/b\"/></body></opml>";
        assert_eq!(parse(whole).problems, []);
        for end in [whole.len() - 2, whole.len() - 8, whole.len() - 20, 60, 30] {
            let opml = parse(&whole[..end]);
            let codes: Vec<_> = opml.problems.iter().map(|p| p.code.as_ref()).collect();
            assert_eq!(codes, ["opml-truncated"], "{}", &whole[..end]);
        }
    }

    #[test]
    fn pages_to_extract_items_from_are_no_feeds() {
        let opml = parse(
            "<opml><body><outline type=\"HTML+XPath\" text=\"P\" xmlUrl=\"https://e.example/p\"/>\
             <outline type=\"JSON+DotNotation\" text=\"J\" xmlUrl=\"https://e.example/j\"/>\
             <outline type=\"JSONFeed\" text=\"F\" xmlUrl=\"https://e.example/f\"/></body></opml>",
        );
        let urls: Vec<_> = opml.outlines.iter().map(|o| o.xml_url.as_str()).collect();
        assert_eq!(urls, ["https://e.example/f"]);
        assert_eq!(opml.problems.len(), 1);
        assert!(opml.problems[0].text.starts_with("2 outlines"), "{:?}", opml.problems);
    }

    #[test]
    fn another_document_is_reported() {
        assert_eq!(parse("<html>").problems[0].code, "not-opml");
    }
}
