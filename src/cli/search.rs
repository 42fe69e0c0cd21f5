//! `tributary search`: finds stories by words, as the search of the pages does.

use super::{CommandError, Context, Exit, StoryJson, UsageError, stories};
use crate::store::{Reader, SearchQuery, SearchResults, StoreError};

/// Find stories by words, best matches first
///
/// The query language is that of the search page: words, "quoted phrases", prefixes* and -excluded
/// words; topic:ID and source:ID filter. Quote a query with -excluded words or "phrases":
/// tributary search 'kafka -connect "exactly once"'
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Words of the query; every word must match
    #[arg(value_name = "WORDS", required = true)]
    words: Vec<String>,
    /// Maximum number of stories; 0 for all
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
}

/// The result of the query, or the first id in it that is unknown with the known ones.
enum QueryResult {
    Stories(SearchResults),
    UnknownTopic(String, Vec<String>),
    UnknownSource(String, Vec<String>),
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let text = args.words.join(" ");
    let query = SearchQuery::parse(&text);
    if query.is_empty() {
        return Err(UsageError(format!("no word to search for in “{text}”")).into());
    }
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let store = context.open_existing_store()?;
    let found = match store.read(|reader| search(reader, &query, limit))? {
        QueryResult::Stories(found) => found,
        QueryResult::UnknownTopic(id, known) => {
            return Err(CommandError::unknown_id("topic", &id, &known).into());
        }
        QueryResult::UnknownSource(id, known) => {
            return Err(CommandError::unknown_id("source", &id, &known).into());
        }
    };
    let mut out = context.out();
    if context.json {
        out.json(&found.stories.iter().map(StoryJson::of).collect::<Vec<_>>())?;
    } else {
        out.text(&stories::render_text(&found.stories, false))?;
    }
    let exit = out.finish()?;
    if !context.json {
        context.print_notice(count(&found));
    }
    Ok(exit)
}

fn search(
    reader: &Reader<'_>,
    query: &SearchQuery,
    limit: usize,
) -> Result<QueryResult, StoreError> {
    let found = reader.search(query, limit, false)?;
    if !found.stories.is_empty() {
        return Ok(QueryResult::Stories(found));
    }
    let topics: Vec<String> =
        reader.topics()?.into_iter().map(|topic| topic.id.to_string()).collect();
    let sources: Vec<String> =
        reader.sources()?.into_iter().map(|source| source.id.to_string()).collect();
    let unknown = |id: &&String, known: &[String]| {
        *id != "all" && !known.iter().any(|known| known.eq_ignore_ascii_case(id))
    };
    if let Some(id) = query.topics.iter().find(|id| unknown(id, &topics)) {
        return Ok(QueryResult::UnknownTopic(id.clone(), topics));
    }
    if let Some(id) = query.sources.iter().find(|id| unknown(id, &sources)) {
        return Ok(QueryResult::UnknownSource(id.clone(), sources));
    }
    Ok(QueryResult::Stories(found))
}

/// Returns the line below the table: `50 of 812 stories`.
fn count(found: &SearchResults) -> String {
    let shown = found.stories.len();
    match found.count {
        0 => "no stories found; try different or fewer words".to_owned(),
        count if found.has_more => format!("{shown} of more than {count} stories"),
        count => stories::count(shown, count),
    }
}
