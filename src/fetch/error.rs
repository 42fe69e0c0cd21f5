//! The errors of requests.

use std::{path::PathBuf, time::Duration};

/// Why a request has no usable response. Messages contain no secrets: URLs are shown without
/// userinfo.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL is neither http nor https.
    #[error("`{0}` is not an http or https URL")]
    Scheme(String),
    /// The address guard forbids the host.
    #[error("{host} has no public address ({address}); `allow_hosts` can exempt it")]
    PrivateAddress {
        /// The host in the URL.
        host: String,
        /// Its addresses.
        address: String,
    },
    /// The host name cannot be resolved.
    #[error("cannot resolve {host}")]
    Dns {
        /// The host.
        host: String,
        /// The error of the resolver.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection failed.
    #[error("cannot connect to {host}")]
    Connect {
        /// The host.
        host: String,
        /// The error of the system.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection timed out.
    #[error("no connection to {host} within {} s", limit.as_secs_f32())]
    ConnectTimeout {
        /// The host.
        host: String,
        /// The timeout.
        limit: Duration,
    },
    /// The TLS handshake failed, for example because of an invalid certificate.
    #[error("no secure connection to {host}")]
    Tls {
        /// The host.
        host: String,
        /// The error of the TLS library.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The request timed out.
    #[error("no complete response within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// The body is too large.
    #[error("the body is larger than max_body ({limit} bytes)")]
    TooLarge {
        /// The limit, in decoded bytes.
        limit: u64,
    },
    /// The content coding is unknown.
    #[error("the body has an unknown content coding: {0}")]
    Coding(String),
    /// The body ended early, or its coding is invalid.
    #[error("the body is incomplete or damaged")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A redirect without a valid target.
    #[error("a redirect ({status}) has no valid target: {location}")]
    BadRedirect {
        /// The HTTP status.
        status: u16,
        /// The `Location` field.
        location: String,
    },
    /// A redirect that asks to wait longer than the timeout.
    #[error("a redirect to {to} asks to wait {} s first", wait.as_secs())]
    RedirectLater {
        /// The target.
        to: String,
        /// The time to wait.
        wait: Duration,
    },
    /// A redirect from https to http.
    #[error("a redirect from https to http ({to}) is not followed")]
    Downgrade {
        /// The target.
        to: String,
    },
    /// A redirect to a URL that was requested before.
    #[error("a redirect loop leads back to {to}")]
    Loop {
        /// The target.
        to: String,
    },
    /// Too many redirects.
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    /// The response violates HTTP.
    #[error("the exchange with {host} failed")]
    Protocol {
        /// The host.
        host: String,
        /// The error of the HTTP library.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file `ca_file` cannot be read.
    #[error("cannot read the certificates of ca_file {}", file.display())]
    CaFile {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The client cannot be created.
    #[error("cannot create an HTTP client")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl FetchError {
    /// Returns the class of the error, which is shown on public pages.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Scheme(_) => "scheme",
            Self::PrivateAddress { .. } => "private-address",
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::Timeout(_) | Self::ConnectTimeout { .. } => "timeout",
            Self::Tls { .. } => "tls",
            Self::RedirectLater { .. } => "redirect-later",
            Self::TooLarge { .. } => "too-large",
            Self::Coding(_) => "coding",
            Self::Body(_) => "body",
            Self::BadRedirect { .. } => "bad-redirect",
            Self::Downgrade { .. } => "redirect-downgrade",
            Self::Loop { .. } => "redirect-loop",
            Self::TooManyRedirects(_) => "too-many-redirects",
            Self::Protocol { .. } => "protocol",
            Self::CaFile { .. } | Self::Client(_) => "client",
        }
    }
}
