//! `tributary topics`: lists the topics with their feeds, and suggests terms for them.

use clap::Subcommand;
use serde::Serialize;
use url::Url;

use super::{
    CommandError, Context, Exit, TopicJson,
    json::feed_url,
    table,
    terminal::{day, escape_line},
};
use crate::{
    config::{Config, NewTopic, suggest_topic_id, topic_block},
    store::StoryQuery,
};
use feed_model::{TopicId, TopicState};
use topic_rules::{
    LearnerProgress, Rules,
    suggest::{SuggestedSubject, SuggestionBasis, TermSuggestions},
};

/// Number of titles above a suggested topic.
const MAX_TITLES: usize = 5;

/// List the topics and the URLs of their feeds
#[derive(Debug, clap::Args)]
#[command(subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
}

/// The subcommands of `topics`.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Suggest terms for each topic, and subjects that recur among unsorted stories
    Suggest {
        /// Suggest terms for this topic only
        #[arg(value_name = "TOPIC", value_parser = |id: &str| TopicId::new(id))]
        topic: Option<TopicId>,
    },
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    if let Some(Action::Suggest { topic }) = &args.action {
        return suggest(context, topic.as_ref());
    }
    let config = context.config()?;
    let rules = Rules::compile(&config.topics)?;
    let (topics, rules, unsorted) = context.open_existing_store()?.read(|reader| {
        let unsorted =
            reader.count_stories(&StoryQuery { unsorted: true, ..StoryQuery::default() })?;
        Ok((reader.topics()?, reader.trained(rules)?, unsorted))
    })?;
    let progress = rules.progress();
    let base = base_url(&config);
    let mut out = context.out();
    if context.json {
        let of = |topic: &TopicState| progress.iter().find(|progress| progress.topic == topic.id);
        out.json(
            &topics.iter().map(|topic| TopicJson::of(topic, &base, of(topic))).collect::<Vec<_>>(),
        )?;
    } else {
        out.text(&render_text(&topics, progress, &base))?;
    }
    let done = out.finish()?;
    for topic in &topics {
        let fits = topic.stories.min(u64::try_from(config.publishing.max_entries)?);
        // A feed that is limited by its size has fewer stories too, and needs no refill.
        if topic.in_feed * 2 < fits {
            context.print_notice(format!(
                "{}: {} of {} stories are in the feed, the others on its page and in its archives \
                 only; `tributary topic refill {}` puts the newest into the feed",
                topic.id, topic.in_feed, topic.stories, topic.id
            ));
        }
    }
    if unsorted > 0 {
        let stories = if unsorted == 1 { "story" } else { "stories" };
        context.print_notice(format!(
            "{unsorted} unsorted {stories}: list them with `tributary stories --unsorted`, \
             find subjects with `tributary topics suggest`"
        ));
    }
    Ok(done)
}

/// The output of `suggest --json`.
#[derive(Debug, Serialize)]
struct Suggestions<'s> {
    topics: &'s [TermSuggestions],
    subjects: &'s [SuggestedSubject],
}

/// Prints terms that would describe a topic, and subjects that no topic covers.
fn suggest(context: &Context, topic: Option<&TopicId>) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let known: Vec<TopicId> = config.topics.iter().map(|topic| topic.id.clone()).collect();
    if let Some(unknown) = topic.filter(|topic| !known.contains(topic)) {
        let known: Vec<&str> = known.iter().map(TopicId::as_str).collect();
        return Err(CommandError::unknown_id("topic", unknown.as_str(), &known).into());
    }
    let selected = topic.map_or(known, |topic| vec![topic.clone()]);
    let rules = Rules::compile(&config.topics)?;
    let (suggestions, mut subjects) =
        context.open_existing_store()?.read(|reader| reader.suggestions(&selected, &rules))?;
    if topic.is_some() {
        subjects.clear();
    }
    let mut out = context.out();
    if context.json {
        out.json(&Suggestions { topics: &suggestions, subjects: &subjects })?;
    } else {
        out.text(&render_suggestions(&suggestions, &subjects, topic.is_none()))?;
    }
    out.finish()
}

fn render_suggestions(
    suggestions: &[TermSuggestions],
    subjects: &[SuggestedSubject],
    with_subjects: bool,
) -> String {
    let mut text = String::new();
    for suggestion in suggestions {
        let kind = if suggestion.from == SuggestionBasis::Labels { "labelled" } else { "matching" };
        text.push_str(&format!("{}: from {} {kind} stories\n", suggestion.id, suggestion.stories));
        if suggestion.terms.is_empty() {
            text.push_str("  no new terms found\n\n");
            continue;
        }
        let mut table = table::table(&["  TERM", "INSIDE", "OUTSIDE", "G2"]);
        for term in &suggestion.terms {
            let cells = [
                format!("  {}", term.term),
                term.inside.to_string(),
                term.outside.to_string(),
                format!("{:.1}", term.g2),
            ];
            table::row(&mut table, cells);
        }
        text.push_str(&table::render_text(&table));
        text.push('\n');
    }
    if with_subjects {
        text.push_str("subjects among unsorted stories\n");
        if subjects.is_empty() {
            text.push_str("  none found\n");
        }
        for subject in subjects {
            text.push('\n');
            text.push_str(&subject_block(subject));
        }
    }
    text
}

/// Returns a block for feeds.toml, with the titles of some stories above it.
fn subject_block(subject: &SuggestedSubject) -> String {
    let mut text = format!("# {} stories:\n", subject.titles.len());
    for title in subject.titles.iter().take(MAX_TITLES) {
        text.push_str(&format!("#   {}\n", escape_line(title)));
    }
    let title = subject.terms.first().map_or("", String::as_str);
    let mut letters = title.chars();
    let title: String =
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    text.push_str(&topic_block(&NewTopic {
        id: suggest_topic_id(&title),
        title,
        any: subject.terms.clone(),
        ..NewTopic::default()
    }));
    text
}

/// Returns the base URL of the feeds: `base_url`, else one made from the listen address.
fn base_url(config: &Config) -> Url {
    config.site.base_url.clone().unwrap_or_else(|| {
        let scheme = if config.server.tls.is_some() { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{}/", config.server.listen))
            .expect("an address and a port form a valid URL authority")
    })
}

fn render_text(topics: &[TopicState], progress: &[LearnerProgress], base: &Url) -> String {
    let mut table =
        table::table(&["ID", "TITLE", "STORIES", "IN FEED", "SUBSCRIBERS", "LATEST", "FEED"]);
    for topic in topics {
        let latest = topic.latest.map_or_else(|| "-".to_owned(), day);
        let feed = feed_url(base, topic.id.as_str(), "atom");
        table::row(
            &mut table,
            [
                topic.id.to_string(),
                topic.title.clone(),
                topic.stories.to_string(),
                topic.in_feed.to_string(),
                topic.subscribers.to_string(),
                latest,
                feed,
            ],
        );
    }
    let mut text = table::render_text(&table);
    if !progress.is_empty() {
        text.push_str("\nlearning from labels\n");
    }
    for progress in progress {
        let state = if progress.is_active() { "active" } else { "not active" };
        text.push_str(&format!("  {} ({state}): {}\n", progress.topic, progress.reason));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::test_data, *};
    use crate::config;

    #[test]
    fn a_topic_is_a_row_with_its_feed() {
        let base = Url::parse("https://topics.example.org/").unwrap();
        insta::assert_snapshot!(render_text(
            &[test_data::topic(), test_data::empty_topic()],
            &[],
            &base
        ));
        insta::assert_json_snapshot!(TopicJson::of(&test_data::empty_topic(), &base, None));
    }

    #[test]
    fn feed_urls_start_with_the_base_url_or_the_listen_address() {
        let base =
            |text: &str| base_url(&config::check(text, "feeds.toml").config.unwrap()).to_string();
        assert_eq!(base("site.base_url = \"https://a.example/x\""), "https://a.example/x");
        assert_eq!(base("server.listen = \"[::1]:8080\""), "http://[::1]:8080/");
    }
}
