//! The first poll of new sources.

use std::time::Duration;

/// New sources that are polled at once.
const IMMEDIATE_POLLS: usize = 20;

/// The time over which all others are spread, at most.
const MAX_SPREAD: Duration = Duration::from_secs(3600);

/// Returns how long after the start the new source with this index is polled first. The first 20
/// are polled at once, the others are spread evenly over their interval.
pub fn spread(index: usize, interval: Duration) -> Duration {
    let Some(beyond) = index.checked_sub(IMMEDIATE_POLLS).map(|n| n + 1) else {
        return Duration::ZERO;
    };
    // Multiples of the golden ratio, modulo 1, are spread evenly for any number of sources.
    let fraction =
        (f64::from(u32::try_from(beyond).unwrap_or(u32::MAX)) * 0.618_033_988_75).fract();
    interval.min(MAX_SPREAD).mul_f64(fraction)
}
