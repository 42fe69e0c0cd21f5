//! Order, dates, `updated` and the feed's own time, as they are promised.

use std::path::Path;

use super::{
    house::{House, sources},
    post::{Post, atom, march, post, rss, words},
};

const HOME: &str = "https://one.example/";

/// A house whose source `one` was imported with posts of the 2nd and the 1st.
fn settled() -> House {
    let mut house = House::following(&["one"]);
    house.poll_text("one", &atom(HOME, &old()));
    assert_eq!(house.news(), ["one 2", "one 1"]);
    house
}

fn old() -> Vec<Post> {
    vec![post("one", 2), post("one", 1)]
}

fn and_old(posts: &[Post]) -> String {
    atom(HOME, &[posts, &old()].concat())
}

#[test]
fn a_backdated_post_stands_on_top_with_its_own_date() {
    let mut house = settled();
    house.poll_text("one", &and_old(&[post("one", 19)]));
    // Written in January, shown today.
    let late = post("one", 18).title("Late").on(march(1, 0) - chrono::Duration::days(40));
    house.poll_text("one", &atom(HOME, &[post("one", 19), late]));
    let published = house.all();
    assert_eq!(published.titles(), ["Late", "one 19", "one 2", "one 1"]);
    assert_eq!(published.stories[0].published, Some(march(1, 0) - chrono::Duration::days(40)));
}

#[test]
fn a_late_post_is_never_lost_behind_the_limit() {
    let mut house = House::with(&format!("max_entries = 3\nkeep_within = \"0s\"\n{}", sources(&["one"])));
    let many: Vec<Post> = (10..=19).rev().map(|n| post("one", n)).collect();
    house.poll("one", &many);
    assert_eq!(house.news(), ["one 19", "one 18", "one 17"], "a first import floods nothing");
    house.poll("one", &[many.as_slice(), &[post("one", 3)]].concat());
    assert_eq!(house.news(), ["one 3"]);
    assert_eq!(house.all().titles(), ["one 3", "one 19", "one 18"]);
}

#[test]
fn a_date_in_the_future_does_not_pin() {
    let mut house = settled();
    let tomorrow = post("one", 19).title("Tomorrow").dated("2027-01-01T00:00:00Z");
    house.poll_text("one", &and_old(std::slice::from_ref(&tomorrow)));
    house.poll_text("one", &and_old(&[tomorrow, post("one", 20)]));
    let published = house.all();
    assert_eq!(published.titles()[..2], ["one 20", "Tomorrow"]);
    let story = published.story("Tomorrow");
    assert!(story.updated <= house.now(), "`updated` is never in the future: {}", story.updated);
}

#[test]
fn a_future_date_of_a_first_import_stands_at_its_arrival() {
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &[post("one", 3).title("Tomorrow").dated("2027-01-01T00:00:00Z"), post("one", 2)]);
    house.poll("two", &[post("two", 20)]);
    assert_eq!(
        house.all().titles(),
        ["Tomorrow", "two 20", "one 2"],
        "at noon, when it was stored, and two 20 is of the morning"
    );
    house.poll("two", &[post("two", 21), post("two", 20)]);
    assert_eq!(house.all().titles()[0], "two 21");
}

#[test]
fn a_first_import_keeps_the_publishers_order() {
    let mut house = House::following(&["one"]);
    let undated = |n: u32| post("one", n).title(&format!("undated {n}")).dated("");
    // Only the month is known of some, no date of others.
    let month = |n: u32, date: &str| post("one", n).title(&format!("{date} {n}")).dated(date);
    house.poll_text(
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
        house.all().titles(),
        ["one 19", "undated 18", "undated 17", "one 15", "2026-03 14", "2026-03 13", "undated 12", "2026-02 11"]
    );
}

#[test]
fn a_first_import_without_any_date_follows_the_document() {
    let mut house = House::following(&["one"]);
    let undated: Vec<Post> = (1..=5).rev().map(|n| post("one", n).dated("")).collect();
    house.poll("one", &undated);
    let first = house.all();
    assert_eq!(first.titles(), ["one 5", "one 4", "one 3", "one 2", "one 1"]);
    house.poll("one", &[&[post("one", 6).dated("")], undated.as_slice()].concat());
    assert_eq!(house.all().titles()[..2], ["one 6", "one 5"]);
    assert_eq!(house.all().ids()[1..], first.ids());
}

#[test]
fn the_news_of_one_poll_stand_in_the_documents_order() {
    let mut house = settled();
    house.poll_text("one", &and_old(&[post("one", 19), post("one", 18), post("one", 17)]));
    assert_eq!(house.news(), ["one 19", "one 18", "one 17"]);
}

#[test]
fn an_edit_moves_updated_once_to_the_publishers_time() {
    let mut house = settled();
    let first = house.all();
    assert_eq!(first.story("one 2").updated, march(2, 8), "a story begins with the publisher's time");
    house.hours(2);
    let told = house.now() - chrono::Duration::minutes(90);
    let edited = post("one", 2).text(&words(81, 80)).updated(told);
    house.poll_text("one", &atom(HOME, &[edited.clone(), post("one", 1)]));
    let second = house.all();
    assert_eq!(second.story("one 2").updated, told);
    assert_eq!((second.ids(), second.story("one 2").published), (first.ids(), first.story("one 2").published));
    assert!(second.updated > first.updated);
    house.poll_text("one", &atom(HOME, &[edited, post("one", 1)]));
    assert_eq!(house.all(), second);
    // Announced as changed in the future, or as changed before: then it is when we saw it.
    for (seed, claimed) in [(82, march(30, 0)), (83, march(1, 0))] {
        let seen = house.now();
        house.poll_text("one", &atom(HOME, &[post("one", 2).text(&words(seed, 80)).updated(claimed), post("one", 1)]));
        assert_eq!(house.all().story("one 2").updated, seen);
    }
}

#[test]
fn cosmetic_changes_do_not_move_updated() {
    let mut house = settled();
    let first = house.all();
    let text = words(7, 60);
    house.poll_text("one", &and_old(&[post("one", 19).text(&text)]));
    let second = house.all();
    let cosmetic = format!("<p><b>{}</b> …</p>", text.to_uppercase().replace(' ', " \n "));
    let told = house.now();
    house.poll_text("one", &and_old(&[post("one", 19).title("ONE — 19!").text(&cosmetic).updated(told)]));
    let third = house.all();
    assert_eq!(third.story("ONE — 19!").updated, second.story("one 19").updated);
    assert!(third.updated > second.updated, "the bytes changed, so the feed's time moves");
    assert_eq!(third.story("one 2"), first.story("one 2"));
    // A newer date alone is no change at all.
    house.poll_text(
        "one",
        &and_old(&[post("one", 19).title("ONE — 19!").text(&cosmetic).updated(told + chrono::Duration::hours(1))]),
    );
    assert_eq!(house.all(), third);
}

#[test]
fn a_publisher_who_rewrites_every_hour_is_heard_for_a_day() {
    let mut house = settled();
    let mut moves = 0;
    let mut last = house.all().story("one 2").updated;
    for hour in 0..40 {
        house.poll_text("one", &atom(HOME, &[post("one", 2).text(&words(100 + hour, 60)), post("one", 1)]));
        let now = house.all();
        assert!(now.atom.contains(&words(100 + hour, 60)), "the newest text is shown");
        moves += u32::from(now.story("one 2").updated != last);
        last = now.story("one 2").updated;
    }
    assert_eq!(moves, 24);
    assert_eq!(house.news(), [""; 0]);
}

#[test]
fn the_feeds_time_moves_exactly_when_its_bytes_do() {
    let mut house = settled();
    let mut before = house.all();
    for hour in 0..6_u32 {
        // Every second time nothing is new; the last time one story changes its text only.
        let posts = if hour >= 3 { vec![post("one", 19)] } else { Vec::new() };
        house.poll_text("one", &and_old(&posts));
        let after = house.all();
        let strip = |p: &super::house::Published| p.atom.replace(&p.updated.format("%Y-%m-%dT%H:%M:%SZ").to_string(), "");
        assert_eq!(before.atom == after.atom, before.updated == after.updated);
        assert_eq!(before.atom == after.atom, strip(&before) == strip(&after));
        assert_eq!(before.updated < after.updated, hour == 3);
        before = after;
    }
    assert_eq!(house.bytes(), house.bytes());
}

#[test]
fn the_storys_date_is_the_most_exact_else_the_earliest() {
    let mut house = House::following(&["one", "two", "three"]);
    house.poll("two", &[post("one", 5).guid("a").dated("2026-03-05")]);
    assert_eq!(house.all().stories[0].published, Some(march(5, 0)));
    house.poll("one", &[post("one", 5).on(march(5, 15))]);
    assert_eq!(house.all().stories[0].published, Some(march(5, 15)), "a time of day is more exact");
    house.poll("three", &[post("one", 5).guid("b").on(march(5, 9))]);
    assert_eq!(house.all().stories[0].published, Some(march(5, 9)), "of two that are as exact, the earlier");
    house.poll("one", &[post("one", 5).on(march(6, 15))]);
    assert_eq!(house.all().stories[0].published, Some(march(5, 9)), "a date that was told once stays");
}

#[test]
fn published_ids_are_the_publishers_where_they_can_be() {
    let mut house = House::following(&["one"]);
    let posts = [
        post("one", 9).guid("https://one.example/?p=9"),
        post("one", 8).guid("urn:isbn:9780000000008"),
        post("one", 7).guid("tag:one.example,2026:7"),
        post("one", 6).guid("6"),
        post("one", 5).guid("https://user:secret@one.example/5").no_permalink(),
        post("one", 4).guid(""),
        post("one", 3).guid("not an iri"),
    ];
    house.poll("one", &posts);
    let first = house.all();
    assert_eq!(first.ids()[..3], ["https://one.example/?p=9", "urn:isbn:9780000000008", "tag:one.example,2026:7"]);
    assert!(first.ids()[3..].iter().all(|id| id.starts_with("urn:uuid:")), "{:?}", first.ids());
    assert!(!first.mentions("secret"));
    // Another machine with the same feeds.toml gives the same ids, and the same bytes at the same time.
    let mut other = House::following(&["one"]);
    other.poll("one", &posts);
    assert_eq!(other.all(), first);
}

#[test]
fn nothing_moves_by_a_restart() {
    let mut house = House::with(&format!("max_entries = 2\nkeep_within = \"3h\"\n{}", sources(&["one"])));
    house.poll("one", &old());
    house.poll("one", &[&[post("one", 5), post("one", 4), post("one", 3)], old().as_slice()].concat());
    let first = house.bytes();
    assert_eq!(house.all().titles(), ["one 5", "one 4", "one 3"], "what arrived within three hours stays");
    // Hours later nothing has happened, and a restart is no happening.
    house.hours(30);
    assert_eq!(house.bytes(), first);
    house.restart();
    assert_eq!(house.bytes(), first);
    house.poll("one", &[post("one", 6), post("one", 5)]);
    assert_eq!(house.all().titles(), ["one 6", "one 5"]);
}

#[test]
fn a_copy_of_the_database_gives_the_same_bytes_elsewhere() {
    let mut house = settled();
    house.poll_text("one", &and_old(&[post("one", 19)]));
    let first = house.bytes();
    let other = tempfile::tempdir().unwrap();
    house.store().back_up(&other.path().join(tributary::store::DATABASE)).unwrap();
    house.hours(5);
    let copy = |dir: &Path| tributary::store::Store::open(dir).unwrap();
    let theirs = house.with_store(copy(other.path()));
    assert_eq!(theirs.bytes(), first);
}

#[test]
fn a_kill_at_any_instant_loses_nothing_and_announces_nothing_twice() {
    let mut house = settled();
    // The log begins anew, so that all of it is of the poll that is cut off.
    house.restart();
    let before = house.all();
    let now = house.now();
    let text = and_old(&[post("one", 19), post("one", 18)]);
    house.poll_text("one", &text);
    let after = house.stored();
    let whole = house.log_bytes();
    assert!(whole > 4_096);
    let (mut kept, mut lost) = (0, 0);
    for cut in (0..whole).step_by(whole / 23).chain([whole]) {
        let mut survivor = house.killed(cut);
        assert_eq!(survivor.store().examine().unwrap(), [""; 0]);
        let stories = survivor.stored().len();
        assert!(stories == 2 || stories == 4, "all of a poll or nothing of it, not {stories} stories");
        *(if stories == 2 { &mut lost } else { &mut kept }) += 1;
        assert_eq!(survivor.all().stories[stories - 2..], before.stories);
        survivor.clock.set(now);
        survivor.poll_text("one", &text);
        assert_eq!(survivor.news(), ["one 19", "one 18"]);
        let ids = |stories: &[feed_model::Story]| stories.iter().map(|s| s.published_id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&survivor.stored()), ids(&after));
    }
    assert!(kept > 0 && lost > 0, "both ends are seen: {kept} kept, {lost} lost");
}

#[test]
fn work_that_breaks_off_leaves_nothing_behind() {
    let house = settled();
    let before = house.bytes();
    let plan = house.plan("one", &and_old(&[post("one", 19)]), false);
    let would = house.store().rehearse_plan(plan, house.rules()).unwrap();
    assert_eq!(would.new_stories, 1);
    assert_eq!(house.bytes(), before);
    assert_eq!(house.stored().len(), 2);
}
