//! From a document to an answer: status, header fields, body.

use std::fmt::Write as _;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
};

use crate::site::SiteSettings;

use super::{ContentEncoding, EncodedDocument, PreconditionResult, evaluate};

/// How long a stale answer may be used while a new one is fetched, and while we do not answer at
/// all (RFC 5861).
const STALE_IF_ERROR_S: u64 = 86_400;

/// What an answer says beside the document itself.
pub(super) struct ResponseOptions {
    /// The status where the reader has not got it already.
    pub status: StatusCode,
    /// Seconds that it may be kept unasked; `None`: it must be asked for each time.
    pub max_age_s: Option<u64>,
    /// The `Link` field.
    pub link: Option<String>,
    /// Whether the answer depends on `A-IM`: where a part may be sent.
    pub supports_delta: bool,
    /// Whether it is for its reader alone: no shared cache may keep it (RFC 9111 §5.2.2.7), no
    /// search engine list it.
    pub is_private: bool,
}

impl ResponseOptions {
    /// The options of a document or page that is there.
    pub(super) fn from_settings(settings: &SiteSettings) -> Self {
        Self {
            status: StatusCode::OK,
            max_age_s: Some(settings.max_age.as_secs()),
            link: None,
            supports_delta: false,
            is_private: !settings.audience.is_public(),
        }
    }

    /// Whether what is asked for is there: whole, or the part that is new to the reader.
    fn is_found(&self) -> bool {
        matches!(self.status, StatusCode::OK | StatusCode::IM_USED)
    }
}

/// What the answer is of, also where it does not say so: a 304 has no `Content-Type`, and its other
/// fields replace those that the browser holds (RFC 9111 §3.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct MediaType(pub(super) &'static str);

/// Answers a GET or HEAD; the body of a HEAD is taken away where answers leave.
pub(super) fn respond(
    held: &EncodedDocument,
    request: &HeaderMap,
    options: &ResponseOptions,
) -> Response<Body> {
    let none_match = header_values(request, &header::IF_NONE_MATCH);
    let modified_since = header_values(request, &header::IF_MODIFIED_SINCE).first().copied();
    let verdict = if options.is_found() {
        evaluate(&none_match, modified_since, &held.etag, held.last_modified)
    } else {
        PreconditionResult::Send
    };
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(MediaType(held.media_type));
    let fields = response.headers_mut();
    let varies = if options.supports_delta { "accept-encoding, a-im" } else { "accept-encoding" };
    fields.insert(header::VARY, HeaderValue::from_static(varies));
    fields.insert(header::CACHE_CONTROL, cache_control(options));
    if options.is_private {
        fields.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    }
    if options.is_found() {
        insert(fields, header::ETAG, &held.etag);
        if let Some(at) = held.last_modified {
            insert(fields, header::LAST_MODIFIED, &httpdate::fmt_http_date(at.into()));
        }
        if let Some(link) = &options.link {
            insert(fields, header::LINK, link);
        }
    }
    if verdict == PreconditionResult::NotModified {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let (coding, bytes) =
        held.bytes(ContentEncoding::negotiate(&header_values(request, &header::ACCEPT_ENCODING)));
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(held.media_type));
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(name) = coding.name() {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if options.status == StatusCode::IM_USED {
        fields.insert(HeaderName::from_static("im"), HeaderValue::from_static("feed"));
    }
    *response.status_mut() = options.status;
    *response.body_mut() = Body::from(bytes);
    response
}

/// The `Link` field of a feed: itself, its page, its other forms (RFC 8288).
pub(super) fn link_header(own: &str, page: &str, others: &[(String, &'static str)]) -> String {
    let mut value =
        format!("<{own}>; rel=\"self\", <{page}>; rel=\"alternate\"; type=\"text/html\"");
    for (url, media_type) in others {
        let _ = write!(value, ", <{url}>; rel=\"alternate\"; type=\"{media_type}\"");
    }
    value
}

/// A short plain text: for the probes, and for what has no page.
pub(super) fn plain_text(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sends a reader to the same under another address, for good (RFC 9110 §15.4.9).
pub(super) fn redirect(to: &str) -> Response<Body> {
    let mut response = plain_text(StatusCode::PERMANENT_REDIRECT, &format!("moved to {to}"));
    insert(response.headers_mut(), header::LOCATION, to);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

/// Every line of a field that is text.
pub(super) fn header_values<'r>(request: &'r HeaderMap, name: &HeaderName) -> Vec<&'r str> {
    request.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
}

fn cache_control(options: &ResponseOptions) -> HeaderValue {
    // A cache that does not know about parts must not take one for the whole (RFC 3229 §10.8.2);
    // its reader is told our pace all the same.
    if options.status == StatusCode::IM_USED {
        let value = format!("no-store, im, max-age={}", options.max_age_s.unwrap_or_default());
        return HeaderValue::try_from(value).expect("numbers and words are a field value");
    }
    let whose = if options.is_private { "private" } else { "public" };
    let value = options.max_age_s.map_or_else(
        || "no-cache".to_owned(),
        |s| format!("{whose}, max-age={s}, stale-while-revalidate={s}, stale-if-error={STALE_IF_ERROR_S}"),
    );
    HeaderValue::try_from(value).expect("numbers and words are a field value")
}

/// Inserts what we wrote ourselves; what is no field value (an address with an odd letter) is left
/// out.
fn insert(fields: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        fields.insert(name, value);
    }
}
