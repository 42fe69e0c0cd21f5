//! `tributary check`: reports every problem of feeds.toml.

use serde::Serialize;

use super::{ConfigError, Context, Exit, Output, context::summary, terminal::escape_line};
use crate::{
    config::{self, CheckReport, ConfigProblem, EffectiveValue},
    store::TopicChange,
};
use feed_model::{Severity, StoryId};
use topic_rules::Rules;

/// Number of stories listed per topic in text output; `--json` lists all of them.
const MAX_LISTED: usize = 20;

/// Check feeds.toml and report every problem with file, line, column and a suggestion
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print every effective value and its origin
    #[arg(long)]
    pub(crate) effective: bool,
    /// List the stories that would enter or leave each topic
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// The output of `--json`.
#[derive(Debug, Serialize)]
struct Report<'c> {
    ok: bool,
    problems: Vec<ProblemJson<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<&'c [EffectiveValue]>,
    /// The changes found by `--dry-run`; absent without it, and if feeds.toml is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    topics: Option<Vec<ChangeJson<'c>>>,
}

/// The stories that would enter and leave a topic.
#[derive(Debug, Serialize)]
struct ChangeJson<'c> {
    id: &'c str,
    enter: Vec<StoryTitle<'c>>,
    leave: Vec<StoryTitle<'c>>,
}

#[derive(Debug, Serialize)]
struct StoryTitle<'c> {
    id: String,
    title: &'c str,
}

impl<'c> ChangeJson<'c> {
    fn of(change: &'c TopicChange) -> Self {
        let titles = |stories: &'c [(StoryId, String)]| {
            stories.iter().map(|(id, title)| StoryTitle { id: id.to_string(), title }).collect()
        };
        Self { id: change.id.as_str(), enter: titles(&change.enter), leave: titles(&change.leave) }
    }
}

#[derive(Debug, Serialize)]
struct ProblemJson<'c> {
    severity: Severity,
    file: &'c str,
    line: Option<usize>,
    column: Option<usize>,
    key: Option<&'c str>,
    text: &'c str,
    hint: Option<&'c str>,
}

impl<'c> ProblemJson<'c> {
    fn of(problem: &'c ConfigProblem) -> Self {
        Self {
            severity: problem.severity,
            file: &problem.file,
            line: Some(problem.line),
            column: Some(problem.column),
            key: (!problem.key.is_empty()).then_some(problem.key.as_str()),
            text: &problem.text,
            hint: problem.hint.as_deref(),
        }
    }
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let name = context.config_name();
    let text = match context.config_text() {
        Ok(text) => text,
        Err(error) if context.json => return report_unreadable(context, &name, &error),
        Err(error) => return Err(error),
    };
    let checked = config::check(&text, &name);
    // Problems of feeds.toml are reported even if the database cannot be read.
    let (changes, failed) = match dry_run(context, args, &checked) {
        Ok(changes) => (changes, None),
        Err(error) => (None, Some(error)),
    };
    let mut out = context.out();
    if context.json {
        out.json(&Report {
            ok: checked.config.is_some(),
            problems: checked.problems.iter().map(ProblemJson::of).collect(),
            effective: args.effective.then_some(&checked.effective),
            topics: changes.as_ref().map(|changes| changes.iter().map(ChangeJson::of).collect()),
        })?;
    } else {
        out.text(&config::render(&checked.problems, context.colour_out))?;
        if args.effective {
            out.text(&effective(&checked.effective))?;
        }
        out.line(result_line(&name, &checked))?;
        if let Some(changes) = &changes {
            out.text(&render_text(changes))?;
        }
    }
    out.finish()?;
    match failed {
        Some(error) => Err(error),
        None if checked.config.is_none() => Ok(Exit::Config),
        None => Ok(Exit::Done),
    }
}

/// Returns the stories that would enter and leave each topic; `None` without `--dry-run`, or if
/// feeds.toml is invalid.
fn dry_run(
    context: &Context,
    args: &Args,
    checked: &CheckReport,
) -> anyhow::Result<Option<Vec<TopicChange>>> {
    let Some(config) = checked.config.as_ref().filter(|_| args.dry_run) else {
        return Ok(None);
    };
    let rules = Rules::compile(&config.topics)?;
    let changes = context
        .open_existing_store()?
        .read(|reader| reader.topic_changes(&config.topics, &reader.trained(rules)?))?;
    Ok(Some(changes))
}

/// Formats a paragraph per topic that would change, with a line per story.
fn render_text(changes: &[TopicChange]) -> String {
    let mut text = String::new();
    for change in
        changes.iter().filter(|change| !change.enter.is_empty() || !change.leave.is_empty())
    {
        text.push_str(&format!(
            "\n{}: {} would enter, {} would leave\n",
            change.id,
            change.enter.len(),
            change.leave.len()
        ));
        for (sign, stories) in [('+', &change.enter), ('-', &change.leave)] {
            for (id, title) in stories.iter().take(MAX_LISTED) {
                text.push_str(&format!(
                    "  {sign} {id}  {}\n",
                    if title.is_empty() { "(no title)".to_owned() } else { escape_line(title) }
                ));
            }
            if stories.len() > MAX_LISTED {
                text.push_str(&format!("  {sign} and {} more\n", stories.len() - MAX_LISTED));
            }
        }
    }
    if text.is_empty() { "no story would enter or leave any topic\n".to_owned() } else { text }
}

/// Prints the JSON report of a file that cannot be read: one problem without a position.
fn report_unreadable(context: &Context, name: &str, error: &anyhow::Error) -> anyhow::Result<Exit> {
    let hint = error.downcast_ref::<ConfigError>().and_then(|wrong| wrong.hint.clone());
    let text = format!("{error:#}");
    let problem = ProblemJson {
        severity: Severity::Error,
        file: name,
        line: None,
        column: None,
        key: None,
        text: &text,
        hint: hint.as_deref(),
    };
    let mut out: Output = context.out();
    out.json(&Report { ok: false, problems: vec![problem], effective: None, topics: None })?;
    out.finish()?;
    Ok(Exit::Config)
}

/// Returns the last line of the report: `feeds.toml is valid: 2 sources, 4 topics`.
fn result_line(name: &str, checked: &CheckReport) -> String {
    let counted =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let Some(config) = &checked.config else {
        return summary(name, checked.errors());
    };
    let what = format!(
        "{}, {}",
        counted(config.sources.len(), "source"),
        counted(config.topics.len(), "topic")
    );
    match checked.problems.len() {
        0 => format!("{name} is valid: {what}"),
        warnings => format!("{name} is valid: {what}, {}", counted(warnings, "warning")),
    }
}

/// Formats one value per line in TOML syntax: `polling.timeout = "30s"  # default`.
fn effective(values: &[EffectiveValue]) -> String {
    let line = |value: &EffectiveValue| {
        format!("{} = {}  # {}\n", value.key, escape_line(&value.value), escape_line(&value.from))
    };
    values.iter().map(line).chain(["\n".to_owned()]).collect()
}
