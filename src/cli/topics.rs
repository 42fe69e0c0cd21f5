//! `tributary topics`: what one can subscribe to.

use clap::Subcommand;
use url::Url;

use super::{Context, Exit, TopicJson, json::feed_url, table, text::day};
use crate::{
    config::Config,
    model::{TopicId, TopicState},
};

/// List the topics, and the feeds to subscribe to
#[derive(Debug, clap::Args)]
#[command(subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
}

/// What else can be asked about topics.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Propose terms: for a topic's labelled stories, and for recurring subjects among those in no topic
    Suggest {
        /// Only for this topic
        #[arg(value_name = "TOPIC", value_parser = |id: &str| TopicId::new(id))]
        topic: Option<TopicId>,
    },
}

/// Runs the command.
#[allow(clippy::redundant_closure_for_method_calls)] // the method itself is not general enough in its lifetime
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    if let Some(Action::Suggest { topic }) = &args.action {
        return suggest(context, topic.as_ref());
    }
    let config = context.config()?;
    let topics = context.open_existing_store()?.read(|reader| reader.topics())?;
    let base = base_url(&config);
    let mut out = context.out();
    if context.json {
        out.json(&topics.iter().map(|topic| TopicJson::of(topic, &base)).collect::<Vec<_>>())?;
    } else {
        out.text(&shown(&topics, &base))?;
    }
    out.finish()
}

/// Terms that would describe a topic, and subjects that no topic covers.
fn suggest(_context: &Context, _topic: Option<&TopicId>) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired")
}

/// Where readers reach the feeds, as far as feeds.toml tells.
fn base_url(config: &Config) -> Url {
    config.site.base_url.clone().unwrap_or_else(|| {
        let scheme = if config.server.tls.is_some() { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{}/", config.server.listen)).expect("an address with its port is a URL's authority")
    })
}

fn shown(topics: &[TopicState], base: &Url) -> String {
    let mut table = table::table(&["ID", "TITLE", "STORIES", "LATEST", "FEED"]);
    for topic in topics {
        let latest = topic.latest.map_or_else(|| "-".to_owned(), day);
        let feed = feed_url(base, topic.id.as_str(), "atom");
        table::row(&mut table, [topic.id.to_string(), topic.title.clone(), topic.stories.to_string(), latest, feed]);
    }
    table::shown(&table)
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};
    use crate::config;

    #[test]
    fn a_topic_is_a_row_with_its_feed() {
        let base = Url::parse("https://topics.example.org/").unwrap();
        insta::assert_snapshot!(shown(&[samples::topic(), samples::empty_topic()], &base));
        insta::assert_json_snapshot!(TopicJson::of(&samples::empty_topic(), &base));
    }

    #[test]
    fn feeds_are_below_the_base_or_the_address() {
        let base = |text: &str| base_url(&config::check(text, "feeds.toml").config.unwrap()).to_string();
        assert_eq!(base("site.base_url = \"https://a.example/x\""), "https://a.example/x");
        assert_eq!(base("server.listen = \"[::1]:8080\""), "http://[::1]:8080/");
    }
}
