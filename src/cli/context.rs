//! The context of a command: configuration, data directory and output settings.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use indicatif::ProgressBar;

use super::{Color, ConfigError, GlobalArgs, LogFormat, Output, terminal};
use crate::{
    config::{self, CheckReport, Config, ConfigInputs, ConfigProblem},
    store::{DATABASE, Store},
};
use feed_model::Severity;

/// The global options, combined with the environment and the kind of terminal.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // each is an independent option
pub struct Context {
    /// The path of feeds.toml.
    pub config_path: PathBuf,
    /// The data directory.
    pub data_dir: PathBuf,
    /// Whether `--data` was given. `demo` uses a temporary directory otherwise.
    pub data_dir_is_explicit: bool,
    /// Whether to print JSON.
    pub json: bool,
    /// Format of the log.
    pub log_format: LogFormat,
    /// -1 for `--quiet`, else the number of `-v`.
    pub verbosity: i8,
    /// Whether to use colour on stdout.
    pub colour_out: bool,
    /// Whether to use colour on stderr.
    pub colour_err: bool,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal. Progress is shown only then.
    pub stderr_is_terminal: bool,
}

impl Context {
    pub(super) fn new(global: &GlobalArgs) -> Self {
        let colour = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && env_var("NO_COLOR").is_none(),
        };
        let (stdout_is_terminal, stderr_is_terminal) =
            (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            config_path: global.config.clone(),
            data_dir: data_dir(
                global.data.clone(),
                env_var("STATE_DIRECTORY"),
                env_var("TRIBUTARY_DATA"),
            ),
            data_dir_is_explicit: global.data.is_some(),
            json: global.json,
            log_format: global.log_format,
            verbosity: if global.quiet {
                -1
            } else {
                i8::try_from(global.verbose).unwrap_or(i8::MAX)
            },
            colour_out: colour(stdout_is_terminal),
            colour_err: colour(stderr_is_terminal),
            stdout_is_terminal,
            stderr_is_terminal,
        }
    }

    /// Returns stdout, locked for the data of the command.
    pub fn out(&self) -> Output {
        Output::stdout()
    }

    /// Prints a notice on stderr, unless `--quiet`.
    pub fn print_notice(&self, line: impl AsRef<str>) {
        if self.verbosity >= 0 {
            terminal::print_stderr(&format!("{}\n", line.as_ref()));
        }
    }

    /// Returns a progress bar on stderr; hidden without a terminal and with `--quiet`.
    pub fn progress(&self, steps: u64) -> ProgressBar {
        if self.stderr_is_terminal && self.verbosity >= 0 {
            ProgressBar::new(steps)
        } else {
            ProgressBar::hidden()
        }
    }

    /// Returns the path of feeds.toml as given, for messages.
    pub fn config_name(&self) -> String {
        self.config_path.display().to_string()
    }

    /// Reads the text of feeds.toml.
    ///
    /// # Errors
    /// [`ConfigError`] if the file is missing, unreadable or not UTF-8.
    pub fn config_text(&self) -> anyhow::Result<String> {
        let name = self.config_name();
        let config_error =
            |what: &str, hint: Option<&str>, source: Option<io::Error>| ConfigError {
                summary: format!("{what} {name}"),
                report: String::new(),
                hint: hint.map(str::to_owned),
                source,
            };
        let bytes = std::fs::read(&self.config_path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => config_error(
                "cannot find",
                Some("run `tributary init` to write one, or use --config FILE"),
                None,
            ),
            _ => config_error("cannot read", None, Some(error)),
        })?;
        String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line =
                String::from_utf8_lossy(&error.as_bytes()[..valid]).matches('\n').count() + 1;
            config_error(
                &format!("invalid UTF-8 on line {line} of"),
                Some("save the file as UTF-8"),
                None,
            )
            .into()
        })
    }

    /// Reads and checks feeds.toml, and prints its warnings on stderr.
    ///
    /// # Errors
    /// [`ConfigError`] with the report if the file has errors.
    pub fn config(&self) -> anyhow::Result<Config> {
        self.config_with_inputs().map(|(config, _)| config)
    }

    /// Reads and checks feeds.toml as [`Context::config`] does, and returns what was read, too.
    pub(super) fn config_with_inputs(&self) -> anyhow::Result<(Config, ConfigInputs)> {
        let checked = config::check(&self.config_text()?, &self.config_name());
        self.print_warnings(&checked);
        let inputs = checked.inputs.clone();
        Ok((self.valid_config(checked)?, inputs))
    }

    /// Returns what feeds.toml is read from; `None` if it cannot be read.
    pub(super) fn config_inputs(&self) -> Option<ConfigInputs> {
        Some(config::check(&self.config_text().ok()?, &self.config_name()).inputs)
    }

    /// Reads and checks feeds.toml without printing its warnings, for commands that print them
    /// after they changed the file.
    ///
    /// # Errors
    /// [`ConfigError`] with the report if the file has errors.
    pub fn config_without_warnings(&self) -> anyhow::Result<Config> {
        self.valid_config(config::check(&self.config_text()?, &self.config_name()))
    }

    /// Returns the configuration if feeds.toml exists and has no errors. Prints nothing.
    pub fn config_if_valid(&self) -> Option<Config> {
        config::check(&self.config_text().ok()?, &self.config_name()).config
    }

    /// Prints the warnings of feeds.toml on stderr, one line for each kind.
    pub(super) fn print_warnings(&self, checked: &CheckReport) {
        let warnings: Vec<ConfigProblem> =
            checked.problems.iter().filter(|p| p.severity != Severity::Error).cloned().collect();
        for group in config::group_warnings(&warnings) {
            let warning = group.first;
            let place = format!("{}:{}:{}", warning.file, warning.line, warning.column);
            let examples = group.examples().map(|also| format!("; {also}")).unwrap_or_default();
            self.print_notice(format!(
                "tributary: {}: {place}: {}",
                warning.severity.as_str(),
                terminal::escape_line(&format!("{}{examples}", group.text()))
            ));
        }
    }

    /// Reads feeds.toml again, for the daemon. The error has all problems on one line, for the log.
    pub fn reload_config(&self) -> anyhow::Result<Config> {
        let checked = config::check(&self.config_text()?, &self.config_name());
        self.print_warnings(&checked);
        let errors = checked.problems.iter().filter(|problem| problem.severity == Severity::Error);
        let lines: Vec<String> = errors
            .map(|error| {
                let hint =
                    error.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!(
                    "{}:{}:{}: {}{hint}",
                    error.file,
                    error.line,
                    error.column,
                    terminal::escape_line(&error.text)
                )
            })
            .collect();
        checked.config.ok_or_else(|| anyhow::anyhow!("{}", lines.join("; ")))
    }

    fn valid_config(&self, checked: CheckReport) -> anyhow::Result<Config> {
        let summary = summary(&self.config_name(), checked.errors());
        checked.config.ok_or_else(|| {
            let mut errors = checked.problems;
            errors.retain(|problem| problem.severity == Severity::Error);
            ConfigError {
                summary,
                report: config::render(&errors, self.colour_err),
                hint: None,
                source: None,
            }
            .into()
        })
    }

    /// Returns whether the data directory has a database.
    pub fn has_state(&self) -> bool {
        self.data_dir.join(DATABASE).exists()
    }

    /// Opens the existing database read-only.
    ///
    /// # Errors
    /// [`NoState`](super::NoState) if the data directory has none. Nothing is created.
    pub fn open_existing_store(&self) -> anyhow::Result<Store> {
        Store::open_read_only(&self.data_dir).map_err(|error| self.with_hint(error))
    }
}

/// Returns `feeds.toml has 2 errors`.
pub(super) fn summary(name: &str, errors: usize) -> String {
    format!("{name} has {errors} error{}", if errors == 1 { "" } else { "s" })
}

#[allow(clippy::disallowed_methods)] // the only place that reads the environment
pub(super) fn env_var(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Returns `--data`, else the first of systemd's state directories, else `$TRIBUTARY_DATA`, else
/// `data`.
fn data_dir(given: Option<PathBuf>, state: Option<OsString>, data: Option<OsString>) -> PathBuf {
    let first =
        |list: OsString| std::env::split_paths(&list).find(|path| !path.as_os_str().is_empty());
    given
        .or_else(|| state.and_then(first))
        .or_else(|| data.map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("data"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_directory_follows_its_precedence() {
        let os = |text: &str| Some(OsString::from(text));
        assert_eq!(
            data_dir(Some("x".into()), os("/var/lib/a:/var/lib/b"), os("y")),
            PathBuf::from("x")
        );
        assert_eq!(
            data_dir(None, os("/var/lib/a:/var/lib/b"), os("y")),
            PathBuf::from("/var/lib/a")
        );
        assert_eq!(data_dir(None, os(":"), os("y")), PathBuf::from("y"));
        assert_eq!(data_dir(None, None, None), PathBuf::from("data"));
    }
}
