//! What of a text belongs to the publication and not to the post: names, bylines, breadcrumbs,
//! sponsors.
//!
//! Deliberately absent: any list of particular sites. The rule kept: a part is taken away only when
//! it can be told to be the site's, and never so much that nothing is left.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::super::{dates, dom::collapse_whitespace, url_shape};

/// Signs that part a title from the site's name, with the spaces that make them so.
const TITLE_SEPARATORS: &[&str] = &[
    " | ", " - ", " – ", " — ", " · ", " • ", " :: ", " » ", " « ", " ~ ", " / ", " < ", " ⋅ ",
    " // ", " \\ ", ": ", " |", "| ",
];

/// Characters kept of a summary.
const MAX_SUMMARY_CHARS: usize = 1_000;

static SPONSOR_PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:in partnership with|together with|sponsored by|presented by|brought to you by|a message from)\s+[^.!?|]{1,60}[.!?|]?\s*").expect("a valid pattern")
});
static BYLINE_PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[Bb]y|[Vv]on|[Pp]ar|[Pp]or|[Ww]ritten [Bb]y|[Aa]uthor:)\s+\p{Lu}[\p{L}.'’-]*(?:\s+\p{Lu}[\p{L}.'’-]*){0,3}(?:\s*[·•|,–—-]\s*|\s*$)").expect("a valid pattern")
});
static READING_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\W*(?:reading time:?\s*|estimated read(?:ing)? time:?\s*)?[~≈]?\s*(?:about\s+)?(\d{1,3})\s*[-–+]?\s*(?:m|min|mins|min\.|minutes?|minuten|minutos|minuti|mn)\b\.?(?:\s*(?:to\s+)?(?:read|reading|reading time|lesezeit|de lecture|de lectura|di lettura|leitura|leestijd))?\W*$").expect("a valid pattern")
});

/// A publication's own words.
pub(in super::super) struct SiteNameCleaner {
    names: Vec<String>,
    /// The name as people write it, for the breadcrumb.
    name: Option<String>,
}

impl SiteNameCleaner {
    /// The words of a site: its name, and its host's where that is a name.
    pub fn new(site_title: Option<&str>, page: &Url) -> Self {
        let mut names: Vec<String> = site_title.map(normalized).into_iter().collect();
        if let Some(host) = page.host_str() {
            names.push(normalized(host));
            names.push(normalized(host.trim_start_matches("www.")));
        }
        if let Some(site) = url_shape::registrable_domain(page) {
            names.push(normalized(site.split('.').next().unwrap_or_default()));
        }
        names.retain(|n| n.len() >= 2);
        Self { names, name: site_title.map(collapse_whitespace) }
    }

    /// A title without the site's name before or behind it; `heading` is the page's own, which
    /// settles doubtful cases.
    pub fn strip_site_name(&self, title: &str, heading: Option<&str>) -> String {
        let mut title = title.trim().to_owned();
        if let Some(heading) = heading
            && heading.len() < title.len()
            && heading.chars().count() >= 8
            && TITLE_SEPARATORS
                .iter()
                .any(|s| title.strip_prefix(heading).is_some_and(|rest| rest.starts_with(s)))
        {
            return heading.to_owned();
        }
        // "Post | Site | Host": the first part that is the site's name ends the title.
        for separator in &TITLE_SEPARATORS[..TITLE_SEPARATORS.len() - 3] {
            let mut parts = title.split(separator);
            let first = parts.next().unwrap_or_default();
            let ends = parts.clone().count() >= 2
                && parts.next().is_some_and(|part| self.is_site_name(part));
            if ends && !first.trim().is_empty() {
                return first.trim().to_owned();
            }
        }
        // At most twice: "Post | Blog | Site".
        for _ in 0..2 {
            let shorter = TITLE_SEPARATORS.iter().find_map(|separator| {
                let behind = title
                    .rfind(separator)
                    .filter(|at| {
                        let part = &title[at + separator.len()..];
                        let generic = *separator != ": "
                            && matches!(
                                normalized(part).as_str(),
                                "blog" | "articles" | "posts" | "newsletter"
                            );
                        *at > 0 && (generic || self.is_site_name(part))
                    })
                    .map(|at| &title[..at]);
                let before = title
                    .find(separator)
                    .filter(|at| self.is_site_name(&title[..*at]))
                    .map(|at| &title[at + separator.len()..]);
                behind.or(before).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
            });
            match shorter {
                Some(shorter) => title = shorter,
                None => break,
            }
        }
        title
    }

    fn is_site_name(&self, part: &str) -> bool {
        let part = normalized(part);
        self.names.contains(&part)
            || self.names.iter().any(|n| {
                *n == format!("{part}blog")
                    || *n == format!("the{part}")
                    || part == format!("{n}blog")
                    || part == format!("the{n}")
            })
    }

    /// A summary without breadcrumb, repeated title, sponsor, byline, date and reading time; `None`
    /// where nothing is left or it is the title once more.
    pub fn clean_summary(
        &self,
        text: &str,
        title: Option<&str>,
        authors: &[&str],
    ) -> Option<String> {
        let mut text = collapse_whitespace(text);
        for _ in 0..8 {
            let before = text.len();
            text = self.strip_one_prefix(&text, title, authors);
            if text.len() == before {
                break;
            }
        }
        let same_as_title = title.is_some_and(|t| normalized(t) == normalized(&text));
        // One word, or two, say nothing of a text; a language that writes no spaces says it in as
        // many signs.
        let too_short = normalized(&text).chars().count() < 12
            && text.split(' ').count() < 3
            && text.is_ascii();
        if same_as_title
            || too_short
            || normalized(&text).len() < 3
            || self.names.contains(&normalized(&text))
        {
            return None;
        }
        Some(truncate_summary(&text))
    }

    /// One part taken from the beginning.
    fn strip_one_prefix(&self, text: &str, title: Option<&str>, authors: &[&str]) -> String {
        let rest = |cut: &str| {
            cut.trim_start_matches(|c: char| {
                c.is_whitespace()
                    || matches!(
                        c,
                        '|' | '·' | '•' | '–' | '—' | '-' | ':' | '/' | '>' | '»' | ',' | '.'
                    )
            })
            .to_owned()
        };
        // "Site / Posts / Title": the crumbs stand before slashes or angles, and end with the
        // title.
        if let Some(after) = self.name.as_deref().and_then(|name| text.strip_prefix(name)) {
            let crumb = after.trim_start();
            if crumb.starts_with(['/', '>', '»', '›']) {
                let crumb = rest(crumb);
                let crumb = ["Posts", "Archive", "Blog", "Articles"]
                    .iter()
                    .find_map(|w| {
                        crumb
                            .strip_prefix(w)
                            .filter(|a| a.trim_start().starts_with(['/', '>', '»', '›']))
                    })
                    .map_or(crumb.clone(), rest);
                return crumb;
            }
        }
        for crumb in ["Home / ", "Home > ", "Posts / ", "Home » "] {
            if let Some(after) = text.strip_prefix(crumb) {
                return rest(after);
            }
        }
        if let Some(after) = title
            .filter(|t| t.chars().count() >= 8)
            .and_then(|t| strip_prefix_ignoring_case(text, t))
        {
            // A sentence may begin with the words of the title; only what stands apart from it is a
            // repetition.
            let is_separated = after.is_empty()
                || after.starts_with([' ', '.', ':', '|', '-', '–', '—', '/', '\u{a0}']);
            let continues_sentence = after
                .trim_start()
                .chars()
                .next()
                .is_some_and(|c| c.is_lowercase() || matches!(c, ',' | ';' | '(' | '?' | '!'));
            if is_separated && !continues_sentence && !rest(after).is_empty() {
                return rest(after);
            }
        }
        if let Some(found) = SPONSOR_PREFIX.find(text) {
            return rest(&text[found.end()..]);
        }
        for author in authors.iter().filter(|a| a.chars().count() >= 3) {
            let after = text
                .strip_prefix("By ")
                .or_else(|| text.strip_prefix("by "))
                .unwrap_or(text)
                .strip_prefix(author);
            if let Some(after) = after {
                let after_trimmed = after.trim_start();
                if after_trimmed.starts_with(['·', '•', '|', '–', '—', ','])
                    || dates::find(after_trimmed).is_some_and(|d| d.start == 0)
                    || text.starts_with("By ")
                    || text.starts_with("by ")
                {
                    return rest(after);
                }
            }
        }
        if let Some(found) = BYLINE_PREFIX.find(text).filter(|f| f.end() < text.len()) {
            return rest(&text[found.end()..]);
        }
        if let Some(found) = dates::find(text).filter(|d| d.start == 0) {
            let after = &text[found.end..];
            if after.trim_start().starts_with(['·', '•', '|', '–', '—']) {
                return rest(after);
            }
        }
        if let Some((first, after)) = text.split_once(['·', '•', '|'])
            && reading_minutes(first).is_some()
        {
            return rest(after);
        }
        text.to_owned()
    }
}

/// The name in a byline: `By Jo Smith on 28 October 2026` is `Jo Smith`.
pub(in super::super) fn author_name(text: &str) -> String {
    const BYLINE_WORDS: &[&str] = &[
        "Written by ",
        "written by ",
        "Posted by ",
        "By ",
        "by ",
        "BY ",
        "von ",
        "Von ",
        "par ",
        "Par ",
        "por ",
        "Por ",
    ];
    let name = text.split(['·', '•', '|', '—', '–']).next().unwrap_or_default();
    let name = name.split(['(', '\n']).next().unwrap_or_default();
    let name = dates::find(name).map_or(name, |found| &name[..found.start]).trim();
    let name = BYLINE_WORDS.iter().find_map(|lead| name.strip_prefix(lead)).unwrap_or(name).trim();
    let name = [" on", " in", " am", " le", " el", " at"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    name.trim().trim_end_matches([',', ':', '-', '/']).trim().to_owned()
}

/// The minutes of a text that is a reading time and nothing else: `8 min read`, `Reading time: 5
/// minutes`.
pub(in super::super) fn reading_minutes(text: &str) -> Option<u32> {
    if text.len() > 60 {
        return None;
    }
    let found = READING_TIME.captures(text.trim())?;
    // "5 m" could be anything; "5m read" and "5 min" cannot.
    let bare_metre = text.trim().trim_start_matches(|c: char| c.is_ascii_digit()).trim() == "m";
    found[1].parse().ok().filter(|_| !bare_metre)
}

/// A picture that stands for the publication, by its address.
pub(super) fn is_logo(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    let words = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric()).any(|w| {
            matches!(
                w,
                "logo"
                    | "logos"
                    | "favicon"
                    | "avatar"
                    | "gravatar"
                    | "icon"
                    | "placeholder"
                    | "wordmark"
            )
        })
    };
    let folder = path
        .split('/')
        .any(|part| matches!(part, "logo" | "logos" | "icons" | "favicons" | "avatars" | "avatar"));
    folder
        || words(last)
        || matches!(
            last,
            "default.png"
                | "default.jpg"
                | "og-default.png"
                | "og-default.jpg"
                | "default-og.png"
                | "default-og-image.png"
                | "site.png"
        )
}

/// A picture's address without what only says how large it is wanted.
pub(super) fn image_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    // Image services carry the original's address in the path behind their own parameters.
    let path = url.path();
    let original = path.find("/uploads/").map_or(path, |at| &path[at..]);
    format!("{}{original}", if original.len() == path.len() { host } else { "" })
}

/// Keywords of one text: parted by commas or semicolons.
pub(in super::super) fn keywords(text: &str) -> Vec<String> {
    text.split([',', ';', '|']).map(collapse_whitespace).filter(|k| !k.is_empty()).collect()
}

/// A language tag (BCP 47) of what pages write: `en_US`, `EN-us`, `english`.
pub(in super::super) fn language_tag(text: &str) -> Option<String> {
    let text = text.trim().split([',', ';', '.']).next().unwrap_or_default().trim();
    if text.eq_ignore_ascii_case("english") {
        return Some("en".to_owned());
    }
    let mut parts = text.split(['-', '_']);
    let language = parts.next()?.to_ascii_lowercase();
    if !(2..=3).contains(&language.len()) || !language.chars().all(|c| c.is_ascii_lowercase()) {
        return None;
    }
    let mut tag = language;
    for part in parts
        .filter(|p| !p.is_empty() && p.len() <= 8 && p.chars().all(|c| c.is_ascii_alphanumeric()))
    {
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_ascii_uppercase()),
            4 => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
    }
    Some(tag)
}

/// Letters and digits in lower case: what names are compared by.
pub(in super::super) fn normalized(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What follows a beginning that is equal but for case and white space.
fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let mut rest = text.char_indices();
    for expected in prefix.chars() {
        let (_, found) = rest.next()?;
        if found != expected && found.to_lowercase().ne(expected.to_lowercase()) {
            return None;
        }
    }
    Some(rest.as_str())
}

/// A text cut at a word, with an ellipsis, where it is too long.
pub(in super::super) fn truncate_summary(text: &str) -> String {
    let Some((at, _)) = text.char_indices().nth(MAX_SUMMARY_CHARS) else {
        return text.to_owned();
    };
    let cut = text[..at].rfind(' ').unwrap_or(at);
    format!("{}…", text[..cut].trim_end())
}
