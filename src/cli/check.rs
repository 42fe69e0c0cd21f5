//! `tributary check`: every problem of feeds.toml.

use serde::Serialize;

use super::{Context, Exit, Output, WrongConfig, context::summary, text::one_line};
use crate::{
    config::{self, Checked, ConfigProblem, EffectiveValue},
    model::Severity,
};

/// Read feeds.toml and report every problem, with file, line, column and a suggestion
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print every value in force and where it comes from
    #[arg(long)]
    pub(crate) effective: bool,
    /// Say which stories would enter and leave each topic
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'c> {
    ok: bool,
    problems: Vec<ProblemJson<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<&'c [EffectiveValue]>,
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
        Err(error) if context.json => return unreadable(context, &name, &error),
        Err(error) => return Err(error),
    };
    let checked = config::check(&text, &name);
    let mut out = context.out();
    if context.json {
        out.json(&Report {
            ok: checked.config.is_some(),
            problems: checked.problems.iter().map(ProblemJson::of).collect(),
            effective: args.effective.then_some(&checked.effective),
        })?;
    } else {
        out.text(&config::render(&checked.problems, &text, context.colour_out))?;
        if args.effective {
            out.text(&effective(&checked.effective))?;
        }
        out.line(verdict(&name, &checked))?;
    }
    out.finish()?;
    if checked.config.is_none() {
        return Ok(Exit::Config);
    }
    if args.dry_run { dry_run(context, &checked) } else { Ok(Exit::Done) }
}

/// Which stories would enter and leave each topic.
fn dry_run(_context: &Context, _checked: &Checked) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired")
}

/// A file that cannot be read has one problem, without a place.
fn unreadable(context: &Context, name: &str, error: &anyhow::Error) -> anyhow::Result<Exit> {
    let hint = error.downcast_ref::<WrongConfig>().and_then(|wrong| wrong.hint.clone());
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
    out.json(&Report { ok: false, problems: vec![problem], effective: None })?;
    out.finish()?;
    Ok(Exit::Config)
}

/// `feeds.toml is fine: 2 sources, 4 topics`.
fn verdict(name: &str, checked: &Checked) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let Some(config) = &checked.config else { return summary(name, checked.errors()) };
    let what = format!("{}, {}", counted(config.sources.len(), "source"), counted(config.topics.len(), "topic"));
    match checked.problems.len() {
        0 => format!("{name} is fine: {what}"),
        warnings => format!("{name} can be used: {what}, {}", counted(warnings, "warning")),
    }
}

/// One line each, as feeds.toml would have it: `polling.timeout = "30s"  # default`.
fn effective(values: &[EffectiveValue]) -> String {
    let line = |value: &EffectiveValue| format!("{} = {}  # {}\n", value.key, one_line(&value.value), one_line(&value.from));
    values.iter().map(line).chain(["\n".to_owned()]).collect()
}
