//! Maps the variants of a URL to one page: mobile and AMP editions, AMP caches, index files,
//! session ids, referrer parameters, the URLs of a video.
//!
//! These rules apply only across sources. Within a source links are keys, which must not change
//! when a rule is added. Variants are only candidates: a post may be called `amp`, a site may have
//! the host `m.`, a list may need `?from=reddit`. Two URLs that are equal only as variants
//! therefore need the title or the text as well.

use feed_model::{
    site::{is_below_known_suffix, registrable_domain},
    tracking::may_name_referrer,
};
use url::{Position, Url};

/// Host prefixes of mobile and AMP editions.
const EDITION_PREFIXES: [&str; 4] = ["m.", "mobile.", "amp.", "www."];
/// Last path segments that name the same page as the path before them.
const INDEX_FILES: [&str; 5] = ["index.html", "index.htm", "index.php", "amp", "amp.html"];
/// Parameters of sessions, editions and comment forms.
const SESSION_PARAMETERS: [&str; 8] = [
    "phpsessid",
    "jsessionid",
    "sessionid",
    "amp",
    "outputtype",
    "mobile",
    "replytocom",
    "triedredirect",
];
/// Values that name a referrer, besides host names and values that begin with `rss`.
const REFERRER_VALUES: [&str; 17] = [
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

/// Returns the page that an AMP cache shows:
/// `https://www-example-org.cdn.ampproject.org/c/s/www.example.org/a`,
/// `https://www.google.com/amp/s/www.example.org/a`.
pub(super) fn amp_original(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let rest = if host.ends_with(".cdn.ampproject.org") || host == "cdn.ampproject.org" {
        ["/c/", "/v/"].iter().find_map(|kind| path.strip_prefix(kind))?
    } else if host.starts_with("google.") && registrable_domain(host) == Some(host) {
        path.strip_prefix("/amp/")?
    } else {
        return None;
    };
    let page = rest.strip_prefix("s/").unwrap_or(rest);
    let page = Url::parse(&format!("https://{page}")).ok()?;
    page.domain().is_some_and(|domain| domain.contains('.')).then_some(page)
}

/// Returns the one URL of a `YouTube` video that has several: `https://youtu.be/ID`,
/// `/watch?v=ID&t=42s`, `/live/ID`.
pub(super) fn video(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let path = url.path().trim_end_matches('/');
    let id = match ["www.", "m."]
        .iter()
        .find_map(|edition| host.strip_prefix(edition))
        .unwrap_or(host)
    {
        "youtu.be" => path.strip_prefix('/')?.to_owned(),
        "youtube.com" | "youtube-nocookie.com" if path == "/watch" => {
            url.query_pairs().find(|(name, _)| name == "v").map(|(_, value)| value.into_owned())?
        }
        "youtube.com" | "youtube-nocookie.com" => ["/live/", "/shorts/", "/embed/", "/v/"]
            .iter()
            .find_map(|kind| path.strip_prefix(kind))?
            .to_owned(),
        _ => return None,
    };
    let is_id =
        id.len() == 11 && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_id.then(|| format!("https://youtube.com/watch?v={id}"))
}

/// Returns the host without edition prefixes: `m.example.org`, `en.m.example.org` and `example.org`
/// are one site. A registrable domain is never shortened: `m.github.io` and `amp.github.io` belong
/// to two people.
pub(super) fn host(name: &str) -> String {
    let own = registrable_domain(name).unwrap_or(name);
    let Some(mut labels) = name.strip_suffix(own) else {
        return name.to_owned();
    };
    while let Some(rest) = EDITION_PREFIXES.iter().find_map(|edition| labels.strip_prefix(edition))
    {
        labels = rest;
    }
    let mut labels = labels.to_owned();
    while labels.contains(".m.") {
        labels = labels.replace(".m.", ".");
    }
    labels + own
}

/// Returns the path without session id, index file, edition and empty segments.
pub(super) fn path(path: &str) -> String {
    let mut whole = path.to_owned();
    while whole.contains("//") {
        whole = whole.replace("//", "/");
    }
    let mut path = whole.trim_end_matches('/');
    loop {
        let shorter = match path.rsplit_once('/') {
            Some((before, last)) if INDEX_FILES.contains(&last.to_ascii_lowercase().as_str()) => {
                before
            }
            Some((_, last)) if session_id_start(last).is_some() => {
                &path[..path.len() - last.len() + session_id_start(last).unwrap_or(0)]
            }
            _ => return path.to_owned(),
        };
        path = shorter.trim_end_matches('/');
    }
}

/// Returns where `;jsessionid=…` begins in the last segment of a path.
fn session_id_start(part: &str) -> Option<usize> {
    // A segment that would become `.` or `..` is kept, because URL parsing would resolve it.
    let dots = |before: &str| {
        matches!(before.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    };
    part.find(';').filter(|&at| {
        part[at + 1..].to_ascii_lowercase().starts_with("jsessionid=") && !dots(&part[..at])
    })
}

/// Returns whether a `name=value` parameter identifies a page.
pub(super) fn identifies_page(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    if SESSION_PARAMETERS.contains(&name.as_str()) {
        return false;
    }
    !(may_name_referrer(&name) && is_referrer(&value))
}

/// Returns whether a value names a referrer: a known service or a host. Versions, branches and
/// languages are none.
fn is_referrer(value: &str) -> bool {
    let words = value.trim_end_matches('/');
    let is_host = || {
        let host = words.strip_prefix("www.").unwrap_or(words);
        host.contains('.')
            && Url::parse(&format!("https://{host}/")).is_ok_and(|url| url.domain() == Some(host))
            && is_below_known_suffix(host)
    };
    REFERRER_VALUES.contains(&words) || words.starts_with("rss") || is_host()
}

/// Returns the fragment if it is a route of a single-page application: `#!/posts/1`, `#/posts/1`.
pub(super) fn route(fragment: &str) -> Option<&str> {
    fragment
        .strip_prefix('!')
        .unwrap_or(fragment)
        .starts_with('/')
        .then_some(fragment)
        .filter(|route| route.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edition_prefixes_are_removed() {
        for name in [
            "example.org",
            "m.example.org",
            "amp.example.org",
            "mobile.example.org",
            "www.m.example.org",
        ] {
            assert_eq!(host(name), "example.org");
        }
        assert_eq!(
            (host("en.m.example.org").as_str(), host("amp.dev").as_str()),
            ("en.example.org", "amp.dev")
        );
    }

    #[test]
    fn registrable_domains_are_kept() {
        for name in [
            "m.co.uk",
            "m.github.io",
            "amp.com.au",
            "m.de",
            "blog.m.de",
            "127.0.0.1",
            "localhost",
            "xm.example.org",
        ] {
            assert_eq!(host(name), name);
        }
    }

    #[test]
    fn amp_caches_lead_to_the_original_page() {
        let behind = |url: &str| amp_original(&Url::parse(url).unwrap()).map(String::from);
        for cached in [
            "https://www-example-org.cdn.ampproject.org/c/s/www.example.org/a?b=1",
            "https://www-example-org.cdn.ampproject.org/v/s/www.example.org/a?b=1",
            "https://www.google.co.uk/amp/s/www.example.org/a?b=1",
            "https://google.com/amp/www.example.org/a?b=1",
        ] {
            assert_eq!(
                behind(cached).as_deref(),
                Some("https://www.example.org/a?b=1"),
                "{cached}"
            );
        }
        for other in [
            "https://www.google.com/search?q=amp",
            "https://google.example.org/amp/s/www.example.org/a",
            "https://example.org/amp/s/www.example.org/a",
            "https://x.cdn.ampproject.org/c/s/",
            "https://x.cdn.ampproject.org/c/s/localhost/a",
            "https://www.google.com/amp/about",
        ] {
            assert_eq!(behind(other), None, "{other}");
        }
    }

    #[test]
    fn a_video_has_one_url() {
        let video = |url: &str| video(&Url::parse(url).unwrap());
        for address in [
            "https://www.youtube.com/watch?v=dQx4Ab-9_Zk",
            "https://m.youtube.com/watch?list=PL1&v=dQx4Ab-9_Zk&t=42s",
            "http://youtu.be/dQx4Ab-9_Zk?si=abc",
            "https://www.youtube.com/live/dQx4Ab-9_Zk",
            "https://www.youtube-nocookie.com/embed/dQx4Ab-9_Zk/",
        ] {
            assert_eq!(
                video(address).as_deref(),
                Some("https://youtube.com/watch?v=dQx4Ab-9_Zk"),
                "{address}"
            );
        }
        for other in [
            "https://www.youtube.com/@somebody",
            "https://youtu.be/",
            "https://youtube.com/watch?v=short",
            "https://a.org/watch?v=dQx4Ab-9_Zk",
        ] {
            assert_eq!(video(other), None, "{other}");
        }
    }

    #[test]
    fn editions_of_a_page_have_one_path() {
        for edition in [
            "/a",
            "/a/",
            "/a/amp/",
            "/a/amp",
            "/a/index.html",
            "/a;jsessionid=0A1B",
            "/a/amp.html",
            "//a//",
        ] {
            assert_eq!(path(edition), "/a", "{edition}");
        }
        assert_eq!(path("/.;jsessionid=1"), "/.;jsessionid=1");
        assert_eq!(
            [path("/"), path("/lamp"), path("/a/index.html/b")],
            ["", "/lamp", "/a/index.html/b"]
        );
    }

    #[test]
    fn referrers_do_not_identify_a_page() {
        for pair in [
            "ref=example.com",
            "ref=hackernews",
            "source=rss",
            "source=rss----ab12---4",
            "PHPSESSID=1",
            "amp=1",
            "amp",
        ] {
            assert!(!identifies_page(pair), "{pair}");
        }
        for pair in [
            "ref=main",
            "ref=v1.2.3",
            "source=17",
            "p=12",
            "id=1",
            "v=abc",
            "from=2026-01-01",
            "src=photo.jpg",
            "lang=de",
        ] {
            assert!(identifies_page(pair), "{pair}");
        }
    }

    #[test]
    fn routes_are_recognised() {
        assert_eq!(route("!/post/1"), Some("!/post/1"));
        assert_eq!(route("/post/1"), Some("/post/1"));
        assert_eq!((route("top"), route("!/"), route("/")), (None, None, None));
    }
}
