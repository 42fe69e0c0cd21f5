//! Labelled pairs: each names the rule that decides it, and every rule is needed by one.

use entry_identity::{
    Candidate, ENTRY_RULES, EntryMatch, STORY_RULES, StoryMatch, match_entries_without,
    same_story_without,
};
use feed_model::{Draft, Enclosure, PublishedDate, SourceId};

use crate::{
    entry_match::{EntryMemory, post},
    item, prose,
    story_match::{AWAY, HOME, POST, copy, post as home_post, stored_candidate, with_new_entry},
};

/// Two entries of two sources, and the rule that decides about them.
struct StoryPair {
    rule: &'static str,
    home: &'static str,
    incoming: Draft,
    stored: Candidate,
}

/// What is decided: the rule, and whether it is one story, a commentary or another story.
fn decided(pair: &StoryPair, left_out: &str) -> (&'static str, String) {
    let decision = with_new_entry(pair.home, &pair.incoming, |incoming| {
        same_story_without(left_out, incoming, &pair.stored)
    });
    match decision {
        StoryMatch::Same { reason } => (reason.rule, "same".to_owned()),
        StoryMatch::Different { reason } => (reason.rule, "different".to_owned()),
        StoryMatch::Related { reason, commentary, .. } => (reason.rule, format!("{commentary:?}")),
    }
}

const TITLE: &str = "Exactly once in Kafka";

fn at(draft: Draft, time: &str) -> Draft {
    Draft { published: Some(PublishedDate::exact(time.parse().expect("a time"))), ..draft }
}

fn with_audio(draft: Draft, url: &str) -> Draft {
    let file = Enclosure { url: url.to_owned(), mime: "audio/mpeg".to_owned(), length: None };
    Draft { enclosures: vec![file], ..draft }
}

/// A text of words in lower case with the words at some places replaced.
fn edited(seed: u32, words: u32, places: &[(usize, &str)]) -> String {
    let text = prose(seed, words);
    let mut text: Vec<String> = text.split(' ').map(plain_word).collect();
    for (place, word) in places {
        (*word).clone_into(&mut text[*place]);
    }
    text.join(" ")
}

/// A word of [`prose`] with letters for its digits, so that it is no number.
fn plain_word(word: &str) -> String {
    word.chars()
        .map(|c| c.to_digit(10).map_or(c, |digit| char::from(b'a' + u8::try_from(digit).unwrap())))
        .collect()
}

fn story_pairs() -> Vec<StoryPair> {
    let pair =
        |rule, home, incoming: Draft, stored: Candidate| StoryPair { rule, home, incoming, stored };
    let home = |draft: &Draft| stored_candidate(HOME, draft);
    let away = |draft: &Draft| stored_candidate(AWAY, draft);
    let linked = |title: &str, text: &str| item("x", POST, title, 4, text);
    let amp = |title: &str, text: &str| item("x", &format!("{POST}/amp/"), title, 4, text);
    let plain = |words| copy(TITLE, &edited(1, words, &[]));
    let stored = |words| home(&item("p", POST, TITLE, 4, &edited(1, words, &[])));
    let post = home_post();
    let same_source =
        Candidate { source: SourceId::new("incoming").expect("an id"), ..home(&post) };
    let in_story = Candidate { has_entry_of_same_source: true, ..stored(60) };
    let on_pages = Candidate { page_count: 4, ..stored(60) };
    let titled = |title: &str, draft: Draft| Draft { title: Some(title.to_owned()), ..draft };
    let undated = |draft: Draft| Draft { published: None, ..draft };
    let advisory = |id: &str| copy(TITLE, &edited(1, 120, &[(80, id)]));
    let long_intro: Vec<(usize, &str)> = (10..30).map(|place| (place, "other")).collect();
    let (front, back) = (edited(1, 150, &[]), edited(2, 150, &[]));
    vec![
        pair("one-source", HOME, post.clone(), same_source),
        pair("reused-link", HOME, linked("Of bees", &prose(2, 90)), home(&post)),
        pair("link-at-home", HOME, linked("Of bees", "In short."), home(&post)),
        pair("link-and-text", AWAY, linked("Of bees", &prose(1, 60)), home(&post)),
        pair("commentary", AWAY, linked(TITLE, &prose(2, 48)), home(&post)),
        pair("stored-commentary", HOME, post.clone(), away(&linked(TITLE, &prose(2, 48)))),
        pair("variant-of-other-text", HOME, amp(TITLE, &prose(2, 60)), home(&post)),
        pair("link-and-title", AWAY, amp(TITLE, "In short."), home(&post)),
        pair("variant-of-other-title", AWAY, amp("Kafka, exactly", "In short."), home(&post)),
        pair("bare-link", AWAY, linked("", ""), home(&post)),
        pair("link-and-subject", AWAY, linked("Kafka, exactly", "In short."), home(&post)),
        pair("stored-remark", HOME, post.clone(), away(&linked("Of bees", "In short."))),
        pair("remark", AWAY, linked("Of bees", "In short."), home(&post)),
        pair("other-title", AWAY, titled("Of bees", plain(300)), stored(300)),
        pair("short-text", AWAY, plain(47), stored(47)),
        pair(
            "generic-title",
            AWAY,
            titled("Release 1.2", plain(100)),
            home(&titled("Release 1.2", item("p", POST, "", 4, &edited(1, 100, &[])))),
        ),
        pair("source-in-story", AWAY, plain(60), in_story),
        pair("many-pages", AWAY, plain(60), on_pages),
        pair(
            "other-files",
            AWAY,
            with_audio(plain(200), "https://a.example/12.mp3"),
            home(&with_audio(
                item("p", POST, TITLE, 4, &edited(1, 200, &[])),
                "https://b.example/12.mp3",
            )),
        ),
        pair(
            "undated",
            AWAY,
            undated(titled("Guest post: Queues", plain(200))),
            home(&titled("Queues", item("p", POST, "", 4, &edited(1, 200, &[])))),
        ),
        pair(
            "other-days",
            AWAY,
            titled("News of the week", plain(200)),
            home(&item("p", POST, "News of the week", 11, &edited(1, 200, &[]))),
        ),
        pair("other-facts", AWAY, advisory("CVE-2026-1"), home(&advisory_at_home("CVE-2026-2"))),
        pair(
            "copy",
            AWAY,
            copy(
                "EXACTLY ONCE IN KAFKA",
                &format!("Have your say below. {}", edited(1, 60, &[(30, "perhaps")])),
            ),
            stored(60),
        ),
        pair("excerpt", AWAY, plain(60), stored(600)),
        pair("filled-in-form", AWAY, copy(TITLE, &edited(1, 300, &long_intro)), stored(300)),
        pair(
            "similar-text",
            AWAY,
            copy(TITLE, &format!("{front} {} {back}", edited(3, 60, &[]))),
            home(&item("p", POST, TITLE, 4, &format!("{front} {back}"))),
        ),
        pair("other-text", AWAY, copy(TITLE, &edited(7, 100, &[])), stored(100)),
    ]
}

fn advisory_at_home(id: &str) -> Draft {
    item("p", POST, TITLE, 4, &edited(1, 120, &[(80, id)]))
}

#[test]
fn every_pair_of_stories_is_decided_by_the_rule_that_it_names() {
    for pair in story_pairs() {
        assert_eq!(decided(&pair, "").0, pair.rule, "{:?}", decided(&pair, ""));
    }
}

#[test]
fn every_story_rule_is_needed_by_a_pair() {
    let pairs = story_pairs();
    for rule in STORY_RULES {
        let is_needed = pairs
            .iter()
            .filter(|pair| pair.rule == rule.name)
            .any(|pair| decided(pair, "").1 != decided(pair, rule.name).1);
        assert!(is_needed, "without the rule `{}` every pair is decided as before", rule.name);
    }
}

/// Documents of one source, and the rule by which the first item of the last is known.
struct EntryPair {
    rule: &'static str,
    documents: Vec<Vec<Draft>>,
}

/// Returns the rule and the entry of the first item of the last document.
fn matched(pair: &EntryPair, left_out: &str) -> Option<(&'static str, i64)> {
    let (last, before) = pair.documents.split_last().expect("two documents");
    let mut memory = EntryMemory::default();
    for document in before {
        memory.poll(document);
    }
    let identity = memory.identify(last);
    let Ok(matches) = match_entries_without(left_out, &identity, &memory);
    match &matches.items[0] {
        EntryMatch::Existing { entry, reason, .. } => Some((reason.name, entry.0)),
        EntryMatch::New | EntryMatch::InFeedDuplicate => None,
    }
}

fn entry_pairs() -> Vec<EntryPair> {
    let pair = |rule, before: Vec<Draft>, after: Vec<Draft>| EntryPair {
        rule,
        documents: vec![before, after],
    };
    let page = |n: u32| format!("https://example.org/{n}");
    let one = |guid: &str, url: &str, title: &str, day, text: &str| {
        vec![item(guid, url, title, day, text)]
    };
    let guid = |guid: &str, draft: Draft| Draft { guid: item(guid, "", "", 0, "").guid, ..draft };
    let shared = |n: u32| guid("feed", post(n));
    let long = prose(9, 60);
    let second = "2026-01-03T10:17:23Z";
    let news = |n: i64| {
        let time = format!("2026-01-05T{:02}:10:00Z", 20 - n);
        let id = format!("news-{n}");
        let url = format!("https://example.org/news/{n}");
        at(item(&id, &url, &format!("News {n}"), 1, &prose(u32::try_from(n).unwrap(), 20)), &time)
    };
    let moved = |title: &str, time: &str| {
        at(item("moved", "https://example.org/moved", title, 1, &prose(2, 20)), time)
    };
    let rebuilt = |n: u32| Draft {
        url: page(n + 900).parse().ok(),
        content: item("", "", "", 0, "another renderer").content,
        ..guid(&format!("urn:x:{n}"), post(n))
    };
    let series = |id: &str, time: &str| {
        at(item(id, &format!("https://example.org/{id}"), "The show", 1, &long), time)
    };
    let distrusted: Vec<Draft> = (2..=6).map(|n| Draft { guid: None, ..post(n) }).collect();
    let with_first = |first: Draft| [vec![first], distrusted.clone()].concat();
    vec![
        EntryPair {
            rule: "shared-id",
            documents: vec![vec![shared(1)], vec![shared(2), shared(1)], vec![shared(2)]],
        },
        pair("key", one("a", &page(1), "One", 1, "a"), one("a", &page(2), "Two", 9, "b")),
        EntryPair {
            rule: "further-key",
            documents: vec![
                one("a", &page(1), "One", 1, "a"),
                one("b", &page(1), "One", 1, "a"),
                one("b", &page(2), "Two", 9, "b"),
            ],
        },
        pair(
            "distrusted-id",
            (1..=6).map(|n| guid(&format!("Post {n}"), post(n))).collect(),
            with_first(guid("Post 1", Draft { title: post(1).title, ..post(70) })),
        ),
        pair(
            "id-alias",
            one("http://example.org/?p=1", "", "One", 1, "a"),
            one("https://www.example.org/?p=1&utm_source=rss", "", "One", 9, "b"),
        ),
        pair("link", one("a", &page(1), "One", 1, "a"), one("b", &page(1), "Two", 1, "b")),
        pair(
            "link-and-text",
            one("a", &page(1), "One", 1, &long),
            one("b", &page(1), "Two", 9, &long),
        ),
        pair(
            "revised-link",
            (1..=2).map(|n| item(&format!("{}#1", page(n)), &page(n), "One", 1, "a")).collect(),
            (1..=2).map(|n| item(&format!("{}#2", page(n)), &page(n), "Two", 9, "b")).collect(),
        ),
        pair(
            "title-text-time",
            one("a", &page(1), "One", 1, "A few words."),
            one("b", &page(2), "One", 1, "A few words."),
        ),
        pair(
            "title-text-zone",
            vec![series("b", "2026-01-12T10:00:00Z"), series("a", "2026-01-05T10:00:00Z")],
            vec![series("c", "2026-01-12T15:00:00Z"), series("a", "2026-01-05T10:00:00Z")],
        ),
        pair(
            "title-text-undated",
            one("a", "", "One", 0, "A few words."),
            one("b", "", "One", 0, "A few words."),
        ),
        pair(
            "title-text-unlinked",
            one("", "", "One", 1, "A few words."),
            one("", "", "One", 2, "A few words."),
        ),
        pair(
            "title-and-path",
            one("a", "https://old.example/1", "One", 0, "a"),
            one("b", "https://new.example/1", "One", 0, "b"),
        ),
        pair(
            "time-and-title",
            vec![at(item("a", &page(1), "One", 1, "a"), second)],
            vec![at(item("b", &page(2), "One", 1, "b"), second)],
        ),
        pair(
            "time-and-text",
            vec![at(item("a", &page(1), "One", 1, &prose(1, 8)), second)],
            vec![at(item("b", &page(2), "Two", 1, &prose(1, 8)), second)],
        ),
        pair(
            "time-unlinked",
            vec![at(item("", "", "One", 1, "a"), second)],
            vec![at(item("", "", "Two", 1, "b"), second)],
        ),
        pair(
            "moved",
            vec![news(1), news(2)],
            vec![moved("News 2", "2026-01-05T21:10:00Z"), news(1)],
        ),
        pair(
            "retitled",
            vec![news(1), news(2), news(3)],
            vec![moved("Other news", "2026-01-05T21:10:00Z"), news(1), news(3)],
        ),
        pair("rebuilt-document", (1..=3).map(post).collect(), (1..=3).map(rebuilt).collect()),
    ]
}

#[test]
fn every_pair_of_entries_is_matched_by_the_rule_that_it_names() {
    for pair in entry_pairs() {
        assert_eq!(matched(&pair, "").map(|(rule, _)| rule), Some(pair.rule));
    }
}

#[test]
fn every_entry_rule_is_needed_by_a_pair() {
    let pairs = entry_pairs();
    for rule in ENTRY_RULES {
        let entry = |pair, left_out| matched(pair, left_out).map(|(_, entry)| entry);
        let is_needed = pairs
            .iter()
            .filter(|pair| pair.rule == rule.name)
            .any(|pair| entry(pair, "") != entry(pair, rule.name));
        assert!(is_needed, "without the rule `{}` every pair is matched as before", rule.name);
    }
}
