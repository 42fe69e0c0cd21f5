//! Feed parsing: one fixture per deviation from the specifications, and properties that hold for
//! any bytes.

#![allow(clippy::format_collect)] // few items are collected

use std::{fmt::Write as _, fs, path::Path};

use feed_model::{DatePrecision, Document, Draft, SafeHtml};
use feed_parser::FeedInput;
use proptest::prelude::*;
use url::Url;

fn feed_url() -> Url {
    Url::parse("https://feeds.example.net/feed").unwrap()
}

fn read(
    bytes: &[u8],
    content_type: Option<&str>,
    max_items: usize,
) -> Result<Document, feed_parser::IngestError> {
    read_from(bytes, content_type, None, max_items)
}

fn read_from(
    bytes: &[u8],
    content_type: Option<&str>,
    content_location: Option<&str>,
    max_items: usize,
) -> Result<Document, feed_parser::IngestError> {
    feed_parser::parse_feed(&FeedInput {
        bytes,
        content_type,
        content_location,
        url: &feed_url(),
        max_items,
    })
}

/// A document in a form that is read at a glance: one line for each thing that is there.
fn document_text(document: &Document) -> String {
    let mut out = String::new();
    let feed = &document.feed;
    writeln!(
        out,
        "{} in {} ({})",
        document.format.as_str(),
        document.encoding.name,
        document.encoding.because
    )
    .unwrap();
    let facts = [
        ("id", &feed.id),
        ("title", &feed.title),
        ("description", &feed.description),
        ("page", &feed.home_page_url),
        ("self", &feed.self_url),
        ("language", &feed.language),
        ("rights", &feed.rights),
        ("icon", &feed.icon),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            writeln!(out, "  {name}: {value}").unwrap();
        }
    }
    for author in &feed.authors {
        writeln!(out, "  author: {author:?}").unwrap();
    }
    for hub in &feed.hubs {
        writeln!(out, "  hub: {hub}").unwrap();
    }
    if let Some(updated) = feed.updated {
        writeln!(out, "  updated: {updated}").unwrap();
    }
    if feed.update_hints != feed_model::UpdateHints::default() {
        writeln!(out, "  pace: {:?}", feed.update_hints).unwrap();
    }
    for draft in &document.drafts {
        write_draft(&mut out, draft);
    }
    for repair in &document.repairs {
        writeln!(out, "repair {} ×{} at line {:?}", repair.code, repair.count, repair.line)
            .unwrap();
    }
    for problem in &document.problems {
        writeln!(out, "problem {} at line {:?}: {}", problem.code, problem.line, problem.text)
            .unwrap();
    }
    out
}

fn write_draft(out: &mut String, draft: &Draft) {
    writeln!(out, "- {}", draft.title.as_deref().unwrap_or("(no title)")).unwrap();
    if let Some(guid) = &draft.guid {
        writeln!(out, "  guid: {} {:?}", guid.value, guid.is_permalink).unwrap();
    }
    if let Some(url) = &draft.url {
        writeln!(out, "  url: {url}").unwrap();
    }
    if let Some(date) = draft.published {
        let exact = match date.precision {
            DatePrecision::Month => " (month)",
            DatePrecision::Day => " (day)",
            DatePrecision::Second => "",
        };
        writeln!(out, "  published: {}{exact}", date.at).unwrap();
    }
    let texts = [("summary", &draft.summary), ("content", &draft.content)];
    for (name, text) in texts {
        if let Some(text) = text {
            writeln!(out, "  {name}: {}", text.as_str().replace('\n', "⏎")).unwrap();
        }
    }
    let facts = [
        ("updated", draft.updated.map(|at| at.to_string())),
        ("language", draft.language.clone()),
        ("image", draft.image.clone()),
        ("rights", draft.rights.clone()),
        ("origin", draft.origin.as_ref().map(|origin| format!("{origin:?}"))),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            writeln!(out, "  {name}: {value}").unwrap();
        }
    }
    for author in &draft.authors {
        writeln!(out, "  author: {} {:?} {:?}", author.name, author.email, author.url).unwrap();
    }
    for category in &draft.categories {
        writeln!(out, "  category: {} {:?} {:?}", category.term, category.scheme, category.label)
            .unwrap();
    }
    for enclosure in &draft.enclosures {
        writeln!(out, "  enclosure: {} {} {:?}", enclosure.url, enclosure.mime, enclosure.length)
            .unwrap();
    }
    for related in &draft.related {
        writeln!(out, "  related: {related}").unwrap();
    }
    let from = serde_json::to_value(&draft.from).unwrap();
    let told = from
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(field, name)| Some(format!("{field}={}", name.as_str()?)));
    let told = told.collect::<Vec<_>>();
    if !told.is_empty() {
        writeln!(out, "  from: {}", told.join(" ")).unwrap();
    }
}

#[test]
fn every_feed_fixture_parses_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feeds");
    let mut folders: Vec<_> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 29, "fixtures are missing under {}", root.display());
    for folder in folders {
        let input = ["xml", "json"]
            .iter()
            .map(|e| folder.join(format!("input.{e}")))
            .find(|p| p.exists())
            .unwrap();
        let http: toml::Table = fs::read_to_string(folder.join("http.toml"))
            .map(|t| t.parse().unwrap())
            .unwrap_or_default();
        let content_type = http.get("content-type").and_then(toml::Value::as_str);
        let content_location = http.get("content-location").and_then(toml::Value::as_str);
        let text = match read_from(&fs::read(input).unwrap(), content_type, content_location, 1000)
        {
            Ok(document) => document_text(&document),
            Err(error) => format!("{}: {error}", error.class()),
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("expected", text));
    }
}

#[test]
fn a_document_that_is_no_feed_is_classified_in_the_error() {
    for (text, class, says) in [
        ("", "empty", "empty"),
        ("<!DOCTYPE html><title>x</title>", "not-a-feed", "a web page"),
        ("<urlset></urlset>", "not-a-feed", "a sitemap"),
        ("{\"a\": 1}", "not-a-feed", "JSON without items"),
        ("{\"items\": [}", "bad-json", "line 1"),
        ("<rss><channel></channel></rss>", "nothing-in-it", "neither a title nor an item"),
        ("User-agent: *", "not-a-feed", "plain text"),
    ] {
        let error = read(text.as_bytes(), None, 10).unwrap_err();
        assert_eq!(error.class(), class, "{text}");
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
}

#[test]
fn max_items_keeps_the_newest_items_in_document_order() {
    let items: String = [3, 1, 5, 2, 4]
        .iter()
        .map(|d| format!("<item><guid>{d}</guid><pubDate>{d} Jan 2024</pubDate></item>"))
        .collect();
    let document =
        read(format!("<rss><channel><title>t</title>{items}</channel></rss>").as_bytes(), None, 3)
            .unwrap();
    let guids: Vec<_> =
        document.drafts.iter().map(|d| d.guid.as_ref().unwrap().value.as_str()).collect();
    assert_eq!(guids, ["3", "5", "4"]);
    assert!(document.problems.iter().any(|p| p.code == "too-many-items"));
}

#[test]
fn a_text_over_one_megabyte_is_truncated() {
    let paragraph =
        "<p>A paragraph with a <a href=\"https://example.org/\">link</a> and an é.</p>\n";
    let book = format!("<div><blockquote>{}</blockquote></div>", paragraph.repeat(40_000));
    let plain = "Word upon word, line upon line.\n".repeat(80_000);
    for text in [book, plain] {
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>t</title><item><guid>1</guid><description>\
             <![CDATA[{text}]]></description></item><item><guid>2</guid><title>Short</title></item>\
             </channel></rss>"
        );
        let document = read(feed.as_bytes(), None, 10).unwrap();
        let kept =
            document.drafts[0].content.as_ref().or(document.drafts[0].summary.as_ref()).unwrap();
        assert!((900_000..1_048_576).contains(&kept.as_str().len()), "{}", kept.as_str().len());
        assert!(
            kept.as_str().trim_end_matches(|c: char| c != ']').ends_with(" […]"),
            "the cut is marked"
        );
        assert_eq!(
            kept.as_str().matches("<blockquote").count(),
            kept.as_str().matches("</blockquote").count()
        );
        assert_eq!(
            feed_parser::sanitise(kept.as_str(), &"https://example.org/".parse().unwrap()),
            *kept,
            "once"
        );
        let problem = document.problems.iter().find(|p| p.code == "long-text").unwrap();
        assert!(problem.text.contains("only the first megabyte was kept"), "{problem:?}");
        assert_eq!(document.drafts[1].title.as_deref(), Some("Short"));
    }
}

#[test]
fn hostile_documents_parse_in_linear_time() {
    let many = |piece: &str, count: usize| piece.repeat(count);
    for (name, text) in [
        (
            "nested elements",
            format!(
                "<rss><channel><title>t</title><item><guid>1</guid><description>{}",
                many("<a>", 100_000)
            ),
        ),
        (
            "unclosed titles",
            format!("<rss><channel><title>t</title><item>{}", many("<title>x<link>y", 50_000)),
        ),
        ("unclosed comments", format!("<rss><channel><title>t</title>{}", many("<!--", 200_000))),
        ("unclosed tags", format!("<rss><channel><title>t</title>{}>", many("<a ", 200_000))),
        (
            "unclosed instructions",
            format!("<rss><channel><title>t</title>{}", many("<?x", 200_000)),
        ),
        (
            "document types",
            format!("<rss><channel><title>t</title>{}", many("<!DOCTYPE [", 100_000)),
        ),
        (
            "attributes",
            format!(
                "<rss><channel><title>t</title><item {}><guid>1</guid></item>",
                many("a='b' ", 100_000)
            ),
        ),
        (
            "namespaces",
            format!(
                "<rss {}><channel><title>t</title>",
                (0..2_000).map(|n| format!("xmlns:p{n}='x' ")).collect::<String>()
            ),
        ),
        (
            "items",
            format!("<rss><channel><title>t</title>{}", many("<item><guid>1</guid>", 50_000)),
        ),
        ("quotes", format!("<rss><channel><title>t</title>{}", many("<a b=\"", 100_000))),
        (
            "unclosed CDATA",
            format!(
                "<rss><channel><title>t</title>{}</item>",
                many("<item><title><![CDATA[x</", 100_000)
            ),
        ),
        (
            "title markup",
            format!("<rss><channel><title><![CDATA[{}]]></title>", many("<b>", 100_000)),
        ),
    ] {
        let document = read(text.as_bytes(), None, 100);
        assert!(document.is_ok(), "{name}: {document:?}");
    }
}

#[test]
fn declared_entities_are_not_expanded() {
    let text = "<!DOCTYPE rss [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>\
                <!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss><channel><title>&b;&x;</title><item>\
                <title>&b;</title></item></channel></rss>";
    let document = read(text.as_bytes(), None, 10).unwrap();
    assert_eq!(document.drafts[0].title.as_deref(), Some("&b;"));
}

/// Pieces of feeds, so that random documents get past the first element.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"<rss version='2.0'>"[..],
        b"<channel>",
        b"<item>",
        b"</item>",
        b"<title>",
        b"</title>",
        b"<link>",
        b"</link>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'>",
        b"<entry>",
        b"</entry>",
        b"<content type='xhtml'>",
        b"</content>",
        b"<content type=\"",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?xml encoding='utf-16'?>",
        b"<!DOCTYPE x [",
        b"]>",
        b"&amp;",
        b"&#x",
        b"&nbsp;",
        b"&",
        b"<",
        b">",
        b"\"",
        b"\xff",
        b"\xc3",
        b"\0",
        b"\xed\xa0\x80",
        "é".as_bytes(),
        "😀".as_bytes(),
        b"<rdf:RDF>",
        b"<guid isPermaLink=false>",
        b"</guid>",
        b"<media:content url='x'>",
        b"<source url=a>",
        b"<author>",
        b"<name>",
        b"xml:base='http://[::'",
        b" ",
        b"{\"items\":[{\"id\":1",
        b"}]}",
        b"{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[",
        b"<pubDate>2024-",
        b"text",
        b"<xhtml:div",
        b"/>",
        b"<description>",
        b"<opml><outline xmlUrl=\"",
        b"<skipHours><hour>9</hour>",
        b"\xff\xfe",
        b"\xfe\xff",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn reading_never_panics_on_pieces_of_feeds(bytes in pieces(), max in 0_usize..4) {
        if let Err(error) = read(&bytes, None, max) {
            prop_assert_ne!(error.class(), "internal");
            prop_assert_ne!(error.class(), "unreadable", "{:?}", error);
        }
        let (text, _) = feed_parser::decode(&bytes, Some("text/xml; charset=shift_jis"));
        feed_parser::opml::parse(&text);
        feed_parser::sniff(&bytes, None);
    }

    #[test]
    fn reading_never_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        feed_parser::decode(&bytes, None);
        if let Err(error) = read(&bytes, None, 10) {
            prop_assert_ne!(error.class(), "internal");
        }
    }

    #[test]
    fn texts_and_dates_never_panic(text in "\\PC{0,60}", date in "[0-9A-Za-z:+.,/ äé-]{0,40}") {
        feed_parser::title_text(&text);
        feed_parser::plain_text(&text);
        feed_parser::parse_date(&text);
        feed_parser::parse_date(&date);
        feed_parser::http_url(&text, Some(&feed_url()));
        feed_parser::prose(&SafeHtml::from_sanitised(text.clone()));
        prop_assert!(!feed_model::text::strip_forbidden(&text).contains('\0'));
    }

    #[test]
    fn entry_order_and_count_do_not_depend_on_padding(
        count in 1_usize..30, pad in "[ \n\t]{0,20}",
    ) {
        let items: String = (0..count)
            .map(|n| format!("{pad}<item>{pad}<guid>{n}</guid></item>"))
            .collect();
        let feed = format!("<rss><channel><title>t</title>{items}</channel></rss>");
        let document = read(feed.as_bytes(), None, 100).unwrap();
        let guids: Vec<usize> = document
            .drafts
            .iter()
            .map(|d| d.guid.as_ref().unwrap().value.parse().unwrap())
            .collect();
        prop_assert_eq!(guids, (0..count).collect::<Vec<_>>());
    }
}
