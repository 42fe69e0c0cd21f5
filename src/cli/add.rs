//! `tributary add`: discovers how to follow a URL and appends the source to feeds.toml.

use url::Url;

use super::{
    CommandError, Context, Exit,
    import::{unused_id, write_config},
    inspect::{UrlArg, inspect},
    terminal::escape_line,
};
use crate::config::{EditError, NewSource, append_source, suggest_id};
use feed_model::FollowMode;

/// Find out how to follow a URL and append it to feeds.toml as a source
///
/// The rest of feeds.toml is not changed. If the URL is already followed, nothing is written and
/// the exit code is 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: UrlArg,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let refuse_if_followed =
        |url: &Url| match config.sources.iter().find(|source| source.url == *url) {
            Some(source) => Err(unchanged(format!(
                "{} is already followed as `{}`",
                args.target.url, source.id
            ))),
            None => Ok(()),
        };
    refuse_if_followed(&args.target.url)?;
    context.init_quiet_logging();
    let inspection = inspect(context, &config, &args.target.url)?;
    if let Some(error) = &inspection.error {
        return Err(CommandError {
            what: format!("cannot follow {}: {}", args.target.url, escape_line(error)),
            hint: format!("run `tributary inspect {}` to see every step", args.target.url),
        }
        .into());
    }
    // For a feed, the feed's own URL is written; for a site, the URL given by the user.
    let feed_url = inspection
        .polled_url
        .as_deref()
        .filter(|_| inspection.follow_mode == FollowMode::Feed)
        .and_then(|url| Url::parse(url).ok());
    let url = feed_url.unwrap_or_else(|| args.target.url.clone());
    refuse_if_followed(&url)?;
    let ids: Vec<String> = config.sources.iter().map(|s| s.id.to_string()).collect();
    let source = NewSource {
        id: unused_id(&suggest_id(&args.target.url), &ids)?,
        title: inspection.title.clone().map(|t| escape_line(&t)),
        url,
        follow_mode: inspection.follow_mode,
        comment: inspection.follow_reason.clone().unwrap_or_default(),
    };
    let text = context.config_text()?;
    match append_source(&text, &source) {
        Ok(changed) => write_config(context, &changed)?,
        Err(error @ (EditError::IdTaken(_) | EditError::UrlTaken { .. })) => {
            return Err(unchanged(error.to_string()).into());
        }
        Err(error) => return Err(error.into()),
    }
    if context.json {
        let mut out = context.out();
        out.json(&serde_json::json!({
            "id": source.id,
            "title": source.title,
            "url": source.url.as_str(),
            "follow": source.follow_mode,
            "because": inspection.follow_reason,
            "entries": inspection.entries.len(),
        }))?;
        return out.finish();
    }
    let reason = inspection.follow_reason.as_deref().unwrap_or("found by discovery");
    context.print_notice(format!(
        "follow mode: {} ({})",
        source.follow_mode.as_str(),
        escape_line(reason)
    ));
    for entry in inspection.entries.iter().take(5) {
        context.print_notice(format!(
            "  {}",
            escape_line(entry.item.draft.title.as_deref().unwrap_or("(no title)"))
        ));
    }
    if inspection.entries.len() > 5 {
        context.print_notice(format!("  and {} more", inspection.entries.len() - 5));
    }
    context.print_notice(format!("added `{}` to {}", source.id, context.config_name()));
    Ok(Exit::Done)
}

/// Returns an error that says that feeds.toml was not changed.
fn unchanged(what: String) -> CommandError {
    CommandError { what, hint: "feeds.toml was not changed".to_owned() }
}
