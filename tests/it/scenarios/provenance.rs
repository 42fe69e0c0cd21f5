//! What is known of a story's sources and duplicates, what a person can do about them, and what stays private.

use super::{
    house::{House, sources},
    post::{march, post, words},
};

/// `one` and `two` carry the same text under two links.
fn merged() -> House {
    let mut house = House::following(&["one", "two"]);
    let text = words(41, 300);
    house.poll("one", &[post("one", 19).title("How brokers fail").text(&text)]);
    house.poll("two", &[copy(&text)]);
    assert_eq!(house.news(), ["How brokers fail"]);
    house
}

fn copy(text: &str) -> super::post::Post {
    post("two", 19).title("How brokers fail").text(text).on(march(20, 9))
}

#[test]
fn a_story_keeps_every_source_with_id_link_and_times() {
    let mut house = merged();
    let seen = house.now();
    house.poll("two", &[copy(&words(41, 300)), post("two", 20)]);
    let story = house.story("https://two.example/posts/19");
    let facts: Vec<_> = story
        .sources
        .iter()
        .map(|s| (s.source.as_str(), s.guid.as_deref().unwrap(), s.url.as_deref().unwrap(), s.published, s.first_seen))
        .collect();
    assert_eq!(
        facts,
        [
            ("one", "tag:one.example,2026:19", "https://one.example/posts/19", Some(march(19, 8)), march(20, 12)),
            ("two", "tag:two.example,2026:19", "https://two.example/posts/19", Some(march(20, 9)), march(20, 13)),
        ]
    );
    assert_eq!(story.sources[1].last_seen, seen);
    assert_eq!(story.duplicates.len(), 1);
    let because = &story.duplicates[0].because;
    assert!(because.contains("same title") && because.contains("100 % alike"), "{because}");
    let page = house.page(story.id).unwrap();
    assert!(page.contains("100 % alike") && page.contains("https://two.example/posts/19"), "{page}");
}

#[test]
fn a_wrong_merge_is_parted_for_good() {
    let mut house = merged();
    let first = house.all();
    let story = house.story("https://one.example/posts/19");
    let parted = house.store().split(story.id, house.rules(), house.window(), house.now()).unwrap();
    assert_eq!(parted.len(), 1);
    let second = house.all();
    assert_eq!(second.stories.len(), 2);
    assert!(second.ids().contains(&first.ids()[0]) && second.ids().contains(&"tag:two.example,2026:19"));
    assert_eq!(second.story("How brokers fail").updated, second.stories[0].updated);
    house.news();
    // It stays parted, whatever comes: again, edited, under another id, after a restart.
    house.poll("two", &[copy(&words(41, 300))]);
    house.poll("one", &[post("one", 19).title("How brokers fail").text(&words(41, 300)).guid("urn:x-test:19")]);
    house.poll("two", &[copy(&format!("{} Corrected.", words(41, 300))).guid("urn:x-test:19b")]);
    house.restart();
    house.reconfigure(&format!("{}[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [\"brokers\"]\n", sources(&["one", "two"])));
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().stories.len(), 2);
    assert!(house.stored().iter().all(|s| s.sources.len() == 1 && s.duplicates.is_empty()));
    let nothing_left = house.store().split(story.id, house.rules(), house.window(), house.now());
    assert!(nothing_left.unwrap_err().to_string().contains("nothing to part"));
}

#[test]
fn what_was_parted_is_not_joined_under_new_names() {
    let text = format!("{} Put up anew.", words(41, 300));
    let anew =
        |site: &str| post(site, 20).guid(&format!("urn:x-test:{site}")).title("How brokers fail").text(&text).on(march(20, 11));
    for site in ["one", "two"] {
        let mut house = merged();
        let story = house.story("https://one.example/posts/19");
        house.store().split(story.id, house.rules(), house.window(), house.now()).unwrap();
        // One side comes again, as a post that none of its names tells.
        assert_eq!(house.poll(site, &[anew(site)]).duplicates, 0, "{site}");
        // Who had no part in it may join one of them.
        house.reconfigure(&sources(&["one", "two", "three"]));
        assert_eq!(house.poll("three", &[anew("three")]).duplicates, 1);
    }
}

#[test]
fn the_rest_of_a_merge_of_three_is_parted_from_each_other() {
    let mut house = merged();
    house.reconfigure(&sources(&["one", "two", "three"]));
    house.poll("three", &[post("three", 19).title("How brokers fail").text(&words(41, 300))]);
    let story = house.story("https://one.example/posts/19");
    assert_eq!(story.sources.len(), 3);
    house.store().split(story.id, house.rules(), house.window(), house.now()).unwrap();
    assert_eq!(house.all().stories.len(), 3);
    assert_eq!(house.store().examine().unwrap(), [""; 0]);
}

#[test]
fn the_program_tells_each_duplicate_with_its_reason() {
    let mut house = merged();
    house.poll("two", &[post("two", 20)]);
    let listed: serde_json::Value = serde_json::from_str(&house.run(&["stories", "--duplicates", "--json"])).unwrap();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 1, "only the story that absorbed one");
    assert_eq!(listed[0]["duplicates"][0]["source"], "two");
    let because = listed[0]["duplicates"][0]["because"].as_str().unwrap();
    assert!(because.contains("100 % alike (70 % needed)"), "{because}");
    assert_eq!(listed[0]["sources"][1]["guid"], "tag:two.example,2026:19");

    let told = house.run(&["explain", "https://two.example/posts/19"]);
    assert!(told.contains("duplicates that it absorbed") && told.contains(because), "{told}");
    let table = house.run(&["stories", "--duplicates"]);
    assert!(table.contains("two: same title"), "{table}");

    // A person parts the story, and forgets the copy.
    house.run(&["label", "--split", "https://one.example/posts/19"]);
    assert_eq!(house.run(&["stories", "--duplicates", "--json"]).trim(), "[]");
    assert_eq!(house.all().stories.len(), 3);
    house.run(&["forget", "https://two.example/posts/19"]);
    assert_eq!(house.all().stories.len(), 2);
    house.poll("two", &[copy(&words(41, 300)), post("two", 20)]);
    assert_eq!(house.all().stories.len(), 2);
}

const PRIVATE: &str = "[[source]]\nid = \"one\"\nurl = \"https://one.example/feed.xml\"\nfollow = \"feed\"\n\
    auth = { bearer_file = \"token\" }\n[[source]]\nid = \"two\"\nurl = \"https://two.example/feed.xml\"\nfollow = \"feed\"\n";

#[test]
fn a_private_source_is_published_nowhere() {
    let mut house = House::with(PRIVATE);
    house.poll("one", &[post("one", 19)]);
    house.poll("two", &[post("two", 18)]);
    assert_eq!(house.all().titles(), ["two 18"]);
    for document in house.documents() {
        let text = String::from_utf8(document.body).unwrap();
        assert!(!text.contains("one.example"), "{}: {text}", document.path);
    }
    let story = house.story("https://one.example/posts/19");
    assert!(!story.public && house.page(story.id).is_none(), "the command line alone knows it");
}

#[test]
fn a_private_source_does_not_show_through_a_merged_story() {
    let secret = || {
        post("two", 19)
            .guid("https://one.example/secret/19")
            .title("Brokers")
            .author("For members")
            .with("<category>secret</category>")
    };
    let public = || post("two", 19).title("Brokers");
    let rules = format!("{PRIVATE}[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [\"category:secret\"]\n");
    for private_first in [true, false] {
        let mut house = House::with(&rules);
        if private_first {
            house.poll("one", &[secret()]);
            assert_eq!(house.news(), [""; 0]);
        }
        house.poll("two", &[public()]);
        house.poll("one", &[secret()]);
        let story = house.story("https://two.example/posts/19");
        assert_eq!(story.sources.len(), 2, "they are one story");
        assert_eq!(house.all().titles(), ["Brokers"]);
        let page = house.page(story.id).unwrap();
        for text in house.documents().into_iter().map(|d| String::from_utf8(d.body).unwrap()).chain([page]) {
            assert!(!text.contains("one.example") && !text.contains("secret") && !text.contains("members"), "{text}");
        }
        assert_eq!(house.topic("t").titles(), [""; 0], "what members file it under is theirs");
    }
}

#[test]
fn a_story_that_members_had_first_comes_out_on_top() {
    let mut house = House::with(&format!("max_entries = 3\nkeep_within = \"0s\"\n{PRIVATE}"));
    house.poll("one", &[post("one", 1)]);
    house.poll("two", &[post("two", 1)]);
    house.poll("one", &[post("two", 19).guid("urn:x-test:members")]);
    house.hours(48);
    house.poll("two", &(2..=6).rev().map(|n| post("two", n)).collect::<Vec<_>>());
    house.news();
    house.poll("two", &[post("two", 19)]);
    assert_eq!(house.stored().iter().filter(|s| s.sources.len() == 2).count(), 1);
    assert_eq!(house.news(), ["two 19"]);
    assert_eq!(house.all().titles(), ["two 19", "two 6", "two 5"]);
}

#[test]
fn publish_lets_a_private_source_out() {
    let mut house = House::with(PRIVATE);
    house.poll("one", &(10..=19).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    house.poll("two", &[post("two", 18)]);
    let open = PRIVATE.replace("\"token\" }\n", "\"token\" }\npublish = true\n");
    house.reconfigure(&open);
    assert_eq!(house.all().stories.len(), 11);
    house.reconfigure(PRIVATE);
    assert_eq!(house.all().titles(), ["two 18"]);
}

#[test]
fn a_window_that_opens_floods_nothing() {
    let limits = "max_entries = 3\nkeep_within = \"0s\"\n";
    let mut house = House::with(&format!("{limits}{PRIVATE}"));
    house.poll("one", &(10..=19).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    house.reconfigure(&format!("{limits}{}", PRIVATE.replace("\"token\" }\n", "\"token\" }\npublish = true\n")));
    assert_eq!(house.all().titles(), ["one 19", "one 18", "one 17"]);
}

#[test]
fn an_answer_that_says_private_hides_its_source() {
    let mut house = House::with(&format!("max_entries = 3\nkeep_within = \"0s\"\n{}", sources(&["one", "two"])));
    let posts: Vec<_> = (10..=19).rev().map(|n| post("one", n)).collect();
    house.poll_private("one", &posts);
    house.poll("two", &[post("two", 20)]);
    assert_eq!(house.all().titles(), ["two 20"]);
    // The publisher thinks better of it, and changes its mind again: each time something is seen of it.
    assert!(house.poll("one", &posts).visible);
    assert_eq!(house.all().titles(), ["two 20", "one 19", "one 18"]);
    assert!(!house.poll("one", &posts).visible);
    assert!(house.poll_private("one", &posts).visible);
    assert_eq!(house.news(), ["two 20"], "and who was told before is not told again");
}

#[test]
fn a_source_with_another_title_is_seen() {
    let mut house = House::following(&["one"]);
    house.poll("one", &[post("one", 1)]);
    let first = house.all();
    let renamed = super::post::rss("https://one.example/", &[post("one", 1)])
        .replace("<title>https://one.example/</title>", "<title>Renamed</title>");
    assert!(house.poll_text("one", &renamed).visible, "documents carry the title");
    let second = house.all();
    assert!(second.atom.contains("Renamed") && second.updated > first.updated);
    assert_eq!(second.stories, first.stories);
    assert!(!house.poll_text("one", &renamed).visible);
}
