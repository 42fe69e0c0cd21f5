//! Order, dates, `updated` and the feed's own time, as they are promised.

use crate::support::{
    feeds::{Post, atom, post, rss, words},
    installation::{Installation, sources},
    published_feed::PublishedFeed,
    time::march,
};

const HOME: &str = "https://one.example/";

/// A installation whose source `one` was imported with posts of the 2nd and the 1st.
fn installation_with_import() -> Installation {
    let mut installation = Installation::following(&["one"]);
    installation.deliver_document("one", &atom(HOME, &two_old_posts()));
    assert_eq!(installation.newly_announced(), ["one 2", "one 1"]);
    installation
}

fn two_old_posts() -> Vec<Post> {
    vec![post("one", 2), post("one", 1)]
}

fn atom_with_old_posts(posts: &[Post]) -> String {
    atom(HOME, &[posts, &two_old_posts()].concat())
}

#[test]
fn a_backdated_post_has_the_newest_position_and_its_own_date() {
    let mut installation = installation_with_import();
    installation.deliver_document("one", &atom_with_old_posts(&[post("one", 19)]));
    // Written in January, shown today.
    let late = post("one", 18).title("Late").published_at(march(1, 0) - chrono::Duration::days(40));
    installation.deliver_document("one", &atom(HOME, &[post("one", 19), late]));
    let published = installation.feed_of_all();
    assert_eq!(published.titles(), ["Late", "one 19", "one 2", "one 1"]);
    assert_eq!(published.stories[0].published, Some(march(1, 0) - chrono::Duration::days(40)));
}

#[test]
fn a_late_post_is_not_cut_by_max_entries() {
    let mut installation = Installation::with_config(&format!(
        "max_entries = 3\nkeep_within = \"0s\"\n{}",
        sources(&["one"])
    ));
    let many: Vec<Post> = (10..=19).rev().map(|n| post("one", n)).collect();
    installation.deliver("one", &many);
    assert_eq!(
        installation.newly_announced(),
        ["one 19", "one 18", "one 17"],
        "a first import floods nothing"
    );
    installation.deliver("one", &[many.as_slice(), &[post("one", 3)]].concat());
    assert_eq!(installation.newly_announced(), ["one 3"]);
    assert_eq!(installation.feed_of_all().titles(), ["one 3", "one 19", "one 18"]);
}

#[test]
fn a_future_date_does_not_pin_a_story_to_the_top() {
    let mut installation = installation_with_import();
    let tomorrow = post("one", 19).title("Tomorrow").with_date_text("2027-01-01T00:00:00Z");
    installation.deliver_document("one", &atom_with_old_posts(std::slice::from_ref(&tomorrow)));
    installation.deliver_document("one", &atom_with_old_posts(&[tomorrow, post("one", 20)]));
    let published = installation.feed_of_all();
    assert_eq!(published.titles()[..2], ["one 20", "Tomorrow"]);
    let story = published.story("Tomorrow");
    assert!(
        story.updated <= installation.now(),
        "`updated` is never in the future: {}",
        story.updated
    );
}

#[test]
fn a_future_date_of_a_first_import_uses_the_arrival_time() {
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver(
        "one",
        &[post("one", 3).title("Tomorrow").with_date_text("2027-01-01T00:00:00Z"), post("one", 2)],
    );
    installation.deliver("two", &[post("two", 20)]);
    assert_eq!(
        installation.feed_of_all().titles(),
        ["Tomorrow", "two 20", "one 2"],
        "at noon, when it was stored, and two 20 is of the morning"
    );
    installation.deliver("two", &[post("two", 21), post("two", 20)]);
    assert_eq!(installation.feed_of_all().titles()[0], "two 21");
}

#[test]
fn a_first_import_keeps_the_publishers_order() {
    let mut installation = Installation::following(&["one"]);
    let undated = |n: u32| post("one", n).title(&format!("undated {n}")).with_date_text("");
    // Only the month is known of some, no date of others.
    let month =
        |n: u32, date: &str| post("one", n).title(&format!("{date} {n}")).with_date_text(date);
    installation.deliver_document(
        "one",
        &rss(
            HOME,
            &[
                post("one", 19),
                undated(18),
                undated(17),
                post("one", 15),
                month(14, "2026-03"),
                month(13, "2026-03"),
                undated(12),
                month(11, "2026-02"),
            ],
        ),
    );
    assert_eq!(
        installation.feed_of_all().titles(),
        [
            "one 19",
            "undated 18",
            "undated 17",
            "one 15",
            "2026-03 14",
            "2026-03 13",
            "undated 12",
            "2026-02 11"
        ]
    );
}

#[test]
fn a_first_import_without_any_date_follows_the_document() {
    let mut installation = Installation::following(&["one"]);
    let undated: Vec<Post> = (1..=5).rev().map(|n| post("one", n).with_date_text("")).collect();
    installation.deliver("one", &undated);
    let first = installation.feed_of_all();
    assert_eq!(first.titles(), ["one 5", "one 4", "one 3", "one 2", "one 1"]);
    installation
        .deliver("one", &[&[post("one", 6).with_date_text("")], undated.as_slice()].concat());
    assert_eq!(installation.feed_of_all().titles()[..2], ["one 6", "one 5"]);
    assert_eq!(installation.feed_of_all().ids()[1..], first.ids());
}

#[test]
fn new_stories_of_one_poll_are_in_document_order() {
    let mut installation = installation_with_import();
    installation.deliver_document(
        "one",
        &atom_with_old_posts(&[post("one", 19), post("one", 18), post("one", 17)]),
    );
    assert_eq!(installation.newly_announced(), ["one 19", "one 18", "one 17"]);
}

#[test]
fn an_edit_moves_updated_once_to_the_publishers_time() {
    let mut installation = installation_with_import();
    let first = installation.feed_of_all();
    assert_eq!(
        first.story("one 2").updated,
        march(2, 8),
        "a story begins with the publisher's time"
    );
    installation.advance_hours(2);
    let told = installation.now() - chrono::Duration::minutes(90);
    let edited = post("one", 2).text(&words(81, 80)).updated(told);
    installation.deliver_document("one", &atom(HOME, &[edited.clone(), post("one", 1)]));
    let second = installation.feed_of_all();
    assert_eq!(second.story("one 2").updated, told);
    assert_eq!(
        (second.ids(), second.story("one 2").published),
        (first.ids(), first.story("one 2").published)
    );
    assert!(second.updated > first.updated);
    installation.deliver_document("one", &atom(HOME, &[edited, post("one", 1)]));
    assert_eq!(installation.feed_of_all(), second);
    // Announced as changed in the future, or as changed before: then it is when we saw it.
    for (seed, claimed) in [(82, march(30, 0)), (83, march(1, 0))] {
        let seen = installation.now();
        installation.deliver_document(
            "one",
            &atom(HOME, &[post("one", 2).text(&words(seed, 80)).updated(claimed), post("one", 1)]),
        );
        assert_eq!(installation.feed_of_all().story("one 2").updated, seen);
    }
}

#[test]
fn cosmetic_changes_do_not_move_updated() {
    let mut installation = installation_with_import();
    let first = installation.feed_of_all();
    let text = words(7, 60);
    installation.deliver_document("one", &atom_with_old_posts(&[post("one", 19).text(&text)]));
    let second = installation.feed_of_all();
    let cosmetic = format!("<p><b>{}</b> …</p>", text.to_uppercase().replace(' ', " \n "));
    let told = installation.now();
    installation.deliver_document(
        "one",
        &atom_with_old_posts(&[post("one", 19).title("ONE — 19!").text(&cosmetic).updated(told)]),
    );
    let third = installation.feed_of_all();
    assert_eq!(third.story("ONE — 19!").updated, second.story("one 19").updated);
    assert!(third.updated > second.updated, "the bytes changed, so the feed's time moves");
    assert_eq!(third.story("one 2"), first.story("one 2"));
    // A newer date alone is no change at all.
    installation.deliver_document(
        "one",
        &atom_with_old_posts(&[post("one", 19)
            .title("ONE — 19!")
            .text(&cosmetic)
            .updated(told + chrono::Duration::hours(1))]),
    );
    assert_eq!(installation.feed_of_all(), third);
}

#[test]
fn updated_moves_at_most_24_times_for_hourly_edits() {
    let mut installation = installation_with_import();
    let mut moves = 0;
    let mut last = installation.feed_of_all().story("one 2").updated;
    for hour in 0..40 {
        installation.deliver_document(
            "one",
            &atom(HOME, &[post("one", 2).text(&words(100 + hour, 60)), post("one", 1)]),
        );
        let now = installation.feed_of_all();
        assert!(now.atom.contains(&words(100 + hour, 60)), "the newest text is shown");
        moves += u32::from(now.story("one 2").updated != last);
        last = now.story("one 2").updated;
    }
    assert_eq!(moves, 24);
    assert_eq!(installation.newly_announced(), [""; 0]);
}

#[test]
fn the_feed_updated_time_changes_exactly_with_its_content() {
    let mut installation = installation_with_import();
    let mut before = installation.feed_of_all();
    for hour in 0..6_u32 {
        // Every second time nothing is new; the last time one story changes its text only.
        let posts = if hour >= 3 { vec![post("one", 19)] } else { Vec::new() };
        installation.deliver_document("one", &atom_with_old_posts(&posts));
        let after = installation.feed_of_all();
        let strip = |p: &PublishedFeed| {
            p.atom.replace(&p.updated.format("%Y-%m-%dT%H:%M:%SZ").to_string(), "")
        };
        assert_eq!(before.atom == after.atom, before.updated == after.updated);
        assert_eq!(before.atom == after.atom, strip(&before) == strip(&after));
        assert_eq!(before.updated < after.updated, hour == 3);
        before = after;
    }
    assert_eq!(installation.document_bytes(), installation.document_bytes());
}

#[test]
fn the_story_date_is_the_most_precise_then_the_earliest() {
    let mut installation = Installation::following(&["one", "two", "three"]);
    installation.deliver("two", &[post("one", 5).guid("a").with_date_text("2026-03-05")]);
    assert_eq!(installation.feed_of_all().stories[0].published, Some(march(5, 0)));
    installation.deliver("one", &[post("one", 5).published_at(march(5, 15))]);
    assert_eq!(
        installation.feed_of_all().stories[0].published,
        Some(march(5, 15)),
        "a time of day is more exact"
    );
    installation.deliver("three", &[post("one", 5).guid("b").published_at(march(5, 9))]);
    assert_eq!(
        installation.feed_of_all().stories[0].published,
        Some(march(5, 9)),
        "of two that are as exact, the earlier"
    );
    installation.deliver("one", &[post("one", 5).published_at(march(6, 15))]);
    assert_eq!(
        installation.feed_of_all().stories[0].published,
        Some(march(5, 9)),
        "a date that was told once stays"
    );
}

#[test]
fn published_ids_are_the_publishers_ids_where_they_are_iris() {
    let mut installation = Installation::following(&["one"]);
    let posts = [
        post("one", 9).guid("https://one.example/?p=9"),
        post("one", 8).guid("urn:isbn:9780000000008"),
        post("one", 7).guid("tag:one.example,2026:7"),
        post("one", 6).guid("6"),
        post("one", 5).guid("https://user:secret@one.example/5").no_permalink(),
        post("one", 4).guid(""),
        post("one", 3).guid("not an iri"),
    ];
    installation.deliver("one", &posts);
    let first = installation.feed_of_all();
    assert_eq!(
        first.ids()[..3],
        ["https://one.example/?p=9", "urn:isbn:9780000000008", "tag:one.example,2026:7"]
    );
    assert!(first.ids()[3..].iter().all(|id| id.starts_with("urn:uuid:")), "{:?}", first.ids());
    assert!(!first.mentions("secret"));
    // Another machine with the same feeds.toml gives the same ids, and the same bytes at the same
    // time.
    let mut other = Installation::following(&["one"]);
    other.deliver("one", &posts);
    assert_eq!(other.feed_of_all(), first);
}

#[test]
fn a_restart_changes_no_byte() {
    let mut installation = Installation::with_config(&format!(
        "max_entries = 2\nkeep_within = \"3h\"\n{}",
        sources(&["one"])
    ));
    installation.deliver("one", &two_old_posts());
    installation.deliver(
        "one",
        &[&[post("one", 5), post("one", 4), post("one", 3)], two_old_posts().as_slice()].concat(),
    );
    let first = installation.document_bytes();
    assert_eq!(
        installation.feed_of_all().titles(),
        ["one 5", "one 4", "one 3"],
        "what arrived within three hours stays"
    );
    // Hours later nothing has happened, and a restart is no happening.
    installation.advance_hours(30);
    assert_eq!(installation.document_bytes(), first);
    installation.restart();
    assert_eq!(installation.document_bytes(), first);
    installation.deliver("one", &[post("one", 6), post("one", 5)]);
    assert_eq!(installation.feed_of_all().titles(), ["one 6", "one 5"]);
}

#[test]
fn a_copy_of_the_database_renders_the_same_bytes() {
    let mut installation = installation_with_import();
    installation.deliver_document("one", &atom_with_old_posts(&[post("one", 19)]));
    let first = installation.document_bytes();
    let other = tempfile::tempdir().unwrap();
    installation.store().back_up(&other.path().join(tributary::store::DATABASE)).unwrap();
    installation.advance_hours(5);
    let theirs = installation.with_state_in(other);
    assert_eq!(theirs.document_bytes(), first);
}

#[test]
fn a_kill_at_any_time_loses_and_repeats_nothing() {
    let mut installation = installation_with_import();
    // The log begins anew, so that all of it is of the poll that is cut off.
    installation.restart();
    let before = installation.feed_of_all();
    let now = installation.now();
    let text = atom_with_old_posts(&[post("one", 19), post("one", 18)]);
    installation.deliver_document("one", &text);
    let after = installation.stored_stories();
    let whole = installation.wal_bytes();
    assert!(whole > 4_096);
    let (mut kept, mut lost) = (0, 0);
    for cut in (0..whole).step_by(whole / 23).chain([whole]) {
        let mut survivor = installation.after_power_failure(cut);
        assert_eq!(survivor.store().check_integrity().unwrap(), [""; 0]);
        let stories = survivor.stored_stories().len();
        assert!(
            stories == 2 || stories == 4,
            "all of a poll or nothing of it, not {stories} stories"
        );
        *(if stories == 2 { &mut lost } else { &mut kept }) += 1;
        assert_eq!(survivor.feed_of_all().stories[stories - 2..], before.stories);
        survivor.clock.set(now);
        survivor.deliver_document("one", &text);
        assert_eq!(survivor.newly_announced(), ["one 19", "one 18"]);
        let ids = |stories: &[feed_model::Story]| {
            stories.iter().map(|s| s.published_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&survivor.stored_stories()), ids(&after));
    }
    assert!(kept > 0 && lost > 0, "both ends are seen: {kept} kept, {lost} lost");
}
