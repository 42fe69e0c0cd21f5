//! Tests of `config` from the outside: the shipped file, and one file for each thing that can be
//! wrong.

#![allow(clippy::unwrap_used)] // what a test expects, it may insist on

use std::{fs, path::PathBuf, time::Duration};

use feed_model::{ContentPolicy, FollowMode, Severity};
use tributary::config::{self, CheckReport};

fn fixtures(kind: &str) -> Vec<(String, String)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(kind);
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty());
    let name = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn valid(name: &str) -> CheckReport {
    let (_, text) = fixtures("valid").into_iter().find(|(found, _)| found == name).unwrap();
    config::check(&text, "feeds.toml")
}

#[test]
fn the_shipped_config_has_no_problems() {
    let checked = config::check(config::SHIPPED, "feeds.toml");
    assert_eq!(checked.problems, []);
    let config = checked.config.unwrap();
    let ids: Vec<&str> = config.sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(ids, ["serverless-fyi", "snackonai"]);
    assert!(
        config.sources.iter().all(|source| source.poll_policy.interval == Duration::from_hours(3)
            && source.poll_policy.custom_interval)
    );
    let topics: Vec<&str> = config.topics.iter().map(|topic| topic.id.as_str()).collect();
    assert_eq!(
        topics,
        ["distributed-systems", "streaming", "cloud-infrastructure", "ai-infrastructure"]
    );
    assert_eq!(config.site.base_url.unwrap().as_str(), "http://127.0.0.1:8080/");
}

/// What stands behind a `#` in the shipped file is an example that works, not a trap.
#[test]
fn the_commented_examples_of_the_shipped_config_are_valid() {
    let lines = config::SHIPPED.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest)
            if rest.starts_with("[[")
                || rest.split_once(" = ").is_some_and(|(key, _)| !key.trim().contains(' ')) =>
        {
            rest
        }
        _ => line,
    });
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let checked = config::check(&text, "feeds.toml");
    assert_eq!(checked.problems, []);
    let config = checked.config.unwrap();
    assert_eq!(config.sources.len(), 3);
    assert_eq!(config.sources[2].url.as_str(), "https://www.mohinish.com/writing.html");
    assert_eq!(config.sources[2].follow_mode, FollowMode::Page);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
}

#[test]
fn every_invalid_config_has_the_expected_report() {
    for (name, text) in fixtures("invalid") {
        let checked = config::check(&text, &format!("{name}.toml"));
        assert!(checked.config.is_none(), "{name} was accepted");
        assert!(checked.errors() > 0, "{name} has no error");
        for problem in &checked.problems {
            assert!(problem.hint.is_some(), "{name}: {problem:?} says not what to do");
            let line = text.lines().nth(problem.line - 1).unwrap_or_default();
            assert!(
                problem.column <= line.chars().count() + 1,
                "{name}: {problem:?} points beyond its line"
            );
        }
        insta::with_settings!({
            snapshot_path => "../fixtures/config/invalid",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, config::render(&checked.problems, false));
        });
    }
}

#[test]
fn every_valid_config_has_no_error() {
    for (name, text) in fixtures("valid") {
        let checked = config::check(&text, &format!("{name}.toml"));
        assert!(checked.config.is_some(), "{name}: {:?}", checked.problems);
        if name != "warnings" {
            assert_eq!(checked.problems, [], "{name}");
        }
    }
}

#[test]
fn suspicious_settings_are_warnings() {
    let (_, text) = fixtures("valid").into_iter().find(|(name, _)| name == "warnings").unwrap();
    let checked = config::check(&text, "warnings.toml");
    assert!(checked.problems.iter().all(|problem| problem.severity == Severity::Warning));
    insta::assert_snapshot!(config::render(&checked.problems, false));
}

#[test]
fn every_key_is_read_as_written() {
    insta::assert_debug_snapshot!(valid("everything").config.unwrap());
}

#[test]
fn every_default_is_filled_in() {
    insta::assert_debug_snapshot!(valid("minimal").config.unwrap());
}

#[test]
fn every_effective_value_has_its_origin() {
    let (_, text) = fixtures("valid").into_iter().find(|(name, _)| name == "everything").unwrap();
    let effective = config::check(&text, "feeds.toml").effective;
    let shown: Vec<String> =
        effective.iter().map(|v| format!("{} = {}  # {}", v.key, v.value, v.from)).collect();
    insta::assert_snapshot!(shown.join("\n"));
    let minimal = valid("minimal").effective;
    assert!(
        minimal
            .iter()
            .filter(|v| v.from != "default")
            .map(|v| v.key.as_str())
            .eq(["source[0].id", "source[0].url"])
    );
}

/// A source that names its own host widens nothing for a public site that redirects there.
#[test]
fn an_exemption_holds_only_for_a_source_whose_own_host_is_exempt() {
    let text = "
        polling.allow_hosts = [\"127.0.0.1\"]
        [[source]]
        id = \"public\"
        url = \"https://a.example/\"
        [[source]]
        id = \"own\"
        url = \"http://127.0.0.1:9000/\"
        allow_hosts = [\"10.0.0.0/8\"]
    ";
    let config = config::check(text, "feeds.toml").config.unwrap();
    assert!(config.sources[0].allow_hosts.is_empty() && !config.sources[0].poll_policy.exempt);
    assert!(config.sources[1].poll_policy.exempt);
    assert_eq!(config.sources[1].allow_hosts.len(), 2);
    assert_eq!(config.sources[1].content, None::<ContentPolicy>);
}

/// The shipped file is what a person would write by hand.
#[test]
fn the_shipped_config_is_short_and_has_no_regex() {
    assert!(config::SHIPPED.len() <= 6000, "{} bytes", config::SHIPPED.len());
    let config = config::check(config::SHIPPED, "feeds.toml").config.unwrap();
    for topic in &config.topics {
        let own = topic.any.iter().chain(&topic.all).chain(&topic.none);
        let grouped = topic.terms.iter().flat_map(|group| &group.words);
        for word in own.chain(grouped) {
            assert!(!word.contains('/') || !word.ends_with('/'), "{}: {word}", topic.id);
        }
        assert!(topic.any.len() + topic.none.len() <= 10, "{}", topic.id);
    }
    let starter = config::check(config::STARTER, "feeds.toml");
    assert_eq!(starter.problems, []);
    let starter = starter.config.unwrap();
    assert_eq!((starter.sources.len(), starter.topics.len()), (0, 1));
}

#[test]
fn included_files_add_sources_and_topics_and_name_their_problems() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("topics")).unwrap();
    let main = "include = [\"topics/*.toml\", \"more.toml\"]\n\n[[source]]\nid = \"a\"\n\
        url = \"https://a.example/\"\n";
    fs::write(
        path("topics/b.toml"),
        "\u{feff}[[topic]]\nid = \"bread\"\nany = [\"rye\"]\nsources = [\"c\"]\n\
         vocabulary = [\"own.toml\"]\n",
    )
    .unwrap();
    fs::write(path("topics/a.toml"), "[[topic]]\nid = \"cheese\"\nany = [\"brie\"]\n").unwrap();
    fs::write(path("topics/ignored.txt"), "x = 1").unwrap();
    fs::write(path("more.toml"), "[[source]]\nid = \"c\"\nurl = \"https://c.example/\"\n").unwrap();
    fs::write(path("own.toml"), "[[terms]]\nwords = [\"spelt\"]\n[except]\ntitle = [\"cake\"]\n")
        .unwrap();
    let name = path("feeds.toml").display().to_string();
    let checked = config::check(main, &name);
    assert_eq!(checked.problems, []);
    let config = checked.config.unwrap();
    let sources: Vec<&str> = config.sources.iter().map(|source| source.id.as_str()).collect();
    let topics: Vec<&str> = config.topics.iter().map(|topic| topic.id.as_str()).collect();
    assert_eq!((sources, topics), (vec!["a", "c"], vec!["cheese", "bread"]));
    assert_eq!(config.topics[1].terms[0].words, ["spelt"]);
    assert_eq!(config.topics[1].except.title, ["cake"]);

    fs::write(path("own.toml"), "[[terms]]\nwords = [\"spelt\"]\nwieght = 2\n").unwrap();
    fs::write(
        path("more.toml"),
        "# ü\n[server]\nlisten = \"127.0.0.1:1\"\n\
         [[source]]\nid = \"a\"\nurl = \"https://c.example/\"\n",
    )
    .unwrap();
    let checked = config::check(main, &name);
    let place = |problem: &config::ConfigProblem| {
        let file = problem.file.rsplit('/').next().unwrap().to_owned();
        (file, problem.line, problem.column, problem.text.clone())
    };
    let problems: Vec<_> = checked.problems.iter().map(place).collect();
    let expected = |file: &str, line, column, text: &str| {
        assert!(
            problems.contains(&(file.to_owned(), line, column, text.to_owned())),
            "{file}: {text}: {problems:?}"
        );
    };
    expected("own.toml", 3, 1, "unknown key `wieght`");
    expected("more.toml", 2, 2, "unknown key `server`");
    expected("more.toml", 5, 6, "`a` is already the id of another source");
    expected("b.toml", 4, 12, "unknown source `c`");
    let report = config::render(&checked.problems, false);
    assert!(report.contains("first used at") && report.contains("feeds.toml:4"), "{report}");
    assert!(report.contains("wieght = 2"), "{report}");
}

#[test]
fn colour_is_used_only_on_request() {
    let text = "[polling]\ninterval = 1";
    let problems = config::check(text, "feeds.toml").problems;
    assert!(!config::render(&problems, false).contains('\u{1b}'));
    assert!(config::render(&problems, true).contains('\u{1b}'));
}

#[test]
fn reports_contain_no_terminal_control_characters() {
    let text = "\"\\u001b[2J\" = 1\n[[source]]\nid = \"\\u001b]0;x\\u0007\"\n\
        url = \"https://\\u001b.example/\"\n";
    let report = config::render(&config::check(text, "feeds.toml").problems, false);
    assert!(!report.contains(['\u{1b}', '\u{7}']), "{report:?}");
}

mod properties {
    use proptest::prelude::*;
    use tributary::config;

    proptest! {
        /// No text makes the check panic, and every place lies in the text.
        #[test]
        fn any_text_is_checked_without_a_panic(text in "\\PC{0,200}") {
            let checked = config::check(&text, "feeds.toml");
            let _ = config::render(&checked.problems, false);
            prop_assert!(checked.problems.iter().all(|p| p.line >= 1 && p.column >= 1));
        }

        /// The same for the shipped file with anything written over a part of it.
        #[test]
        fn any_damaged_config_is_checked_without_a_panic(
            at in 0..config::SHIPPED.len(),
            length in 0..40_usize,
            junk in "[\\PC\n\"\\[\\]=]{0,20}",
        ) {
            prop_assume!(config::SHIPPED.is_char_boundary(at));
            let end = (at + length).min(config::SHIPPED.len());
            prop_assume!(config::SHIPPED.is_char_boundary(end));
            let text = format!("{}{junk}{}", &config::SHIPPED[..at], &config::SHIPPED[end..]);
            let checked = config::check(&text, "feeds.toml");
            let report = config::render(&checked.problems, false);
            prop_assert_eq!(checked.config.is_none(), checked.errors() > 0);
            prop_assert!(checked.problems.is_empty() == report.is_empty());
        }
    }
}
