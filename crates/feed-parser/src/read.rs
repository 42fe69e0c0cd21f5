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
    json, normalise, parse,
    sniff::{Kind, sniff_text},
    tidy::{self, FeedNotes, ItemNotes},
    url::http_url,
};
use feed_model::{Document, Encoding, FeedMeta, Format, Problem, Repair};

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The document, content codings undone.
    pub bytes: &'a [u8],
    /// The HTTP field `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The HTTP field `Content-Location`: before the address, what relative ones are relative to (RFC 3986 §5.1.2).
    pub content_location: Option<&'a str>,
    /// Where it came from in the end: the base of last resort.
    pub url: &'a Url,
    /// Items that are taken at most, the newest first.
    pub max_items: usize,
}

/// A document read, whose HTML is not sanitised yet and so cannot be taken out.
#[derive(Debug)]
pub struct Parsed {
    format: Format,
    encoding: Encoding,
    feed: FeedMeta,
    drafts: Vec<RawDraft>,
    repairs: Vec<Repair>,
    problems: Vec<Problem>,
}

impl Parsed {
    /// How many items were taken.
    pub fn items(&self) -> usize {
        self.drafts.len()
    }

    /// Sanitises every text and gives the document.
    pub fn sanitised(self) -> Document {
        let mut problems = self.problems;
        let drafts = self.drafts.into_iter().map(|draft| draft.finish(&mut problems)).collect();
        Document { format: self.format, encoding: self.encoding, feed: self.feed, drafts, repairs: self.repairs, problems }
    }
}

/// Reads a feed of any dialect. A panic within a library is this document's error.
pub fn read(input: &Input<'_>) -> Result<Document, IngestError> {
    guarded(|| parse_document(input).map(Parsed::sanitised))
}

/// Reads a feed without sanitising its texts: the first half of [`read`].
pub fn parse_only(input: &Input<'_>) -> Result<Parsed, IngestError> {
    guarded(|| parse_document(input))
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is reading a document, so that a panic becomes that document's error: nobody has to be told of it
/// otherwise. For a program's panic hook.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

fn guarded<T>(work: impl FnOnce() -> Result<T, IngestError>) -> Result<T, IngestError> {
    let around = GUARDED.replace(true);
    // Nothing that `work` touches outlives it.
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(around);
    result.unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(IngestError::Panic { message: message.unwrap_or("no message").to_owned() })
    })
}

/// What both kinds of documents give once they are made ready.
struct Ready {
    format: Format,
    canonical: String,
    feed: FeedNotes,
    items: Vec<ItemNotes>,
    repairs: super::repairs::Repairs,
}

fn parse_document(input: &Input<'_>) -> Result<Parsed, IngestError> {
    let (text, encoding) = decode_borrowed(input.bytes, input.content_type);
    let located = input.content_location.and_then(|location| http_url(location, Some(input.url)));
    let url = located.as_ref().unwrap_or(input.url);
    let ready = match sniff_text(&text, input.content_type) {
        Kind::Empty => return Err(IngestError::Empty),
        Kind::Feed(Format::Json) => {
            let tidied = json::tidy(&text)?;
            Ready {
                format: Format::Json,
                canonical: tidied.canonical,
                feed: tidied.feed,
                items: tidied.items,
                repairs: tidied.repairs,
            }
        }
        Kind::Feed(_) => {
            let tidied = tidy::tidy(&text, url).ok_or(IngestError::NotAFeed { looks_like: Kind::Xml })?;
            Ready {
                format: tidied.format,
                canonical: tidied.canonical,
                feed: tidied.feed,
                items: tidied.items,
                repairs: tidied.repairs,
            }
        }
        looks_like => return Err(IngestError::NotAFeed { looks_like }),
    };
    let parsed = parse::parse(&ready.canonical).map_err(|source| IngestError::Refused { source: source.to_string().into() })?;
    let titled = parsed.title.as_ref().is_some_and(|title| !title.text.trim().is_empty());
    let mut problems = Vec::new();
    let (feed, bases) = normalise::feed(&parsed, &ready.feed, ready.format, url, &mut problems);
    // An item and its notes belong together by their place alone.
    if parsed.entries.len() != ready.items.len() {
        let text = format!("the parser sees {} items where there are {}", parsed.entries.len(), ready.items.len());
        return Err(IngestError::Refused { source: text.into() });
    }
    let mut drafts = Vec::with_capacity(parsed.entries.len());
    for (entry, notes) in parsed.entries.into_iter().zip(&ready.items) {
        drafts.extend(normalise::item(entry, notes, &bases, &feed, &text, &mut problems));
    }
    if drafts.is_empty() && !titled {
        return Err(IngestError::NothingInIt);
    }
    keep_newest(&mut drafts, input.max_items, &mut problems);
    limit_repeats(&mut problems);
    Ok(Parsed { format: ready.format, encoding, feed, drafts, repairs: ready.repairs.into_list(&text), problems })
}

/// Keeps the newest items, in the document's order; what has no date is as new as what stands before it.
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
    problems.push(Problem::note("too-many-items", format!("The document has {count} items; the {max_items} newest were taken.")));
}

/// At most this many problems of one kind are worth a person's time.
const MAX_PROBLEMS_OF_A_KIND: usize = 10;

fn limit_repeats(problems: &mut Vec<Problem>) {
    let mut counts: Vec<(String, usize)> = Vec::new();
    problems.retain(|problem| {
        let at = counts.iter().position(|(code, _)| *code == problem.code).unwrap_or_else(|| {
            counts.push((problem.code.to_string(), 0));
            counts.len() - 1
        });
        counts[at].1 += 1;
        counts[at].1 <= MAX_PROBLEMS_OF_A_KIND
    });
    for (code, count) in counts.into_iter().filter(|(_, count)| *count > MAX_PROBLEMS_OF_A_KIND) {
        let more = count - MAX_PROBLEMS_OF_A_KIND;
        problems.push(Problem::note("more-problems", format!("{more} more of the kind `{code}` are not listed.")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_documents_error_and_the_thread_knows_that_it_is_guarded() {
        assert!(!is_guarded());
        let result: Result<(), _> = guarded(|| {
            let _: Result<(), _> = guarded(|| Ok(()));
            assert!(is_guarded(), "an inner guard must not take the outer one away");
            panic!("{} of something", "the end");
        });
        assert!(matches!(result, Err(IngestError::Panic { message }) if message == "the end of something"));
        assert!(!is_guarded());
    }
}
