//! `tributary forget`: removes a story from everything that is published.

use super::{Context, Exit, runtime::require_story};

/// Remove a story permanently from everything that is published
///
/// Use this at a publisher's request, for example. The keys of its entries are remembered, so that
/// the next poll does not bring it back.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Story id or link
    #[arg(value_name = "STORY")]
    pub(crate) story: String,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_store_to_write()?;
    let story = require_story(&store, &args.story)?;
    store.forget(story, "removed with `tributary forget`", context.now())?;
    context.print_notice(format!("story {story} removed permanently"));
    Ok(Exit::Done)
}
