//! `tributary import`: adds the feeds of an OPML file to feeds.toml.

use std::{io::Write as _, path::PathBuf};

use anyhow::Context as _;

use super::{Context, Exit, terminal::escape_line};
use crate::config::{NewSource, append_sources, suggest_id};
use feed_model::{FollowMode, SourceId};
use feed_parser::opml;

/// Append the feeds of an OPML file to feeds.toml
///
/// Feeds that feeds.toml already follows are skipped. Folders become comments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// OPML file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let name = args.file.display().to_string();
    let bytes = std::fs::read(&args.file).with_context(|| format!("cannot read {name}"))?;
    let opml = opml::parse(&feed_parser::decode(&bytes, None).0);
    for problem in &opml.problems {
        let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
        context.print_notice(format!(
            "tributary: {}: {name}{line}: {}",
            problem.severity.as_str(),
            escape_line(&problem.text)
        ));
    }
    let text = context.config_text()?;
    let config = context.config()?;
    let mut known: Vec<String> = config.sources.iter().map(|s| s.url.to_string()).collect();
    let mut ids: Vec<String> = config.sources.iter().map(|s| s.id.to_string()).collect();
    let mut new = Vec::new();
    let mut skipped = 0;
    for feed in opml.outlines {
        if known.contains(&feed.xml_url.to_string()) {
            skipped += 1;
            continue;
        }
        known.push(feed.xml_url.to_string());
        let id = unused_id(&suggest_id(feed.html_url.as_ref().unwrap_or(&feed.xml_url)), &ids)?;
        ids.push(id.to_string());
        let comment = if feed.folder.is_empty() {
            String::new()
        } else {
            format!("Folder: {}", feed.folder.join(" / "))
        };
        new.push(NewSource {
            id,
            title: feed.title,
            url: feed.xml_url,
            follow_mode: FollowMode::Feed,
            comment,
        });
    }
    if !new.is_empty() {
        write_config(context, &append_sources(&text, &new)?)?;
    }
    if context.json {
        let added: Vec<&str> = new.iter().map(|s| s.id.as_str()).collect();
        let mut out = context.out();
        out.json(&serde_json::json!({"added": added, "left_alone": skipped}))?;
        return out.finish();
    }
    context.print_notice(format!(
        "{} sources added to {}, {skipped} already followed",
        new.len(),
        context.config_name()
    ));
    Ok(if new.is_empty() && skipped == 0 { Exit::Failed } else { Exit::Done })
}

/// Returns the id, with a number appended if it is taken.
pub(super) fn unused_id(suggested: &SourceId, taken: &[String]) -> anyhow::Result<SourceId> {
    let free = |id: &str| !taken.iter().any(|t| t.eq_ignore_ascii_case(id));
    if free(suggested.as_str()) {
        return Ok(suggested.clone());
    }
    let stem: String = suggested.as_str().chars().take(56).collect();
    let numbered =
        (2..100_000).map(|n| format!("{stem}-{n}")).find(|id| free(id)).unwrap_or_default();
    Ok(SourceId::new(numbered)?)
}

/// Replaces feeds.toml atomically.
pub(super) fn write_config(context: &Context, text: &str) -> anyhow::Result<()> {
    let path = std::fs::canonicalize(&context.config_path)
        .with_context(|| format!("cannot find {}", context.config_name()))?;
    let mut partial = path.clone().into_os_string();
    partial.push(".partial");
    let written = (|| {
        let mut file = std::fs::File::create(&partial)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(std::fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        std::fs::rename(&partial, &path)
    })();
    written.with_context(|| format!("cannot write {}", context.config_name()))
}
