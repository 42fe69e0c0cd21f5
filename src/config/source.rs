//! `[[source]]`: one followed publication each.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use url::{Host, Url};

use super::{
    findings::{Findings, quoted},
    polling::{self, Defaults, MIN_INTERVAL},
    quantity,
    site::http,
    suggested_ids::{slug, suggest_source_id},
    table_reader::{Setting, TableReader},
    value::Value as _,
};
use feed_model::{
    Auth, ContentPolicy, FetchLimits, FollowMode, HostPattern, PageSelectors, PollPolicy,
    SitemapPatterns, Source, SourceId, public_address::is_public_address,
};

/// The result of reading every `[[source]]`.
pub(super) struct Sources {
    /// The sources without an error.
    pub valid: Vec<Source>,
    /// Every written id, valid or not, for the detection of duplicates and unknown references.
    pub ids: TakenIds,
    /// The ids of the sources that use the default interval and are not exempt from the minimum.
    pub on_default_interval: Vec<String>,
}

/// The ids in use, in lower case, each with its spelling and position.
pub(super) type TakenIds = BTreeMap<String, (String, Range<usize>)>;

pub(super) fn read_all(
    sections: Vec<TableReader<'_>>,
    defaults: &Defaults,
    findings: &mut Findings,
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

/// Registers an id, and reports an id that is invalid or already in use. Ids that differ only in
/// case are the same, because file systems may ignore case.
pub(super) fn register_id<T>(
    setting: &Setting<Option<String>>,
    taken: &mut TakenIds,
    what: &str,
    new: impl FnOnce(String) -> Result<T, feed_model::IdError>,
    findings: &mut Findings,
) -> Option<T> {
    let (Some(id), Some(span)) = (&setting.value, &setting.span) else {
        return None;
    };
    if let Some((first, place)) = taken.get(&id.to_lowercase()) {
        let case = if first == id { "" } else { " (case is ignored)" };
        let text = format!("{} is already the id of another {what}{case}", quoted(id));
        let hint = format!("first used at {}; use another id here", findings.place(place));
        findings.error(&setting.key, span, text, hint);
        return None;
    }
    taken.insert(id.to_lowercase(), (id.clone(), span.clone()));
    match new(id.clone()) {
        Ok(id) => Some(id),
        Err(error) => {
            let hint = slug(id).map_or_else(
                || "for example \"example-org\"".to_owned(),
                |id| format!("did you mean \"{id}\"?"),
            );
            let text = format!("{} is not a valid id: {error}", quoted(id));
            findings.error(&setting.key, span, text, hint);
            None
        }
    }
}

fn read(
    mut section: TableReader<'_>,
    defaults: &Defaults,
    all: &mut Sources,
    addresses: &mut BTreeMap<String, Range<usize>>,
    findings: &mut Findings,
) -> Option<Source> {
    let suggested_id = section.peek("url").and_then(|url| Url::parse(url).ok()).map_or_else(
        || "example-org".to_owned(),
        |url| suggest_source_id(None, &url, &[]).to_string(),
    );
    let id_hint = format!("add a permanent name: id = \"{suggested_id}\"");
    let id = section.required::<String>(findings, "id", || id_hint);
    let title = section.optional::<String>(findings, "title", "the publication's own title").value;
    let url = section.required::<Url>(findings, "url", || {
        "add the URL of a feed, site or sitemap: url = \"https://www.example.org/\"".to_owned()
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
            timezone: defaults.timezone,
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

/// Reads the schedule: the source's own, else that of `[polling]` unless the source has its own
/// interval.
fn schedule(
    section: &mut TableReader<'_>,
    interval: &Setting<Duration>,
    defaults: &Defaults,
    findings: &mut Findings,
) -> Option<String> {
    let absent = "none: interval is used";
    let schedule = if interval.is_written() {
        section.optional(findings, "schedule", absent)
    } else {
        section.optional_or_inherited(findings, "schedule", absent, &defaults.schedule)
    };
    polling::check_schedule(schedule, findings).value
}

/// Warns about a password in the URL, and about a URL that another source has.
fn check_address(
    url: &Setting<Option<Url>>,
    addresses: &mut BTreeMap<String, Range<usize>>,
    findings: &mut Findings,
) {
    let (Some(address), Some(span)) = (&url.value, &url.span) else {
        return;
    };
    if !address.username().is_empty() || address.password().is_some() {
        let hint = "put user:password into a file and use auth = { basic_file = \"…\" }".to_owned();
        findings.warning(&url.key, span, "the URL contains a user name or password", hint);
    }
    match addresses.get(address.as_str()) {
        Some(first) => {
            let text = format!("another source has the same URL ({})", findings.place(first));
            findings.warning(&url.key, span, text, "remove one of the two".to_owned());
        }
        None => {
            addresses.insert(address.as_str().to_owned(), span.clone());
        }
    }
}

/// Reads the exempt hosts: those of `[polling]` and the source's own, but only if the host of the
/// source's own URL is among them.
fn allow_hosts(
    section: &mut TableReader<'_>,
    url: &Setting<Option<Url>>,
    defaults: &Defaults,
    findings: &mut Findings,
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
        let text = format!(
            "allow_hosts has no effect: it does not contain the source's own host {}",
            quoted(host)
        );
        findings.warning(&own.key, span, text, format!("add \"{host}\" if it is your host"));
    }
    patterns
}

/// Warns about a URL with a private address, which the fetcher refuses.
fn check_public(url: &Setting<Option<Url>>, defaults: &Defaults, findings: &mut Findings) {
    let (Some(address), Some(span)) = (&url.value, &url.span) else {
        return;
    };
    let private = match address.host() {
        Some(Host::Ipv4(ip)) => !is_public_address(ip.into()),
        Some(Host::Ipv6(ip)) => !is_public_address(ip.into()),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    if private && defaults.allow_hosts.valid {
        let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let text = format!("{} is a private address and will not be fetched", quoted(host));
        findings.warning(
            &url.key,
            span,
            text,
            format!("if it is your host, add allow_hosts = [\"{host}\"]"),
        );
    }
}

/// Checks that an own interval is at least an hour. Exempt sources are not checked.
fn check_floor(interval: &Setting<Duration>, url: &Setting<Option<Url>>, findings: &mut Findings) {
    let (Some(span), true) = (&interval.span, interval.valid && interval.value < MIN_INTERVAL)
    else {
        return;
    };
    let shown = quantity::format_duration(interval.value);
    let host = url.value.as_ref().and_then(Url::host_str).map(|host| host.trim_matches(['[', ']']));
    let exempt = host
        .map(|host| format!("; if it is your host, add allow_hosts = [\"{host}\"]"))
        .unwrap_or_default();
    let hint = format!("use at least \"1h\"{exempt}");
    findings.error(
        &interval.key,
        span,
        format!("the interval {shown} is below the minimum of 1h"),
        hint,
    );
}

/// Reads `auth`, which names exactly one kind of credential.
fn auth(section: &mut TableReader<'_>, findings: &mut Findings) -> Option<Auth> {
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
                    format!("{} is not a valid header name", quoted(name)),
                    Some("for example \"X-Api-Key\"".to_owned()),
                )),
                _ => Ok(()),
            }
        });
    let header_file = table.optional::<String>(findings, "header_file", "not used");
    let (name, header_span) = (table.name().to_owned(), table.header_span.clone());
    table.finish(findings);

    let methods = [&basic, &bearer].into_iter().filter(|file| file.is_written()).count()
        + usize::from(header.is_written() || header_file.is_written());
    let hint = "use one of { basic_file = \"…\" }, { bearer_file = \"…\" } and \
                { header = \"X-Api-Key\", header_file = \"…\" }"
        .to_owned();
    match methods {
        0 => findings.missing(&name, &header_span, "auth names no credential", hint),
        1 if header.is_written() != header_file.is_written() => {
            findings.missing(
                &name,
                &header_span,
                "header and header_file must be set together",
                hint,
            );
        }
        1 => {}
        _ => findings.error(&name, &header_span, "auth names more than one credential", hint),
    }
    let header =
        header.value.zip(header_file.value).map(|(name, file)| Auth::HeaderFile(name, file));
    basic.value.map(Auth::BasicFile).or(bearer.value.map(Auth::BearerFile)).or(header)
}

/// Returns whether the name is a token (RFC 9110 §5.1) and not a field that the fetcher sets.
fn is_field_name(name: &str) -> bool {
    const RESERVED: [&str; 6] =
        ["host", "content-length", "connection", "transfer-encoding", "cookie", "user-agent"];
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty()
        && name.bytes().all(token)
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

fn page(
    section: &mut TableReader<'_>,
    follow: &Setting<FollowMode>,
    findings: &mut Findings,
) -> Option<PageSelectors> {
    let mut table = section.table(findings, "page");
    if !table.is_written() {
        return None;
    }
    let item = table
        .required::<String>(findings, "item", || {
            "add a selector that matches each post: item = \"article\"".to_owned()
        })
        .value;
    let mut selector = |key| table.optional::<String>(findings, key, "discovered").value;
    let (title, link, date) = (selector("title"), selector("link"), selector("date"));
    let (summary, category) = (selector("summary"), selector("category"));
    if follow.valid && follow.value != FollowMode::Page {
        let text = format!("`page` has no effect with follow = \"{}\"", follow.value.as_str());
        let hint = "set follow = \"page\"".to_owned();
        findings.warning(table.name(), &table.header_span.clone(), text, hint);
    }
    table.finish(findings);
    item.map(|item| PageSelectors { item, title, link, date, summary, category })
}

fn sitemap(
    section: &mut TableReader<'_>,
    follow: &Setting<FollowMode>,
    findings: &mut Findings,
) -> SitemapPatterns {
    let mut table = section.table(findings, "sitemap");
    if !table.is_written() {
        return SitemapPatterns::default();
    }
    let include = table.or(findings, "include", Vec::<String>::new()).value;
    let exclude = table.or(findings, "exclude", Vec::<String>::new()).value;
    if follow.valid && matches!(follow.value, FollowMode::Feed | FollowMode::Page) {
        let text = format!("`sitemap` has no effect with follow = \"{}\"", follow.value.as_str());
        let hint = "set follow = \"sitemap\"".to_owned();
        findings.warning(table.name(), &table.header_span.clone(), text, hint);
    }
    table.finish(findings);
    SitemapPatterns { include, exclude }
}
