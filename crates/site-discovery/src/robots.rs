//! robots.txt (RFC 9309): groups, longest match, `*` and `$`.
//!
//! Lines that are not understood are skipped, and everything that is not disallowed is allowed. The
//! caller fetches and caches the file and handles error statuses.

use std::time::Duration;

use url::Url;

/// The number of bytes that are parsed. RFC 9309 §2.5 requires at least 500 KiB.
const MAX_BYTES: usize = 512 * 1024;
/// The maximum number of rules of one file.
const MAX_RULES: usize = 10_000;

/// A parsed robots.txt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robots {
    groups: Vec<Group>,
    sitemaps: Vec<String>,
    license: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Group {
    /// Product tokens in lower case.
    user_agents: Vec<String>,
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// The path pattern, percent-encoded like a URL's path, so that the comparison is octet by
    /// octet.
    pattern: String,
}

impl Robots {
    /// Parses the file. Invalid lines are skipped (RFC 9309 §2.2).
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_BYTES)]);
        let mut robots = Self::default();
        let mut group = Group::default();
        let mut rules_remaining = MAX_RULES;
        // The user agents of a group are consecutive lines; a rule ends the list (RFC 9309 §2.2.1).
        let mut in_user_agent_lines = false;
        for line in text.trim_start_matches('\u{feff}').lines().flat_map(|line| line.split('\r')) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" | "useragent" | "user agent" => {
                    if !in_user_agent_lines {
                        robots.groups.push(std::mem::take(&mut group));
                    }
                    in_user_agent_lines = true;
                    group.user_agents.push(product_token(value));
                }
                key @ ("allow" | "disallow") => {
                    in_user_agent_lines = false;
                    if group.user_agents.is_empty() || value.is_empty() || rules_remaining == 0 {
                        continue;
                    }
                    rules_remaining -= 1;
                    group
                        .rules
                        .push(Rule { allow: key == "allow", pattern: normalize_path(value) });
                }
                "crawl-delay" => {
                    in_user_agent_lines = false;
                    let seconds = value.parse::<f64>().ok().filter(|s| s.is_finite() && *s >= 0.0);
                    group.crawl_delay = seconds.map(|s| Duration::from_secs_f64(s.min(86_400.0)));
                }
                "license" if !value.is_empty() => {
                    robots.license.get_or_insert_with(|| value.to_owned());
                }
                "sitemap" if !value.is_empty() => robots.sitemaps.push(value.to_owned()),
                _ => {}
            }
        }
        robots.groups.push(group);
        robots.groups.retain(|group| !group.user_agents.is_empty());
        robots
    }

    /// Returns whether the crawler with product token `token` may request `url`. The groups for
    /// `token` apply; without any, the groups for `*` apply; without those, everything is allowed.
    pub fn allows(&self, url: &Url, token: &str) -> bool {
        let own_groups = self.groups_for(token);
        if own_groups.is_empty() {
            is_allowed(&self.groups_for("*"), url)
        } else {
            is_allowed(&own_groups, url)
        }
    }

    /// Returns whether the crawler with product token `token` may request `url` if the groups for
    /// `*` are ignored. This is used for URLs that the operator configured, and for the feeds that
    /// they name.
    pub fn allows_explicit(&self, url: &Url, token: &str) -> bool {
        is_allowed(&self.groups_for(token), url)
    }

    /// Returns the `Crawl-delay` of the groups that apply to `token`. This field is an extension to
    /// RFC 9309.
    pub fn crawl_delay(&self, token: &str) -> Option<Duration> {
        let own_groups = self.groups_for(token);
        let groups = if own_groups.is_empty() { self.groups_for("*") } else { own_groups };
        groups.iter().filter_map(|group| group.crawl_delay).max()
    }

    /// Returns the values of the `Sitemap` lines.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// Returns the URL of the licence, as written (RSL 1.0).
    pub fn license(&self) -> Option<&str> {
        self.license.as_deref()
    }

    fn groups_for(&self, token: &str) -> Vec<&Group> {
        let token = token.to_ascii_lowercase();
        self.groups.iter().filter(|group| group.user_agents.contains(&token)).collect()
    }
}

/// Returns the product token of a `user-agent` line: the value without version and comment (RFC
/// 9309 §2.2.1).
fn product_token(value: &str) -> String {
    if value.starts_with('*') {
        return "*".to_owned();
    }
    value
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect::<String>()
        .to_ascii_lowercase()
}

/// Returns whether the rules allow a URL. The longest matching rule applies; of two rules of the
/// same length, the one that allows (RFC 9309 §2.2.2).
fn is_allowed(groups: &[&Group], url: &Url) -> bool {
    if url.path() == "/robots.txt" {
        return true;
    }
    let target = match url.query() {
        Some(query) => normalize_path(&format!("{}?{query}", url.path())),
        None => normalize_path(url.path()),
    };
    groups
        .iter()
        .flat_map(|group| &group.rules)
        .filter(|rule| matches(rule.pattern.as_bytes(), target.as_bytes()))
        .map(|rule| (rule.pattern.len(), rule.allow))
        .max()
        .is_none_or(|(_, allow)| allow)
}

/// Returns whether a pattern matches. `*` matches any octets, and a final `$` matches the end. Only
/// the last `*` is backtracked, so the time is at most the product of both lengths.
fn matches(pattern: &[u8], target: &[u8]) -> bool {
    let (pattern, anchored_at_end) = match pattern.split_last() {
        Some((b'$', rest)) => (rest, true),
        _ => (pattern, false),
    };
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        if p == pattern.len() {
            if !anchored_at_end || t == target.len() {
                return true;
            }
        } else if pattern[p] == b'*' {
            back = Some((p, t));
            p += 1;
            continue;
        } else if t < target.len() && pattern[p] == target[t] {
            p += 1;
            t += 1;
            continue;
        }
        match back {
            Some((star, from)) if from < target.len() => {
                back = Some((star, from + 1));
                p = star + 1;
                t = from + 1;
            }
            _ => return false,
        }
    }
}

/// Normalizes a path for comparison: encodes octets outside ASCII, decodes unreserved characters,
/// and writes hexadecimal digits in upper case (RFC 9309 §2.2.2, RFC 3986 §6.2.2).
fn normalize_path(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escape = (bytes[i] == b'%')
            .then(|| hex_digit(bytes.get(i + 1)).zip(hex_digit(bytes.get(i + 2))))
            .flatten();
        if let Some((high, low)) = escape {
            push_octet(&mut out, high << 4 | low, true);
            i += 3;
        } else {
            push_octet(&mut out, bytes[i], false);
            i += 1;
        }
    }
    out
}

fn push_octet(out: &mut String, octet: u8, was_escaped: bool) {
    let unreserved = octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~');
    if unreserved || (octet.is_ascii_graphic() && !was_escaped) {
        out.push(char::from(octet));
    } else {
        out.push('%');
        for digit in [octet >> 4, octet & 15] {
            out.push(
                char::from_digit(u32::from(digit), 16)
                    .expect("four bits are one digit")
                    .to_ascii_uppercase(),
            );
        }
    }
}

fn hex_digit(octet: Option<&u8>) -> Option<u8> {
    octet.and_then(|o| char::from(*o).to_digit(16)).and_then(|d| u8::try_from(d).ok())
}
