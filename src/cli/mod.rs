//! The command line: one file per command (layer 4).
//!
//! A command's file has its arguments, its help and its `run`. What several commands share is here:
//! the global options, [`Context`] (where the configuration and the state are), [`Exit`], and how
//! texts of strangers are shown. The rule kept: stdout is data, stderr is talk.

mod add;
mod backup;
mod check;
mod completions;
mod context;
mod demo;
mod doctor;
mod evaluate;
mod exit;
mod explain;
mod export;
mod forget;
mod import;
mod init;
mod inspect;
mod json;
mod label;
mod man;
mod output;
mod poll;
mod publish;
mod runtime;
mod serve;
mod sources;
mod status;
mod stories;
mod table;
mod terminal;
#[cfg(test)]
mod test_data;
mod topics;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

pub use context::Context;
pub use exit::{CommandError, ConfigError, Exit, NoState, UsageError};
pub use json::{SourceJson, StoryJson, TopicJson};
pub use output::Output;

/// Follows publications, with or without feeds, and publishes one steady, clean feed per topic.
///
/// Everything it needs is one file, feeds.toml, and one directory for its state. `tributary init`
/// writes the first, `tributary serve` does the rest, and `tributary demo` shows it all without a
/// network.
#[derive(Debug, Parser)]
#[command(name = "tributary", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done; 1 the operation failed; 2 wrong usage; 78 feeds.toml is wrong; 70 an internal error."
)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// What clap cannot find out by itself: the default has three steps.
const DATA_HELP: &str =
    "The directory of the state [default: $STATE_DIRECTORY, else $TRIBUTARY_DATA, else `data`]";

/// Options that every command takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The configuration
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TRIBUTARY_CONFIG",
        default_value = "feeds.toml",
        hide_env_values = true
    )]
    config: PathBuf,
    #[arg(long, global = true, value_name = "DIR", help = DATA_HELP)]
    data: Option<PathBuf>,
    /// Print JSON to stdout, where the command lists or reports something
    #[arg(long, global = true)]
    json: bool,
    /// How the log is written to stderr
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    /// Say more: -v for details, -vv for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    color: Color,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// In any case
    Always,
    /// Never
    Never,
}

/// `--listen`, of the commands that listen.
#[derive(Debug, Clone, clap::Args)]
pub struct ListenArgs {
    /// Where to serve, instead of `listen` in feeds.toml; port 0 lets the system choose
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Poll(poll::Args),
    Publish(publish::Args),
    Init(init::Args),
    Check(check::Args),
    Add(add::Args),
    Inspect(inspect::Args),
    Explain(explain::Args),
    Label(label::Args),
    Forget(forget::Args),
    Evaluate(evaluate::Args),
    Stories(stories::Args),
    Sources(sources::Args),
    Topics(topics::Args),
    Status(status::Args),
    Import(import::Args),
    Export(export::Args),
    Backup(backup::Args),
    Doctor(doctor::Args),
    Demo(demo::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    fn run(&self, context: &Context) -> anyhow::Result<Exit> {
        match self {
            Self::Serve(args) => serve::run(context, args),
            Self::Poll(args) => poll::run(context, args),
            Self::Publish(args) => publish::run(context, args),
            Self::Init(args) => init::run(context, args),
            Self::Check(args) => check::run(context, args),
            Self::Add(args) => add::run(context, args),
            Self::Inspect(args) => inspect::run(context, args),
            Self::Explain(args) => explain::run(context, args),
            Self::Label(args) => label::run(context, args),
            Self::Forget(args) => forget::run(context, args),
            Self::Evaluate(args) => evaluate::run(context, args),
            Self::Stories(args) => stories::run(context, args),
            Self::Sources(args) => sources::run(context, args),
            Self::Topics(args) => topics::run(context, args),
            Self::Status(args) => status::run(context, args),
            Self::Import(args) => import::run(context, args),
            Self::Export(args) => export::run(context, args),
            Self::Backup(args) => backup::run(context, args),
            Self::Doctor(args) => doctor::run(context, args),
            Self::Demo(args) => demo::run(context, args),
            Self::Completions(args) => completions::run(context, args),
            Self::Man(args) => man::run(context, args),
        }
    }
}

/// The whole program: reads the arguments (the program's name first), runs the command, says on
/// stderr what went wrong, and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(answer) => {
            // `--help` and `--version` are answers as well. Nobody may be listening any more.
            let _ = answer.print();
            return if answer.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let context = Context::new(&cli.global);
    match cli.command.run(&context) {
        Ok(exit) => exit,
        Err(error) => exit::report(&error),
    }
}

/// The command line as a value: for completions, the manual and tests.
pub fn command() -> clap::Command {
    Cli::command()
}
