//! Removal of the site's own words from titles and summaries: names, bylines, breadcrumbs and
//! sponsor lines.
//!
//! Entry point: [`SiteNameCleaner`]. There is no list of particular sites. A part is removed only
//! if it can be recognised as the site's, and only if text remains.

use std::sync::LazyLock;

use feed_model::site::site_of;
use regex::Regex;
use url::Url;

use crate::{
    byline::{is_meta_line, reading_minutes},
    dates,
    text::{collapse_whitespace, normalized, truncate_summary},
};

/// Separators between a title and the site's name, with the spaces around them.
const TITLE_SEPARATORS: &[&str] = &[
    " | ", " - ", " – ", " — ", " · ", " • ", " :: ", " » ", " « ", " ~ ", " / ", " < ", " ⋅ ",
    " // ", " \\ ", " > ", " › ", ": ", " |", "| ",
];

/// The fewest characters of a summary.
const MIN_SUMMARY_CHARS: usize = 8;

static SPONSOR_PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^(?:in partnership with|together with|sponsored by|presented by|",
        r"brought to you by|a message from)\s+[^.!?|]{1,60}[.!?|]?\s*",
    ))
    .expect("a valid pattern")
});
static BYLINE_PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:[Bb]y|[Vv]on|[Pp]ar|[Pp]or|[Ww]ritten [Bb]y|[Aa]uthor:)\s+",
        r"\p{Lu}[\p{L}.'’-]*(?:\s+\p{Lu}[\p{L}.'’-]*){0,3}(?:\s*[·•|,–—-]\s*|\s*$)",
    ))
    .expect("a valid pattern")
});

/// Returns whether a text starts with a separator between a title and the site's name.
pub(crate) fn starts_with_separator(text: &str) -> bool {
    TITLE_SEPARATORS.iter().any(|separator| text.starts_with(separator))
}

/// Returns whether a page's title has a place for the post's title that is empty: `Site - `. It is
/// the title of an untitled note.
pub(crate) fn lacks_title(title: &str) -> bool {
    const SEPARATORS: &[&str] = &["-", "–", "—", "|", "·", "•", "::", "»"];
    let mut words = title.split_whitespace();
    let (first, last) = (words.next(), words.next_back());
    last.is_some() && [first, last].into_iter().flatten().any(|word| SEPARATORS.contains(&word))
}

/// The names of a site, which are removed from titles and summaries.
pub(crate) struct SiteNameCleaner {
    names: Vec<String>,
    /// The name in its original spelling, for breadcrumbs.
    name: Option<String>,
}

impl SiteNameCleaner {
    /// Collects the names of a site: its title, its host and the name in its domain.
    pub fn new(site_title: Option<&str>, page: &Url) -> Self {
        let mut names: Vec<String> = site_title.map(normalized).into_iter().collect();
        if let Some(host) = page.host_str() {
            names.push(normalized(host));
            names.push(normalized(host.trim_start_matches("www.")));
        }
        if let Some(site) = site_of(page) {
            names.push(normalized(site.split('.').next().unwrap_or_default()));
        }
        names.retain(|n| n.len() >= 2);
        Self { names, name: site_title.map(collapse_whitespace) }
    }

    /// Returns a title without the site's name before or after it. `heading` is the heading of the
    /// page; if the title starts with it, the heading is the title.
    pub fn strip_site_name(&self, title: &str, heading: Option<&str>) -> String {
        let mut title = title.trim().to_owned();
        if let Some(heading) = heading
            && heading.len() < title.len()
            && let Some(rest) = title.strip_prefix(heading)
            && starts_with_separator(rest)
            && (heading.chars().count() >= 8 || !rest.starts_with(": "))
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

    /// Returns a summary without breadcrumb, repeated title, sponsor line, byline, date and reading
    /// time. Returns `None` if nothing remains or if the summary is the title.
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
        // One or two words are not a summary. In scripts without spaces a few characters can be a
        // sentence.
        let too_short = normalized(&text).chars().count() < 12
            && text.split(' ').count() < 3
            && text.is_ascii();
        if same_as_title
            || too_short
            || text.chars().count() < MIN_SUMMARY_CHARS
            || is_meta_line(&text)
            || text.starts_with('©')
            || normalized(&text).len() < 3
            || self.names.contains(&normalized(&text))
        {
            return None;
        }
        Some(truncate_summary(&text))
    }

    /// Removes one part at the beginning of a summary, if there is one.
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
        // "Site / Posts / Title": a breadcrumb has slashes or angle brackets and ends with the
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
            // A sentence can begin with the words of the title. It is a repetition only if it is
            // set apart.
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

/// Removes a prefix that is equal except for case.
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
