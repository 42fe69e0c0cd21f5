//! `tributary explain`: why a story is where it is.

use std::fmt::Write as _;

use super::{
    CommandError, Context, Exit, StoryJson,
    terminal::{escape_line, minute},
};
use feed_model::{DatePrecision, DecidedBy, NonMembership, Story};
use topic_rules::Rules;

/// Tell why a story is where it is: its sources, its topics, and the duplicates that it absorbed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The story's id, or a link to it
    #[arg(value_name = "STORY")]
    pub(crate) story: String,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let rules = Rules::compile(&config.topics)?;
    let found = context.open_existing_store()?.read(|reader| {
        let Some(id) = reader.find_story(&args.story)? else {
            return Ok(None);
        };
        let Some(story) = reader.story(id)? else {
            return Ok(None);
        };
        let outside = reader.not_in_topics(&story, &reader.trained(rules)?)?;
        Ok(Some((story, outside)))
    })?;
    let (story, topics_not) = found.ok_or_else(|| CommandError {
        what: format!("no story is known as `{}`", escape_line(&args.story)),
        hint: "a story is named by its number in `tributary stories`, or by its link".to_owned(),
    })?;
    let mut out = context.out();
    if context.json {
        out.json(&StoryJson::of(&story).with_topics_not(&topics_not))?;
    } else {
        out.text(&shown(&story, &topics_not))?;
    }
    out.finish()
}

fn shown(story: &Story, topics_not: &[NonMembership]) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let title = if story.title.is_empty() { "(no title)" } else { &story.title };
    line(format!("story {}: {}", story.id, escape_line(title)));
    if let Some(url) = &story.url {
        line(format!("  link        {}", escape_line(url)));
    }
    line(format!("  id          {}", escape_line(&story.published_id)));
    let published = match (story.published, story.published_precision) {
        (None, _) => "the publisher gives no date".to_owned(),
        (Some(at), Some(DatePrecision::Month)) => {
            format!("{} (a month is all that is known)", at.format("%Y-%m"))
        }
        (Some(at), Some(DatePrecision::Day)) => {
            format!("{} (a day is all that is known)", at.format("%Y-%m-%d"))
        }
        (Some(at), _) => minute(at),
    };
    line(format!("  published   {published}"));
    line(format!("  first here  {}", minute(story.first_published)));
    line(format!("  updated     {}", minute(story.updated)));
    if !story.public {
        line("  private: it is shown on the command line alone".to_owned());
    }

    line("\nsources".to_owned());
    for entry in &story.sources {
        let shows = if entry.source == story.source.id { ", the entry that shows" } else { "" };
        line(format!("  {} ({}){shows}", entry.source, escape_line(&entry.source_title)));
        line(format!(
            "    key    {} (from its {})",
            escape_line(entry.key.as_str()),
            escape_line(&entry.key_from)
        ));
        for (name, value) in [("guid", &entry.guid), ("link", &entry.url), ("title", &entry.title)]
        {
            if let Some(value) = value {
                line(format!("    {name:<6} {}", escape_line(value)));
            }
        }
        line(format!("    seen   {} to {}", minute(entry.first_seen), minute(entry.last_seen)));
    }
    if !story.duplicates.is_empty() {
        line("\nduplicates that it absorbed".to_owned());
        for duplicate in &story.duplicates {
            line(format!("  {} {}", duplicate.source, escape_line(duplicate.key.as_str())));
            line(format!("    because {}", escape_line(&duplicate.because)));
        }
    }

    line("\ntopics".to_owned());
    if story.topics.is_empty() {
        line("  none".to_owned());
    }
    for topic in &story.topics {
        let by = match topic.by {
            DecidedBy::Rule => "",
            DecidedBy::Label => ", by a person's label",
        };
        line(format!("  in {} (score {}{by})", topic.id, score(topic.score)));
        topic.because.iter().for_each(|because| line(format!("    {}", escape_line(because))));
    }
    for topic in topics_not {
        line(format!("  not in {} (score {})", topic.id, score(topic.score)));
        topic.because.iter().for_each(|because| line(format!("    {}", escape_line(because))));
    }
    text
}

/// Two decimals at most.
fn score(score: f64) -> String {
    let mut shown = String::new();
    let _ = write!(shown, "{score:.2}");
    shown.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{super::test_data, *};

    #[test]
    fn every_decision_is_told() {
        insta::assert_snapshot!(shown(&test_data::story(), &test_data::topics_not()));
    }

    #[test]
    fn a_story_without_anything_is_told_too() {
        insta::assert_snapshot!(shown(&test_data::bare_story(), &[]));
    }

    #[test]
    fn json_is_a_story_with_the_topics_that_it_is_not_in() {
        let (story, not) = (test_data::story(), test_data::topics_not());
        let json = serde_json::to_value(StoryJson::of(&story).with_topics_not(&not)).unwrap();
        assert_eq!(json["topics_not"][0]["id"], "streaming");
        assert_eq!(json["id"], "7");
    }
}
