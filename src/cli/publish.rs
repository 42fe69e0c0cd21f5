//! `tributary publish`: writes the site as static files.

use std::path::Path;

use url::Url;

use super::{Context, Exit, publish_objects};
use crate::{
    app,
    site::{self, CurrentRules},
};
use topic_rules::Rules;

const TARGET_HELP: &str =
    "Output directory, created if missing; or s3://BUCKET/PREFIX, gs://… or az://…";

/// Write every feed, page and OPML file to a directory or an object store
///
/// Paths are the same as those that the daemon serves. Unchanged files keep their contents and
/// modification times, and files of removed topics are deleted. Only files written by this command
/// are ever replaced or deleted. Credentials of object stores are taken from the environment, by
/// the names that each service uses (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "DIR|URL", help = TARGET_HELP)]
    pub(crate) target: String,
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
    let written = if publish_objects::is_address(&args.target) {
        publish_objects::run(&args.target, &store, &settings, &mut last_modified)?
    } else {
        let dir = Path::new(&args.target);
        store.read(|reader| Ok(site::publish(reader, &settings, &mut last_modified, dir)))??
    };
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
        args.target, written.written, written.unchanged, written.removed
    ));
    Ok(Exit::Done)
}
