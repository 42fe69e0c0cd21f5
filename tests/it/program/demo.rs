//! The demo, as a new user sees it.

use std::{fs, process::Command};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::program::{Daemon, Program, ProgramOutput, wait_for};

/// The demo with a temporary directory of its own, in an empty home.
fn demo(program: &Program, arguments: &[&str]) -> Command {
    fs::create_dir_all(program.join("tmp")).unwrap();
    let mut command = program.command(&[&["demo"], arguments].concat());
    command.env("TMPDIR", program.join("tmp"));
    command
}

#[test]
fn demo_once_prints_the_topics_and_leaves_no_files() {
    let program = Program::empty();
    let first = ProgramOutput::from_output(&demo(&program, &["--once"]).output().unwrap());
    assert_eq!((first.code, first.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(first.stdout);
    assert_eq!(fs::read_dir(program.join("tmp")).unwrap().count(), 0, "its state is gone");
    assert_eq!(fs::read_dir(program.path()).unwrap().count(), 1, "and nothing else was touched");
    let second = ProgramOutput::from_output(&demo(&program, &["--once"]).output().unwrap());
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn demo_once_on_a_kept_state_finds_the_same_stories() {
    let program = Program::empty();
    let stories = || {
        let ended = ProgramOutput::from_output(
            &demo(&program, &["--once", "--json", "--data", "kept"]).output().unwrap(),
        );
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        let stories: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        stories
    };
    let first = stories();
    let second = stories();
    let ids = |stories: &[Value]| {
        stories.iter().map(|s| s["published_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(first.len() > 10);
    // The origin has another port each time: links below it move, and stories stay what they are.
    assert_eq!(ids(&first), ids(&second));
    assert!(program.join("kept/tributary.db").is_file());
}

#[test]
fn a_cross_post_in_the_demo_is_one_story() {
    let program = Program::empty();
    let ended =
        ProgramOutput::from_output(&demo(&program, &["--once", "--json"]).output().unwrap());
    let stories: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    let merged: Vec<&Value> =
        stories.iter().filter(|s| !s["duplicates"].as_array().unwrap().is_empty()).collect();
    assert!(!merged.is_empty(), "the demo plays a cross-post");
    for story in merged {
        let sources: std::collections::BTreeSet<&str> = story["sources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["source"].as_str().unwrap())
            .collect();
        assert_eq!(sources.len(), 2, "{story}");
    }
}

#[test]
fn demo_serves_new_posts_as_they_arrive() {
    let program = Program::empty();
    let mut daemon =
        Daemon::start(demo(&program, &[]), &program.join("log")).expect("it says where to look");
    let greeting: String = std::iter::from_fn(|| Some(daemon.line()))
        .take_while(|line| !line.contains("Stop the demo with Ctrl-C"))
        .collect();
    let feed = format!("http://{}/topics/streaming/feed.atom", daemon.address);
    assert!(greeting.contains(&feed), "{greeting}");
    let count = |daemon: &Daemon| {
        let feed: Value =
            serde_json::from_slice(&daemon.get("/topics/all/feed.json").body).unwrap();
        feed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let first =
        wait_for("the publications are read", || Some(count(&daemon)).filter(|ids| ids.len() > 10));
    let newest =
        wait_for("a new post arrives", || Some(count(&daemon)).filter(|ids| ids[0] != first[0]));
    assert!(newest.contains(&first[0]));
    assert_eq!(daemon.get("/").status, 200);

    let states: Vec<_> =
        fs::read_dir(program.join("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(states.len(), 1);
    let data = states[0].to_str().unwrap();
    wait_for("an unchanged publication answers 304", || {
        let ended = program.run(&["status", "--json", "--data", data]);
        let sources: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        sources.iter().any(|source| source["last_status"] == 304).then_some(())
    });
    assert_eq!(daemon.stop(Signal::INT), Some(0));
    assert_eq!(fs::read_dir(program.join("tmp")).unwrap().count(), 0, "its state is gone");
}
