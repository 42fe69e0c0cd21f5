//! `tributary forget`: removes stories from everything that is published.

use super::{
    CommandError, Context, Exit, UsageError, runtime::require_story, terminal,
    terminal::escape_line,
};
use crate::store::{Store, StoryQuery};
use feed_model::{SourceId, StoryId};

/// Number of titles that are listed before the question.
const MAX_LISTED: usize = 20;

/// Remove stories permanently from everything that is published
///
/// Use this at a publisher's request, for example. The keys of the entries are remembered, so that
/// the next poll does not bring them back. On a terminal, the titles are shown and a question is
/// asked first.
#[derive(Debug, clap::Args)]
#[command(override_usage = "tributary forget STORY… [--yes]\n       \
                            tributary forget --source SOURCE [--yes]")]
pub struct Args {
    /// Story ids or links
    #[arg(value_name = "STORY", required_unless_present = "source", conflicts_with = "source")]
    pub(crate) stories: Vec<String>,
    /// Remove all stories that only this source has
    #[arg(long, value_name = "SOURCE", value_parser = |id: &str| SourceId::new(id))]
    pub(crate) source: Option<SourceId>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_store_to_write()?;
    let mut stories = Vec::new();
    if let Some(source) = &args.source {
        stories = stories_of(&store, source)?;
    }
    for story in &args.stories {
        let id = require_story(&store, story)?;
        if !stories.iter().any(|(known, _)| *known == id) {
            stories.push((id, title_of(&store, id)?));
        }
    }
    if stories.is_empty() {
        return Err(UsageError("no story to remove".to_owned()).into());
    }
    list(context, &stories);
    if !args.yes && terminal::can_ask() {
        let what = if stories.len() == 1 {
            "Remove this story permanently?".to_owned()
        } else {
            format!("Remove these {} stories permanently?", stories.len())
        };
        if !terminal::confirm(&what) {
            context.print_notice("nothing was removed");
            return Ok(Exit::Failed);
        }
    }
    for (story, _) in &stories {
        store.forget(*story, "removed with `tributary forget`", context.now())?;
    }
    context.print_notice(match &stories[..] {
        [(story, _)] => format!("story {story} removed permanently"),
        _ => format!("{} stories removed permanently", stories.len()),
    });
    Ok(Exit::Done)
}

/// Prints the titles of stories.
pub(super) fn list(context: &Context, stories: &[(StoryId, String)]) {
    for (story, title) in stories.iter().take(MAX_LISTED) {
        let title = if title.is_empty() { "(no title)" } else { title };
        context.print_notice(format!("  {story}  {}", escape_line(title)));
    }
    if stories.len() > MAX_LISTED {
        context.print_notice(format!("  and {} more", stories.len() - MAX_LISTED));
    }
}

pub(super) fn title_of(store: &Store, story: StoryId) -> anyhow::Result<String> {
    Ok(store.read(|reader| reader.story(story))?.map(|story| story.title).unwrap_or_default())
}

/// Returns the stories that no other source has.
fn stories_of(store: &Store, source: &SourceId) -> anyhow::Result<Vec<(StoryId, String)>> {
    let query = StoryQuery { source: Some(source.clone()), ..StoryQuery::default() };
    let stories = store.read(|reader| reader.stories(&query))?;
    if stories.is_empty() {
        let known = store.read(|reader| reader.sources())?;
        let known: Vec<String> = known.iter().map(|state| state.id.to_string()).collect();
        if !known.iter().any(|id| id == source.as_str()) {
            return Err(CommandError::unknown_id("source", source.as_str(), &known).into());
        }
    }
    let own = stories
        .into_iter()
        .filter(|story| story.sources.iter().all(|entry| entry.source == *source))
        .map(|story| (story.id, story.title));
    Ok(own.collect())
}
