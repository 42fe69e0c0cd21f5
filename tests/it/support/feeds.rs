//! Posts, and feeds in the formats that publishers write.

use std::fmt::Write as _;

use feed_model::{Draft, Guid, PublishedDate, SafeHtml, Timestamp};

use super::{
    origin::Reply,
    time::{at, march},
};

/// A text of `count` words that differs from the text of any other `seed`.
pub fn words(seed: u32, count: u32) -> String {
    const STEMS: [&str; 7] = ["broker", "stream", "queue", "node", "cache", "ledger", "quorum"];
    (0..count)
        .map(|n| format!("{}{}", STEMS[(n * seed + n) as usize % 7], seed * 1_000 + n))
        .collect::<Vec<_>>()
        .join(" ")
}

/// An item of a feed. Empty fields are left out of the document.
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

/// A post with an id, a link, a title, a text of its own, and the date 08:00 on day `n` of March
/// 2026.
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

    pub fn published_at(mut self, at: Timestamp) -> Self {
        self.date = at.to_rfc3339();
        self
    }

    /// Sets the date to a text that is written as it is.
    pub fn with_date_text(mut self, date: &str) -> Self {
        date.clone_into(&mut self.date);
        self
    }

    /// Sets the time of the last change.
    pub fn updated(mut self, at: Timestamp) -> Self {
        self.updated = at.to_rfc3339();
        self
    }

    /// Adds XML elements.
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

/// An RSS 2.0 document of the site with the home page `home`.
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

/// The same as an Atom document, which also has the time of the last change.
pub fn atom(home: &str, posts: &[Post]) -> String {
    let mut out = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>{home}</id><title>{home}</title>\
         <link href=\"{home}\"/>"
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

/// An RSS document with an item per title.
pub fn feed(titles: &[&str]) -> String {
    feed_with_channel("", titles)
}

/// The same with more elements in the channel.
pub fn feed_with_channel(channel: &str, titles: &[&str]) -> String {
    let items: Vec<String> = titles
        .iter()
        .map(|title| {
            format!(
                "<item><guid isPermaLink=\"false\">{title}</guid><title>About {title}\
            </title><link>https://posts.example/{title}</link></item>"
            )
        })
        .collect();
    let items = items.concat();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Scripted</title>\
         <link>https://posts.example/</link>{channel}{items}</channel></rss>"
    )
}

/// The document of [`feed`] with an entity tag.
pub fn feed_with_etag(titles: &[&str], etag: &str) -> Reply {
    Reply::ok(feed(titles)).header("ETag", etag)
}

/// A parsed item with the link `https://river.example/posts/<number>`.
pub fn draft(number: u32, title: &str, text: &str) -> Draft {
    let url = format!("https://river.example/posts/{number}");
    Draft {
        guid: Some(Guid { value: url.clone(), is_permalink: Some(true) }),
        url: Some(url.parse().unwrap()),
        title: Some(title.to_owned()),
        content: Some(SafeHtml::from_sanitised(format!("<p>{text}</p>"))),
        ..Draft::default()
    }
}

/// The draft with a publication date.
pub fn dated(draft: Draft, date: &str) -> Draft {
    Draft { published: Some(PublishedDate::exact(at(date))), ..draft }
}
