//! Tests of the real program: what it prints where, and how it ends.

#![allow(clippy::unwrap_used)] // what a test expects, it may insist on

use std::{fs, io::Read as _, process::Stdio};

use crate::support::program::{Program, ProgramOutput};

#[test]
fn init_writes_the_starter_once_and_the_example_on_request() {
    let program = Program::empty();
    let first = program.run(&["init"]);
    assert_eq!((first.code, first.stdout.as_str()), (0, ""));
    assert!(first.stderr.contains("wrote feeds.toml"), "{}", first.stderr);
    assert_eq!(fs::read_to_string(program.join("feeds.toml")).unwrap(), tributary::config::STARTER);
    let lines = tributary::config::STARTER.lines().count();
    assert!((20..=36).contains(&lines), "the starter has {lines} lines");
    assert_eq!(program.run(&["--config", "example.toml", "init", "--example"]).code, 0);
    let example = fs::read_to_string(program.join("example.toml")).unwrap();
    assert_eq!(example, tributary::config::SHIPPED);
    fs::remove_file(program.join("example.toml")).unwrap();

    fs::write(program.join("feeds.toml"), "# mine").unwrap();
    let second = program.run(&["init"]);
    assert_eq!(second.code, 1);
    assert!(
        second.stderr.contains("feeds.toml already exists, not overwritten"),
        "{}",
        second.stderr
    );
    assert_eq!(fs::read_to_string(program.join("feeds.toml")).unwrap(), "# mine");

    let elsewhere = program.run(&["--config", "no/such/dir/feeds.toml", "init"]);
    assert_eq!(elsewhere.code, 1);
    assert!(
        elsewhere.stderr.contains("cannot write no/such/dir/feeds.toml: "),
        "{}",
        elsewhere.stderr
    );
}

#[test]
fn check_accepts_what_init_wrote() {
    let program = Program::empty();
    program.run(&["init"]);
    let check = program.run(&["check"]);
    assert_eq!((check.code, check.stderr.as_str()), (0, ""));
    assert_eq!(check.stdout, "feeds.toml is valid: 0 sources, 1 topic\n");
    let json: serde_json::Value =
        serde_json::from_str(&program.run(&["check", "--json"]).stdout).unwrap();
    assert_eq!(json, serde_json::json!({ "ok": true, "problems": [] }));
    assert_eq!(fs::read_dir(program.path()).unwrap().count(), 1, "check touches nothing");
}

#[test]
fn check_reports_every_problem_and_ends_with_78() {
    let program = Program::empty();
    fs::write(
        program.join("my.toml"),
        "[polling]\nintervall = \"1h\"\n\n[[source]]\nid = \"a\"\nurl = \"a.example\"\n",
    )
    .unwrap();
    let check = program.run(&["check", "--config", "my.toml"]);
    assert_eq!((check.code, check.stderr.as_str()), (78, ""));
    insta::assert_snapshot!(check.stdout);

    let check = program.run(&["check", "--config", "my.toml", "--json"]);
    assert_eq!(check.code, 78);
    let json: serde_json::Value = serde_json::from_str(&check.stdout).unwrap();
    assert_eq!(json["ok"], false);
    assert_eq!(json["problems"].as_array().unwrap().len(), 2);
    let first = serde_json::json!({
        "severity": "error", "file": "my.toml", "line": 2, "column": 1, "key": "polling.intervall",
        "text": "unknown key `intervall`", "hint": "did you mean `interval`?",
    });
    assert_eq!(json["problems"][0], first);
}

#[test]
fn effective_values_name_their_origin() {
    let program = Program::empty();
    program.run(&["init", "--example"]);
    let check = program.run(&["check", "--effective"]);
    assert_eq!(check.code, 0);
    let line = |key: &str| {
        check
            .stdout
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap_or_else(|| panic!("{key} is not there"))
    };
    assert!(line("polling.timeout").ends_with("default"));
    assert!(
        line("source[0].interval").contains("\"3h\"")
            && line("source[0].interval").contains("feeds.toml:")
    );
    let json: serde_json::Value =
        serde_json::from_str(&program.run(&["check", "--effective", "--json"]).stdout).unwrap();
    assert!(
        json["effective"].as_array().unwrap().iter().any(|value| value["key"] == "site.base_url")
    );
}

#[test]
fn a_missing_config_is_named_with_a_hint() {
    let program = Program::empty();
    for command in [["check"].as_slice(), &["topics"], &["--config", "x.toml", "topics", "--json"]]
    {
        let ended = program.run(command);
        let name = if command.contains(&"x.toml") { "x.toml" } else { "feeds.toml" };
        assert_eq!(ended.code, 78, "{command:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
        assert!(
            ended.stderr.starts_with(&format!("tributary: cannot find {name}\n")),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("tributary init"), "{}", ended.stderr);
    }
    let json = program.run(&["check", "--json"]);
    assert_eq!(json.code, 78);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["problems"][0]["line"], serde_json::Value::Null);
}

#[test]
fn the_config_path_can_come_from_the_environment() {
    let program = Program::empty();
    let output = program
        .command(&["check"])
        .env("TRIBUTARY_CONFIG", "from-the-environment.toml")
        .output()
        .unwrap();
    assert!(ProgramOutput::from_output(&output).stderr.contains("from-the-environment.toml"));
}

#[test]
fn a_config_that_is_not_utf8_is_invalid() {
    let program = Program::empty();
    fs::write(program.join("feeds.toml"), b"[site]\ntitle = \"\xff\"\n").unwrap();
    let check = program.run(&["check"]);
    assert_eq!(check.code, 78);
    assert!(check.stderr.contains("invalid UTF-8 on line 2 of feeds.toml"), "{}", check.stderr);
    fs::remove_file(program.join("feeds.toml")).unwrap();
    fs::create_dir(program.join("feeds.toml")).unwrap();
    let check = program.run(&["check"]);
    assert_eq!(check.code, 78);
    assert!(check.stderr.contains("cannot read feeds.toml: "), "{}", check.stderr);
}

#[test]
fn reading_commands_create_no_files_and_name_the_missing_directory() {
    let program = Program::empty();
    program.run(&["init"]);
    for command in ["stories", "sources", "topics", "status"] {
        let ended = program.run(&[command]);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{command}");
        assert!(ended.stderr.contains("no database in data\n"), "{command}: {}", ended.stderr);
    }
    let explain = program.run(&["explain", "1", "--data", "elsewhere"]);
    assert_eq!(explain.code, 1);
    assert!(explain.stderr.contains("no database in elsewhere\n"), "{}", explain.stderr);
    let output = program
        .command(&["stories"])
        .env("STATE_DIRECTORY", "/nonexistent/first:/nonexistent/second")
        .env("TRIBUTARY_DATA", "third")
        .output()
        .unwrap();
    assert!(
        ProgramOutput::from_output(&output).stderr.contains("no database in /nonexistent/first\n")
    );
    assert_eq!(fs::read_dir(program.path()).unwrap().count(), 1, "nothing but feeds.toml is there");
}

#[test]
fn wrong_usage_ends_with_2() {
    let program = Program::empty();
    for arguments in [
        ["nonsense"].as_slice(),
        &[],
        &["poll", "../x"],
        &["label", "7"],
        &["label", "7", "all"],
        &["stories", "--limit", "-1"],
        &["serve", "--listen", "nowhere"],
        &["check", "--listen", "127.0.0.1:0"],
        &["check", "-q", "-v"],
        &["man", "nonsense"],
        &["add", "not-a-url"],
    ] {
        let ended = program.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.is_empty());
    }
}

#[test]
fn help_and_version_exit_with_0() {
    let program = Program::empty();
    let version = program.run(&["--version"]);
    assert_eq!(
        (version.code, version.stdout),
        (0, format!("tributary {}\n", env!("CARGO_PKG_VERSION")))
    );
    let help = program.run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("Usage: tributary"));
}

/// The reference of the command line: every command's `--help`, as it stands.
#[test]
fn the_command_line_is_as_documented() {
    let mut command_line = tributary::cli::command().term_width(100);
    command_line.build();
    let mut reference = vec![command_line.render_long_help().to_string()];
    // The global options stand in the program's own help already.
    let own = |help: String| help.split("\nGlobal options:").next().unwrap_or_default().to_owned();
    for command in command_line.get_subcommands_mut().filter(|command| command.get_name() != "help")
    {
        reference.push(own(command.render_long_help().to_string()));
        for nested in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
            reference.push(own(nested.render_long_help().to_string()));
        }
    }
    let reference = reference.join(&format!("\n{}\n", "=".repeat(100)));
    insta::assert_snapshot!(reference);
}

#[test]
fn the_clap_definition_is_valid() {
    tributary::cli::command().debug_assert();
}

#[test]
fn completions_and_manual_are_printed() {
    let program = Program::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let completions = program.run(&["completions", shell]);
        assert_eq!((completions.code, completions.stderr.as_str()), (0, ""), "{shell}");
        assert!(
            completions.stdout.contains("tributary") && completions.stdout.contains("duplicates"),
            "{shell}"
        );
    }
    let manual = program.run(&["man"]);
    assert_eq!(manual.code, 0);
    assert!(manual.stdout.contains(".TH tributary 1"), "{}", manual.stdout);
    let page = program.run(&["man", "stories"]);
    assert!(
        page.stdout.contains("tributary\\-stories") && page.stdout.contains("unsorted"),
        "{}",
        page.stdout
    );
}

/// `tributary man | head -1`: the reader goes away, which is nobody's failure.
#[test]
fn a_broken_pipe_is_no_failure() {
    let program = Program::empty();
    program.run(&["init"]);
    for arguments in [
        ["man"].as_slice(),
        &["check", "--effective"],
        &["completions", "bash"],
        &["check", "--json"],
    ] {
        let mut child = program
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn colour_is_for_terminals_or_on_request() {
    let program = Program::empty();
    fs::write(program.join("feeds.toml"), "x = 1\n").unwrap();
    assert!(!program.run(&["check"]).stdout.contains('\u{1b}'));
    assert!(program.run(&["check", "--color", "always"]).stdout.contains('\u{1b}'));
    let plain = program.run(&["topics", "--color", "never"]);
    assert_eq!((plain.code, plain.stdout.as_str()), (78, ""));
    assert!(
        plain.stderr.contains("unknown key `x`")
            && plain.stderr.ends_with("tributary: feeds.toml has 1 error\n"),
        "{}",
        plain.stderr
    );
}
