//! `[polling]`: defaults for every source, and limits shared by all sources.

use std::{path::PathBuf, time::Duration};

use url::Url;

use super::{
    expressions,
    findings::Findings,
    table_reader::{Setting, TableReader},
    value::ByteSize,
};
use feed_model::{HostPattern, TimeZone};

/// `[polling]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollingConfig {
    /// The shortest time between two polls of a source without an own `interval`.
    pub interval: Duration,
    /// A five-field cron expression, used instead of `interval`.
    pub schedule: Option<String>,
    /// The longest time between two polls. Only `Retry-After` may exceed it.
    pub max_interval: Duration,
    /// The time limit of one exchange, including DNS and redirects.
    pub timeout: Duration,
    /// The largest decoded body, in bytes.
    pub max_body_bytes: u64,
    /// Hosts and address blocks exempt from the private-address guard and the minimum intervals.
    pub allow_hosts: Vec<HostPattern>,
    /// The proxy for every request. Proxy variables of the environment are ignored.
    pub proxy: Option<Url>,
    /// A PEM file of additional trusted certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// Concurrent requests to one host.
    pub per_host: usize,
    /// The pause between two requests to one host. `None`: one second, and no pause for
    /// `allow_hosts`.
    pub host_gap: Option<Duration>,
    /// Concurrent requests in total.
    pub concurrency: usize,
    /// Items read from one document, newest first.
    pub max_items: usize,
}

/// The shortest interval of a source that is not in `allow_hosts`.
pub(super) const MIN_INTERVAL: Duration = Duration::from_hours(1);

const DAY: Duration = Duration::from_hours(24);
const MIB: u64 = 1 << 20;

/// `[polling]` with the position of each value, because sources inherit values with their origin.
pub(super) struct Defaults {
    /// `site.timezone`, the time zone of schedules.
    pub timezone: TimeZone,
    pub interval: Setting<Duration>,
    pub schedule: Setting<Option<String>>,
    pub max_interval: Setting<Duration>,
    pub timeout: Setting<Duration>,
    pub max_body: Setting<ByteSize>,
    pub allow_hosts: Setting<Vec<HostPattern>>,
    proxy: Setting<Option<Url>>,
    pub http2: Setting<bool>,
    ca_file: Setting<Option<PathBuf>>,
    per_host: Setting<u32>,
    host_gap: Setting<Option<Duration>>,
    concurrency: Setting<u32>,
    pub max_items: Setting<u32>,
}

impl Defaults {
    pub(super) fn read(
        mut section: TableReader<'_>,
        timezone: TimeZone,
        findings: &mut Findings,
    ) -> Self {
        let interval = check_interval(section.or(findings, "interval", MIN_INTERVAL), findings);
        let schedule = check_schedule(
            section.optional(findings, "schedule", "none: interval is used"),
            findings,
        );
        let max_interval =
            check_max_interval(section.or(findings, "max_interval", 7 * DAY), &interval, findings);
        let timeout =
            check_timeout(section.or(findings, "timeout", Duration::from_secs(30)), findings);
        let max_body =
            check_max_body(section.or(findings, "max_body", ByteSize(16 * MIB)), findings);
        let allow_hosts = section.or(findings, "allow_hosts", Vec::new());
        let proxy = check_proxy(section.optional(findings, "proxy", "none"), findings);
        let http2 = section.or(findings, "http2", true);
        let ca_file =
            section.optional(findings, "ca_file", "none: public certificate authorities only");
        let per_host = check_count(section.or(findings, "per_host", 1), 64, findings);
        let host_gap = section
            .optional::<Duration>(findings, "host_gap", "1s; none for allow_hosts")
            .validate(findings, |gap| {
                if gap.is_some_and(|gap| gap > MIN_INTERVAL) {
                    return Err((
                        "host_gap is too long".to_owned(),
                        Some("use at most \"1h\"; the default is \"1s\"".to_owned()),
                    ));
                }
                Ok(())
            });
        let concurrency = check_count(section.or(findings, "concurrency", 32), 4096, findings);
        let max_items = check_count(section.or(findings, "max_items", 5000), 1_000_000, findings);
        section.finish(findings);
        Self {
            timezone,
            interval,
            schedule,
            max_interval,
            timeout,
            max_body,
            allow_hosts,
            proxy,
            http2,
            ca_file,
            per_host,
            host_gap,
            concurrency,
            max_items,
        }
    }

    /// Reports a default interval below the minimum if a source that is not exempt uses it. `users`
    /// are the ids of the sources that do.
    pub(super) fn check_floor(&self, users: &[String], findings: &mut Findings) {
        let (Some(span), true) =
            (&self.interval.span, self.interval.valid && self.interval.value < MIN_INTERVAL)
        else {
            return;
        };
        if let Some(user) = users.first() {
            let text = format!("the interval is below 1h and applies to source `{user}`");
            let hint = "use at least \"1h\"; only sources whose own host is in allow_hosts may be \
                        polled more often"
                .to_owned();
            findings.error(&self.interval.key, span, text, hint);
        }
    }

    /// Returns the values without their positions.
    pub(super) fn into_polling(self) -> PollingConfig {
        PollingConfig {
            interval: self.interval.value,
            schedule: self.schedule.value,
            max_interval: self.max_interval.value,
            timeout: self.timeout.value,
            max_body_bytes: self.max_body.value.0,
            allow_hosts: self.allow_hosts.value,
            proxy: self.proxy.value,
            ca_file: self.ca_file.value,
            per_host: count(self.per_host.value),
            host_gap: self.host_gap.value,
            concurrency: count(self.concurrency.value),
            max_items: count(self.max_items.value),
        }
    }
}

/// Converts a count to `usize`.
pub(super) fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn check_proxy(setting: Setting<Option<Url>>, findings: &mut Findings) -> Setting<Option<Url>> {
    setting.validate(findings, |url| match url {
        Some(url) if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") => Err((
            format!("unsupported proxy scheme `{}`", url.scheme()),
            Some("for example \"socks5://127.0.0.1:9050\" or \"http://127.0.0.1:3128\"".to_owned()),
        )),
        _ => Ok(()),
    })
}

fn check_count(setting: Setting<u32>, most: u32, findings: &mut Findings) -> Setting<u32> {
    setting.validate(findings, |number| {
        if (1..=most).contains(number) {
            return Ok(());
        }
        Err((
            "the number is out of range".to_owned(),
            Some(format!("use a number from 1 to {most}")),
        ))
    })
}

/// Checks that the interval is not zero. The minimum depends on the source, see
/// [`Defaults::check_floor`].
pub(super) fn check_interval(
    setting: Setting<Duration>,
    findings: &mut Findings,
) -> Setting<Duration> {
    setting.validate(findings, |interval| {
        if interval.is_zero() {
            return Err((
                "the interval is zero".to_owned(),
                Some("use at least \"1h\"".to_owned()),
            ));
        }
        Ok(())
    })
}

pub(super) fn check_schedule(
    setting: Setting<Option<String>>,
    findings: &mut Findings,
) -> Setting<Option<String>> {
    setting.validate(findings, |schedule| {
        let Some(schedule) = schedule else {
            return Ok(());
        };
        let hint =
            "write minute, hour, day of month, month, day of week: \"0 6-22 * * *\"".to_owned();
        expressions::schedule(schedule).map_err(|error| (error, Some(hint)))
    })
}

pub(super) fn check_max_interval(
    setting: Setting<Duration>,
    interval: &Setting<Duration>,
    findings: &mut Findings,
) -> Setting<Duration> {
    let shown = super::quantity::format_duration(interval.value);
    let setting = setting.validate(findings, |longest| {
        if longest.is_zero() {
            return Err((
                "max_interval is zero".to_owned(),
                Some("the default is \"7d\"".to_owned()),
            ));
        }
        if interval.valid && *longest < interval.value {
            return Err((
                format!("max_interval is shorter than the interval ({shown})"),
                Some(format!("use at least \"{shown}\"")),
            ));
        }
        Ok(())
    });
    // The interval may be written here and exceed an inherited max_interval.
    let too_long =
        !setting.is_written() && setting.valid && interval.valid && interval.value > setting.value;
    if let (Some(span), true) = (&interval.span, too_long) {
        let longest = super::quantity::format_duration(setting.value);
        let text = format!("the interval is longer than max_interval ({longest})");
        findings.error(
            &interval.key,
            span,
            text,
            format!("use at most \"{longest}\", or set max_interval too"),
        );
    }
    setting
}

pub(super) fn check_timeout(
    setting: Setting<Duration>,
    findings: &mut Findings,
) -> Setting<Duration> {
    setting.validate(findings, |timeout| {
        if timeout.is_zero() {
            return Err((
                "the timeout is zero".to_owned(),
                Some("the default is \"30s\"".to_owned()),
            ));
        }
        if *timeout > MIN_INTERVAL {
            return Err((
                "the timeout is too long".to_owned(),
                Some("use at most \"1h\"".to_owned()),
            ));
        }
        Ok(())
    })
}

pub(super) fn check_max_body(
    setting: Setting<ByteSize>,
    findings: &mut Findings,
) -> Setting<ByteSize> {
    setting.validate(findings, |size| {
        if size.0 < 1000 {
            return Err((
                "max_body is too small".to_owned(),
                Some("use at least \"1 kB\"; the default is \"16 MiB\"".to_owned()),
            ));
        }
        if size.0 > 1024 * MIB {
            return Err((
                "max_body is too large: bodies are held in memory".to_owned(),
                Some("use at most \"1 GiB\"".to_owned()),
            ));
        }
        Ok(())
    })
}
