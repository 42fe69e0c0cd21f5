//! `/sources.atom`: the operator's private feed of what went wrong and right again with sources.

use std::fmt::Write as _;

use chrono::SecondsFormat;
use quick_xml::escape::escape;

use feed_model::Timestamp;
use feed_publisher::Addresses;

use crate::store::{Reader, SourceEvent, SourceEventState, StoreError};

use super::settings::SiteSettings;

/// Entries of the feed.
const MAX_ENTRIES: u32 = 100;

/// Renders the feed (Atom, RFC 4287). `url` is its own address, if it is known.
pub fn source_events_feed(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    url: Option<&str>,
) -> Result<String, StoreError> {
    let events = reader.source_events(MAX_ENTRIES)?;
    let time = |at: Timestamp| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let updated = events.first().map_or(Timestamp::UNIX_EPOCH, |event| event.at);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\">\n  \
         <id>{id}/source-events</id>\n  <title>{title}: sources</title>\n  \
         <updated>{updated}</updated>\n  <author><name>{title}</name></author>\n",
        id = escape(&settings.feed_id),
        title = escape(&settings.title),
        updated = time(updated),
    );
    if let Some(url) = url {
        let _ = writeln!(text, "  <link rel=\"self\" href=\"{}\"/>", escape(url));
    }
    let sources = settings.addresses().absolute(&Addresses::sources_path(1));
    for event in events {
        let (summary, at) = (summary(&event), time(event.at));
        let _ = writeln!(
            text,
            "  <entry>\n    <id>{id}/source-events/{number}</id>\n    \
             <title>{title}</title>\n    <link href=\"{link}\"/>\n    \
             <published>{at}</published>\n    <updated>{at}</updated>\n    \
             <category term=\"{state}\"/>\n    <summary>{summary}</summary>\n  </entry>",
            id = escape(&settings.feed_id),
            number = event.number,
            title = clean(&title(&event)),
            link = escape(&sources),
            state = state(event.state),
            summary = clean(&summary),
        );
    }
    text.push_str("</feed>\n");
    Ok(text)
}

/// Escapes text, and removes what XML 1.0 forbids.
fn clean(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    escape(text.replace('\n', " ").chars().filter(allowed).collect::<String>()).into_owned()
}

fn state(state: SourceEventState) -> &'static str {
    match state {
        SourceEventState::Failing => "failing",
        SourceEventState::Gone => "gone",
        SourceEventState::Ok => "ok",
    }
}

fn title(event: &SourceEvent) -> String {
    let what = match event.state {
        SourceEventState::Failing => "fails",
        SourceEventState::Gone => "is gone",
        SourceEventState::Ok => "works again",
    };
    format!("{} {what}", event.title)
}

fn summary(event: &SourceEvent) -> String {
    let source = &event.source;
    match (event.state, &event.error) {
        (SourceEventState::Ok, _) => format!("The last poll of {source} was good."),
        (_, Some(error)) => format!("{source}: {error}"),
        (_, None) => format!("The last poll of {source} failed."),
    }
}
