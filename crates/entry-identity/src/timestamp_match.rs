//! What a publisher's date proves.

use chrono::Timelike as _;

use feed_model::Timestamp;

/// Whether a moment is a slot: a full quarter of an hour is most often a day (midnight somewhere)
/// or when a program was told to publish, and many posts have it. Any other second is one post's
/// own.
pub(super) fn is_on_quarter_hour(at: Timestamp) -> bool {
    at.second() == 0 && at.minute().is_multiple_of(15)
}

/// Whether both were published in one second that is no slot: two people's posts hardly ever are,
/// copies keep the date.
pub(super) fn is_same_second(left: Option<Timestamp>, right: Option<Timestamp>) -> bool {
    left.is_some_and(|at| !is_on_quarter_hour(at)) && left == right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_told_from_a_slot() {
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
