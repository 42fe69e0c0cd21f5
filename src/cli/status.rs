//! `tributary status`: the health of each source.

use std::time::Duration;

use super::{
    Context, Exit, SourceJson, table,
    text::{one_line, relative},
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
const PAUSE: Duration = Duration::from_secs(2);

/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Runs the command.
#[allow(clippy::redundant_closure_for_method_calls)] // the method itself is not general enough in its lifetime
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_existing_store()?;
    // Health is shown whatever feeds.toml is like.
    let rules = context.config_if_right().and_then(|config| Rules::compile(&config.topics).ok());
    let mut out = context.out();
    loop {
        let (sources, unsorted) = store.read(|reader| {
            let unsorted = rules.as_ref().map_or(Ok(0), |rules| reader.unsorted_once_taught(rules))?;
            Ok((reader.sources()?, unsorted))
        })?;
        let documents = || sources.iter().map(SourceJson::of).collect::<Vec<_>>();
        match (context.json, args.watch) {
            (true, true) => out.json_line(&documents())?,
            (true, false) => out.json(&documents())?,
            (false, watch) => {
                if watch && context.stdout_is_terminal {
                    out.text(CLEAR)?;
                }
                out.text(&shown(&sources, SystemClock.now()))?;
                if watch && !context.stdout_is_terminal {
                    out.line("")?;
                }
            }
        }
        if !args.watch {
            let done = out.finish()?;
            say_unsorted(context, unsorted);
            return Ok(done);
        }
        out.flush()?;
        say_unsorted(context, unsorted);
        std::thread::sleep(PAUSE);
    }
}

/// How far the sorting of stored stories is, while it goes on or waits for a daemon or a poll to do it.
fn say_unsorted(context: &Context, unsorted: u64) {
    if unsorted > 0 {
        let stories = if unsorted == 1 { "1 stored story waits" } else { &format!("{unsorted} stored stories wait") };
        context.say(format!("{stories} to be sorted by the rules of {}", context.config_name()));
    }
}

fn shown(sources: &[SourceState], now: Timestamp) -> String {
    let when = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| relative(at, now));
    let mut table = table::table(&["SOURCE", "STATE", "LAST SUCCESS", "NEXT POLL", "ENTRIES", "WHY"]);
    for source in sources {
        let next = source.next_poll.map_or_else(|| "-".to_owned(), |at| relative(at.max(now), now));
        let state = match source.failures {
            0 | 1 => source.health.as_str().to_owned(),
            failures => format!("{} ({failures}x)", source.health.as_str()),
        };
        let entries = source.entries.to_string();
        let row = [source.id.to_string(), state, when(source.last_success), next, entries, why(source)];
        table::row(&mut table, row);
    }
    table::shown(&table)
}

/// The error while there is one, else what was odd, else why the next poll is when it is.
fn why(source: &SourceState) -> String {
    let odd = source.problems.iter().find(|problem| problem.severity >= Severity::Warning);
    let error = source.last_error.as_deref().filter(|_| !matches!(source.health, SourceHealth::Ok | SourceHealth::New));
    let reason = error.or(odd.map(|problem| problem.text.as_str())).or(source.next_poll_because.as_deref());
    one_line(reason.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    #[test]
    fn health_is_told_from_now() {
        insta::assert_snapshot!(shown(&[samples::source(), samples::failing_source()], samples::now()));
    }
}
