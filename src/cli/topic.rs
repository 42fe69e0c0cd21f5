//! `tributary topic`: proposes a new topic from the stored stories, and refills a feed.

use clap::Subcommand;
use serde::Serialize;

use super::{
    CommandError, Context, Exit, UsageError,
    import::write_config,
    label::require_stored_topics,
    terminal::{self, escape_line},
    vocabulary,
};
use crate::{
    app,
    config::{NewTopic, Vocabulary, append_topics, suggest_topic_id, topic_block},
};
use feed_model::{Topic, TopicId};
use topic_rules::suggest::{ProposedStory, TopicProposal};

/// Number of stories that are shown of those in the topic.
const MAX_SHOWN: usize = 20;

/// Number of near misses that are shown.
const MAX_NEAR_MISSES: usize = 10;

/// Why a topic is not written.
const NO_RULES: &str = "without a word or a vocabulary, the topic would contain every story";

/// What to answer if the words are not right.
const WORDS_HINT: &str = "write other words with `words = kafka, log compaction`";

/// Create a topic from the stored stories, or refill the feed of one
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Propose words for a new topic, show the stories that would be in it, and append it to
    /// feeds.toml
    New {
        /// Title of the topic
        #[arg(value_name = "TITLE")]
        title: String,
        /// Take a vocabulary, see `tributary vocabulary`
        #[arg(long, value_name = "NAME")]
        vocabulary: Option<String>,
        /// Do not ask; take what is proposed
        #[arg(long)]
        yes: bool,
    },
    /// Put the newest stories of a topic into its feed, also those that changed rules kept out
    Refill {
        /// Topic id
        #[arg(value_name = "TOPIC", value_parser = |id: &str| TopicId::new(id))]
        topic: TopicId,
    },
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    match &args.action {
        Action::New { title, vocabulary, yes } => new(context, title, vocabulary.as_deref(), *yes),
        Action::Refill { topic } => refill(context, topic),
    }
}

fn refill(context: &Context, topic: &TopicId) -> anyhow::Result<Exit> {
    let config = context.config()?;
    if !config.topics.iter().any(|known| known.id == *topic) {
        let known: Vec<&str> = config.topics.iter().map(|topic| topic.id.as_str()).collect();
        return Err(CommandError::unknown_id("topic", topic.as_str(), &known).into());
    }
    let store = context.open_store_to_write()?;
    require_stored_topics(&store, std::slice::from_ref(topic))?;
    store.refill_topic(topic, app::window(&config), context.now())?;
    let topics = store.read(|reader| reader.topics())?;
    let state = topics.iter().find(|state| state.id == *topic);
    let in_feed = state.map_or(0, |state| state.in_feed);
    context.print_notice(format!("{topic}: {in_feed} stories are in the feed"));
    Ok(Exit::Done)
}

/// The output of `new --json`.
#[derive(Debug, Serialize)]
struct NewTopicJson<'t> {
    id: &'t str,
    title: &'t str,
    vocabulary: &'t [String],
    any: &'t [String],
    stories: usize,
}

fn new(
    context: &Context,
    title: &str,
    vocabulary: Option<&str>,
    yes: bool,
) -> anyhow::Result<Exit> {
    let title = title.trim();
    if title.is_empty() {
        return Err(UsageError("the title is empty".to_owned()).into());
    }
    let config = context.config()?;
    let id = suggest_topic_id(title);
    if config.topics.iter().any(|topic| topic.id.as_str() == id) {
        return Err(CommandError {
            what: format!("feeds.toml already has a topic `{id}`"),
            hint: "choose another title, or edit the topic".to_owned(),
        }
        .into());
    }
    let vocabulary = find_vocabulary(context, title, &id, vocabulary)?;
    if vocabulary.is_none() {
        hint_at_vocabularies(context, title);
    }
    let mut topic = NewTopic {
        id,
        title: title.to_owned(),
        vocabulary: vocabulary.iter().map(|vocabulary| vocabulary.name.clone()).collect(),
        ..NewTopic::default()
    };
    let mut base = Topic::new(TopicId::new(topic.id.as_str())?);
    if let Some(vocabulary) = &vocabulary {
        base.terms.clone_from(&vocabulary.terms);
        base.except.clone_from(&vocabulary.except);
    }
    // Without a state, the title and the vocabulary are all that is known.
    let store = if context.has_state() { Some(context.open_existing_store()?) } else { None };
    let propose = |words: Option<Vec<String>>| -> anyhow::Result<TopicProposal> {
        Ok(match &store {
            Some(store) => store.read(|reader| reader.propose_topic(title, &base, words))?,
            None => TopicProposal::of_title(title, words),
        })
    };
    let mut proposal = propose(None)?;
    if !yes && terminal::can_ask() {
        let Some(chosen) = ask(context, &topic, proposal, &propose)? else {
            context.print_notice("nothing was written");
            return Ok(Exit::Failed);
        };
        proposal = chosen;
    } else if !has_rules(&topic, &proposal) {
        return Err(CommandError {
            what: NO_RULES.to_owned(),
            hint: "choose a title with words, or take a vocabulary with --vocabulary".to_owned(),
        }
        .into());
    } else if !context.json {
        show(context, &topic, &proposal);
    }
    topic.any = proposal.words;
    let text = context.config_text()?;
    write_config(context, &append_topics(&text, std::slice::from_ref(&topic))?)?;
    let mut out = context.out();
    if context.json {
        out.json(&NewTopicJson {
            id: &topic.id,
            title: &topic.title,
            vocabulary: &topic.vocabulary,
            any: &topic.any,
            stories: proposal.inside.len(),
        })?;
    } else {
        out.text(&topic_block(&topic))?;
    }
    let done = out.finish()?;
    context.print_notice(format!(
        "added `{}` to {}\nnext: `tributary poll`, or reload the daemon, to classify the stories",
        topic.id,
        context.config_name()
    ));
    Ok(done)
}

/// Returns whether the topic has rules. Without any, it would contain every story.
fn has_rules(topic: &NewTopic, proposal: &TopicProposal) -> bool {
    !proposal.words.is_empty() || !topic.vocabulary.is_empty()
}

/// Returns the named vocabulary, or the compiled-in one of the same name or title as the topic.
fn find_vocabulary(
    context: &Context,
    title: &str,
    id: &str,
    named: Option<&str>,
) -> anyhow::Result<Option<Vocabulary>> {
    if let Some(named) = named {
        return Ok(Some(vocabulary::find(named, &context.config_dir())?));
    }
    let same = |vocabulary: &Vocabulary| {
        vocabulary.name == id || vocabulary.title.to_lowercase() == title.to_lowercase()
    };
    Ok(Vocabulary::all().into_iter().find(same))
}

/// Names the compiled-in vocabularies that have a word of the title in their names.
fn hint_at_vocabularies(context: &Context, title: &str) {
    let title = suggest_topic_id(title);
    let words: Vec<&str> = title.split('-').collect();
    for vocabulary in Vocabulary::all() {
        if vocabulary.name.split('-').any(|word| words.contains(&word)) {
            context.print_notice(format!(
                "`--vocabulary {}` takes the usual words of {}",
                vocabulary.name, vocabulary.title
            ));
        }
    }
}

/// Shows the proposal and takes corrections until the user accepts it. Returns `None` if the user
/// does not want the topic.
fn ask(
    context: &Context,
    topic: &NewTopic,
    mut proposal: TopicProposal,
    propose: &dyn Fn(Option<Vec<String>>) -> anyhow::Result<TopicProposal>,
) -> anyhow::Result<Option<TopicProposal>> {
    loop {
        show(context, topic, &proposal);
        context.print_notice(
            "\nEnter: write the topic. `-3 -7`: these stories do not belong. `+21`: this one \
             does.\n`words = kafka, log compaction`: other words. `q`: quit.",
        );
        let Some(answer) = terminal::ask("> ") else {
            return Ok(None);
        };
        match answer.as_str() {
            "" | "y" | "yes" if has_rules(topic, &proposal) => return Ok(Some(proposal)),
            "" | "y" | "yes" => {
                context.print_notice(format!("{NO_RULES}; {WORDS_HINT}"));
                continue;
            }
            "q" | "quit" | "n" | "no" => return Ok(None),
            _ => {}
        }
        let words = match answer.split_once('=') {
            Some((key, list)) if matches!(key.trim(), "word" | "words") => list
                .split(',')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect(),
            _ => proposal.corrected(&marks(&answer, '-'), &marks(&answer, '+')),
        };
        if words == proposal.words {
            let vocabulary = if topic.vocabulary.is_empty() {
                ""
            } else {
                "; the vocabulary decides too, and `tributary label` corrects single stories"
            };
            context.print_notice(format!("no word changed; {WORDS_HINT}{vocabulary}"));
            continue;
        }
        if let Some(wrong) = words.iter().find(|word| topic_rules::parse_matcher(word).is_err()) {
            context.print_notice(format!("`{}` is not a valid matcher", escape_line(wrong)));
            continue;
        }
        proposal = propose(Some(words))?;
    }
}

/// Returns the indexes that are marked with a sign: `-3 -7` with `-` are 2 and 6.
fn marks(answer: &str, sign: char) -> Vec<usize> {
    let numbers = answer.split([' ', ',']).filter_map(|word| word.strip_prefix(sign));
    numbers.filter_map(|number| number.parse::<usize>().ok()?.checked_sub(1)).collect()
}

fn show(context: &Context, topic: &NewTopic, proposal: &TopicProposal) {
    for (what, list) in [("vocabulary", &topic.vocabulary), ("words", &proposal.words)] {
        if !list.is_empty() {
            let list: Vec<String> = list.iter().map(|text| escape_line(text)).collect();
            context.print_notice(format!("{what}: {}", list.join(", ")));
        }
    }
    let line = |number: usize, story: &ProposedStory| {
        let title = if story.title.is_empty() { "(no title)" } else { &story.title };
        let because: Vec<String> = story.words.iter().map(|word| escape_line(word)).collect();
        format!("  {number:>3}  {}  [{}]", escape_line(title), because.join(", "))
    };
    context.print_notice(format!("\n{} stories would be in it", proposal.inside.len()));
    for (index, story) in proposal.inside.iter().take(MAX_SHOWN).enumerate() {
        context.print_notice(line(index + 1, story));
    }
    if proposal.inside.len() > MAX_SHOWN {
        context.print_notice(format!("       and {} more", proposal.inside.len() - MAX_SHOWN));
    }
    if !proposal.near_misses.is_empty() {
        context.print_notice("\nnear misses");
        for (index, story) in proposal.near_misses.iter().take(MAX_NEAR_MISSES).enumerate() {
            context.print_notice(line(proposal.inside.len() + index + 1, story));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_numbers_after_a_sign() {
        assert_eq!(marks("-3, -7 +21", '-'), [2, 6]);
        assert_eq!(marks("-3, -7 +21", '+'), [20]);
        assert_eq!(marks("-0 -x 5", '-'), [0usize; 0]);
    }
}
