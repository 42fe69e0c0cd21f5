//! Rules held against labelled rows: precision, recall and F1 of each topic, and every miss with
//! its reason.
//!
//! Only the rows' own fields are judged; nothing stored is needed.

use std::collections::BTreeSet;

use super::{Classification, Reason, Rules, StoryFields};

/// A row of a labelled file.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub struct LabelledRow {
    /// The title.
    pub title: String,
    /// The link.
    #[serde(default)]
    pub url: Option<String>,
    /// The summary.
    #[serde(default)]
    pub summary: Option<String>,
    /// The publisher's categories.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The id of a source.
    #[serde(default)]
    pub source: Option<String>,
    /// The topics that it belongs in: all of them, and none besides.
    pub topics: Vec<String>,
}

/// Why a text is no labelled file.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// The JSON is broken or a row lacks something.
    #[error("{name}: not a JSON array of labels with `title` and `topics`")]
    Json {
        /// The file.
        name: String,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The TOML is broken or a row lacks something.
    #[error("{name}: not TOML with `[[label]]` tables of `title` and `topics`")]
    Toml {
        /// The file.
        name: String,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// There are no rows.
    #[error("{name}: no labels; write [[label]] tables (TOML) or an array of objects (JSON)")]
    Empty {
        /// The file.
        name: String,
    },
}

/// Reads a labelled file: JSON where the text begins with `[`, TOML with `[[label]]` else. `name`
/// is for errors.
pub fn parse_labels(text: &str, name: &str) -> Result<Vec<LabelledRow>, LabelsError> {
    #[derive(serde::Deserialize)]
    struct Tables {
        #[serde(default)]
        label: Vec<LabelledRow>,
    }

    let text = text.trim_start_matches('\u{feff}');
    let begins_array =
        text.trim_start().strip_prefix('[').is_some_and(|rest| !rest.starts_with('['));
    let is_toml = std::path::Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let rows = if begins_array && !is_toml || text.trim_start().starts_with('{') {
        serde_json::from_str(text)
            .map_err(|source| LabelsError::Json { name: name.to_owned(), source })?
    } else {
        let tables: Tables = toml::from_str(text).map_err(|source| LabelsError::Toml {
            name: name.to_owned(),
            source: Box::new(source),
        })?;
        tables.label
    };
    if rows.is_empty() { Err(LabelsError::Empty { name: name.to_owned() }) } else { Ok(rows) }
}

/// Precision, recall and F1, averaged over the topics.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Scores {
    /// How much of what the rules put in belongs there.
    pub precision: f64,
    /// How much of what belongs there the rules put in.
    pub recall: f64,
    /// The harmonic mean of the two.
    pub f1: f64,
}

/// How the rules did on one topic.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TopicScores {
    /// The topic.
    pub id: String,
    /// Its scores.
    #[serde(flatten)]
    pub scores: Scores,
    /// How many rows belong there.
    pub support: usize,
}

/// A row whose topics the rules got wrong.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Miss {
    /// The row's title.
    pub title: String,
    /// The topics of its label.
    pub expected: Vec<String>,
    /// The topics of the rules.
    pub got: Vec<String>,
    /// Why, for each topic that is too many or too few.
    pub because: Vec<String>,
}

/// The outcome of [`evaluate`].
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// The mean over the topics that a row belongs in or was put in.
    #[serde(rename = "macro")]
    pub mean: Scores,
    /// The topics of the rules in their order, then those that only labels name.
    pub topics: Vec<TopicScores>,
    /// The rows that were got wrong, in their order.
    pub misses: Vec<Miss>,
}

/// Judges every row and compares.
pub fn evaluate(rules: &Rules, labels: &[LabelledRow]) -> Evaluation {
    let mut ids: Vec<String> = rules.topics().map(ToString::to_string).collect();
    let known: BTreeSet<String> = ids.iter().cloned().collect();
    let only_labelled: BTreeSet<&String> =
        labels.iter().flat_map(|row| &row.topics).filter(|id| !known.contains(*id)).collect();
    ids.extend(only_labelled.into_iter().cloned());

    let mut counts = vec![ConfusionCounts::default(); ids.len()];
    let mut misses = Vec::new();
    for row in labels {
        let classifications = classify(rules, row);
        let got: Vec<String> =
            classifications.iter().filter(|v| v.is_member).map(|v| v.topic.to_string()).collect();
        let mut because = Vec::new();
        for (id, count) in ids.iter().zip(&mut counts) {
            let (belongs, is_in) = (row.topics.contains(id), got.contains(id));
            count.add(belongs, is_in);
            if belongs != is_in {
                because.push(explain(id, classifications.iter().find(|v| v.topic.as_str() == id)));
            }
        }
        if !because.is_empty() {
            misses.push(Miss {
                title: row.title.clone(),
                expected: row.topics.clone(),
                got,
                because,
            });
        }
    }
    let topics: Vec<TopicScores> =
        ids.into_iter().zip(&counts).map(|(id, count)| count.scores(id)).collect();
    let counted: Vec<Scores> = topics
        .iter()
        .zip(&counts)
        .filter(|(_, count)| count.has_any())
        .map(|(topic, _)| topic.scores)
        .collect();
    Evaluation { mean: mean(&counted), topics, misses }
}

fn classify(rules: &Rules, row: &LabelledRow) -> Vec<Classification> {
    let categories: Vec<&str> = row.categories.iter().map(String::as_str).collect();
    let sources: Vec<&str> = row.source.iter().map(String::as_str).collect();
    rules.explain(&StoryFields {
        title: &row.title,
        categories: &categories,
        summary: row.summary.as_deref(),
        url: row.url.as_deref(),
        sources: &sources,
        ..StoryFields::default()
    })
}

fn explain(id: &str, classification: Option<&Classification>) -> String {
    match classification {
        Some(classification) if classification.is_member => {
            format!("{id}: {}", join(&classification.reasons))
        }
        Some(classification) => format!("{id}: {}", join(&classification.reasons_against)),
        None => format!("{id}: no topic of feeds.toml has this id"),
    }
}

fn join(reasons: &[Reason]) -> String {
    reasons.iter().map(Reason::to_string).collect::<Vec<_>>().join("; ")
}

#[derive(Debug, Clone, Default)]
struct ConfusionCounts {
    true_positives: usize,
    false_positives: usize,
    false_negatives: usize,
}

impl ConfusionCounts {
    fn add(&mut self, belongs: bool, is_in: bool) {
        match (belongs, is_in) {
            (true, true) => self.true_positives += 1,
            (false, true) => self.false_positives += 1,
            (true, false) => self.false_negatives += 1,
            (false, false) => {}
        }
    }

    /// A topic that nothing belongs in, and that nothing was put in, says nothing about the rules.
    fn has_any(&self) -> bool {
        self.true_positives + self.false_positives + self.false_negatives > 0
    }

    fn scores(&self, id: String) -> TopicScores {
        let scores = Scores {
            precision: ratio(self.true_positives, self.true_positives + self.false_positives),
            recall: ratio(self.true_positives, self.true_positives + self.false_negatives),
            f1: ratio(
                2 * self.true_positives,
                2 * self.true_positives + self.false_positives + self.false_negatives,
            ),
        };
        TopicScores { id, scores, support: self.true_positives + self.false_negatives }
    }
}

/// Rows are far fewer than a float counts exactly.
#[allow(clippy::cast_precision_loss)]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[allow(clippy::cast_precision_loss)]
fn mean(scores: &[Scores]) -> Scores {
    if scores.is_empty() {
        return Scores::default();
    }
    let over =
        |value: fn(&Scores) -> f64| scores.iter().map(value).sum::<f64>() / scores.len() as f64;
    Scores { precision: over(|s| s.precision), recall: over(|s| s.recall), f1: over(|s| s.f1) }
}
