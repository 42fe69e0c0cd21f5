//! Posts that their publisher made anew: another id, another link, a corrected title or date. What
//! was announced is not announced again, and keeps its published id; what is another post is one.

use chrono::TimeDelta;
use feed_model::Timestamp;

use crate::support::{
    feeds::{Post, atom, post, words},
    installation::Installation,
    time::march,
};

/// A second that is nobody else's.
fn exact_time(n: u32) -> Timestamp {
    march(n, 8) + TimeDelta::seconds(i64::from(n) * 61 + 7)
}

fn posts() -> Vec<Post> {
    (1..=5).rev().map(|n| post("one", n).published_at(exact_time(n))).collect()
}

fn with_new_id_and_link(post: Post, n: u32) -> Post {
    post.guid(&format!("https://one.example/new/{n}")).link(&format!("https://one.example/new/{n}"))
}

/// Polls twice, and insists that the second document announces nothing and that every published id
/// stays.
fn assert_nothing_announced(before: &[Post], after: &[Post]) -> Installation {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", before);
    assert_eq!(installation.newly_announced().len(), before.len());
    let ids = |installation: &Installation| {
        installation.feed_of_all().ids().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = ids(&installation);
    for _ in 0..2 {
        let applied = installation.deliver("one", after);
        assert_eq!((applied.new_entries, applied.new_stories), (0, 0), "{:?}", applied.items);
        assert_eq!(installation.newly_announced(), [""; 0]);
        assert_eq!(ids(&installation), first);
    }
    installation
}

/// One post of `posts` made anew by `change`.
fn assert_one_change_recognised(change: impl Fn(Post) -> Post) {
    let mut after = posts();
    after[2] = with_new_id_and_link(change(after[2].clone()), 3);
    assert_nothing_announced(&posts(), &after);
}

#[test]
fn a_moved_post_is_matched_by_title_and_second_or_text_and_day() {
    assert_one_change_recognised(|post| post.text(&format!("{} One sentence more.", words(9, 80))));
    assert_one_change_recognised(|post| post.published_at(exact_time(3) + TimeDelta::hours(5)));
    assert_one_change_recognised(|post| post.title("one 3, corrected"));
    assert_one_change_recognised(|post| post.title("Another headline"));
}

#[test]
fn a_relaunch_with_new_ids_links_and_titles_announces_nothing() {
    let after: Vec<Post> = (1..=5)
        .rev()
        .map(|n| {
            with_new_id_and_link(
                post("one", n).published_at(exact_time(n)).title(&format!("one {n} | The site")),
                n,
            )
        })
        .collect();
    assert_nothing_announced(&posts(), &after);
}

#[test]
fn untitled_posts_are_matched_by_date_and_text() {
    let untitled = |n: u32| post("one", n).published_at(exact_time(n)).title("");
    let before: Vec<Post> = (1..=5).rev().map(untitled).collect();
    let after: Vec<Post> = (1..=5).rev().map(|n| with_new_id_and_link(untitled(n), n)).collect();
    let mut installation = Installation::following(&["one"]);
    assert_eq!(installation.deliver("one", &before).new_stories, 5);
    let first: Vec<_> =
        installation.stored_stories().into_iter().map(|story| story.published_id).collect();
    let applied = installation.deliver("one", &after);
    assert_eq!((applied.new_entries, applied.new_stories), (0, 0), "{:?}", applied.items);
    let second: Vec<_> =
        installation.stored_stories().into_iter().map(|story| story.published_id).collect();
    assert_eq!(second, first);
}

#[test]
fn a_majority_of_matched_items_lowers_the_evidence_needed_for_the_rest() {
    // Full hours, which prove nothing alone; of one post the text was edited as well.
    let before: Vec<Post> = (1..=5).rev().map(|n| post("one", n).link("")).collect();
    let after: Vec<Post> = (1..=5)
        .rev()
        .map(|n| {
            let post = post("one", n).link("").guid(&format!("new-{n}"));
            if n == 2 { post.text(&format!("{} and more", words(2, 80))) } else { post }
        })
        .collect();
    assert_nothing_announced(&before, &after);
}

#[test]
fn an_updated_yearly_post_under_one_link_stays_one_entry() {
    let mut after = posts();
    after[2] = after[2].clone().guid("again").title("one 3 of 2027").published_at(exact_time(20));
    assert_nothing_announced(&posts(), &after);
}

#[test]
fn a_revision_number_after_the_link_in_an_id_is_ignored() {
    let numbered = |n: u32, revision: u32| {
        let link = format!("https://one.example/news/{n}");
        post("one", n).guid(&format!("{link}#{revision}")).link(&link)
    };
    let before: Vec<Post> = (1..=4).rev().map(|n| numbered(n, 0)).collect();
    let mut after = before.clone();
    after[1] = numbered(3, 1)
        .title("Talks end without a deal")
        .text(&words(77, 30))
        .published_at(march(9, 9));
    assert_nothing_announced(&before, &after);
}

#[test]
fn positional_ids_lose_no_post() {
    // Hours apart, with links and without.
    let place = |n: u32, place: u32| {
        post("one", n)
            .published_at(march(9, 0) + TimeDelta::hours(n.into()))
            .guid(&format!("item-{place}"))
    };
    assert_positional_ids_lose_no_post(place);
    assert_positional_ids_lose_no_post(|n, i| place(n, i).link(""));
    assert_positional_ids_lose_no_post(|n, i| place(n, i).published_at(march(n, 8)));
}

fn assert_positional_ids_lose_no_post(place: impl Fn(u32, u32) -> Post) {
    let before: Vec<Post> = (0..5).map(|i| place(9 - i, i)).collect();
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &before);
    installation.newly_announced();
    let first = installation.feed_of_all();
    for new in [10, 11] {
        let after: Vec<Post> = (0..5).map(|i| place(new - i, i)).collect();
        installation.deliver("one", &after);
        assert_eq!(installation.newly_announced(), [format!("one {new}")]);
        installation.deliver("one", &after);
        assert_eq!(installation.newly_announced(), [""; 0]);
    }
    let now = installation.feed_of_all();
    assert_eq!(now.ids()[2..], first.ids(), "every post keeps its id");
    assert_eq!(now.titles()[2..], first.titles());
}

#[test]
fn restarting_numeric_ids_lose_no_post() {
    let numbered = |n: u32, id: u32| post("one", n).guid(&id.to_string());
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[numbered(5, 3), numbered(4, 2), numbered(3, 1)]);
    installation.newly_announced();
    installation.deliver("one", &[numbered(15, 3), numbered(14, 2), numbered(13, 1)]);
    assert_eq!(installation.newly_announced(), ["one 15", "one 14", "one 13"]);
    assert_eq!(installation.feed_of_all().titles().len(), 6);
}

#[test]
fn versions_and_copies_within_one_document_are_one_entry() {
    let version = |n: u32| {
        post("one", n).published_at(exact_time(n)).with_date_text(&exact_time(n).to_rfc3339())
    };
    let before = [version(2), version(1)];
    let revised = version(2).title("one 2 (corrected)").updated(exact_time(3));
    let mut installation = Installation::following(&["one"]);
    installation.deliver_document("one", &atom("https://one.example/", &before));
    assert_eq!(installation.newly_announced().len(), 2);
    installation
        .deliver_document("one", &atom("https://one.example/", &[revised, version(2), version(1)]));
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().titles(), ["one 2 (corrected)", "one 1"]);

    let secure = |n: u32, scheme: &str| {
        let link = format!("{scheme}://one.example/posts/{n}");
        post("one", n).published_at(exact_time(n)).guid(&link).link(&link)
    };
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[secure(2, "http"), secure(2, "https"), secure(1, "https")]);
    assert_eq!(installation.newly_announced().len(), 2);
    installation.deliver(
        "one",
        &[secure(2, "https").guid("a-copy"), secure(2, "https"), secure(1, "https")],
    );
    assert_eq!(installation.newly_announced(), [""; 0]);
}

#[test]
fn a_future_date_can_be_corrected() {
    let mut installation = Installation::following(&["one"]);
    installation
        .deliver("one", &[post("one", 1).published_at(installation.now() + TimeDelta::days(300))]);
    assert_eq!(installation.feed_of_all().story("one 1").published, None);
    let right = installation.now() - TimeDelta::hours(2);
    installation.deliver("one", &[post("one", 1).published_at(right)]);
    assert_eq!(installation.feed_of_all().story("one 1").published, Some(right));
    installation.deliver("one", &[post("one", 1).published_at(right + TimeDelta::hours(1))]);
    assert_eq!(
        installation.feed_of_all().story("one 1").published,
        Some(right),
        "and is told once from then on"
    );
}

#[test]
fn similar_new_posts_are_announced() {
    let announced = |before: &[Post], after: &[Post], new: usize| {
        let mut installation = Installation::following(&["one"]);
        installation.deliver("one", before);
        installation.newly_announced();
        installation.deliver("one", after);
        assert_eq!(installation.newly_announced().len(), new, "{after:?}");
    };
    let episode = |n: u32, day: u32, hour: u32| {
        with_new_id_and_link(
            post("one", 1)
                .title("Tuesday talk")
                .published_at(march(day, hour)),
            n,
        )
        .with(&format!(
            "<enclosure url=\"https://one.example/{n}/show.mp3\" length=\"1\" type=\"audio/mpeg\"/>"
        ))
    };
    // Episodes with one title and one set of notes, hours apart; a notice of every week.
    announced(&[episode(1, 3, 8)], &[episode(2, 3, 14)], 1);
    announced(
        &[with_new_id_and_link(post("one", 1), 1)],
        &[with_new_id_and_link(post("one", 1).published_at(march(8, 8)), 2)],
        1,
    );
    // A page of every day, with other words under one link, though other ids count something.
    let today = |n: u32| {
        post("one", n)
            .guid(&format!("https://one.example/today#{n}"))
            .link("https://one.example/today")
    };
    announced(&[today(1)], &[today(2)], 1);
    // Two posts of one second with texts of their own.
    announced(
        &[post("one", 1).published_at(exact_time(1))],
        &[with_new_id_and_link(post("one", 2).published_at(exact_time(1)), 2)],
        1,
    );
    // At a full hour a few words prove nothing.
    let brief = |n: u32, title: &str| {
        with_new_id_and_link(post("one", 1).title(title).text("See the pictures."), n)
    };
    announced(&[brief(1, "Monday")], &[brief(2, "Tuesday")], 1);
}
