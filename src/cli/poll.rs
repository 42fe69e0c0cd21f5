//! `tributary poll`: what is due, once.

use std::{collections::HashSet, fmt::Write as _, sync::Arc};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinSet;

use super::{
    Context, Exit, Refused, table,
    text::{minute, one_line},
    work::run_async,
};
use crate::{
    config::Config,
    daemon,
    poll::{Lineup, Outcome, SourceReport, Summary},
    store::{DirectoryLock, SourceMemory, Store, StoreError},
};
use feed_model::{Source, SourceId, Timestamp};

/// Poll what is due once, then end: for a systemd timer or cron
///
/// It ends with 0 when every attempt was carried out and recorded, though sources may have failed: they are listed. Beside
/// a running daemon it marks the sources as due there, and says so.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these sources
    #[arg(value_name = "SOURCE", value_parser = |id: &str| SourceId::new(id))]
    pub(crate) sources: Vec<SourceId>,
    /// Poll at once, due or not; a publisher's Retry-After is kept all the same
    #[arg(long)]
    pub(crate) force: bool,
    /// End with 1 when a source failed
    #[arg(long)]
    pub(crate) fail_on_error: bool,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    if let Some(unknown) = args.sources.iter().find(|id| !config.sources.iter().any(|s| s.id == **id)) {
        let known = config.sources.iter().map(|s| s.id.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Refused { what: format!("there is no source `{unknown}`"), hint: format!("the sources are {known}") }.into());
    }
    context.start_quiet_log();
    let summary = match DirectoryLock::take(&context.data_dir) {
        Ok(_lock) => run_async(poll(context, &config, args))?,
        Err(StoreError::Locked { pid, .. }) => hand_over(context, &config, args, pid.as_deref())?,
        Err(error) => return Err(context.advise(error)),
    };
    let mut out = context.out();
    if context.json {
        out.json(&summary)?;
    } else {
        out.text(&shown(&summary))?;
    }
    out.finish()?;
    let unrecorded = summary.sources.iter().any(|report| !report.recorded);
    let failed = args.fail_on_error && summary.failed > 0;
    Ok(if unrecorded || failed { Exit::Failed } else { Exit::Done })
}

async fn poll(context: &Context, config: &Config, args: &Args) -> anyhow::Result<Summary> {
    let store = context.open_store()?;
    let poller = context.poller(config, store.clone())?;
    daemon::take_over(&store, config, &*poller.clock).await?;
    daemon::sort_again(&poller, &never()).await?;
    let chosen: Vec<&Source> =
        config.sources.iter().filter(|s| args.sources.is_empty() || args.sources.contains(&s.id)).collect();
    let now = context.now();
    let waiting: HashSet<SourceId> = store.read(|reader| reader.backlogs(now))?.into_iter().map(|(id, _)| id).collect();
    let mut lineup = Lineup::new(config.polling.per_host);
    let mut summary = Summary::default();
    for source in chosen {
        let memory = store.read(|reader| reader.memory(&source.id))?;
        let named = args.sources.contains(&source.id);
        match refusal(source, &memory, args.force, named, now) {
            None => lineup.join(memory.host, (source, Task::Poll)),
            // The back-catalogue goes on though the source itself is not due.
            Some(_) if waiting.contains(&source.id) && !source.paused => {
                lineup.join(memory.host, (source, Task::Backlog));
            }
            Some(note) => {
                summary.add(SourceReport { note: Some(note), ..SourceReport::bare(source.id.clone(), Outcome::NotAttempted) });
            }
        }
    }
    let progress = progress(context, lineup.len());
    let mut tasks: JoinSet<(String, SourceReport)> = JoinSet::new();
    loop {
        while tasks.len() < config.polling.concurrency.max(1)
            && let Some((host, (source, task))) = lineup.call()
        {
            let (poller, source) = (poller.clone(), Arc::new(source.clone()));
            tasks.spawn(async move {
                let report = match task {
                    Task::Poll => poller.refresh(&source).await,
                    Task::Backlog => poller.visit_backlog(&source, source.pages_per_poll as usize).await,
                };
                (host, report)
            });
        }
        let Some(done) = tasks.join_next().await else { break };
        let (host, report) = done?;
        lineup.leave(&host);
        progress.set_message(report.id.to_string());
        progress.inc(1);
        summary.add(report);
    }
    progress.finish_and_clear();
    daemon::let_old_go(&poller, &never()).await?;
    let place = |id: &SourceId| config.sources.iter().position(|s| s.id == *id);
    summary.sources.sort_by_key(|report| place(&report.id));
    tokio::task::spawn_blocking(move || store.close()).await??;
    Ok(summary)
}

/// What a source is asked for.
enum Task {
    /// What is new.
    Poll,
    /// Pages of its back-catalogue.
    Backlog,
}

/// Why a source is not to be asked now, in words; `None`: it is.
fn refusal(source: &Source, memory: &SourceMemory, force: bool, named: bool, now: Timestamp) -> Option<String> {
    if source.paused {
        return Some("paused in feeds.toml".into());
    }
    if let Some(until) = memory.not_before.filter(|until| *until > now) {
        return Some(format!("Retry-After asks to wait until {} UTC", minute(until)));
    }
    if memory.resting && !(force && named) {
        return Some("resting: it is gone (410); name it with --force to ask all the same".into());
    }
    if force {
        let challenged = memory.last_outcome.as_deref() == Some("challenge");
        return (challenged && !named).then(|| "it answered with a challenge; name it to ask all the same".into());
    }
    memory.next_poll.filter(|at| *at > now).map(|at| format!("not due until {} UTC", minute(at)))
}

/// Marks the sources as due for the daemon that runs beside.
fn hand_over(context: &Context, config: &Config, args: &Args, pid: Option<&str>) -> anyhow::Result<Summary> {
    let store: Store = context.open_store_to_write()?;
    let now = context.now();
    let mut summary = Summary::default();
    let mut marked = Vec::new();
    for source in config.sources.iter().filter(|s| args.sources.is_empty() || args.sources.contains(&s.id)) {
        let memory = store.read(|reader| reader.memory(&source.id))?;
        let note = refusal(source, &memory, args.force, args.sources.contains(&source.id), now);
        let outcome = if note.is_none() { Outcome::HandedOver } else { Outcome::NotAttempted };
        if note.is_none() {
            marked.push(source.id.clone());
        }
        summary.add(SourceReport { note, ..SourceReport::bare(source.id.clone(), outcome) });
    }
    store.request_polls(&marked, args.force)?;
    let who = pid.map(|p| format!(" (process {p})")).unwrap_or_default();
    context.say(format!("a daemon is at work here{who}: {} sources are marked as due there", marked.len()));
    Ok(summary)
}

fn progress(context: &Context, length: usize) -> ProgressBar {
    let visible = context.stderr_is_terminal && context.verbosity >= 0;
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style =
        ProgressStyle::with_template("polling {bar:30} {pos}/{len} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length as u64), target).with_style(style)
}

fn never() -> tokio::sync::watch::Receiver<bool> {
    tokio::sync::watch::channel(false).1
}

fn shown(summary: &Summary) -> String {
    let mut table = table::table(&["SOURCE", "OUTCOME", "NEW", "UPDATED", "WHY"]);
    for report in &summary.sources {
        let why = report.error.as_ref().or(report.note.as_ref()).map(|w| one_line(w)).unwrap_or_default();
        let outcome = report.outcome.as_str().replace('_', " ");
        table::row(
            &mut table,
            [report.id.to_string(), outcome, report.new_entries.to_string(), report.updated_entries.to_string(), why],
        );
    }
    let mut text = table::shown(&table);
    let _ = writeln!(
        text,
        "\n{} asked, {} changed, {} not modified, {} failed; {} new entries, {} new stories, {} duplicates",
        summary.attempted,
        summary.changed,
        summary.not_modified,
        summary.failed,
        summary.new_entries,
        summary.new_stories,
        summary.duplicates
    );
    text
}
