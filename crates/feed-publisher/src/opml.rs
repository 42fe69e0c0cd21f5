//! The OPML writer: lists of feeds in OPML 2.0.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use crate::xml;

/// A feed in an OPML list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Title in plain text.
    pub title: String,
    /// Description in plain text; may be empty.
    pub description: String,
    /// The feed's address. An outline whose address is not an http(s) URL is omitted.
    pub feed_url: String,
    /// The address of the HTML page.
    pub page_url: Option<String>,
}

/// Renders a list of feeds as an OPML document.
pub fn opml(title: &str, outlines: &[Outline]) -> Vec<u8> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let written = write(&mut writer, title, outlines);
    written.expect("writing to memory does not fail");
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    bytes
}

fn write(writer: &mut Writer<Vec<u8>>, title: &str, outlines: &[Outline]) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let mut root = BytesStart::new("opml");
    root.push_attribute(("version", "2.0"));
    writer.write_event(Event::Start(root))?;
    writer.write_event(Event::Start(BytesStart::new("head")))?;
    writer.create_element("title").write_text_content(BytesText::new(&xml::single_line(title)))?;
    writer.write_event(Event::End(BytesEnd::new("head")))?;
    writer.write_event(Event::Start(BytesStart::new("body")))?;
    let followable = |outline: &Outline| xml::http_url(&outline.feed_url).is_some();
    if !outlines.iter().any(followable) {
        // A body needs at least one outline (OPML 2.0). Readers do not subscribe to an outline
        // without an address.
        let mut element = BytesStart::new("outline");
        element.push_attribute(("text", "Nothing yet"));
        writer.write_event(Event::Empty(element))?;
    }
    for outline in outlines {
        let Some(feed_url) = xml::http_url(&outline.feed_url) else {
            continue;
        };
        let title = xml::single_line(&outline.title);
        let mut element = BytesStart::new("outline");
        element.push_attribute(("type", "rss"));
        element.push_attribute(("text", title.as_str()));
        element.push_attribute(("title", title.as_str()));
        let description = xml::single_line(&outline.description);
        if !description.is_empty() {
            element.push_attribute(("description", description.as_str()));
        }
        element.push_attribute(("xmlUrl", feed_url.as_str()));
        if let Some(page) = outline.page_url.as_deref().and_then(xml::http_url) {
            element.push_attribute(("htmlUrl", page.as_str()));
        }
        writer.write_event(Event::Empty(element))?;
    }
    writer.write_event(Event::End(BytesEnd::new("body")))?;
    writer.write_event(Event::End(BytesEnd::new("opml")))
}
