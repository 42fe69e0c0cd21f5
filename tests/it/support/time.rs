//! Fixed times, and a clock that a test sets.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, TimeDelta};
use feed_model::Timestamp;
use tributary::clock::Clock;

/// The time that `text` states in the format of RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An hour of a day in March 2026.
pub fn march(day: u32, hour: u32) -> Timestamp {
    date_and_hour(2026, 3, day, hour)
}

/// 09:00 on a day.
pub fn morning(year: i32, month: u32, day: u32) -> Timestamp {
    date_and_hour(year, month, day, 9)
}

/// Noon of Saturday, 21 November 2026.
pub fn noon() -> Timestamp {
    date_and_hour(2026, 11, 21, 12)
}

fn date_and_hour(year: i32, month: u32, day: u32, hour: u32) -> Timestamp {
    let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
    date.and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

/// A clock that stands still until it is moved. Clones share their time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock whose time is `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.timestamp_millis())))
    }

    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }

    pub fn set(&self, now: Timestamp) {
        self.0.store(now.timestamp_millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }
}
