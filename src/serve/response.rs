//! Responses with documents: status, headers and body.

use std::fmt::Write as _;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
};

use feed_publisher::FeedFormat;

use crate::site::{RenderedFeed, SiteSettings};

use super::{
    conditional::{PreconditionResult, evaluate},
    content_encoding::ContentEncoding,
    encoded_document::EncodedDocument,
};

/// Seconds that caches may serve an outdated response if the server fails (RFC 5861).
const STALE_IF_ERROR_S: u64 = 86_400;

/// The parts of a response that do not depend on the document.
pub(super) struct ResponseOptions {
    /// The status, unless the client has the current document.
    pub status: StatusCode,
    /// Seconds that caches may keep the response. `None`: they must revalidate it each time.
    pub max_age_s: Option<u64>,
    /// The `Link` header.
    pub link: Option<String>,
    /// Whether the response depends on `A-IM`, because new entries only may be sent.
    pub supports_delta: bool,
    /// Whether shared caches must not keep the response (RFC 9111 §5.2.2.7) and search engines must
    /// not index it.
    pub is_private: bool,
}

impl ResponseOptions {
    /// Returns the options of a document or page that exists.
    pub(super) fn from_settings(settings: &SiteSettings) -> Self {
        Self {
            status: StatusCode::OK,
            max_age_s: Some(settings.max_age.as_secs()),
            link: None,
            supports_delta: false,
            is_private: !settings.audience.is_public(),
        }
    }

    /// Whether the response contains the document or its new entries.
    fn is_success(&self) -> bool {
        matches!(self.status, StatusCode::OK | StatusCode::IM_USED)
    }
}

/// The media type of the document, as an extension of the response. A 304 has no `Content-Type`,
/// but needs the headers that depend on it, because they replace the stored ones (RFC 9111 §3.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct MediaType(pub(super) &'static str);

/// Returns the response to a GET or HEAD request. [`guard`](super::guard) removes the body of HEAD.
pub(super) fn respond(
    document: &EncodedDocument,
    request: &HeaderMap,
    options: &ResponseOptions,
) -> Response<Body> {
    let none_match = header_values(request, &header::IF_NONE_MATCH);
    let modified_since = header_values(request, &header::IF_MODIFIED_SINCE).first().copied();
    let precondition = if options.is_success() {
        evaluate(&none_match, modified_since, &document.etag, document.last_modified)
    } else {
        PreconditionResult::Send
    };
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(MediaType(document.media_type));
    let headers = response.headers_mut();
    let vary = if options.supports_delta { "accept-encoding, a-im" } else { "accept-encoding" };
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    headers.insert(header::CACHE_CONTROL, cache_control(options));
    if options.is_private || is_feed(document.media_type) {
        let noindex = HeaderValue::from_static("noindex");
        headers.insert(HeaderName::from_static("x-robots-tag"), noindex);
    }
    if document.feed.as_ref().is_some_and(RenderedFeed::reserves_tdm) {
        headers.insert(HeaderName::from_static("tdm-reservation"), HeaderValue::from_static("1"));
    }
    if options.is_success() {
        insert(headers, header::ETAG, &document.etag);
        if let Some(at) = document.last_modified {
            insert(headers, header::LAST_MODIFIED, &httpdate::fmt_http_date(at.into()));
        }
        if let Some(link) = &options.link {
            insert(headers, header::LINK, link);
        }
    }
    if precondition == PreconditionResult::NotModified {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let accepted = header_values(request, &header::ACCEPT_ENCODING);
    let (encoding, bytes) = document.bytes(ContentEncoding::negotiate(&accepted));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.media_type));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(name) = encoding.name() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if options.status == StatusCode::IM_USED {
        headers.insert(HeaderName::from_static("im"), HeaderValue::from_static("feed"));
    }
    *response.status_mut() = options.status;
    *response.body_mut() = Body::from(bytes);
    response
}

/// Returns the `Link` header of a feed: itself, its hub, its page and its other formats (RFC 8288).
pub(super) fn link_header(
    own: &str,
    hub: Option<&str>,
    page: &str,
    others: &[(String, &'static str)],
) -> String {
    let mut value = format!("<{own}>; rel=\"self\"");
    if let Some(hub) = hub {
        let _ = write!(value, ", <{hub}>; rel=\"hub\"");
    }
    let _ = write!(value, ", <{page}>; rel=\"alternate\"; type=\"text/html\"");
    for (url, media_type) in others {
        let _ = write!(value, ", <{url}>; rel=\"alternate\"; type=\"{media_type}\"");
    }
    value
}

/// Returns a short plain text, for health probes and errors without a page.
pub(super) fn plain_text(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Returns an Atom feed for one reader, which no cache may keep.
pub(super) fn private_feed(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/atom+xml; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    response
}

/// Returns a permanent redirect (308, RFC 9110 §15.4.9).
pub(super) fn redirect(to: &str) -> Response<Body> {
    let mut response = plain_text(StatusCode::PERMANENT_REDIRECT, &format!("moved to {to}"));
    insert(response.headers_mut(), header::LOCATION, to);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

/// Returns the lines of a header that are text.
pub(super) fn header_values<'r>(request: &'r HeaderMap, name: &HeaderName) -> Vec<&'r str> {
    request.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
}

/// Whether a document is a feed. Search engines should show the pages of the publishers.
fn is_feed(media_type: &str) -> bool {
    FeedFormat::ALL.into_iter().any(|format| media_type == format.content_type())
}

fn cache_control(options: &ResponseOptions) -> HeaderValue {
    // A cache that does not implement deltas must not store one as the document (RFC 3229
    // §10.8.2). The client still gets the polling interval.
    if options.status == StatusCode::IM_USED {
        let value = format!("no-store, im, max-age={}", options.max_age_s.unwrap_or_default());
        return HeaderValue::try_from(value).expect("numbers and words are a field value");
    }
    let scope = if options.is_private { "private" } else { "public" };
    let value = match options.max_age_s {
        None => "no-cache".to_owned(),
        Some(s) => format!(
            "{scope}, max-age={s}, stale-while-revalidate={s}, stale-if-error={STALE_IF_ERROR_S}"
        ),
    };
    HeaderValue::try_from(value).expect("numbers and words are a field value")
}

/// Inserts a header. A value that is not valid in a header (an address with a non-ASCII character)
/// is omitted.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
