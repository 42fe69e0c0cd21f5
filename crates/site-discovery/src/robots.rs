//! robots.txt as RFC 9309 has it: groups, the longest match, `*` and `$`.
//!
//! Deliberately absent: fetching and caching (24 h), and what an error status means. The rule kept:
//! what is unreadable in the file is passed over, and what the file does not forbid is allowed.

use std::time::Duration;

use url::Url;

/// How much of the file is read (RFC 9309 §2.5 asks for at least 500 KiB).
const MAX_BYTES: usize = 512 * 1024;
/// How many rules are kept of a file.
const MAX_RULES: usize = 10_000;

/// What a site's robots.txt says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robots {
    groups: Vec<Group>,
    sitemaps: Vec<String>,
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
    /// Percent-encoded the way a URL's path is, so that both sides compare octet by octet.
    pattern: String,
}

impl Robots {
    /// Reads the file; never fails, since every line that is no rule is passed over (RFC 9309
    /// §2.2).
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_BYTES)]);
        let mut robots = Self::default();
        let mut group = Group::default();
        let mut rules_remaining = MAX_RULES;
        // A group's agents stand together; a rule after them closes the list (RFC 9309 §2.2.1).
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
                "sitemap" if !value.is_empty() => robots.sitemaps.push(value.to_owned()),
                _ => {}
            }
        }
        robots.groups.push(group);
        robots.groups.retain(|group| !group.user_agents.is_empty());
        robots
    }

    /// Whether `url` may be asked by `token`: by the groups that name it, else by those for `*`,
    /// else yes.
    pub fn allows(&self, url: &Url, token: &str) -> bool {
        let own_groups = self.groups_for(token);
        if own_groups.is_empty() {
            is_allowed(&self.groups_for("*"), url)
        } else {
            is_allowed(&own_groups, url)
        }
    }

    /// Whether `url` may be asked where only a group that names `token` counts: for an address that
    /// the operator wrote down, and the feed that it names.
    pub fn allows_explicit(&self, url: &Url, token: &str) -> bool {
        is_allowed(&self.groups_for(token), url)
    }

    /// The pause that the site asks for between two requests, of the groups that count for `token`.
    pub fn crawl_delay(&self, token: &str) -> Option<Duration> {
        let own_groups = self.groups_for(token);
        let groups = if own_groups.is_empty() { self.groups_for("*") } else { own_groups };
        groups.iter().filter_map(|group| group.crawl_delay).max()
    }

    /// The sitemaps that the file names, as it writes them.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    fn groups_for(&self, token: &str) -> Vec<&Group> {
        let token = token.to_ascii_lowercase();
        self.groups.iter().filter(|group| group.user_agents.contains(&token)).collect()
    }
}

/// The product token of a `user-agent` line: what stands before a version (RFC 9309 §2.2.1).
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

/// The longest matching rule decides, and of two equally long ones the one that allows (RFC 9309
/// §2.2.2).
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

/// `*` is any run of octets and a last `$` the end; walks back to the last `*` only, so it is
/// linear in practice and quadratic at worst.
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

/// One spelling for comparison: octets outside ASCII are escaped, escapes of unreserved characters
/// are undone, and the digits of the rest are in upper case (RFC 9309 §2.2.2, RFC 3986 §6.2.2).
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
