//! `tributary explain`: prints a story with the reasons for its topics and merges.

use super::{
    CommandError, Context, Exit, StoryJson,
    terminal::{escape_line, minute},
};
use feed_model::{DatePrecision, DecidedBy, NonMembership, Story};
use topic_rules::Rules;

/// Explain a story: its sources, why it is or is not in each topic, and its merged duplicates
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Story id or link
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
    let (story, topics_not) = found.ok_or_else(|| CommandError::unknown_story(&args.story))?;
    let mut out = context.out();
    if context.json {
        out.json(&StoryJson::of(&story).with_topics_not(&topics_not))?;
    } else {
        out.text(&render_text(&story, &topics_not))?;
    }
    out.finish()
}

fn render_text(story: &Story, topics_not: &[NonMembership]) -> String {
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
        (None, _) => "unknown (the publisher gives no date)".to_owned(),
        (Some(at), Some(DatePrecision::Month)) => {
            format!("{} (month only)", at.format("%Y-%m"))
        }
        (Some(at), Some(DatePrecision::Day)) => {
            format!("{} (day only)", at.format("%Y-%m-%d"))
        }
        (Some(at), _) => minute(at),
    };
    line(format!("  published   {published}"));
    line(format!("  added       {}", minute(story.first_published)));
    line(format!("  updated     {}", minute(story.updated)));
    if !story.public {
        line("  private: shown on the command line only".to_owned());
    }

    line("\nsources".to_owned());
    for entry in &story.sources {
        let representative =
            if entry.source == story.source.id { ", representative entry" } else { "" };
        line(format!("  {} ({}){representative}", entry.source, escape_line(&entry.source_title)));
        line(format!(
            "    key    {} (from {})",
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
        line("\nmerged duplicates".to_owned());
        for duplicate in &story.duplicates {
            line(format!("  {} {}", duplicate.source, escape_line(duplicate.key.as_str())));
            line(format!("    reason: {}", escape_line(&duplicate.because)));
        }
    }

    line("\ntopics".to_owned());
    if story.topics.is_empty() {
        line("  none".to_owned());
    }
    for topic in &story.topics {
        let by = match topic.by {
            DecidedBy::Rule => "",
            DecidedBy::Label => ", by label",
        };
        line(format!("  in {} (score {}{by})", topic.id, score(topic.score)));
        topic.because.iter().for_each(|reason| line(format!("    {}", escape_line(reason))));
    }
    for topic in topics_not {
        line(format!("  not in {} (score {})", topic.id, score(topic.score)));
        topic.because.iter().for_each(|reason| line(format!("    {}", escape_line(reason))));
    }
    text
}

/// Formats a score with at most two decimals.
fn score(score: f64) -> String {
    format!("{score:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{super::test_data, *};

    #[test]
    fn every_decision_is_shown() {
        insta::assert_snapshot!(render_text(&test_data::story(), &test_data::topics_not()));
    }

    #[test]
    fn a_story_with_no_optional_field_is_shown() {
        insta::assert_snapshot!(render_text(&test_data::bare_story(), &[]));
    }

    #[test]
    fn json_includes_the_topics_that_the_story_is_not_in() {
        let (story, not) = (test_data::story(), test_data::topics_not());
        let json = serde_json::to_value(StoryJson::of(&story).with_topics_not(&not)).unwrap();
        assert_eq!(json["topics_not"][0]["id"], "streaming");
        assert_eq!(json["id"], "7");
    }
}
