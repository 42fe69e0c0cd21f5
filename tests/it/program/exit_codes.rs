//! How commands end: their codes, what they leave untouched, what they refuse.

use std::{fs, process::Stdio};

use super::{feeds_toml, origin_with_three_feeds, polled_program, posts};
use crate::support::{
    origin::{Origin, Reply},
    program::{Program, ProgramOutput},
    sample_feeds::{Post, rss},
};

/// Every command that needs the configuration or the state, with arguments that would be right.
const COMMANDS: [&[&str]; 15] = [
    &["serve", "--listen", "127.0.0.1:0"],
    &["poll"],
    &["publish", "public"],
    &["check", "--effective"],
    &["inspect", "http://127.0.0.1:9/"],
    &["explain", "1"],
    &["label", "1", "streaming"],
    &["evaluate", "labels.toml"],
    &["stories"],
    &["sources"],
    &["topics"],
    &["status"],
    &["backup", "copy.db"],
    &["doctor"],
    &["forget", "1"],
];

#[test]
fn an_invalid_config_exits_with_78_before_any_write() {
    for wrong in [
        "[polling]\nintervall = \"1h\"\n",
        "[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\nschedule = \"0 0 31 2 *\"\n",
        "[site",
    ] {
        let program = Program::with(wrong);
        for command in ["serve", "poll", "publish", "label"] {
            let arguments: &[&str] = match command {
                "publish" => &["publish", "public"],
                "label" => &["label", "1", "streaming"],
                _ => &[command],
            };
            let ended = program.run(arguments);
            assert_eq!(
                (ended.code, ended.stdout.as_str()),
                (78, ""),
                "{command}: {}",
                ended.stderr
            );
            assert!(
                ended.stderr.contains("feeds.toml:"),
                "{command} names file, line and column: {}",
                ended.stderr
            );
        }
        assert_eq!(
            fs::read_dir(program.path()).unwrap().count(),
            1,
            "nothing but feeds.toml is there"
        );
    }
}

#[test]
fn commands_without_a_state_name_the_missing_directory() {
    let program = Program::with(&feeds_toml(&Origin::start(), &["/rss"]));
    fs::write(program.join("labels.toml"), "").unwrap();
    for command in [
        "explain", "label", "stories", "sources", "topics", "status", "backup", "doctor", "forget",
        "publish",
    ] {
        let arguments = COMMANDS.iter().find(|arguments| arguments[0] == command).unwrap();
        let ended = program.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{command}");
        assert!(ended.stderr.contains("no database in data"), "{command}: {}", ended.stderr);
        assert!(
            !program.join("data").exists() && !program.join("public").exists(),
            "{command} made something"
        );
    }
}

#[test]
fn a_corrupt_newer_or_foreign_database_is_named_and_not_modified() {
    let origin = origin_with_three_feeds();
    let good = polled_program(&origin);
    let whole = fs::read(good.database()).unwrap();
    let newer = {
        // `user_version` is the big-endian number at byte 60 of the file (SQLite's file format,
        // §1.3).
        let mut bytes = whole.clone();
        bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
        bytes
    };
    let foreign = {
        let mut bytes = whole.clone();
        bytes[68..72].copy_from_slice(b"Else");
        bytes
    };
    let mut torn = whole.clone();
    for (i, byte) in torn.iter_mut().enumerate().skip(100).take(4000) {
        *byte = u8::try_from(i % 251).unwrap();
    }
    let cases = [
        ("newer", newer, "has schema version 99"),
        ("foreign", foreign, "is not a database of this program"),
        ("text", b"this is no database, whatever its name says\n".repeat(200), "not a database"),
        ("torn", torn, ""),
    ];
    for (what, bytes, said) in cases {
        let program = Program::with(&feeds_toml(&origin, &["/rss"]));
        fs::create_dir(program.join("data")).unwrap();
        fs::write(program.database(), &bytes).unwrap();
        for arguments in COMMANDS
            .iter()
            .filter(|arguments| !matches!(arguments[0], "check" | "inspect" | "evaluate"))
        {
            let ended = program.run(arguments);
            assert_eq!(ended.code, 1, "{what}: {arguments:?}: {}{}", ended.stdout, ended.stderr);
            assert!(
                ended.stderr.contains("tributary.db"),
                "{what}: {arguments:?} does not name the file: {}",
                ended.stderr
            );
            assert!(ended.stderr.contains(said), "{what}: {arguments:?}: {}", ended.stderr);
            assert!(
                fs::read(program.database()).unwrap() == bytes,
                "{what}: {arguments:?} changed the file"
            );
        }
    }
}

#[test]
fn wrong_usage_exits_with_2_and_a_missing_object_with_1() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    for (arguments, code) in [
        (["poll", "nobody"].as_slice(), 1),
        (&["explain", "4711"], 1),
        (&["explain", "https://nobody.example/"], 1),
        (&["stories", "--topic", "nothing"], 1),
        (&["label", "1", "nothing"], 1),
        (&["label", "1"], 2),
        (&["label", "--split", "4711"], 1),
        (&["forget", "4711"], 1),
        (&["evaluate", "no-such-file"], 1),
        (&["inspect", "http://127.0.0.1:9/"], 1),
        (&["backup", "feeds.toml"], 1),
        (&["publish"], 2),
        (&["stories", "--limit", "many"], 2),
    ] {
        let ended = program.run(arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        // What is known of an address that cannot be reached is data: it goes to stdout.
        let told = ended.stderr.starts_with("tributary: ")
            || code == 2
            || ended.stdout.contains("127.0.0.1:9");
        assert!(told, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
    }
    assert_eq!(program.json(&["stories"]).as_array().unwrap().len(), 6, "nothing came of it");
}

#[test]
fn a_closed_stdout_is_no_failure() {
    let program = polled_program(&origin_with_three_feeds());
    for arguments in [
        ["stories", "--json"],
        ["status", "--json"],
        ["explain", "1"],
        ["topics", "--json"],
        ["poll", "--force"],
    ] {
        let mut child = program
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = ProgramOutput::from_output(&child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{arguments:?}");
    }
}

/// A disk that takes no more: what is stored stays, and the command says that it failed.
#[test]
fn a_failed_write_exits_with_1_and_keeps_the_old_state() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let listed = |program: &Program| program.json(&["stories", "--limit", "0", "--source", "rss"]);
    let before = listed(&program);
    let full = fs::metadata(program.database()).unwrap().len();
    // Forty long posts do not fit below the size that the database has already.
    let many: Vec<Post> = (0..40)
        .map(|n| {
            Post::new(&format!("m{n}"), &format!("Kafka, part {n}"), 2, &"long text ".repeat(2000))
        })
        .collect();
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &many))]);
    let blocks = full / 512 + 1;
    let ended = ProgramOutput::from_output(
        &program
            .shell(
                &format!("trap '' XFSZ; ulimit -f {blocks}"),
                &["poll", "--force", "rss", "--json"],
            )
            .output()
            .unwrap(),
    );
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    assert!(
        format!("{}{}", ended.stdout, ended.stderr).contains("disk"),
        "it says why: {}{}",
        ended.stdout,
        ended.stderr
    );
    assert_eq!(listed(&program), before, "the old state is intact");
    assert_eq!(program.run(&["doctor"]).code, 0);
    let summary = program.json(&["poll", "--force"]);
    assert_eq!(summary["new_entries"], 40, "and all is well when there is space again");

    // Nothing at all can be written: no half database is left that would be taken for one.
    let fresh = Program::with(&feeds_toml(&origin, &["/rss"]));
    let ended = ProgramOutput::from_output(
        &fresh.shell("trap '' XFSZ; ulimit -f 8", &["poll"]).output().unwrap(),
    );
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(fresh.json(&["poll"])["new_entries"], 40);
}

/// The same on a file system that is really full, which takes root to make.
#[test]
fn a_full_disk_fails_the_poll_and_keeps_the_old_state() {
    let may = std::process::Command::new("unshare")
        .args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED: a file system of its own cannot be made here; the limit on a file's size \
             stands in for it"
        );
        return;
    }
    let origin = origin_with_three_feeds();
    let many: Vec<Post> = (0..120)
        .map(|n| {
            Post::new(&format!("m{n}"), &format!("Kafka, part {n}"), 2, &"long text ".repeat(2000))
        })
        .collect();
    origin.script(
        "/rss",
        vec![Reply::ok(rss("An RSS feed", &posts()[0])), Reply::ok(rss("An RSS feed", &many))],
    );
    let program = Program::with(&feeds_toml(&origin, &["/rss"]));
    fs::create_dir(program.join("data")).unwrap();
    let binary = env!("CARGO_BIN_EXE_tributary");
    let listed = format!("{binary} stories --json --limit 0");
    let script = format!(
        "mount -t tmpfs -o size=2m tmpfs data && {binary} poll && {listed} > before && {{ {binary} \
         poll --force > report; echo $? > code; {listed} > after; {binary} doctor > health; echo \
         $? > healthy; }}"
    );
    let mut shell = std::process::Command::new("unshare");
    shell.args(["-m", "sh", "-c", &script]).current_dir(program.path());
    let ended = ProgramOutput::from_output(&shell.output().unwrap());
    let read = |name: &str| {
        fs::read_to_string(program.join(name))
            .unwrap_or_else(|_| panic!("no {name}: {}{}", ended.stdout, ended.stderr))
    };
    assert_eq!(read("code").trim(), "1", "{}{}", ended.stdout, ended.stderr);
    assert!(
        format!("{}{}", read("report"), ended.stderr).contains("full"),
        "{}{}",
        read("report"),
        ended.stderr
    );
    assert_eq!((read("after"), read("healthy").trim()), (read("before"), "0"), "{}", ended.stderr);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&read("after"))
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn a_file_that_cannot_be_written_keeps_its_old_bytes() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    program.run_ok(&["publish", "public"]);
    let before = program.files("public");
    let [mut r, ..] = posts();
    r[0].text = "long text ".repeat(3000);
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &r))]);
    program.run_ok(&["poll", "--force"]);
    // 8 kB a file: the feeds do not fit, and the database is not written beyond what it has.
    let ended = ProgramOutput::from_output(
        &program.shell("trap '' XFSZ; ulimit -f 16", &["publish", "public"]).output().unwrap(),
    );
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    let after = program.files("public");
    for (path, bytes, _) in &before {
        let now = &after
            .iter()
            .find(|(known, ..)| known == path)
            .unwrap_or_else(|| panic!("{path} is gone"))
            .1;
        assert!(bytes == now || now.len() <= 8192 && !path.contains("feed."), "{path} was torn");
    }
}

#[test]
fn a_forgotten_story_does_not_come_back_with_the_next_poll() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let stories = program.json(&["stories", "--topic", "databases"]);
    let gone = stories[1]["id"].as_str().unwrap().to_owned();
    let url = stories[1]["url"].as_str().unwrap().to_owned();
    program.run_ok(&["publish", "public"]);
    program.run_ok(&["forget", &url]);
    program.run_ok(&["publish", "public"]);
    for round in 0..3 {
        let [_, mut a, _] = posts();
        // The publisher says more about it, or gives it another id: it stays forgotten.
        a[0].text = format!("{} Said {round} times.", a[0].text);
        if round == 2 {
            a[0].guid = "new-id".into();
        }
        origin.script(
            "/atom",
            vec![Reply::ok(crate::support::sample_feeds::atom("An Atom feed", &a))],
        );
        let summary = program.json(&["poll", "--force", "atom"]);
        assert_eq!(summary["new_stories"], 0, "round {round}: {summary}");
        program.run_ok(&["publish", "public"]);
        for (path, bytes, _) in program.files("public") {
            assert!(
                !String::from_utf8_lossy(&bytes).contains("SQLite in production"),
                "round {round}: {path} has it"
            );
        }
        assert!(!program.join(&format!("public/stories/{gone}")).join("index.html").exists());
        assert_eq!(program.run(&["explain", &gone]).code, 1);
    }
    assert_eq!(program.run(&["doctor"]).code, 0);
}

/// The stories that `retention` lets go are dropped by `poll` as by the daemon, and do not return.
#[test]
fn expired_stories_are_removed_and_do_not_return() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let text = fs::read_to_string(program.join("feeds.toml")).unwrap();
    program.configure(&text.replace("[polling]", "[publishing]\nretention = \"1d\"\n\n[polling]"));
    program.run_ok(&["poll", "--force"]);
    assert_eq!(
        program.json(&["stories"]).as_array().unwrap().len(),
        6,
        "a day counts from the first storing, not from the publisher's date"
    );
    // A day later, as far as the state can tell.
    let conn = rusqlite::Connection::open(program.database()).unwrap();
    conn.execute(
        "UPDATE story SET first_published_ms = first_published_ms - 86400000 WHERE id <> 1",
        [],
    )
    .unwrap();
    program.run_ok(&["poll"]);
    assert_eq!(program.json(&["stories"]).as_array().unwrap().len(), 1);
    let summary = program.json(&["poll", "--force"]);
    assert_eq!(
        (&summary["new_stories"], &summary["new_entries"]),
        (&0.into(), &0.into()),
        "{summary}"
    );
    assert_eq!(program.json(&["stories"]).as_array().unwrap().len(), 1);
    assert_eq!(program.run(&["doctor"]).code, 0);
}
