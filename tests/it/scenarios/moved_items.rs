//! News sites that change slug, id, time and title of a post: it is still the same post. Series
//! that look like it announce every part.

use chrono::TimeDelta;
use feed_model::Timestamp;

use crate::support::{
    feeds::{Post, post},
    installation::Installation,
    time::march,
};

const TEASERS: [(&str, &str); 5] = [
    (
        "Ferry to sail in winter",
        "The island council agreed on Monday to keep the small ferry running until the ice comes.",
    ),
    (
        "Storks are back",
        "Two pairs of storks have built their nests on the old chimney behind the dairy again.",
    ),
    (
        "School roof repaired",
        "After three years of buckets in the corridor, the roof of the village school is tight.",
    ),
    (
        "Mill wheel turns",
        "Volunteers from four parishes have set the wheel of the upper mill turning once more.",
    ),
    (
        "Night bus returns",
        "From the first of the month the last bus leaves the market square at one in the morning.",
    ),
];

/// The post number `n` of the news site, the newest first, two hours apart.
fn news(n: usize) -> Post {
    let (title, teaser) = TEASERS[n];
    at(post("one", 30 - u32::try_from(n).unwrap()), noon(n)).title(title).text(teaser)
}

fn noon(n: usize) -> Timestamp {
    march(20, 12) + TimeDelta::minutes(7) - TimeDelta::hours(2 * i64::try_from(n).unwrap())
}

/// The post with another slug, id and time.
fn moved(post: Post, to: Timestamp) -> Post {
    let link = format!("https://one.example/news/{}", to.timestamp());
    at(post, to).guid(&link).link(&link)
}

fn at(post: Post, time: Timestamp) -> Post {
    post.published_at(time).with_date_text(&time.to_rfc3339())
}

/// Insists that the second document announces nothing, changes no id, and leaves as many entries.
fn assert_same_posts(before: &[Post], after: &[Post]) {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", before);
    installation.newly_announced();
    let first = installation.feed_of_all();
    let result = installation.deliver("one", after);
    assert_eq!((result.new_stories, result.new_entries), (0, 0), "{after:?}");
    assert_eq!(installation.newly_announced(), [""; 0]);
    let second = installation.feed_of_all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(installation.stored_stories().len(), before.len());
    installation.deliver("one", after);
    assert_eq!(installation.feed_of_all(), second, "the third poll changes nothing");
}

fn assert_new_posts(before: &[Post], after: &[Post], new: usize) {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", before);
    installation.newly_announced();
    installation.deliver("one", after);
    assert_eq!(installation.newly_announced().len(), new, "{after:?}");
}

#[test]
fn a_post_with_another_slug_id_and_time_is_the_same() {
    let before = [news(0), news(1), news(2), news(3)];
    let minutes = |n: i64| TimeDelta::minutes(n);
    // In its place, in the middle and at the end; and moved to the top.
    assert_same_posts(&before, &[news(0), moved(news(1), noon(1) + minutes(25)), news(2), news(3)]);
    assert_same_posts(&before, &[news(0), news(1), news(2), moved(news(3), noon(3) + minutes(90))]);
    assert_same_posts(&before, &[moved(news(2), noon(0) + minutes(90)), news(0), news(1), news(3)]);
    assert_same_posts(&before, &[moved(news(3), noon(0) + minutes(90)), news(0), news(1), news(2)]);
    // In its old place, although its new time is the latest.
    assert_same_posts(&before, &[news(0), moved(news(1), noon(0) + minutes(90)), news(2), news(3)]);
    // Two at once, beside a new post.
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &before[..3]);
    installation.newly_announced();
    installation.deliver(
        "one",
        &[
            post("one", 31).published_at(march(20, 18)),
            moved(news(0), noon(0) + minutes(11)),
            moved(news(1), noon(1) + minutes(3)),
            news(2),
        ],
    );
    assert_eq!(installation.newly_announced(), ["one 31"]);
}

#[test]
fn a_post_with_another_title_too_is_the_same() {
    let before = [news(0), news(1), news(2), news(3)];
    let retitled = |n: usize, to: Timestamp| moved(news(n).title("What the council decided"), to);
    let soon = TimeDelta::minutes(25);
    assert_same_posts(&before, &[news(0), retitled(1, noon(1) + soon), news(2), news(3)]);
    assert_same_posts(&before, &[news(0), news(1), news(2), retitled(3, noon(3) + soon)]);
    assert_same_posts(&before, &[retitled(2, noon(0) + soon), news(0), news(1), news(3)]);
    assert_same_posts(&before, &[news(0), retitled(1, noon(0) + soon), news(2), news(3)]);
    assert_same_posts(&before, &[news(0), news(1), news(2), retitled(3, noon(0) + soon)]);
    // The published post has the new title and address.
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &before);
    installation.deliver("one", &[news(0), retitled(1, noon(1) + soon), news(2), news(3)]);
    let published = installation.feed_of_all();
    let link = published.story("What the council decided").link.as_deref();
    assert!(link.is_some_and(|link| link.contains("/news/")), "{link:?}");
}

#[test]
fn a_text_under_another_title_is_new_unless_the_entry_is_gone_from_its_place() {
    let other = |n: usize, to: Timestamp| moved(news(n).title("Another matter"), to);
    let before = [news(0), news(1), news(2), news(3)];
    let (later, nine) = (noon(0) + TimeDelta::minutes(25), TimeDelta::minutes(9));
    // The old item is still there.
    assert_new_posts(&before, &[other(1, later), news(0), news(1), news(2), news(3)], 1);
    // It was pushed off the end.
    assert_new_posts(&before, &[other(3, later), news(0), news(1), news(2)], 1);
    // All are replaced, and two are not enough for a rebuilt document.
    let two = [news(0), news(1)];
    assert_new_posts(&two, &[other(0, later), other(1, noon(1) + nine).title("A third")], 2);
    // A document without order, and one without dates.
    let shuffled = [news(2), news(0), news(3), news(1)];
    assert_new_posts(&shuffled, &[news(2), news(0), news(3), other(1, later)], 1);
    let undated = |post: Post| post.with_date_text("");
    assert_new_posts(
        &before.clone().map(undated),
        &[news(0), other(1, later), news(2), news(3)].map(undated),
        1,
    );
    // A text that says nothing, and one that two items share.
    for text in ["Read more", "Read the whole story on our site today."] {
        let brief = |post: Post| post.text(text);
        let before = [news(0), brief(news(1)), news(2), news(3)];
        assert_new_posts(&before, &[news(0), brief(other(1, noon(1) + nine)), news(2), news(3)], 1);
    }
    let shared = |post: Post| post.text(TEASERS[4].1);
    assert_new_posts(
        &[news(0), shared(news(1)), news(2)],
        &[
            shared(other(0, later)),
            news(0),
            shared(other(1, noon(1) + nine).title("A third")),
            news(2),
        ],
        2,
    );
}

#[test]
fn every_part_of_a_series_with_one_title_and_text_is_announced() {
    let part = |day: u32, hour: u32| {
        moved(
            news(4).title("Crossword of the day"),
            march(day, hour) + TimeDelta::minutes(i64::from(day % 7)),
        )
    };
    let other = |n: usize| news(n);
    // Weekly and daily; the older part is still there, was pushed off, or was replaced.
    for days in [7, 1] {
        let (old, new) = (part(20 - days, 9), part(20, 9));
        assert_new_posts(&[other(0), old.clone()], &[new.clone(), other(0), old.clone()], 1);
        assert_new_posts(&[other(0), other(1), old.clone()], &[new.clone(), other(0), other(1)], 1);
        let oldest = moved(news(3), march(3, 9));
        assert_new_posts(&[old, oldest.clone()], &[new, oldest], 1);
    }
    // Hourly: the one before is still there.
    assert_new_posts(
        &[part(20, 10), part(20, 9), part(20, 8)],
        &[part(20, 11), part(20, 10), part(20, 9)],
        1,
    );
    // With a teaser that says nothing.
    let brief = |post: Post| post.text("Read more");
    assert_new_posts(&[other(0), brief(part(20, 9))], &[other(0), brief(part(20, 10))], 1);
}
