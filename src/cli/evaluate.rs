//! `tributary evaluate`: scores rules and labels against a labelled file or the stored labels.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use serde::Serialize;

use super::{Context, Exit, table, terminal::escape_line};
use crate::store::Evaluations;
use feed_model::Topic;
use topic_rules::evaluate::{Evaluation, LabelledRow, parse_labels};

/// Score the topics: precision, recall and F1 per topic, and every miss
///
/// Without LABELS, the stored labels are scored; each is held back from training once. LABELS is
/// JSON, [{title, url?, summary?, categories?, source?, topics: […]}], TOML with [[label]] tables
/// of the same keys, or the output of `stories --json` or `label --export`. A row that describes a
/// stored story, by URL or title, is scored by everything that is stored of it. Without a database,
/// the fields of the rows are scored.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Labelled file, JSON or TOML
    #[arg(value_name = "LABELS")]
    pub(crate) labels: Option<PathBuf>,
}

/// The output of `--json`.
#[derive(Debug, Serialize)]
struct Report<'e> {
    #[serde(flatten)]
    evaluation: &'e Evaluation,
    by: By<'e>,
}

/// The figures in three ways.
#[derive(Debug, Serialize)]
struct By<'e> {
    rules: &'e Evaluation,
    labels: &'e Evaluation,
    both: &'e Evaluation,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let rows = args.labels.as_deref().map(read_labels).transpose()?;
    let evaluations = match rows {
        Some(rows) if context.has_state() => {
            let store = context.open_existing_store()?;
            store.read(|reader| reader.evaluate_rows(&config.topics, &rows))?
        }
        Some(rows) => Evaluations::without_state(&config.topics, &rows),
        None => {
            let store = context.open_existing_store()?;
            let evaluations = store.read(|reader| reader.evaluate_labels(&config.topics))?;
            if evaluations.configured.topics.iter().all(|topic| topic.support == 0) {
                context.print_notice(
                    "no story is labelled; label some with `tributary label STORY TOPIC`",
                );
            }
            evaluations
        }
    };
    let Evaluations { configured, rules, labels, both } = &evaluations;
    let mut out = context.out();
    if context.json {
        out.json(&Report { evaluation: configured, by: By { rules, labels, both } })?;
    } else {
        out.text(&render_text(configured, &config.topics))?;
        out.text(&render_ways(&evaluations, &config.topics))?;
    }
    out.finish()
}

fn read_labels(path: &Path) -> anyhow::Result<Vec<LabelledRow>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    Ok(parse_labels(&text, &name)?)
}

/// Formats the mean F1 of each way, and the F1 of each topic below it.
fn render_ways(evaluations: &Evaluations, topics: &[Topic]) -> String {
    let Evaluations { rules, labels, both, .. } = evaluations;
    let mut table = table::table(&["F1 BY", "TITLE", "RULES", "LABELS", "BOTH"]);
    let number = |n: f64| format!("{n:.3}");
    for (index, topic) in rules.topics.iter().enumerate() {
        let f1 = |evaluation: &Evaluation| {
            evaluation.topics.get(index).map_or_else(String::new, |t| number(t.scores.f1))
        };
        let title = title_of(&topic.id, topics);
        table::row(&mut table, [topic.id.clone(), title, f1(rules), f1(labels), f1(both)]);
    }
    let means = [rules, labels, both].map(|evaluation| number(evaluation.mean.f1));
    let [rules, labels, both] = means;
    table::row(&mut table, ["mean".to_owned(), String::new(), rules, labels, both]);
    format!("\n{}", table::render_text(&table))
}

/// Returns the title of a topic; empty for one that is not in feeds.toml.
fn title_of(id: &str, topics: &[Topic]) -> String {
    let topic = topics.iter().find(|topic| topic.id.as_str() == id);
    topic.map(|topic| topic.title.clone()).unwrap_or_default()
}

fn render_text(evaluation: &Evaluation, topics: &[Topic]) -> String {
    let mut table = table::table(&["TOPIC", "TITLE", "PRECISION", "RECALL", "F1", "LABELLED"]);
    let number = |n: f64| format!("{n:.3}");
    for topic in &evaluation.topics {
        let (scores, support) = (&topic.scores, topic.support.to_string());
        table::row(
            &mut table,
            [
                topic.id.clone(),
                title_of(&topic.id, topics),
                number(scores.precision),
                number(scores.recall),
                number(scores.f1),
                support,
            ],
        );
    }
    let mean = &evaluation.mean;
    table::row(
        &mut table,
        [
            "mean".to_owned(),
            String::new(),
            number(mean.precision),
            number(mean.recall),
            number(mean.f1),
            String::new(),
        ],
    );
    let mut text = table::render_text(&table);
    for miss in &evaluation.misses {
        let list = |ids: &[String]| {
            if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
        };
        let _ = writeln!(
            text,
            "\n{}\n  expected {}, got {}",
            escape_line(&miss.title),
            list(&miss.expected),
            list(&miss.got)
        );
        for because in &miss.because {
            let _ = writeln!(text, "  - {}", escape_line(because));
        }
    }
    text
}
