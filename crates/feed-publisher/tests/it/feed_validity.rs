//! Rules that feed validators check beyond the schema.

use feed_model::*;
use feed_publisher::{Channel, Outline, Paging, atom, json_feed, opml, rss};

use crate::{
    addresses, channel, feed_lint,
    sample_stories::{at, source, story},
};

/// The three documents of one story, held against every rule that the project knows.
fn documents_of(story: Story) -> [String; 3] {
    let (addresses, stories) = (addresses(), [story]);
    let channel = channel(&addresses, &stories);
    let documents = [atom(&channel), rss(&channel), json_feed(&channel)];
    assert_eq!(feed_lint::atom(&documents[0]), Vec::<String>::new());
    assert_eq!(feed_lint::rss(&documents[1]), Vec::<String>::new());
    assert_eq!(feed_lint::json_feed(&documents[2]), Vec::<String>::new());
    documents.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_future_date_is_omitted_from_the_documents() {
    let [atom, rss, json] =
        documents_of(Story { published: Some(at("2099-01-01T00:00:00Z")), ..story(1) });
    assert!(
        !atom.contains("2099") && !rss.contains("2099") && !json.contains("2099"),
        "{atom}{rss}{json}"
    );
    assert!(!atom.contains("<published>") && !json.contains("date_published"), "{atom}{json}");
    assert!(rss.contains("<pubDate>"), "an RSS item without a date is new at every reading: {rss}");

    let soon = story(1).first_published + chrono::TimeDelta::minutes(5);
    let [atom, ..] = documents_of(Story { published: Some(soon), ..story(1) });
    assert!(atom.contains("<published>"), "clocks are not all the same: {atom}");
}

#[test]
fn unknown_language_tags_are_omitted() {
    let told = |tag: &str| documents_of(Story { language: Some(tag.to_owned()), ..story(1) });
    for tag in ["xx", "qq-DE", "e", "english", "de_DE"] {
        let [atom, rss, json] = told(tag);
        assert!(
            !atom.contains("xml:lang")
                && !rss.contains("dc:language")
                && !json.contains("\"language\""),
            "{tag}"
        );
    }
    let [atom, ..] = told("eng");
    assert!(atom.contains("xml:lang=\"en\"") && !atom.contains("eng"), "{atom}");
    for tag in ["de", "PT-br", "haw", "zh-Hans-CN"] {
        let [atom, rss, json] = told(tag);
        let found = [
            format!("xml:lang=\"{tag}\""),
            format!("<dc:language>{tag}</dc:language>"),
            format!("\"language\":\"{tag}\""),
        ];
        assert!(
            atom.contains(&found[0]) && rss.contains(&found[1]) && json.contains(&found[2]),
            "{tag}"
        );
    }
}

#[test]
fn a_source_without_an_iri_id_uses_its_url() {
    let with =
        |id: &str| Story { source: SourceRef { feed_id: id.to_owned(), ..source() }, ..story(1) };
    for id in
        ["tag:river.example:notes", "tag:river.example,20:notes", "yt:channel:1", "17", "a b:c"]
    {
        let [atom, ..] = documents_of(with(id));
        assert!(
            atom.contains("<id>https://river.example/feed.xml?a=1&amp;b=2</id>"),
            "{id}: {atom}"
        );
    }
    let [atom, ..] = documents_of(with("urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6"));
    assert!(atom.contains("<id>urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6</id>"), "{atom}");
}

#[test]
fn replacement_characters_are_not_published() {
    let [atom, rss, _] =
        documents_of(Story { title: "Caf\u{FFFD} au lait".to_owned(), ..story(1) });
    assert!(atom.contains("Caf? au lait") && rss.contains("Caf? au lait"));
}

#[test]
fn feed_metadata_precedes_the_entries() {
    let (addresses, stories) = (addresses(), [story(1), story(2)]);
    let at = |path: &str| url::Url::parse(&addresses.absolute(path)).ok();
    let paging = Paging {
        is_archive: true,
        current: at("/topics/streaming/feed.atom"),
        prev_archive: None,
        next_archive: at("/topics/streaming/archive/2.atom"),
    };
    for stories in [&stories[..], &[]] {
        let archive = atom(&Channel { paging: paging.clone(), ..channel(&addresses, stories) });
        assert_eq!(feed_lint::atom(&archive), Vec::<String>::new());
        let text = String::from_utf8(archive).unwrap();
        assert_eq!(text.matches("<fh:archive/>").count(), 1, "{text}");
    }
}

#[test]
fn opml_has_absolute_urls_and_at_least_one_outline() {
    let outline = |feed_url: &str, page_url: &str| Outline {
        title: "R & D".to_owned(),
        description: String::new(),
        feed_url: feed_url.to_owned(),
        page_url: Some(page_url.to_owned()),
    };
    let list = [
        outline("https://a.example/x[1]^?y=|", "javascript:alert(1)"),
        outline("file:///etc/passwd", "https://b.example/"),
    ];
    let text = String::from_utf8(opml("Feeds", &list)).unwrap();
    assert!(text.contains("xmlUrl=\"https://a.example/x%5B1%5D%5E?y=%7C\""), "{text}");
    assert!(
        !text.contains("javascript")
            && !text.contains("passwd")
            && text.matches("<outline").count() == 1,
        "{text}"
    );
    let empty = String::from_utf8(opml("Feeds", &[])).unwrap();
    assert!(empty.contains("<outline text=") && !empty.contains("xmlUrl"), "{empty}");
}
