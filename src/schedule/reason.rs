//! The reason of a next poll: stored as its text, and shown by `status`, `inspect` and the pages.

use std::{fmt, time::Duration};

use feed_model::{SourceId, Timestamp};

/// Why a source is polled next at the time it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollReason {
    /// The configured interval.
    Interval(Duration),
    /// The shortest interval for sources that are not exempt.
    MinInterval(Duration),
    /// The longer interval of sources whose server sends no validators.
    NoValidators(Duration),
    /// The longer interval of sources that rarely have a new entry.
    RareEntries(Duration),
    /// The publisher asks for a pause of this length.
    Hint(Hint, Duration),
    /// The host name could not be resolved, so no request was made.
    DnsFailure(Duration),
    /// The poll failed.
    Backoff {
        /// How it failed.
        cause: BackoffCause,
        /// How many times in a row.
        times: u32,
        /// The pause that follows.
        pause: Duration,
    },
    /// A longer pause was limited to `max_interval`.
    Capped(Box<Self>, Duration),
    /// Random-looking extra time, so that sources are not all polled in the same minute.
    Jitter(Box<Self>, Duration),
    /// The server asked for it by `Retry-After`.
    RetryAfter(Timestamp),
    /// The hub of the source pushes new entries.
    Pushed,
    /// The hub of the source pushed a new version of its page.
    Announced,
    /// Two sources of the host answered 429 or 503.
    HostBackoff(Timestamp),
    /// The feed's `skipHours` and `skipDays` exclude the time before.
    SkipHours(Box<Self>, Timestamp),
    /// The feed's `skipHours` and `skipDays` exclude more time than `max_interval` allows.
    SkipHoursCapped(Box<Self>, Timestamp),
    /// A slot of the configured cron expression.
    Schedule {
        /// The expression.
        expression: String,
        /// Why earlier slots were skipped; empty if none were.
        skipped: Vec<SkippedSlots>,
    },
    /// Another source reads the same feed, and one request serves both.
    SharedFeed {
        /// The other source.
        source: SourceId,
        /// The reason of the time before it was aligned, if it was earlier.
        delayed: Option<Box<Self>>,
    },
    /// The source has not been polled yet; the pause from the start of the daemon.
    FirstPoll(Duration),
    /// The address in feeds.toml changed.
    AddressChanged,
}

/// What a publisher asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// `Cache-Control: max-age` (RFC 9111 §5.2.2.1).
    MaxAge,
    /// `Expires` (RFC 9111 §5.3).
    Expires,
    /// RSS `ttl`.
    Ttl,
    /// `sy:updatePeriod` and `sy:updateFrequency` (RSS 1.0 syndication module).
    UpdatePeriod,
}

/// How a poll failed, as far as the backoff depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackoffCause {
    /// 410.
    Gone,
    /// A bot challenge.
    Challenge,
    /// A status that says that the source must not be polled (now).
    Status(u16),
    /// Any other failure, by its class.
    Failure(String),
}

/// Why slots of a schedule were skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkippedSlots {
    /// The pause in force is longer.
    Pause(Box<PollReason>),
    /// The feed's `skipHours` and `skipDays` exclude them.
    SkipHours,
}

impl fmt::Display for PollReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interval(pause) => write!(f, "every {}", duration(*pause)),
            Self::MinInterval(pause) => {
                write!(f, "every {}, the shortest interval allowed", duration(*pause))
            }
            Self::NoValidators(pause) => {
                write!(f, "the server sends no validators, so every {}", duration(*pause))
            }
            Self::RareEntries(pause) => {
                write!(f, "new entries are rare, so every {}", duration(*pause))
            }
            Self::Hint(hint, pause) => write!(f, "{hint} of {}", duration(*pause)),
            Self::DnsFailure(pause) => {
                write!(f, "the host name could not be resolved: retry after {}", duration(*pause))
            }
            Self::Backoff { cause, times, pause } => {
                write!(f, "{cause}, ")?;
                match times {
                    1 => f.write_str("once")?,
                    times => write!(f, "{times} times in a row")?,
                }
                write!(f, ": retry after {}", duration(*pause))
            }
            Self::Capped(reason, cap) => {
                write!(f, "{reason}, limited to {} by max_interval", duration(*cap))
            }
            Self::Jitter(reason, jitter) => {
                write!(f, "{reason}, plus {} of jitter", duration(*jitter))
            }
            Self::RetryAfter(at) => write!(f, "Retry-After asks to wait until {}", minute(*at)),
            Self::Pushed => f.write_str("its hub pushes new entries"),
            Self::Announced => f.write_str("its hub says that the page changed"),
            Self::HostBackoff(at) => write!(
                f,
                "host backoff until {}: two of its sources answered 429 or 503",
                minute(*at)
            ),
            Self::SkipHours(reason, until) => write!(
                f,
                "{reason}, then the feed's skipHours or skipDays until {}",
                minute(*until)
            ),
            Self::SkipHoursCapped(reason, until) => write!(
                f,
                "{reason}, then the feed's skipHours or skipDays, limited to {} by max_interval",
                minute(*until)
            ),
            Self::Schedule { expression, skipped } => {
                write!(f, "the schedule `{expression}`")?;
                for (i, why) in skipped.iter().enumerate() {
                    f.write_str(if i == 0 { "; earlier slots are skipped: " } else { ", " })?;
                    match why {
                        SkippedSlots::Pause(reason) => write!(f, "{reason}")?,
                        SkippedSlots::SkipHours => {
                            f.write_str("the feed's skipHours or skipDays")?;
                        }
                    }
                }
                Ok(())
            }
            Self::SharedFeed { source, delayed } => {
                if let Some(reason) = delayed {
                    write!(f, "{reason}, then ")?;
                }
                write!(f, "together with source `{source}`, which reads the same feed")
            }
            Self::FirstPoll(Duration::ZERO) => f.write_str("new source"),
            Self::FirstPoll(pause) => {
                write!(f, "one of many new sources: {} after the start", duration(*pause))
            }
            Self::AddressChanged => f.write_str("the address in feeds.toml changed"),
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxAge => "the publisher's max-age",
            Self::Expires => "the publisher's Expires",
            Self::Ttl => "the feed's ttl",
            Self::UpdatePeriod => "the feed's update period",
        })
    }
}

impl fmt::Display for BackoffCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the server answered 410 Gone"),
            Self::Challenge => f.write_str("the server answered with a bot challenge"),
            Self::Status(status) => write!(f, "the server answered {status}"),
            Self::Failure(class) => write!(f, "the poll failed ({class})"),
        }
    }
}

/// Formats a pause: `3 h`, `90 min`, `45 s`.
fn duration(pause: Duration) -> String {
    let s = pause.as_secs();
    match s {
        0 => format!("{} ms", pause.as_millis()),
        1..=119 => format!("{s} s"),
        120..=7199 if !s.is_multiple_of(3600) => format!("{} min", s / 60),
        s if s >= 2 * 86_400 && s % 86_400 == 0 => format!("{} days", s / 86_400),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

/// Formats a time to the minute.
fn minute(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
