//! The first poll of a source: at once, and of many sources spread out.

use std::time::Duration;

use super::display::words;

/// Sources that are asked at once at a first start.
const IMMEDIATE_POLLS: usize = 20;

/// The others are spread over this at most.
const MAX_SPREAD: Duration = Duration::from_secs(3600);

/// When a source that was never polled is asked first, as a pause from the start: the first ones at
/// once, more of them spread out over their interval.
pub fn spread(index: usize, interval: Duration) -> (Duration, String) {
    let Some(beyond) = index.checked_sub(IMMEDIATE_POLLS).map(|n| n + 1) else {
        return (Duration::ZERO, "it is new".into());
    };
    // The golden ratio spreads any number of them evenly.
    let fraction =
        (f64::from(u32::try_from(beyond).unwrap_or(u32::MAX)) * 0.618_033_988_75).fract();
    let pause = interval.min(MAX_SPREAD).mul_f64(fraction);
    (pause, format!("it is new, and one of many: {} after the start", words(pause)))
}
