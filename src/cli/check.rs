//! `tributary check`: reports every problem of feeds.toml.

use serde::Serialize;

use super::{ConfigError, Context, Exit, Output, context::summary, terminal::escape_line};
use crate::{
    config::{self, CheckReport, Config, ConfigProblem, EffectiveValue},
    store::TopicChange,
};
use feed_model::{Severity, SourceState, StoryId, TopicId, TopicState};
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
    /// Sources of the database that are not in feeds.toml; with `--dry-run` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_sources: Option<&'c [RemovedSource]>,
}

/// A source that left feeds.toml. Its stories stay.
#[derive(Debug, Serialize)]
struct RemovedSource {
    id: String,
    entries: u64,
}

/// What `--dry-run` found.
struct DryRun {
    changes: Vec<TopicChange>,
    removed_sources: Vec<RemovedSource>,
    /// Stories of each learning topic by rules, labels and both.
    members: Vec<(TopicId, [usize; 3])>,
}

/// The stories that would enter and leave a topic.
#[derive(Debug, Serialize)]
struct ChangeJson<'c> {
    id: &'c str,
    enter: Vec<StoryTitle<'c>>,
    leave: Vec<StoryTitle<'c>>,
    /// For a topic with `learn = true`: the number of stories in each way.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<MembersJson>,
}

/// Numbers of stories.
#[derive(Debug, Serialize)]
struct MembersJson {
    rules: usize,
    labels: usize,
    both: usize,
}

#[derive(Debug, Serialize)]
struct StoryTitle<'c> {
    id: String,
    title: &'c str,
    /// Whether an entering story would be in the feed; otherwise it would be on the pages and in
    /// the archives only.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_feed: Option<bool>,
}

impl<'c> ChangeJson<'c> {
    fn of(change: &'c TopicChange, members: &[(TopicId, [usize; 3])]) -> Self {
        let titles = |stories: &'c [(StoryId, String)], enter: bool| {
            let title = |(id, title): &'c (StoryId, String)| StoryTitle {
                id: id.to_string(),
                title,
                in_feed: enter.then(|| !change.page_only.contains(id)),
            };
            stories.iter().map(title).collect()
        };
        let members = members.iter().find(|(topic, _)| *topic == change.id);
        Self {
            id: change.id.as_str(),
            enter: titles(&change.enter, true),
            leave: titles(&change.leave, false),
            by: members.map(|(_, [rules, labels, both])| MembersJson {
                rules: *rules,
                labels: *labels,
                both: *both,
            }),
        }
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
    let renamed = renamed_topics(context, &checked);
    // Problems of feeds.toml are reported even if the database cannot be read.
    let (dry_run, failed) = match dry_run(context, args, &checked) {
        Ok(dry_run) => (dry_run, None),
        Err(error) => (None, Some(error)),
    };
    let mut out = context.out();
    if context.json {
        out.json(&Report {
            ok: checked.config.is_some(),
            problems: checked
                .problems
                .iter()
                .map(ProblemJson::of)
                .chain(renamed.iter().map(RenamedTopic::problem))
                .collect(),
            effective: args.effective.then_some(&checked.effective),
            topics: dry_run.as_ref().map(|dry_run| {
                let of = |change| ChangeJson::of(change, &dry_run.members);
                dry_run.changes.iter().map(of).collect()
            }),
            removed_sources: dry_run.as_ref().map(|dry_run| &dry_run.removed_sources[..]),
        })?;
    } else {
        out.text(&config::render(&checked.problems, context.colour_out))?;
        for topic in &renamed {
            let place = topic.line.map(|line| format!("{name}:{line}: ")).unwrap_or_default();
            out.text(&format!("warning: {place}{}\n  help: {}\n\n", topic.text, topic.hint))?;
        }
        if args.effective {
            out.text(&effective(&checked.effective))?;
        }
        out.line(result_line(&name, &checked))?;
        if let Some(dry_run) = &dry_run {
            out.text(&render_text(dry_run, checked.config.as_ref()))?;
        }
    }
    out.finish()?;
    match failed {
        Some(error) => Err(error),
        None if checked.config.is_none() => Ok(Exit::Config),
        None => Ok(Exit::Done),
    }
}

/// A topic of feeds.toml that seems to be a stored one under a new id.
struct RenamedTopic {
    file: String,
    line: Option<usize>,
    key: String,
    text: String,
    hint: String,
}

impl RenamedTopic {
    fn problem(&self) -> ProblemJson<'_> {
        ProblemJson {
            severity: Severity::Warning,
            file: &self.file,
            line: self.line,
            column: self.line.map(|_| 1),
            key: Some(&self.key),
            text: &self.text,
            hint: Some(&self.hint),
        }
    }
}

/// Returns the topics that seem to be renamed without `was`. Without a database there are none.
fn renamed_topics(context: &Context, checked: &CheckReport) -> Vec<RenamedTopic> {
    let Some(config) = checked.config.as_ref().filter(|_| context.has_state()) else {
        return Vec::new();
    };
    let stored = context.open_existing_store().ok();
    let Some(stored) = stored.and_then(|store| store.read(|reader| reader.topics()).ok()) else {
        return Vec::new();
    };
    let is_listed = |id: &TopicId| {
        config.topics.iter().any(|topic| topic.id == *id || topic.former_ids.contains(id))
    };
    let mut gone: Vec<&TopicState> = stored.iter().filter(|topic| !is_listed(&topic.id)).collect();
    let is_new = |id: &TopicId| !stored.iter().any(|topic| topic.id == *id);
    let mut renamed = Vec::new();
    for (index, topic) in config.topics.iter().enumerate().filter(|(_, t)| is_new(&t.id)) {
        let alike = |former: &TopicState| {
            let title = |text: &str| text.trim().to_lowercase();
            title(&former.title) == title(&topic.title)
                || config::closest_match(topic.id.as_str(), &[former.id.as_str()]).is_some()
        };
        let Some(found) = gone.iter().position(|former| alike(former)) else { continue };
        let former = gone.remove(found);
        let key = format!("topic[{index}].id");
        let origin = checked.effective.iter().find(|value| value.key == key);
        let place = origin.and_then(|value| value.from.rsplit_once(':'));
        renamed.push(RenamedTopic {
            file: place.map_or_else(|| context.config_name(), |(file, _)| file.to_owned()),
            line: place.and_then(|(_, line)| line.parse().ok()),
            key,
            text: format!("topic `{}` seems to be the former topic `{}`", topic.id, former.id),
            hint: format!(
                "add was = [\"{}\"] to keep its stories and readers; otherwise its feed answers \
                 404, and 410 after seven days",
                former.id
            ),
        });
    }
    renamed
}

/// Returns the effect of feeds.toml on the stored stories; `None` without `--dry-run`, or if
/// feeds.toml is invalid.
fn dry_run(
    context: &Context,
    args: &Args,
    checked: &CheckReport,
) -> anyhow::Result<Option<DryRun>> {
    let Some(config) = checked.config.as_ref().filter(|_| args.dry_run) else {
        return Ok(None);
    };
    let rules = Rules::compile(&config.topics)?;
    let (topics, now) = (&config.topics, context.now());
    let learns = topics.iter().any(|topic| topic.learn);
    let (changes, sources, mut members) = context.open_existing_store()?.read(|reader| {
        let changes = reader.topic_changes(topics, &reader.trained(rules)?, now)?;
        let members = if learns { reader.members_by(topics)? } else { Vec::new() };
        Ok((changes, reader.sources()?, members))
    })?;
    members.retain(|(id, _)| topics.iter().any(|topic| topic.learn && topic.id == *id));
    // A new source at the address of a removed one takes it over.
    let is_listed = |state: &SourceState| {
        config
            .sources
            .iter()
            .any(|source| source.id == state.id || source.url.as_str() == state.url)
    };
    let removed = sources.into_iter().filter(|state| !is_listed(state));
    let removed_sources = removed
        .map(|state| RemovedSource { id: state.id.to_string(), entries: state.entries })
        .collect();
    Ok(Some(DryRun { changes, removed_sources, members }))
}

/// Formats a paragraph per topic that would change, with a line per story.
fn render_text(dry_run: &DryRun, config: Option<&Config>) -> String {
    let mut text = String::new();
    for source in &dry_run.removed_sources {
        text.push_str(&format!(
            "\nsource {} is removed: it would no longer be polled, and its {} entries stay; \
             `tributary forget --source {}` removes them\n",
            source.id, source.entries, source.id
        ));
    }
    for change in dry_run.changes.iter().filter(|change| !change.is_empty()) {
        text.push_str(&format!(
            "\n{}: {} would enter, {} would leave\n",
            change.id,
            change.enter.len(),
            change.leave.len()
        ));
        let is_listed = |config: &Config| config.topics.iter().any(|t| t.id == change.id);
        if config.is_some_and(|config| !is_listed(config)) {
            text.push_str(
                "  the topic is removed: its feed answers 404, and 410 after seven days\n",
            );
        }
        for (sign, stories) in [('+', &change.enter), ('-', &change.leave)] {
            for (id, title) in stories.iter().take(MAX_LISTED) {
                text.push_str(&format!(
                    "  {sign} {id}  {}{}\n",
                    if title.is_empty() { "(no title)".to_owned() } else { escape_line(title) },
                    if sign == '+' && change.page_only.contains(id) {
                        " (page and archive only)"
                    } else {
                        ""
                    }
                ));
            }
            if stories.len() > MAX_LISTED {
                text.push_str(&format!("  {sign} and {} more\n", stories.len() - MAX_LISTED));
            }
        }
    }
    if dry_run.changes.iter().all(TopicChange::is_empty) {
        text.push_str("no story would enter or leave any topic\n");
    }
    if dry_run.changes.iter().any(|change| !change.page_only.is_empty()) {
        text.push_str(
            "\nstories on page and archive only are not announced in the feed; `tributary topic \
             refill TOPIC` puts the newest stories of a topic into its feed\n",
        );
    }
    for (topic, [rules, labels, both]) in &dry_run.members {
        text.push_str(&format!(
            "\n{topic}: {rules} stories by the rules, {labels} by the labels, {both} by both\n"
        ));
    }
    text
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
    out.json(&Report {
        ok: false,
        problems: vec![problem],
        effective: None,
        topics: None,
        removed_sources: None,
    })?;
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
