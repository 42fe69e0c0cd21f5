//! `tributary status`: shows the health of each source.

use std::time::Duration;

use super::{
    Context, Exit, SourceJson, table,
    terminal::{escape_line, relative_time},
};
use crate::{
    clock::{Clock as _, SystemClock},
    store::DeliveryState,
};
use feed_model::{Severity, SourceHealth, SourceState, Timestamp};
use topic_rules::Rules;

/// Show each source's health: last success, next poll, and the last error
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Refresh every two seconds until interrupted
    #[arg(long)]
    watch: bool,
}

/// Interval of `--watch`.
const WATCH_INTERVAL: Duration = Duration::from_secs(2);

/// Clears the terminal and moves the cursor to the first line.
const CLEAR_SCREEN: &str = "\u{1b}[2J\u{1b}[H";

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_existing_store()?;
    // Health is shown even if feeds.toml is missing or invalid.
    let rules = context.config_if_valid().and_then(|config| Rules::compile(&config.topics).ok());
    let mut out = context.out();
    loop {
        let (sources, deliveries, unclassified) = store.read(|reader| {
            let unclassified = rules
                .as_ref()
                .map_or(Ok(0), |rules| reader.count_unclassified_once_trained(rules))?;
            Ok((reader.sources()?, reader.delivery_state()?, unclassified))
        })?;
        let json = || sources.iter().map(SourceJson::of).collect::<Vec<_>>();
        match (context.json, args.watch) {
            (true, true) => out.json_line(&json())?,
            (true, false) => out.json(&json())?,
            (false, watch) => {
                if watch && context.stdout_is_terminal {
                    out.text(CLEAR_SCREEN)?;
                }
                let now = SystemClock.now();
                out.text(&render_text(&sources, now))?;
                if let Some(line) = deliveries_line(&deliveries, now) {
                    out.line(&line)?;
                }
                if watch && !context.stdout_is_terminal {
                    out.line("")?;
                }
            }
        }
        if !args.watch {
            let done = out.finish()?;
            print_unclassified(context, unclassified);
            return Ok(done);
        }
        out.flush()?;
        print_unclassified(context, unclassified);
        std::thread::sleep(WATCH_INTERVAL);
    }
}

/// Prints how many stories are not classified yet by the present rules. `serve` and `poll` classify
/// them.
fn print_unclassified(context: &Context, count: u64) {
    if count > 0 {
        let stories = if count == 1 { "story" } else { "stories" };
        context.print_notice(format!(
            "{count} {stories} not yet classified by the rules of {}",
            context.config_name()
        ));
    }
}

/// Describes the deliveries to subscribers and webhooks in a line; `None` if there are none.
fn deliveries_line(state: &DeliveryState, now: Timestamp) -> Option<String> {
    if state.subscribers == 0 && state.waiting == 0 {
        return None;
    }
    let receivers = |n: u64| if n == 1 { "receiver" } else { "receivers" };
    let mut parts = vec![match state.subscribers {
        1 => "1 subscriber".to_owned(),
        n => format!("{n} subscribers"),
    }];
    if state.failing > 0 {
        parts.push(format!("{} {} failing", state.failing, receivers(state.failing)));
    }
    parts.push(match (state.waiting, state.oldest) {
        (0, _) | (_, None) => "no delivery waits".to_owned(),
        (1, Some(oldest)) => format!("1 delivery waits, queued {}", relative_time(oldest, now)),
        (n, Some(oldest)) => {
            format!("{n} deliveries wait, the oldest queued {}", relative_time(oldest, now))
        }
    });
    Some(format!("\nPushes: {}", parts.join(", ")))
}

fn render_text(sources: &[SourceState], now: Timestamp) -> String {
    let when =
        |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| relative_time(at, now));
    let headings = ["SOURCE", "TITLE", "STATE", "LAST SUCCESS", "NEXT POLL", "ENTRIES", "DETAILS"];
    let mut table = table::table(&headings);
    for source in sources {
        let next =
            source.next_poll.map_or_else(|| "-".to_owned(), |at| relative_time(at.max(now), now));
        let state = match source.failures {
            0 | 1 => source.health.as_str().to_owned(),
            failures => format!("{} ({failures}x)", source.health.as_str()),
        };
        let entries = source.entries.to_string();
        let row = [
            source.id.to_string(),
            source.title.clone(),
            state,
            when(source.last_success),
            next,
            entries,
            details(source),
        ];
        table::row(&mut table, row);
    }
    table::render_text(&table)
}

/// Returns the last error while the source fails, else its first warning, else the reason for the
/// time of the next poll.
fn details(source: &SourceState) -> String {
    let warning = source.problems.iter().find(|problem| problem.severity >= Severity::Warning);
    let error = source
        .last_error
        .as_deref()
        .filter(|_| !matches!(source.health, SourceHealth::Ok | SourceHealth::New));
    // What was tried says more than the time of the next poll.
    let tried = || {
        let ways: Vec<String> = source
            .ways
            .iter()
            .map(|way| format!("{}: {}", way.way.as_str(), way.because))
            .collect();
        format!("nothing that could be an entry was found; {}", ways.join("; "))
    };
    if source.health == SourceHealth::Empty && error.is_none() && !source.ways.is_empty() {
        return escape_line(&tried());
    }
    let reason = error
        .or(warning.map(|problem| problem.text.as_str()))
        .or(source.next_poll_reason.as_deref());
    escape_line(reason.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{super::test_data, *};

    #[test]
    fn deliveries_are_told_in_a_line() {
        let now = test_data::now();
        let line = |subscribers, failing, waiting| {
            let oldest = (waiting > 0).then_some(now - chrono::TimeDelta::minutes(5));
            deliveries_line(&DeliveryState { subscribers, failing, waiting, oldest }, now)
        };
        assert_eq!(line(0, 0, 0), None);
        assert_eq!(line(1, 0, 0).unwrap(), "\nPushes: 1 subscriber, no delivery waits");
        assert_eq!(
            line(12, 2, 3).unwrap(),
            "\nPushes: 12 subscribers, 2 receivers failing, 3 deliveries wait, \
             the oldest queued 5m ago"
        );
    }

    #[test]
    fn times_are_relative_to_now() {
        insta::assert_snapshot!(render_text(
            &[test_data::source(), test_data::failing_source()],
            test_data::now()
        ));
    }
}
