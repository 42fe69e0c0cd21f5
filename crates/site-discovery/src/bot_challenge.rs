//! Detection of bot challenges: pages that a CDN or firewall sends instead of the requested page.
//!
//! Entry point: [`detect_bot_challenge`]. Only strings that a challenge page itself contains count,
//! so an article about challenges is not taken for one. Challenges are never answered.

use feed_model::Headers;

/// The number of body bytes that are searched. Challenge pages are short.
const MAX_SCANNED_BYTES: usize = 64 * 1024;

/// Strings that identify one kind of challenge, in lower case. If `title` is set, the page's title
/// must also start with it.
struct ChallengeSignature {
    name: &'static str,
    title: Option<&'static str>,
    body: &'static [&'static str],
}

const SIGNATURES: &[ChallengeSignature] = &[
    ChallengeSignature {
        name: "Cloudflare",
        title: None,
        body: &[
            "window._cf_chl_opt",
            "/cdn-cgi/challenge-platform/h/",
            "cf-browser-verification",
            "cf_chl_",
            "cf-turnstile-response",
        ],
    },
    ChallengeSignature { name: "Cloudflare", title: Some("just a moment"), body: &[""] },
    ChallengeSignature {
        name: "Cloudflare",
        title: Some("attention required! | cloudflare"),
        body: &[""],
    },
    ChallengeSignature { name: "Vercel", title: Some("vercel security checkpoint"), body: &[""] },
    ChallengeSignature { name: "DDoS-Guard", title: Some("ddos-guard"), body: &[""] },
    ChallengeSignature { name: "Anubis", title: Some("making sure you're not a bot"), body: &[""] },
    ChallengeSignature { name: "Anubis", title: None, body: &["/.within.website/x/cmd/anubis/"] },
    ChallengeSignature { name: "Imperva", title: None, body: &["_incapsula_resource"] },
    ChallengeSignature {
        name: "AWS WAF",
        title: None,
        body: &["awswafintegration.", "window.gokuprops"],
    },
    ChallengeSignature {
        name: "Akamai",
        title: None,
        body: &["sec-if-cpt-container", "/_sec/cp_challenge/"],
    },
    ChallengeSignature { name: "DataDome", title: None, body: &["captcha-delivery.com/"] },
    ChallengeSignature {
        name: "PerimeterX",
        title: None,
        body: &["window._pxappid", "px-captcha"],
    },
    ChallengeSignature {
        name: "Sucuri",
        title: Some("you are being redirected"),
        body: &["sucuri_cloudproxy_js"],
    },
    ChallengeSignature { name: "Sucuri", title: Some("sucuri website firewall"), body: &[""] },
    ChallengeSignature {
        name: "StackPath",
        title: None,
        body: &["sp_challenge", "sbbi.stackpath"],
    },
    ChallengeSignature { name: "a bot check", title: Some("checking your browser"), body: &[""] },
    ChallengeSignature {
        name: "a bot check",
        title: Some("please wait... | cloudflare"),
        body: &[""],
    },
    ChallengeSignature { name: "a bot check", title: Some("one moment, please"), body: &[""] },
    ChallengeSignature { name: "a bot check", title: Some("verifying you are human"), body: &[""] },
    ChallengeSignature { name: "a bot check", title: Some("human verification"), body: &[""] },
    ChallengeSignature { name: "a bot check", title: Some("are you a robot?"), body: &[""] },
];

/// Returns the name of the service whose bot challenge a response is, whatever its status, or
/// `None`.
///
/// Header fields are checked first (`cf-mitigated: challenge`, `x-vercel-mitigated: challenge`,
/// `x-amzn-waf-action`), then the body. A 2xx response with an article, metadata or many paragraphs
/// is not a challenge.
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
    // Publishers protect forms on ordinary pages with the same scripts. With a 2xx status, a page
    // that has content is the page itself.
    let has_content = (200..300).contains(&status)
        && (start.contains("<article")
            || start.contains("og:title")
            || start.contains("application/ld+json")
            || start.matches("<p").count() > 8);
    SIGNATURES
        .iter()
        .find(|signature| {
            let title_matches = signature.title.is_none_or(|prefix| title.starts_with(prefix));
            title_matches && !has_content && signature.body.iter().any(|b| start.contains(b))
        })
        .map(|signature| signature.name)
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
