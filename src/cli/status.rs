//! `tributary status`: the health of each source.

use std::time::Duration;

use super::{
    Context, Exit, SourceJson, table,
    terminal::{escape_line, relative_time},
};
use crate::clock::{Clock as _, SystemClock};
use feed_model::{Severity, SourceHealth, SourceState, Timestamp};
use topic_rules::Rules;

/// Show the health of each source: last success, next poll, last error, and why
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show it again and again, until interrupted
    #[arg(long)]
    watch: bool,
}

/// The pause between two looks of `--watch`.
const WATCH_INTERVAL: Duration = Duration::from_secs(2);

/// Clears a terminal and goes to its first line.
const CLEAR_SCREEN: &str = "\u{1b}[2J\u{1b}[H";

/// Runs the command.
#[allow(clippy::redundant_closure_for_method_calls)] // the method itself is not general enough in its lifetime
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_existing_store()?;
    // Health is render_text whatever feeds.toml is like.
    let rules = context.config_if_valid().and_then(|config| Rules::compile(&config.topics).ok());
    let mut out = context.out();
    loop {
        let (sources, unsorted) = store.read(|reader| {
            let unsorted = rules
                .as_ref()
                .map_or(Ok(0), |rules| reader.count_unclassified_once_trained(rules))?;
            Ok((reader.sources()?, unsorted))
        })?;
        let documents = || sources.iter().map(SourceJson::of).collect::<Vec<_>>();
        match (context.json, args.watch) {
            (true, true) => out.json_line(&documents())?,
            (true, false) => out.json(&documents())?,
            (false, watch) => {
                if watch && context.stdout_is_terminal {
                    out.text(CLEAR_SCREEN)?;
                }
                out.text(&render_text(&sources, SystemClock.now()))?;
                if watch && !context.stdout_is_terminal {
                    out.line("")?;
                }
            }
        }
        if !args.watch {
            let done = out.finish()?;
            print_unclassified(context, unsorted);
            return Ok(done);
        }
        out.flush()?;
        print_unclassified(context, unsorted);
        std::thread::sleep(WATCH_INTERVAL);
    }
}

/// How far the sorting of stored stories is, while it goes on or waits for a daemon or a poll to do
/// it.
fn print_unclassified(context: &Context, unsorted: u64) {
    if unsorted > 0 {
        let stories = if unsorted == 1 {
            "1 stored story waits"
        } else {
            &format!("{unsorted} stored stories wait")
        };
        context.print_notice(format!(
            "{stories} to be sorted by the rules of {}",
            context.config_name()
        ));
    }
}

fn render_text(sources: &[SourceState], now: Timestamp) -> String {
    let when =
        |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| relative_time(at, now));
    let mut table =
        table::table(&["SOURCE", "STATE", "LAST SUCCESS", "NEXT POLL", "ENTRIES", "WHY"]);
    for source in sources {
        let next =
            source.next_poll.map_or_else(|| "-".to_owned(), |at| relative_time(at.max(now), now));
        let state = match source.failures {
            0 | 1 => source.health.as_str().to_owned(),
            failures => format!("{} ({failures}x)", source.health.as_str()),
        };
        let entries = source.entries.to_string();
        let row =
            [source.id.to_string(), state, when(source.last_success), next, entries, why(source)];
        table::row(&mut table, row);
    }
    table::render_text(&table)
}

/// The error while there is one, else what was odd, else why the next poll is when it is.
fn why(source: &SourceState) -> String {
    let odd = source.problems.iter().find(|problem| problem.severity >= Severity::Warning);
    let error = source
        .last_error
        .as_deref()
        .filter(|_| !matches!(source.health, SourceHealth::Ok | SourceHealth::New));
    let reason =
        error.or(odd.map(|problem| problem.text.as_str())).or(source.next_poll_reason.as_deref());
    escape_line(reason.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{super::test_data, *};

    #[test]
    fn health_is_told_from_now() {
        insta::assert_snapshot!(render_text(
            &[test_data::source(), test_data::failing_source()],
            test_data::now()
        ));
    }
}
