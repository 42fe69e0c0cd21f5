//! Durations ("1h", "7d", "1h 30m") and sizes ("16 MiB", "500 kB"): parsing and formatting.

use std::time::Duration;

/// The reason why a text is not a quantity.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QuantityError {
    /// What is wrong.
    pub text: String,
    /// What to write instead.
    pub hint: Option<String>,
}

const MILLIS_PER_S: u64 = 1000;

/// Units of time, longest first, in milliseconds. A year is 365 days.
const DURATION_UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400 * MILLIS_PER_S),
    ("w", 7 * 86_400 * MILLIS_PER_S),
    ("d", 86_400 * MILLIS_PER_S),
    ("h", 3_600 * MILLIS_PER_S),
    ("m", 60 * MILLIS_PER_S),
    ("s", MILLIS_PER_S),
    ("ms", 1),
];

/// Longer names of the units.
const DURATION_WORDS: [(&str, &str); 18] = [
    ("year", "y"),
    ("years", "y"),
    ("week", "w"),
    ("weeks", "w"),
    ("day", "d"),
    ("days", "d"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("hrs", "h"),
    ("minute", "m"),
    ("minutes", "m"),
    ("min", "m"),
    ("mins", "m"),
    ("second", "s"),
    ("seconds", "s"),
    ("sec", "s"),
    ("secs", "s"),
];

/// The longest duration in years. Sums of times and durations cannot overflow below it.
const LONGEST_YEARS: u64 = 100;

/// Units of size in bytes, SI and binary, largest first.
const SIZE_UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// Parses a duration: one or more numbers with units, which are added up.
pub(super) fn duration(text: &str) -> Result<Duration, QuantityError> {
    let known = "use the units y, w, d, h, m, s and ms: \"1h\", \"7d\", \"1h 30m\"";
    let error = |what: String| QuantityError { text: what, hint: Some(known.to_owned()) };
    let shown = super::findings::quoted(text);
    if text.trim_start().starts_with('-') {
        return Err(QuantityError {
            text: format!("{shown} is negative"),
            hint: Some(known.to_owned()),
        });
    }
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(error("the duration is empty".to_owned()));
    }
    let mut total_ms: u64 = 0;
    while !rest.is_empty() {
        let (number, after) =
            rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let after = after.trim_start();
        let (unit, after) =
            after.split_at(after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len()));
        if number.is_empty() {
            return Err(error(format!("{shown} is not a duration")));
        }
        if after.starts_with(['.', ',']) {
            let hint = "use whole numbers: \"1h 30m\" instead of \"1.5h\"".to_owned();
            return Err(QuantityError {
                text: format!("{shown} is not a duration"),
                hint: Some(hint),
            });
        }
        if unit.is_empty() {
            return Err(QuantityError {
                text: format!("{shown} has no unit"),
                hint: Some(known.to_owned()),
            });
        }
        let lower = unit.to_lowercase();
        let short =
            DURATION_WORDS.iter().find(|(word, _)| *word == lower).map_or(unit, |(_, short)| short);
        let Some((_, unit_ms)) = DURATION_UNITS.iter().find(|(name, _)| *name == short) else {
            return Err(error(format!(
                "{shown} has an unknown unit {}",
                super::findings::quoted(unit)
            )));
        };
        total_ms = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(*unit_ms))
            .and_then(|ms| total_ms.checked_add(ms))
            .filter(|ms| *ms <= LONGEST_YEARS * DURATION_UNITS[0].1)
            .ok_or_else(|| QuantityError {
                text: format!("{shown} is too long"),
                hint: Some(format!("use at most \"{LONGEST_YEARS}y\"")),
            })?;
        rest = after.trim_start();
    }
    Ok(Duration::from_millis(total_ms))
}

/// Formats a duration in its shortest form.
pub(super) fn format_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut shown = String::new();
    for (name, unit_ms) in DURATION_UNITS {
        // Weeks are parsed but not printed: "10d" is easier to read than "1w 3d".
        if name == "w" {
            continue;
        }
        if rest >= unit_ms {
            if !shown.is_empty() {
                shown.push(' ');
            }
            shown.push_str(&(rest / unit_ms).to_string());
            shown.push_str(name);
            rest %= unit_ms;
        }
    }
    if shown.is_empty() { "0s".to_owned() } else { shown }
}

/// Parses a size in bytes: a number, with an optional decimal point, and a unit.
pub(super) fn bytes(text: &str) -> Result<u64, QuantityError> {
    let known = "use the units B, kB, MB, GB, KiB, MiB and GiB: \"16 MiB\", \"500 kB\"".to_owned();
    let shown = super::findings::quoted(text);
    let error =
        |what: &str| QuantityError { text: format!("{shown} {what}"), hint: Some(known.clone()) };
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err(error("is negative"));
    }
    let split = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(split);
    let unit = unit.trim_start();
    if number.is_empty() {
        return Err(error("is not a size"));
    }
    if unit.is_empty() {
        return Err(error("has no unit"));
    }
    let exact = SIZE_UNITS.iter().find(|(name, _)| *name == unit);
    let Some((_, unit_bytes)) =
        exact.or_else(|| SIZE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)))
    else {
        return Err(error("has an unknown unit"));
    };
    scaled(number, *unit_bytes).ok_or_else(|| error("is not a size"))
}

/// Multiplies a decimal number with a unit and rounds down, without floating point.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    if fraction.is_empty() || fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    whole.checked_add(fraction.parse::<u64>().ok()?.checked_mul(unit)? / scale)
}

/// Formats a size in the largest unit that divides it.
pub(super) fn format_bytes(bytes: u64) -> String {
    let unit = SIZE_UNITS.iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} B"), |(name, unit)| format!("{} {name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sums_of_numbers_with_units() {
        let s = |text: &str| duration(text).map(|d| d.as_secs());
        assert_eq!(s("30s"), Ok(30));
        assert_eq!(s("1h"), Ok(3600));
        assert_eq!(s("1h30m"), Ok(5400));
        assert_eq!(s(" 1h 30 m "), Ok(5400));
        assert_eq!(s("2w"), Ok(14 * 86_400));
        assert_eq!(s("5y"), Ok(5 * 365 * 86_400));
        assert_eq!(s("2 days"), Ok(2 * 86_400));
        assert_eq!(s("0s"), Ok(0));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn invalid_durations_are_rejected_with_a_hint() {
        for text in [
            "",
            "h",
            "12",
            "-1h",
            "1h-",
            "1.5h",
            "3 fortnights",
            "99999999999999999999h",
            "101y",
            "1é",
            "１h",
        ] {
            let error = duration(text).expect_err(text);
            assert!(error.hint.is_some(), "{text}");
        }
    }

    #[test]
    fn sizes_have_si_and_binary_units() {
        assert_eq!(bytes("16 MiB"), Ok(16 << 20));
        assert_eq!(bytes("500 kB"), Ok(500_000));
        assert_eq!(bytes("500KB"), Ok(500_000));
        assert_eq!(bytes("1.5 MB"), Ok(1_500_000));
        assert_eq!(bytes("0B"), Ok(0));
        for text in ["", "MiB", "16", "-1 MB", "1..5 MB", "1 PB", "99999999999999 GiB", "1e3 MB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn formatted_quantities_parse_to_the_same_value() {
        for text in ["1h", "7d", "1h 30m", "2y", "3w", "10d", "250ms", "0s", "1d 1h"] {
            let value = duration(text).unwrap();
            assert_eq!(duration(&format_duration(value)), Ok(value), "{text}");
        }
        assert_eq!(format_duration(Duration::from_hours(3)), "3h");
        assert_eq!(format_bytes(16 << 20), "16 MiB");
        assert_eq!(format_bytes(500_000), "500 kB");
    }

    proptest::proptest! {
        #[test]
        fn parsing_arbitrary_text_does_not_panic(
            text in "\\PC{0,30}|[0-9]{1,25} ?(ms|[smhdwy]|[kMG]i?B)"
        ) {
            if let Ok(value) = duration(&text) {
                proptest::prop_assert_eq!(duration(&format_duration(value)), Ok(value));
            }
            if let Ok(value) = bytes(&text) {
                proptest::prop_assert_eq!(bytes(&format_bytes(value)), Ok(value));
            }
        }
    }
}
