//! `tributary init`: writes the shipped feeds.toml if none exists.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
};

use anyhow::Context as _;

use super::{CommandError, Context, Exit};
use crate::config::SHIPPED;

/// Write the default, commented feeds.toml if none exists
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(context: &Context, _args: &Args) -> anyhow::Result<Exit> {
    let (path, name) = (&context.config_path, context.config_name());
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(CommandError {
                what: format!("{name} already exists, not overwritten"),
                hint: "use `tributary check` to check it, or --config FILE for another file"
                    .to_owned(),
            }
            .into());
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {name}")),
    };
    let written = file.write_all(SHIPPED.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // An incomplete file would block the next attempt.
        let _ = std::fs::remove_file(path);
        return Err(error).with_context(|| format!("cannot write {name}"));
    }
    context.print_notice(format!(
        "wrote {name}\nnext: edit it, run `tributary check`, then `tributary serve`"
    ));
    Ok(Exit::Done)
}
