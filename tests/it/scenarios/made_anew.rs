//! Posts that their publisher made anew: another id, another link, a corrected title or date. What was announced is not
//! announced again, and keeps its published id; what is another post is one.

use chrono::TimeDelta;
use feed_model::Timestamp;

use super::{
    house::House,
    post::{Post, atom, march, post, words},
};

/// A second that is nobody else's.
fn second(n: u32) -> Timestamp {
    march(n, 8) + TimeDelta::seconds(i64::from(n) * 61 + 7)
}

fn posts() -> Vec<Post> {
    (1..=5).rev().map(|n| post("one", n).on(second(n))).collect()
}

fn moved(post: Post, n: u32) -> Post {
    post.guid(&format!("https://one.example/new/{n}")).link(&format!("https://one.example/new/{n}"))
}

/// Polls twice, and insists that the second document announces nothing and that every published id stays.
fn nothing_is_announced(before: &[Post], after: &[Post]) -> House {
    let mut house = House::following(&["one"]);
    house.poll("one", before);
    assert_eq!(house.news().len(), before.len());
    let ids = |house: &House| house.all().ids().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let first = ids(&house);
    for _ in 0..2 {
        let applied = house.poll("one", after);
        assert_eq!((applied.new_entries, applied.new_stories), (0, 0), "{:?}", applied.items);
        assert_eq!(house.news(), [""; 0]);
        assert_eq!(ids(&house), first);
    }
    house
}

/// One post of `posts` made anew by `change`.
fn one_changes(change: impl Fn(Post) -> Post) {
    let mut after = posts();
    after[2] = moved(change(after[2].clone()), 3);
    nothing_is_announced(&posts(), &after);
}

#[test]
fn a_post_that_moved_within_its_site_is_known_by_title_and_second_or_text_and_day() {
    one_changes(|post| post.text(&format!("{} One sentence more.", words(9, 80))));
    one_changes(|post| post.on(second(3) + TimeDelta::hours(5)));
    one_changes(|post| post.title("one 3, corrected"));
    one_changes(|post| post.title("Another headline"));
}

#[test]
fn a_relaunch_that_renames_everything_announces_nothing() {
    let after: Vec<Post> =
        (1..=5).rev().map(|n| moved(post("one", n).on(second(n)).title(&format!("one {n} | The site")), n)).collect();
    nothing_is_announced(&posts(), &after);
}

#[test]
fn posts_without_titles_keep_their_moment_and_text() {
    let untitled = |n: u32| post("one", n).on(second(n)).title("");
    let before: Vec<Post> = (1..=5).rev().map(untitled).collect();
    let after: Vec<Post> = (1..=5).rev().map(|n| moved(untitled(n), n)).collect();
    let mut house = House::following(&["one"]);
    assert_eq!(house.poll("one", &before).new_stories, 5);
    let first: Vec<_> = house.stored().into_iter().map(|story| story.published_id).collect();
    let applied = house.poll("one", &after);
    assert_eq!((applied.new_entries, applied.new_stories), (0, 0), "{:?}", applied.items);
    let second: Vec<_> = house.stored().into_iter().map(|story| story.published_id).collect();
    assert_eq!(second, first);
}

#[test]
fn what_most_of_a_document_proves_holds_for_the_last_of_it() {
    // Full hours, which prove nothing alone; of one post the text was edited as well.
    let before: Vec<Post> = (1..=5).rev().map(|n| post("one", n).link("")).collect();
    let after: Vec<Post> = (1..=5)
        .rev()
        .map(|n| {
            let post = post("one", n).link("").guid(&format!("new-{n}"));
            if n == 2 { post.text(&format!("{} and more", words(2, 80))) } else { post }
        })
        .collect();
    nothing_is_announced(&before, &after);
}

#[test]
fn a_yearly_post_that_is_brought_up_to_date_under_its_link_stays_one() {
    let mut after = posts();
    after[2] = after[2].clone().guid("again").title("one 3 of 2027").on(second(20));
    nothing_is_announced(&posts(), &after);
}

#[test]
fn a_number_behind_the_link_in_the_id_counts_revisions() {
    let numbered = |n: u32, revision: u32| {
        let link = format!("https://one.example/news/{n}");
        post("one", n).guid(&format!("{link}#{revision}")).link(&link)
    };
    let before: Vec<Post> = (1..=4).rev().map(|n| numbered(n, 0)).collect();
    let mut after = before.clone();
    after[1] = numbered(3, 1).title("Talks end without a deal").text(&words(77, 30)).on(march(9, 9));
    nothing_is_announced(&before, &after);
}

#[test]
fn ids_that_are_places_in_the_document_swallow_no_post() {
    // Hours apart, with links and without.
    let place = |n: u32, place: u32| post("one", n).on(march(9, 0) + TimeDelta::hours(n.into())).guid(&format!("item-{place}"));
    places_swallow_no_post(place);
    places_swallow_no_post(|n, i| place(n, i).link(""));
    places_swallow_no_post(|n, i| place(n, i).on(march(n, 8)));
}

fn places_swallow_no_post(place: impl Fn(u32, u32) -> Post) {
    let before: Vec<Post> = (0..5).map(|i| place(9 - i, i)).collect();
    let mut house = House::following(&["one"]);
    house.poll("one", &before);
    house.news();
    let first = house.all();
    for new in [10, 11] {
        let after: Vec<Post> = (0..5).map(|i| place(new - i, i)).collect();
        house.poll("one", &after);
        assert_eq!(house.news(), [format!("one {new}")]);
        house.poll("one", &after);
        assert_eq!(house.news(), [""; 0]);
    }
    let now = house.all();
    assert_eq!(now.ids()[2..], first.ids(), "every post keeps its id");
    assert_eq!(now.titles()[2..], first.titles());
}

#[test]
fn ids_that_begin_again_swallow_no_post() {
    let numbered = |n: u32, id: u32| post("one", n).guid(&id.to_string());
    let mut house = House::following(&["one"]);
    house.poll("one", &[numbered(5, 3), numbered(4, 2), numbered(3, 1)]);
    house.news();
    house.poll("one", &[numbered(15, 3), numbered(14, 2), numbered(13, 1)]);
    assert_eq!(house.news(), ["one 15", "one 14", "one 13"]);
    assert_eq!(house.all().titles().len(), 6);
}

#[test]
fn versions_and_copies_in_one_document_are_one_post() {
    let version = |n: u32| post("one", n).on(second(n)).dated(&second(n).to_rfc3339());
    let before = [version(2), version(1)];
    let revised = version(2).title("one 2 (corrected)").updated(second(3));
    let mut house = House::following(&["one"]);
    house.poll_text("one", &atom("https://one.example/", &before));
    assert_eq!(house.news().len(), 2);
    house.poll_text("one", &atom("https://one.example/", &[revised, version(2), version(1)]));
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().titles(), ["one 2 (corrected)", "one 1"]);

    let secure = |n: u32, scheme: &str| {
        let link = format!("{scheme}://one.example/posts/{n}");
        post("one", n).on(second(n)).guid(&link).link(&link)
    };
    let mut house = House::following(&["one"]);
    house.poll("one", &[secure(2, "http"), secure(2, "https"), secure(1, "https")]);
    assert_eq!(house.news().len(), 2);
    house.poll("one", &[secure(2, "https").guid("a-copy"), secure(2, "https"), secure(1, "https")]);
    assert_eq!(house.news(), [""; 0]);
}

#[test]
fn a_date_that_lay_ahead_may_be_brought_back() {
    let mut house = House::following(&["one"]);
    house.poll("one", &[post("one", 1).on(house.now() + TimeDelta::days(300))]);
    assert_eq!(house.all().story("one 1").published, None);
    let right = house.now() - TimeDelta::hours(2);
    house.poll("one", &[post("one", 1).on(right)]);
    assert_eq!(house.all().story("one 1").published, Some(right));
    house.poll("one", &[post("one", 1).on(right + TimeDelta::hours(1))]);
    assert_eq!(house.all().story("one 1").published, Some(right), "and is told once from then on");
}

#[test]
fn what_only_looks_made_anew_is_another_post() {
    let announced = |before: &[Post], after: &[Post], new: usize| {
        let mut house = House::following(&["one"]);
        house.poll("one", before);
        house.news();
        house.poll("one", after);
        assert_eq!(house.news().len(), new, "{after:?}");
    };
    let episode = |n: u32, day: u32, hour: u32| {
        moved(post("one", 1).title("Tuesday talk").on(march(day, hour)), n)
            .with(&format!("<enclosure url=\"https://one.example/{n}/show.mp3\" length=\"1\" type=\"audio/mpeg\"/>"))
    };
    // Episodes with one title and one set of notes, hours apart; a notice of every week.
    announced(&[episode(1, 3, 8)], &[episode(2, 3, 14)], 1);
    announced(&[moved(post("one", 1), 1)], &[moved(post("one", 1).on(march(8, 8)), 2)], 1);
    // A page of every day, with other words under one link, though other ids count something.
    let today = |n: u32| post("one", n).guid(&format!("https://one.example/today#{n}")).link("https://one.example/today");
    announced(&[today(1)], &[today(2)], 1);
    // Two posts of one second with texts of their own.
    announced(&[post("one", 1).on(second(1))], &[moved(post("one", 2).on(second(1)), 2)], 1);
    // At a full hour a few words prove nothing.
    let brief = |n: u32, title: &str| moved(post("one", 1).title(title).text("See the pictures."), n);
    announced(&[brief(1, "Monday")], &[brief(2, "Tuesday")], 1);
}
