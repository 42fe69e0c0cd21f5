//! `tributary export`: prints the sources as OPML.

use url::Url;

use super::{Context, Exit};
use feed_model::{Source, SourceState};
use feed_publisher::{Outline, opml};

/// Print the sources as OPML
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(context: &Context, _args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    // The stored state has discovered feed URLs and titles. Without a database, feeds.toml alone
    // is used.
    let states = match context.open_existing_store() {
        Ok(store) => store.read(|reader| reader.sources())?,
        Err(_) => Vec::new(),
    };
    let outlines: Vec<Outline> = config
        .sources
        .iter()
        .map(|source| outline(source, states.iter().find(|s| s.id == source.id)))
        .collect();
    let mut out = context.out();
    out.text(&String::from_utf8_lossy(&opml(&config.site.title, &outlines)))?;
    out.finish()
}

fn outline(source: &Source, state: Option<&SourceState>) -> Outline {
    let found = state.and_then(|s| s.feed_url.clone()).unwrap_or_else(|| source.url.to_string());
    let title = state
        .map(|s| s.title.clone())
        .or_else(|| source.title.clone())
        .unwrap_or_else(|| source.id.to_string());
    Outline {
        title,
        description: String::new(),
        feed_url: without_userinfo(&found),
        page_url: state.and_then(|s| s.home_page_url.clone()),
    }
}

fn without_userinfo(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return url.to_owned();
    };
    // These fail only for URLs that cannot have a user name.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
