//! Two sources of one story: it is announced once, and keeps both.

use crate::support::{
    feeds::{Post, post, rss, words},
    installation::{Installation, sources},
    time::march,
};

/// Polls `one`, then `two`; both are imported before with a post each, so that what comes counts as
/// news.
fn two_polls(first: &[Post], second: &[Post]) -> (Installation, Vec<String>, Vec<String>) {
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", &[post("one", 1)]);
    installation.deliver("two", &[post("two", 1)]);
    installation.newly_announced();
    installation.deliver("one", first);
    let told = installation.newly_announced();
    installation.deliver("two", second);
    let then = installation.newly_announced();
    (installation, told, then)
}

fn source_ids(installation: &Installation, link: &str) -> Vec<String> {
    installation.story(link).sources.iter().map(|s| s.source.to_string()).collect()
}

#[test]
fn the_same_link_in_two_sources_is_one_story() {
    let (installation, told, then) = two_polls(
        &[post("one", 19)],
        &[post("one", 19).guid("two-19").link("http://www.one.example/posts/19/?utm_medium=rss")],
    );
    assert_eq!(
        (told.as_slice(), then.as_slice()),
        (["one 19".to_owned()].as_slice(), [].as_slice())
    );
    assert_eq!(source_ids(&installation, "https://one.example/posts/19"), ["one", "two"]);
    assert_eq!(
        installation.feed_of_all().story("one 19").link.as_deref(),
        Some("https://one.example/posts/19")
    );
}

#[test]
fn an_original_replaces_its_earlier_copy_as_representative_and_keeps_the_published_id() {
    let original = || post("one", 19).title("How brokers fail under load");
    let copy = original()
        .guid("https://two.example/19")
        .title("How brokers fail under load (via two)")
        .text("Worth reading.");
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", &[post("one", 1)]);
    installation.deliver("two", &[post("two", 1)]);
    installation.newly_announced();
    installation.deliver("two", &[copy]);
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced(), ["How brokers fail under load (via two)"]);
    let joined = installation.now();
    installation.deliver("one", &[original()]);
    assert_eq!(installation.newly_announced(), [""; 0]);
    let second = installation.feed_of_all();
    assert_eq!(second.ids(), first.ids(), "neither id nor position moves");
    assert_eq!(second.titles()[0], "How brokers fail under load", "the post at home shows");
    assert_eq!(second.stories[0].updated, joined, "`updated` moves once");
    installation.deliver("one", &[original()]);
    assert_eq!(installation.feed_of_all(), second);
}

#[test]
fn a_syndicated_copy_under_another_link_is_one_story() {
    let text = words(41, 300);
    let original = post("one", 19).title("How brokers fail").text(&text);
    let copy = post("two", 19)
        .title("How brokers fail!")
        .text(&format!("{text} This post appeared first elsewhere."))
        .published_at(march(20, 9));
    let (installation, told, then) = two_polls(&[original], &[copy]);
    assert_eq!(told, ["How brokers fail"]);
    assert_eq!(then, [""; 0]);
    assert_eq!(source_ids(&installation, "https://two.example/posts/19"), ["one", "two"]);
}

#[test]
fn an_index_item_and_its_post_are_one_story_represented_by_the_post() {
    let mut installation = Installation::with_config(
        "[[source]]\nid = \"index\"\nurl = \"https://one.example/index.xml\"\nfollow = \"feed\"\n\
         [[source]]\nid = \"one\"\nurl = \"https://one.example/feed.xml\"\nfollow = \"feed\"\n",
    );
    let line = post("one", 19).guid("").text("One line about it.");
    installation
        .deliver_document("index", &rss("https://one.example/", std::slice::from_ref(&line)));
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced(), ["one 19"]);
    assert_eq!(first.stories[0].text, "One line about it.");
    let joined = installation.now();
    installation.deliver("one", &[post("one", 19)]);
    assert_eq!(installation.newly_announced(), [""; 0]);
    let second = installation.feed_of_all();
    assert_eq!(second.ids(), first.ids());
    assert!(
        second.stories[0].text.split(' ').count() == 80,
        "the index's line gives way to the post: {}",
        second.stories[0].text
    );
    assert_eq!(second.stories[0].updated, joined);
    // The index comes again: nothing moves.
    installation.deliver_document("index", &rss("https://one.example/", &[line]));
    assert_eq!(installation.feed_of_all(), second);
}

#[test]
fn a_link_blog_post_with_its_own_text_is_a_separate_related_story() {
    let comment = post("two", 19)
        .title("Thoughts on one 19")
        .link("https://one.example/posts/19")
        .text(&words(55, 60));
    let (installation, told, then) = two_polls(&[post("one", 19)], &[comment]);
    assert_eq!(told, ["one 19"]);
    assert_eq!(then, ["Thoughts on one 19"]);
    let published = installation.feed_of_all();
    let related = "rel=\"related\" href=\"https://one.example/posts/19\"";
    let also = "href=\"https://one.example/posts/19\" rel=\"related\"";
    assert!(
        published.atom.contains(related) || published.atom.contains(also),
        "{}",
        published.atom
    );
    assert_eq!(source_ids(&installation, "tag:two.example,2026:19"), ["two"]);
}

#[test]
fn a_link_blog_post_is_related_to_a_post_that_arrives_later() {
    let comment = post("two", 19)
        .title("Thoughts on one 19")
        .link("https://one.example/posts/19")
        .text(&words(55, 60));
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", &[post("one", 1)]);
    installation.deliver("two", std::slice::from_ref(&comment));
    installation.newly_announced();
    let first = installation.feed_of_all();
    installation.deliver("one", &[post("one", 19)]);
    assert_eq!(installation.newly_announced(), ["one 19"]);
    let second = installation.feed_of_all();
    let page = "https://one.example/posts/19";
    assert_eq!(second.atom.matches("rel=\"related\"").count(), 1, "{}", second.atom);
    assert_eq!(second.rss.matches("rel=\"related\"").count(), 1, "{}", second.rss);
    assert_eq!(
        second.json.matches(&format!("\"external_url\":\"{page}\"")).count(),
        1,
        "{}",
        second.json
    );
    assert_eq!(
        first.story("Thoughts on one 19"),
        second.story("Thoughts on one 19"),
        "neither id nor date moves"
    );
    installation.deliver("two", &[comment]);
    assert_eq!(installation.feed_of_all(), second);
}

#[test]
fn a_link_blog_post_with_a_quotation_is_a_separate_story() {
    let text = words(41, 130);
    let quoted: Vec<&str> = text.split(' ').take(60).collect();
    let comment = post("two", 19)
        .title("one 19")
        .link("https://one.example/posts/19")
        .text(&format!("<blockquote>{}</blockquote><p>{}</p>", quoted.join(" "), words(55, 120)));
    let (installation, told, then) = two_polls(&[post("one", 19).text(&text)], &[comment]);
    assert_eq!((told.len(), then.len()), (1, 1));
    assert_eq!(installation.feed_of_all().titles()[..2], ["one 19", "one 19"]);
}

#[test]
fn a_link_blog_post_that_quotes_most_of_the_text_is_a_separate_story() {
    let text = words(41, 130);
    let quoted: Vec<&str> = text.split(' ').skip(20).take(80).collect();
    let comment = post("two", 19)
        .title("one 19")
        .link("https://one.example/posts/19")
        .text(&format!("<p>{}</p><blockquote>{}</blockquote>", words(55, 60), quoted.join(" ")));
    for parted in [false, true] {
        let (first, second) = (post("one", 19).text(&text), comment.clone());
        let mut installation = Installation::following(&["one", "two"]);
        if parted {
            installation.deliver("two", &[second]);
            installation.deliver("one", &[first]);
        } else {
            installation.deliver("one", &[first]);
            installation.deliver("two", &[second]);
        }
        let all = installation.feed_of_all();
        assert_eq!(all.titles(), ["one 19", "one 19"]);
        for document in [&all.atom, &all.rss] {
            assert_eq!(document.matches("rel=\"related\"").count(), 1, "{document}");
        }
        assert_eq!(
            all.json.matches("\"external_url\":\"https://one.example/posts/19\"").count(),
            1,
            "{}",
            all.json
        );
    }
}

#[test]
fn a_link_blog_post_with_a_short_remark_is_merged() {
    let remark = post("two", 19)
        .title("one 19")
        .link("https://one.example/posts/19")
        .text("Worth your time.");
    let (installation, told, then) = two_polls(&[post("one", 19)], &[remark]);
    assert_eq!((told.len(), then.len()), (1, 0));
    assert_eq!(source_ids(&installation, "https://one.example/posts/19"), ["one", "two"]);
}

#[test]
fn a_link_board_item_is_merged_when_a_full_copy_exists() {
    let mut installation = Installation::following(&["one", "two", "three"]);
    let link = "https://one.example/posts/19";
    installation.deliver("one", &[post("one", 19)]);
    installation.deliver("two", &[post("one", 19).guid("urn:x-test:planet")]);
    installation.deliver("three", &[post("one", 19).guid("urn:x-test:board").text("Comments")]);
    assert_eq!(installation.feed_of_all().titles(), ["one 19"]);
    assert_eq!(source_ids(&installation, link), ["one", "two", "three"]);
}

#[test]
fn a_paper_listed_in_two_feeds_is_one_story() {
    let mut installation = Installation::with_config(
        "[[source]]\nid = \"dc\"\nurl = \"https://rss.papers.example/cs.DC\"\nfollow = \"feed\"\n\
         [[source]]\nid = \"lg\"\nurl = \"https://rss.papers.example/cs.LG\"\nfollow = \"feed\"\n",
    );
    let paper = |n: u32| {
        post("papers", n)
            .guid(&format!("oai:papers.example:2603.0000{n}v1"))
            .link(&format!("https://papers.example/abs/2603.0000{n}"))
    };
    let home = "https://papers.example/list";
    installation.deliver_document("dc", &rss(home, &[paper(3), paper(2)]));
    installation.deliver_document("lg", &rss(home, &[paper(4), paper(2)]));
    assert_eq!(installation.feed_of_all().titles(), ["papers 4", "papers 3", "papers 2"]);
    assert_eq!(source_ids(&installation, "https://papers.example/abs/2603.00002"), ["dc", "lg"]);
    // A second version under the same link is an edit of the same paper in both lists.
    installation.newly_announced();
    let second = || paper(2).guid("oai:papers.example:2603.00002v2").text(&words(9, 90));
    installation.deliver_document("dc", &rss(home, &[second(), paper(3)]));
    installation.deliver_document("lg", &rss(home, &[second(), paper(4)]));
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.stored_stories().len(), 3);
}

#[test]
fn the_published_id_survives_the_removal_of_a_source() {
    let (mut installation, ..) = two_polls(&[post("one", 19)], &[post("one", 19)]);
    let first = installation.feed_of_all();
    installation.reconfigure(&sources(&["two"]));
    assert_eq!(installation.feed_of_all(), first);
    installation.deliver("two", &[post("two", 20)]);
    assert_eq!(installation.feed_of_all().ids()[1..], first.ids());
}
