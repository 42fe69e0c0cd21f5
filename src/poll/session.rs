//! The requests of one poll: credentials, validators, and what the responses leave to be stored.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use url::Url;

use feed_model::{FollowMode, FollowWay, Source, Timestamp, Validators};

use super::{document_memory::ReservedMemory, poller::Poller};
use crate::{
    fetch::{self, Accept, Credentials, Failure, Request, Response},
    store::SourceRecord,
};

/// The requests of one poll.
pub(super) struct FetchSession<'a> {
    poller: &'a Poller,
    source: &'a Source,
    credentials: Option<Credentials>,
    known: Vec<(Url, Validators)>,
    /// Since when a redirect with `Retry-After` has been waited for.
    redirect_delayed_since: Option<Timestamp>,
    /// The validators to store, of usable responses only.
    new_validators: Vec<(Url, Validators)>,
    /// When the last request ended. Pauses are counted from there, so that the server never sees a
    /// shorter one.
    last_request: Option<Timestamp>,
    /// Whether a usable response had `Cache-Control: private`.
    is_private: bool,
    /// The ways to follow the site that were tried.
    ways: Vec<FollowWay>,
    /// Whether discovery tries every way, even after one was found.
    surveys: bool,
    /// The memory of the document that was read.
    memory: Mutex<Option<ReservedMemory>>,
}

/// What the requests of a poll leave to be stored.
#[derive(Debug, Default)]
pub(super) struct SessionSummary {
    /// When the last request ended, if there was one.
    pub(super) last_request: Option<Timestamp>,
    /// The new validators of URLs.
    pub(super) validators: Vec<(Url, Validators)>,
    /// Whether a usable response had `Cache-Control: private`.
    pub(super) is_private: bool,
    /// Whether the server sends validators for the polled URL; `None` after a failure.
    pub(super) has_validators: Option<bool>,
    /// The ways to follow the site that were tried, if there was a discovery.
    pub(super) ways: Vec<FollowWay>,
    /// The memory of the document that was read, which is free when it is stored.
    pub(super) memory: Option<ReservedMemory>,
}

impl<'a> FetchSession<'a> {
    pub(super) fn new(
        poller: &'a Poller,
        source: &'a Source,
        source_record: &SourceRecord,
    ) -> Result<Self, fetch::CredentialsError> {
        let settings = poller.settings.load();
        let credentials = match &source.auth {
            Some(auth) => Some(Credentials::load(
                auth,
                &settings.config_dir,
                settings.credentials_dir.as_deref(),
            )?),
            None => None,
        };
        let redirect_delayed_since = source_record
            .last_request
            .filter(|_| source_record.last_error_class.as_deref() == Some("redirect-later"));
        let known = source_record.validators.clone();
        Ok(Self {
            poller,
            source,
            credentials,
            known,
            redirect_delayed_since,
            new_validators: Vec::new(),
            last_request: None,
            is_private: false,
            ways: Vec::new(),
            surveys: poller.surveys,
            memory: Mutex::default(),
        })
    }

    /// Requests a URL, conditionally if its validators are known. Redirects are followed.
    pub(super) async fn fetch(&mut self, url: &Url, accept: Accept) -> FetchOutcome {
        self.fetch_with(url, accept, RequestOptions::default()).await
    }

    /// The same with the pause that the site's robots.txt asks for (Crawl-delay).
    pub(super) async fn fetch_with_delay(
        &mut self,
        url: &Url,
        accept: Accept,
        pause: Option<Duration>,
    ) -> FetchOutcome {
        self.fetch_with(url, accept, RequestOptions { pause, ..RequestOptions::default() }).await
    }

    /// The same with options.
    pub(super) async fn fetch_with(
        &mut self,
        url: &Url,
        accept: Accept,
        options: RequestOptions<'_>,
    ) -> FetchOutcome {
        let client = self.poller.client.load_full();
        let known = &self.known;
        let validators_of = |hop: &Url| match options.condition {
            RequestCondition::Known => known.iter().find(|(u, _)| u == hop).map(|(_, v)| v.clone()),
            RequestCondition::None => None,
            RequestCondition::Explicit(validators) => (hop == url).then(|| validators.clone()),
        };
        // Credentials are sent to the source's own origin only, and not for robots.txt.
        let is_own_origin = url.origin() == self.source.url.origin() && accept != Accept::Robots;
        let result = client
            .get(Request {
                url,
                accept,
                validators_of: &validators_of,
                limits: &self.source.limits,
                allow_hosts: &self.source.allow_hosts,
                http2: self.source.http2,
                source_id: Some(&self.source.id).filter(|_| self.credentials.is_none()),
                redirect_delayed_since: self.redirect_delayed_since,
                auth: self.credentials.as_ref().filter(|_| is_own_origin),
                // Applies to hosts in `allow_hosts` as well: the site itself asks for it.
                min_gap: options.pause,
                now: self.poller.clock.now(),
            })
            .await;
        self.last_request = Some(self.poller.clock.now());
        let response = match result {
            Ok(response) => response,
            Err(failure) => return FetchOutcome::Failed(failure),
        };
        if let Some(provider) =
            site_discovery::detect_bot_challenge(response.status, &response.headers, &response.body)
        {
            return FetchOutcome::Challenge(response, provider);
        }
        match response.status {
            304 => {
                let stored = validators_of(&response.final_url).filter(|stored| !stored.is_empty());
                // A 304 to an unconditional request is an error. Stored validators of it would make
                // every later response a 304.
                let Some(stored) = stored else {
                    return FetchOutcome::ErrorStatus(response);
                };
                if accept != Accept::Robots {
                    self.set_validators(
                        &response.final_url,
                        stored.freshened_by(&response.headers),
                    );
                }
                FetchOutcome::NotModified(response)
            }
            // 206 is not a whole document.
            200..=205 | 207..=299 => FetchOutcome::Document(response),
            _ => FetchOutcome::ErrorStatus(response),
        }
    }

    /// Keeps exactly the validators of a usable response for its URL.
    pub(super) fn record_validators(&mut self, response: &Response) {
        self.set_validators(&response.final_url, Validators::from_headers(&response.headers));
        let is_private = response.headers.get_all("cache-control").any(|v| {
            v.split(',').any(|d| {
                d.trim().split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("private"))
            })
        });
        if is_private {
            self.is_private = true;
        }
    }

    /// Forgets the known validators, so that no request is conditional.
    pub(super) fn forget_validators(&mut self) {
        self.known.clear();
    }

    /// Discards the new validators: the documents could not be used and must be sent again.
    pub(super) fn discard_validators(&mut self) {
        self.new_validators.clear();
    }

    fn set_validators(&mut self, url: &Url, validators: Validators) {
        self.new_validators.retain(|(u, _)| u != url);
        self.new_validators.push((url.clone(), validators));
    }

    /// Returns whether validators of this URL were known before.
    pub(super) fn had_validators(&self, url: &Url) -> bool {
        self.known.iter().any(|(u, v)| u == url && !v.is_empty())
    }

    fn has_validators(&self, url: &Url) -> bool {
        match self.new_validators.iter().find(|(u, _)| u == url) {
            Some((_, validators)) => !validators.is_empty(),
            None => self.had_validators(url),
        }
    }

    /// Ends the session. `polled_url` is the URL that answered, if the poll succeeded.
    pub(super) fn finish(self, polled_url: Option<&Url>) -> SessionSummary {
        SessionSummary {
            has_validators: polled_url.map(|url| self.has_validators(url)),
            last_request: self.last_request,
            validators: self.new_validators,
            is_private: self.is_private,
            ways: self.ways,
            memory: self.memory.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Waits until a document of this size may be parsed beside those of other polls. Its memory is
    /// reserved until the poll is stored.
    pub(super) async fn reserve_memory(&self, bytes: usize) {
        // Two polls that hold a document each must not wait for each other.
        drop(self.reserved_memory().take());
        let reserved = self.poller.document_memory.reserve(bytes).await;
        *self.reserved_memory() = Some(reserved);
    }

    fn reserved_memory(&self) -> std::sync::MutexGuard<'_, Option<ReservedMemory>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records what a way to follow the site brings.
    pub(super) fn record_way(&mut self, way: FollowMode, entries: usize, because: String) {
        self.ways.retain(|known| known.way != way);
        self.ways.push(FollowWay { way, entries, because });
    }

    /// Returns whether discovery tries every way, even after one was found.
    pub(super) fn surveys(&self) -> bool {
        self.surveys
    }

    /// Returns the poller.
    pub(super) fn poller(&self) -> &Poller {
        self.poller
    }

    /// Returns the source that is polled.
    pub(super) fn source(&self) -> &Source {
        self.source
    }
}

/// Options of one request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RequestOptions<'a> {
    /// What makes the request conditional.
    pub(super) condition: RequestCondition<'a>,
    /// The site's Crawl-delay, if it is longer than the usual pause.
    pub(super) pause: Option<Duration>,
}

/// What makes a request conditional.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum RequestCondition<'a> {
    /// The validators that are stored for the URL, if any.
    #[default]
    Known,
    /// Nothing: the whole document is needed.
    None,
    /// These validators of the requested URL.
    Explicit(&'a Validators),
}

/// The result of a request.
pub(super) enum FetchOutcome {
    /// 304: the stored document is current.
    NotModified(Response),
    /// A document. Its validators are kept only if it can be used: see
    /// [`FetchSession::record_validators`].
    Document(Response),
    /// Another status.
    ErrorStatus(Response),
    /// A bot challenge, and its provider. It is never a document.
    Challenge(Response, &'static str),
    /// No usable response.
    Failed(Failure),
}
