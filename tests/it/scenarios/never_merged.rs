//! What looks alike and is not: every one of these is announced.

use super::{
    house::{House, Published},
    post::{Post, march, post, words},
};

/// Polls `one`, then `two`, then both again; insists that every post of both is published, once.
fn all_stay(first: &[Post], second: &[Post]) -> Published {
    let mut house = House::following(&["one", "two"]);
    house.poll("one", first);
    house.poll("two", second);
    assert_eq!(house.news().len(), first.len() + second.len(), "{:?}", house.all().titles());
    assert!(house.stored().iter().all(|story| story.sources.len() == 1));
    house.poll("one", first);
    house.poll("two", second);
    assert_eq!(house.news(), [""; 0]);
    house.all()
}

#[test]
fn weekly_posts_with_one_title() {
    let week = |site: &str, n: u32| post(site, n).title("Weekly notes");
    all_stay(&[week("one", 15), week("one", 8), week("one", 1)], &[week("two", 15), week("two", 8)]);
}

#[test]
fn weekly_posts_with_one_title_and_one_opening() {
    let greeting = words(3, 30);
    let week = |site: &str, n: u32| {
        post(site, n).title("Weekly notes").text(&format!("{greeting} {}", words(n * 31 + u32::from(site.as_bytes()[0]), 90)))
    };
    all_stay(&[week("one", 15), week("one", 8)], &[week("two", 15), week("two", 8)]);
}

#[test]
fn episodes_with_the_same_show_notes() {
    let notes = words(8, 120);
    let episode = |site: &str, n: u32| {
        post(site, n)
            .title("The episode")
            .text(&notes)
            .with(&format!("<enclosure url=\"https://{site}.example/audio/{n}.mp3\" type=\"audio/mpeg\" length=\"1\"/>"))
    };
    all_stay(&[episode("one", 3), episode("one", 2)], &[episode("two", 7)]);
}

#[test]
fn releases_of_different_projects() {
    let release = |site: &str, n: u32, text: &str| post(site, n).title("v1.2.3").text(text);
    all_stay(&[release("one", 3, "Bug fixes.")], &[release("two", 3, "Bug fixes.")]);
    let long = words(5, 100);
    all_stay(&[release("one", 3, &long)], &[release("two", 3, &long)]);
}

#[test]
fn short_posts_with_equal_text() {
    let short = |site: &str| post(site, 3).title("Hello again").text("We are back after a break. More soon.");
    all_stay(&[short("one")], &[short("two")]);
}

#[test]
fn comics_without_text() {
    let strip =
        |site: &str, n: u32| post(site, n).title("Today’s strip").text(&format!("<img src=\"https://{site}.example/{n}.png\">"));
    all_stay(&[strip("one", 3), strip("one", 2)], &[strip("two", 3)]);
}

#[test]
fn two_authors_posts_with_one_title() {
    let by = |site: &str, who: &str| post(site, 3).title("Why I left the queue").author(who);
    all_stay(&[by("one", "Ada")], &[by("two", "Grace")]);
}

#[test]
fn notices_of_one_form_with_other_facts() {
    for length in [60, 130, 300] {
        let filled_in = |site: &str, fact: &str| {
            let form: Vec<String> = words(length, length).split(' ').map(str::to_owned).collect();
            let (before, after) = form.split_at(form.len() * 2 / 3);
            post(site, 3).title("Security advisory").text(&format!("{} {fact} {}", before.join(" "), after.join(" ")))
        };
        all_stay(&[filled_in("one", "CVE-2026-31001")], &[filled_in("two", "CVE-2026-31877")]);
        all_stay(&[filled_in("one", "in Frankfurt")], &[filled_in("two", "in Singapore")]);
    }
}

#[test]
fn a_text_that_is_half_alike() {
    let shared = words(6, 100);
    let half = |site: &str, seed: u32| post(site, 3).title("Brokers compared").text(&format!("{shared} {}", words(seed, 100)));
    all_stay(&[half("one", 60)], &[half("two", 61)]);
}

#[test]
fn a_text_that_comes_again_months_later() {
    let yearly = |site: &str, day: u32| post(site, day).title("Our privacy notice").text(&words(12, 200));
    all_stay(&[yearly("one", 1).on(march(1, 0) - chrono::Duration::days(60))], &[yearly("two", 1)]);
}

#[test]
fn a_copied_id_of_another_source() {
    // The forger comes second, then first: the other keeps its post, and whoever came first keeps the id.
    let original = post("one", 3);
    let forged = post("two", 3).guid("tag:one.example,2026:3").title("Buy this").text(&words(70, 50));
    let published = all_stay(std::slice::from_ref(&original), std::slice::from_ref(&forged));
    assert_eq!(published.story("one 3").id, "tag:one.example,2026:3");
    assert!(published.story("Buy this").id.starts_with("urn:uuid:"));
    let published = all_stay(&[forged], &[original]);
    assert!(published.story("one 3").id.starts_with("urn:uuid:"), "an id is given once");
}

#[test]
fn a_copied_link_and_id_with_another_text() {
    for length in [5, 20, 60] {
        let original = post("one", 3).title("How brokers fail");
        let forged = post("two", 9)
            .guid("tag:one.example,2026:3")
            .link("https://one.example/posts/3")
            .title("Cheap watches today")
            .text(&words(70, length));
        let published = all_stay(std::slice::from_ref(&original), std::slice::from_ref(&forged));
        assert_eq!(published.story("How brokers fail").link.as_deref(), Some("https://one.example/posts/3"));
        let published = all_stay(&[forged], &[original]);
        assert_eq!(published.story("How brokers fail").link.as_deref(), Some("https://one.example/posts/3"));
    }
}

#[test]
fn items_of_two_sources_that_link_to_one_home_page() {
    let update = |site: &str, n: u32| post(site, n).guid("").link("https://one.example/");
    all_stay(&[update("one", 3), update("one", 2)], &[update("two", 3), update("two", 2)]);
}

#[test]
fn two_new_posts_of_one_source_with_one_title_and_text() {
    let again = |n: u32| post("one", n).title("Meeting tonight").text(&words(20, 60));
    all_stay(&[again(10), again(3)], &[post("two", 1)]);
}
