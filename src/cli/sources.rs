//! `tributary sources`: lists the sources and how each is followed.

use super::{Context, Exit, SourceJson, table};
use feed_model::SourceState;

/// List the sources and how each is followed
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(context: &Context, _args: &Args) -> anyhow::Result<Exit> {
    let sources = context.open_existing_store()?.read(|reader| reader.sources())?;
    let mut out = context.out();
    if context.json {
        out.json(&sources.iter().map(SourceJson::of).collect::<Vec<_>>())?;
    } else {
        out.text(&render_text(&sources))?;
    }
    out.finish()
}

fn render_text(sources: &[SourceState]) -> String {
    let mut table = table::table(&["ID", "TITLE", "FOLLOW", "URL", "ENTRIES", "STORIES"]);
    for source in sources {
        let cells = [
            source.id.to_string(),
            source.title.clone(),
            source.follow_mode.as_str().to_owned(),
            source.feed_url.clone().unwrap_or_else(|| source.url.clone()),
            source.entries.to_string(),
            source.stories.to_string(),
        ];
        table::row(&mut table, cells);
    }
    table::render_text(&table)
}

#[cfg(test)]
mod tests {
    use super::{super::test_data, *};

    #[test]
    fn a_source_is_a_row() {
        insta::assert_snapshot!(render_text(&[test_data::source(), test_data::failing_source()]));
    }

    #[test]
    fn json_has_every_promised_field() {
        let sources = [test_data::source(), test_data::failing_source()];
        insta::assert_json_snapshot!(sources.iter().map(SourceJson::of).collect::<Vec<_>>());
    }
}
