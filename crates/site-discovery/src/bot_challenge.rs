//! Detection of bot challenges: pages that a CDN or firewall sends instead of the requested page.
//!
//! Entry point: [`detect_bot_challenge`]. Only strings that a challenge page itself contains count,
//! so an article about challenges is not taken for one. Challenges are never answered.

use feed_model::Headers;

/// The number of body bytes that are searched. Challenge pages are short.
const MAX_SCANNED_BYTES: usize = 64 * 1024;

/// The most words that a challenge shows.
const MAX_CHALLENGE_WORDS: usize = 150;

/// Strings that identify one kind of challenge, in lower case. If `title` is set, the page's title
/// must also start with it.
struct ChallengeSignature {
    name: &'static str,
    title: Option<&'static str>,
    body: &'static [&'static str],
    /// Strings of scripts that the same services put into ordinary pages.
    also_on_ordinary_pages: &'static [&'static str],
}

const SIGNATURES: &[ChallengeSignature] = &[
    by_body(
        "Cloudflare",
        &["cf_chl_opt", "cf-browser-verification"],
        &["/cdn-cgi/challenge-platform/h/", "cf_chl_", "cf-turnstile-response"],
    ),
    by_title("Cloudflare", "just a moment"),
    by_title("Cloudflare", "attention required! | cloudflare"),
    by_title("Vercel", "vercel security checkpoint"),
    by_title("DDoS-Guard", "ddos-guard"),
    by_title("Anubis", "making sure you're not a bot"),
    by_body("Anubis", &["/.within.website/x/cmd/anubis/"], &[]),
    by_body("Imperva", &[], &["_incapsula_resource"]),
    by_body("AWS WAF", &["window.gokuprops"], &["awswafintegration."]),
    by_body("Akamai", &["sec-if-cpt-container", "/_sec/cp_challenge/"], &[]),
    by_body("DataDome", &["captcha-delivery.com/"], &[]),
    by_body("PerimeterX", &[], &["window._pxappid", "px-captcha"]),
    ChallengeSignature {
        name: "Sucuri",
        title: Some("you are being redirected"),
        body: &["sucuri_cloudproxy_js"],
        also_on_ordinary_pages: &[],
    },
    by_title("Sucuri", "sucuri website firewall"),
    by_body("StackPath", &[], &["sp_challenge", "sbbi.stackpath"]),
    by_title("a bot check", "checking your browser"),
    by_title("a bot check", "please wait... | cloudflare"),
    by_title("a bot check", "one moment, please"),
    by_title("a bot check", "verifying you are human"),
    by_title("a bot check", "human verification"),
    by_title("a bot check", "are you a robot?"),
];

const fn by_title(name: &'static str, title: &'static str) -> ChallengeSignature {
    ChallengeSignature { name, title: Some(title), body: &[""], also_on_ordinary_pages: &[] }
}

const fn by_body(
    name: &'static str,
    body: &'static [&'static str],
    also_on_ordinary_pages: &'static [&'static str],
) -> ChallengeSignature {
    ChallengeSignature { name, title: None, body, also_on_ordinary_pages }
}

/// Returns the name of the service whose bot challenge a response is, whatever its status, or
/// `None`.
///
/// Header fields are checked first (`cf-mitigated: challenge`, `x-vercel-mitigated: challenge`,
/// `x-amzn-waf-action`), then the body. A 2xx response with much text is not a challenge.
pub fn detect_bot_challenge(status: u16, headers: &Headers, body: &[u8]) -> Option<&'static str> {
    for (field, value, name) in [
        ("cf-mitigated", "challenge", "Cloudflare"),
        ("x-vercel-mitigated", "challenge", "Vercel"),
        ("x-amzn-waf-action", "challenge", "AWS WAF"),
        ("x-amzn-waf-action", "captcha", "AWS WAF"),
    ] {
        if headers.text(field).is_some_and(|v| v.eq_ignore_ascii_case(value)) {
            return Some(name);
        }
    }
    if headers.bytes("x-datadome").is_some() && status == 403 {
        return Some("DataDome");
    }
    let kind = headers.text("content-type").unwrap_or_default().to_ascii_lowercase();
    let may_be_html = kind.is_empty() || kind.contains("html") || kind.starts_with("text/plain");
    if !may_be_html {
        return None;
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(MAX_SCANNED_BYTES)]).to_lowercase();
    if !start.contains("<html")
        && !start.contains("<!doctype html")
        && !start.contains("<title")
        && !start.contains("<script")
    {
        return None;
    }
    let title = title(&start);
    let (visible_words, markup) = split_visible(&start);
    let ok_status = (200..300).contains(&status);
    // An article about challenges quotes these strings in its text. A challenge has hardly any
    // text.
    if ok_status && visible_words > MAX_CHALLENGE_WORDS {
        return None;
    }
    // Publishers protect forms on ordinary pages with some of the same scripts. With a 2xx status,
    // such a script on a page with metadata does not make the page a challenge.
    let has_metadata = ok_status
        && ["<article", "og:title", "application/ld+json"].iter().any(|m| start.contains(m));
    SIGNATURES
        .iter()
        .find(|signature| {
            let matches_title = signature.title.is_some_and(|expected| {
                title.strip_prefix(expected).is_some_and(|rest| {
                    !ok_status
                        || !rest.contains(char::is_alphabetic)
                        || !has_metadata
                            && [" before ", " - ", " | "].iter().any(|s| rest.starts_with(s))
                })
            });
            let has_body = |strings: &[&str]| strings.iter().any(|b| markup.contains(b));
            match signature.title {
                Some(_) => matches_title && has_body(signature.body),
                None => {
                    has_body(signature.body)
                        || !has_metadata && has_body(signature.also_on_ordinary_pages)
                }
            }
        })
        .map(|signature| signature.name)
}

/// Returns the number of words that readers see, and everything that they do not see: tags and the
/// content of scripts.
fn split_visible(lower: &str) -> (usize, String) {
    let (mut words, mut markup) = (0, String::new());
    let mut rest = lower;
    while let Some(at) = rest.find('<') {
        words += count_words(&rest[..at]);
        rest = &rest[at..];
        let hidden = ["script", "style", "noscript", "title", "svg"]
            .into_iter()
            .find(|name| rest[1..].starts_with(name));
        let end = match hidden {
            Some(name) => {
                let close = format!("</{name}");
                rest.find(&close).map_or(rest.len(), |at| at + close.len())
            }
            None => rest.find('>').map_or(rest.len(), |at| at + 1),
        };
        markup.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    (words + count_words(rest), markup)
}

fn count_words(text: &str) -> usize {
    text.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count()
}

fn title(lower: &str) -> String {
    let Some((_, rest)) = lower.split_once("<title") else {
        return String::new();
    };
    let Some((_, rest)) = rest.split_once('>') else {
        return String::new();
    };
    let text = rest.split("</title").next().unwrap_or_default();
    feed_model::text::collapse_whitespace(text).replace("&#39;", "'").replace('\u{2019}', "'")
}
