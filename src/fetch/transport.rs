//! The configuration of the HTTP library, and the classification of its errors.
//!
//! The library follows no redirects, retries nothing, knows no cookies, ignores proxies of the
//! environment, and resolves names through the address guard.

use std::{io, path::Path, sync::Arc, time::Duration};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use url::Url;

use super::{
    error::FetchError,
    request::ClientOptions,
    resolver::{GuardedResolver, PrivateAddresses, Unresolved},
};

/// The largest size of response headers, in bytes.
const MAX_HEADER_BYTES: u32 = 64 * 1024;

/// How long an idle connection is kept for the next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the trusted certificate authorities: those of the public web, and those of `ca_file`.
pub(super) fn roots(ca_file: Option<&Path>) -> Result<Arc<RootCertStore>, FetchError> {
    // Compiled in, for machines without a certificate store.
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(file) = ca_file {
        let wrong = |source: Box<dyn std::error::Error + Send + Sync>| FetchError::CaFile {
            file: file.to_owned(),
            source,
        };
        let known = roots.len();
        for certificate in CertificateDer::pem_file_iter(file).map_err(|e| wrong(e.into()))? {
            roots.add(certificate.map_err(|e| wrong(e.into()))?).map_err(|e| wrong(e.into()))?;
        }
        if roots.len() == known {
            return Err(wrong("it contains no certificate".into()));
        }
    }
    Ok(Arc::new(roots))
}

/// Builds a client of the HTTP library.
pub(super) fn build(
    options: &ClientOptions,
    roots: &Arc<RootCertStore>,
    http2: bool,
    resolver: GuardedResolver,
) -> Result<reqwest::Client, FetchError> {
    let client = |e: Box<dyn std::error::Error + Send + Sync>| FetchError::Client(e);
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(|e| client(Box::new(e)))?
    .with_root_certificates(roots.clone())
    .with_no_client_auth();
    // The library does not add these to a given TLS configuration. Without them, HTTP/2 is never
    // offered (RFC 9113 §3.2).
    tls.alpn_protocols =
        if http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
    let mut builder = reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .no_proxy()
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        // Servers send `X-Bad : y` and worse. Such a line is of no use, and the rest is.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver);
    if !http2 {
        builder = builder.http1_only();
    }
    if let Some(proxy) = &options.proxy {
        builder =
            builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(|e| client(Box::new(e)))?);
    }
    builder.build().map_err(|e| client(Box::new(e)))
}

/// Classifies an error by its causes.
pub(super) fn classify_error(
    url: &Url,
    error: reqwest::Error,
    connect_timeout: Duration,
) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    let error = error.without_url();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(e) = cause {
        if let Some(private) = e.downcast_ref::<PrivateAddresses>() {
            return FetchError::PrivateAddress { host, address: private.addresses.clone() };
        }
        if let Some(unresolved) = e.downcast_ref::<Unresolved>() {
            return FetchError::Dns { host, source: unresolved.0.clone().into() };
        }
        if let Some(tls) = e.downcast_ref::<rustls::Error>() {
            return FetchError::Tls { host, source: Box::new(tls.clone()) };
        }
        // `source` of an I/O error skips the error that it wraps.
        cause = match e.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => e.source(),
        };
    }
    if error.is_connect() {
        if error.is_timeout() {
            return FetchError::ConnectTimeout { host, limit: connect_timeout };
        }
        return FetchError::Connect { host, source: Box::new(error) };
    }
    FetchError::Protocol { host, source: Box::new(error) }
}

/// Builds a client for object stores. It trusts the public authorities.
#[cfg(feature = "object-store")]
pub fn storage_client() -> Result<reqwest::Client, FetchError> {
    reqwest::Client::builder()
        .user_agent(SERVICE_USER_AGENT)
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .http1_only()
        .tls_backend_preconfigured(public_tls()?)
        .build()
        .map_err(|e| FetchError::Client(Box::new(e)))
}

/// Builds a client for the export of traces. It trusts the public authorities.
#[cfg(feature = "opentelemetry")]
pub fn telemetry_client() -> Result<reqwest::blocking::Client, FetchError> {
    reqwest::blocking::Client::builder()
        .user_agent(SERVICE_USER_AGENT)
        .tls_backend_preconfigured(public_tls()?)
        .build()
        .map_err(|e| FetchError::Client(Box::new(e)))
}

/// What clients of the operator's own services send as `User-Agent`.
#[cfg(any(feature = "object-store", feature = "opentelemetry"))]
const SERVICE_USER_AGENT: &str = concat!("tributary/", env!("CARGO_PKG_VERSION"));

#[cfg(any(feature = "object-store", feature = "opentelemetry"))]
fn public_tls() -> Result<rustls::ClientConfig, FetchError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| FetchError::Client(Box::new(e)))?
        .with_root_certificates(roots(None)?)
        .with_no_client_auth())
}
