//! The page behind an address, where several addresses lead to one: mobile and AMP editions, index files, session ids,
//! referrers.
//!
//! Across sources only. Within a source the address itself is a key, and a rule that is learnt later must not change keys.
//! What is folded here only finds a candidate: a post may be called `amp`, a site may live at `m.`, a list may be
//! made `?from=reddit`. So two addresses that are equal by folding alone prove nothing without the title or the text.

use url::Url;

/// Names in front of a host that stand for an edition of the site behind them.
const EDITIONS: [&str; 4] = ["m.", "mobile.", "amp.", "www."];
/// The last part of a path that names what the path before it is.
const INDEX_FILES: [&str; 5] = ["index.html", "index.htm", "index.php", "amp", "amp.html"];
/// Parameters that hold a session or ask for an edition.
const SESSIONS: [&str; 5] = ["phpsessid", "jsessionid", "sessionid", "amp", "outputtype"];
/// Parameters that name the referrer, where their value is one.
const REFERRERS: [&str; 5] = ["ref", "source", "src", "from", "via"];
/// Values that are a referrer, beside the name of a host and what begins with `rss`.
const SENDERS: [&str; 17] = [
    "atom",
    "email",
    "facebook",
    "feed",
    "github",
    "hackernews",
    "hn",
    "homepage",
    "linkedin",
    "lobsters",
    "medium",
    "newsletter",
    "producthunt",
    "reddit",
    "share",
    "social",
    "twitter",
];

/// The host without the names of editions: `m.example.org`, `en.m.example.org` and `example.org` are one site. What a
/// registry hands out is never shortened: `m.github.io` and `amp.github.io` are two people's.
pub(super) fn host(name: &str) -> String {
    let own = psl::domain_str(name).unwrap_or(name);
    let Some(mut labels) = name.strip_suffix(own) else { return name.to_owned() };
    while let Some(rest) = EDITIONS.iter().find_map(|edition| labels.strip_prefix(edition)) {
        labels = rest;
    }
    let mut labels = labels.to_owned();
    while labels.contains(".m.") {
        labels = labels.replace(".m.", ".");
    }
    labels + own
}

/// The path without session, index file and edition.
pub(super) fn path(path: &str) -> &str {
    let mut path = path.trim_end_matches('/');
    loop {
        let shorter = match path.rsplit_once('/') {
            Some((before, last)) if INDEX_FILES.contains(&last.to_ascii_lowercase().as_str()) => before,
            Some((_, last)) if session_at(last).is_some() => &path[..path.len() - last.len() + session_at(last).unwrap_or(0)],
            _ => return path,
        };
        path = shorter.trim_end_matches('/');
    }
}

/// Where `;jsessionid=…` begins in the last part of a path.
fn session_at(part: &str) -> Option<usize> {
    // A dot before it would become a step up, or none, when the address is read again.
    let dots = |before: &str| matches!(before.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    part.find(';').filter(|&at| part[at + 1..].to_ascii_lowercase().starts_with("jsessionid=") && !dots(&part[..at]))
}

/// Whether a `name=value` of a query says which page it is.
pub(super) fn tells(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    if SESSIONS.contains(&name.as_str()) {
        return false;
    }
    !(REFERRERS.contains(&name.as_str()) && is_sender(&value))
}

/// Whether a value names who sent the reader: a programme or a host, which no version, branch or language is.
fn is_sender(value: &str) -> bool {
    let words = value.trim_end_matches('/');
    let is_host = || {
        let host = words.strip_prefix("www.").unwrap_or(words);
        host.contains('.')
            && Url::parse(&format!("https://{host}/")).is_ok_and(|url| url.domain() == Some(host))
            && psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() < host.len())
    };
    SENDERS.contains(&words) || words.starts_with("rss") || is_host()
}

/// The fragment, where it is the address of a page within a page: `#!/posts/1`, `#/posts/1`.
pub(super) fn route(fragment: &str) -> Option<&str> {
    fragment.strip_prefix('!').unwrap_or(fragment).starts_with('/').then_some(fragment).filter(|route| route.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_of_a_site_are_one() {
        for name in ["example.org", "m.example.org", "amp.example.org", "mobile.example.org", "www.m.example.org"] {
            assert_eq!(host(name), "example.org");
        }
        assert_eq!((host("en.m.example.org").as_str(), host("amp.dev").as_str()), ("en.example.org", "amp.dev"));
    }

    #[test]
    fn what_a_registry_hands_out_is_no_edition() {
        for name in ["m.co.uk", "m.github.io", "amp.com.au", "m.de", "blog.m.de", "127.0.0.1", "localhost", "xm.example.org"] {
            assert_eq!(host(name), name);
        }
    }

    #[test]
    fn editions_of_a_page_are_one() {
        for edition in ["/a", "/a/", "/a/amp/", "/a/amp", "/a/index.html", "/a;jsessionid=0A1B", "/a/amp.html"] {
            assert_eq!(path(edition), "/a", "{edition}");
        }
        assert_eq!(path("/.;jsessionid=1"), "/.;jsessionid=1");
        assert_eq!((path("/"), path("/lamp"), path("/a/index.html/b")), ("", "/lamp", "/a/index.html/b"));
    }

    #[test]
    fn who_sent_the_reader_tells_nothing_of_the_page() {
        for pair in ["ref=example.com", "ref=hackernews", "source=rss", "source=rss----ab12---4", "PHPSESSID=1", "amp=1", "amp"] {
            assert!(!tells(pair), "{pair}");
        }
        for pair in
            ["ref=main", "ref=v1.2.3", "source=17", "p=12", "id=1", "v=abc", "from=2026-01-01", "src=photo.jpg", "lang=de"]
        {
            assert!(tells(pair), "{pair}");
        }
    }

    #[test]
    fn a_route_is_a_page() {
        assert_eq!(route("!/post/1"), Some("!/post/1"));
        assert_eq!(route("/post/1"), Some("/post/1"));
        assert_eq!((route("top"), route("!/"), route("/")), (None, None, None));
    }
}
