//! One document, top to bottom.

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

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct FeedInput<'a> {
    /// The document, content codings undone.
    pub bytes: &'a [u8],
    /// The HTTP field `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The HTTP field `Content-Location`: before the address, what relative ones are relative to
    /// (RFC 3986 §5.1.2).
    pub content_location: Option<&'a str>,
    /// Where it came from in the end: the base of last resort.
    pub url: &'a Url,
    /// Items that are taken at most, the newest first.
    pub max_items: usize,
}

/// A document read, whose HTML is not sanitised yet and so cannot be taken out.
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
    /// How many items were taken.
    pub fn item_count(&self) -> usize {
        self.drafts.len()
    }

    /// Sanitises every text and gives the document.
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

/// Reads a feed of any dialect. A panic within a library is this document's error.
pub fn parse_feed(input: &FeedInput<'_>) -> Result<Document, IngestError> {
    catch_panics(|| parse_uncaught(input).map(UnsanitisedDocument::sanitise))
}

/// Reads a feed without sanitising its texts: the first half of [`parse_feed`].
pub fn parse_unsanitised(input: &FeedInput<'_>) -> Result<UnsanitisedDocument, IngestError> {
    catch_panics(|| parse_uncaught(input))
}

thread_local! {
    static CATCHING_PANICS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is reading a document, so that a panic becomes that document's error: nobody
/// has to be told of it otherwise. For a program's panic hook.
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

/// What both kinds of documents give once they are made ready.
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
    // An item and its notes belong together by their place alone.
    if parsed.entries.len() != prepared.items.len() {
        let text = format!(
            "the parser sees {} items where there are {}",
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

/// Keeps the newest items, in the document's order; what has no date is as new as what stands
/// before it.
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
    // Stable: among equals, and where there are no dates at all, the document's order decides.
    order.sort_by_key(|(_, date)| std::cmp::Reverse(*date));
    let mut kept = vec![false; count];
    for (index, _) in order.into_iter().take(max_items) {
        kept[index] = true;
    }
    let mut kept = kept.into_iter();
    drafts.retain(|_| kept.next().unwrap_or(false));
    problems.push(Problem::note(
        "too-many-items",
        format!("The document has {count} items; the {max_items} newest were taken."),
    ));
}

/// At most this many problems of one kind are worth a person's time.
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
            format!("{more} more of the kind `{code}` are not listed."),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_documents_error_and_the_thread_knows_that_it_is_guarded() {
        assert!(!is_catching_panics());
        let result: Result<(), _> = catch_panics(|| {
            let _: Result<(), _> = catch_panics(|| Ok(()));
            assert!(is_catching_panics(), "an inner guard must not take the outer one away");
            panic!("{} of something", "the end");
        });
        assert!(
            matches!(result, Err(IngestError::Panic { message }) if message == "the end of something")
        );
        assert!(!is_catching_panics());
    }
}
