//! The cookies of one exchange.
//!
//! Some sites redirect to a page that answers only with the cookie that the redirect set. Such a
//! cookie goes back within the same chain of redirects and is then forgotten (RFC 6265 §5, without
//! storage).

use url::Url;

use feed_model::site::registrable_domain;

/// The most cookies of an exchange. More are ignored.
const MAX_COOKIES: usize = 20;

/// The longest name and value of a cookie together, in bytes (RFC 6265 §6.1).
const MAX_COOKIE_BYTES: usize = 4096;

/// The cookies that the redirects of one exchange have set.
#[derive(Debug, Default)]
pub(super) struct Cookies(Vec<Cookie>);

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Whether only the host itself gets it, and no host below it.
    is_host_only: bool,
    path: String,
    is_secure: bool,
}

impl Cookies {
    /// Stores the cookie of a `Set-Cookie` field. Returns whether it is new or has a new value.
    pub(super) fn store(&mut self, url: &Url, field: &str) -> bool {
        let Some(cookie) = parse(url, field) else { return false };
        let same = |other: &Cookie| {
            other.name == cookie.name && other.domain == cookie.domain && other.path == cookie.path
        };
        let is_new = !self.0.iter().any(|other| same(other) && other.value == cookie.value);
        self.0.retain(|other| !same(other));
        let is_kept = !removes(field) && self.0.len() < MAX_COOKIES;
        if is_kept {
            self.0.push(cookie);
        }
        is_new && is_kept
    }

    /// Returns the `Cookie` field for a URL, if there is one.
    pub(super) fn field(&self, url: &Url) -> Option<String> {
        let sent = self.0.iter().filter(|cookie| cookie.is_for(url));
        let pairs: Vec<String> =
            sent.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Cookie {
    fn is_for(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let has_host = host == self.domain || !self.is_host_only && is_below(host, &self.domain);
        let path = url.path();
        let has_path = path == self.path
            || path
                .strip_prefix(&self.path)
                .is_some_and(|rest| self.path.ends_with('/') || rest.starts_with('/'));
        has_host && has_path && (!self.is_secure || url.scheme() == "https")
    }
}

/// Returns whether a host is a subdomain.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Parses a `Set-Cookie` field (RFC 6265 §5.2, §5.3). `None` if it is not valid for the URL.
fn parse(url: &Url, field: &str) -> Option<Cookie> {
    let mut parts = field.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if name.is_empty() || !is_plain(name) || !is_plain(value) {
        return None;
    }
    if name.len() + value.len() > MAX_COOKIE_BYTES {
        return None;
    }
    let host = url.host_str()?;
    let directory = url.path().rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: host.to_owned(),
        is_host_only: true,
        path: if directory.is_empty() { "/".to_owned() } else { directory.to_owned() },
        is_secure: false,
    };
    for (name, value) in parts.map(|part| part.split_once('=').unwrap_or((part, ""))) {
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "domain" if !value.trim_start_matches('.').is_empty() => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                // A cookie for a whole public suffix, or for another site, is refused. An IP
                // address has no subdomains.
                let is_own = domain == host
                    || url.domain().is_some()
                        && is_below(host, &domain)
                        && registrable_domain(&domain).is_some();
                if !is_own {
                    return None;
                }
                cookie.is_host_only = false;
                cookie.domain = domain;
            }
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "secure" => cookie.is_secure = true,
            _ => {}
        }
    }
    Some(cookie)
}

/// Returns whether a `Set-Cookie` field removes its cookie.
fn removes(field: &str) -> bool {
    field.split(';').filter_map(|part| part.split_once('=')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("max-age")
            && value.trim().parse::<i64>().is_ok_and(|age| age <= 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(set_by: &str, field: &str, to: &str) -> Option<String> {
        let mut cookies = Cookies::default();
        cookies.store(&set_by.parse().unwrap(), field);
        cookies.field(&to.parse().unwrap())
    }

    #[test]
    fn a_cookie_returns_to_its_site_only() {
        let from = "https://www.e.example/a/feed";
        for (field, to, want) in [
            ("s=1; Path=/", "https://www.e.example/b", Some("s=1")),
            ("s=1", "https://www.e.example/a/b", Some("s=1")),
            ("s=1", "https://www.e.example/b", None),
            ("s=1; path=/", "https://other.example/", None),
            ("s=1; path=/", "https://e.example/", None),
            ("s=1; path=/; domain=.e.example", "https://cdn.e.example/", Some("s=1")),
            ("s=1; path=/; domain=example", "https://www.e.example/", None),
            ("s=1; path=/; domain=other.example", "https://other.example/", None),
            ("s=1; path=/; Secure", "http://www.e.example/", None),
            ("s=1; path=/; Max-Age=0", "https://www.e.example/", None),
            ("no cookie", "https://www.e.example/a/", None),
        ] {
            assert_eq!(sent(from, field, to).as_deref(), want, "{field} to {to}");
        }
        let shared_end = "s=1; path=/; domain=0.2.1";
        assert_eq!(sent("http://192.0.2.1/", shared_end, "http://198.0.2.1/"), None);
    }
}
