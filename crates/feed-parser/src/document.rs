//! The entry points: one document from bytes to drafts.
//!
//! [`parse_feed`] decodes, recognises the format, reads the format's parser, normalises and
//! sanitises. A panic in any of these steps becomes an error of the document.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use url::Url;

use super::{
    draft::RawDraft,
    encoding::decode_borrowed,
    error::IngestError,
    feed_rs_adapter, json_feed, normalise,
    sniff::{DocumentKind, sniff_text},
    url::http_url,
    xml_feed::{self, RawFeed, RawItem},
};
use feed_model::{Document, Encoding, FeedMeta, Format, Problem, Repair};

/// A document and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct FeedInput<'a> {
    /// The bytes of the document, without content codings.
    pub bytes: &'a [u8],
    /// The HTTP field `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The HTTP field `Content-Location`. It has priority over `url` as the base of relative URLs
    /// (RFC 3986 §5.1.2).
    pub content_location: Option<&'a str>,
    /// The URL after redirects, which is the base of relative URLs of last resort.
    pub url: &'a Url,
    /// The maximum number of items to return, newest first.
    pub max_items: usize,
}

/// A parsed document whose HTML is not sanitised. It gives access to nothing but the number of
/// items.
#[derive(Debug)]
pub struct UnsanitisedDocument {
    format: Format,
    encoding: Encoding,
    feed: FeedMeta,
    drafts: Vec<RawDraft>,
    repairs: Vec<Repair>,
    problems: Vec<Problem>,
}

impl UnsanitisedDocument {
    /// Returns the number of items.
    pub fn item_count(&self) -> usize {
        self.drafts.len()
    }

    /// Sanitises every text and returns the document.
    pub fn sanitise(self) -> Document {
        let mut problems = self.problems;
        let drafts =
            self.drafts.into_iter().map(|draft| draft.into_sanitised(&mut problems)).collect();
        Document {
            format: self.format,
            encoding: self.encoding,
            feed: self.feed,
            drafts,
            repairs: self.repairs,
            problems,
        }
    }
}

/// Parses a feed of any format. A panic in a library is returned as [`IngestError::Panic`].
pub fn parse_feed(input: &FeedInput<'_>) -> Result<Document, IngestError> {
    catch_panics(|| parse_uncaught(input).map(UnsanitisedDocument::sanitise))
}

/// Parses a feed without sanitising its texts: the first half of [`parse_feed`].
pub fn parse_unsanitised(input: &FeedInput<'_>) -> Result<UnsanitisedDocument, IngestError> {
    catch_panics(|| parse_uncaught(input))
}

thread_local! {
    static CATCHING_PANICS: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether this thread is inside [`parse_feed`], where panics are caught and reported as
/// errors. A panic hook uses it to stay silent.
pub fn is_catching_panics() -> bool {
    CATCHING_PANICS.get()
}

fn catch_panics<T>(action: impl FnOnce() -> Result<T, IngestError>) -> Result<T, IngestError> {
    let outer = CATCHING_PANICS.replace(true);
    // Nothing that `action` touches outlives it.
    let result = catch_unwind(AssertUnwindSafe(action));
    CATCHING_PANICS.set(outer);
    result.unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(IngestError::Panic { message: message.unwrap_or("no message").to_owned() })
    })
}

/// The result of the XML and the JSON parser.
struct PreparedFeed {
    format: Format,
    canonical: String,
    feed: RawFeed,
    items: Vec<RawItem>,
    repairs: super::repairs::Repairs,
}

fn parse_uncaught(input: &FeedInput<'_>) -> Result<UnsanitisedDocument, IngestError> {
    let (text, encoding) = decode_borrowed(input.bytes, input.content_type);
    let content_location_url =
        input.content_location.and_then(|location| http_url(location, Some(input.url)));
    let url = content_location_url.as_ref().unwrap_or(input.url);
    let prepared = match sniff_text(&text, input.content_type) {
        DocumentKind::Empty => return Err(IngestError::Empty),
        DocumentKind::Feed(Format::Json) => {
            let prepared_feed = json_feed::parse(&text)?;
            PreparedFeed {
                format: Format::Json,
                canonical: prepared_feed.canonical,
                feed: prepared_feed.feed,
                items: prepared_feed.items,
                repairs: prepared_feed.repairs,
            }
        }
        DocumentKind::Feed(_) => {
            let prepared_feed = xml_feed::parse(&text, url)
                .ok_or(IngestError::NotAFeed { looks_like: DocumentKind::Xml })?;
            PreparedFeed {
                format: prepared_feed.format,
                canonical: prepared_feed.canonical,
                feed: prepared_feed.feed,
                items: prepared_feed.items,
                repairs: prepared_feed.repairs,
            }
        }
        looks_like => return Err(IngestError::NotAFeed { looks_like }),
    };
    let parsed = feed_rs_adapter::parse(&prepared.canonical)
        .map_err(|source| IngestError::ParserRejected { source: source.to_string().into() })?;
    let has_title = parsed.title.as_ref().is_some_and(|title| !title.text.trim().is_empty());
    let mut problems = Vec::new();
    let (feed, bases) =
        normalise::feed(&parsed, &prepared.feed, prepared.format, url, &mut problems);
    // Items and raw fields are joined by position.
    if parsed.entries.len() != prepared.items.len() {
        let text = format!(
            "feed-rs found {} items, expected {}",
            parsed.entries.len(),
            prepared.items.len()
        );
        return Err(IngestError::ParserRejected { source: text.into() });
    }
    let mut drafts = Vec::with_capacity(parsed.entries.len());
    for (entry, raw) in parsed.entries.into_iter().zip(&prepared.items) {
        drafts.extend(normalise::item(entry, raw, &bases, &feed, &text, &mut problems));
    }
    if drafts.is_empty() && !has_title {
        return Err(IngestError::EmptyFeed);
    }
    keep_newest(&mut drafts, input.max_items, &mut problems);
    limit_per_code(&mut problems);
    Ok(UnsanitisedDocument {
        format: prepared.format,
        encoding,
        feed,
        drafts,
        repairs: prepared.repairs.into_list(&text),
        problems,
    })
}

/// Keeps the newest items in document order. An item without a date is as new as the item before
/// it.
fn keep_newest(drafts: &mut Vec<RawDraft>, max_items: usize, problems: &mut Vec<Problem>) {
    let count = drafts.len();
    if count <= max_items {
        return;
    }
    let mut last = None;
    let mut order: Vec<(usize, Option<feed_model::Timestamp>)> = Vec::with_capacity(count);
    for (index, draft) in drafts.iter().enumerate() {
        last = draft.date().or(last);
        order.push((index, last));
    }
    // The sort is stable: among equal dates, and without dates, the document order decides.
    order.sort_by_key(|(_, date)| std::cmp::Reverse(*date));
    let mut kept = vec![false; count];
    for (index, _) in order.into_iter().take(max_items) {
        kept[index] = true;
    }
    let mut kept = kept.into_iter();
    drafts.retain(|_| kept.next().unwrap_or(false));
    problems.push(Problem::note(
        "too-many-items",
        format!("The document has {count} items; only the {max_items} newest were used."),
    ));
}

/// Problems of one kind that are listed.
const MAX_PROBLEMS_PER_CODE: usize = 10;

fn limit_per_code(problems: &mut Vec<Problem>) {
    let mut counts: Vec<(String, usize)> = Vec::new();
    problems.retain(|problem| {
        let at = counts.iter().position(|(code, _)| *code == problem.code).unwrap_or_else(|| {
            counts.push((problem.code.to_string(), 0));
            counts.len() - 1
        });
        counts[at].1 += 1;
        counts[at].1 <= MAX_PROBLEMS_PER_CODE
    });
    for (code, count) in counts.into_iter().filter(|(_, count)| *count > MAX_PROBLEMS_PER_CODE) {
        let more = count - MAX_PROBLEMS_PER_CODE;
        problems.push(Problem::note(
            "more-problems",
            format!("{more} more problems of the kind `{code}` are not listed."),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_of_the_document() {
        assert!(!is_catching_panics());
        let result: Result<(), _> = catch_panics(|| {
            let _: Result<(), _> = catch_panics(|| Ok(()));
            assert!(is_catching_panics(), "the inner guard must not remove the outer one");
            panic!("{} of something", "the end");
        });
        let Err(IngestError::Panic { message }) = result else { panic!("the panic is an error") };
        assert_eq!(message, "the end of something");
        assert!(!is_catching_panics());
    }
}
