//! `tributary poll`: polls the sources that are due, once.

use std::{collections::HashMap, fmt::Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use feed_model::SourceId;

use super::{CommandError, Context, Exit, runtime::run_async, table, terminal::escape_line};
use crate::{
    app::{self, PollRun},
    config::Config,
    poll::{PollSummary, Selection},
    store::{DirectoryLock, StoreError},
};

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
        let known: Vec<&str> = config.sources.iter().map(|s| s.id.as_str()).collect();
        return Err(CommandError::unknown_id("source", unknown.as_str(), &known).into());
    }
    let is_first = !context.has_state();
    context.init_quiet_logging();
    let selection = Selection { named: args.sources.clone(), force: args.force };
    let run = match DirectoryLock::acquire(&context.data_dir) {
        Ok(_lock) => run_async(poll(context, &config, selection))?,
        Err(StoreError::Locked { pid, .. }) => {
            let summary = hand_over(context, &config, &selection, pid.as_deref())?;
            PollRun { summary, finished: Ok(()) }
        }
        Err(error) => return Err(context.with_hint(error)),
    };
    let PollRun { summary, finished } = run;
    if is_first && app::is_anonymous(&config) {
        context.print_notice(format!("tributary: warning: {}", app::ANONYMOUS));
    }
    let mut out = context.out();
    if context.json {
        out.json(&summary)?;
    } else {
        out.text(&render_text(&summary, &titles(context, &config)))?;
    }
    out.finish()?;
    finished?;
    let not_stored = summary.sources.iter().filter(|report| !report.is_stored).count();
    if not_stored > 0 {
        return Err(CommandError {
            what: format!(
                "the outcome of {not_stored} of {} polls could not be stored",
                summary.attempted
            ),
            hint: "see the reasons above; the next run fetches these sources again".to_owned(),
        }
        .into());
    }
    let failed = args.fail_on_error && summary.failed > 0;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

async fn poll(context: &Context, config: &Config, selection: Selection) -> anyhow::Result<PollRun> {
    let app = context.app(config, context.open_store()?)?;
    let bar = progress(context);
    let run = app::poll_once(
        &app,
        config,
        selection,
        |tasks| bar.set_length(tasks as u64),
        |report| {
            bar.set_message(report.id.to_string());
            bar.inc(1);
        },
    )
    .await;
    bar.finish_and_clear();
    Ok(run?)
}

/// Marks the sources that are due for the running daemon.
fn hand_over(
    context: &Context,
    config: &Config,
    selection: &Selection,
    pid: Option<&str>,
) -> anyhow::Result<PollSummary> {
    let store = context.open_store_to_write()?;
    let (marked, summary) = app::hand_over(&store, config, selection, context.now())?;
    let process = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    context.print_notice(format!("the daemon is running{process}: marked {marked} sources as due"));
    Ok(summary)
}

fn progress(context: &Context) -> ProgressBar {
    let visible = context.stderr_is_terminal && context.verbosity >= 0;
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("polling {bar:30} {pos}/{len} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(0), target).with_style(style)
}

/// Returns the title of each source: from feeds.toml, else from its publication.
fn titles(context: &Context, config: &Config) -> HashMap<SourceId, String> {
    let stored = context
        .open_existing_store()
        .and_then(|store| Ok(store.read(|reader| reader.source_titles())?));
    let mut titles = stored.unwrap_or_default();
    for source in &config.sources {
        if let Some(title) = &source.title {
            titles.insert(source.id.clone(), title.clone());
        }
    }
    titles
}

fn render_text(summary: &PollSummary, titles: &HashMap<SourceId, String>) -> String {
    let mut table = table::table(&["SOURCE", "TITLE", "OUTCOME", "NEW", "UPDATED", "DETAILS"]);
    for report in &summary.sources {
        let reason = report
            .error
            .as_ref()
            .or(report.note.as_ref())
            .map(|text| escape_line(text))
            .unwrap_or_default();
        let outcome = report.outcome.as_str().replace('_', " ");
        table::row(
            &mut table,
            [
                report.id.to_string(),
                titles.get(&report.id).cloned().unwrap_or_default(),
                outcome,
                report.new_entries.to_string(),
                report.updated_entries.to_string(),
                reason,
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
