//! The result of fetching a source, before anything is decided or stored.

use url::Url;

use feed_model::{
    Draft, Encoding, FollowMode, FollowTarget, Format, Headers, PollOutcome, Repair, Timestamp,
    UpdateHints,
};

use super::{crawl_result::CrawlResult, session::FetchOutcome};
use crate::{
    fetch::{Hop, Response},
    store::{Arrival, FeedMetadata, HubOffer, PollError},
    telemetry,
};

/// The HTTP exchange that decided the result.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    pub(super) status: Option<u16>,
    pub(super) final_url: Option<Url>,
    pub(super) hops: Vec<Hop>,
    pub(super) request_headers: Headers,
    pub(super) headers: Headers,
}

impl Trace {
    fn of(response: &Response) -> Self {
        Self {
            status: Some(response.status),
            final_url: Some(response.final_url.clone()),
            hops: response.hops.clone(),
            request_headers: response.request_headers.clone(),
            headers: response.headers.clone(),
        }
    }
}

/// The result of fetching one source.
pub(super) struct FetchedSource {
    pub(super) trace: Trace,
    /// How the source was fetched; [`FollowMode::Auto`] if no way to follow it is known.
    pub(super) follow_mode: FollowMode,
    /// How the source can be followed, if that was found out anew.
    pub(super) followed: Option<FollowTarget>,
    /// Whether the site was checked for a feed.
    pub(super) reviewed: bool,
    pub(super) result: FetchResult,
}

/// The usable part of what was fetched.
pub(super) enum FetchResult {
    /// The server answered 304. Pages of a crawl may still have brought entries.
    NotModified(CrawlResult),
    /// The document has the same bytes as the last one. Pages may still have brought entries.
    SameBody(CrawlResult),
    /// A new document was read.
    Content(Box<Content>),
    /// The source could not be fetched.
    Failed { outcome: PollOutcome, error: PollError },
}

/// A new document.
pub(super) struct Content {
    /// The hub that it names.
    pub(super) hub: HubOffer,
    pub(super) metadata: FeedMetadata,
    pub(super) details: FeedDetails,
    /// The update hints in a feed; sitemaps and pages have none.
    pub(super) update_hints: Option<UpdateHints>,
    pub(super) body_digest: [u8; 32],
    pub(super) found: CrawlResult,
}

/// Details of a document that only `inspect` shows.
pub(super) struct FeedDetails {
    pub(super) format: Format,
    pub(super) encoding: Option<Encoding>,
    pub(super) repairs: Vec<Repair>,
    pub(super) updated: Option<Timestamp>,
}

impl FetchedSource {
    /// Creates the result of a usable response.
    pub(super) fn of_response(
        response: &Response,
        follow_mode: FollowMode,
        result: FetchResult,
    ) -> Self {
        Self { trace: Trace::of(response), follow_mode, followed: None, reviewed: false, result }
    }

    /// Creates the result of a failed poll.
    pub(super) fn failed(failure: PollFailure, follow_mode: FollowMode) -> Self {
        Self {
            trace: failure.trace,
            follow_mode,
            followed: None,
            reviewed: false,
            result: FetchResult::Failed { outcome: failure.outcome, error: failure.error },
        }
    }

    /// Returns the outcome as far as it is known before the entries are stored.
    pub(super) fn outcome(&self) -> PollOutcome {
        match &self.result {
            FetchResult::NotModified(_) => PollOutcome::NotModified,
            FetchResult::SameBody(_) | FetchResult::Content(_) => PollOutcome::Unchanged,
            FetchResult::Failed { outcome, .. } => *outcome,
        }
    }

    pub(super) fn error(&self) -> Option<&PollError> {
        match &self.result {
            FetchResult::Failed { error, .. } => Some(error),
            _ => None,
        }
    }

    pub(super) fn content(&self) -> Option<&Content> {
        match &self.result {
            FetchResult::Content(content) => Some(content),
            _ => None,
        }
    }

    /// Returns the URL that answered. Its validators decide the minimum interval. `None` after a
    /// failure.
    pub(super) fn polled_url(&self) -> Option<&Url> {
        self.trace.final_url.as_ref().filter(|_| self.error().is_none())
    }

    /// Returns the entries and pages that were found, unless the poll failed.
    pub(super) fn found(&self) -> Option<&CrawlResult> {
        match &self.result {
            FetchResult::NotModified(found) | FetchResult::SameBody(found) => Some(found),
            FetchResult::Content(content) => Some(&content.found),
            FetchResult::Failed { .. } => None,
        }
    }

    /// The same as [`FetchedSource::found`], to be changed.
    pub(super) fn found_mut(&mut self) -> Option<&mut CrawlResult> {
        match &mut self.result {
            FetchResult::NotModified(found) | FetchResult::SameBody(found) => Some(found),
            FetchResult::Content(content) => Some(&mut content.found),
            FetchResult::Failed { .. } => None,
        }
    }

    /// Returns the entries that were found.
    pub(super) fn drafts(&self) -> &[(Draft, Arrival)] {
        self.found().map(|found| found.drafts.as_slice()).unwrap_or_default()
    }
}

impl FetchResult {
    /// Returns what was found and, for a new document, its metadata and digest.
    pub(super) fn into_parts(self) -> (CrawlResult, Option<(FeedMetadata, [u8; 32])>) {
        match self {
            Self::NotModified(found) | Self::SameBody(found) => (found, None),
            Self::Content(content) => {
                (content.found, Some((content.metadata, content.body_digest)))
            }
            Self::Failed { .. } => (CrawlResult::default(), None),
        }
    }
}

/// Why a source or one of its pages could not be fetched.
pub(super) struct PollFailure {
    pub(super) outcome: PollOutcome,
    pub(super) trace: Trace,
    pub(super) error: PollError,
}

impl PollFailure {
    /// Describes a response that is not a usable document.
    pub(super) fn of(fetch_outcome: FetchOutcome) -> Self {
        match fetch_outcome {
            FetchOutcome::Challenge(response, provider) => Self {
                outcome: PollOutcome::Challenge,
                trace: Trace::of(&response),
                error: PollError {
                    class: "challenge".into(),
                    text: format!("the server answered with a bot challenge ({provider})"),
                },
            },
            FetchOutcome::Failed(failure) => Self {
                outcome: PollOutcome::Failed,
                error: PollError {
                    class: failure.error.class().into(),
                    text: telemetry::chain(&failure.error),
                },
                trace: Trace {
                    status: failure.status,
                    final_url: failure.hops.last().map(|hop| hop.to.clone()),
                    hops: failure.hops,
                    request_headers: failure.request_headers,
                    headers: failure.headers.unwrap_or_default(),
                },
            },
            FetchOutcome::Document(response)
            | FetchOutcome::NotModified(response)
            | FetchOutcome::ErrorStatus(response) => Self::unexpected_status(&response),
        }
    }

    fn unexpected_status(response: &Response) -> Self {
        let url = &response.final_url;
        let (outcome, text) = match response.status {
            410 => (PollOutcome::Gone, format!("{url} answered 410 Gone")),
            206 => {
                (PollOutcome::Failed, format!("{url} answered 206, though no range was requested"))
            }
            304 => (
                PollOutcome::Failed,
                format!("{url} answered 304, though the request was not conditional"),
            ),
            status => (PollOutcome::Failed, format!("{url} answered {status}")),
        };
        let error = PollError { class: format!("http-{}", response.status), text };
        Self { outcome, trace: Trace::of(response), error }
    }

    /// Describes a document that cannot be used.
    pub(super) fn unusable_document(response: &Response, class: &str, text: String) -> Self {
        Self {
            outcome: PollOutcome::Failed,
            trace: Trace::of(response),
            error: PollError { class: class.to_owned(), text },
        }
    }

    /// Describes a URL that robots.txt forbids.
    pub(super) fn robots_forbidden(reason: String) -> Self {
        Self::before_request("robots", reason)
    }

    /// Describes a failure without any response.
    pub(super) fn before_request(class: &str, text: String) -> Self {
        Self {
            outcome: PollOutcome::Failed,
            trace: Trace::default(),
            error: PollError { class: class.into(), text },
        }
    }
}
