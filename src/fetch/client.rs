//! One exchange: a request, the redirects on its way, and an answer within its limits.
//!
//! Redirects are followed by hand, so that each hop is looked at by the guard, waits at its own
//! host's host_limits, and is sent the validators that belong to it and no credentials that do not
//! (RFC 9110 §15.4).

use std::{
    collections::HashMap,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::{Host, Url};

use super::{
    FetchError,
    body::{self, codings},
    credentials::Credentials,
    guard,
    host_limits::HostLimits,
    resolver::{GuardedResolver, Lookup, SystemLookup},
    response_cache::{CacheKey, CachedResponse, ResponseCache},
    transport::{build, classify_error, roots},
};
use crate::schedule;
use feed_model::{FetchLimits, Headers, HostPattern, SourceId, Timestamp, Validators};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// Constant, so that a server's tags per coding stay comparable.
const ACCEPT_ENCODING: &str = "gzip, br, zstd, deflate";

/// What is asked for: it picks the `Accept` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accept {
    /// A feed of any kind, or a page that may name one.
    Feed,
    /// A page.
    Page,
    /// A sitemap.
    Sitemap,
    /// robots.txt.
    Robots,
}

impl Accept {
    fn field(self) -> &'static str {
        match self {
            Self::Feed => {
                "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, application/xml;q=0.8, \
                 text/xml;q=0.8, application/json;q=0.7, text/html;q=0.5, */*;q=0.1"
            }
            Self::Page => "text/html, application/xhtml+xml;q=0.9, */*;q=0.1",
            Self::Sitemap => "application/xml, text/xml;q=0.9, text/plain;q=0.5, */*;q=0.1",
            Self::Robots => "text/plain, */*;q=0.1",
        }
    }
}

/// How a client behaves towards everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// The `User-Agent` field.
    pub user_agent: String,
    /// Requests at a time to one host.
    pub per_host: usize,
    /// Pause between two of them.
    pub host_gap: Duration,
    /// The same, for hosts of `allow_hosts`.
    pub host_gap_exempt: Duration,
    /// Requests at a time in all.
    pub concurrency: usize,
    /// A proxy for everything, trusted wherever it stands; proxies of the environment are ignored.
    pub proxy: Option<Url>,
    /// Authorities whose certificates are believed beside those of the public web, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// For a connection, name look-up and TLS included.
    pub connect_timeout: Duration,
}

/// One exchange that is wanted.
pub struct Request<'a> {
    /// Where.
    pub url: &'a Url,
    /// What is asked for.
    pub accept: Accept,
    /// The validators that a URL gave: asked for each hop, so that none is sent to a URL that did
    /// not give it.
    pub validators_of: &'a (dyn Fn(&Url) -> Option<Validators> + Send + Sync),
    /// What the exchange may cost.
    pub limits: &'a FetchLimits,
    /// Hosts that are exempt from the guard and the pause.
    pub allow_hosts: &'a [HostPattern],
    /// Whether HTTP/2 is offered.
    pub http2: bool,
    /// Who asks: an answer that another source was just cached to the same key is taken instead of
    /// asking again. `None`: it is asked whatever the others know.
    pub source_id: Option<&'a SourceId>,
    /// Since when a redirect that asked to wait was not followed yet: what was waited since then
    /// has been waited.
    pub redirect_delayed_since: Option<Timestamp>,
    /// Sent to the origin of `url` alone.
    pub auth: Option<&'a Credentials>,
    /// A longer pause than usual since the last request to this host (robots.txt Crawl-delay).
    pub min_gap: Option<Duration>,
    /// Now: a `Retry-After` on a redirect may name a date.
    pub now: Timestamp,
}

/// One redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// From where.
    pub from: Url,
    /// To where.
    pub to: Url,
    /// Its status.
    pub status: u16,
    /// Whether it is meant for good: 301 or 308.
    pub permanent: bool,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    /// What was asked for.
    pub requested: Url,
    /// What answered, behind the redirects.
    pub final_url: Url,
    /// The redirects.
    pub hops: Vec<Hop>,
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: Headers,
    /// The decoded body.
    pub body: Bytes,
    /// Bytes of the body on the wire.
    pub wire_bytes: u64,
    /// What was sent to `final_url`, without secrets.
    pub request_headers: Headers,
}

/// No answer, and as far as it came.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: FetchError,
    /// The redirects until then.
    pub hops: Vec<Hop>,
    /// The status, where there was one.
    pub status: Option<u16>,
    /// The header fields, where there were any.
    pub headers: Option<Headers>,
    /// What was sent last, without secrets.
    pub request_headers: Headers,
}

/// The HTTP client: a cheap handle.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    options: ClientOptions,
    host_limits: HostLimits,
    lookup: Arc<dyn Lookup>,
    roots: Arc<rustls::RootCertStore>,
    response_cache: ResponseCache,
    /// One client for each set of exemptions: connections that an exemption opened are never used
    /// without it.
    clients: Mutex<HashMap<String, reqwest::Client>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that looks names up as the system does.
    pub fn new(options: ClientOptions) -> Result<Self, FetchError> {
        Self::with_lookup(options, Arc::new(SystemLookup))
    }

    /// A client with a resolver of its own.
    pub fn with_lookup(
        options: ClientOptions,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, FetchError> {
        let host_limits = HostLimits::new(options.per_host, options.concurrency);
        let roots = roots(options.ca_file.as_deref())?;
        let client = Self(Arc::new(Inner {
            options,
            host_limits,
            lookup,
            roots,
            response_cache: ResponseCache::default(),
            clients: Mutex::default(),
        }));
        client.client_for(&[], true)?;
        Ok(client)
    }

    /// How it behaves.
    pub fn options(&self) -> &ClientOptions {
        &self.0.options
    }

    /// Makes one exchange, within its deadline.
    pub async fn get(&self, request: Request<'_>) -> Result<Response, Failure> {
        let mut state = ExchangeState::default();
        let outcome = self.follow_redirects(&request, &mut state).await;
        outcome.map_err(|error| Failure {
            error,
            hops: state.hops,
            status: state.status,
            headers: state.headers,
            request_headers: state.request_headers,
        })
    }

    async fn follow_redirects(
        &self,
        request: &Request<'_>,
        state: &mut ExchangeState,
    ) -> Result<Response, FetchError> {
        let origin = request.url.origin();
        let mut url = without_userinfo(request.url);
        // Time spent waiting at the gates is ours, not the publisher's: the deadline counts the
        // exchanges alone.
        let mut time_left = request.limits.timeout;
        loop {
            Self::check_url(&url, request.allow_hosts)?;
            let key = Self::cache_key(&url, request);
            let lock_key = match &key {
                Some(key) => Some(self.0.response_cache.lock_key(key).await),
                None => None,
            };
            if let Some(response) = self.get_cached(key.as_ref(), &url, request, state) {
                return Ok(response);
            }
            let exempt = url
                .host_str()
                .is_some_and(|host| request.allow_hosts.iter().any(|p| p.matches_host(host)));
            let usual =
                if exempt { self.0.options.host_gap_exempt } else { self.0.options.host_gap };
            let gap = request.min_gap.map_or(usual, |min| min.max(usual));
            let permit = self.0.host_limits.acquire(&url, gap).await;
            let begun = tokio::time::Instant::now();
            let credentials = request.auth.filter(|_| url.origin() == origin);
            let step = self.step(&url, request, credentials, state);
            let result = tokio::time::timeout(time_left, step)
                .await
                .map_err(|_| FetchError::Timeout(request.limits.timeout))?;
            drop(permit);
            time_left = time_left.saturating_sub(begun.elapsed());
            match result? {
                Step::Answer(response) => {
                    if let Some((key, source_id)) = key.zip(request.source_id) {
                        self.0.response_cache.put(
                            key,
                            source_id,
                            cached(&response, request),
                            request.now,
                        );
                    }
                    return Ok(*response);
                }
                Step::Redirect(to, wait) => {
                    drop(lock_key);
                    if wait >= time_left {
                        return Err(FetchError::RedirectLater { to: shown(&to), wait });
                    }
                    tokio::time::sleep(wait).await;
                    time_left = time_left.saturating_sub(wait);
                    url = to;
                }
            }
        }
    }

    /// One request and its answer, or where it leads on.
    async fn step(
        &self,
        url: &Url,
        request: &Request<'_>,
        credentials: Option<&Credentials>,
        state: &mut ExchangeState,
    ) -> Result<Step, FetchError> {
        self.check_host(url, request.allow_hosts).await?;
        let client = self.client_for(request.allow_hosts, request.http2)?;
        let mut fields = HeaderMap::new();
        fields.insert("accept", HeaderValue::from_static(request.accept.field()));
        fields.insert("accept-encoding", HeaderValue::from_static(ACCEPT_ENCODING));
        if let Some(validators) = (request.validators_of)(url) {
            for (name, value) in [
                ("if-none-match", validators.etag),
                ("if-modified-since", validators.last_modified),
            ] {
                if let Some(value) = value.and_then(|v| HeaderValue::from_bytes(&v).ok()) {
                    fields.insert(name, value);
                }
            }
        }
        state.request_headers = std::iter::once(("user-agent", self.0.options.user_agent.as_str()))
            .chain(fields.iter().filter_map(|(n, v)| v.to_str().ok().map(|v| (n.as_str(), v))))
            .collect();
        if let Some(credentials) = credentials {
            let name = HeaderName::from_bytes(credentials.name.as_bytes())
                .map_err(|e| FetchError::Client(Box::new(e)))?;
            let mut value = HeaderValue::from_str(&credentials.value)
                .map_err(|e| FetchError::Client(Box::new(e)))?;
            value.set_sensitive(true);
            fields.insert(name, value);
            state.request_headers.push(&credentials.name, "(not shown)");
        }
        let answer = client
            .get(url.clone())
            .headers(fields)
            .send()
            .await
            .map_err(|error| classify_error(url, error, self.0.options.connect_timeout))?;
        let status = answer.status().as_u16();
        let mut headers = Headers::new();
        for (name, value) in answer.headers() {
            headers.push(name.as_str(), value.as_bytes());
        }
        state.status = Some(status);
        state.headers = Some(headers.clone());
        if matches!(status, 301 | 302 | 303 | 307 | 308) {
            let to = state.redirect(url, status, headers.text("location"))?;
            // On a redirect it is the least time until the next request (RFC 9110 §10.2.3).
            let until = schedule::retry_after(status, &headers, request.now);
            let wait = until.and_then(|at| (at - request.now).to_std().ok()).unwrap_or_default();
            // Who asks for the same pause each time is heard once: else it would never be followed.
            let waited = request
                .redirect_delayed_since
                .and_then(|since| (request.now - since).to_std().ok())
                .unwrap_or_default();
            return Ok(Step::Redirect(to, wait.saturating_sub(waited)));
        }
        let codings = codings(headers.get_all("content-encoding"));
        // 304 and HEAD-like answers have no body, whatever they say (RFC 9110 §15.4.5).
        let body = if matches!(status, 204 | 304) {
            body::Body { bytes: Vec::new(), wire_bytes: 0 }
        } else {
            body::read(answer, &codings, request.limits.max_body_bytes).await?
        };
        Ok(Step::Answer(Box::new(Response {
            requested: request.url.clone(),
            final_url: url.clone(),
            hops: std::mem::take(&mut state.hops),
            status,
            headers,
            body: body.bytes.into(),
            wire_bytes: body.wire_bytes,
            request_headers: std::mem::take(&mut state.request_headers),
        })))
    }

    /// What a request asks, where the answer may be lent to other sources: what is asked for with
    /// credentials is for who has them, and what is no feed has few readers.
    fn cache_key(url: &Url, request: &Request<'_>) -> Option<CacheKey> {
        let shared =
            request.source_id.is_some() && request.auth.is_none() && request.accept == Accept::Feed;
        shared.then(|| CacheKey {
            url: url.clone(),
            accept: request.accept,
            connection_profile: connection_profile(request.allow_hosts, request.http2),
        })
    }

    /// The answer that another source was just cached to the same key.
    fn get_cached(
        &self,
        key: Option<&CacheKey>,
        url: &Url,
        request: &Request<'_>,
        state: &mut ExchangeState,
    ) -> Option<Response> {
        let stored = (request.validators_of)(url).unwrap_or_default();
        let cached = self.0.response_cache.get_cached(
            key?,
            request.source_id?,
            &stored,
            request.limits.max_body_bytes,
            request.now,
        )?;
        // By what way it came there is each one's own.
        Some(Response {
            requested: request.url.clone(),
            hops: std::mem::take(&mut state.hops),
            ..cached.response
        })
    }

    /// Looks at what can be told before a name is looked up: the scheme, and an address that is
    /// written out.
    fn check_url(url: &Url, exempt: &[HostPattern]) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Scheme(shown(url)));
        }
        let literal: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(FetchError::Scheme(shown(url))),
        };
        // The HTTP library asks the resolver for names alone: an address that is written out is
        // vetted here.
        let host = url.host_str().unwrap_or_default();
        match literal {
            Some(address) if !guard::permits(host, address, exempt) => {
                Err(FetchError::PrivateAddress {
                    host: host.to_owned(),
                    address: address.to_string(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Behind a proxy nothing of ours dials the address: the name is looked at before it is handed
    /// over. Any address that is closed to us closes the name, since the proxy chooses among them.
    /// `socks5h` asks not to look names up here: then only those are refused that are local by
    /// their form.
    async fn check_host(&self, url: &Url, exempt: &[HostPattern]) -> Result<(), FetchError> {
        let (Some(proxy), Some(Host::Domain(name))) = (&self.0.options.proxy, url.host()) else {
            return Ok(());
        };
        let host = name.to_owned();
        if exempt.iter().any(|pattern| pattern.matches_host(name)) {
            return Ok(());
        }
        if guard::is_local_name(name) {
            return Err(FetchError::PrivateAddress { host, address: "a local name".to_owned() });
        }
        if proxy.scheme() == "socks5h" {
            return Ok(());
        }
        let found = self.0.lookup.addresses(host.clone()).await;
        let found = found
            .map_err(|source| FetchError::Dns { host: host.clone(), source: Box::new(source) })?;
        match found.iter().find(|address| !guard::permits(name, address.ip(), exempt)) {
            Some(closed) => {
                Err(FetchError::PrivateAddress { host, address: closed.ip().to_string() })
            }
            None => Ok(()),
        }
    }

    fn client_for(
        &self,
        exempt: &[HostPattern],
        http2: bool,
    ) -> Result<reqwest::Client, FetchError> {
        let key = connection_profile(exempt, http2);
        let mut clients = self.0.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = build(
            &self.0.options,
            &self.0.roots,
            http2,
            GuardedResolver {
                lookup: self.0.lookup.clone(),
                exempt: exempt.into(),
                proxy: self.0.options.proxy.as_ref().and_then(Url::host_str).map(Into::into),
            },
        )?;
        clients.insert(key, client.clone());
        Ok(client)
    }
}

/// How far an exchange has come.
#[derive(Default)]
struct ExchangeState {
    hops: Vec<Hop>,
    status: Option<u16>,
    headers: Option<Headers>,
    request_headers: Headers,
}

enum Step {
    Answer(Box<Response>),
    /// Where to, and how long to wait before.
    Redirect(Url, Duration),
}

impl ExchangeState {
    /// Where a redirect leads, when it may be followed.
    fn redirect(
        &mut self,
        from: &Url,
        status: u16,
        location: Option<&str>,
    ) -> Result<Url, FetchError> {
        let bad_redirect = || FetchError::BadRedirect {
            status,
            location: location.filter(|l| !l.trim().is_empty()).unwrap_or("no Location").to_owned(),
        };
        let location = location.filter(|l| !l.trim().is_empty()).ok_or_else(bad_redirect)?;
        let mut to = from.join(location).map_err(|_| bad_redirect())?;
        to.set_fragment(None);
        let to = without_userinfo(&to);
        if !matches!(to.scheme(), "http" | "https") {
            return Err(FetchError::Scheme(shown(&to)));
        }
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(FetchError::Downgrade { to: shown(&to) });
        }
        if to == *from || self.hops.iter().any(|hop| hop.from == to) {
            return Err(FetchError::Loop { to: shown(&to) });
        }
        if self.hops.len() >= MAX_REDIRECTS {
            return Err(FetchError::TooManyRedirects(MAX_REDIRECTS));
        }
        self.hops.push(Hop {
            from: from.clone(),
            to: to.clone(),
            status,
            permanent: matches!(status, 301 | 308),
        });
        Ok(to)
    }
}

/// What an answer is to the others that ask the same.
fn cached(response: &Response, request: &Request<'_>) -> CachedResponse {
    CachedResponse {
        response: response.clone(),
        request_validators: (request.validators_of)(&response.final_url).unwrap_or_default(),
    }
}

/// In which connection_profile is asked: what connections, and answers, are kept apart by.
fn connection_profile(exempt: &[HostPattern], http2: bool) -> String {
    let exempt = exempt.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    if http2 { exempt } else { format!("{exempt} http/1.1") }
}

/// A URL as it may be shown.
fn shown(url: &Url) -> String {
    without_userinfo(url).to_string()
}

fn without_userinfo(url: &Url) -> Url {
    let mut url = url.clone();
    // Fails for URLs that cannot have any, which then have none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
