//! Single requests to callbacks, hubs and webhooks. They pass the address guard like all others.
//! No redirect is followed, because most of their receivers are chosen by strangers.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tracing::Instrument as _;
use url::Url;

use feed_model::{Headers, HostPattern};

use super::{
    body::{self, codings},
    client::Client,
    error::FetchError,
    request_span::{record_outcome, request_span},
    transport::classify_error,
};

/// The largest response that is read, in bytes.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// A request that is sent once.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where it is sent.
    pub url: Url,
    /// The body of a POST request; `None`: a GET request.
    pub body: Option<Bytes>,
    /// Header fields. A value that is not valid in a header is left out.
    pub headers: Vec<(&'static str, String)>,
}

/// The response to a [`Message`].
#[derive(Debug, Clone)]
pub struct MessageResponse {
    /// The HTTP status.
    pub status: u16,
    /// The response headers.
    pub headers: Headers,
    /// The body. Empty if that of a response to a POST request is larger than 64 KiB or incomplete.
    pub body: Bytes,
}

impl MessageResponse {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Client {
    /// Sends a message. The whole exchange ends within `timeout`.
    pub async fn send(
        &self,
        message: &Message,
        allow_hosts: &[HostPattern],
        timeout: Duration,
    ) -> Result<MessageResponse, FetchError> {
        let method = if message.body.is_some() { "POST" } else { "GET" };
        let span = request_span(&message.url, method);
        let exchange = self.exchange(message, allow_hosts).instrument(span.clone());
        let result = tokio::time::timeout(timeout, exchange)
            .await
            .unwrap_or(Err(FetchError::Timeout(timeout)));
        record_outcome(&span, result.as_ref().map(|response| response.status));
        result
    }

    async fn exchange(
        &self,
        message: &Message,
        allow_hosts: &[HostPattern],
    ) -> Result<MessageResponse, FetchError> {
        let url = &message.url;
        let client = self.guarded(url, allow_hosts).await?;
        let mut fields = HeaderMap::new();
        for (name, value) in &message.headers {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                fields.append(HeaderName::from_static(name), value);
            }
        }
        let request = match &message.body {
            Some(body) => client.request(Method::POST, url.clone()).body(body.clone()),
            None => client.request(Method::GET, url.clone()),
        };
        let response = request
            .headers(fields)
            .send()
            .await
            .map_err(|error| classify_error(url, error, self.options().connect_timeout))?;
        let status = response.status().as_u16();
        let mut headers = Headers::new();
        for (name, value) in response.headers() {
            headers.push(name.as_str(), value.as_bytes());
        }
        let codings = codings(headers.get_all("content-encoding"));
        let body = body::read(response, &codings, MAX_RESPONSE_BYTES).await;
        // What a receiver says about a delivery does not matter, if it says anything.
        let body = match body {
            Ok(body) => body.bytes.into(),
            Err(_) if message.body.is_some() => Bytes::new(),
            Err(error) => return Err(error),
        };
        Ok(MessageResponse { status, headers, body })
    }
}
