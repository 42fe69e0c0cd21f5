//! The command line: one file per command, with its arguments, its help and its `run`.
//!
//! Shared by the commands: the global options, [`Context`] (configuration and data directory),
//! [`Exit`], [`Output`], tables, and escaping of untrusted text for the terminal. Data goes to
//! stdout; notices, progress and errors go to stderr. The entry point is [`run`].

mod add;
mod backup;
mod check;
mod completions;
mod context;
mod credentials_file;
mod demo;
mod doctor;
mod evaluate;
mod exit;
mod explain;
mod export;
mod forget;
mod health;
mod import;
mod init;
mod inspect;
mod json;
mod label;
mod man;
mod notify;
mod output;
mod poll;
mod publish;
mod publish_objects;
mod runtime;
mod schema;
mod search;
mod serve;
mod sources;
mod status;
mod stories;
mod table;
mod terminal;
#[cfg(test)]
mod test_data;
mod topic;
mod topics;
mod vocabulary;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

pub use context::Context;
pub use exit::{CommandError, ConfigError, Exit, NoState, UsageError};
pub use json::{SourceJson, StoryJson, TopicJson};
pub use output::Output;

use crate::telemetry;

/// Follow feeds and sites, and publish one clean feed per topic
///
/// Tributary needs one configuration file, feeds.toml, and one data directory. `tributary init`
/// writes a feeds.toml, `tributary serve` runs the daemon, and `tributary demo` runs everything
/// locally without a network.
#[derive(Debug, Parser)]
#[command(name = "tributary", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 success; 1 failure; 2 usage error; 70 internal error; \
                  78 invalid feeds.toml.")]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// Help of `--data`. Clap cannot derive this default because it depends on two variables.
const DATA_HELP: &str =
    "Data directory [default: $STATE_DIRECTORY, else $TRIBUTARY_DATA, else `data`]";

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Configuration file
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
    /// Print JSON on stdout (for commands that list or report)
    #[arg(long, global = true)]
    json: bool,
    /// Format of the log on stderr
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    /// Log more: -v for details, -vv for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
    /// Print only warnings and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    color: Color,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Plain text
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// Use colour on a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always use colour
    Always,
    /// Never use colour
    Never,
}

/// The `--listen` option of `serve` and `demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct ListenArgs {
    /// Address to listen on, instead of `listen` in feeds.toml; port 0 picks a free port
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
    Search(search::Args),
    Sources(sources::Args),
    Topic(topic::Args),
    Topics(topics::Args),
    Vocabulary(vocabulary::Args),
    Status(status::Args),
    Import(import::Args),
    Export(export::Args),
    Backup(backup::Args),
    Doctor(doctor::Args),
    Health(health::Args),
    Demo(demo::Args),
    Completions(completions::Args),
    Man(man::Args),
    Notify(notify::Args),
    Schema(schema::Args),
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
            Self::Search(args) => search::run(context, args),
            Self::Sources(args) => sources::run(context, args),
            Self::Topic(args) => topic::run(context, args),
            Self::Topics(args) => topics::run(context, args),
            Self::Vocabulary(args) => vocabulary::run(context, args),
            Self::Status(args) => status::run(context, args),
            Self::Import(args) => import::run(context, args),
            Self::Export(args) => export::run(context, args),
            Self::Backup(args) => backup::run(context, args),
            Self::Doctor(args) => doctor::run(context, args),
            Self::Health(args) => health::run(context, args),
            Self::Demo(args) => demo::run(context, args),
            Self::Completions(args) => completions::run(context, args),
            Self::Man(args) => man::run(context, args),
            Self::Notify(args) => notify::run(context, args),
            Self::Schema(args) => schema::run(context, args),
        }
    }
}

/// Runs the program: parses `arguments` (program name first), runs the command, prints an error to
/// stderr if it fails, and returns how the program ends.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Clap reports `--help` and `--version` as errors too. A closed stdout is not an error.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let context = Context::new(&cli.global);
    let exit = cli.command.run(&context).unwrap_or_else(|error| exit::report(&error));
    telemetry::flush();
    exit
}

/// Returns the definition of the command line, for completions, manual pages and tests.
pub fn command() -> clap::Command {
    Cli::command()
}
