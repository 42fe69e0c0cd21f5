//! `tributary evaluate`: scores the rules against a labelled file.

use std::{fmt::Write as _, path::PathBuf};

use anyhow::Context as _;

use super::{Context, Exit, table, terminal::escape_line};
use topic_rules::{
    Rules,
    evaluate::{Evaluation, evaluate, parse_labels},
};

/// Score the rules against a labelled file: precision, recall and F1 per topic, and every miss
///
/// No database is needed. If there is one, topics with `learn = true` also use their stored labels.
/// LABELS is JSON, [{title, url?, summary?, categories?, source?, topics: […]}], or TOML with
/// [[label]] tables of the same keys.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Labelled file, JSON or TOML
    #[arg(value_name = "LABELS")]
    pub(crate) labels: PathBuf,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let name = args.labels.display().to_string();
    let text =
        std::fs::read_to_string(&args.labels).with_context(|| format!("cannot read {name}"))?;
    let labels = parse_labels(&text, &name)?;
    let rules = with_training(context, Rules::compile(&config.topics)?)?;
    let evaluation = evaluate(&rules, &labels);
    let mut out = context.out();
    if context.json {
        out.json(&evaluation)?;
    } else {
        out.text(&render_text(&evaluation))?;
    }
    out.finish()
}

/// Trains the rules with the stored labels, if a topic learns and there is a database.
fn with_training(context: &Context, rules: Rules) -> anyhow::Result<Rules> {
    if !rules.has_learning_topics() || !context.has_state() {
        return Ok(rules);
    }
    let rules = context.open_existing_store()?.read(|reader| reader.trained(rules))?;
    let active = rules.progress().iter().filter(|progress| progress.is_active()).count();
    context.print_notice(match active {
        0 => "learning is not active for any topic yet: scoring the rules alone".to_owned(),
        1 => "learning is active for 1 topic and included in the score".to_owned(),
        topics => format!("learning is active for {topics} topics and included in the score"),
    });
    Ok(rules)
}

fn render_text(evaluation: &Evaluation) -> String {
    let mut table = table::table(&["TOPIC", "PRECISION", "RECALL", "F1", "LABELLED"]);
    let number = |n: f64| format!("{n:.3}");
    for topic in &evaluation.topics {
        let (scores, support) = (&topic.scores, topic.support.to_string());
        table::row(
            &mut table,
            [
                topic.id.clone(),
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
