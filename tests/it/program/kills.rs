//! kill -9 at any moment of publishing, backups and migrations: files are whole or not there, and
//! the next run completes the work.
//!
//! A test run kills each of them a few times, or as often as `TRIBUTARY_KILLS` says.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio, time::Duration, time::Instant};

use rusqlite::Connection;

use super::crash_recovery::{kills, serve_round, sleep_for};
use crate::support::{
    old_databases::{self, LAST_VERSION, create_database, texts},
    origin::Origin,
    program::{Program, wait_for},
};

/// Kills commands at moments that are spread evenly over their duration.
struct Killer {
    duration: Duration,
    runs: u32,
    killed: u32,
}

impl Killer {
    /// Measures how long a command takes that is not killed.
    fn measure(program: &Program, arguments: &[&str]) -> Self {
        let begun = Instant::now();
        program.run_ok(arguments);
        Self { duration: begun.elapsed(), runs: 0, killed: 0 }
    }

    /// Runs a command and kills it, unless it ends before.
    fn run(&mut self, program: &Program, arguments: &[&str]) {
        let mut command = program.command(arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.runs += 1;
        // Multiples of the golden ratio are spread evenly.
        sleep_for(self.duration.mul_f64((f64::from(self.runs) * 0.618_034).fract()));
        self.killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn assert_some_killed(&self) {
        assert!(self.killed * 5 >= self.runs, "{} of {} were killed", self.killed, self.runs);
    }
}

fn assert_intact(file: &Path) {
    let conn = Connection::open(file).unwrap();
    assert_eq!(texts(&conn, "PRAGMA integrity_check"), ["ok"], "{}", file.display());
}

fn files(program: &Program, dir: &str) -> BTreeMap<String, Vec<u8>> {
    program.files(dir).into_iter().map(|(path, bytes, _)| (path, bytes)).collect()
}

#[test]
fn killed_publishing_leaves_whole_files_and_the_next_run_completes_it() {
    let origin = Origin::start();
    serve_round(&origin, 0);
    let program = Program::with(&super::feeds_toml(&origin, &["/rss"]));
    program.run_ok(&["poll"]);
    let mut killer = Killer::measure(&program, &["publish", "measured"]);
    for round in 1..=kills(6) {
        serve_round(&origin, round);
        program.run_ok(&["poll", "--force"]);
        let before = if round == 1 { BTreeMap::new() } else { files(&program, "public") };
        killer.run(&program, &["publish", "public"]);
        fs::create_dir_all(program.join("public")).unwrap();
        let between = files(&program, "public");
        program.run_ok(&["publish", "public"]);
        let after = files(&program, "public");
        for (path, bytes) in &between {
            let is_whole = [&before, &after].iter().any(|run| run.get(path) == Some(bytes));
            let is_temporary = path.ends_with(".tributary-new") || path == ".tributary-manifest";
            assert!(is_whole || is_temporary, "round {round}: {path} is a part of a file");
        }
        program.run_ok(&["publish", "fresh"]);
        let fresh = files(&program, "fresh");
        assert_eq!(after.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>());
        assert!(after == fresh, "round {round}: the bytes differ from those of a new directory");
        assert_intact(&program.database());
    }
    killer.assert_some_killed();
}

#[test]
fn a_killed_backup_leaves_no_incomplete_copy() {
    let program = super::polled_program(&super::origin_with_three_feeds());
    let mut killer = Killer::measure(&program, &["backup", "measured.db"]);
    for round in 1..=kills(6) {
        let name = format!("{round}.db");
        killer.run(&program, &["backup", &name]);
        if program.join(&name).exists() {
            assert_intact(&program.join(&name));
            fs::remove_file(program.join(&name)).unwrap();
        }
        program.run_ok(&["backup", &name]);
        assert_eq!(
            fs::read(program.join(&name)).unwrap(),
            fs::read(program.join("measured.db")).unwrap()
        );
        fs::remove_file(program.join(&name)).unwrap();
    }
    killer.assert_some_killed();
    let left: Vec<_> = fs::read_dir(program.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!left.iter().any(|path| path.extension().is_some_and(|e| e == "partial")), "{left:?}");
}

/// A directory with a database of an earlier version.
fn old_program(version: usize) -> Program {
    let program = Program::with(&format!("[publishing]\n{}", old_databases::CONFIG));
    fs::create_dir(program.join("data")).unwrap();
    create_database(&program.database(), version);
    program
}

/// The names of the files in the data directory.
fn names_in_data(program: &Program) -> Vec<String> {
    files(program, "data").into_keys().collect()
}

#[test]
fn a_killed_migration_keeps_everything_and_has_made_a_copy_before() {
    const MIGRATES: &[&str] = &["label", "--clear", "1"];
    let mut killer = Killer::measure(&old_program(LAST_VERSION), MIGRATES);
    for round in 0..kills(6) {
        let version = 1 + usize::try_from(round).unwrap() % LAST_VERSION;
        let program = old_program(version);
        let database = program.database();
        let ids = |file: &Path| {
            texts(&Connection::open(file).unwrap(), "SELECT published_id FROM story ORDER BY id")
        };
        let before = ids(&database);
        killer.run(&program, MIGRATES);
        assert_intact(&database);
        assert_eq!(ids(&database), before, "version {version}");
        program.run_ok(MIGRATES);
        assert_intact(&database);
        assert_eq!(ids(&database), before, "version {version}");
        let copy = program.join(&format!("data/tributary.db.v{version}"));
        assert_intact(&copy);
        assert_eq!(ids(&copy), before, "version {version}");
        let copied: usize = Connection::open(&copy)
            .unwrap()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(copied, version);
        let names = names_in_data(&program);
        assert!(names.iter().all(|name| !name.contains("partial")), "{names:?}");
    }
    killer.assert_some_killed();
}

#[test]
fn a_migration_replaces_no_earlier_copy() {
    let program = old_program(3);
    let (copy, partial) = ("data/tributary.db.v3", "data/tributary.db.v3.partial");
    fs::write(program.join(copy), "the copy of another migration").unwrap();
    fs::write(program.join(partial), "the beginning of a copy").unwrap();
    program.run_ok(&["label", "--clear", "1"]);
    assert_eq!(fs::read(program.join(copy)).unwrap(), b"the copy of another migration");
    assert_intact(&program.join("data/tributary.db.v3-2"));
    assert!(!program.join(partial).exists());
}

/// A killed daemon leaves its log, which belongs to the database that the backup replaces.
#[test]
fn a_backup_is_restored_by_copying_it_over_the_database_of_a_killed_daemon() {
    let origin = Origin::start();
    serve_round(&origin, 0);
    let program = Program::with(&super::feeds_toml(&origin, &["/rss"]));
    program.run_ok(&["poll"]);
    program.run_ok(&["backup", "backup.db"]);
    let stories = program.run_ok(&["stories", "--json"]);
    serve_round(&origin, 30);
    let daemon = program.serve();
    program.run_ok(&["poll", "--force"]);
    wait_for("the new posts are stored", || {
        (program.run_ok(&["stories", "--json"]) != stories).then_some(())
    });
    daemon.kill();
    let log = program.join("data/tributary.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);

    fs::copy(program.join("backup.db"), program.database()).unwrap();
    let ended = program.run(&["stories", "--json"]);
    assert_eq!((ended.code, &ended.stdout), (0, &stories), "{}", ended.stderr);
    program.run_ok(&["poll", "--force"]);
    program.run_ok(&["doctor"]);
    assert_intact(&program.database());
    assert!(program.join("data/tributary.db-wal.old").exists());
}

#[test]
fn a_damaged_database_is_named_and_doctor_lists_the_damage() {
    let program = super::polled_program(&super::origin_with_three_feeds());
    let conn = Connection::open(program.database()).unwrap();
    let page: u64 = conn
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'story'", [], |r| r.get(0))
        .unwrap();
    let size: u64 = conn.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
    drop(conn);
    let mut bytes = fs::read(program.database()).unwrap();
    let start = usize::try_from((page - 1) * size).unwrap();
    bytes[start..start + 100].fill(0xff);
    fs::write(program.database(), &bytes).unwrap();
    let ended = program.run(&["stories"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("cannot use data/tributary.db: the database is damaged")
            && ended.stderr.contains("restore a backup"),
        "{}",
        ended.stderr
    );
    let ended = program.run(&["doctor"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stdout.contains("damaged: "), "{}", ended.stdout);
    assert_eq!(fs::read(program.database()).unwrap(), bytes);
}
