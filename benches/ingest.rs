//! Bytes to entries, with and without sanitising: feeds of tiny items, of long articles, of
//! articles as editors leave them, and a mixture as it is usual.

// What is measured comes after the documents are built.
#![allow(missing_docs, clippy::format_push_string, clippy::format_collect)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use feed_parser::{FeedInput, parse_feed, parse_unsanitised, sanitise};
use url::Url;

const PARAGRAPH: &str = "<p>The stream runs <em>slowly</em> past the \
<a href=\"/mill?utm_source=feed&amp;x=1\">mill</a>, and what it carries is sorted by weight: sand \
first, then leaves, then the odd <code>branch</code>. Nobody counts it &mdash; nobody has to.</p>\n\
<figure><img src=\"/images/mill.jpg\" alt=\"The mill\" width=\"640\" height=\"480\">\
<figcaption>The mill in May</figcaption></figure>\n";

/// The same as many editors write it: attributes nobody needs, capitals, quotes and end tags that
/// are missing, a script.
const SLOPPY: &str = "<div style=\"clear:both\"><P>The stream runs slowly past the mill, and what \
it carries is sorted by weight:<br><font color=red>sand first</font>, then leaves & more.\
<img src='/images/mill.jpg' width=640 onload=\"x()\" ALT='The mill'><p>Nobody counts it, <b>nobody \
has to</b>, and so it goes on.<script>count('</p>')</script></div>\n";

fn rss(items: usize, text: impl Fn(usize) -> String) -> String {
    let mut feed = String::from(
        "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/\
         modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Bench\
         </title><link>https://example.org/</link>\n",
    );
    for n in 0..items {
        feed.push_str(&format!(
            "<item><title>Entry {n} &amp; more</title><link>https://example.org/{n}</link>\
             <guid>https://example.org/?p={n}</guid>"
        ));
        feed.push_str(&format!(
            "<pubDate>Mon, {:02} Jan 2024 10:00:00 +0000</pubDate><category>water</category>",
            n % 28 + 1
        ));
        feed.push_str("<description>A short text.</description>");
        let text = text(n);
        if !text.is_empty() {
            feed.push_str(&format!(
                "<dc:creator>Jane Doe</dc:creator><content:encoded>\
                <![CDATA[{text}]]></content:encoded>"
            ));
        }
        feed.push_str("</item>\n");
    }
    feed.push_str("</channel></rss>");
    feed
}

fn atom(items: usize, paragraphs: usize) -> String {
    let escaped = PARAGRAPH.replace('&', "&amp;").replace('<', "&lt;");
    let mut feed = String::from(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Bench</title><id>urn:x</id>\
         <updated>2024-01-01T00:00:00Z</updated>\n",
    );
    for n in 0..items {
        feed.push_str(&format!(
            "<entry><title>Entry {n}</title><id>urn:x:{n}</id>\
            <link href=\"https://example.org/{n}\"/><updated>2024-01-01T00:00:00Z</updated>\
            <content type=\"html\">"
        ));
        (0..paragraphs).for_each(|_| feed.push_str(&escaped));
        feed.push_str("</content></entry>\n");
    }
    feed.push_str("</feed>");
    feed
}

fn ingest(c: &mut Criterion) {
    let url = Url::parse("https://example.org/feed").expect("the address is one");
    // What is usual: a third of the items tell a line or two, the others have an article, every
    // fifth of them a sloppy one.
    let usual = |n: usize| match n % 15 {
        n if n % 3 == 0 => String::new(),
        n if n % 5 == 1 => SLOPPY.repeat(8),
        _ => PARAGRAPH.repeat(6),
    };
    for (name, feed) in [
        ("usual", rss(500, usual)),
        ("articles", rss(200, |_| PARAGRAPH.repeat(20))),
        ("sloppy-articles", rss(200, |_| SLOPPY.repeat(20))),
        ("tiny-items", rss(2000, |_| String::new())),
        ("atom-escaped", atom(200, 20)),
    ] {
        let input = FeedInput {
            bytes: feed.as_bytes(),
            content_type: None,
            content_location: None,
            url: &url,
            max_items: 10_000,
        };
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(feed.len() as u64));
        group.bench_function("parse", |b| {
            b.iter(|| black_box(parse_unsanitised(&input)).map_or(0, |p| p.item_count()));
        });
        group.bench_function("read", |b| {
            b.iter(|| black_box(parse_feed(&input)).map_or(0, |d| d.drafts.len()));
        });
        group.finish();
    }
    let html = PARAGRAPH.repeat(50);
    let mut group = c.benchmark_group("html");
    group.throughput(Throughput::Bytes(html.len() as u64));
    group.bench_function("sanitise", |b| b.iter(|| sanitise(black_box(&html), &url)));
    group.finish();
}

criterion_group!(benches, ingest);
criterion_main!(benches);
