//! Any text as feeds.toml: every problem is shown at its place in the text, and a source that is
//! appended to a valid file leaves it valid.
#![no_main]

use feed_model::{FollowMode, SourceId};
use libfuzzer_sys::fuzz_target;
use tributary::config::{NewSource, append_source, check, render};

fuzz_target!(|text: &str| {
    // Only the text is of interest, not the files of this machine.
    if text.contains("include") || text.contains("icon") || text.contains("vocabulary") {
        return;
    }
    let report = check(text, "feeds.toml");
    assert_eq!(report.config.is_some(), report.errors() == 0);
    render(&report.problems, false);
    let source = NewSource {
        id: SourceId::new("appended-by-the-fuzzer").expect("a valid id"),
        title: Some("A \"title\"\n".to_owned()),
        url: "https://appended.example/feed".parse().expect("a valid URL"),
        follow_mode: FollowMode::Feed,
        comment: "found on the page".to_owned(),
        basic_file: None,
    };
    if report.config.is_some()
        && let Ok(appended) = append_source(text, &source)
    {
        assert!(appended.starts_with(text));
        let report = check(&appended, "feeds.toml");
        assert_eq!(report.errors(), 0, "{}", render(&report.problems, false));
    }
});
