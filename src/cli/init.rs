//! `tributary init`: writes a feeds.toml if none exists.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
};

use anyhow::Context as _;

use super::{CommandError, Context, Exit};
use crate::config::{SHIPPED, STARTER};

/// Write a short, commented feeds.toml if none exists
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write a complete example instead: two sources and four topics
    #[arg(long)]
    pub(crate) example: bool,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
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
    let text = if args.example { SHIPPED } else { STARTER };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // An incomplete file would block the next attempt.
        let _ = std::fs::remove_file(path);
        return Err(error).with_context(|| format!("cannot write {name}"));
    }
    context.print_notice(format!(
        "wrote {name}\nnext: {}run `tributary check`, then `tributary serve`",
        if args.example { "" } else { "add sources with `tributary add URL`, " }
    ));
    Ok(Exit::Done)
}
