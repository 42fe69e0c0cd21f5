//! Compares publication times.

use chrono::Timelike as _;

use feed_model::Timestamp;

/// Returns whether a time is on a full quarter of an hour.
///
/// Such a time is usually a day (midnight in some zone) or a scheduled publication, and many posts
/// have it. Any other second usually belongs to one post.
pub(super) fn is_on_quarter_hour(at: Timestamp) -> bool {
    at.second() == 0 && at.minute().is_multiple_of(15)
}

/// Returns whether both were published in the same second, not on a full quarter of an hour. Copies
/// keep the date, while two independent posts hardly ever have the same one.
pub(super) fn is_same_second(left: Option<Timestamp>, right: Option<Timestamp>) -> bool {
    left.is_some_and(|at| !is_on_quarter_hour(at)) && left == right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_hours_are_not_the_same_second() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let odd = at("2026-03-05T10:17:00Z");
        assert!(
            is_same_second(odd, odd)
                && !is_same_second(odd, None)
                && !is_same_second(None, None)
                && !is_same_second(odd, at("2026-03-05T10:17:01Z"))
        );
        for slot in ["2026-03-05T00:00:00Z", "2026-03-05T10:45:00Z"] {
            assert!(!is_same_second(at(slot), at(slot)), "{slot}");
        }
        assert!(is_same_second(at("2026-03-05T10:45:01Z"), at("2026-03-05T10:45:01Z")));
    }
}
