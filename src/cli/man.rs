//! `tributary man`: prints the manual pages.

use clap_mangen::Man;

use super::{Context, Exit, UsageError};

/// Print the manual page of the program or of one command
///
/// To read it: tributary man | man -l -
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Command to document
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let mut program = super::command().disable_help_subcommand(true);
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            let command = found.ok_or_else(|| {
                UsageError(format!("no such command: {}", super::terminal::escape_line(name)))
            })?;
            command.display_name(format!("tributary-{name}"))
        }
    };
    let mut roff = Vec::new();
    Man::new(page).manual("Tributary").render(&mut roff)?;
    let mut out = context.out();
    out.text(&String::from_utf8(roff)?)?;
    out.finish()
}
