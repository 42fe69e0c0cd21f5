//! Commands on a state that may not be written.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
};

use rusqlite::Connection;

use crate::{
    program::{origin_with_three_feeds, polled_program},
    support::program::{Program, ProgramOutput},
};

/// The user `nobody`. Permissions do not hold for root, so a test that runs as root runs the
/// program as this user.
const NOBODY: u32 = 65534;

const READING_COMMANDS: [&[&str]; 9] = [
    &["stories", "--json"],
    &["sources", "--json"],
    &["topics", "--json"],
    &["status", "--json"],
    &["explain", "1", "--json"],
    &["check", "--dry-run", "--json"],
    &["topics", "suggest"],
    &["doctor"],
    &["export"],
];

/// A program whose state may only be read.
struct ReadOnlyProgram {
    program: Program,
    is_root: bool,
}

impl ReadOnlyProgram {
    fn new(program: Program) -> Self {
        let this = Self { program, is_root: rustix::process::geteuid().is_root() };
        if this.is_root {
            // The directory of the built program may be closed to other users.
            fs::copy(env!("CARGO_BIN_EXE_tributary"), this.program.join("tributary")).unwrap();
            fs::set_permissions(this.program.path(), Permissions::from_mode(0o755)).unwrap();
        }
        let data = this.program.join("data");
        for entry in fs::read_dir(&data).unwrap() {
            let path = entry.unwrap().path();
            if this.is_root {
                chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
        }
        fs::set_permissions(&data, Permissions::from_mode(0o555)).unwrap();
        this
    }

    fn run(&self, arguments: &[&str]) -> ProgramOutput {
        let mut command = self.program.command(arguments);
        if self.is_root {
            let built = command;
            command = std::process::Command::new(self.program.join("tributary"));
            command.args(arguments).current_dir(self.program.path()).uid(NOBODY).gid(NOBODY);
            for (name, value) in built.get_envs() {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
        }
        ProgramOutput::from_output(&command.output().unwrap())
    }
}

impl Drop for ReadOnlyProgram {
    fn drop(&mut self) {
        // So that the directory can be removed.
        let _ = fs::set_permissions(self.program.join("data"), Permissions::from_mode(0o755));
    }
}

#[test]
fn reading_commands_read_a_read_only_state() {
    let writable = polled_program(&origin_with_three_feeds());
    let before: Vec<ProgramOutput> =
        READING_COMMANDS.iter().map(|arguments| writable.run(arguments)).collect();
    let files = writable.files("data");
    let program = ReadOnlyProgram::new(writable);
    for (arguments, before) in READING_COMMANDS.iter().zip(before) {
        let now = program.run(arguments);
        assert_eq!((now.code, &now.stderr), (before.code, &before.stderr), "{arguments:?}");
        assert_eq!(now.stdout, before.stdout, "{arguments:?}");
    }
    for arguments in [
        &["label", "1", "streaming"][..],
        &["forget", "1"],
        &["publish", "public"],
        &["poll"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let ended = program.run(arguments);
        assert_eq!(ended.code, 1, "{arguments:?}: {}", ended.stderr);
        let is_named = ended.stderr.contains("tributary.db is read-only")
            || ended.stderr.contains("cannot use data: Permission denied");
        assert!(is_named && ended.stderr.contains("hint: "), "{arguments:?}: {}", ended.stderr);
    }
    let bytes = |files: Vec<(String, Vec<u8>, _)>| {
        files.into_iter().map(|(path, bytes, _)| (path, bytes)).collect::<Vec<_>>()
    };
    assert_eq!(bytes(program.program.files("data")), bytes(files));
}

#[test]
fn an_unreadable_state_is_named_with_what_to_do() {
    let origin = origin_with_three_feeds();
    // Changes that are only in the log, whose index does not exist.
    let with_log = polled_program(&origin);
    let copy = Program::with(&fs::read_to_string(with_log.join("feeds.toml")).unwrap());
    fs::create_dir(copy.join("data")).unwrap();
    let conn = Connection::open(with_log.database()).unwrap();
    conn.execute_batch("INSERT INTO meta (key, value) VALUES ('test', '')").unwrap();
    for name in ["data/tributary.db", "data/tributary.db-wal"] {
        fs::copy(with_log.join(name), copy.join(name)).unwrap();
    }
    let ended = ReadOnlyProgram::new(copy).run(&["stories"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert!(
        ended.stderr.contains("directory is read-only")
            && ended.stderr.contains("tributary.db-wal"),
        "{}",
        ended.stderr
    );

    // A file or directory that may not be read at all.
    for (path, mode) in [("data/tributary.db", 0o000), ("data", 0o000)] {
        let program = ReadOnlyProgram::new(polled_program(&origin));
        fs::set_permissions(program.program.join(path), Permissions::from_mode(mode)).unwrap();
        let ended = program.run(&["status"]);
        assert_eq!(ended.code, 1, "{path}");
        assert!(
            ended.stderr.contains("Permission denied") && ended.stderr.contains("hint: "),
            "{path}: {}",
            ended.stderr
        );
    }

    // A file that ends too early.
    let truncated = polled_program(&origin);
    let bytes = fs::read(truncated.database()).unwrap();
    fs::write(truncated.database(), &bytes[..bytes.len() / 2]).unwrap();
    for arguments in [&["status"][..], &["serve", "--listen", "127.0.0.1:0"], &["poll"]] {
        let ended = truncated.run(arguments);
        assert_eq!(ended.code, 1, "{arguments:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("is damaged") && ended.stderr.contains("restore a backup"),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
    assert_eq!(fs::read(truncated.database()).unwrap().len(), bytes.len() / 2);
}

#[test]
fn a_locked_database_is_named_with_what_to_do() {
    let program = polled_program(&origin_with_three_feeds());
    let lock = Connection::open(program.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Readers do not wait for a writer.
    assert_eq!(program.run(&["stories"]).code, 0);
    let ended = program.run(&["forget", "1"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("locked by another process") && ended.stderr.contains("hint: wait"),
        "{}",
        ended.stderr
    );
}
