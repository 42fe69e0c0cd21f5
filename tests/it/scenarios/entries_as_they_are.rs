//! Entries as they really are: what subscribers see of pictures, films, formulas and odd markup.
//!
//! Each case is one item of a feed and what its documents contain, or do not contain.

use feed_model::Story;

use crate::support::installation::Installation;

const NAMESPACES: &str = "xmlns:media=\"http://search.yahoo.com/mrss/\" \
                          xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
                          xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
                          xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"";

/// One published item.
struct Published {
    atom: String,
    rss: String,
    json_text: String,
    json: serde_json::Value,
    story: Story,
}

/// Publishes a feed with one item.
fn publish(item: &str) -> Published {
    let mut installation = Installation::following(&["one"]);
    installation.deliver_document(
        "one",
        &format!(
            "<rss version=\"2.0\" {NAMESPACES}><channel><title>One</title>\
             <link>https://one.example/</link><item><link>https://one.example/1</link>\
             <guid>https://one.example/1</guid><pubDate>Fri, 20 Nov 2026 09:01:00 GMT</pubDate>\
             {item}</item></channel></rss>"
        ),
    );
    let documents = installation.document_bytes();
    let find = |name: &str| {
        let path = format!("/topics/all/{name}");
        documents.iter().find(|(known, ..)| *known == path).unwrap().1.clone()
    };
    let (atom, rss, json_text) = (find("feed.atom"), find("feed.rss"), find("feed.json"));
    let document: serde_json::Value = serde_json::from_str(&json_text).unwrap();
    let story = installation.stored_stories().remove(0);
    Published { atom, rss, json_text, json: document["items"][0].clone(), story }
}

impl Published {
    /// The title in Atom, which every entry has.
    fn title(&self) -> String {
        let feed = feed_rs::parser::parse(self.atom.as_bytes()).unwrap();
        feed.entries[0].title.as_ref().unwrap().content.clone()
    }

    /// Asserts that each of the three documents contains a text, as it escapes it.
    #[track_caller]
    fn assert_in_every_document(&self, html: &str) {
        let escaped = html
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        let Self { atom, rss, json_text, .. } = self;
        assert!(atom.contains(&escaped) || atom.contains(html), "{html} is in {atom}");
        assert!(rss.contains(html), "{html} is in {rss}");
        assert!(json_text.contains(&html.replace('"', "\\\"")), "{html} is in {json_text}");
    }

    #[track_caller]
    fn assert_nowhere(&self, text: &str) {
        for document in [&self.atom, &self.rss, &self.json_text] {
            assert!(!document.contains(text), "{text} is in {document}");
        }
    }
}

fn html(html: &str) -> Published {
    publish(&format!("<title>A post</title><content:encoded><![CDATA[{html}]]></content:encoded>"))
}

#[test]
fn what_is_said_of_a_picture_is_no_text_of_the_item() {
    let item = publish(
        "<title>A post</title><description>The council rebuilds the bridge.</description>\
         <media:content medium=\"image\" url=\"https://one.example/p.jpg\"/>\
         <media:description>A gull sits on a bollard.</media:description>",
    );
    assert_eq!(item.story.summary_text, "The council rebuilds the bridge.");
    item.assert_in_every_document("The council rebuilds the bridge.");
    item.assert_nowhere("A gull sits on a bollard.");

    for picture in [
        "<media:content url=\"https://one.example/IMG_1.JPG\" type=\"image/jpeg\">\
         <media:title>IMG_1.JPG</media:title><media:description>A rose</media:description>\
         </media:content>",
        "<media:group><media:content url=\"https://one.example/a.png\"/>\
         <media:title>IMG_1.JPG</media:title></media:group>",
        "<media:title>IMG_1.JPG</media:title>",
    ] {
        let item = publish(&format!("<description>Two herons today.</description>{picture}"));
        assert_eq!(item.title(), "Two herons today.", "{picture}");
        assert_eq!(item.story.summary_text, "Two herons today.", "{picture}");
    }

    let film = publish(
        "<media:group><media:content url=\"https://one.example/f.mp4\" type=\"video/mp4\"/>\
         <media:title>A film</media:title><media:description>First line\n\nSecond paragraph\
         </media:description></media:group>",
    );
    assert_eq!(film.title(), "A film");
    film.assert_in_every_document("<p>First line</p><p>Second paragraph</p>");
}

#[test]
fn pictures_that_only_a_media_element_names_are_shown() {
    let item = publish(
        "<description>&lt;p&gt;Two pictures.&lt;/p&gt;</description>\
         <media:content url=\"https://one.example/a.jpg\" type=\"image/jpeg\"/>\
         <media:content url=\"https://one.example/b.png\"><media:description>A boat\
         </media:description></media:content>\
         <media:content url=\"https://secure.gravatar.com/avatar/1.jpg\" medium=\"image\"/>",
    );
    item.assert_in_every_document("<img src=\"https://one.example/a.jpg\" alt=\"\">");
    item.assert_in_every_document("<img src=\"https://one.example/b.png\" alt=\"A boat\">");
    item.assert_nowhere("gravatar");

    let item = publish(
        "<description>&lt;img src=\"https://one.example/harbour-300x200.jpg\"&gt;</description>\
         <media:content url=\"https://one.example/harbour.jpg\" medium=\"image\"/>\
         <media:group><media:content url=\"https://one.example/s.jpg\" width=\"100\"/>\
         <media:content url=\"https://one.example/l.jpg\" width=\"900\"/></media:group>",
    );
    item.assert_in_every_document("https://one.example/l.jpg");
    item.assert_nowhere("https://one.example/s.jpg");
    assert_eq!(item.json["content_html"].as_str().unwrap().matches("<img").count(), 2);
}

#[test]
fn each_file_is_enclosed_once_and_rss_has_the_sound() {
    let item = publish(
        "<title>A post</title><description>d</description>\
         <enclosure url=\"https://one.example/1.jpg\" type=\"image/jpeg\" length=\"10\"/>\
         <enclosure url=\"https://one.example/1.mp3\"/>\
         <enclosure url=\"http://one.example/1.mp3\" type=\"audio/mpeg\" length=\"0\"/>\
         <media:content url=\"https://one.example/1.mp3\" type=\"audio/mpeg\" fileSize=\"77\"/>",
    );
    let sound = "<enclosure url=\"https://one.example/1.mp3\" length=\"77\" type=\"audio/mpeg\"/>";
    assert!(item.rss.contains(sound), "{}", item.rss);
    assert_eq!(item.json["attachments"].as_array().unwrap().len(), 2);
    assert_eq!(item.json["attachments"][1]["size_in_bytes"], 77);
    assert_eq!(item.json["image"], "https://one.example/1.jpg");
}

#[test]
fn every_author_is_named_once() {
    let item = publish(
        "<title>A post</title><dc:creator>First Author</dc:creator>\
         <dc:creator>Second Author</dc:creator><author>third@one.example (Third Author)</author>\
         <itunes:author>The Show</itunes:author><description>d</description>",
    );
    let names: Vec<&str> = item.story.authors.iter().map(|author| author.name.as_str()).collect();
    assert_eq!(names, ["First Author", "Second Author", "Third Author"]);
    let json = item.json["authors"].as_array().unwrap();
    assert_eq!(json.len(), 1, "they are one name, with the publication after them");
    for name in names {
        item.assert_in_every_document(name);
    }
}

#[test]
fn players_leave_a_link() {
    let item = html(
        "<iframe src=\"https://www.youtube.com/embed/dQw4w9WgXcQ\" title=\"A talk\"></iframe>",
    );
    item.assert_in_every_document(
        "<a href=\"https://www.youtube.com/watch?v=dQw4w9WgXcQ\" rel=\"noopener noreferrer\">\
         A talk</a>",
    );
    assert_eq!(item.story.summary_text, "A talk");
}

#[test]
fn numbers_in_formulas_keep_their_value() {
    let item = html(
        "<p>About <math><msup><mn>10</mn><mn>6</mn></msup></math> requests, <math><mfrac><mn>1\
         </mn><mn>2</mn></mfrac></math> lost, 10<sup>3</sup> late.</p>",
    );
    assert_eq!(item.story.summary_text, "About 10⁶ requests, 1/2 lost, 10³ late.");
    item.assert_in_every_document("<math><msup><mn>10</mn><mn>6</mn></msup></math>");
    let item = html(
        "<p>So <span class=\"katex\"><span class=\"katex-mathml\"><math><mi>E</mi><mo>=</mo>\
         <mi>m</mi></math></span><span class=\"katex-html\" aria-hidden=\"true\">E=m</span></span> \
         holds.</p>",
    );
    assert_eq!(item.story.summary_text, "So E=m holds.");
}

#[test]
fn characters_that_look_like_markup_stay() {
    for (description, text) in [
        ("We show $a&lt;b$ and logs &amp; queues.", "We show $a<b$ and logs & queues."),
        ("&lt;![CDATA[Kept words about &lt;b&gt;pears&lt;/b&gt;]]&gt;", "Kept words about pears"),
        ("&amp;lt;p&amp;gt;Escaped twice&amp;lt;/p&amp;gt;", "Escaped twice"),
        ("A Vec&lt;String&gt; of names", "A Vec<String> of names"),
    ] {
        let item =
            publish(&format!("<title>A post</title><description>{description}</description>"));
        assert_eq!(item.story.summary_text, text, "{description}");
    }
}

#[test]
fn controls_of_a_page_are_no_text() {
    let item = html("<div><button>Copy</button><pre><code>ls -l</code></pre></div>");
    assert_eq!(item.story.summary_text, "ls -l");
    let item = html("<ul><li><input type=\"checkbox\" checked> Done</li></ul>");
    item.assert_in_every_document("<li>☑ Done</li>");
}

#[test]
fn images_that_scripts_load_are_shown() {
    let item = html(
        "<img src=\"data:image/gif;base64,R0\" data-orig=\"https://one.example/1.jpg\" alt=\"\">\
         <img src=\"/blank.gif\" data-large-file=\"https://one.example/2.jpg\" alt=\"\">\
         <img src=\"https://one.example/3.jpg\" data-lazy=\"true\" alt=\"\">",
    );
    for number in 1..=3 {
        let image = format!("<img src=\"https://one.example/{number}.jpg\" alt=\"\">");
        item.assert_in_every_document(&image);
    }
}

#[test]
fn a_new_count_of_comments_moves_no_date() {
    let mut installation = Installation::following(&["one"]);
    let document = |count: u32, text: &str| {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:one</id><title>One</title>\
             <updated>2026-01-01T00:00:00Z</updated><entry><id>urn:one:1</id><title>A post</title>\
             <link href=\"https://one.example/1\"/><updated>2026-01-01T00:00:00Z</updated>\
             <content type=\"html\">{text} {count} comments, 1{count} views</content></entry>\
             </feed>"
        )
    };
    installation.deliver_document("one", &document(3, "The text."));
    let before = installation.feed_of_all().stories[0].updated;
    installation.advance_hours(2);
    installation.deliver_document("one", &document(4, "The text."));
    assert_eq!(installation.feed_of_all().stories[0].updated, before);
    installation.advance_hours(2);
    installation.deliver_document("one", &document(4, "Another text."));
    assert_ne!(installation.feed_of_all().stories[0].updated, before);
}
