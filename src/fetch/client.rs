//! The HTTP client: sends a request, follows redirects, and reads the response within its limits.
//!
//! Redirects are followed here and not by the HTTP library. Each hop passes the address guard and
//! the limits of its own host, and gets only validators and credentials that belong to it (RFC 9110
//! §15.4).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument as _;
use url::{Host, Url};

use feed_model::{Headers, HostPattern};

use super::{
    body::{self, codings},
    cookies::Cookies,
    credentials::Credentials,
    error::FetchError,
    guard,
    host_limits::HostLimits,
    request::{Accept, ClientOptions, Request},
    request_span::{record_outcome, request_span},
    resolver::{GuardedResolver, Lookup, SystemLookup},
    response::{Failure, Hop, Response},
    response_cache::{CacheKey, CachedResponse, ResponseCache},
    transport::{build, classify_error, roots},
};
use crate::{schedule, telemetry::HttpMetrics};

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// Always the same, because servers may send a different `ETag` for each coding.
const ACCEPT_ENCODING: &str = "gzip, br, zstd, deflate";

/// The HTTP client. Cloning it is cheap.
#[derive(Clone)]
pub struct Client(Arc<Inner>, HttpMetrics);

struct Inner {
    options: ClientOptions,
    host_limits: HostLimits,
    lookup: Arc<dyn Lookup>,
    roots: Arc<rustls::RootCertStore>,
    response_cache: ResponseCache,
    /// One client for each set of exemptions: a connection that an exemption permitted is not
    /// reused without it.
    clients: Mutex<HashMap<String, reqwest::Client>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Client {
    /// Creates a client with the system's resolver.
    pub fn new(options: ClientOptions) -> Result<Self, FetchError> {
        Self::with_lookup(options, Arc::new(SystemLookup))
    }

    /// Creates a client with another resolver.
    pub fn with_lookup(
        options: ClientOptions,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, FetchError> {
        let host_limits = HostLimits::new(options.per_host, options.concurrency);
        let roots = roots(options.ca_file.as_deref())?;
        let client = Self(
            Arc::new(Inner {
                options,
                host_limits,
                lookup,
                roots,
                response_cache: ResponseCache::default(),
                clients: Mutex::default(),
            }),
            HttpMetrics::default(),
        );
        client.client_for(&[], true)?;
        Ok(client)
    }

    /// Returns the client with other metrics, which it counts its requests with.
    #[must_use]
    pub fn with_metrics(self, metrics: HttpMetrics) -> Self {
        Self(self.0, metrics)
    }

    /// Returns the metrics of requests.
    pub fn metrics(&self) -> &HttpMetrics {
        &self.1
    }

    /// Returns the options.
    pub fn options(&self) -> &ClientOptions {
        &self.0.options
    }

    /// Sends a request and follows redirects, within its limits.
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
        // The timeout does not count the time spent waiting for the host limits.
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
            let span = request_span(&url, "GET");
            let step = self.step(&url, request, credentials, state).instrument(span.clone());
            let result = tokio::time::timeout(time_left, step)
                .await
                .unwrap_or(Err(FetchError::Timeout(request.limits.timeout)));
            drop(permit);
            let status = if result.is_ok() { state.status } else { None };
            record_outcome(&span, result.as_ref().map(|_| status.unwrap_or_default()));
            self.1.count(status, begun.elapsed());
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

    /// Sends one request. Returns the response or the target of the redirect.
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
        if let Some(mut value) =
            state.cookies.field(url).and_then(|field| HeaderValue::from_str(&field).ok())
        {
            value.set_sensitive(true);
            fields.insert("cookie", value);
            state.request_headers.push("cookie", "(not shown)");
        }
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
            let mut has_new_cookie = false;
            for field in headers.get_all("set-cookie") {
                has_new_cookie |= state.cookies.store(url, field);
            }
            let to = state.redirect(url, status, headers.text("location"), has_new_cookie)?;
            // On a redirect, Retry-After is the minimum time before following it (RFC 9110
            // §10.2.3).
            let until = schedule::retry_after(status, &headers, request.now);
            let wait = until.and_then(|at| (at - request.now).to_std().ok()).unwrap_or_default();
            // A server may send the same Retry-After each time. The time already waited counts.
            let waited = request
                .redirect_delayed_since
                .and_then(|since| (request.now - since).to_std().ok())
                .unwrap_or_default();
            return Ok(Step::Redirect(to, wait.saturating_sub(waited)));
        }
        let codings = codings(headers.get_all("content-encoding"));
        // 204 and 304 have no body, whatever the headers say (RFC 9110 §15.3.5, §15.4.5).
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

    /// Returns the cache key of a request, if its response may be shared with other sources: a feed
    /// that is requested without credentials.
    fn cache_key(url: &Url, request: &Request<'_>) -> Option<CacheKey> {
        let shared =
            request.source_id.is_some() && request.auth.is_none() && request.accept == Accept::Feed;
        shared.then(|| CacheKey {
            url: url.clone(),
            accept: request.accept,
            connection_profile: connection_profile(request.allow_hosts, request.http2),
        })
    }

    /// Returns the response that another source received for the same key, if there is one.
    fn get_cached(
        &self,
        key: Option<&CacheKey>,
        url: &Url,
        request: &Request<'_>,
        state: &mut ExchangeState,
    ) -> Option<Response> {
        let stored = (request.validators_of)(url).unwrap_or_default();
        let cached = self.0.response_cache.get(
            key?,
            request.source_id?,
            &stored,
            request.limits.max_body_bytes,
            request.now,
        )?;
        // The redirects are those of this request.
        Some(Response {
            requested: request.url.clone(),
            hops: std::mem::take(&mut state.hops),
            ..cached.response
        })
    }

    /// Returns the client of the HTTP library for a URL that may be requested.
    pub(super) async fn guarded(
        &self,
        url: &Url,
        allow_hosts: &[HostPattern],
    ) -> Result<reqwest::Client, FetchError> {
        Self::check_url(url, allow_hosts)?;
        self.check_host(url, allow_hosts).await?;
        self.client_for(allow_hosts, true)
    }

    /// Checks the scheme, and the address if the host is an IP address.
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
        // The HTTP library calls the resolver for names only, so literal addresses are checked
        // here.
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

    /// Checks a host name before it is passed to a proxy. All of its addresses must be permitted,
    /// because the proxy chooses one. With `socks5h`, names are not resolved here, and only local
    /// names are rejected.
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
            Some(private) => {
                Err(FetchError::PrivateAddress { host, address: private.ip().to_string() })
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

/// How far a request has come.
#[derive(Default)]
struct ExchangeState {
    hops: Vec<Hop>,
    status: Option<u16>,
    headers: Option<Headers>,
    request_headers: Headers,
    cookies: Cookies,
}

enum Step {
    Answer(Box<Response>),
    /// The target, and how long to wait before following it.
    Redirect(Url, Duration),
}

impl ExchangeState {
    /// Returns the target of a redirect if it may be followed. A URL may be requested again after
    /// a redirect that set a new cookie.
    fn redirect(
        &mut self,
        from: &Url,
        status: u16,
        location: Option<&str>,
        has_new_cookie: bool,
    ) -> Result<Url, FetchError> {
        let bad_redirect = || FetchError::BadRedirect {
            status,
            location: location.filter(|l| !l.trim().is_empty()).unwrap_or("no Location").to_owned(),
        };
        let location = location.filter(|l| !l.trim().is_empty()).ok_or_else(bad_redirect)?;
        let location_without_feed = feed_parser::without_feed_scheme(location);
        let mut to = from.join(&location_without_feed).map_err(|_| bad_redirect())?;
        to.set_fragment(None);
        let to = without_userinfo(&to);
        if !matches!(to.scheme(), "http" | "https") {
            return Err(FetchError::Scheme(shown(&to)));
        }
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(FetchError::Downgrade { to: shown(&to) });
        }
        let is_repeated = to == *from || self.hops.iter().any(|hop| hop.from == to);
        if is_repeated && !has_new_cookie {
            return Err(FetchError::Loop { to: shown(&to) });
        }
        if self.hops.len() >= MAX_REDIRECTS {
            return Err(FetchError::TooManyRedirects(MAX_REDIRECTS));
        }
        self.hops.push(Hop {
            from: from.clone(),
            to: to.clone(),
            status,
            permanent: matches!(status, 301 | 308) && !is_repeated,
        });
        Ok(to)
    }
}

/// Returns the cache entry for a response.
fn cached(response: &Response, request: &Request<'_>) -> CachedResponse {
    CachedResponse {
        response: response.clone(),
        request_validators: (request.validators_of)(&response.final_url).unwrap_or_default(),
    }
}

/// Identifies the exemptions and the protocol of a request. Connections and cached responses are
/// shared only within one profile.
fn connection_profile(exempt: &[HostPattern], http2: bool) -> String {
    let exempt = exempt.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    if http2 { exempt } else { format!("{exempt} http/1.1") }
}

/// Returns a URL without its password, for messages.
fn shown(url: &Url) -> String {
    without_userinfo(url).to_string()
}

fn without_userinfo(url: &Url) -> Url {
    let mut url = url.clone();
    // Fails only for URLs that cannot have userinfo.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
