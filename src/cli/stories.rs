//! `tributary stories`: what is stored, newest first.

use super::{
    CommandError, Context, Exit, StoryJson, table,
    terminal::{day, escape_line},
};
use crate::store::{Reader, StoreError, StoryQuery};
use feed_model::{SourceId, Story, TopicId};

/// List the stories, newest first
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those in this topic
    #[arg(long, value_name = "TOPIC", value_parser = |id: &str| TopicId::new(id))]
    topic: Option<TopicId>,
    /// Only those with an entry of this source
    #[arg(long, value_name = "SOURCE", value_parser = |id: &str| SourceId::new(id))]
    source: Option<SourceId>,
    /// At most so many; 0: all
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
    /// Only those that absorbed duplicates, with the reasons
    #[arg(long)]
    duplicates: bool,
    /// Only those that a person labelled
    #[arg(long)]
    labelled: bool,
    /// Only those in no topic
    #[arg(long, conflicts_with = "topic")]
    unsorted: bool,
}

impl Args {
    fn query(&self) -> StoryQuery {
        StoryQuery {
            // Every story is in `all`: the store need not look.
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

/// What the store answers: the stories, or the ids that there are instead of the one that was asked
/// for.
enum QueryResult {
    Stories(Vec<Story>, u64),
    NoTopic(Vec<String>),
    NoSource(Vec<String>),
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let query = args.query();
    let answer = context.open_existing_store()?.read(|reader| query_stories(reader, &query))?;
    let (stories, total) = match answer {
        QueryResult::Stories(stories, total) => (stories, total),
        QueryResult::NoTopic(known) => {
            return Err(unknown("topic", args.topic.as_ref().map(TopicId::as_str), &known).into());
        }
        QueryResult::NoSource(known) => {
            return Err(
                unknown("source", args.source.as_ref().map(SourceId::as_str), &known).into()
            );
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
            return Ok(QueryResult::NoTopic(
                known.into_iter().map(|state| state.id.to_string()).collect(),
            ));
        }
    }
    let stories = reader.stories(query)?;
    if let (Some(source), true) = (&query.source, stories.is_empty()) {
        // A source that feeds.toml no longer has may still have stories: only then is its name
        // unknown.
        let known = reader.sources()?;
        if !known.iter().any(|state| state.id == *source) {
            return Ok(QueryResult::NoSource(
                known.into_iter().map(|state| state.id.to_string()).collect(),
            ));
        }
    }
    Ok(QueryResult::Stories(stories, reader.count_stories(query)?))
}

fn unknown(what: &str, asked: Option<&str>, known: &[String]) -> CommandError {
    let hint = if known.is_empty() {
        format!("there is no {what} yet")
    } else {
        format!("there are: {}", known.join(", "))
    };
    CommandError { what: format!("there is no {what} `{}`", asked.unwrap_or_default()), hint }
}

/// `50 of 812 stories`.
fn count(shown: usize, total: u64) -> String {
    let plural = if total == 1 { "story" } else { "stories" };
    if u64::try_from(shown).is_ok_and(|shown| shown == total) {
        format!("{total} {plural}")
    } else {
        format!("{shown} of {total} {plural}; --limit 0 lists all")
    }
}

fn render_text(stories: &[Story], duplicates: bool) -> String {
    let mut table = table::table(&["ID", "DATE", "SOURCE", "TOPICS", "TITLE"]);
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
        table::row(&mut table, [id, date, source, topics, escape_line(&title)]);
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
    fn duplicates_are_told_with_their_reason() {
        insta::assert_snapshot!(render_text(&[test_data::story()], true));
    }

    #[test]
    fn json_has_every_promised_field() {
        let stories = [test_data::story(), test_data::bare_story()];
        insta::assert_json_snapshot!(stories.iter().map(StoryJson::of).collect::<Vec<_>>());
    }

    #[test]
    fn no_story_is_no_table() {
        assert_eq!(render_text(&[], false), "");
        assert_eq!(count(0, 0), "0 stories");
        assert_eq!(count(50, 812), "50 of 812 stories; --limit 0 lists all");
    }
}
