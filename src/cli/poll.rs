//! `tributary poll`: polls the sources that are due, once.

use std::{collections::HashSet, fmt::Write as _, sync::Arc};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinSet;

use super::{
    CommandError, Context, Exit,
    runtime::run_async,
    table,
    terminal::{escape_line, minute},
};
use crate::{
    app,
    config::Config,
    poll::{HostQueue, PollReport, PollSummary},
    store::{DirectoryLock, SourceRecord, Store, StoreError},
};
use feed_model::{PollOutcome, Source, SourceId, Timestamp};

/// Poll the sources that are due once, then exit (for cron or a systemd timer)
///
/// The exit code is 0 if every attempt was carried out and recorded, even if sources failed; the
/// report lists them. If the daemon is running, this command marks the sources as due there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Poll only these sources
    #[arg(value_name = "SOURCE", value_parser = |id: &str| SourceId::new(id))]
    pub(crate) sources: Vec<SourceId>,
    /// Poll now, even if not due; Retry-After is still respected
    #[arg(long)]
    pub(crate) force: bool,
    /// Exit with 1 if any source fails
    #[arg(long)]
    pub(crate) fail_on_error: bool,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    if let Some(unknown) =
        args.sources.iter().find(|id| !config.sources.iter().any(|s| s.id == **id))
    {
        let known = config.sources.iter().map(|s| s.id.as_str()).collect::<Vec<_>>().join(", ");
        return Err(CommandError {
            what: format!("no such source: {unknown}"),
            hint: format!("known sources: {known}"),
        }
        .into());
    }
    context.init_quiet_logging();
    let summary = match DirectoryLock::acquire(&context.data_dir) {
        Ok(_lock) => run_async(poll(context, &config, args))?,
        Err(StoreError::Locked { pid, .. }) => {
            mark_due_for_daemon(context, &config, args, pid.as_deref())?
        }
        Err(error) => return Err(context.with_hint(error)),
    };
    let mut out = context.out();
    if context.json {
        out.json(&summary)?;
    } else {
        out.text(&render_text(&summary))?;
    }
    out.finish()?;
    let unrecorded = summary.sources.iter().any(|report| !report.is_stored);
    let failed = args.fail_on_error && summary.failed > 0;
    Ok(if unrecorded || failed { Exit::Failed } else { Exit::Done })
}

async fn poll(context: &Context, config: &Config, args: &Args) -> anyhow::Result<PollSummary> {
    let store = context.open_store()?;
    let poller = context.poller(config, store.clone())?;
    app::sync_config(&store, config, &*poller.clock).await?;
    app::reclassify(&poller, &never_stopped()).await?;
    let selected: Vec<&Source> = config
        .sources
        .iter()
        .filter(|s| args.sources.is_empty() || args.sources.contains(&s.id))
        .collect();
    let now = context.now();
    let waiting: HashSet<SourceId> = store
        .read(|reader| reader.sources_with_backfill(now))?
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let mut host_queue = HostQueue::new(config.polling.per_host);
    let mut summary = PollSummary::default();
    for source in selected {
        let source_record = store.read(|reader| reader.source_record(&source.id))?;
        let named = args.sources.contains(&source.id);
        match skip_reason(source, &source_record, args.force, named, now) {
            None => host_queue.push(source_record.host, (source, PollTask::Poll)),
            // The back-catalogue goes on though the source itself is not due.
            Some(_) if waiting.contains(&source.id) && !source.paused => {
                host_queue.push(source_record.host, (source, PollTask::Backfill));
            }
            Some(note) => {
                summary.add(PollReport {
                    note: Some(note),
                    ..PollReport::new(source.id.clone(), PollOutcome::NotAttempted)
                });
            }
        }
    }
    let progress = progress(context, host_queue.len());
    let mut tasks: JoinSet<(String, PollReport)> = JoinSet::new();
    loop {
        while tasks.len() < config.polling.concurrency.max(1)
            && let Some((host, (source, task))) = host_queue.pop()
        {
            let (poller, source) = (poller.clone(), Arc::new(source.clone()));
            tasks.spawn(async move {
                let report = match task {
                    PollTask::Poll => poller.refresh(&source).await,
                    PollTask::Backfill => {
                        poller.backfill_source(&source, source.pages_per_poll as usize).await
                    }
                };
                (host, report)
            });
        }
        let Some(done) = tasks.join_next().await else {
            break;
        };
        let (host, report) = done?;
        host_queue.release(&host);
        progress.set_message(report.id.to_string());
        progress.inc(1);
        summary.add(report);
    }
    progress.finish_and_clear();
    app::expire_stories(&poller, &never_stopped()).await?;
    let place = |id: &SourceId| config.sources.iter().position(|s| s.id == *id);
    summary.sources.sort_by_key(|report| place(&report.id));
    tokio::task::spawn_blocking(move || store.close()).await??;
    Ok(summary)
}

/// What a source is asked for.
enum PollTask {
    /// What is new.
    Poll,
    /// Pages of its back-catalogue.
    Backfill,
}

/// Why a source is not to be asked now, in words; `None`: it is.
fn skip_reason(
    source: &Source,
    source_record: &SourceRecord,
    force: bool,
    named: bool,
    now: Timestamp,
) -> Option<String> {
    if source.paused {
        return Some("paused in feeds.toml".into());
    }
    if let Some(until) = source_record.not_before.filter(|until| *until > now) {
        return Some(format!("Retry-After: wait until {} UTC", minute(until)));
    }
    if source_record.resting && !(force && named) {
        return Some("gone (answered 410); name it with --force to poll it anyway".into());
    }
    if force {
        let challenged = source_record.last_outcome == Some(PollOutcome::Challenge);
        return (challenged && !named)
            .then(|| "blocked by a bot challenge; name it to poll it anyway".into());
    }
    source_record
        .next_poll
        .filter(|at| *at > now)
        .map(|at| format!("not due until {} UTC (use --force)", minute(at)))
}

/// Marks the sources as due for the daemon that runs beside.
fn mark_due_for_daemon(
    context: &Context,
    config: &Config,
    args: &Args,
    pid: Option<&str>,
) -> anyhow::Result<PollSummary> {
    let store: Store = context.open_store_to_write()?;
    let now = context.now();
    let mut summary = PollSummary::default();
    let mut marked = Vec::new();
    for source in
        config.sources.iter().filter(|s| args.sources.is_empty() || args.sources.contains(&s.id))
    {
        let source_record = store.read(|reader| reader.source_record(&source.id))?;
        let note =
            skip_reason(source, &source_record, args.force, args.sources.contains(&source.id), now);
        let outcome =
            if note.is_none() { PollOutcome::HandedOver } else { PollOutcome::NotAttempted };
        if note.is_none() {
            marked.push(source.id.clone());
        }
        summary.add(PollReport { note, ..PollReport::new(source.id.clone(), outcome) });
    }
    store.request_polls(&marked, args.force)?;
    let owner = pid.map(|p| format!(" (process {p})")).unwrap_or_default();
    context.print_notice(format!(
        "the daemon is running{owner}: marked {} sources as due",
        marked.len()
    ));
    Ok(summary)
}

fn progress(context: &Context, length: usize) -> ProgressBar {
    let visible = context.stderr_is_terminal && context.verbosity >= 0;
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("polling {bar:30} {pos}/{len} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length as u64), target).with_style(style)
}

fn never_stopped() -> tokio::sync::watch::Receiver<bool> {
    tokio::sync::watch::channel(false).1
}

fn render_text(summary: &PollSummary) -> String {
    let mut table = table::table(&["SOURCE", "OUTCOME", "NEW", "UPDATED", "DETAILS"]);
    for report in &summary.sources {
        let why = report
            .error
            .as_ref()
            .or(report.note.as_ref())
            .map(|w| escape_line(w))
            .unwrap_or_default();
        let outcome = report.outcome.as_str().replace('_', " ");
        table::row(
            &mut table,
            [
                report.id.to_string(),
                outcome,
                report.new_entries.to_string(),
                report.updated_entries.to_string(),
                why,
            ],
        );
    }
    let mut text = table::render_text(&table);
    let _ = writeln!(
        text,
        "\n{} polled, {} changed, {} not modified, {} failed; \
         {} new entries, {} new stories, {} duplicates",
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
