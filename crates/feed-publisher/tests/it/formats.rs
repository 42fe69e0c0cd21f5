//! The three feed formats of stories that are hard to write.

use feed_model::*;
use feed_publisher::{Channel, Paging, TopicScheme, atom, common_language, json_feed, rss};

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

#[test]
fn topics_are_categories_beside_those_of_the_publisher() {
    let topic =
        |id: &str| Membership { id: TopicId::new(id).unwrap(), ..story(1).topics.remove(0) };
    let stories = [Story { topics: vec![topic("streaming"), topic("secret")], ..story(1) }];
    let scheme = TopicScheme {
        iri: "tag:topics.example,2026:topics".to_owned(),
        titles: [(TopicId::new("streaming").unwrap(), "Streams & <Rivers>".to_owned())].into(),
    };
    let channel = Channel { topics: scheme.into(), ..channel(&addresses(), &stories) };
    let text = lines(&atom(&channel));
    let category = "<category term=\"streaming\" scheme=\"tag:topics.example,2026:topics\" \
                    label=\"Streams &amp; &lt;Rivers&gt;\"/>";
    assert!(text.contains(category) && text.contains("<category term=\"rivers\"/>"), "{text}");
    let text = lines(&rss(&channel));
    let category = "<category domain=\"tag:topics.example,2026:topics\">\
                    Streams &#x26; &#x3C;Rivers></category>";
    assert!(text.replace("&gt;", ">").contains(category), "{text}");
    let json: serde_json::Value = serde_json::from_slice(&json_feed(&channel)).unwrap();
    assert_eq!(json["items"][0]["tags"], serde_json::json!(["rivers", "Streams & <Rivers>"]));
}

#[test]
fn a_feed_has_the_language_that_its_stories_agree_on() {
    let agreed = |languages: &[Option<&str>]| {
        let stories: Vec<Story> = languages
            .iter()
            .map(|language| Story { language: language.map(str::to_owned), ..story(1) })
            .collect();
        common_language(&stories)
    };
    assert_eq!(agreed(&[Some("en-US"), None, Some("en-US")]).as_deref(), Some("en-US"));
    assert_eq!(agreed(&[Some("en-US"), Some("en-GB"), Some("en")]).as_deref(), Some("en"));
    assert_eq!(agreed(&[Some("en"), Some("de")]), None);
    assert_eq!(agreed(&[None, Some("x_not a tag")]), None);
    let channel = Channel { language: Some("en".to_owned()), ..channel(&addresses(), &[]) };
    assert!(lines(&atom(&channel)).contains("xml:lang=\"en\""));
    assert!(lines(&rss(&channel)).contains("<language>en</language>"));
    let json: serde_json::Value = serde_json::from_slice(&json_feed(&channel)).unwrap();
    assert_eq!(json["language"], "en");
}

#[test]
fn links_state_the_media_type_of_what_they_lead_to() {
    let link = |url: &str| {
        let stories = [Story { url: Some(url.to_owned()), ..story(1) }];
        let text = lines(&atom(&channel(&addresses(), &stories)));
        let entry = text.split("<entry>").nth(1).unwrap().to_owned();
        let link = entry.lines().find(|line| line.contains("rel=\"alternate\"")).unwrap();
        link.split("type=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(link("https://river.example"), "text/html");
    assert_eq!(link("https://river.example/2026/v1.2"), "text/html");
    assert_eq!(link("https://river.example/post.html?x=a.pdf"), "text/html");
    assert_eq!(link("https://river.example/paper.PDF?v=1#page=2"), "application/pdf");
}

#[test]
fn the_image_of_a_story_is_a_thumbnail_and_media_content() {
    let stories = [Story { image: Some("https://river.example/i.png".to_owned()), ..story(1) }];
    let channel = channel(&addresses(), &stories);
    for text in [lines(&atom(&channel)), lines(&rss(&channel))] {
        assert!(text.contains("<media:thumbnail url=\"https://river.example/i.png\""), "{text}");
        let content = text.lines().find(|line| line.starts_with("<media:content")).unwrap();
        assert!(content.contains("url=\"https://river.example/i.png\""), "{content}");
        assert!(content.contains("medium=\"image\""), "{content}");
    }
    let json: serde_json::Value = serde_json::from_slice(&json_feed(&channel)).unwrap();
    assert_eq!(json["items"][0]["image"], "https://river.example/i.png");
}
