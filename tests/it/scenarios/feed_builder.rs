//! Posts and the feeds that carry them, as publishers write them.

use std::fmt::Write as _;

use feed_model::Timestamp;

/// A moment of 2026: day of March, hour.
pub fn march(day: u32, hour: u32) -> Timestamp {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    day.and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

/// A text of so many words that no other `seed` has.
pub fn words(seed: u32, count: u32) -> String {
    const STEMS: [&str; 7] = ["broker", "stream", "queue", "node", "cache", "ledger", "quorum"];
    (0..count)
        .map(|n| format!("{}{}", STEMS[(n * seed + n) as usize % 7], seed * 1_000 + n))
        .collect::<Vec<_>>()
        .join(" ")
}

/// One item of a feed; an empty text is an element that is not there.
#[derive(Debug, Clone, Default)]
pub struct Post {
    guid: String,
    permalink: Option<bool>,
    link: String,
    title: String,
    date: String,
    updated: String,
    text: String,
    author: String,
    extra: String,
}

/// An ordinary post of a site: id, link, title, date (that day of March) and a text of its own.
pub fn post(site: &str, n: u32) -> Post {
    let seed = site.bytes().fold(n, |sum, byte| sum * 3 + u32::from(byte)) % 90_000;
    Post {
        guid: format!("tag:{site}.example,2026:{n}"),
        link: format!("https://{site}.example/posts/{n}"),
        title: format!("{site} {n}"),
        text: words(seed, 80),
        ..Post::default()
    }
    .published_at(march(n, 8))
}

impl Post {
    pub fn guid(mut self, guid: &str) -> Self {
        guid.clone_into(&mut self.guid);
        self
    }

    pub fn no_permalink(mut self) -> Self {
        self.permalink = Some(false);
        self
    }

    pub fn link(mut self, link: &str) -> Self {
        link.clone_into(&mut self.link);
        self
    }

    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    pub fn author(mut self, author: &str) -> Self {
        author.clone_into(&mut self.author);
        self
    }

    /// Published then.
    pub fn published_at(mut self, at: Timestamp) -> Self {
        self.date = at.to_rfc3339();
        self
    }

    /// With the date as it is written here.
    pub fn with_date_text(mut self, date: &str) -> Self {
        date.clone_into(&mut self.date);
        self
    }

    /// Changed then, as the publisher says.
    pub fn updated(mut self, at: Timestamp) -> Self {
        self.updated = at.to_rfc3339();
        self
    }

    /// With these elements as well.
    pub fn with(mut self, elements: &str) -> Self {
        self.extra += elements;
        self
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn element(out: &mut String, name: &str, text: &str) {
    if !text.is_empty() {
        write!(out, "<{name}>{}</{name}>", escaped(text)).unwrap();
    }
}

/// An RSS document of a site with these posts, in this order.
pub fn rss(home: &str, posts: &[Post]) -> String {
    let mut out = format!("<rss version=\"2.0\"><channel><title>{home}</title><link>{home}</link>");
    for post in posts {
        out += "<item>";
        let permalink =
            post.permalink.map(|is| format!(" isPermaLink=\"{is}\"")).unwrap_or_default();
        if !post.guid.is_empty() {
            write!(out, "<guid{permalink}>{}</guid>", escaped(&post.guid)).unwrap();
        }
        element(&mut out, "link", &post.link);
        element(&mut out, "title", &post.title);
        element(&mut out, "pubDate", &post.date);
        element(&mut out, "dc:creator", &post.author);
        element(&mut out, "description", &post.text);
        out += &post.extra;
        out += "</item>";
    }
    out + "</channel></rss>"
}

/// The same as Atom, which can say when a post was changed.
pub fn atom(home: &str, posts: &[Post]) -> String {
    let mut out = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>{home}</id><title>{home}</title><link href=\"{home}\"/>"
    );
    for post in posts {
        out += "<entry>";
        element(&mut out, "id", &post.guid);
        element(&mut out, "title", &post.title);
        element(&mut out, "published", &post.date);
        element(
            &mut out,
            "updated",
            if post.updated.is_empty() { &post.date } else { &post.updated },
        );
        if !post.link.is_empty() {
            write!(out, "<link href=\"{}\"/>", escaped(&post.link)).unwrap();
        }
        if !post.author.is_empty() {
            write!(out, "<author><name>{}</name></author>", escaped(&post.author)).unwrap();
        }
        if !post.text.is_empty() {
            write!(out, "<content type=\"html\">{}</content>", escaped(&post.text)).unwrap();
        }
        out += &post.extra;
        out += "</entry>";
    }
    out + "</feed>"
}
