//! `tributary forget`: a story that must not be published.

use super::{Context, Exit, runtime::require_story};

/// Take a story out of everything that is published, for good
///
/// At a publisher's request, say. Its keys stay, so that it does not come back with the next poll.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The story's id, or a link to it
    #[arg(value_name = "STORY")]
    pub(crate) story: String,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_store_to_write()?;
    let story = require_story(&store, &args.story)?;
    store.forget(story, "a person asked for it", context.now())?;
    context.print_notice(format!(
        "story {story} is taken out of everything that is published, for good"
    ));
    Ok(Exit::Done)
}
