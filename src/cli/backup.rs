//! `tributary backup`: copies the database.

use std::path::PathBuf;

use super::{Context, Exit};

/// Write a consistent copy of the database, even while the daemon runs
///
/// To restore it, stop the daemon and copy the file into the data directory as tributary.db.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Backup file; an existing file is never overwritten
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_existing_store()?;
    store.back_up(&args.file)?;
    context.print_notice(format!(
        "backed up {} to {}",
        store.file().display(),
        args.file.display()
    ));
    Ok(Exit::Done)
}
