//! `tributary init`: the shipped feeds.toml, where there is none.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
};

use anyhow::Context as _;

use super::{CommandError, Context, Exit};
use crate::config::SHIPPED;

/// Write the shipped, commented feeds.toml where there is none
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(context: &Context, _args: &Args) -> anyhow::Result<Exit> {
    let (path, name) = (&context.config_path, context.config_name());
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let hint = "`tributary check` reads it; --config names another file".to_owned();
            return Err(CommandError {
                what: format!("{name} is there already, and is left alone"),
                hint,
            }
            .into());
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {name}")),
    };
    let written = file.write_all(SHIPPED.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // A part of a file would be in the way of the next attempt.
        let _ = std::fs::remove_file(path);
        return Err(error).with_context(|| format!("cannot write {name}"));
    }
    context.print_notice(format!(
        "wrote {name}\nnext: edit it, then `tributary check`, then `tributary serve`"
    ));
    Ok(Exit::Done)
}
