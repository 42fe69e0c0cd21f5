//! The messages of a hub: questions to subscribers, documents, and pings of another hub.

use bytes::Bytes;
use url::Url;

use super::signature::sign;
use crate::{
    fetch::Message,
    store::{HubRequest, SubscriptionChange},
};

/// A document as it is sent to subscribers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingDocument {
    /// Its entity tag.
    pub etag: String,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// Its bytes.
    pub body: Bytes,
    /// Its absolute address.
    pub topic_url: String,
    /// The hub that it names.
    pub hub_url: String,
}

/// Returns the question whether a subscriber wants what was asked for in its name (WebSub §5.3).
/// The response must be the challenge.
pub fn verification_message(
    request: &HubRequest,
    callback: Url,
    topic_url: &str,
    challenge: &str,
) -> Message {
    let mut url = callback;
    {
        let mut query = url.query_pairs_mut();
        let mode = match request.change {
            SubscriptionChange::Subscribe { .. } => "subscribe",
            SubscriptionChange::Unsubscribe => "unsubscribe",
        };
        query.append_pair("hub.mode", mode);
        query.append_pair("hub.topic", topic_url);
        query.append_pair("hub.challenge", challenge);
        if let SubscriptionChange::Subscribe { lease_s, .. } = request.change {
            query.append_pair("hub.lease_seconds", &lease_s.to_string());
        }
    }
    Message { url, body: None, headers: Vec::new() }
}

/// Returns the delivery of a document to a subscriber (WebSub §7). With a secret it is signed.
pub fn document_message(
    document: &OutgoingDocument,
    callback: Url,
    secret: Option<&str>,
) -> Message {
    let mut headers = vec![
        ("content-type", document.media_type.to_owned()),
        (
            "link",
            format!("<{}>; rel=\"self\", <{}>; rel=\"hub\"", document.topic_url, document.hub_url),
        ),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    if let Some(secret) = secret {
        headers.push(("x-hub-signature", sign(secret, &document.body)));
    }
    Message { url: callback, body: Some(document.body.clone()), headers }
}

/// Returns the message to another hub that a document changed. WebSub §6 leaves its form open; this
/// is the one that hubs know from PubSubHubbub.
pub fn ping_message(hub: Url, topic_url: &str) -> Message {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "publish")
        .append_pair("hub.url", topic_url)
        .append_pair("hub.topic", topic_url)
        .finish();
    let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    Message { url: hub, body: Some(body.into()), headers }
}
