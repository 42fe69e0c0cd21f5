//! Small publications of our own making, in each form that a publisher may choose.

use std::fmt::Write as _;

/// A post as its publisher has it. Titles and texts here hold nothing that would need escaping.
#[derive(Debug, Clone)]
pub struct Post {
    pub guid: String,
    pub title: String,
    pub link: String,
    /// Day of January 2024.
    pub day: u32,
    pub text: String,
}

impl Post {
    pub fn new(guid: &str, title: &str, day: u32, text: &str) -> Self {
        let link = format!("https://example.org/posts/{guid}");
        Self { guid: guid.into(), title: title.into(), link, day, text: text.into() }
    }

    pub fn at(mut self, link: &str) -> Self {
        self.link = link.into();
        self
    }
}

pub fn rss(title: &str, posts: &[Post]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>{title}\
         </title><link>https://example.org/</link><description>A test</description>\n"
    );
    for Post { guid, title, link, day, text: body } in posts {
        writeln!(
            text,
            "<item><guid isPermaLink=\"false\">{guid}</guid><title>{title}</title><link>{link}\
             </link><pubDate>{day:02} Jan 2024 08:00:00 GMT</pubDate><description>{body}\
             </description></item>"
        )
        .unwrap();
    }
    text + "</channel></rss>\n"
}

pub fn atom(title: &str, posts: &[Post]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <id>urn:x-test:{}</id><title>{title}</title><updated>2024-01-31T00:00:00Z</updated>\
         <link href=\"https://atom.example/\"/><author><name>Ada</name></author>\n",
        title.len()
    );
    for Post { guid, title, link, day, text: body } in posts {
        writeln!(
            text,
            "<entry><id>urn:x-test:{guid}</id><title>{title}</title><link href=\"{link}\"/>\
             <published>2024-01-{day:02}T09:00:00Z</published><updated>2024-01-{day:02}T09:00:00Z\
             </updated><summary>{body}</summary></entry>"
        )
        .unwrap();
    }
    text + "</feed>\n"
}

pub fn json(title: &str, posts: &[Post]) -> String {
    let items: Vec<_> = posts
        .iter()
        .map(|post| {
            serde_json::json!({
                "id": post.guid, "url": post.link, "title": post.title, "content_text": post.text,
                "date_published": format!("2024-01-{:02}T10:00:00Z", post.day),
                "authors": [{"name": "Grace"}],
            })
        })
        .collect();
    let feed = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": title, "home_page_url": "https://\
            json.example/", "items": items,
    });
    serde_json::to_string_pretty(&feed).unwrap()
}

/// RSS 0.91, whose items have a title, a link and a description at most.
pub fn rss_091(title: &str, posts: &[Post]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"0.91\"><channel><title>{title}</title>\
         <link>https://old.example/</link><description>A test</description><language>en\
         </language>\n"
    );
    for Post { title, link, text: body, .. } in posts {
        writeln!(
            text,
            "<item><title>{title}</title><link>{link}</link><description>{body}\
            </description></item>"
        )
        .unwrap();
    }
    text + "</channel></rss>\n"
}

/// RSS 1.0, which is RDF: the items stand beside the channel.
pub fn rss_10(title: &str, posts: &[Post]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\
         \" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <channel rdf:about=\"https://rdf.example/feed\"><title>{title}</title>\
         <link>https://rdf.example/</link><description>A test</description></channel>\n"
    );
    for Post { title, link, day, text: body, .. } in posts {
        writeln!(
            text,
            "<item rdf:about=\"{link}\"><title>{title}</title><link>{link}</link>\
             <description>{body}</description><dc:date>2024-01-{day:02}T07:00:00Z</dc:date></item>"
        )
        .unwrap();
    }
    text + "</rdf:RDF>\n"
}
