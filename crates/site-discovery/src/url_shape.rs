//! What the shape of a URL shows: a post, a list of posts, a static page of a site, or something
//! else.
//!
//! Only words that many sites use in paths count; there is no list of particular sites.

use std::sync::LazyLock;

use feed_model::{language::is_path_locale, site::site_of, tracking::is_ignored_within_page};
use url::Url;

use crate::{
    dates,
    word_list::{WordList, word_list},
};

/// Path segments under which sites keep posts.
static POST_PATH_SEGMENTS: LazyLock<WordList> = word_list!("post_path_segments.txt");

/// Path segments that are followed by a subject, an author or a page number.
static LIST_PATH_SEGMENTS: LazyLock<WordList> = word_list!("list_path_segments.txt");

/// Last path segments of pages that most sites have.
static STATIC_PAGE_SEGMENTS: LazyLock<WordList> = word_list!("static_pages.txt");

/// Directories of other things than posts.
static OTHER_DIRECTORIES: LazyLock<WordList> = word_list!("other_directories.txt");

static FILE_EXTENSIONS: LazyLock<WordList> = word_list!("file_extensions.txt");

/// Query keys that select a part of a list.
static LIST_QUERY_KEYS: LazyLock<WordList> = word_list!("list_query_keys.txt");

/// Hosts of share buttons and profiles.
static SOCIAL_HOSTS: LazyLock<WordList> = word_list!("social_hosts.txt");

/// Returns whether two URLs have the same registrable domain, or the same host if it has none.
pub(crate) fn same_site(a: &Url, b: &Url) -> bool {
    match (site_of(a), site_of(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// File names that stand for their directory.
const INDEX_FILES: &[&str] =
    &["index.html", "index.htm", "index.php", "index.xhtml", "index.shtml", "default.aspx"];

/// Returns the path segments that are not empty. A final `index.html` stands for its directory and
/// is left out.
pub(crate) fn segments(url: &Url) -> Vec<&str> {
    let mut parts: Vec<&str> = url.path().split('/').filter(|s| !s.is_empty()).collect();
    if parts.last().is_some_and(|last| INDEX_FILES.contains(&last.to_ascii_lowercase().as_str())) {
        parts.pop();
    }
    parts
}

/// Returns whether a URL is the home page of a site, in any language.
pub(crate) fn is_home(url: &Url) -> bool {
    let parts = segments(url);
    match parts.as_slice() {
        [] => !query_names_post(url),
        [one] => is_path_locale(one) || one.eq_ignore_ascii_case("home") && !query_names_post(url),
        _ => false,
    }
}

/// Returns whether the query of a home page names a post: `?p=123`, `index.php?id=7`.
fn query_names_post(url: &Url) -> bool {
    url.query_pairs().any(|(key, value)| {
        matches!(&*key, "p" | "id" | "post" | "article" | "story" | "entry") && !value.is_empty()
    })
}

/// Returns whether a URL is a list of posts by tag, author, month or page number.
pub(crate) fn is_list(url: &Url) -> bool {
    if url.query_pairs().any(|(key, _)| LIST_QUERY_KEYS.contains(&key.to_ascii_lowercase())) {
        return true;
    }
    let parts: Vec<String> = segments(url).iter().map(|s| s.to_lowercase()).collect();
    let n = parts.len();
    let word = |i: usize| LIST_PATH_SEGMENTS.contains(&parts[i]);
    // `/tags`, `/tags/rust`, `/blog/tags/rust`, `/tags/rust/page/2`: the keyword is one of the last
    // segments. `/releases/tag/v2` is a release, not a list.
    let release = n >= 3 && parts[n - 3] == "releases" && parts[n - 2] == "tag";
    if n >= 1 && word(n - 1) || n >= 2 && word(n - 2) && !release {
        return true;
    }
    // `/site/blog/archives`
    if n >= 3
        && matches!(parts[n - 1].as_str(), "archive" | "archives")
        && dates::find_in_url(url).is_none()
    {
        return true;
    }
    // `/blog/page2`, `/blog/page-3`
    let number = parts.last().and_then(|last| last.strip_prefix("page"));
    let number = number.map(|number| number.trim_start_matches(['-', '_']));
    if number.is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit())) {
        return true;
    }
    if n >= 3
        && matches!(
            parts[0].as_str(),
            "tag" | "tags" | "category" | "categories" | "author" | "authors" | "topic" | "topics"
        )
    {
        return true;
    }
    // `/2024`, `/archive/2024/05`: a year or a month without a slug.
    let digits: Vec<&String> =
        parts.iter().filter(|p| p.chars().all(|c| c.is_ascii_digit())).collect();
    let rest = parts
        .iter()
        .filter(|p| !p.chars().all(|c| c.is_ascii_digit()))
        .all(|p| STATIC_PAGE_SEGMENTS.contains(p));
    let year = digits
        .first()
        .is_some_and(|d| d.len() == 4 && (d.starts_with("19") || d.starts_with("20")));
    // `/news/2026/20261112` is not a month.
    let year = year && digits.iter().skip(1).all(|d| d.len() <= 2);
    rest && (year && digits.len() == n || year && digits.len() <= 3 && n > digits.len())
}

/// The kind of a list of posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// The posts of a tag, category or topic.
    Subject,
    /// The posts of an author.
    Person,
}

/// Returns the kind of the list at a URL, if the URL shows it.
pub(crate) fn list_kind(url: &Url) -> Option<ListKind> {
    let kind_of = |word: &str| match word {
        "tag" | "tags" | "tagged" | "category" | "categories" | "cat" | "topic" | "topics"
        | "label" | "labels" | "section" | "keyword" | "keywords" | "subject" | "subjects" => {
            Some(ListKind::Subject)
        }
        "author" | "authors" | "people" | "contributors" | "by" => Some(ListKind::Person),
        _ => None,
    };
    if let Some(kind) = url.query_pairs().find_map(|(key, _)| kind_of(&key.to_ascii_lowercase())) {
        return Some(kind);
    }
    let parts = segments(url);
    let last = parts.len().checked_sub(1)?;
    parts
        .iter()
        .enumerate()
        .filter(|(i, _)| *i < last)
        .rev()
        .take(2)
        .find_map(|(_, p)| kind_of(&p.to_ascii_lowercase()))
}

/// Returns whether a URL is the home page or a page that most sites have (about, privacy, …).
pub(crate) fn is_static_page(url: &Url) -> bool {
    if is_home(url) {
        return true;
    }
    let parts = segments(url);
    let parts: &[&str] =
        if parts.first().is_some_and(|p| is_path_locale(p)) { &parts[1..] } else { &parts };
    match parts {
        [] => !query_names_post(url),
        [one] => STATIC_PAGE_SEGMENTS.contains(&strip_page_extension(one)),
        [first, second] => {
            STATIC_PAGE_SEGMENTS.contains(&strip_page_extension(second))
                && !matches!(
                    strip_page_extension(second).as_str(),
                    "now" | "work" | "reading" | "links" | "support" | "books" | "start" | "404"
                )
                || matches!(
                    strip_page_extension(first).as_str(),
                    "about" | "legal" | "docs" | "account" | "help"
                )
        }
        _ => false,
    }
}

/// Returns whether a URL is a file that is not a page. `/editor.js/` is a page.
pub(crate) fn is_file(url: &Url) -> bool {
    if url.path().ends_with('/') {
        return false;
    }
    let last = segments(url).last().map(|s| s.to_ascii_lowercase()).unwrap_or_default();
    last.rsplit_once('.').is_some_and(|(_, ext)| FILE_EXTENSIONS.contains(ext))
}

/// Returns whether a URL is a share button, a profile or the home page of site software.
pub(crate) fn is_social(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let host = host.trim_start_matches("www.").trim_start_matches("m.");
    let known = SOCIAL_HOSTS.contains(host);
    known
        || host == "github.com" && segments(url).len() < 2
        || host.ends_with("youtube.com")
            && segments(url)
                .first()
                .is_some_and(|s| s.starts_with('@') || *s == "channel" || *s == "c")
}

/// Returns how much a URL looks like a post: a date in the path, a directory of posts, a slug of
/// several words.
pub(crate) fn post_score(url: &Url) -> f64 {
    let parts = segments(url);
    let Some(last) = parts.last() else { return 0.0 };
    let mut score = 0.0;
    if dates::find_in_url(url).is_some() {
        score += 2.0;
    }
    if parts.len() >= 2
        && parts[..parts.len() - 1]
            .iter()
            .any(|p| POST_PATH_SEGMENTS.contains(&p.to_ascii_lowercase()))
    {
        score += 2.0;
    }
    let words = strip_page_extension(last).split(['-', '_', '.']).filter(|w| !w.is_empty()).count();
    score
        + match words {
            0 | 1 => 0.0,
            2 => 0.5,
            _ => 1.0,
        }
}

/// Returns the directory that a URL shares with similar pages: `/p/`, `/blog/`, `/YYYY/`, or `/` at
/// the root.
pub(crate) fn directory(url: &Url) -> String {
    let parts = segments(url);
    let mut out = String::from("/");
    let mut rest: &[&str] = &parts;
    if rest.len() >= 2 && is_path_locale(rest[0]) {
        out.push_str(rest[0]);
        out.push('/');
        rest = &rest[1..];
    }
    if let [first, _, ..] = rest {
        out.push_str(if is_year(first) { "YYYY" } else { first });
        out.push('/');
    }
    out
}

/// Returns whether the last path segment names a list of posts: `/blog`, `/en/articles.html`.
pub(crate) fn is_post_list(url: &Url) -> bool {
    segments(url)
        .last()
        .is_some_and(|last| POST_PATH_SEGMENTS.contains(&strip_page_extension(last)))
}

/// Returns whether a directory's name is that of a list of all posts: `archive`.
pub(crate) fn is_listing_name(name: &str) -> bool {
    matches!(name, "archive" | "archives" | "log")
}

/// Returns whether sites usually keep something else than posts in a directory.
pub(crate) fn is_other_directory(name: &str) -> bool {
    LIST_PATH_SEGMENTS.contains(name)
        || STATIC_PAGE_SEGMENTS.contains(name)
        || OTHER_DIRECTORIES.contains(name)
}

/// Returns whether sites usually keep posts in a directory.
pub(crate) fn is_post_directory(directory: &str) -> bool {
    directory
        .split('/')
        .filter(|s| !s.is_empty())
        .any(|s| s == "YYYY" || POST_PATH_SEGMENTS.contains(&s.to_ascii_lowercase()))
}

/// Returns the similarity of a text and the last path segment: 1 if all words are in both, 0 if
/// none is.
#[allow(clippy::cast_precision_loss)] // a few words
pub(crate) fn slug_similarity(text: &str, url: &Url) -> f64 {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let parts = segments(url);
    let slug = parts.last().map(|s| words(&strip_page_extension(s))).unwrap_or_default();
    let text = words(&text.replace(['\'', '’'], ""));
    let shared = text.iter().filter(|w| slug.contains(w)).count();
    if shared == 0 { 0.0 } else { 2.0 * shared as f64 / (slug.len() + text.len()) as f64 }
}

/// Returns a key for the comparison of URLs within one page. Scheme, `www.`, fragment, tracking
/// parameters and a trailing slash are ignored.
pub(crate) fn comparison_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.");
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    let query: Vec<String> = url
        .query_pairs()
        .filter(|(k, _)| !is_ignored_within_page(k))
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    let path = url.path().trim_end_matches('/');
    let path = INDEX_FILES
        .iter()
        .find_map(|name| path.strip_suffix(name).filter(|rest| rest.ends_with('/')))
        .map_or(path, |rest| rest.trim_end_matches('/'));
    if query.is_empty() {
        format!("{host}{port}{path}")
    } else {
        format!("{host}{port}{path}?{}", query.join("&"))
    }
}

fn is_year(segment: &str) -> bool {
    segment.len() == 4
        && segment.chars().all(|c| c.is_ascii_digit())
        && (segment.starts_with("19") || segment.starts_with("20"))
}

fn strip_page_extension(segment: &str) -> String {
    let lower = segment.to_ascii_lowercase();
    for ext in [".html", ".htm", ".php", ".aspx", ".md"] {
        if let Some(bare) = lower.strip_suffix(ext) {
            return bare.to_owned();
        }
    }
    lower
}
