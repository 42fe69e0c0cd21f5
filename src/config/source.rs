//! `[[source]]`: a publication that is followed.

use std::{collections::BTreeMap, net::IpAddr, ops::Range, time::Duration};

use url::{Host, Url};

use super::{
    edit::suggest_id,
    findings::{Findings, quoted},
    polling::{self, Defaults, MIN_INTERVAL},
    quantity,
    site::http,
    table_reader::{Setting, TableReader},
    value::Value as _,
};
use feed_model::{
    Auth, ContentPolicy, FetchLimits, FollowMode, HostPattern, PageSelectors, PollPolicy,
    SitemapPatterns, Source, SourceId,
};

/// Every `[[source]]`.
pub(super) struct Sources {
    /// Those without an error.
    pub valid: Vec<Source>,
    /// Every id that is written, usable or not, with its place: for duplicates and references.
    pub ids: TakenIds,
    /// The ids of those that poll at the default interval and are not exempt from the floor.
    pub on_default_interval: Vec<String>,
}

/// TakenIds that are taken, in lower case, each with how and where it is written.
pub(super) type TakenIds = BTreeMap<String, (String, Range<usize>)>;

pub(super) fn read_all(
    sections: Vec<TableReader<'_>>,
    defaults: &Defaults,
    findings: &mut Findings<'_>,
) -> Sources {
    let mut all =
        Sources { valid: Vec::new(), ids: TakenIds::new(), on_default_interval: Vec::new() };
    let mut addresses = BTreeMap::new();
    for section in sections {
        if let Some(source) = read(section, defaults, &mut all, &mut addresses, findings) {
            all.valid.push(source);
        }
    }
    all
}

/// Takes an id: reports one that is malformed or taken. TakenIds differ in more than case, because
/// file systems may not.
pub(super) fn register_id<T>(
    setting: &Setting<Option<String>>,
    taken: &mut TakenIds,
    what: &str,
    new: impl FnOnce(String) -> Result<T, feed_model::IdError>,
    findings: &mut Findings<'_>,
) -> Option<T> {
    let (Some(id), Some(span)) = (&setting.value, &setting.span) else {
        return None;
    };
    if let Some((first, place)) = taken.get(&id.to_lowercase()) {
        let case = if first == id { "" } else { " (letters' case makes no difference)" };
        let text = format!("{} is already the id of another {what}{case}", quoted(id));
        let hint = format!("the other one is at {}: choose another id here", findings.place(place));
        findings.error(&setting.key, span, text, hint);
        return None;
    }
    taken.insert(id.to_lowercase(), (id.clone(), span.clone()));
    match new(id.clone()) {
        Ok(id) => Some(id),
        Err(error) => {
            let hint = super::edit::slug(id).map_or_else(
                || "for instance \"example-org\"".to_owned(),
                |id| format!("did you mean \"{id}\"?"),
            );
            findings.error(&setting.key, span, format!("{} is no id: {error}", quoted(id)), hint);
            None
        }
    }
}

fn read(
    mut section: TableReader<'_>,
    defaults: &Defaults,
    all: &mut Sources,
    addresses: &mut BTreeMap<String, Range<usize>>,
    findings: &mut Findings<'_>,
) -> Option<Source> {
    let id_hint = section.peek("url").and_then(|url| Url::parse(url).ok()).map_or_else(
        || "a stable name, it is part of every identity: id = \"example-org\"".to_owned(),
        |url| format!("a stable name, it is part of every identity: id = \"{}\"", suggest_id(&url)),
    );
    let id = section.required::<String>(findings, "id", || id_hint);
    let title = section.optional::<String>(findings, "title", "the publication's own").value;
    let url = section.required::<Url>(findings, "url", || {
        "a feed, a site or a sitemap: url = \"https://www.example.org/\"".to_owned()
    });
    let url = url.validate(findings, |url| url.as_ref().map_or(Ok(()), http));
    check_address(&url, addresses, findings);
    let follow = section.or(findings, "follow", FollowMode::Auto);

    let interval = polling::check_interval(
        section.or_inherited(findings, "interval", &defaults.interval),
        findings,
    );
    let schedule = schedule(&mut section, &interval, defaults, findings);
    let max_interval = polling::check_max_interval(
        section.or_inherited(findings, "max_interval", &defaults.max_interval),
        &interval,
        findings,
    );
    let timeout = polling::check_timeout(
        section.or_inherited(findings, "timeout", &defaults.timeout),
        findings,
    );
    let max_body = polling::check_max_body(
        section.or_inherited(findings, "max_body", &defaults.max_body),
        findings,
    );
    let allow_hosts = allow_hosts(&mut section, &url, defaults, findings);
    let exempt = !allow_hosts.is_empty();
    let http2 = section.or_inherited(findings, "http2", &defaults.http2).value;
    if !exempt {
        check_public(&url, defaults, findings);
        check_floor(&interval, &url, findings);
        if !interval.is_written() {
            all.on_default_interval
                .push(id.value.clone().unwrap_or_else(|| section.name().to_owned()));
        }
    }

    let content = section
        .optional::<ContentPolicy>(findings, "content", "full for feeds, summary for sites")
        .value;
    let auth = auth(&mut section, findings);
    let publish = section.or(findings, "publish", false).value;
    let paused = section.or(findings, "paused", false).value;
    let backfill = section.or(findings, "backfill", 30_u32).value;
    let pages_per_poll = section.or(findings, "pages_per_poll", 10_u32).value;
    let page = page(&mut section, &follow, findings);
    let sitemap = sitemap(&mut section, &follow, findings);
    section.finish(findings);

    let id = register_id(&id, &mut all.ids, "source", SourceId::new, findings)?;
    Some(Source {
        id,
        title,
        url: url.value?,
        follow_mode: follow.value,
        poll_policy: PollPolicy {
            custom_interval: interval.is_written(),
            interval: interval.value,
            schedule,
            max_interval: max_interval.value,
            exempt,
        },
        limits: FetchLimits {
            timeout: timeout.value,
            max_body_bytes: max_body.value.0,
            max_items: polling::count(defaults.max_items.value),
        },
        allow_hosts,
        http2,
        content,
        auth,
        publish,
        paused,
        backfill,
        pages_per_poll,
        page,
        sitemap,
    })
}

/// The schedule in force: the source's own; else the default's, unless the source has an interval
/// of its own.
fn schedule(
    section: &mut TableReader<'_>,
    interval: &Setting<Duration>,
    defaults: &Defaults,
    findings: &mut Findings<'_>,
) -> Option<String> {
    let absent = "none: interval holds";
    let schedule = if interval.is_written() {
        section.optional(findings, "schedule", absent)
    } else {
        section.optional_or_inherited(findings, "schedule", absent, &defaults.schedule)
    };
    polling::check_schedule(schedule, findings).value
}

/// Warns of passwords in the address and of an address that is there twice.
fn check_address(
    url: &Setting<Option<Url>>,
    addresses: &mut BTreeMap<String, Range<usize>>,
    findings: &mut Findings<'_>,
) {
    let (Some(address), Some(span)) = (&url.value, &url.span) else {
        return;
    };
    if !address.username().is_empty() || address.password().is_some() {
        let hint =
            "put user:password into a file and name it: auth = { basic_file = \"…\" }".to_owned();
        findings.warning(
            &url.key,
            span,
            "the address carries a user or password in plain sight",
            hint,
        );
    }
    match addresses.get(address.as_str()) {
        Some(first) => {
            let text =
                format!("another source has this address already ({})", findings.place(first));
            findings.warning(&url.key, span, text, "one of the two is enough".to_owned());
        }
        None => {
            addresses.insert(address.as_str().to_owned(), span.clone());
        }
    }
}

/// The exemptions in force: those of `[polling]` and the source's own, but only if its own
/// configured host is among them.
fn allow_hosts(
    section: &mut TableReader<'_>,
    url: &Setting<Option<Url>>,
    defaults: &Defaults,
    findings: &mut Findings<'_>,
) -> Vec<HostPattern> {
    let own = section.or_unreported::<Vec<HostPattern>>(findings, "allow_hosts", Vec::new());
    let mut patterns = defaults.allow_hosts.value.clone();
    patterns.extend(
        own.value.iter().filter(|pattern| !defaults.allow_hosts.value.contains(pattern)).cloned(),
    );
    let host = url.value.as_ref().and_then(Url::host_str);
    let exempt = host.is_some_and(|host| patterns.iter().any(|pattern| pattern.matches_host(host)));
    if !exempt {
        patterns.clear();
    }
    let origin = own.span.clone().or_else(|| defaults.allow_hosts.span.clone().filter(|_| exempt));
    findings.effective(&own.key, patterns.to_toml(), origin.as_ref());
    if let (Some(span), Some(host), false, true) =
        (&own.span, host, exempt, own.valid && !own.value.is_empty())
    {
        let text =
            format!("this has no effect: the source's own host {} is not among them", quoted(host));
        findings.warning(&own.key, span, text, format!("add \"{host}\", if it is yours"));
    }
    patterns
}

/// Warns of an address that the guard is certain to refuse.
fn check_public(url: &Setting<Option<Url>>, defaults: &Defaults, findings: &mut Findings<'_>) {
    let (Some(address), Some(span)) = (&url.value, &url.span) else {
        return;
    };
    let private = match address.host() {
        Some(Host::Ipv4(ip)) => is_private(ip.into()),
        Some(Host::Ipv6(ip)) => is_private(ip.into()),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    if private && defaults.allow_hosts.valid {
        let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let text = format!("{} is not a public address: it will not be fetched", quoted(host));
        findings.warning(
            &url.key,
            span,
            text,
            format!("if it is yours: allow_hosts = [\"{host}\"]"),
        );
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    }
}

/// An own interval is at least an hour, unless the host is exempt.
fn check_floor(
    interval: &Setting<Duration>,
    url: &Setting<Option<Url>>,
    findings: &mut Findings<'_>,
) {
    let (Some(span), true) = (&interval.span, interval.valid && interval.value < MIN_INTERVAL)
    else {
        return;
    };
    let shown = quantity::format_duration(interval.value);
    let host = url.value.as_ref().and_then(Url::host_str).map(|host| host.trim_matches(['[', ']']));
    let exempt = host
        .map(|host| format!("; if the host is yours: allow_hosts = [\"{host}\"]"))
        .unwrap_or_default();
    let hint = format!("at least \"1h\"{exempt}");
    findings.error(
        &interval.key,
        span,
        format!("no publisher is polled every {shown}: the floor is 1h"),
        hint,
    );
}

/// `auth`: exactly one way.
fn auth(section: &mut TableReader<'_>, findings: &mut Findings<'_>) -> Option<Auth> {
    let mut table = section.table(findings, "auth");
    if !table.is_written() {
        return None;
    }
    let basic = table.optional::<String>(findings, "basic_file", "not used");
    let bearer = table.optional::<String>(findings, "bearer_file", "not used");
    let header =
        table.optional::<String>(findings, "header", "not used").validate(findings, |name| {
            match name {
                Some(name) if !is_field_name(name) => Err((
                    format!("{} is no name of a header field", quoted(name)),
                    Some("for instance \"X-Api-Key\"".to_owned()),
                )),
                _ => Ok(()),
            }
        });
    let header_file = table.optional::<String>(findings, "header_file", "not used");
    let (name, header_span) = (table.name().to_owned(), table.header_span.clone());
    table.finish(findings);

    let methods = [&basic, &bearer].into_iter().filter(|way| way.is_written()).count()
        + usize::from(header.is_written() || header_file.is_written());
    let hint =
        "one of: { basic_file = \"…\" }, { bearer_file = \"…\" }, { header = \"X-Api-Key\", header_file = \"…\" }".to_owned();
    match methods {
        0 => findings.missing(&name, &header_span, "auth names no credential", hint),
        1 if header.is_written() != header_file.is_written() => {
            findings.missing(&name, &header_span, "header and header_file belong together", hint);
        }
        1 => {}
        _ => findings.error(&name, &header_span, "auth names more than one credential", hint),
    }
    let header =
        header.value.zip(header_file.value).map(|(name, file)| Auth::HeaderFile(name, file));
    basic.value.map(Auth::BasicFile).or(bearer.value.map(Auth::BearerFile)).or(header)
}

/// RFC 9110 §5.1: a token; and none of those that the exchange itself sets.
fn is_field_name(name: &str) -> bool {
    const OURS: [&str; 6] =
        ["host", "content-length", "connection", "transfer-encoding", "cookie", "user-agent"];
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty()
        && name.bytes().all(token)
        && !OURS.contains(&name.to_ascii_lowercase().as_str())
}

fn page(
    section: &mut TableReader<'_>,
    follow: &Setting<FollowMode>,
    findings: &mut Findings<'_>,
) -> Option<PageSelectors> {
    let mut table = section.table(findings, "page");
    if !table.is_written() {
        return None;
    }
    let item = table
        .required::<String>(findings, "item", || {
            "one match is one post: item = \"article\"".to_owned()
        })
        .value;
    let mut selector = |key| table.optional::<String>(findings, key, "found out").value;
    let (title, link, date) = (selector("title"), selector("link"), selector("date"));
    let (summary, category) = (selector("summary"), selector("category"));
    if follow.valid && follow.value != FollowMode::Page {
        let text = format!("this has no effect with follow = \"{}\"", follow.value.as_str());
        findings.warning(
            table.name(),
            &table.header_span.clone(),
            text,
            "set follow = \"page\"".to_owned(),
        );
    }
    table.finish(findings);
    item.map(|item| PageSelectors { item, title, link, date, summary, category })
}

fn sitemap(
    section: &mut TableReader<'_>,
    follow: &Setting<FollowMode>,
    findings: &mut Findings<'_>,
) -> SitemapPatterns {
    let mut table = section.table(findings, "sitemap");
    if !table.is_written() {
        return SitemapPatterns::default();
    }
    let include = table.or(findings, "include", Vec::<String>::new()).value;
    let exclude = table.or(findings, "exclude", Vec::<String>::new()).value;
    if follow.valid && matches!(follow.value, FollowMode::Feed | FollowMode::Page) {
        let text = format!("this has no effect with follow = \"{}\"", follow.value.as_str());
        findings.warning(
            table.name(),
            &table.header_span.clone(),
            text,
            "set follow = \"sitemap\"".to_owned(),
        );
    }
    table.finish(findings);
    SitemapPatterns { include, exclude }
}
