//! The program itself, as a person has it: started in a directory of its own, asked over its pipes
//! and its port.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine: what is waited for usually comes at once.
pub const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

/// Waits until `look` finds something; what was waited for is said when it does not come.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + WAIT_TIMEOUT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited for in vain: {what}");
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// A directory with a feeds.toml, in which the program is run.
pub struct Program(TempDir);

impl Program {
    /// With nothing in it.
    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
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

    /// The program with these arguments, in an environment without surprises.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
        command.args(arguments);
        self.prepare(&mut command);
        command
    }

    /// The program run by a shell after some words of the shell's.
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
        ] {
            command.env_remove(name);
        }
    }

    pub fn run(&self, arguments: &[&str]) -> ProgramOutput {
        ProgramOutput::from_output(&self.command(arguments).output().unwrap())
    }

    /// Runs a command that must end well; returns what it printed.
    pub fn run_ok(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, 0, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Runs a command that must end well with `--json`; returns what it printed.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let stdout = self.run_ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {stdout}"))
    }

    /// The daemon on a port of its own, once it says where it listens.
    pub fn serve(&self) -> Daemon {
        Daemon::start(self.command(&["serve", "--listen", "127.0.0.1:0"]), &self.join("log"))
            .expect("it says where it listens")
    }

    /// Every file below a directory of the home: its bytes and when it was written.
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

/// How a command ended.
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

/// A running `serve` or `demo`, killed when the test is over.
pub struct Daemon {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub address: SocketAddr,
    log: PathBuf,
}

impl Daemon {
    /// Starts it and waits until it prints an address; `None` when it ends before.
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
            // `demo` says more, and names its origin first.
            let said = line.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
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

    /// A line of what it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    pub fn get(&self, path: &str) -> HttpResponse {
        self.ask("GET", path, &[])
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> HttpResponse {
        ask(self.address, method, path, headers).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks it to end; returns its exit code.
    pub fn stop(mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        let status = wait_for("the daemon ends", || self.child.try_wait().unwrap());
        status.code()
    }

    /// As a power cut would.
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

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// One request on a connection of its own.
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> std::io::Result<HttpResponse> {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nHost: somewhere.else\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(WAIT_TIMEOUT))?;
    stream.write_all((head + "\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(n, v)| (n.to_lowercase(), v.to_owned()))
        .collect();
    Ok(HttpResponse { status, headers, body: bytes[end + 4..].to_vec() })
}
