//! `/hub`: subscriptions to our documents (WebSub §5), and the documents that may be subscribed to.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response, StatusCode, header},
};
use url::Url;

use feed_model::TopicId;
use feed_publisher::{Addresses, FeedFormat, pages::PageError};

use super::{
    app::App,
    content_encoding::ContentEncoding,
    encoded_document::EncodedDocument,
    response,
    routes::{self, TopicError, find_topics},
};
use crate::{
    config::Hub,
    push::{HubForm, OutgoingDocument},
    site::{self, FeedSearch, PageName},
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
    /// this path. A path of a topic that was renamed leads to the topic.
    pub async fn hub_document(&self, path: &str) -> Result<Option<OutgoingDocument>, StoreError> {
        let document = match self.document(path) {
            Some(document) => Some(document),
            None => self.requested_document(path).await?,
        };
        Ok(document.and_then(|document| {
            let hub_url = document.hub.clone()?;
            Some(OutgoingDocument {
                etag: document.etag.clone(),
                media_type: document.media_type,
                body: document.bytes(ContentEncoding::Identity).1,
                topic_url: self.settings().addresses().absolute(&document.path),
                hub_url,
            })
        }))
    }

    /// Returns a feed that is rendered on request: a union, a digest or a search.
    async fn requested_document(
        &self,
        path: &str,
    ) -> Result<Option<Arc<EncodedDocument>>, StoreError> {
        if let Some((path, query)) = path.split_once('?') {
            return self.search_document(path, query).await;
        }
        let Some((members, file)) = self.members_and_file(path) else { return Ok(None) };
        if let Some(format) = FeedFormat::from_file_name(file) {
            return self.feed(members, format).await;
        }
        match (Addresses::parse_digest_file(file), <[TopicId; 1]>::try_from(members)) {
            (Some((period, format)), Ok([topic])) => self.digests(topic, period, format).await,
            _ => Ok(None),
        }
    }

    async fn search_document(
        &self,
        path: &str,
        query: &str,
    ) -> Result<Option<Arc<EncodedDocument>>, StoreError> {
        let of_site = |format: &FeedFormat| Addresses::search_feed_path(*format) == path;
        let found = match FeedFormat::ALL.into_iter().find(of_site) {
            Some(format) => Some((Vec::new(), format)),
            None => self.members_and_file(path).and_then(|(members, file)| {
                FeedFormat::from_file_name(file).map(|format| (members, format))
            }),
        };
        let Some((members, format)) = found else { return Ok(None) };
        let text = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "q");
        let search = FeedSearch::new(members, &text.map(|(_, text)| text).unwrap_or_default());
        // A search has one address.
        let is_canonical = search.path(format).split_once('?') == Some((path, query));
        if is_canonical { self.search(search, format).await.map(Some) } else { Ok(None) }
    }

    /// Returns a text that changes whenever the document may have changed that the hub delivers at
    /// this path. It costs less than the document.
    pub async fn hub_version(&self, path: &str) -> Result<String, StoreError> {
        if let Some(document) = self.document(path) {
            return Ok(document.etag.clone());
        }
        if let Some((mut members, file)) = self.members_and_file(path)
            && let Some((period, _)) = Addresses::parse_digest_file(file)
            && let Some(topic) = members.pop()
        {
            let (settings, store) = (self.settings_number(), self.store());
            let version =
                store.read_async(move |reader| reader.digests_version(&topic, period)).await?;
            return Ok(format!("{settings} {version}"));
        }
        Ok(self.generation().to_string())
    }

    /// Returns the paths of the documents that another hub is told of, with their entity tags: the
    /// feeds of topics, and their digests. Those have no tag until they are rendered.
    pub fn hub_documents(&self) -> Vec<(String, String)> {
        let mut documents = self.documents_with_hub();
        let digests = site::digest_paths(&self.settings()).into_iter();
        documents.extend(digests.map(|path| (path, String::new())));
        documents.sort_unstable();
        documents
    }

    /// Returns the topics and the file of the address of a feed. The former id of a topic leads to
    /// the topic; other addresses that redirect have none.
    fn members_and_file<'p>(&self, path: &'p str) -> Option<(Vec<TopicId>, &'p str)> {
        let (name, file) = path.strip_prefix("/topics/")?.split_once('/')?;
        let members = match find_topics(self, name) {
            Ok(members) => members,
            Err(TopicError::Moved(to)) if !name.contains('+') => find_topics(self, &to).ok()?,
            Err(_) => return None,
        };
        Some((members, file))
    }
}
