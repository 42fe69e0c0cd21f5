//! Asking one URL for one source: its credentials, its validators, and what the answer leaves
//! behind.

use std::time::Duration;

use url::Url;

use super::Poller;
use crate::{
    fetch::{self, Accept, Credentials, Failure, Request, Response},
    store::SourceRecord,
};
use feed_model::{Source, Timestamp, Validators};

/// The session of one attempt: what is known before, and what it adds up to.
pub(super) struct FetchSession<'a> {
    poller: &'a Poller,
    source: &'a Source,
    credentials: Option<Credentials>,
    known: Vec<(Url, Validators)>,
    /// Since when a redirect that asked to wait is waited for.
    redirect_delayed_since: Option<Timestamp>,
    /// Validators to store: only of answers that could be used.
    new_validators: Vec<(Url, Validators)>,
    /// When the last exchange ended: pauses are counted from there, so that the server never sees a
    /// shorter one.
    last: Option<Timestamp>,
    /// Whether an answer said `Cache-Control: private`.
    private: bool,
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
            last: None,
            private: false,
        })
    }

    /// Asks one URL, conditionally where validators of it are known. Exactly one exchange,
    /// redirects included.
    pub(super) async fn fetch(&mut self, url: &Url, accept: Accept) -> FetchOutcome {
        self.fetch_with(url, accept, RequestOptions::default()).await
    }

    /// The same of a URL that nobody named to us, with the pause before it that its site asks for
    /// (Crawl-delay).
    pub(super) async fn fetch_with_delay(
        &mut self,
        url: &Url,
        accept: Accept,
        pause: Option<Duration>,
    ) -> FetchOutcome {
        self.fetch_with(url, accept, RequestOptions { pause, ..RequestOptions::default() }).await
    }

    /// The same, in a options of its own.
    pub(super) async fn fetch_with(
        &mut self,
        url: &Url,
        accept: Accept,
        options: RequestOptions<'_>,
    ) -> FetchOutcome {
        let client = self.poller.client.load_full();
        let known = &self.known;
        let validators_of = |asked: &Url| match options.condition {
            RequestCondition::Known => {
                known.iter().find(|(u, _)| u == asked).map(|(_, v)| v.clone())
            }
            RequestCondition::None => None,
            RequestCondition::Explicit(validators) => (asked == url).then(|| validators.clone()),
        };
        // Credentials are for the source's own origin, wherever its pages link to; robots.txt is
        // for everybody.
        let own = url.origin() == self.source.url.origin() && accept != Accept::Robots;
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
                auth: self.credentials.as_ref().filter(|_| own),
                // Also of a host that feeds.toml exempts from our own pauses: this one the site
                // itself asks for.
                min_gap: options.pause,
                now: self.poller.clock.now(),
            })
            .await;
        self.last = Some(self.poller.clock.now());
        let response = match result {
            Ok(response) => response,
            Err(failure) => return FetchOutcome::Failed(failure),
        };
        if let Some(name) =
            site_discovery::detect_bot_challenge(response.status, &response.headers, &response.body)
        {
            return FetchOutcome::Challenge(response, name);
        }
        match response.status {
            304 => {
                let stored = validators_of(&response.final_url).filter(|stored| !stored.is_empty());
                // A 304 that was not asked for says nothing: its validators would hide the document
                // for good.
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
            // A part that was not asked for (206) is no document.
            200..=205 | 207..=299 => FetchOutcome::Document(response),
            _ => FetchOutcome::ErrorStatus(response),
        }
    }

    /// Takes over the validators of an answer whose body could be used: exactly its own, whatever
    /// was stored before.
    pub(super) fn record_validators(&mut self, response: &Response) {
        self.set_validators(&response.final_url, Validators::from_headers(&response.headers));
        let private = response.headers.get_all("cache-control").any(|v| {
            v.split(',').any(|d| {
                d.trim().split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("private"))
            })
        });
        if private {
            self.private = true;
        }
    }

    /// Forgets what is stored, so that everything answers in full: for looking anew at what a site
    /// has.
    pub(super) fn forget_validators(&mut self) {
        self.known.clear();
    }

    /// Keeps none of the validators after all: what came could not be used, and must come again.
    pub(super) fn discard_validators(&mut self) {
        self.new_validators.clear();
    }

    fn set_validators(&mut self, url: &Url, validators: Validators) {
        self.new_validators.retain(|(u, _)| u != url);
        self.new_validators.push((url.clone(), validators));
    }

    /// Whether validators of this URL were known before.
    pub(super) fn had_validators(&self, url: &Url) -> bool {
        self.known.iter().any(|(u, v)| u == url && !v.is_empty())
    }

    /// Whether validators of this URL are known now.
    pub(super) fn has_validators(&self, url: &Url) -> bool {
        match self.new_validators.iter().find(|(u, _)| u == url) {
            Some((_, validators)) => !validators.is_empty(),
            None => self.had_validators(url),
        }
    }

    /// When the last exchange ended; `None`: there was none.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Whether an answer that could be used said `Cache-Control: private`.
    pub(super) fn private(&self) -> bool {
        self.private
    }

    /// The validators to store.
    pub(super) fn validators(&self) -> Vec<(Url, Validators)> {
        self.new_validators.clone()
    }

    /// The poller that this attempt belongs to.
    pub(super) fn poller(&self) -> &Poller {
        self.poller
    }

    /// The source that this attempt is for.
    pub(super) fn source(&self) -> &Source {
        self.source
    }
}

/// How one URL is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RequestOptions<'a> {
    /// What makes the request conditional.
    pub(super) condition: RequestCondition<'a>,
    /// A longer pause than usual before it: the site's Crawl-delay.
    pub(super) pause: Option<Duration>,
}

/// What makes a request conditional.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum RequestCondition<'a> {
    /// The validators that the source knows of the URL, if any.
    #[default]
    Known,
    /// Nothing: the document is needed whatever is known, since nothing of it was kept.
    None,
    /// Explicit, for the URL itself.
    Explicit(&'a Validators),
}

/// How one URL answered.
pub(super) enum FetchOutcome {
    /// 304: what is stored is still good.
    NotModified(Response),
    /// A document. Its validators are not taken over until it could be used: see
    /// [`FetchSession::record_validators`].
    Document(Response),
    /// Another status.
    ErrorStatus(Response),
    /// A challenge page, and whose; never a document.
    Challenge(Response, &'static str),
    /// No answer that could be used.
    Failed(Failure),
}
