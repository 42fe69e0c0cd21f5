//! `tributary add`: a new source, found out and written into feeds.toml.

use url::Url;

use super::{
    CommandError, Context, Exit,
    import::{unused_id, write_config},
    inspect::inspect,
    terminal::escape_line,
};
use crate::config::{EditError, NewSource, append_source, suggest_id};
use feed_model::FollowMode;

/// Find out how a site can be followed, show it, and append it to feeds.toml
///
/// Every other byte of feeds.toml is kept. What is followed already is left alone, and the command
/// ends with 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A feed, a site or a sitemap
    #[arg(value_name = "URL")]
    pub(crate) url: Url,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let already =
        |url: &str| config.sources.iter().find(|s| s.url.as_str() == url).map(|s| s.id.clone());
    let refuse = |id| CommandError {
        what: format!("{} is followed already, as `{id}`", args.url),
        hint: "feeds.toml is left as it is".to_owned(),
    };
    if let Some(id) = already(args.url.as_str()) {
        return Err(refuse(id).into());
    }
    context.init_quiet_logging();
    let found = inspect(context, &config, &args.url)?;
    if let Some(error) = &found.error {
        return Err(CommandError {
            what: format!("{} cannot be followed: {}", args.url, escape_line(error)),
            hint: format!("`tributary inspect {}` shows every step", args.url),
        }
        .into());
    }
    // A feed is pinned by its own address, whatever page named it; a site keeps the address that a
    // person knows.
    let polled = found
        .polled_url
        .as_deref()
        .filter(|_| found.follow_mode == FollowMode::Feed)
        .and_then(|url| Url::parse(url).ok());
    let url = polled.unwrap_or_else(|| args.url.clone());
    if let Some(id) = already(url.as_str()) {
        return Err(refuse(id).into());
    }
    let ids: Vec<String> = config.sources.iter().map(|s| s.id.to_string()).collect();
    let source = NewSource {
        id: unused_id(&suggest_id(&args.url), &ids)?,
        title: found.title.clone().map(|t| escape_line(&t)),
        url,
        follow_mode: found.follow_mode,
        comment: found.follow_reason.clone().unwrap_or_default(),
    };
    let text = context.config_text()?;
    match append_source(&text, &source) {
        Ok(changed) => write_config(context, &changed)?,
        Err(error @ (EditError::IdTaken(_) | EditError::UrlTaken { .. })) => {
            return Err(CommandError {
                what: error.to_string(),
                hint: "feeds.toml is left as it is".to_owned(),
            }
            .into());
        }
        Err(error) => return Err(error.into()),
    }
    if context.json {
        let mut out = context.out();
        out.json(&serde_json::json!({
            "id": source.id, "title": source.title, "url": source.url.as_str(), "follow": source.follow_mode,
            "because": found.follow_reason, "entries": found.entries.len(),
        }))?;
        return out.finish();
    }
    let because = found.follow_reason.as_deref().unwrap_or("it was found so");
    context.print_notice(format!(
        "followed by {}: {}",
        source.follow_mode.as_str(),
        escape_line(because)
    ));
    for entry in found.entries.iter().take(5) {
        context.print_notice(format!(
            "  {}",
            escape_line(entry.item.draft.title.as_deref().unwrap_or("(no title)"))
        ));
    }
    if found.entries.len() > 5 {
        context.print_notice(format!("  and {} more", found.entries.len() - 5));
    }
    context.print_notice(format!("`{}` was added to {}", source.id, context.config_name()));
    Ok(Exit::Done)
}
