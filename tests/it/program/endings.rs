//! How commands end: their codes, what they leave untouched, what they refuse.

use std::{fs, process::Stdio};

use super::{feeds_toml, polled, posts, three_feeds};
use crate::support::{
    origin::{Origin, Reply},
    program::{Ended, Home},
    publication::{Post, rss},
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
fn a_wrong_feeds_toml_ends_with_78_before_anything_is_touched() {
    for wrong in [
        "[polling]\nintervall = \"1h\"\n",
        "[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\nschedule = \"0 0 31 2 *\"\n",
        "[site",
    ] {
        let home = Home::with(wrong);
        for command in ["serve", "poll", "publish", "label"] {
            let arguments: &[&str] = match command {
                "publish" => &["publish", "public"],
                "label" => &["label", "1", "streaming"],
                _ => &[command],
            };
            let ended = home.run(arguments);
            assert_eq!((ended.code, ended.out.as_str()), (78, ""), "{command}: {}", ended.err);
            assert!(ended.err.contains("feeds.toml:"), "{command} names file, line and column: {}", ended.err);
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing but feeds.toml is there");
    }
}

#[test]
fn commands_that_need_a_state_name_the_directory_that_has_none() {
    let home = Home::with(&feeds_toml(&Origin::start(), &["/rss"]));
    fs::write(home.join("labels.toml"), "").unwrap();
    for command in ["explain", "label", "stories", "sources", "topics", "status", "backup", "doctor", "forget", "publish"] {
        let arguments = COMMANDS.iter().find(|arguments| arguments[0] == command).unwrap();
        let ended = home.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{command}");
        assert!(ended.err.contains("there is no state in data"), "{command}: {}", ended.err);
        assert!(!home.join("data").exists() && !home.join("public").exists(), "{command} made something");
    }
}

#[test]
fn a_database_that_is_broken_newer_or_foreign_is_named_and_left_as_it_is() {
    let origin = three_feeds();
    let good = polled(&origin);
    let whole = fs::read(good.database()).unwrap();
    let newer = {
        // `user_version` is the big-endian number at byte 60 of the file (SQLite's file format, §1.3).
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
        ("newer", newer, "is of version 99"),
        ("foreign", foreign, "is not a database of this program"),
        ("text", b"this is no database, whatever its name says\n".repeat(200), "not a database"),
        ("torn", torn, ""),
    ];
    for (what, bytes, said) in cases {
        let home = Home::with(&feeds_toml(&origin, &["/rss"]));
        fs::create_dir(home.join("data")).unwrap();
        fs::write(home.database(), &bytes).unwrap();
        for arguments in COMMANDS.iter().filter(|arguments| !matches!(arguments[0], "check" | "inspect" | "evaluate")) {
            let ended = home.run(arguments);
            assert_eq!(ended.code, 1, "{what}: {arguments:?}: {}{}", ended.out, ended.err);
            assert!(ended.err.contains("tributary.db"), "{what}: {arguments:?} does not name the file: {}", ended.err);
            assert!(ended.err.contains(said), "{what}: {arguments:?}: {}", ended.err);
            assert!(fs::read(home.database()).unwrap() == bytes, "{what}: {arguments:?} changed the file");
        }
    }
}

#[test]
fn wrong_usage_ends_with_2_and_what_is_not_there_with_1() {
    let origin = three_feeds();
    let home = polled(&origin);
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
        let ended = home.run(arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}{}", ended.out, ended.err);
        // What is known of an address that cannot be reached is data: it goes to stdout.
        let told = ended.err.starts_with("tributary: ") || code == 2 || ended.out.contains("127.0.0.1:9");
        assert!(told, "{arguments:?}: {}{}", ended.out, ended.err);
    }
    assert_eq!(home.json(&["stories"]).as_array().unwrap().len(), 6, "nothing came of it");
}

#[test]
fn a_reader_who_goes_away_is_nobodys_failure() {
    let home = polled(&three_feeds());
    for arguments in [["stories", "--json"], ["status", "--json"], ["explain", "1"], ["topics", "--json"], ["poll", "--force"]] {
        let mut child = home.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = Ended::of(&child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{arguments:?}");
    }
}

/// A disk that takes no more: what is stored stays, and the command says that it failed.
#[test]
fn what_cannot_be_recorded_ends_with_1_and_leaves_the_state_as_it_was() {
    let origin = three_feeds();
    let home = polled(&origin);
    let listed = |home: &Home| home.json(&["stories", "--limit", "0", "--source", "rss"]);
    let before = listed(&home);
    let full = fs::metadata(home.database()).unwrap().len();
    // Forty long posts do not fit below the size that the database has already.
    let many: Vec<Post> =
        (0..40).map(|n| Post::new(&format!("m{n}"), &format!("Kafka, part {n}"), 2, &"long text ".repeat(2000))).collect();
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &many))]);
    let blocks = full / 512 + 1;
    let ended = Ended::of(
        &home.shell(&format!("trap '' XFSZ; ulimit -f {blocks}"), &["poll", "--force", "rss", "--json"]).output().unwrap(),
    );
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    assert!(format!("{}{}", ended.out, ended.err).contains("disk"), "it says why: {}{}", ended.out, ended.err);
    assert_eq!(listed(&home), before, "the old state is intact");
    assert_eq!(home.run(&["doctor"]).code, 0);
    let summary = home.json(&["poll", "--force"]);
    assert_eq!(summary["new_entries"], 40, "and all is well when there is room again");

    // Nothing at all can be written: no half database is left that would be taken for one.
    let fresh = Home::with(&feeds_toml(&origin, &["/rss"]));
    let ended = Ended::of(&fresh.shell("trap '' XFSZ; ulimit -f 8", &["poll"]).output().unwrap());
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    assert_eq!(fresh.json(&["poll"])["new_entries"], 40);
}

/// The same on a file system that is really full, which takes root to make.
#[test]
fn a_full_disk_costs_the_poll_and_nothing_else() {
    let may = std::process::Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: a file system of its own cannot be made here; the limit on a file's size stands in for it");
        return;
    }
    let origin = three_feeds();
    let many: Vec<Post> =
        (0..120).map(|n| Post::new(&format!("m{n}"), &format!("Kafka, part {n}"), 2, &"long text ".repeat(2000))).collect();
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &posts()[0])), Reply::ok(rss("An RSS feed", &many))]);
    let home = Home::with(&feeds_toml(&origin, &["/rss"]));
    fs::create_dir(home.join("data")).unwrap();
    let program = env!("CARGO_BIN_EXE_tributary");
    let listed = format!("{program} stories --json --limit 0");
    let script = format!(
        "mount -t tmpfs -o size=2m tmpfs data && {program} poll && {listed} > before && {{ {program} poll --force > report; echo $? > code; \
         {listed} > after; {program} doctor > health; echo $? > healthy; }}"
    );
    let mut shell = std::process::Command::new("unshare");
    shell.args(["-m", "sh", "-c", &script]).current_dir(home.path());
    let ended = Ended::of(&shell.output().unwrap());
    let read =
        |name: &str| fs::read_to_string(home.join(name)).unwrap_or_else(|_| panic!("no {name}: {}{}", ended.out, ended.err));
    assert_eq!(read("code").trim(), "1", "{}{}", ended.out, ended.err);
    assert!(format!("{}{}", read("report"), ended.err).contains("full"), "{}{}", read("report"), ended.err);
    assert_eq!((read("after"), read("healthy").trim()), (read("before"), "0"), "{}", ended.err);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&read("after")).unwrap().as_array().unwrap().len(), 3);
}

#[test]
fn a_file_that_cannot_be_written_keeps_its_old_bytes() {
    let origin = three_feeds();
    let home = polled(&origin);
    home.done(&["publish", "public"]);
    let before = home.files("public");
    let [mut r, ..] = posts();
    r[0].text = "long text ".repeat(3000);
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &r))]);
    home.done(&["poll", "--force"]);
    // 8 kB a file: the feeds do not fit, and the database is not written beyond what it has.
    let ended = Ended::of(&home.shell("trap '' XFSZ; ulimit -f 16", &["publish", "public"]).output().unwrap());
    assert_eq!(ended.code, 1, "{}{}", ended.out, ended.err);
    let after = home.files("public");
    for (path, bytes, _) in &before {
        let now = &after.iter().find(|(known, ..)| known == path).unwrap_or_else(|| panic!("{path} is gone")).1;
        assert!(bytes == now || now.len() <= 8192 && !path.contains("feed."), "{path} was torn");
    }
}

#[test]
fn a_forgotten_story_does_not_come_back_with_the_next_poll() {
    let origin = three_feeds();
    let home = polled(&origin);
    let stories = home.json(&["stories", "--topic", "databases"]);
    let gone = stories[1]["id"].as_str().unwrap().to_owned();
    let url = stories[1]["url"].as_str().unwrap().to_owned();
    home.done(&["publish", "public"]);
    home.done(&["forget", &url]);
    home.done(&["publish", "public"]);
    for round in 0..3 {
        let [_, mut a, _] = posts();
        // The publisher says more about it, or gives it another id: it stays forgotten.
        a[0].text = format!("{} Said {round} times.", a[0].text);
        if round == 2 {
            a[0].guid = "new-id".into();
        }
        origin.script("/atom", vec![Reply::ok(crate::support::publication::atom("An Atom feed", &a))]);
        let summary = home.json(&["poll", "--force", "atom"]);
        assert_eq!(summary["new_stories"], 0, "round {round}: {summary}");
        home.done(&["publish", "public"]);
        for (path, bytes, _) in home.files("public") {
            assert!(!String::from_utf8_lossy(&bytes).contains("SQLite in production"), "round {round}: {path} has it");
        }
        assert!(!home.join(&format!("public/stories/{gone}")).join("index.html").exists());
        assert_eq!(home.run(&["explain", &gone]).code, 1);
    }
    assert_eq!(home.run(&["doctor"]).code, 0);
}

/// The stories that `retention` lets go are dropped by `poll` as by the daemon, and do not return.
#[test]
fn expired_stories_go_and_stay_gone() {
    let origin = three_feeds();
    let home = polled(&origin);
    let text = fs::read_to_string(home.join("feeds.toml")).unwrap();
    home.configure(&text.replace("[polling]", "[publishing]\nretention = \"1d\"\n\n[polling]"));
    home.done(&["poll", "--force"]);
    assert_eq!(
        home.json(&["stories"]).as_array().unwrap().len(),
        6,
        "a day counts from the first storing, not from the publisher's date"
    );
    // A day later, as far as the state can tell.
    let conn = rusqlite::Connection::open(home.database()).unwrap();
    conn.execute("UPDATE story SET first_published_ms = first_published_ms - 86400000 WHERE id <> 1", []).unwrap();
    home.done(&["poll"]);
    assert_eq!(home.json(&["stories"]).as_array().unwrap().len(), 1);
    let summary = home.json(&["poll", "--force"]);
    assert_eq!((&summary["new_stories"], &summary["new_entries"]), (&0.into(), &0.into()), "{summary}");
    assert_eq!(home.json(&["stories"]).as_array().unwrap().len(), 1);
    assert_eq!(home.run(&["doctor"]).code, 0);
}
