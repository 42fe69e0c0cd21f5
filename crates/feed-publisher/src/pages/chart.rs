//! Small bar charts as one path of inline SVG: no script, no style attribute, a few hundred bytes.

use std::fmt::Write as _;

/// A chart of counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chart {
    pub width: u32,
    pub height: u32,
    /// How wide it is drawn where there is room, in pixels: a few bars are not blown up.
    pub display_width: u32,
    /// The bars, as the data of one path.
    pub path: String,
    /// What it shows, in words.
    pub label: String,
    /// What stands below its left end; may be empty.
    pub first: String,
    /// What stands below its right end.
    pub last: String,
}

const BAR: u32 = 8;
const GAP: u32 = 2;
const HEIGHT: u32 = 48;
/// Pixels of one bar and its gap, where there is room.
const DISPLAY_STEP: u32 = 22;

impl Chart {
    /// Bars of `counts`, oldest first; the highest fills the height, and no count above zero is
    /// invisible.
    pub(super) fn bars(counts: &[u64], label: String, first: String, last: String) -> Self {
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let mut path = String::new();
        let mut x = 0;
        for &count in counts {
            if count > 0 {
                let height = (u128::from(count) * u128::from(HEIGHT) / u128::from(most)).max(2);
                let _ = write!(path, "M{x} {HEIGHT}v-{height}h{BAR}v{height}z");
            }
            x += BAR + GAP;
        }
        let width = x.saturating_sub(GAP).max(BAR);
        Self {
            width,
            height: HEIGHT,
            display_width: x / (BAR + GAP) * DISPLAY_STEP,
            path,
            label,
            first,
            last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_the_smallest_is_seen() {
        let chart = Chart::bars(&[0, 1, 1000], "x".to_owned(), String::new(), String::new());
        assert_eq!(chart.path, "M10 48v-2h8v2zM20 48v-48h8v48z");
        assert_eq!((chart.width, chart.display_width), (28, 66));
        assert_eq!(Chart::bars(&[], "x".to_owned(), String::new(), String::new()).width, BAR);
    }
}
