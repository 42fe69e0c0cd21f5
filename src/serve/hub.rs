//! `/hub`: subscriptions to our documents (WebSub §5), and the documents that may be subscribed to.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response, StatusCode, header},
};
use url::Url;

use feed_publisher::{FeedFormat, pages::PageError};

use super::{
    app::App,
    content_encoding::ContentEncoding,
    encoded_document::EncodedDocument,
    response,
    routes::{self, find_topics},
};
use crate::{
    config::Hub,
    push::{HubForm, OutgoingDocument},
    site::PageName,
    store::{HubRequest, HubRequestResult, StoreError},
};

/// The largest body of a request, in bytes. The longest valid one has a topic, a callback and a
/// secret.
const MAX_BODY_BYTES: usize = 16 * 1024;
/// The longest time that a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// `Retry-After` in seconds if there are too many subscriptions.
const RETRY_AFTER_S: u64 = 600;

/// Accepts a request to subscribe or to unsubscribe, which the subscriber has to confirm.
pub(super) async fn request(State(app): State<App>, request: Request) -> Response<Body> {
    let Some(inbox) = app.inbox().filter(|_| app.settings().hub == Hub::Own) else {
        return not_found(app, request.headers()).await;
    };
    let body = to_bytes(request.into_body(), MAX_BODY_BYTES);
    let Ok(body) = tokio::time::timeout(BODY_TIMEOUT, body).await else {
        return response::plain_text(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not arrive in time",
        );
    };
    let Ok(body) = body else {
        return response::plain_text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    };
    let form = match HubForm::parse(&body, &inbox.allow_hosts()) {
        Ok(form) => form,
        Err(error) => return response::plain_text(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let result = async {
        let Some(path) = app.path_of(&form.topic) else { return Ok(None) };
        if app.hub_document(&path).await?.is_none() {
            return Ok(None);
        }
        let callback = form.callback.to_string();
        inbox.request(HubRequest { path, callback, change: form.change }).await.map(Some)
    };
    match result.await {
        Ok(Some(HubRequestResult::Queued | HubRequestResult::NotSubscribed)) => {
            response::plain_text(StatusCode::ACCEPTED, "accepted")
        }
        Ok(Some(HubRequestResult::Full)) => {
            let text = "there are too many subscriptions; try again later";
            let mut response = response::plain_text(StatusCode::SERVICE_UNAVAILABLE, text);
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
            response
        }
        Ok(None) => {
            let text = "hub.topic is not the address of a feed of this site";
            response::plain_text(StatusCode::NOT_FOUND, text)
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "cannot store a request to the hub"
            );
            response::plain_text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the request cannot be stored now",
            )
        }
    }
}

async fn not_found(app: App, headers: &HeaderMap) -> Response<Body> {
    routes::page(State(app), headers.clone(), PageName::Error(PageError::NotFound)).await
}

impl App {
    /// Returns the path of an absolute address of the site.
    fn path_of(&self, address: &str) -> Option<String> {
        let address = Url::parse(address).ok()?;
        let base = self.settings().addresses().absolute("");
        let base =
            Url::parse(&base).map_or(base, |url| url.as_str().trim_end_matches('/').to_owned());
        let path = address.as_str().strip_prefix(base.as_str())?;
        path.starts_with('/').then(|| path.to_owned())
    }

    /// Returns the current version of a document that the hub delivers; `None` if there is none at
    /// this path.
    pub async fn hub_document(&self, path: &str) -> Result<Option<OutgoingDocument>, StoreError> {
        let document = match self.document(path) {
            Some(document) => Some(document),
            None => self.union_document(path).await?,
        };
        Ok(document.and_then(|document| {
            let hub_url = document.hub.clone()?;
            Some(OutgoingDocument {
                etag: document.etag.clone(),
                media_type: document.media_type,
                body: document.bytes(ContentEncoding::Identity).1,
                topic_url: self.settings().addresses().absolute(path),
                hub_url,
            })
        }))
    }

    async fn union_document(
        &self,
        path: &str,
    ) -> Result<Option<std::sync::Arc<EncodedDocument>>, StoreError> {
        let parts = path.strip_prefix("/topics/").and_then(|rest| rest.split_once('/'));
        let Some((name, file)) = parts else { return Ok(None) };
        match (find_topics(self, name), FeedFormat::from_file_name(file)) {
            (Ok(members), Some(format)) => self.feed(members, format).await,
            _ => Ok(None),
        }
    }

    /// Returns the paths and entity tags of the documents that are rendered in advance and name a
    /// hub.
    pub fn hub_documents(&self) -> Vec<(String, String)> {
        let mut documents = self.documents_with_hub();
        documents.sort_unstable();
        documents
    }
}
