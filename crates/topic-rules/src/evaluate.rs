//! Evaluates rules on labelled rows: precision, recall and F1 of each topic, and every miss with
//! its reasons.
//!
//! Only the fields of the rows are used. [`evaluate`] is the entry point.

use std::collections::BTreeSet;

use super::{Classification, Reason, Rules, StoryFields};

/// A row of a labelled file.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct LabelledRow {
    /// The title.
    pub title: String,
    /// The link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The publisher's categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The id of a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// All topics that it belongs to.
    #[serde(deserialize_with = "topic_ids")]
    pub topics: Vec<String>,
}

/// Reads the ids of topics: texts, or objects with an `id` as in the output of `stories --json`.
fn topic_ids<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum TopicOrId {
        Id(String),
        Topic { id: String },
    }
    let topics: Vec<TopicOrId> = serde::Deserialize::deserialize(deserializer)?;
    let id = |topic| match topic {
        TopicOrId::Id(id) | TopicOrId::Topic { id } => id,
    };
    Ok(topics.into_iter().map(id).collect())
}

/// The error for a text that is no labelled file.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// The JSON is invalid or a row lacks a field.
    #[error("{name}: not a JSON array of labels with `title` and `topics`")]
    Json {
        /// The file.
        name: String,
        /// The error of the parser.
        #[source]
        source: serde_json::Error,
    },
    /// The TOML is invalid or a row lacks a field.
    #[error("{name}: not TOML with `[[label]]` tables of `title` and `topics`")]
    Toml {
        /// The file.
        name: String,
        /// The error of the parser.
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

/// Parses a labelled file: a JSON array of objects, or TOML with `[[label]]` tables. `name` is the
/// file name. It decides between the formats in doubt and is used in errors.
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

/// Precision, recall and F1, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Scores {
    /// The share of the stories in a topic that belong to it.
    pub precision: f64,
    /// The share of the stories that belong to a topic and are in it.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
}

/// The scores of one topic.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TopicScores {
    /// The topic.
    pub id: String,
    /// Its scores.
    #[serde(flatten)]
    pub scores: Scores,
    /// The number of rows that belong to it.
    pub support: usize,
}

/// A row that was put into other topics than its label says.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Miss {
    /// The row's title.
    pub title: String,
    /// The topics of its label.
    pub expected: Vec<String>,
    /// The topics of the rules.
    pub got: Vec<String>,
    /// The reasons, one text per wrong or missing topic.
    pub because: Vec<String>,
}

/// The outcome of [`evaluate`].
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// The mean over all topics that a row belongs to or was put into.
    #[serde(rename = "macro")]
    pub mean: Scores,
    /// The topics of the rules in their order, and then those that only labels name.
    pub topics: Vec<TopicScores>,
    /// The wrongly classified rows, in their order.
    pub misses: Vec<Miss>,
}

/// Classifies every row by its own fields and compares the result with its label.
pub fn evaluate(rules: &Rules, labels: &[LabelledRow]) -> Evaluation {
    evaluate_by(rules, labels, |_, row| classify(rules, row))
}

/// Compares the classifications of every row, which `classify` returns for its index, with its
/// label.
pub fn evaluate_by(
    rules: &Rules,
    labels: &[LabelledRow],
    classify: impl Fn(usize, &LabelledRow) -> Vec<Classification>,
) -> Evaluation {
    let mut ids: Vec<String> = rules.topics().map(ToString::to_string).collect();
    let known: BTreeSet<String> = ids.iter().cloned().collect();
    let only_labelled: BTreeSet<&String> =
        labels.iter().flat_map(|row| &row.topics).filter(|id| !known.contains(*id)).collect();
    ids.extend(only_labelled.into_iter().cloned());

    let mut counts = vec![ConfusionCounts::default(); ids.len()];
    let mut misses = Vec::new();
    for (index, row) in labels.iter().enumerate() {
        let classifications = classify(index, row);
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

/// Classifies a row by its own fields.
pub fn classify(rules: &Rules, row: &LabelledRow) -> Vec<Classification> {
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

    /// Returns whether any row belongs to the topic or was put into it. Other topics do not count
    /// in the mean.
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

// Few rows: a float counts them exactly.
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
