//! The sentences that explain a classification, in the words of feeds.toml.

use super::hits::Tally;
use super::learn::{Evidence, LearnerProgress};
use super::matcher::{MatchField, Matcher};

/// Found text is shown up to this many characters.
const SHOWN_CHARS: usize = 80;

/// Where a field is, in a sentence.
fn field_phrase(field: MatchField) -> &'static str {
    match field {
        MatchField::Title => "in the title",
        MatchField::Category => "in a category",
        MatchField::Summary => "in the summary",
        MatchField::Content => "in the content",
        MatchField::Author => "among the authors",
        MatchField::Url => "in the link",
        MatchField::Source => "among the sources",
    }
}

/// Writes `"Kafka" in the title, "Kafka's" in the content and once more`.
fn write_hits(tally: &Tally<'_>, into: &mut String) {
    let mut shown = 0;
    for hit in tally.shown() {
        into.push_str(if shown == 0 { "\"" } else { ", \"" });
        shown += 1;
        let mut chars = hit.text.trim().chars().scan(false, |was_space, c| {
            let (before, is_space) =
                (std::mem::replace(was_space, c.is_whitespace()), c.is_whitespace());
            Some((!before || !is_space).then_some(if is_space { ' ' } else { c }))
        });
        into.extend(chars.by_ref().flatten().take(SHOWN_CHARS));
        into.push_str(if chars.flatten().next().is_some() { "…\" " } else { "\" " });
        into.push_str(field_phrase(hit.field));
    }
    match tally.hits() as usize - shown {
        0 => {}
        1 => into.push_str(" and once more"),
        unshown => {
            for text in [" and ", &unshown.to_string(), " times more"] {
                into.push_str(text);
            }
        }
    }
}

/// A number without needless digits, in thousandths.
pub(super) fn number(value: f64) -> String {
    let thousandths = (value * 1000.0).round();
    if !(0.0..1e9).contains(&thousandths) {
        return format!("{}", thousandths / 1000.0);
    }
    // Nearly all are small, and many are written for each story.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It was just looked at.
    let thousandths = thousandths as u32;
    let mut digits = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    digits.truncate(digits.trim_end_matches('0').trim_end_matches('.').len());
    digits
}

/// Why a matcher of `any` adds to the score.
pub(super) fn hit(matcher: &Matcher, tally: &Tally<'_>) -> String {
    let mut sentence = found("", matcher, tally);
    sentence.push_str(": ");
    sentence.push_str(&number(tally.points(matcher.weight())));
    let weight = number(matcher.weight());
    if weight != "1" {
        sentence.push_str(" at weight ");
        sentence.push_str(&weight);
    }
    sentence
}

/// A matcher and what it found, behind some words.
fn found(before: &str, matcher: &Matcher, tally: &Tally<'_>) -> String {
    let mut sentence = String::with_capacity(128);
    for text in [before, "`", matcher.as_str(), "` found "] {
        sentence.push_str(text);
    }
    write_hits(tally, &mut sentence);
    sentence
}

/// Why a matcher of `all` holds.
pub(super) fn required_hit(matcher: &Matcher, tally: &Tally<'_>) -> String {
    found("all of these are needed: ", matcher, tally)
}

/// Why a matcher of `all` does not hold.
pub(super) fn missing(matcher: &Matcher) -> String {
    let looked = match matcher.field() {
        Some(field) => field_phrase(field),
        None => "in title, categories, summary or content",
    };
    format!("all of these are needed: `{matcher}` was not found {looked}")
}

/// Why a matcher of `none` does not hold.
pub(super) fn forbidden(matcher: &Matcher, tally: &Tally<'_>) -> String {
    found("none of these is allowed: ", matcher, tally)
}

/// Why a score is not enough.
pub(super) fn below_threshold(score: f64, threshold: f64, has_no_any: bool) -> String {
    if has_no_any {
        format!("there is no `any` that could score, and {} is needed", number(threshold))
    } else if score.abs() < 0.0005 {
        format!("nothing of `any` was found, and a score of {} is needed", number(threshold))
    } else {
        format!("the score is {}, and {} is needed", number(score), number(threshold))
    }
}

/// What the learner adds, and the words that decided: those that speak against the topic have a
/// minus.
pub(super) fn learner_evidence(evidence: &Evidence, points: f64) -> String {
    let percent = number((evidence.probability * 1000.0).round() / 10.0);
    let words: Vec<String> = evidence
        .words
        .iter()
        .map(|(word, nats)| format!("\"{word}\" {}", format_signed(*nats)))
        .collect();
    let words =
        if words.is_empty() { "none of its words is known".to_owned() } else { words.join(", ") };
    format!("learnt from labels, {percent} % likely: {}; {words}", format_signed(points))
}

/// Why the learner adds nothing.
pub(super) fn learner_inactive(progress: &LearnerProgress) -> String {
    format!("what labels taught does not count yet: {}", progress.reason)
}

fn format_signed(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    if rounded < 0.0 { format!("{rounded}") } else { format!("+{}", rounded.abs()) }
}

/// Why the sources do not hold.
pub(super) fn wrong_source(wanted: &[&str], got: &[&str]) -> String {
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
