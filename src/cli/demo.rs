//! `tributary demo`: runs the daemon locally against a built-in origin server.

use std::{fmt::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;

use super::{
    Context, Exit, ListenArgs, StoryJson,
    runtime::run_async,
    terminal::{day, escape_line},
};
use crate::{
    app::{self, Options},
    clock::SystemClock,
    config::{self, Config},
    demo::{ArrivalMode, Origin, feeds_toml, greeting},
    store::{DirectoryLock, Store, StoryQuery},
};
use feed_model::{DatePrecision, Story, TopicId};

/// The time between two new posts.
const POST_INTERVAL: Duration = Duration::from_secs(4);

/// Run the whole daemon on this machine, without a network
///
/// A built-in server plays two publications, with a new post every few seconds. Data is kept in a
/// temporary directory unless --data is given.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Poll once, print the topics with their stories, and exit
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let temporary = if context.data_dir_is_explicit { None } else { Some(TempDir::new()?) };
    let data_dir = temporary.as_ref().map_or_else(|| context.data_dir.clone(), |t| t.0.clone());
    let context = &Context { data_dir, ..context.clone() };
    if args.once {
        once(context)
    } else {
        run_async(run_demo(context, args)).map_err(|error| context.with_any_hint(error))
    }
}

/// Runs the daemon against the origin until it is stopped.
async fn run_demo(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    context.init_logging();
    let origin = Origin::start(ArrivalMode::Every(POST_INTERVAL))
        .await
        .context("cannot start the demo's origin server")?;
    let config = demo_config(origin.address)?;
    let topics: Vec<(String, String)> =
        config.topics.iter().map(|t| (t.id.to_string(), t.title.clone())).collect();
    let (address, output) = (origin.address, context.clone());
    let options = Options {
        config,
        watch: None,
        reload: Box::new(move || demo_config(address)),
        config_dir: context.data_dir.clone(),
        data_dir: context.data_dir.clone(),
        // The configured port may be in use by a real daemon, so the default is a free port.
        listen: Some(args.listen.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))),
        credentials_dir: None,
        clock: Arc::new(SystemClock),
        link_to_bound_address: true,
        bound: Some(Box::new(move |bound| {
            let topics: Vec<(&str, &str)> =
                topics.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
            let mut out = output.out();
            // A closed stdout is not an error.
            drop(
                out.text(&greeting(&format!("http://{bound}/"), address, &topics, POST_INTERVAL))
                    .and_then(|()| out.flush()),
            );
        })),
    };
    app::run_daemon(options).await?;
    drop(origin);
    Ok(Exit::Done)
}

/// Polls an origin where every post has arrived once, then prints the topics with their stories.
fn once(context: &Context) -> anyhow::Result<Exit> {
    context.init_quiet_logging();
    let _lock =
        DirectoryLock::acquire(&context.data_dir).map_err(|error| context.with_hint(error))?;
    let store = context.open_store()?;
    let config = run_async(round(context, store.clone()))?;
    let mut out = context.out();
    let all =
        |topic: Option<TopicId>, unsorted| StoryQuery { topic, unsorted, ..StoryQuery::default() };
    if context.json {
        let stories = store.read(|reader| reader.stories(&all(None, false)))?;
        out.json(&stories.iter().map(StoryJson::of).collect::<Vec<_>>())?;
        return out.finish();
    }
    for topic in &config.topics {
        let stories = store.read(|reader| reader.stories(&all(Some(topic.id.clone()), false)))?;
        out.text(&section(&topic.title, &stories))?;
    }
    let unsorted = store.read(|reader| reader.stories(&all(None, true)))?;
    if !unsorted.is_empty() {
        out.text(&section("Unsorted", &unsorted))?;
    }
    store.close()?;
    out.finish()
}

async fn round(context: &Context, store: Store) -> anyhow::Result<Config> {
    let origin = Origin::start(ArrivalMode::AllAtOnce)
        .await
        .context("cannot start the demo's origin server")?;
    let config = demo_config(origin.address)?;
    let app = context.app(&config, store)?;
    app.sync_config(&config).await?;
    for source in &app.poller.settings.load_full().sources {
        let report = app.poller.refresh(source).await;
        if let Some(error) = report.error {
            anyhow::bail!("{}: {error}", report.id);
        }
    }
    Ok(config)
}

/// Returns the demo's configuration: the shipped topics, and the origin's publications as sources.
fn demo_config(origin: SocketAddr) -> anyhow::Result<Config> {
    let text = feeds_toml(config::SHIPPED, origin)?;
    let checked = config::check(&text, "the demo's feeds.toml");
    let report = config::render(&checked.problems, false);
    checked.config.with_context(|| format!("the demo's feeds.toml is invalid:\n{report}"))
}

fn section(title: &str, stories: &[Story]) -> String {
    let mut text = format!("{} ({})\n", escape_line(title), stories.len());
    for story in stories {
        let date = match (story.published, story.published_precision) {
            (Some(at), Some(DatePrecision::Month)) => at.format("%Y-%m").to_string(),
            (Some(at), _) => day(at),
            (None, _) => "undated".to_owned(),
        };
        let _ = writeln!(
            text,
            "  {date:<10}  {}  [{}]",
            escape_line(&story.title),
            escape_line(&story.source.title)
        );
    }
    text.push('\n');
    text
}

/// A temporary directory that is removed when the demo ends.
struct TempDir(std::path::PathBuf);

impl TempDir {
    fn new() -> anyhow::Result<Self> {
        let dir =
            std::env::temp_dir().join(format!("tributary-demo-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        Ok(Self(dir))
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // The operating system cleans its temporary directory of anything that stays.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
