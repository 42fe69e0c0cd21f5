//! `tributary label`: sets a story's topics by hand, or splits a wrongly merged story.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;

use super::{
    CommandError, Context, Exit, UsageError, forget,
    runtime::require_story,
    terminal::{self, escape_line},
};
use crate::{
    app,
    config::Config,
    store::{Store, TopicChange},
};
use feed_model::{StoryId, Topic, TopicId};
use topic_rules::{
    Rules,
    evaluate::{LabelledRow, parse_labels},
};

/// Set the topics of stories by hand
///
/// A label overrides the rules until it is removed with --clear, also after the rules change.
#[derive(Debug, clap::Args)]
#[command(override_usage = "tributary label STORY TOPIC…\n       \
                            tributary label --topic TOPIC STORY…\n       \
                            tributary label --none STORY…\n       \
                            tributary label --clear STORY…\n       \
                            tributary label --from LABELS\n       \
                            tributary label --export\n       \
                            tributary label --split STORY")]
#[allow(clippy::struct_excessive_bools)] // each is an independent option
pub struct Args {
    /// Story id or link, and the topics to put the story in; it leaves all others. With --topic,
    /// --none or --clear: stories
    #[arg(
        value_name = "STORY TOPIC",
        required_unless_present_any = ["from", "split", "export"],
        conflicts_with_all = ["from", "split", "export"]
    )]
    names: Vec<String>,
    /// Put the stories in this topic; may be repeated
    #[arg(
        long,
        value_name = "TOPIC",
        value_parser = |id: &str| TopicId::new(id),
        conflicts_with_all = ["none", "clear", "from", "split", "export"]
    )]
    topic: Vec<TopicId>,
    /// Put the stories in no topic
    #[arg(long, conflicts_with_all = ["clear", "from", "split", "export"])]
    none: bool,
    /// Remove the labels, so that the rules apply again
    #[arg(long, conflicts_with_all = ["from", "split", "export"])]
    clear: bool,
    /// Label in bulk from a file in the format of `evaluate`, matched by URL or title
    #[arg(long, value_name = "LABELS", conflicts_with_all = ["split", "export"])]
    from: Option<PathBuf>,
    /// Print the stored labels in the format of `evaluate`: TOML, or JSON with --json
    #[arg(long, conflicts_with = "split")]
    export: bool,
    /// Split a wrongly merged story permanently
    #[arg(long, value_name = "STORY")]
    split: Option<String>,
    /// Do not ask before several stories are labelled
    #[arg(long)]
    yes: bool,
}

/// The action that the arguments select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelTask {
    /// Put the stories in exactly these topics; with an empty list, in none.
    Set {
        /// Story ids or links.
        stories: Vec<String>,
        /// The topics, without repetitions.
        topics: Vec<TopicId>,
    },
    /// Remove the labels.
    Clear {
        /// Story ids or links.
        stories: Vec<String>,
    },
    /// Label in bulk from a file.
    From(PathBuf),
    /// Print the labels.
    Export,
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
        if self.export {
            return Ok(LabelTask::Export);
        }
        if let Some(story) = self.split.clone() {
            return Ok(LabelTask::Split { story });
        }
        let stories = self.names.clone();
        if self.clear {
            return Ok(LabelTask::Clear { stories });
        }
        if self.none {
            return Ok(LabelTask::Set { stories, topics: Vec::new() });
        }
        let (stories, named) = if self.topic.is_empty() {
            let (story, topics) =
                stories.split_first().ok_or_else(|| UsageError("no story given".to_owned()))?;
            let topics = topics
                .iter()
                .map(|id| {
                    TopicId::new(id.as_str()).map_err(|error| {
                        UsageError(format!("`{}` is no topic: {error}", escape_line(id)))
                    })
                })
                .collect::<Result<Vec<_>, _>>()?;
            (vec![story.clone()], topics)
        } else {
            (stories, self.topic.clone())
        };
        if named.is_empty() {
            return Err(UsageError(
                "no topic given; name at least one, or use --none or --clear".to_owned(),
            ));
        }
        if named.iter().any(TopicId::is_all) {
            return Err(UsageError("`all` contains every story and cannot be a label".to_owned()));
        }
        let mut topics = Vec::new();
        for topic in named {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        Ok(LabelTask::Set { stories, topics })
    }
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let task = args.task()?;
    let config = context.config()?;
    let labelling = || Labelling::open(context, &config);
    match task {
        LabelTask::Set { stories, topics } => {
            let labelling = labelling()?;
            labelling.require_topics(&topics)?;
            labelling.set(&stories, Some(&topics), args.yes)
        }
        LabelTask::Clear { stories } => labelling()?.set(&stories, None, args.yes),
        LabelTask::Split { story } => labelling()?.split(&story),
        LabelTask::From(file) => labelling()?.set_from_file(&file),
        LabelTask::Export => export(context),
    }
}

/// Prints the stored labels.
fn export(context: &Context) -> anyhow::Result<Exit> {
    let rows = context.open_existing_store()?.read(|reader| reader.labelled_rows())?;
    let mut out = context.out();
    if context.json {
        out.json(&rows)?;
    } else if rows.is_empty() {
        context.print_notice("no story is labelled");
    } else {
        let tables: Vec<String> = rows.iter().map(label_table).collect();
        out.text(&tables.join("\n"))?;
    }
    out.finish()
}

/// Returns a row as a `[[label]]` table.
fn label_table(row: &LabelledRow) -> String {
    let text = |text: &str| toml_edit::Value::from(text).to_string();
    let list = |list: &[String]| {
        format!("[{}]", list.iter().map(|item| text(item)).collect::<Vec<_>>().join(", "))
    };
    let mut table = format!("[[label]]\ntitle = {}\n", text(&row.title));
    for (key, value) in [("url", &row.url), ("summary", &row.summary), ("source", &row.source)] {
        if let Some(value) = value {
            table.push_str(&format!("{key} = {}\n", text(value)));
        }
    }
    if !row.categories.is_empty() {
        table.push_str(&format!("categories = {}\n", list(&row.categories)));
    }
    table.push_str(&format!("topics = {}\n", list(&row.topics)));
    table
}

/// What labels are stored with.
struct Labelling<'c> {
    context: &'c Context,
    config: &'c Config,
    store: Store,
    rules: Arc<Rules>,
}

impl<'c> Labelling<'c> {
    fn open(context: &'c Context, config: &'c Config) -> anyhow::Result<Self> {
        let store = context.open_store_to_write()?;
        let rules = Rules::compile(&config.topics)?;
        let rules = Arc::new(store.read(|reader| reader.trained(rules))?);
        Ok(Self { context, config, store, rules })
    }

    /// Refuses topics that feeds.toml or the database does not have.
    fn require_topics(&self, named: &[TopicId]) -> anyhow::Result<()> {
        check_topics_exist(&self.config.topics, named)?;
        require_stored_topics(&self.store, named)
    }

    fn split(self, story: &str) -> anyhow::Result<Exit> {
        let Self { context, config, store, rules } = self;
        let id = require_story(&store, story)?;
        let new = store.split(id, rules, app::window(config), context.now())?;
        let list = new.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        context.print_notice(format!("story {id} split; new stories: {list}"));
        Ok(Exit::Done)
    }

    /// Labels stories, or removes their labels, and says what changed.
    fn set(
        &self,
        stories: &[String],
        topics: Option<&[TopicId]>,
        yes: bool,
    ) -> anyhow::Result<Exit> {
        let Self { context, store, .. } = self;
        let mut named = Vec::new();
        for story in stories {
            let id = require_story(store, story)?;
            if !named.iter().any(|(known, _)| *known == id) {
                named.push((id, forget::title_of(store, id)?));
            }
        }
        let what = match topics {
            None => "label removed".to_owned(),
            Some([]) => "labelled with no topic".to_owned(),
            Some(topics) => {
                let topics: Vec<&str> = topics.iter().map(TopicId::as_str).collect();
                format!("labelled with {}", topics.join(", "))
            }
        };
        if named.len() > 1 {
            forget::list(context, &named);
            let question = format!("{} stories will be {what}. Continue?", named.len());
            if !yes && terminal::can_ask() && !terminal::confirm(&question) {
                context.print_notice("nothing was labelled");
                return Ok(Exit::Failed);
            }
        }
        for (id, title) in &named {
            self.set_one(*id, topics.map(<[TopicId]>::to_vec))?;
            let place = self.place(*id, topics.unwrap_or_default())?;
            context.print_notice(format!("story {id} {what}: {}{place}", escape_line(title)));
        }
        self.report_changes()?;
        Ok(Exit::Done)
    }

    fn set_one(&self, story: StoryId, topics: Option<Vec<TopicId>>) -> anyhow::Result<()> {
        let window = app::window(self.config);
        self.store.label(story, topics, self.rules.clone(), window, self.context.now())?;
        Ok(())
    }

    /// Returns where a labelled story stands if it is not in the feeds of its topics.
    fn place(&self, story: StoryId, topics: &[TopicId]) -> anyhow::Result<String> {
        let mut page_only = Vec::new();
        for topic in topics {
            if !self.store.read(|reader| reader.is_in_feed(topic, story))? {
                page_only.push(topic.as_str());
            }
        }
        Ok(if page_only.is_empty() {
            String::new()
        } else {
            format!(
                " (older than the feed of {}: on its page and in its archives only)",
                page_only.join(", ")
            )
        })
    }

    /// Prints how many stories the labels move, now that the topics learn from them.
    fn report_changes(&self) -> anyhow::Result<()> {
        if !self.rules.has_learning_topics() {
            return Ok(());
        }
        let (topics, now) = (&self.config.topics, self.context.now());
        let rules = Rules::compile(topics)?;
        let changes =
            self.store.read(|reader| reader.topic_changes(topics, &reader.trained(rules)?, now))?;
        if changes.iter().all(TopicChange::is_empty) {
            self.context.print_notice("no other story enters or leaves a topic");
        }
        for change in changes.iter().filter(|change| !change.is_empty()) {
            self.context.print_notice(format!(
                "{}: {} by what the labels teach; `tributary check --dry-run` lists them",
                change.id,
                moves(change.enter.len(), change.leave.len())
            ));
        }
        Ok(())
    }

    /// Labels every stored story that a row of the file matches, by URL or else by title.
    fn set_from_file(&self, file: &Path) -> anyhow::Result<Exit> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
        let labels = parse_labels(&text, &name)?;
        let topics_of = |label: &LabelledRow| {
            label.topics.iter().map(TopicId::new).collect::<Result<Vec<_>, _>>()
        };
        let topics = labels.iter().map(topics_of).collect::<Result<Vec<_>, _>>()?;
        self.require_topics(&topics.concat())?;
        let (mut done, mut unknown) = (0, Vec::new());
        for (label, topic_ids) in labels.iter().zip(topics) {
            match self.store.read(|reader| reader.find_labelled_row(label))? {
                Some(id) => {
                    self.set_one(id, Some(topic_ids))?;
                    done += 1;
                }
                None => unknown.push(label.title.as_str()),
            }
        }
        for title in &unknown {
            self.context.print_notice(format!("no stored story matches: {}", escape_line(title)));
        }
        self.context.print_notice(format!(
            "{done} stories labelled, {} rows match no stored story",
            unknown.len()
        ));
        self.report_changes()?;
        Ok(if done == 0 && !labels.is_empty() { Exit::Failed } else { Exit::Done })
    }
}

/// Returns `3 stories enter, 1 leaves`.
fn moves(enter: usize, leave: usize) -> String {
    let entering = match enter {
        1 => "1 story enters".to_owned(),
        enter => format!("{enter} stories enter"),
    };
    format!("{entering}, {leave} {}", if leave == 1 { "leaves" } else { "leave" })
}

/// Refuses topics that feeds.toml has and the database does not have yet.
pub(super) fn require_stored_topics(store: &Store, named: &[TopicId]) -> anyhow::Result<()> {
    let stored = store.read(|reader| reader.topics())?;
    match named.iter().find(|id| !stored.iter().any(|topic| topic.id == **id)) {
        Some(new) => Err(CommandError {
            what: format!("topic `{new}` is new in feeds.toml and has no stories yet"),
            hint: "run `tributary poll` first, or reload the daemon".to_owned(),
        }
        .into()),
        None => Ok(()),
    }
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
        let names = |stories: &[&str]| stories.iter().map(|s| (*s).to_owned()).collect();
        let set =
            |stories: &[&str], topics| Some(LabelTask::Set { stories: names(stories), topics });
        assert_eq!(task("7 a b a"), set(&["7"], vec![topic("a"), topic("b")]));
        assert_eq!(task("7 --none"), set(&["7"], vec![]));
        assert_eq!(task("--none 7 8"), set(&["7", "8"], vec![]));
        assert_eq!(task("--topic a 7 8"), set(&["7", "8"], vec![topic("a")]));
        assert_eq!(task("7 --clear"), Some(LabelTask::Clear { stories: names(&["7"]) }));
        assert_eq!(task("--clear 7 8"), Some(LabelTask::Clear { stories: names(&["7", "8"]) }));
        assert_eq!(task("--from x.toml"), Some(LabelTask::From("x.toml".into())));
        assert_eq!(task("--export"), Some(LabelTask::Export));
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
            "--clear",
            "--topic a",
            "--topic a --none 7",
            "7 --none --clear",
            "7 --from x",
            "7 --split 7",
            "7 --export",
            "--from x --split 7",
            "--from x --none",
            "--export --from x",
            "7 all",
            "--topic all 7",
            "7 a/b",
        ] {
            assert_eq!(task(line), None, "{line}");
        }
    }

    #[test]
    fn moves_are_counted() {
        assert_eq!(moves(3, 1), "3 stories enter, 1 leaves");
        assert_eq!(moves(1, 0), "1 story enters, 0 leave");
    }
}
