//! The three feed formats of stories that are hard to write.

use feed_model::*;
use feed_publisher::{Channel, Paging, atom, json_feed, rss};

use crate::{
    addresses, channel, feed_lint,
    sample_stories::{hostile_stories, html, story},
};

/// One element a line, so that a snapshot's difference can be read.
fn lines(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap().replace("><", ">\n<")
}

#[test]
fn atom_of_hostile_stories() {
    insta::assert_snapshot!(lines(&atom(&channel(&addresses(), &hostile_stories()))));
}

#[test]
fn rss_of_hostile_stories() {
    insta::assert_snapshot!(lines(&rss(&channel(&addresses(), &hostile_stories()))));
}

#[test]
fn json_feed_of_hostile_stories() {
    let value: serde_json::Value =
        serde_json::from_slice(&json_feed(&channel(&addresses(), &hostile_stories()))).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
}

#[test]
fn the_three_formats_are_valid_and_have_the_same_ids_in_order() {
    let (addresses, stories) = (addresses(), hostile_stories());
    let channel = channel(&addresses, &stories);
    let (atom, rss, json) = (atom(&channel), rss(&channel), json_feed(&channel));
    assert_eq!(feed_lint::atom(&atom), Vec::<String>::new());
    assert_eq!(feed_lint::rss(&rss), Vec::<String>::new());
    assert_eq!(feed_lint::json_feed(&json), Vec::<String>::new());
    let ids: Vec<String> = stories.iter().map(|story| story.published_id.clone()).collect();
    for document in [&atom, &rss, &json] {
        assert_eq!(feed_lint::ids(document), ids);
    }
}

#[test]
fn a_blank_text_is_omitted() {
    let addresses = addresses();
    let stories =
        [Story { summary: Some(html(" ")), content: Some(html("\u{1}")), url: None, ..story(1) }];
    let channel = channel(&addresses, &stories);
    let text = lines(&atom(&channel));
    assert!(!text.contains("<content"), "{text}");
    assert!(
        text.contains("<summary xml:lang=\"en\">Post number 1</summary>"),
        "no reader is left without any text: {text}"
    );
    assert!(text.contains("href=\"https://topics.example/stories/1\" rel=\"alternate\""), "{text}");
    assert_eq!(feed_lint::rss(&rss(&channel)), Vec::<String>::new());
    assert_eq!(feed_lint::json_feed(&json_feed(&channel)), Vec::<String>::new());
}

#[test]
fn the_feed_lint_finds_each_fault() {
    let (addresses, twice) = (addresses(), vec![story(1), story(1)]);
    let twice = channel(&addresses, &twice);
    assert!(feed_lint::atom(&atom(&twice)).iter().any(|error| error.contains("duplicate")));
    assert!(feed_lint::rss(&rss(&twice)).iter().any(|error| error.contains("duplicate")));
    assert!(
        feed_lint::json_feed(&json_feed(&twice)).iter().any(|error| error.contains("duplicate"))
    );
    assert!(!feed_lint::atom(b"<feed><entry></feed>").is_empty());
    assert!(!feed_lint::rss(b"<rss><channel>\x00</channel></rss>").is_empty());
}

#[test]
fn feed_rs_reads_the_same_entries() {
    let (addresses, stories) = (addresses(), hostile_stories());
    let channel = channel(&addresses, &stories);
    let read = atom_syndication::Feed::read_from(&atom(&channel)[..]).unwrap();
    assert_eq!(
        read.entries[0].title.value,
        "<script>alert('x')</script> & \"quotes\" ]]> \u{1F30A}"
    );
    assert_eq!(
        read.entries[0].content.as_ref().unwrap().value.as_deref(),
        stories[0].content.as_ref().map(SafeHtml::as_str)
    );
    let read = rss::Channel::read_from(&rss(&channel)[..]).unwrap();
    assert_eq!(
        read.items[0].title.as_deref(),
        Some("<script>alert('x')</script> & \"quotes\" ]]> \u{1F30A}")
    );
    assert_eq!(read.items[0].content.as_deref(), stories[0].content.as_ref().map(SafeHtml::as_str));
    assert_eq!(
        read.items[0].source.as_ref().unwrap().url,
        "https://river.example/feed.xml?a=1&b=2"
    );
}

#[test]
fn archives_link_to_the_current_feed_and_their_neighbours() {
    let url = |text: &str| Some(url::Url::parse(text).unwrap());
    let addresses = addresses();
    let archive = Channel {
        paging: Paging {
            is_archive: true,
            current: url("https://topics.example/topics/streaming/feed.atom"),
            prev_archive: None,
            next_archive: url("https://topics.example/topics/streaming/archive/2.atom"),
        },
        ..channel(&addresses, &[])
    };
    let text = lines(&atom(&archive));
    for part in [
        "<fh:archive",
        "rel=\"current\"",
        "rel=\"next-archive\"",
        "xmlns:fh=\"http://purl.org/syndication/history/1.0\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("prev-archive"));
}
