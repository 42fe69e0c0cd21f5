//! The reasons for a classification, as types.
//!
//! The deciding code picks a variant and fills in what it found. [`fmt::Display`] gives the
//! sentence, in the words of feeds.toml.

use std::fmt;

use feed_model::{MatchField, SourceId};

/// Number of characters of a found text that are shown.
const MAX_SHOWN_CHARS: usize = 80;

/// The reason why a story is in a topic, or is not.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A matcher of `any` was found and adds to the score.
    Scored {
        /// The matcher as written.
        matcher: String,
        /// What it found.
        found: FoundTexts,
        /// What it adds to the score.
        points: f64,
        /// The weight of the matcher.
        weight: f64,
        /// Whether it only supports other matchers.
        supports: bool,
    },
    /// The terms that only support add more than counts.
    SupportLimited {
        /// What they add together.
        points: f64,
        /// What counts of it.
        limit: f64,
    },
    /// A matcher of `all` was found.
    RequiredFound {
        /// The matcher as written.
        matcher: String,
        /// What it found.
        found: FoundTexts,
    },
    /// A matcher of `all` was not found.
    RequiredMissing {
        /// The matcher as written.
        matcher: String,
        /// The field that it is limited to.
        field: Option<MatchField>,
    },
    /// A matcher of `none` was found.
    ForbiddenFound {
        /// The matcher as written.
        matcher: String,
        /// What it found.
        found: FoundTexts,
    },
    /// The topic has neither `any` nor `all` nor `sources`.
    Unconditional,
    /// The topic has neither `any` nor `all`, and the story comes from one of its sources.
    FromSource {
        /// The sources of the topic.
        sources: Vec<SourceId>,
    },
    /// The story comes from none of the topic's sources.
    OtherSource {
        /// The sources of the topic.
        allowed: Vec<SourceId>,
        /// The sources of the story.
        actual: Vec<String>,
    },
    /// The story comes from sources that the topic leaves out.
    ExcludedSource {
        /// The first of them.
        source: String,
    },
    /// The story is in a language that the topic does not take.
    OtherLanguage {
        /// The languages of the topic.
        allowed: Vec<String>,
        /// The language of the story.
        actual: String,
    },
    /// The score is below the threshold.
    BelowThreshold {
        /// The score.
        score: f64,
        /// The threshold.
        threshold: f64,
    },
    /// The topic has no `any`, so nothing can reach the threshold.
    NoScoringMatchers {
        /// The threshold.
        threshold: f64,
    },
    /// What was learnt from labels adds to the score, or subtracts from it.
    Learnt {
        /// The probability that the story belongs to the topic.
        probability: f64,
        /// What it adds to the score.
        points: f64,
        /// The decisive words, with what each contributes in nats.
        words: Vec<(String, f64)>,
    },
    /// What was learnt from labels is not used.
    LearnerInactive(LearnerReason),
}

/// The texts that a matcher found in a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTexts {
    /// The first few.
    pub shown: Vec<FoundText>,
    /// Number of all, counted up to a limit beyond which the score no longer changes.
    pub total: u32,
}

/// A text that a matcher found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundText {
    /// The field that it was found in.
    pub field: MatchField,
    /// The text as it is in the story.
    pub text: String,
}

/// The reason why a topic's learner is used, or is not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LearnerReason {
    /// There are too few labels.
    TooFewLabels {
        /// Number of labels in the topic.
        inside: usize,
        /// Number of labels outside of the topic.
        outside: usize,
        /// Number that is needed of each.
        needed: usize,
    },
    /// On held-back labels, rules and learner together do better than the rules alone.
    Better {
        /// F1 of rules and learner.
        with_learner: f64,
        /// F1 of the rules alone.
        rules: f64,
    },
    /// On held-back labels, rules and learner together do no better than the rules alone.
    NotBetter {
        /// F1 of rules and learner.
        with_learner: f64,
        /// F1 of the rules alone.
        rules: f64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scored { matcher, found, points, weight, supports } => {
                write!(f, "`{matcher}` found {found}: {}", Number(*points))?;
                match Number(*weight).to_string().as_str() {
                    "1" => {}
                    weight => write!(f, " at weight {weight}")?,
                }
                if *supports { f.write_str(", supporting") } else { Ok(()) }
            }
            Self::SupportLimited { points, limit } => write!(
                f,
                "supporting terms add {}, of which {} counts",
                Number(*points),
                Number(*limit)
            ),
            Self::RequiredFound { matcher, found } => {
                write!(f, "all of these are needed: `{matcher}` found {found}")
            }
            Self::RequiredMissing { matcher, field } => write!(
                f,
                "all of these are needed: `{matcher}` was not found {}",
                field.map_or("in title, categories, summary or content", field_phrase)
            ),
            Self::ForbiddenFound { matcher, found } => {
                write!(f, "none of these is allowed: `{matcher}` found {found}")
            }
            Self::Unconditional => {
                f.write_str("no `none` matcher hit, and nothing else is required")
            }
            Self::FromSource { sources } => {
                write!(f, "it comes from one of the sources {}", join(sources))
            }
            Self::OtherSource { allowed, actual } => {
                let actual = if actual.is_empty() { "none".to_owned() } else { actual.join(", ") };
                write!(f, "limited to the sources {}, and it comes from {actual}", join(allowed))
            }
            Self::ExcludedSource { source } => {
                write!(f, "stories from {source} are left out by `exclude_sources`")
            }
            Self::OtherLanguage { allowed, actual } => {
                write!(f, "limited to the languages {}, and it is in {actual}", allowed.join(", "))
            }
            Self::BelowThreshold { score, threshold } if score.abs() < 0.0005 => {
                write!(f, "no `any` matcher hit; {} needed", Number(*threshold))
            }
            Self::BelowThreshold { score, threshold } => {
                write!(f, "the score is {}, and {} is needed", Number(*score), Number(*threshold))
            }
            Self::NoScoringMatchers { threshold } => write!(
                f,
                "there is no `any` that could score, and {} is needed",
                Number(*threshold)
            ),
            Self::Learnt { probability, points, words } => {
                write!(
                    f,
                    "learnt from labels, {} % likely: {};",
                    Number((probability * 1000.0).round() / 10.0),
                    Signed(*points)
                )?;
                if words.is_empty() {
                    return f.write_str(" none of its words is known");
                }
                for (i, (word, nats)) in words.iter().enumerate() {
                    let separator = if i == 0 { "" } else { "," };
                    write!(f, "{separator} \"{word}\" {}", Signed(*nats))?;
                }
                Ok(())
            }
            Self::LearnerInactive(reason) => {
                write!(f, "what was learnt from labels is not used yet: {reason}")
            }
        }
    }
}

/// Writes `"Kafka" in the title, "Kafka's" in the content and once more`.
impl fmt::Display for FoundTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, FoundText { field, text }) in self.shown.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}\"{}\" {}", Excerpt(text), field_phrase(*field))?;
        }
        match self.total as usize - self.shown.len() {
            0 => Ok(()),
            1 => f.write_str(" and once more"),
            more => write!(f, " and {more} times more"),
        }
    }
}

impl fmt::Display for LearnerReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewLabels { inside, outside, needed } => write!(
                f,
                "there are {inside} labels in the topic and {outside} outside of it; {needed} of \
                 each are needed"
            ),
            Self::Better { with_learner, rules } => write!(
                f,
                "on held-back labels the F1 is {with_learner:.3}, and {rules:.3} with the rules \
                 alone"
            ),
            Self::NotBetter { with_learner, rules } => write!(
                f,
                "on held-back labels the F1 is {with_learner:.3}, no better than {rules:.3} with \
                 the rules alone"
            ),
        }
    }
}

/// A text with single spaces, cut after [`MAX_SHOWN_CHARS`].
struct Excerpt<'t>(&'t str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.trim();
        let mut shown = 0;
        let mut after_space = false;
        for c in text.chars() {
            let is_space = c.is_whitespace();
            if is_space && after_space {
                continue;
            }
            if shown == MAX_SHOWN_CHARS {
                return f.write_str("…");
            }
            write!(f, "{}", if is_space { ' ' } else { c })?;
            after_space = is_space;
            shown += 1;
        }
        Ok(())
    }
}

/// A number with at most three decimals and without trailing zeros.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero turns -0 into 0.
        write!(f, "{}", (self.0 * 1000.0).round() / 1000.0 + 0.0)
    }
}

/// A number with a sign and at most two decimals.
struct Signed(f64);

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0 * 100.0).round() / 100.0;
        if rounded < 0.0 { write!(f, "{rounded}") } else { write!(f, "+{}", rounded.abs()) }
    }
}

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

fn join(sources: &[SourceId]) -> String {
    sources.iter().map(SourceId::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str], total: u32) -> FoundTexts {
        let shown = texts
            .iter()
            .map(|text| FoundText { field: MatchField::Title, text: (*text).to_owned() })
            .collect();
        FoundTexts { shown, total }
    }

    #[test]
    fn found_texts_are_listed_and_the_rest_is_counted() {
        assert_eq!(found(&["a"], 1).to_string(), "\"a\" in the title");
        assert_eq!(
            found(&["a", "b"], 3).to_string(),
            "\"a\" in the title, \"b\" in the title and once more"
        );
        assert_eq!(found(&["a"], 9).to_string(), "\"a\" in the title and 8 times more");
    }

    #[test]
    fn long_texts_are_cut_and_white_space_is_collapsed() {
        assert_eq!(found(&["a \n b"], 1).to_string(), "\"a b\" in the title");
        let exact = "x".repeat(MAX_SHOWN_CHARS);
        assert_eq!(found(&[&exact], 1).to_string(), format!("\"{exact}\" in the title"));
        assert_eq!(
            found(&[&format!("{exact}x")], 1).to_string(),
            format!("\"{exact}…\" in the title")
        );
    }

    #[test]
    fn numbers_have_no_needless_digits() {
        for (value, text) in [
            (1.0, "1"),
            (0.5, "0.5"),
            (0.0, "0"),
            (1.0 / 3.0, "0.333"),
            (2.0004, "2"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(Number(value).to_string(), text);
        }
        assert_eq!(
            [Signed(0.0), Signed(1.5), Signed(-0.25)].map(|n| n.to_string()),
            ["+0", "+1.5", "-0.25"]
        );
    }
}
