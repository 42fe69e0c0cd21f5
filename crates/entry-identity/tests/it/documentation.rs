//! `docs/identity.md` lists the rules as they are in the code.

use std::{fmt::Write as _, fs, path::Path};

use entry_identity::{ENTRY_RULES, STORY_RULES};

/// Returns a numbered list in lines of at most 100 characters.
fn list(items: impl Iterator<Item = String>) -> String {
    let mut out = String::new();
    for (number, item) in items.enumerate() {
        let mut line = format!("{}.", number + 1);
        for word in item.split(' ') {
            if line.chars().count() + word.chars().count() >= 100 {
                writeln!(out, "{line}").expect("a string");
                "  ".clone_into(&mut line);
            }
            write!(line, " {word}").expect("a string");
        }
        writeln!(out, "{line}").expect("a string");
    }
    out
}

fn assert_documented(heading: &str, list: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/identity.md");
    let page = fs::read_to_string(&path).expect("docs/identity.md is readable");
    let section = page.split("\n## ").find(|section| section.starts_with(heading));
    assert!(
        section.is_some_and(|section| section.contains(&format!("\n\n{list}"))),
        "the list of docs/identity.md under \"{heading}\" must be:\n\n{list}"
    );
}

#[test]
fn the_entry_rules_are_documented() {
    let rules = ENTRY_RULES.iter().map(|rule| format!("`{}`: {}.", rule.name, rule.condition));
    assert_documented("Rules within a source", &list(rules));
}

#[test]
fn the_story_rules_are_documented() {
    let rules = STORY_RULES
        .iter()
        .map(|rule| format!("`{}`, *{}*: {}.", rule.name, rule.verdict, rule.condition));
    assert_documented("Rules across sources", &list(rules));
}
