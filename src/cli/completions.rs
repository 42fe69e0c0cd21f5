//! `tributary completions`: prints a shell completion script.

use clap_complete::Shell;

use super::{Context, Exit};

/// Print a shell completion script
///
/// For bash: tributary completions bash > ~/.local/share/bash-completion/completions/tributary
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "tributary", &mut script);
    let mut out = context.out();
    out.text(&String::from_utf8(script)?)?;
    out.finish()
}
