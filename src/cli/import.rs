//! `tributary import`: adds the feeds of an OPML file to feeds.toml.

use std::{io::Write as _, path::PathBuf};

use anyhow::Context as _;

use super::{Context, Exit, terminal::escape_line};
use crate::config::{
    NewSource, NewTopic, append_sources, append_topics, suggest_id, suggest_topic_id,
};
use feed_model::{FollowMode, SourceId};
use feed_parser::opml;

/// Append the feeds of an OPML file to feeds.toml
///
/// Feeds that feeds.toml already follows are skipped. Folders become comments, and topics with
/// --topics.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// OPML file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Append a topic for each folder, with the feeds of the folder as its sources
    #[arg(long)]
    pub(crate) topics: bool,
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
    let mut ids: Vec<String> = config.sources.iter().map(|s| s.id.to_string()).collect();
    let mut new = Vec::new();
    let mut skipped = 0;
    let mut folders = Folders::default();
    for feed in opml.outlines {
        if let Some(source) = config.sources.iter().find(|s| s.url == feed.xml_url) {
            folders.add(&feed.folder, &source.id);
            skipped += 1;
            continue;
        }
        let id = unused_id(&suggest_id(feed.html_url.as_ref().unwrap_or(&feed.xml_url)), &ids)?;
        ids.push(id.to_string());
        folders.add(&feed.folder, &id);
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
    let taken: Vec<&str> = config.topics.iter().map(|topic| topic.id.as_str()).collect();
    let topics = if args.topics { folders.topics(&taken) } else { Vec::new() };
    if !new.is_empty() || !topics.is_empty() {
        write_config(context, &append_topics(&append_sources(&text, &new)?, &topics)?)?;
    }
    if context.json {
        let added: Vec<&str> = new.iter().map(|s| s.id.as_str()).collect();
        let topics: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
        let mut out = context.out();
        out.json(&serde_json::json!({"added": added, "left_alone": skipped, "topics": topics}))?;
        return out.finish();
    }
    context.print_notice(format!(
        "{} sources added to {}, {skipped} already followed",
        new.len(),
        context.config_name()
    ));
    if args.topics {
        context.print_notice(match &topics[..] {
            [] => "no topic added: the file has no folder that is not a topic yet".to_owned(),
            topics => {
                let ids: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
                format!("{} topics added: {}", ids.len(), ids.join(", "))
            }
        });
    }
    Ok(if new.is_empty() && skipped == 0 { Exit::Failed } else { Exit::Done })
}

/// The folders of an OPML file with the ids of their sources, in the order of the file.
#[derive(Default)]
struct Folders(Vec<(String, Vec<String>)>);

impl Folders {
    fn add(&mut self, path: &[String], source: &SourceId) {
        if path.is_empty() {
            return;
        }
        let name = path.join(" / ");
        let index = self.0.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.0.push((name, Vec::new()));
            self.0.len() - 1
        });
        self.0[index].1.push(source.to_string());
    }

    /// Returns a topic for each folder whose id is not that of a topic yet. Folders with the same
    /// id get a number.
    fn topics(self, known: &[&str]) -> Vec<NewTopic> {
        let mut taken: Vec<String> = known.iter().map(|id| (*id).to_owned()).collect();
        let mut topics = Vec::new();
        for (title, sources) in self.0 {
            let suggested = suggest_topic_id(&title);
            if known.contains(&suggested.as_str()) {
                continue;
            }
            let id = unused_name(&suggested, &taken);
            taken.push(id.clone());
            topics.push(NewTopic { id, title, sources, ..NewTopic::default() });
        }
        topics
    }
}

/// Returns the id, with a number appended if it is taken.
pub(super) fn unused_id(suggested: &SourceId, taken: &[String]) -> anyhow::Result<SourceId> {
    Ok(SourceId::new(unused_name(suggested.as_str(), taken))?)
}

fn unused_name(suggested: &str, taken: &[String]) -> String {
    let free = |id: &str| !taken.iter().any(|t| t.eq_ignore_ascii_case(id));
    if free(suggested) {
        return suggested.to_owned();
    }
    let stem: String = suggested.chars().take(56).collect();
    (2..100_000).map(|n| format!("{stem}-{n}")).find(|id| free(id)).unwrap_or_default()
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
