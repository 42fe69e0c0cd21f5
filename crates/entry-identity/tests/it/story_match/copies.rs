//! Entries with different links: copies by title and text, and posts that only look alike.

use feed_model::{Draft, Enclosure, Person, PublishedDate};

use super::{
    AWAY, HOME, POST, assert_different_stories, assert_same_story, copy, post, stored_candidate,
};
use crate::{item, prose};

#[test]
fn a_copy_under_another_link_matches_by_title_and_text() {
    assert!(
        assert_same_story(
            AWAY,
            &copy("Exactly Once, in Kafka!", &prose(1, 600)),
            &stored_candidate(HOME, &post())
        )
        .contains("alike")
    );
    let edited = prose(1, 600).replace("stream100707", "river");
    assert_same_story(
        AWAY,
        &copy("Exactly once in Kafka", &edited),
        &stored_candidate(HOME, &post()),
    );
    assert_same_story(
        AWAY,
        &copy("Exactly once in Kafka", &prose(1, 60)),
        &stored_candidate(HOME, &post()),
    );
    assert_different_stories(
        AWAY,
        &copy("Exactly twice in Kafka", &prose(1, 600)),
        &stored_candidate(HOME, &post()),
    );
}

#[test]
fn a_title_with_an_added_name_or_few_words_matches() {
    let by_jo =
        Draft { authors: vec![Person { name: "Jo Doe".into(), ..Person::default() }], ..post() };
    let longer = |title: &str| copy(title, &format!("{} {}", prose(1, 600), prose(8, 20)));
    assert!(
        assert_same_story(
            AWAY,
            &longer("Jo Doe: Exactly once in Kafka"),
            &stored_candidate(HOME, &by_jo)
        )
        .contains("but for a name")
    );
    assert_same_story(
        HOME,
        &by_jo,
        &stored_candidate(AWAY, &longer("Jo Doe: Exactly once in Kafka")),
    );
    // Other words than a name need a text that is nearly the same, and days that are.
    let reprint = copy("Exactly once in Kafka (reprint)", &prose(1, 600));
    assert!(
        assert_same_story(AWAY, &reprint, &stored_candidate(HOME, &post()))
            .contains("one title within the other")
    );
    assert_different_stories(
        AWAY,
        &copy("Exactly once in Kafka (reprint)", &prose(1, 60)),
        &stored_candidate(HOME, &post()),
    );
    let late = item(
        "id",
        "https://elsewhere.example/copied",
        "Guest post: Exactly once in Kafka",
        9,
        &prose(1, 600),
    );
    assert!(
        assert_different_stories(AWAY, &late, &stored_candidate(HOME, &post()))
            .contains("6 days apart")
    );
    let undated = |title: &str| Draft { published: None, ..copy(title, &prose(1, 600)) };
    assert_same_story(
        AWAY,
        &undated("Guest post: Exactly once in Kafka"),
        &stored_candidate(HOME, &post()),
    );
    for title in [
        "Exactly once in Kafka 2",
        "Exactly once",
        "Exactly once in Kafka: what nobody has ever told us about it before",
    ] {
        assert_different_stories(AWAY, &undated(title), &stored_candidate(HOME, &post()));
    }
    assert!(
        assert_different_stories(
            AWAY,
            &copy("Watches", &prose(1, 600)),
            &stored_candidate(HOME, &post())
        )
        .contains("the titles are different")
    );
}

#[test]
fn a_short_text_matches_with_the_same_title_and_second() {
    let brief = |link: &str, at: &str, words: u32| Draft {
        published: Some(PublishedDate::exact(at.parse().expect("a moment"))),
        ..item("b", link, "How brokers fail under load", 3, &prose(1, words))
    };
    let original = |at: &str| stored_candidate(HOME, &brief(POST, at, 24));
    let (second, slot) = ("2026-03-03T10:17:00Z", "2026-03-03T10:15:00Z");
    assert!(
        assert_same_story(AWAY, &brief("https://a.example/1", second, 24), &original(second))
            .contains("same second")
    );
    assert_different_stories(AWAY, &brief("https://a.example/1", slot, 24), &original(slot));
    assert_different_stories(
        AWAY,
        &brief("https://a.example/1", "2026-03-03T10:17:01Z", 24),
        &original(second),
    );
    assert_different_stories(
        AWAY,
        &brief("https://a.example/1", second, 23),
        &stored_candidate(HOME, &brief(POST, second, 23)),
    );
    let good_morning =
        |link: &str| Draft { title: Some("Good morning to you".into()), ..brief(link, second, 24) };
    assert_different_stories(
        AWAY,
        &good_morning("https://a.example/1"),
        &stored_candidate(HOME, &good_morning(POST)),
    );
    assert_different_stories(
        AWAY,
        &brief("https://blog.example.org/warnings/2", second, 24),
        &original(second),
    );
}

#[test]
fn an_excerpt_needs_a_date_or_a_distinctive_title() {
    let undated =
        |title: &str, words: u32| Draft { published: None, ..copy(title, &prose(1, words)) };
    let by = |name: &str, draft: Draft| Draft {
        authors: vec![Person { name: name.into(), ..Person::default() }],
        ..draft
    };
    assert_same_story(
        AWAY,
        &undated("Exactly once in Kafka", 60),
        &stored_candidate(HOME, &post()),
    );
    assert_different_stories(
        AWAY,
        &undated("News of the week", 60),
        &stored_candidate(HOME, &Draft { title: Some("News of the week".into()), ..post() }),
    );
    // Whoever it is put up by: all of it stands in the other.
    assert_same_story(
        AWAY,
        &by("Al", copy("Exactly once in Kafka", &prose(1, 60))),
        &stored_candidate(HOME, &by("Jo", post())),
    );
}

#[test]
fn weekly_posts_with_one_title_are_different_stories() {
    let weekly = |seed, link: &str| item("w", link, "Weekly notes", 3, &prose(seed, 300));
    assert_different_stories(
        AWAY,
        &weekly(2, "https://a.example/w"),
        &stored_candidate(HOME, &weekly(1, "https://b.example/w")),
    );
    let opening = prose(9, 100);
    let regular = |seed, link: &str| {
        item("w", link, "Weekly notes", 3, &format!("{opening}{}", prose(seed, 300)))
    };
    assert_different_stories(
        AWAY,
        &regular(2, "https://b.example/2"),
        &stored_candidate(HOME, &regular(1, "https://b.example/1")),
    );
}

#[test]
fn podcasts_with_the_same_notes_are_different_stories() {
    let episode = |n: u32, day| Draft {
        enclosures: vec![Enclosure {
            url: format!("https://cdn.example/ep-{n}.mp3?sig={n}"),
            mime: "audio/mpeg".into(),
            length: None,
        }],
        ..item("e", &format!("https://host-{n}.example/e"), "The show", day, &prose(3, 200))
    };
    assert!(
        assert_different_stories(AWAY, &episode(2, 3), &stored_candidate(HOME, &episode(1, 3)))
            .contains("files")
    );
    let undated_elsewhere = item("e", "https://x.example/e", "The show", 90, &prose(3, 200));
    let numbered = |host: &str| Draft {
        enclosures: vec![Enclosure {
            url: format!("https://{host}/12.mp3"),
            mime: "audio/mpeg".into(),
            length: None,
        }],
        ..item("e", &format!("https://{host}/e/12"), "What broke this week", 3, &prose(3, 200))
    };
    assert!(
        assert_different_stories(
            AWAY,
            &numbered("a.example"),
            &stored_candidate(HOME, &numbered("b.example"))
        )
        .contains("files")
    );
    let weekly = |day: i64| {
        item("e", &format!("https://x.example/{day}"), "News of the week", day, &prose(3, 200))
    };
    assert!(
        assert_different_stories(AWAY, &weekly(12), &stored_candidate(HOME, &weekly(5)))
            .contains("7 days apart")
    );
    assert!(
        assert_different_stories(AWAY, &undated_elsewhere, &stored_candidate(HOME, &episode(1, 3)))
            .contains("days apart")
    );
}

#[test]
fn releases_of_two_projects_are_different_stories() {
    let release = |project: &str, text: &str| {
        item("r", &format!("https://forge.example/{project}/v1.2.3"), "v1.2.3", 3, text)
    };
    assert_different_stories(
        AWAY,
        &release("b", &prose(1, 100)),
        &stored_candidate(HOME, &release("a", &prose(1, 100))),
    );
    assert_different_stories(
        AWAY,
        &release("b", "Bug fixes."),
        &stored_candidate(HOME, &release("a", "Bug fixes.")),
    );
    let named = |project: &str| Draft {
        title: Some("Release 1.2.3".into()),
        ..release(project, &prose(1, 100))
    };
    assert!(
        assert_different_stories(AWAY, &named("b"), &stored_candidate(HOME, &named("a")))
            .contains("no distinctive word")
    );
}

#[test]
fn short_posts_and_comics_are_different_stories() {
    let short = |link: &str| item("s", link, "Good morning", 3, "Good morning, everyone!");
    assert!(
        assert_different_stories(
            AWAY,
            &short("https://a.example/1"),
            &stored_candidate(HOME, &short("https://b.example/1"))
        )
        .contains("too few")
    );
    let comic = |link: &str| item("c", link, "Monday", 3, "");
    assert_different_stories(
        AWAY,
        &comic("https://a.example/1"),
        &stored_candidate(HOME, &comic("https://b.example/1")),
    );
    assert_different_stories(
        AWAY,
        &item("s", "https://a.example/1", "", 3, &prose(1, 90)),
        &stored_candidate(HOME, &item("s", "https://b.example/1", "", 3, &prose(1, 90))),
    );
}

#[test]
fn a_story_has_a_limit_of_pages_and_one_entry_per_source() {
    let mut full = stored_candidate(HOME, &post());
    full.page_count = 4;
    assert!(
        assert_different_stories(AWAY, &copy("Exactly once in Kafka", &prose(1, 60)), &full)
            .contains("4 pages")
    );
    // News that many papers print.
    assert_same_story(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &full);
    full.page_count = 16;
    assert!(
        assert_different_stories(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &full)
            .contains("16 pages")
    );
    let mut ours = stored_candidate(HOME, &post());
    ours.has_entry_of_same_source = true;
    assert_different_stories(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &ours);
}

#[test]
fn different_authors_need_higher_similarity() {
    let by = |name: &str, draft: Draft| Draft {
        authors: vec![Person { name: name.into(), ..Person::default() }],
        ..draft
    };
    let copied = |words| {
        copy("Exactly once in Kafka", &format!("{}{}", prose(1, words), prose(5, 600 - words)))
    };
    assert_same_story(AWAY, &by("Jo", copied(520)), &stored_candidate(HOME, &by("Jo", post())));
    assert_different_stories(
        AWAY,
        &by("Al", copied(520)),
        &stored_candidate(HOME, &by("Jo", post())),
    );
}
