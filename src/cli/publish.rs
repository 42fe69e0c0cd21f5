//! `tributary publish`: writes the site as static files.

use std::path::PathBuf;

use url::Url;

use super::{Context, Exit};
use crate::{
    app,
    site::{self, CurrentRules},
};
use topic_rules::Rules;

/// Write every feed, page and OPML file to a directory, for any web server
///
/// Paths are the same as those that the daemon serves. Unchanged files keep their contents and
/// modification times, and files of removed topics are deleted. Only files written by this command
/// are ever replaced or deleted.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output directory; created if missing
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    context.init_quiet_logging();
    let store = context.open_store_to_write()?;
    let now = context.now();
    let feed_id = match &config.site.id {
        Some(id) => id.clone(),
        None => store.minted_feed_id(now)?,
    };
    let base_url = config
        .site
        .base_url
        .clone()
        .map_or_else(|| Url::parse(&format!("http://{}/", config.server.listen)), Ok)?;
    let rules = Rules::compile(&config.topics)?;
    let rules = CurrentRules::fixed(store.read(|reader| reader.trained(rules))?);
    let settings =
        site::SiteSettings { live: false, rules, ..app::published(&config, base_url, feed_id) };
    // Issue the digests, update the feed windows and render the archives before writing files.
    site::issue_digests(&store, &settings, now, true)?;
    site::render_site(&store, &settings, now)?;
    site::mark_outdated_archives(&store, &settings)?;
    while site::render_archives(&store, &settings, now)? {}
    let mut last_modified = |path: &str, digest| store.document_last_modified(path, digest, now);
    let written = store
        .read(|reader| Ok(site::publish(reader, &settings, &mut last_modified, &args.dir)))??;
    let topics: Vec<_> = config.topics.iter().map(|topic| topic.id.clone()).collect();
    store.mark_fetched(&topics)?;
    if context.json {
        let mut out = context.out();
        out.json(&serde_json::json!({
            "written": written.written,
            "unchanged": written.unchanged,
            "removed": written.removed,
        }))?;
        return out.finish();
    }
    context.print_notice(format!(
        "{}: {} files written, {} unchanged, {} removed",
        args.dir.display(),
        written.written,
        written.unchanged,
        written.removed
    ));
    Ok(Exit::Done)
}
