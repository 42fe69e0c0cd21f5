//! The harness of the real program: it runs in a directory of its own, and is used over its
//! standard streams, its files and its port.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::http::{self, HttpResponse};

/// A limit for waiting that is never reached, even on a busy machine, unless a test fails.
pub const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

/// Waits until `look` returns something. `what` is named if it never does.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + WAIT_TIMEOUT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "timed out while waiting: {what}");
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// A directory with a feeds.toml in which the program runs.
pub struct Program(Arc<TempDir>);

impl Program {
    /// An empty directory.
    pub fn empty() -> Self {
        Self::in_directory(Arc::new(tempfile::tempdir().unwrap()))
    }

    /// A directory that others use too.
    pub fn in_directory(dir: Arc<TempDir>) -> Self {
        Self(dir)
    }

    pub fn with(feeds_toml: &str) -> Self {
        let program = Self::empty();
        program.configure(feeds_toml);
        program
    }

    pub fn configure(&self, feeds_toml: &str) {
        fs::write(self.path().join("feeds.toml"), feeds_toml).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.join("data/tributary.db")
    }

    /// The program with these arguments, without the environment variables that it reads.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
        command.args(arguments);
        self.prepare(&mut command);
        command
    }

    /// The program run by a shell after the commands `before`.
    pub fn shell(&self, before: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{before}; exec \"$0\" \"$@\""))
            .arg(env!("CARGO_BIN_EXE_tributary"))
            .args(arguments);
        self.prepare(&mut command);
        command
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.path()).stdin(Stdio::null());
        for name in [
            "TRIBUTARY_CONFIG",
            "TRIBUTARY_DATA",
            "STATE_DIRECTORY",
            "CREDENTIALS_DIRECTORY",
            "NOTIFY_SOCKET",
            "JOURNAL_STREAM",
            "NO_COLOR",
        ] {
            command.env_remove(name);
        }
    }

    pub fn run(&self, arguments: &[&str]) -> ProgramOutput {
        ProgramOutput::from_output(&self.command(arguments).output().unwrap())
    }

    /// Runs a command that must succeed. Returns its standard output.
    #[track_caller]
    pub fn run_ok(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, 0, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Runs a command with `--json` that must succeed. Returns its standard output.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let stdout = self.run_ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {stdout}"))
    }

    /// Starts the daemon on a free port and waits until it listens.
    pub fn serve(&self) -> Daemon {
        Daemon::start(self.command(&["serve", "--listen", "127.0.0.1:0"]), &self.join("log"))
            .expect("the daemon prints its address")
    }

    /// Every file below a subdirectory: path, bytes and time of the last change.
    pub fn files(&self, name: &str) -> Vec<(String, Vec<u8>, std::time::SystemTime)> {
        let root = self.join(name);
        let (mut waiting, mut files) = (vec![root.clone()], Vec::new());
        while let Some(dir) = waiting.pop() {
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    waiting.push(entry.path());
                } else {
                    let path =
                        entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                    files.push((
                        path,
                        fs::read(entry.path()).unwrap(),
                        entry.metadata().unwrap().modified().unwrap(),
                    ));
                }
            }
        }
        files.sort();
        files
    }
}

/// The exit code and the output of a command.
#[derive(Debug)]
pub struct ProgramOutput {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl ProgramOutput {
    pub fn from_output(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// A running `serve` or `demo`. It is killed when it is dropped.
pub struct Daemon {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub address: SocketAddr,
    log: PathBuf,
}

impl Daemon {
    /// Starts the command and waits until it prints its address. `None` if it ends before.
    pub fn start(mut command: Command, log: &Path) -> Option<Self> {
        let file = File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                child.wait().unwrap();
                return None;
            }
            // `demo` prints other lines first.
            let line = line.trim();
            let said = line.strip_prefix("http://").or_else(|| line.strip_prefix("https://"));
            let said = said.and_then(|rest| rest.strip_suffix('/'));
            if let Some(address) = said.and_then(|address| address.parse().ok()) {
                break address;
            }
        };
        Some(Self { child, stdout, address, log: log.to_owned() })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The next line of its standard output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    pub fn get(&self, path: &str) -> HttpResponse {
        self.request("GET", path, &[])
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> HttpResponse {
        http::request(self.address, method, path, headers).unwrap()
    }

    /// Sends a body in the format of HTML forms.
    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> HttpResponse {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let body = body.finish();
        http::request_with_body(self.address, "POST", path, &headers, body.as_bytes()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends a signal and waits for the end. Returns the exit code.
    pub fn stop(mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        let status = wait_for("the daemon ends", || self.child.try_wait().unwrap());
        status.code()
    }

    /// Kills it at once.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
