//! What is known of a story's sources and duplicates, what a person can do about them, and what
//! stays private.

use crate::support::{
    feeds::{Post, post, rss, words},
    installation::{Installation, sources},
    time::march,
};

/// `one` and `two` carry the same text under two links.
fn installation_with_merged_story() -> Installation {
    let mut installation = Installation::following(&["one", "two"]);
    let text = words(41, 300);
    installation.deliver("one", &[post("one", 19).title("How brokers fail").text(&text)]);
    installation.deliver("two", &[copy(&text)]);
    assert_eq!(installation.newly_announced(), ["How brokers fail"]);
    installation
}

fn copy(text: &str) -> Post {
    post("two", 19).title("How brokers fail").text(text).published_at(march(20, 9))
}

#[test]
fn a_story_keeps_every_source_with_id_link_and_times() {
    let mut installation = installation_with_merged_story();
    let seen = installation.now();
    installation.deliver("two", &[copy(&words(41, 300)), post("two", 20)]);
    let story = installation.story("https://two.example/posts/19");
    let facts: Vec<_> = story
        .sources
        .iter()
        .map(|s| {
            (
                s.source.as_str(),
                s.guid.as_deref().unwrap(),
                s.url.as_deref().unwrap(),
                s.published,
                s.first_seen,
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (
                "one",
                "tag:one.example,2026:19",
                "https://one.example/posts/19",
                Some(march(19, 8)),
                march(20, 12)
            ),
            (
                "two",
                "tag:two.example,2026:19",
                "https://two.example/posts/19",
                Some(march(20, 9)),
                march(20, 13)
            ),
        ]
    );
    assert_eq!(story.sources[1].last_seen, seen);
    assert_eq!(story.duplicates.len(), 1);
    let because = &story.duplicates[0].because;
    assert!(because.contains("same title") && because.contains("100 % alike"), "{because}");
    let page = installation.page(story.id).unwrap();
    assert!(
        page.contains("100 % alike") && page.contains("https://two.example/posts/19"),
        "{page}"
    );
}

#[test]
fn a_split_story_is_never_merged_again() {
    let mut installation = installation_with_merged_story();
    let first = installation.feed_of_all();
    let story = installation.story("https://one.example/posts/19");
    let parted = installation
        .store()
        .split(story.id, installation.rules(), installation.window(), installation.now())
        .unwrap();
    assert_eq!(parted.len(), 1);
    let second = installation.feed_of_all();
    assert_eq!(second.stories.len(), 2);
    assert!(
        second.ids().contains(&first.ids()[0]) && second.ids().contains(&"tag:two.example,2026:19")
    );
    assert_eq!(second.story("How brokers fail").updated, second.stories[0].updated);
    installation.newly_announced();
    // It stays parted, whatever comes: again, edited, under another id, after a restart.
    installation.deliver("two", &[copy(&words(41, 300))]);
    installation.deliver(
        "one",
        &[post("one", 19).title("How brokers fail").text(&words(41, 300)).guid("urn:x-test:19")],
    );
    installation
        .deliver("two", &[copy(&format!("{} Corrected.", words(41, 300))).guid("urn:x-test:19b")]);
    installation.restart();
    installation.reconfigure(&format!(
        "{}[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [\"brokers\"]\n",
        sources(&["one", "two"])
    ));
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().stories.len(), 2);
    assert!(
        installation
            .stored_stories()
            .iter()
            .all(|s| s.sources.len() == 1 && s.duplicates.is_empty())
    );
    let nothing_left = installation.store().split(
        story.id,
        installation.rules(),
        installation.window(),
        installation.now(),
    );
    assert!(nothing_left.unwrap_err().to_string().contains("cannot be split"));
}

#[test]
fn split_entries_are_not_merged_under_new_ids() {
    let text = format!("{} Put up anew.", words(41, 300));
    let anew = |site: &str| {
        post(site, 20)
            .guid(&format!("urn:x-test:{site}"))
            .title("How brokers fail")
            .text(&text)
            .published_at(march(20, 11))
    };
    for site in ["one", "two"] {
        let mut installation = installation_with_merged_story();
        let story = installation.story("https://one.example/posts/19");
        installation
            .store()
            .split(story.id, installation.rules(), installation.window(), installation.now())
            .unwrap();
        // One side comes again, as a post that none of its names tells.
        assert_eq!(installation.deliver(site, &[anew(site)]).duplicates, 0, "{site}");
        // Who had no part in it may join one of them.
        installation.reconfigure(&sources(&["one", "two", "three"]));
        assert_eq!(installation.deliver("three", &[anew("three")]).duplicates, 1);
    }
}

#[test]
fn a_split_of_three_entries_makes_three_stories() {
    let mut installation = installation_with_merged_story();
    installation.reconfigure(&sources(&["one", "two", "three"]));
    installation
        .deliver("three", &[post("three", 19).title("How brokers fail").text(&words(41, 300))]);
    let story = installation.story("https://one.example/posts/19");
    assert_eq!(story.sources.len(), 3);
    installation
        .store()
        .split(story.id, installation.rules(), installation.window(), installation.now())
        .unwrap();
    assert_eq!(installation.feed_of_all().stories.len(), 3);
    assert_eq!(installation.store().check_integrity().unwrap(), [""; 0]);
}

#[test]
fn stories_and_explain_list_duplicates_with_reasons() {
    let mut installation = installation_with_merged_story();
    installation.deliver("two", &[post("two", 20)]);
    let listed: serde_json::Value =
        serde_json::from_str(&installation.run(&["stories", "--duplicates", "--json"])).unwrap();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 1, "only the story that absorbed one");
    assert_eq!(listed[0]["duplicates"][0]["source"], "two");
    let because = listed[0]["duplicates"][0]["because"].as_str().unwrap();
    assert!(because.contains("100 % alike, with 0 changes"), "{because}");
    assert_eq!(listed[0]["sources"][1]["guid"], "tag:two.example,2026:19");

    let told = installation.run(&["explain", "https://two.example/posts/19"]);
    assert!(told.contains("merged duplicates") && told.contains(because), "{told}");
    let table = installation.run(&["stories", "--duplicates"]);
    assert!(table.contains("two: copy: same title"), "{table}");

    // The story is split, and the copy is forgotten.
    installation.run(&["label", "--split", "https://one.example/posts/19"]);
    assert_eq!(installation.run(&["stories", "--duplicates", "--json"]).trim(), "[]");
    assert_eq!(installation.feed_of_all().stories.len(), 3);
    installation.run(&["forget", "https://two.example/posts/19"]);
    assert_eq!(installation.feed_of_all().stories.len(), 2);
    installation.deliver("two", &[copy(&words(41, 300)), post("two", 20)]);
    assert_eq!(installation.feed_of_all().stories.len(), 2);
}

const PRIVATE: &str = "[[source]]\n\
    id = \"one\"\n\
    url = \"https://one.example/feed.xml\"\n\
    follow = \"feed\"\n\
    auth = { bearer_file = \"token\" }\n\
    [[source]]\n\
    id = \"two\"\n\
    url = \"https://two.example/feed.xml\"\n\
    follow = \"feed\"\n";

#[test]
fn a_private_source_is_published_nowhere() {
    let mut installation = Installation::with_config(PRIVATE);
    installation.deliver("one", &[post("one", 19)]);
    installation.deliver("two", &[post("two", 18)]);
    assert_eq!(installation.feed_of_all().titles(), ["two 18"]);
    for document in installation.documents() {
        let text = String::from_utf8_lossy(&document.body);
        assert!(!text.contains("one.example"), "{}: {text}", document.path);
    }
    let story = installation.story("https://one.example/posts/19");
    assert!(
        !story.public && installation.page(story.id).is_none(),
        "the command line alone knows it"
    );
}

#[test]
fn a_merged_story_shows_nothing_of_a_private_source() {
    let secret = || {
        post("two", 19)
            .guid("https://one.example/secret/19")
            .title("Brokers")
            .author("For members")
            .with("<category>secret</category>")
    };
    let public = || post("two", 19).title("Brokers");
    let rules =
        format!("{PRIVATE}[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [\"category:secret\"]\n");
    for private_first in [true, false] {
        let mut installation = Installation::with_config(&rules);
        if private_first {
            installation.deliver("one", &[secret()]);
            assert_eq!(installation.newly_announced(), [""; 0]);
        }
        installation.deliver("two", &[public()]);
        installation.deliver("one", &[secret()]);
        let story = installation.story("https://two.example/posts/19");
        assert_eq!(story.sources.len(), 2, "they are one story");
        assert_eq!(installation.feed_of_all().titles(), ["Brokers"]);
        let page = installation.page(story.id).unwrap();
        for text in installation
            .documents()
            .into_iter()
            .map(|d| String::from_utf8_lossy(&d.body).into_owned())
            .chain([page])
        {
            assert!(
                !text.contains("one.example")
                    && !text.contains("secret")
                    && !text.contains("members"),
                "{text}"
            );
        }
        assert_eq!(
            installation.topic("t").titles(),
            [""; 0],
            "what members file it under is theirs"
        );
    }
}

#[test]
fn a_private_story_gets_the_newest_position_when_it_becomes_public() {
    let mut installation =
        Installation::with_config(&format!("max_entries = 3\nkeep_within = \"0s\"\n{PRIVATE}"));
    installation.deliver("one", &[post("one", 1)]);
    installation.deliver("two", &[post("two", 1)]);
    installation.deliver("one", &[post("two", 19).guid("urn:x-test:members")]);
    installation.advance_hours(48);
    installation.deliver("two", &(2..=6).rev().map(|n| post("two", n)).collect::<Vec<_>>());
    installation.newly_announced();
    installation.deliver("two", &[post("two", 19)]);
    assert_eq!(installation.stored_stories().iter().filter(|s| s.sources.len() == 2).count(), 1);
    assert_eq!(installation.newly_announced(), ["two 19"]);
    assert_eq!(installation.feed_of_all().titles(), ["two 19", "two 6", "two 5"]);
}

#[test]
fn publish_true_publishes_a_private_source() {
    let mut installation = Installation::with_config(PRIVATE);
    installation.deliver("one", &(10..=19).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    installation.deliver("two", &[post("two", 18)]);
    let open = PRIVATE.replace("\"token\" }\n", "\"token\" }\npublish = true\n");
    installation.reconfigure(&open);
    assert_eq!(installation.feed_of_all().stories.len(), 11);
    installation.reconfigure(PRIVATE);
    assert_eq!(installation.feed_of_all().titles(), ["two 18"]);
}

#[test]
fn making_a_source_public_fills_the_window_only_to_its_limit() {
    let limits = "max_entries = 3\nkeep_within = \"0s\"\n";
    let mut installation = Installation::with_config(&format!("{limits}{PRIVATE}"));
    installation.deliver("one", &(10..=19).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    installation.reconfigure(&format!(
        "{limits}{}",
        PRIVATE.replace("\"token\" }\n", "\"token\" }\npublish = true\n")
    ));
    assert_eq!(installation.feed_of_all().titles(), ["one 19", "one 18", "one 17"]);
}

#[test]
fn cache_control_private_hides_the_stories_of_a_source() {
    let mut installation = Installation::with_config(&format!(
        "max_entries = 3\nkeep_within = \"0s\"\n{}",
        sources(&["one", "two"])
    ));
    let posts: Vec<_> = (10..=19).rev().map(|n| post("one", n)).collect();
    installation.deliver_private("one", &posts);
    installation.deliver("two", &[post("two", 20)]);
    assert_eq!(installation.feed_of_all().titles(), ["two 20"]);
    // The publisher thinks better of it, and changes its mind again: each time something is seen of
    // it.
    assert!(installation.deliver("one", &posts).visible);
    assert_eq!(installation.feed_of_all().titles(), ["two 20", "one 19", "one 18"]);
    assert!(!installation.deliver("one", &posts).visible);
    assert!(installation.deliver_private("one", &posts).visible);
    assert_eq!(
        installation.newly_announced(),
        ["two 20"],
        "and who was told before is not told again"
    );
}

#[test]
fn a_changed_source_title_changes_the_documents() {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[post("one", 1)]);
    let first = installation.feed_of_all();
    let renamed = rss("https://one.example/", &[post("one", 1)])
        .replace("<title>https://one.example/</title>", "<title>Renamed</title>");
    assert!(installation.deliver_document("one", &renamed).visible, "documents carry the title");
    let second = installation.feed_of_all();
    assert!(second.atom.contains("Renamed") && second.updated > first.updated);
    assert_eq!(second.stories, first.stories);
    assert!(!installation.deliver_document("one", &renamed).visible);
}
