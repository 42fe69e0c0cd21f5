//! Small bar charts as inline SVG: one path, no script and no style attribute.

use std::fmt::Write as _;

/// A bar chart, as `templates/chart.html` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chart {
    /// Width of the view box.
    pub width: u32,
    /// Height of the view box.
    pub height: u32,
    /// Preferred width in pixels. Charts of few bars stay small.
    pub display_width: u32,
    /// The bars, as the `d` attribute of one path.
    pub path: String,
    /// Text alternative.
    pub label: String,
    /// Caption below the left end.
    pub start_label: String,
    /// Caption below the right end; may be empty.
    pub end_label: String,
}

const BAR: u32 = 8;
const GAP: u32 = 2;
const HEIGHT: u32 = 48;
/// Pixels of one bar and its gap at the preferred width.
const DISPLAY_STEP: u32 = 22;
/// Height of the bar of the smallest count above zero, so that it stays visible.
const MIN_BAR_HEIGHT: u128 = 2;

impl Chart {
    /// Returns a chart of `counts`, oldest first. The largest count fills the height.
    pub(super) fn bars(
        counts: &[u64],
        label: String,
        start_label: String,
        end_label: String,
    ) -> Self {
        let max = counts.iter().copied().max().unwrap_or(0).max(1);
        let mut path = String::new();
        let mut x = 0;
        for &count in counts {
            if count > 0 {
                let scaled = u128::from(count) * u128::from(HEIGHT) / u128::from(max);
                let height = scaled.max(MIN_BAR_HEIGHT);
                let _ = write!(path, "M{x} {HEIGHT}v-{height}h{BAR}v{height}z");
            }
            x += BAR + GAP;
        }
        Self {
            width: x.saturating_sub(GAP).max(BAR),
            height: HEIGHT,
            display_width: x / (BAR + GAP) * DISPLAY_STEP,
            path,
            label,
            start_label,
            end_label,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_proportional_and_the_smallest_is_visible() {
        let chart = Chart::bars(&[0, 1, 1000], "x".to_owned(), String::new(), String::new());
        assert_eq!(chart.path, "M10 48v-2h8v2zM20 48v-48h8v48z");
        assert_eq!((chart.width, chart.display_width), (28, 66));
        assert_eq!(Chart::bars(&[], "x".to_owned(), String::new(), String::new()).width, BAR);
    }
}
