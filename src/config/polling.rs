//! `[polling]`: defaults for every source, and what is shared by all.

use std::{path::PathBuf, time::Duration};

use url::Url;

use super::{
    expressions,
    findings::Findings,
    source::Sources,
    table_reader::{Setting, TableReader},
    value::ByteSize,
};
use feed_model::HostPattern;

/// `[polling]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollingConfig {
    /// The pause between two polls of a source that has no `interval` of its own, at least.
    pub interval: Duration,
    /// A five-field cron expression that is used instead.
    pub schedule: Option<String>,
    /// The longest pause that anything but `Retry-After` may ask for.
    pub max_interval: Duration,
    /// For one whole exchange, name look-up and redirects included.
    pub timeout: Duration,
    /// Decoded bytes of one body.
    pub max_body_bytes: u64,
    /// Hosts and address blocks exempt from the address guard and the floors.
    pub allow_hosts: Vec<HostPattern>,
    /// The proxy that every request goes through; those of the environment are ignored.
    pub proxy: Option<Url>,
    /// A file with authorities whose certificates are believed beside those of the public web.
    pub ca_file: Option<PathBuf>,
    /// Requests at a time to one host.
    pub per_host: usize,
    /// The pause between two requests to one host, where it is set; else one second, and none for
    /// `allow_hosts`.
    pub host_gap: Option<Duration>,
    /// Requests at a time in all.
    pub concurrency: usize,
    /// Items taken from one document, newest first.
    pub max_items: usize,
}

/// No interval of a public source goes below this.
pub(super) const MIN_INTERVAL: Duration = Duration::from_hours(1);

const DAY: Duration = Duration::from_hours(24);
const MIB: u64 = 1 << 20;

/// `[polling]` while the file is read: each value with its place, so that a source's value can name
/// where it comes from.
pub(super) struct Defaults {
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
    pub(super) fn read(mut section: TableReader<'_>, findings: &mut Findings<'_>) -> Self {
        let interval = check_interval(section.or(findings, "interval", MIN_INTERVAL), findings);
        let schedule = check_schedule(
            section.optional(findings, "schedule", "none: interval holds"),
            findings,
        );
        let max_interval =
            check_max_interval(section.or(findings, "max_interval", 7 * DAY), &interval, findings);
        let timeout =
            check_timeout(section.or(findings, "timeout", Duration::from_secs(30)), findings);
        let max_body =
            check_max_body(section.or(findings, "max_body", ByteSize(16 * MIB)), findings);
        let allow_hosts = section.or(findings, "allow_hosts", Vec::new());
        let proxy =
            section.optional::<Url>(findings, "proxy", "none").validate(
                findings,
                |url| {
                    match url {
                Some(url) if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") => {
                    Err((
                        format!("the scheme of a proxy is not `{}`", url.scheme()),
                        Some(
                            "for instance \"socks5://127.0.0.1:9050\" or \"http://127.0.0.1:3128\""
                                .to_owned(),
                        ),
                    ))
                }
                _ => Ok(()),
            }
                },
            );
        let http2 = section.or(findings, "http2", true);
        let ca_file =
            section.optional(findings, "ca_file", "none: the authorities of the public web");
        let per_host = check_count(section.or(findings, "per_host", 1), 64, findings);
        let host_gap = section
            .optional::<Duration>(findings, "host_gap", "1s; none for allow_hosts")
            .validate(findings, |gap| {
                if gap.is_some_and(|gap| gap > MIN_INTERVAL) {
                    return Err((
                        "such a pause would hold up everything".to_owned(),
                        Some("at most \"1h\"; \"1s\" is usual".to_owned()),
                    ));
                }
                Ok(())
            });
        let concurrency = check_count(section.or(findings, "concurrency", 32), 4096, findings);
        let max_items = check_count(section.or(findings, "max_items", 5000), 1_000_000, findings);
        section.finish(findings);
        Self {
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

    /// Reports a default interval below the floor where a source that is not exempt would use it.
    pub(super) fn check_floor(&self, sources: &Sources, findings: &mut Findings<'_>) {
        let (Some(span), true) =
            (&self.interval.span, self.interval.valid && self.interval.value < MIN_INTERVAL)
        else {
            return;
        };
        if let Some(user) = sources.on_default_interval.first() {
            let text = format!("the interval is below 1h, and source `{user}` would use it");
            let hint = "at least \"1h\"; only sources whose own host is in allow_hosts may be polled more often".to_owned();
            findings.error(&self.interval.key, span, text, hint);
        }
    }

    /// The section as it is meant.
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

/// A count as it is used.
pub(super) fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn check_count(setting: Setting<u32>, most: u32, findings: &mut Findings<'_>) -> Setting<u32> {
    setting.validate(findings, |number| {
        if (1..=most).contains(number) {
            return Ok(());
        }
        let text = if *number == 0 {
            "with 0 nothing would ever be fetched"
        } else {
            "the number is out of range"
        };
        Err((text.to_owned(), Some(format!("from 1 to {most}"))))
    })
}

/// An interval is no shorter than nothing; the floor is checked where it is known who uses it.
pub(super) fn check_interval(
    setting: Setting<Duration>,
    findings: &mut Findings<'_>,
) -> Setting<Duration> {
    setting.validate(findings, |interval| {
        if interval.is_zero() {
            return Err((
                "an interval of nothing would poll without end".to_owned(),
                Some("at least \"1h\"".to_owned()),
            ));
        }
        Ok(())
    })
}

pub(super) fn check_schedule(
    setting: Setting<Option<String>>,
    findings: &mut Findings<'_>,
) -> Setting<Option<String>> {
    setting.validate(findings, |schedule| {
        let Some(schedule) = schedule else {
            return Ok(());
        };
        let hint = "minute, hour, day of month, month, day of week: \"0 6-22 * * *\"".to_owned();
        expressions::schedule(schedule).map_err(|error| (error, Some(hint)))
    })
}

pub(super) fn check_max_interval(
    setting: Setting<Duration>,
    interval: &Setting<Duration>,
    findings: &mut Findings<'_>,
) -> Setting<Duration> {
    let shown = super::quantity::format_duration(interval.value);
    let setting = setting.validate(findings, |longest| {
        if longest.is_zero() {
            return Err((
                "the longest pause is nothing".to_owned(),
                Some("\"7d\" is usual".to_owned()),
            ));
        }
        if interval.valid && *longest < interval.value {
            return Err((
                format!("max_interval is shorter than the interval ({shown})"),
                Some(format!("at least \"{shown}\"")),
            ));
        }
        Ok(())
    });
    // The interval alone may be written here, and be too long for a maximum that is not.
    let too_long =
        !setting.is_written() && setting.valid && interval.valid && interval.value > setting.value;
    if let (Some(span), true) = (&interval.span, too_long) {
        let longest = super::quantity::format_duration(setting.value);
        let text = format!("the interval is longer than max_interval ({longest})");
        findings.error(
            &interval.key,
            span,
            text,
            format!("at most \"{longest}\", or set max_interval as well"),
        );
    }
    setting
}

pub(super) fn check_timeout(
    setting: Setting<Duration>,
    findings: &mut Findings<'_>,
) -> Setting<Duration> {
    setting.validate(findings, |timeout| {
        if timeout.is_zero() {
            return Err((
                "with a timeout of nothing every request would fail".to_owned(),
                Some("\"30s\" is usual".to_owned()),
            ));
        }
        if *timeout > MIN_INTERVAL {
            return Err((
                "one exchange would be waited for longer than an hour".to_owned(),
                Some("at most \"1h\"".to_owned()),
            ));
        }
        Ok(())
    })
}

pub(super) fn check_max_body(
    setting: Setting<ByteSize>,
    findings: &mut Findings<'_>,
) -> Setting<ByteSize> {
    setting.validate(findings, |size| {
        if size.0 < 1000 {
            return Err((
                "no feed is so small".to_owned(),
                Some("at least \"1 kB\"; \"16 MiB\" is usual".to_owned()),
            ));
        }
        if size.0 > 1024 * MIB {
            return Err((
                "a body is held in memory: this is too much".to_owned(),
                Some("at most \"1 GiB\"".to_owned()),
            ));
        }
        Ok(())
    })
}
