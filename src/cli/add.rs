//! `tributary add`: discovers how to follow a URL and appends the source to feeds.toml.

use url::Url;

use super::{
    CommandError, Context, Exit,
    credentials_file::{self, CredentialsFiles},
    import::write_config,
    inspect::{UrlArg, inspect},
    terminal::escape_line,
};
use crate::config::{self, EditError, NewSource, append_source, suggest_source_id};
use feed_model::FollowMode;
use feed_parser::opml::Userinfo;

/// Find out how to follow a URL and append it to feeds.toml as a source
///
/// The id is made from the title. A user name and password in the URL go to a file next to
/// feeds.toml. The rest of feeds.toml is not changed. If the URL is already followed, nothing is
/// written and the exit code is 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: UrlArg,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config_without_warnings()?;
    let userinfo = Userinfo::of(&args.target.url);
    let target =
        feed_parser::http_url(args.target.url.as_str(), None).filter(|_| userinfo.is_some());
    let target = target.unwrap_or_else(|| args.target.url.clone());
    let refuse_if_followed =
        |url: &Url| match config.sources.iter().find(|source| source.url == *url) {
            Some(source) => {
                Err(unchanged(format!("{target} is already followed as `{}`", source.id)))
            }
            None => Ok(()),
        };
    refuse_if_followed(&target)?;
    context.init_quiet_logging();
    let ids: Vec<String> = config.sources.iter().map(|s| s.id.to_string()).collect();
    let mut files = CredentialsFiles::default();
    let basic_file = match &userinfo {
        Some(userinfo) => {
            let name = suggest_source_id(None, &target, &ids);
            Some(files.write(context, name.as_str(), userinfo)?)
        }
        None => None,
    };
    let inspection = inspect(context, &config, &target, basic_file.as_deref())?;
    if let Some(error) = &inspection.error {
        return Err(CommandError {
            what: format!("cannot follow {target}: {}", escape_line(error)),
            hint: format!("run `tributary inspect {target}` to see every step"),
        }
        .into());
    }
    // For a feed, the feed's own URL is written; for a site, the URL given by the user.
    let feed_url = inspection
        .polled_url
        .as_deref()
        .filter(|_| inspection.follow_mode == FollowMode::Feed)
        .and_then(|url| Url::parse(url).ok());
    let url = feed_url.unwrap_or_else(|| target.clone());
    refuse_if_followed(&url)?;
    let title = inspection.title.as_deref().map(escape_line);
    let source = NewSource {
        id: suggest_source_id(title.as_deref(), &target, &ids),
        title,
        url,
        follow_mode: inspection.follow_mode,
        comment: inspection.follow_reason.clone().unwrap_or_default(),
        basic_file,
    };
    let text = context.config_text()?;
    match append_source(&text, &source) {
        Ok(changed) => {
            write_config(context, &changed)?;
            files.keep();
            context.print_warnings(&config::check(&changed, &context.config_name()));
        }
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
            "basic_file": source.basic_file,
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
    if let Some(file) = &source.basic_file {
        context.print_notice(credentials_file::notice(source.id.as_str(), file));
    }
    context.print_notice(format!("added `{}` to {}", source.id, context.config_name()));
    Ok(Exit::Done)
}

/// Returns an error that says that feeds.toml was not changed.
fn unchanged(what: String) -> CommandError {
    CommandError { what, hint: "feeds.toml was not changed".to_owned() }
}
