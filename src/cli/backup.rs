//! `tributary backup`: a copy of the state.

use std::path::PathBuf;

use super::{Context, Exit};

/// Write a consistent copy of the state, also while the daemon runs
///
/// The copy is restored by putting it into the data directory as tributary.db.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The copy; a file that is there already is left alone
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_existing_store()?;
    store.back_up(&args.file)?;
    context.print_notice(format!(
        "{} is a copy of {}",
        args.file.display(),
        store.file().display()
    ));
    Ok(Exit::Done)
}
