//! The sentences that explain a verdict, in the words of feeds.toml.

use super::hits::Tally;
use super::learn::{Evidence, Progress};
use super::matcher::{Field, Matcher};

/// Found text is shown up to this many characters.
const SHOWN_CHARS: usize = 80;

/// Where a field is, in a sentence.
fn place(field: Field) -> &'static str {
    match field {
        Field::Title => "in the title",
        Field::Category => "in a category",
        Field::Summary => "in the summary",
        Field::Content => "in the content",
        Field::Author => "among the authors",
        Field::Url => "in the link",
        Field::Source => "among the sources",
    }
}

/// `"Kafka" in the title and "Kafka's" in the content`.
fn places(tally: &Tally<'_>) -> String {
    let shown: Vec<String> = tally
        .shown
        .iter()
        .map(|hit| {
            let mut text: String = hit.text.split_whitespace().collect::<Vec<_>>().join(" ");
            if let Some((cut, _)) = text.char_indices().nth(SHOWN_CHARS) {
                text.truncate(cut);
                text.push('…');
            }
            format!("\"{text}\" {}", place(hit.field))
        })
        .collect();
    let unshown = tally.hits() as usize - shown.len();
    let shown = shown.join(", ");
    match unshown {
        0 => shown,
        1 => format!("{shown} and once more"),
        _ => format!("{shown} and {unshown} times more"),
    }
}

/// A number without needless digits.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    format!("{rounded}")
}

/// Why a matcher of `any` adds to the score.
pub(super) fn hit(matcher: &Matcher, tally: &Tally<'_>) -> String {
    let points = number(tally.points(matcher.weight()));
    let weight = number(matcher.weight());
    if weight == "1" {
        format!("`{matcher}` found {}: {points}", places(tally))
    } else {
        format!("`{matcher}` found {}: {points} at weight {weight}", places(tally))
    }
}

/// Why a matcher of `all` holds.
pub(super) fn needed(matcher: &Matcher, tally: &Tally<'_>) -> String {
    format!("all of these are needed: `{matcher}` found {}", places(tally))
}

/// Why a matcher of `all` does not hold.
pub(super) fn missing(matcher: &Matcher) -> String {
    let looked = match matcher.field() {
        Some(field) => place(field),
        None => "in title, categories, summary or content",
    };
    format!("all of these are needed: `{matcher}` was not found {looked}")
}

/// Why a matcher of `none` does not hold.
pub(super) fn forbidden(matcher: &Matcher, tally: &Tally<'_>) -> String {
    format!("none of these is allowed: `{matcher}` found {}", places(tally))
}

/// Why a score is not enough.
pub(super) fn short(score: f64, threshold: f64, has_no_any: bool) -> String {
    if has_no_any {
        format!("there is no `any` that could score, and {} is needed", number(threshold))
    } else if score.abs() < 0.0005 {
        format!("nothing of `any` was found, and a score of {} is needed", number(threshold))
    } else {
        format!("the score is {}, and {} is needed", number(score), number(threshold))
    }
}

/// What the learner adds, and the words that decided: those that speak against the topic have a minus.
pub(super) fn learnt(evidence: &Evidence, points: f64) -> String {
    let percent = number((evidence.chance * 1000.0).round() / 10.0);
    let words: Vec<String> = evidence.words.iter().map(|(word, nats)| format!("\"{word}\" {}", signed(*nats))).collect();
    let words = if words.is_empty() { "none of its words is known".to_owned() } else { words.join(", ") };
    format!("learnt from labels, {percent} % likely: {}; {words}", signed(points))
}

/// Why the learner adds nothing.
pub(super) fn not_learnt(progress: &Progress) -> String {
    format!("what labels taught does not count yet: {}", progress.because)
}

fn signed(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    if rounded < 0.0 { format!("{rounded}") } else { format!("+{}", rounded.abs()) }
}

/// Why the sources do not hold.
pub(super) fn elsewhere(wanted: &[&str], got: &[&str]) -> String {
    let got = if got.is_empty() { "none".to_owned() } else { got.join(", ") };
    format!("limited to the sources {}, and it comes from {got}", wanted.join(", "))
}

/// Why a rule without `any` and `all` holds.
pub(super) fn unconditional(sources: &[&str]) -> String {
    if sources.is_empty() {
        "nothing of `none` was found, and nothing more is asked".to_owned()
    } else {
        format!("it comes from one of the sources {}", sources.join(", "))
    }
}
