//! Asking one URL for one source: its credentials, its validators, and what the answer leaves behind.

use std::time::Duration;

use url::Url;

use super::Poller;
use crate::{
    fetch::{self, Accept, Credentials, Failure, Request, Response},
    store::SourceMemory,
};
use feed_model::{Source, Timestamp, Validators};

/// The exchanges of one attempt: what is known before, and what it adds up to.
pub(super) struct Exchanges<'a> {
    poller: &'a Poller,
    source: &'a Source,
    credentials: Option<Credentials>,
    known: Vec<(Url, Validators)>,
    /// Since when a redirect that asked to wait is waited for.
    put_off: Option<Timestamp>,
    /// Validators to store: only of answers that could be used.
    kept: Vec<(Url, Validators)>,
    /// When the last exchange ended: pauses are counted from there, so that the server never sees a shorter one.
    last: Option<Timestamp>,
    /// Whether an answer said `Cache-Control: private`.
    private: bool,
}

impl<'a> Exchanges<'a> {
    pub(super) fn new(poller: &'a Poller, source: &'a Source, memory: &SourceMemory) -> Result<Self, fetch::CredentialsError> {
        let settings = poller.settings.load();
        let credentials = match &source.auth {
            Some(auth) => Some(Credentials::load(auth, &settings.config_dir, settings.credentials_dir.as_deref())?),
            None => None,
        };
        let put_off = memory.last_request.filter(|_| memory.last_error_class.as_deref() == Some("redirect-later"));
        let known = memory.validators.clone();
        Ok(Self { poller, source, credentials, known, put_off, kept: Vec::new(), last: None, private: false })
    }

    /// Asks one URL, conditionally where validators of it are known. Exactly one exchange, redirects included.
    pub(super) async fn ask(&mut self, url: &Url, accept: Accept) -> Answer {
        self.ask_so(url, accept, Manner::default()).await
    }

    /// The same of a URL that nobody named to us, with the pause before it that its site asks for (Crawl-delay).
    pub(super) async fn ask_after(&mut self, url: &Url, accept: Accept, pause: Option<Duration>) -> Answer {
        self.ask_so(url, accept, Manner { pause, ..Manner::default() }).await
    }

    /// The same, in a manner of its own.
    pub(super) async fn ask_so(&mut self, url: &Url, accept: Accept, manner: Manner<'_>) -> Answer {
        let client = self.poller.client.load_full();
        let known = &self.known;
        let validators_of = |asked: &Url| match manner.condition {
            Condition::Known => known.iter().find(|(u, _)| u == asked).map(|(_, v)| v.clone()),
            Condition::None => None,
            Condition::These(validators) => (asked == url).then(|| validators.clone()),
        };
        // Credentials are for the source's own origin, wherever its pages link to; robots.txt is for everybody.
        let own = url.origin() == self.source.url.origin() && accept != Accept::Robots;
        let result = client
            .get(Request {
                url,
                accept,
                validators_of: &validators_of,
                limits: &self.source.limits,
                allow_hosts: &self.source.allow_hosts,
                http2: self.source.http2,
                reader: Some(&self.source.id).filter(|_| self.credentials.is_none()),
                put_off: self.put_off,
                auth: self.credentials.as_ref().filter(|_| own),
                // Also of a host that feeds.toml exempts from our own pauses: this one the site itself asks for.
                min_gap: manner.pause,
                now: self.poller.clock.now(),
            })
            .await;
        self.last = Some(self.poller.clock.now());
        let response = match result {
            Ok(response) => response,
            Err(failure) => return Answer::Failed(failure),
        };
        if let Some(name) = site_discovery::challenge(response.status, &response.headers, &response.body) {
            return Answer::Challenge(response, name);
        }
        match response.status {
            304 => {
                let held = validators_of(&response.final_url).filter(|held| !held.is_empty());
                // A 304 that was not asked for says nothing: its validators would hide the document for good.
                let Some(held) = held else { return Answer::Refused(response) };
                if accept != Accept::Robots {
                    self.keep(&response.final_url, held.completed_from(&response.headers));
                }
                Answer::NotModified(response)
            }
            // A part that was not asked for (206) is no document.
            200..=205 | 207..=299 => Answer::Document(response),
            _ => Answer::Refused(response),
        }
    }

    /// Takes over the validators of an answer whose body could be used: exactly its own, whatever was held before.
    pub(super) fn accept(&mut self, response: &Response) {
        self.keep(&response.final_url, Validators::of(&response.headers));
        let private = response
            .headers
            .texts("cache-control")
            .any(|v| v.split(',').any(|d| d.trim().split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("private"))));
        if private {
            self.private = true;
        }
    }

    /// Forgets what is held, so that everything answers in full: for looking anew at what a site has.
    pub(super) fn look_anew(&mut self) {
        self.known.clear();
    }

    /// Keeps none of the validators after all: what came could not be used, and must come again.
    pub(super) fn discard(&mut self) {
        self.kept.clear();
    }

    fn keep(&mut self, url: &Url, validators: Validators) {
        self.kept.retain(|(u, _)| u != url);
        self.kept.push((url.clone(), validators));
    }

    /// Whether validators of this URL were known before.
    pub(super) fn knows(&self, url: &Url) -> bool {
        self.known.iter().any(|(u, v)| u == url && !v.is_empty())
    }

    /// Whether validators of this URL are known now.
    pub(super) fn has_validators(&self, url: &Url) -> bool {
        match self.kept.iter().find(|(u, _)| u == url) {
            Some((_, validators)) => !validators.is_empty(),
            None => self.knows(url),
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
        self.kept.clone()
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
pub(super) struct Manner<'a> {
    /// What makes the request conditional.
    pub(super) condition: Condition<'a>,
    /// A longer pause than usual before it: the site's Crawl-delay.
    pub(super) pause: Option<Duration>,
}

/// What makes a request conditional.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Condition<'a> {
    /// The validators that the source knows of the URL, if any.
    #[default]
    Known,
    /// Nothing: the document is needed whatever is known, since nothing of it was kept.
    None,
    /// These, for the URL itself.
    These(&'a Validators),
}

/// How one URL answered.
pub(super) enum Answer {
    /// 304: what is held is still good.
    NotModified(Response),
    /// A document. Its validators are not taken over until it could be used: see [`Exchanges::accept`].
    Document(Response),
    /// Another status.
    Refused(Response),
    /// A challenge page, and whose; never a document.
    Challenge(Response, &'static str),
    /// No answer that could be used.
    Failed(Failure),
}
