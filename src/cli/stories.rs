//! `tributary stories`: lists the stored stories, newest first.

use super::{
    CommandError, Context, Exit, StoryJson, table,
    terminal::{day, escape_line},
};
use crate::store::{Reader, StoreError, StoryQuery};
use feed_model::{SourceId, Story, TopicId};

/// List stories, newest first
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only stories in this topic
    #[arg(long, value_name = "TOPIC", value_parser = |id: &str| TopicId::new(id))]
    topic: Option<TopicId>,
    /// Only stories with an entry from this source
    #[arg(long, value_name = "SOURCE", value_parser = |id: &str| SourceId::new(id))]
    source: Option<SourceId>,
    /// Maximum number of stories; 0 for all
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
    /// Only stories with merged duplicates, with the reasons
    #[arg(long)]
    duplicates: bool,
    /// Only stories with a label
    #[arg(long)]
    labelled: bool,
    /// Only stories in no topic
    #[arg(long, conflicts_with = "topic")]
    unsorted: bool,
}

impl Args {
    fn query(&self) -> StoryQuery {
        StoryQuery {
            // `all` contains every story, so it needs no filter.
            topic: self.topic.clone().filter(|topic| !topic.is_all()),
            source: self.source.clone(),
            limit: (self.limit > 0).then_some(self.limit),
            duplicates: self.duplicates,
            labelled: self.labelled,
            unsorted: self.unsorted,
            ..StoryQuery::default()
        }
    }
}

/// The result of the query. The last two variants list the known ids.
enum QueryResult {
    /// The stories, and how many match without the limit.
    Stories(Vec<Story>, u64),
    UnknownTopic(Vec<String>),
    UnknownSource(Vec<String>),
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let query = args.query();
    let result = context.open_existing_store()?.read(|reader| query_stories(reader, &query))?;
    let (stories, total) = match result {
        QueryResult::Stories(stories, total) => (stories, total),
        QueryResult::UnknownTopic(known) => {
            let id = args.topic.as_ref().map_or("", TopicId::as_str);
            return Err(CommandError::unknown_id("topic", id, &known).into());
        }
        QueryResult::UnknownSource(known) => {
            let id = args.source.as_ref().map_or("", SourceId::as_str);
            return Err(CommandError::unknown_id("source", id, &known).into());
        }
    };
    let mut out = context.out();
    if context.json {
        out.json(&stories.iter().map(StoryJson::of).collect::<Vec<_>>())?;
    } else {
        out.text(&render_text(&stories, args.duplicates))?;
    }
    let exit = out.finish()?;
    if !context.json {
        context.print_notice(count(stories.len(), total));
    }
    Ok(exit)
}

fn query_stories(reader: &Reader<'_>, query: &StoryQuery) -> Result<QueryResult, StoreError> {
    if let Some(topic) = &query.topic {
        let known = reader.topics()?;
        if !known.iter().any(|state| state.id == *topic) {
            return Ok(QueryResult::UnknownTopic(
                known.into_iter().map(|state| state.id.to_string()).collect(),
            ));
        }
    }
    let stories = reader.stories(query)?;
    if let (Some(source), true) = (&query.source, stories.is_empty()) {
        // A source that was removed from feeds.toml may still have stories, so its id is unknown
        // only if it has none.
        let known = reader.sources()?;
        if !known.iter().any(|state| state.id == *source) {
            return Ok(QueryResult::UnknownSource(
                known.into_iter().map(|state| state.id.to_string()).collect(),
            ));
        }
    }
    Ok(QueryResult::Stories(stories, reader.count_stories(query)?))
}

/// Returns the line below the table: `50 of 812 stories`.
pub(super) fn count(shown: usize, total: u64) -> String {
    let plural = if total == 1 { "story" } else { "stories" };
    if u64::try_from(shown).is_ok_and(|shown| shown == total) {
        format!("{total} {plural}")
    } else {
        format!("{shown} of {total} {plural}; use --limit 0 to list all")
    }
}

pub(super) fn render_text(stories: &[Story], duplicates: bool) -> String {
    let mut table = table::table(&["ID", "DATE", "SOURCE", "SOURCE TITLE", "TOPICS", "TITLE"]);
    for story in stories {
        let mut title = if story.title.is_empty() {
            story.url.clone().unwrap_or_default()
        } else {
            story.title.clone()
        };
        if duplicates {
            for duplicate in &story.duplicates {
                title = format!("{title} = {}: {}", duplicate.source, duplicate.because);
            }
        }
        let mut topics: Vec<&str> = story.topics.iter().map(|topic| topic.id.as_str()).collect();
        if story.labelled {
            topics.push("(label)");
        }
        let date = day(story.published.unwrap_or(story.first_published));
        let (id, source, topics) =
            (story.id.to_string(), story.source.id.to_string(), topics.join(" "));
        let source_title = story.source.title.clone();
        table::row(&mut table, [id, date, source, source_title, topics, escape_line(&title)]);
    }
    if stories.is_empty() { String::new() } else { table::render_text(&table) }
}

#[cfg(test)]
mod tests {
    use super::{super::test_data, *};

    #[test]
    fn a_story_is_a_row() {
        insta::assert_snapshot!(render_text(&[test_data::story(), test_data::bare_story()], false));
    }

    #[test]
    fn duplicates_are_shown_with_their_reason() {
        insta::assert_snapshot!(render_text(&[test_data::story()], true));
    }

    #[test]
    fn json_has_every_promised_field() {
        let stories = [test_data::story(), test_data::bare_story()];
        insta::assert_json_snapshot!(stories.iter().map(StoryJson::of).collect::<Vec<_>>());
    }

    #[test]
    fn no_stories_print_no_table() {
        assert_eq!(render_text(&[], false), "");
        assert_eq!(count(0, 0), "0 stories");
        assert_eq!(count(50, 812), "50 of 812 stories; use --limit 0 to list all");
    }
}
