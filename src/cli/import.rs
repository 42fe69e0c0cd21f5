//! `tributary import`: adds the feeds of an OPML file to feeds.toml.

use std::{io::Write as _, path::PathBuf};

use anyhow::Context as _;

use super::{
    Context, Exit,
    credentials_file::{self, CredentialsFiles},
    terminal::escape_line,
};
use crate::config::{
    self, Config, NewSource, NewTopic, append_sources, append_topics, numbered_id,
    suggest_source_id, suggest_topic_id,
};
use feed_model::{FollowMode, Problem, SourceId};
use feed_parser::opml::{self, OpmlFeed};

/// Append the feeds of an OPML file to feeds.toml
///
/// Ids are made from the titles. Feeds that feeds.toml already follows are skipped. Folders become
/// comments, and topics with --topics. A user name and password in a URL go to a file next to
/// feeds.toml.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// OPML file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Append a topic for each folder, with the feeds of the folder as its sources
    #[arg(long)]
    pub(crate) topics: bool,
}

/// What an import adds.
#[derive(Default)]
struct Import {
    new: Vec<NewSource>,
    already_followed: usize,
    folders: Folders,
    files: CredentialsFiles,
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
    let config = context.config_without_warnings()?;
    let mut import = Import::default();
    import.add_feeds(context, &config, opml.outlines)?;
    let Import { new, already_followed, folders, files } = import;
    let taken: Vec<&str> = config.topics.iter().map(|topic| topic.id.as_str()).collect();
    let topics = if args.topics { folders.topics(&taken) } else { Vec::new() };
    if !new.is_empty() || !topics.is_empty() {
        let text = append_topics(&append_sources(&text, &new)?, &topics)?;
        write_config(context, &text)?;
        files.keep();
        context.print_warnings(&config::check(&text, &context.config_name()));
    }
    if context.json {
        print_json(context, &new, already_followed, &topics, &opml.problems)?;
    } else {
        print_text(context, &new, already_followed, args.topics.then_some(&topics));
    }
    Ok(if new.is_empty() && already_followed == 0 { Exit::Failed } else { Exit::Done })
}

impl Import {
    fn add_feeds(
        &mut self,
        context: &Context,
        config: &Config,
        feeds: Vec<OpmlFeed>,
    ) -> anyhow::Result<()> {
        let mut ids: Vec<String> = config.sources.iter().map(|s| s.id.to_string()).collect();
        for feed in feeds {
            if let Some(source) = config.sources.iter().find(|s| s.url == feed.xml_url) {
                self.folders.add(&feed.folders, &source.id);
                self.already_followed += 1;
                continue;
            }
            let home = feed.html_url.as_ref().unwrap_or(&feed.xml_url);
            let id = suggest_source_id(feed.title.as_deref(), home, &ids);
            ids.push(id.to_string());
            self.folders.add(&feed.folders, &id);
            let basic_file = match &feed.userinfo {
                Some(userinfo) => Some(self.files.write(context, id.as_str(), userinfo)?),
                None => None,
            };
            let comments = feed.folders.iter().map(|path| format!("Folder: {}", path.join(" / ")));
            self.new.push(NewSource {
                id,
                title: feed.title,
                url: feed.xml_url,
                follow_mode: FollowMode::Feed,
                comment: comments.collect::<Vec<_>>().join("\n"),
                basic_file,
            });
        }
        Ok(())
    }
}

fn print_json(
    context: &Context,
    new: &[NewSource],
    already_followed: usize,
    topics: &[NewTopic],
    problems: &[Problem],
) -> anyhow::Result<()> {
    let ids: Vec<&str> = new.iter().map(|source| source.id.as_str()).collect();
    let topics: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
    let credentials: serde_json::Map<String, serde_json::Value> = new
        .iter()
        .filter_map(|source| Some((source.id.to_string(), source.basic_file.clone()?.into())))
        .collect();
    let mut out = context.out();
    out.json(&serde_json::json!({
        "added": ids,
        "left_alone": already_followed,
        "topics": topics,
        "credentials": credentials,
        "problems": problems,
    }))?;
    out.finish()?;
    Ok(())
}

/// Prints what was added. `topics` is `None` if none were asked for.
fn print_text(
    context: &Context,
    new: &[NewSource],
    already_followed: usize,
    topics: Option<&Vec<NewTopic>>,
) {
    for source in new {
        if let Some(file) = &source.basic_file {
            context.print_notice(credentials_file::notice(source.id.as_str(), file));
        }
    }
    context.print_notice(format!(
        "{} {} added to {}, {already_followed} already followed",
        new.len(),
        if new.len() == 1 { "source" } else { "sources" },
        context.config_name()
    ));
    match topics.map(Vec::as_slice) {
        None => {}
        Some([]) => {
            let why = "no topic added: the file has no folder that is not a topic yet";
            context.print_notice(why);
        }
        Some(topics) => {
            let ids: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
            context.print_notice(format!("{} topics added: {}", ids.len(), ids.join(", ")));
        }
    }
}

/// The folders of an OPML file with the ids of their sources, in the order of the file.
#[derive(Default)]
struct Folders(Vec<(String, Vec<String>)>);

impl Folders {
    fn add(&mut self, folders: &[Vec<String>], source: &SourceId) {
        for path in folders {
            let name = path.join(" / ");
            let index = self.0.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                self.0.push((name, Vec::new()));
                self.0.len() - 1
            });
            self.0[index].1.push(source.to_string());
        }
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
            let id = numbered_id(&suggested, &taken);
            taken.push(id.clone());
            topics.push(NewTopic { id, title, sources, ..NewTopic::default() });
        }
        topics
    }
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
