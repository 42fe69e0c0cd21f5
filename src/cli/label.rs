//! `tributary label`: sets a story's topics by hand, or splits a wrongly merged story.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;

use super::{
    CommandError, Context, Exit, UsageError, runtime::require_story, terminal::escape_line,
};
use crate::{
    app,
    store::{Store, WindowPolicy},
};
use feed_model::{Topic, TopicId};
use topic_rules::{Rules, evaluate::parse_labels};

/// Set the topics of a story by hand
///
/// The label overrides the rules until it is removed with --clear, also after the rules change.
#[derive(Debug, clap::Args)]
#[command(override_usage = "tributary label STORY TOPIC…\n       \
                            tributary label STORY --none\n       \
                            tributary label STORY --clear\n       \
                            tributary label --from LABELS\n       \
                            tributary label --split STORY")]
pub struct Args {
    /// Story id or link
    #[arg(value_name = "STORY", required_unless_present_any = ["from", "split"])]
    story: Option<String>,
    /// Topics to put the story in; it leaves all others
    #[arg(value_name = "TOPIC", value_parser = |id: &str| TopicId::new(id))]
    topics: Vec<TopicId>,
    /// Put the story in no topic
    #[arg(long, conflicts_with_all = ["topics", "clear", "from", "split"])]
    none: bool,
    /// Remove the label, so that the rules apply again
    #[arg(long, conflicts_with_all = ["topics", "none", "from", "split"])]
    clear: bool,
    /// Label in bulk from a file in the format of `evaluate`, matched by URL or title
    #[arg(long, value_name = "LABELS", conflicts_with_all = ["story", "topics", "split"])]
    from: Option<PathBuf>,
    /// Split a wrongly merged story permanently
    #[arg(long, value_name = "STORY", conflicts_with_all = ["story", "topics"])]
    split: Option<String>,
}

/// The action that the arguments select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelTask {
    /// Put the story in exactly these topics; with an empty list, in none.
    Set {
        /// Story id or link.
        story: String,
        /// The topics, without repetitions.
        topics: Vec<TopicId>,
    },
    /// Remove the label.
    Clear {
        /// Story id or link.
        story: String,
    },
    /// Label in bulk from a file.
    From(PathBuf),
    /// Split the story.
    Split {
        /// Story id or link.
        story: String,
    },
}

impl Args {
    /// Returns the selected action. It is a usage error to select none, or to name the topic
    /// `all`, which contains every story.
    pub fn task(&self) -> Result<LabelTask, UsageError> {
        if let Some(labels) = &self.from {
            return Ok(LabelTask::From(labels.clone()));
        }
        if let Some(story) = self.split.clone() {
            return Ok(LabelTask::Split { story });
        }
        let story = self.story.clone().ok_or_else(|| UsageError("no story given".to_owned()))?;
        if self.clear {
            return Ok(LabelTask::Clear { story });
        }
        if self.topics.is_empty() && !self.none {
            return Err(UsageError(
                "no topic given; name at least one, or use --none or --clear".to_owned(),
            ));
        }
        if self.topics.iter().any(TopicId::is_all) {
            return Err(UsageError("`all` contains every story and cannot be a label".to_owned()));
        }
        let mut topics = Vec::new();
        for topic in &self.topics {
            if !topics.contains(topic) {
                topics.push(topic.clone());
            }
        }
        Ok(LabelTask::Set { story, topics })
    }
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let task = args.task()?;
    let config = context.config()?;
    let store = context.open_store_to_write()?;
    let rules = Rules::compile(&config.topics)?;
    let rules = Arc::new(store.read(|reader| reader.trained(rules))?);
    let (window, now) = (app::window(&config), context.now());
    match task {
        LabelTask::Set { story, topics } => {
            check_topics_exist(&config.topics, &topics)?;
            let id = require_story(&store, &story)?;
            let named = topics.iter().map(TopicId::as_str).collect::<Vec<_>>().join(", ");
            store.label(id, Some(topics), rules, window, now)?;
            context.print_notice(if named.is_empty() {
                format!("story {id} labelled with no topic")
            } else {
                format!("story {id} labelled with {named}")
            });
        }
        LabelTask::Clear { story } => {
            let id = require_story(&store, &story)?;
            store.label(id, None, rules, window, now)?;
            context.print_notice(format!("label removed from story {id}"));
        }
        LabelTask::Split { story } => {
            let id = require_story(&store, &story)?;
            let new = store.split(id, rules, window, now)?;
            let list = new.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            context.print_notice(format!("story {id} split; new stories: {list}"));
        }
        LabelTask::From(file) => {
            return label_from_file(context, &config.topics, &store, &file, &rules, window);
        }
    }
    Ok(Exit::Done)
}

/// Labels every stored story that a row of the file matches, by URL or else by title.
fn label_from_file(
    context: &Context,
    topics: &[Topic],
    store: &Store,
    file: &Path,
    rules: &Arc<Rules>,
    window: WindowPolicy,
) -> anyhow::Result<Exit> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let labels = parse_labels(&text, &name)?;
    let (mut done, mut unknown) = (0, Vec::new());
    for label in &labels {
        let topic_ids = label.topics.iter().map(TopicId::new).collect::<Result<Vec<_>, _>>()?;
        check_topics_exist(topics, &topic_ids)?;
        let found = store.read(|reader| {
            match label.url.as_deref().map(|url| reader.find_story(url)).transpose()?.flatten() {
                Some(id) => Ok(Some(id)),
                None => reader.find_story_by_title(&label.title),
            }
        })?;
        match found {
            Some(id) => {
                store.label(id, Some(topic_ids), rules.clone(), window, context.now())?;
                done += 1;
            }
            None => unknown.push(label.title.as_str()),
        }
    }
    for title in &unknown {
        context.print_notice(format!("no stored story matches: {}", escape_line(title)));
    }
    context.print_notice(format!(
        "{done} stories labelled, {} rows match no stored story",
        unknown.len()
    ));
    Ok(if done == 0 && !labels.is_empty() { Exit::Failed } else { Exit::Done })
}

fn check_topics_exist(topics: &[Topic], named: &[TopicId]) -> anyhow::Result<()> {
    match named.iter().find(|id| !topics.iter().any(|t| t.id == **id)) {
        Some(unknown) => {
            let known: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
            Err(CommandError::unknown_id("topic", unknown.as_str(), &known).into())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    fn task(line: &str) -> Option<LabelTask> {
        let command = Args::augment_args(Command::new("label").no_binary_name(true));
        let matches = command.try_get_matches_from(line.split_whitespace()).ok()?;
        Args::from_arg_matches(&matches).ok()?.task().ok()
    }

    #[test]
    fn each_form_selects_one_action() {
        let topic = |id: &str| TopicId::new(id).unwrap();
        let set = |topics| Some(LabelTask::Set { story: "7".to_owned(), topics });
        assert_eq!(task("7 a b a"), set(vec![topic("a"), topic("b")]));
        assert_eq!(task("7 --none"), set(vec![]));
        assert_eq!(task("7 --clear"), Some(LabelTask::Clear { story: "7".to_owned() }));
        assert_eq!(task("--from x.toml"), Some(LabelTask::From("x.toml".into())));
        assert_eq!(
            task("--split https://a.example/"),
            Some(LabelTask::Split { story: "https://a.example/".to_owned() })
        );
    }

    #[test]
    fn every_other_form_is_a_usage_error() {
        for line in [
            "",
            "7",
            "--none",
            "7 a --none",
            "7 a --clear",
            "7 --none --clear",
            "7 --from x",
            "7 --split 7",
            "--from x --split 7",
            "--from x --none",
            "7 all",
            "7 a/b",
        ] {
            assert_eq!(task(line), None, "{line}");
        }
    }
}
