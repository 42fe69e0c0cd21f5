//! The documents of the origin: RSS 2.0, JSON Feed 1.1 and small HTML pages.
//!
//! They are not written by the feed-publisher crate, so that the demo tests the parser with foreign
//! documents. They have typical features of real feeds, such as a style block in the text and a
//! missing guid.

use std::fmt::Write as _;

use quick_xml::escape::escape;
use serde_json::json;

use feed_model::{DatePrecision, PublishedDate, Timestamp};

use super::{publication::PublicationName, timeline::FeedItem};

/// A style block, as newsletter platforms put it before the text of every item.
const STYLE: &str =
    "<style>.newsletter p { margin: 0 0 1em; } .newsletter pre { overflow-x: auto; }</style>";

/// Returns the feed of a publication. `base` is the URL of the origin without a trailing slash.
pub(super) fn feed(
    name: PublicationName,
    base: &str,
    items: &[FeedItem],
    changed: Timestamp,
) -> String {
    match name {
        PublicationName::Serverless => rss(name, base, items, changed),
        PublicationName::SnackOnAi => json_feed(name, base, items),
    }
}

fn rss(name: PublicationName, base: &str, items: &[FeedItem], changed: Timestamp) -> String {
    let publication = name.publication();
    let mut out = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"
  xmlns:atom="http://www.w3.org/2005/Atom"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
<title>{title}</title>
<link>{home}</link>
<description>{description}</description>
<atom:link href="{base}/{path}/{file}" rel="self" type="application/rss+xml"/>
<language>en</language>
<lastBuildDate>{changed}</lastBuildDate>
"#,
        title = escape(&publication.title),
        home = escape(&publication.home),
        description = escape(&publication.description),
        path = name.path(),
        file = name.feed_file(),
        changed = changed.to_rfc2822(),
    );
    for item in items {
        rss_item(&mut out, item, &publication.title).expect("writing to a String cannot fail");
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

fn rss_item(out: &mut String, item: &FeedItem, creator: &str) -> std::fmt::Result {
    let url = escape(&*item.url);
    writeln!(out, "<item>\n<title>{}</title>\n<link>{url}</link>", escape(&*item.title))?;
    if item.guid {
        writeln!(out, r#"<guid isPermaLink="true">{url}</guid>"#)?;
    }
    let date = item.published.map(|PublishedDate { at, precision }| match precision {
        DatePrecision::Second => format!("<pubDate>{}</pubDate>\n", at.to_rfc2822()),
        // pubDate needs a time of day; dc:date may be a day or a month.
        DatePrecision::Day => format!("<dc:date>{}</dc:date>\n", at.format("%Y-%m-%d")),
        DatePrecision::Month => format!("<dc:date>{}</dc:date>\n", at.format("%Y-%m")),
    });
    out.push_str(&date.unwrap_or_default());
    let body = format!(r#"<div class="newsletter">{STYLE}{}</div>"#, item.body);
    writeln!(
        out,
        "<dc:creator>{}</dc:creator>\n<description>{}</description>",
        escape(creator),
        escape(item.summary)
    )?;
    writeln!(out, "<content:encoded>{}</content:encoded>\n</item>", escape(&body))
}

fn json_feed(name: PublicationName, base: &str, items: &[FeedItem]) -> String {
    let publication = name.publication();
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            let mut value = json!({
                "id": item.url,
                "url": item.url,
                "title": item.title,
                "summary": item.summary,
                "content_html": item.body,
            });
            if let Some(published) = item.published {
                value["date_published"] =
                    json!(published.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            }
            value
        })
        .collect();
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": publication.title,
        "home_page_url": publication.home,
        "feed_url": format!("{base}/{}/{}", name.path(), name.feed_file()),
        "description": publication.description,
        "language": "en",
        "authors": [{ "name": publication.title }],
        "items": items,
    });
    format!("{feed:#}\n")
}

/// Returns the home page of a publication, which links to the feed and lists the posts.
pub(super) fn home_page(name: PublicationName, items: &[FeedItem]) -> String {
    let publication = name.publication();
    let mut list = String::new();
    for item in items {
        writeln!(
            list,
            r#"<li><a href="{}">{}</a><br>{}</li>"#,
            escape(&*item.url),
            escape(&*item.title),
            escape(item.summary)
        )
        .expect("writing to a String cannot fail");
    }
    let alternate = format!(
        r#"<link rel="alternate" type="{}" title="{}" href="/{}/{}">"#,
        name.feed_type(),
        escape(&publication.title),
        name.path(),
        name.feed_file()
    );
    page(
        &publication.title,
        &alternate,
        &format!("<p>{}</p>\n<ul>\n{list}</ul>", escape(&publication.description)),
    )
}

/// Returns the page of a generated demo post.
pub(super) fn post_page(name: PublicationName, item: &FeedItem) -> String {
    let home =
        format!(r#"<p><a href="/{}/">{}</a></p>"#, name.path(), escape(&name.publication().title));
    page(&item.title, "", &format!("{home}\n{}", item.body))
}

/// Returns the page at `/`, which lists the publications.
pub(super) fn index_page() -> String {
    let list: String = PublicationName::ALL
        .map(|name| {
            format!(
                "<li><a href=\"/{}/\">{}</a></li>\n",
                name.path(),
                escape(&name.publication().title)
            )
        })
        .concat();
    let text = "<p>Real titles, links and dates; the texts were written for the demo.</p>";
    page("Publications of the demo", "", &format!("{text}\n<ul>\n{list}</ul>"))
}

fn page(title: &str, head: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{title}</title>\n{head}\n</head>\n\
         <body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::timeline::Timeline;

    fn documents() -> [String; 2] {
        let opened = "2026-07-01T00:00:00Z".parse().unwrap();
        let timeline = Timeline::with_all_posts(opened);
        PublicationName::ALL.map(|name| {
            feed(name, "http://127.0.0.1:1", &timeline.items(name, "http://127.0.0.1:1"), opened)
        })
    }

    #[test]
    fn the_rss_feed_is_well_formed_and_has_every_post_once() {
        let [rss, _] = documents();
        let (mut reader, mut items, mut guids) = (quick_xml::Reader::from_str(&rss), 0, 0);
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "item" => items += 1,
                quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "guid" => guids += 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(items, PublicationName::Serverless.publication().posts.len());
        assert_eq!(guids, items - 1, "one item has no guid");
        assert!(
            rss.contains("<dc:date>2024-11</dc:date>")
                && rss.contains("<dc:date>2024-12-25</dc:date>")
        );
    }

    #[test]
    fn the_json_feed_omits_unknown_dates() {
        let [_, json] = documents();
        let feed: serde_json::Value = serde_json::from_str(&json).unwrap();
        let items = feed["items"].as_array().unwrap();
        assert_eq!(items.len(), PublicationName::SnackOnAi.publication().posts.len());
        assert!(items.iter().any(|item| item.get("date_published").is_none()));
        assert!(items.iter().any(|item| item["date_published"] == "2026-04-09T00:00:00Z"));
        assert!(
            items.iter().all(|item| item["id"].is_string() && item["content_html"].is_string())
        );
    }
}
