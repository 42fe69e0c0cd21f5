//! `tributary publish`: static files.

use std::path::PathBuf;

use url::Url;

use super::{Context, Exit};
use crate::{
    app,
    site::{self, CurrentRules},
};
use topic_rules::Rules;

/// Write every feed, page and the OPML as static files, for any web server
///
/// The paths are those of the daemon. Files that did not change keep their bytes and times, those
/// of topics that are gone go. Only files that this command wrote are ever replaced or deleted.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The directory; it is made where there is none
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
    // What is to leave the windows leaves, and archives are drawn, before anything is written.
    site::render_site(&store, &settings, now)?;
    let mut settle = |path: &str, digest| store.document_last_modified(path, digest, now);
    let written =
        store.read(|reader| Ok(site::publish(reader, &settings, &mut settle, &args.dir)))??;
    if context.json {
        let mut out = context.out();
        out.json(&serde_json::json!({"written": written.written, "unchanged": written.unchanged, "removed": written.removed}))?;
        return out.finish();
    }
    let (new, same, gone) = (written.written, written.unchanged, written.removed);
    context.print_notice(format!(
        "{}: {new} files written, {same} unchanged, {gone} removed",
        args.dir.display()
    ));
    Ok(Exit::Done)
}
