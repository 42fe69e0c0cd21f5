//! What looks alike and is not: every one of these is announced.

use crate::support::{
    feeds::{Post, post, words},
    installation::Installation,
    published_feed::PublishedFeed,
    time::march,
};

/// Polls `one`, then `two`, then both again; insists that every post of both is published, once.
fn assert_not_merged(first: &[Post], second: &[Post]) -> PublishedFeed {
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", first);
    installation.deliver("two", second);
    assert_eq!(
        installation.newly_announced().len(),
        first.len() + second.len(),
        "{:?}",
        installation.feed_of_all().titles()
    );
    assert!(installation.stored_stories().iter().all(|story| story.sources.len() == 1));
    installation.deliver("one", first);
    installation.deliver("two", second);
    assert_eq!(installation.newly_announced(), [""; 0]);
    installation.feed_of_all()
}

#[test]
fn weekly_posts_with_one_title_are_not_merged() {
    let week = |site: &str, n: u32| post(site, n).title("Weekly notes");
    assert_not_merged(
        &[week("one", 15), week("one", 8), week("one", 1)],
        &[week("two", 15), week("two", 8)],
    );
}

#[test]
fn weekly_posts_with_one_title_and_one_opening_are_not_merged() {
    let greeting = words(3, 30);
    let week = |site: &str, n: u32| {
        post(site, n)
            .title("Weekly notes")
            .text(&format!("{greeting} {}", words(n * 31 + u32::from(site.as_bytes()[0]), 90)))
    };
    assert_not_merged(&[week("one", 15), week("one", 8)], &[week("two", 15), week("two", 8)]);
}

#[test]
fn episodes_with_the_same_show_notes_are_not_merged() {
    let notes = words(8, 120);
    let episode = |site: &str, n: u32| {
        post(site, n).title("The episode").text(&notes).with(&format!(
            "<enclosure url=\"https://{site}.example/audio/{n}.mp3\" \
                type=\"audio/mpeg\" length=\"1\"/>"
        ))
    };
    assert_not_merged(&[episode("one", 3), episode("one", 2)], &[episode("two", 7)]);
}

#[test]
fn releases_of_different_projects_are_not_merged() {
    let release = |site: &str, n: u32, text: &str| post(site, n).title("v1.2.3").text(text);
    assert_not_merged(&[release("one", 3, "Bug fixes.")], &[release("two", 3, "Bug fixes.")]);
    let long = words(5, 100);
    assert_not_merged(&[release("one", 3, &long)], &[release("two", 3, &long)]);
}

#[test]
fn short_posts_with_equal_text_are_not_merged() {
    let short = |site: &str| {
        post(site, 3).title("Hello again").text("We are back after a break. More soon.")
    };
    assert_not_merged(&[short("one")], &[short("two")]);
}

#[test]
fn comics_without_text_are_not_merged() {
    let strip = |site: &str, n: u32| {
        post(site, n)
            .title("Today’s strip")
            .text(&format!("<img src=\"https://{site}.example/{n}.png\">"))
    };
    assert_not_merged(&[strip("one", 3), strip("one", 2)], &[strip("two", 3)]);
}

#[test]
fn posts_of_two_authors_with_one_title_are_not_merged() {
    let by = |site: &str, who: &str| post(site, 3).title("Why I left the queue").author(who);
    assert_not_merged(&[by("one", "Ada")], &[by("two", "Grace")]);
}

#[test]
fn filled_in_forms_with_different_facts_are_not_merged() {
    for length in [60, 130, 300] {
        let filled_in = |site: &str, fact: &str| {
            let form: Vec<String> = words(length, length).split(' ').map(str::to_owned).collect();
            let (before, after) = form.split_at(form.len() * 2 / 3);
            post(site, 3).title("Security advisory").text(&format!(
                "{} {fact} {}",
                before.join(" "),
                after.join(" ")
            ))
        };
        assert_not_merged(
            &[filled_in("one", "CVE-2026-31001")],
            &[filled_in("two", "CVE-2026-31877")],
        );
        assert_not_merged(&[filled_in("one", "in Frankfurt")], &[filled_in("two", "in Singapore")]);
    }
}

#[test]
fn texts_with_half_in_common_are_not_merged() {
    let shared = words(6, 100);
    let half = |site: &str, seed: u32| {
        post(site, 3).title("Brokers compared").text(&format!("{shared} {}", words(seed, 100)))
    };
    assert_not_merged(&[half("one", 60)], &[half("two", 61)]);
}

#[test]
fn the_same_text_months_later_is_not_merged() {
    let yearly =
        |site: &str, day: u32| post(site, day).title("Our privacy notice").text(&words(12, 200));
    assert_not_merged(
        &[yearly("one", 1).published_at(march(1, 0) - chrono::Duration::days(60))],
        &[yearly("two", 1)],
    );
}

#[test]
fn a_forged_id_of_another_source_is_not_merged() {
    // The forger comes second, then first: the other keeps its post, and whoever came first keeps
    // the id.
    let original = post("one", 3);
    let forged =
        post("two", 3).guid("tag:one.example,2026:3").title("Buy this").text(&words(70, 50));
    let published =
        assert_not_merged(std::slice::from_ref(&original), std::slice::from_ref(&forged));
    assert_eq!(published.story("one 3").id, "tag:one.example,2026:3");
    assert!(published.story("Buy this").id.starts_with("urn:uuid:"));
    let published = assert_not_merged(&[forged], &[original]);
    assert!(published.story("one 3").id.starts_with("urn:uuid:"), "an id is given once");
}

#[test]
fn a_forged_link_and_id_with_another_text_are_not_merged() {
    for length in [5, 20, 60] {
        let original = post("one", 3).title("How brokers fail");
        let forged = post("two", 9)
            .guid("tag:one.example,2026:3")
            .link("https://one.example/posts/3")
            .title("Cheap watches today")
            .text(&words(70, length));
        let published =
            assert_not_merged(std::slice::from_ref(&original), std::slice::from_ref(&forged));
        assert_eq!(
            published.story("How brokers fail").link.as_deref(),
            Some("https://one.example/posts/3")
        );
        let published = assert_not_merged(&[forged], &[original]);
        assert_eq!(
            published.story("How brokers fail").link.as_deref(),
            Some("https://one.example/posts/3")
        );
    }
}

#[test]
fn items_linking_to_one_home_page_are_not_merged() {
    let update = |site: &str, n: u32| post(site, n).guid("").link("https://one.example/");
    assert_not_merged(&[update("one", 3), update("one", 2)], &[update("two", 3), update("two", 2)]);
}

#[test]
fn two_posts_of_one_source_with_one_title_and_text_are_not_merged() {
    let again = |n: u32| post("one", n).title("Meeting tonight").text(&words(20, 60));
    assert_not_merged(&[again(10), again(3)], &[post("two", 1)]);
}
