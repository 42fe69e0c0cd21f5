//! Why an exchange brought no answer.

use std::{path::PathBuf, time::Duration};

/// Why an exchange brought no answer. No text holds a secret: addresses are shown without userinfo.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Neither http nor https.
    #[error("`{0}` is neither an http nor an https address")]
    Scheme(String),
    /// The address that would be dialled is not public.
    #[error("{host} is at an address that is not public ({address}); `allow_hosts` can exempt it")]
    PrivateAddress {
        /// The host as the URL has it.
        host: String,
        /// The address, or the addresses.
        address: String,
    },
    /// The name has no address.
    #[error("cannot find the address of {host}")]
    Dns {
        /// The host.
        host: String,
        /// What the resolver said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nobody answers there.
    #[error("cannot connect to {host}")]
    Connect {
        /// The host.
        host: String,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nobody answers there in time.
    #[error("no connection to {host} within {} s", limit.as_secs_f32())]
    ConnectTimeout {
        /// The host.
        host: String,
        /// How long was waited.
        limit: Duration,
    },
    /// There is no safe connection: a bad certificate, or no TLS at all.
    #[error("no safe connection to {host}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The exchange took longer than it may.
    #[error("no whole answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// The body is larger than it may be.
    #[error("the body is larger than max_body ({limit} bytes)")]
    TooLarge {
        /// The limit, in decoded bytes.
        limit: u64,
    },
    /// A content coding that is not known.
    #[error("the body is in an unknown content coding: {0}")]
    Coding(String),
    /// The body ended early, or its coding is damaged.
    #[error("the body broke off or is damaged")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A redirect that says not where to, or nonsense.
    #[error("a redirect ({status}) leads nowhere: {location}")]
    BadRedirect {
        /// Its status.
        status: u16,
        /// What `Location` said.
        location: String,
    },
    /// A redirect that may not be followed yet.
    #[error("a redirect to {to} asks to wait {} s before", wait.as_secs())]
    RedirectLater {
        /// Where to.
        to: String,
        /// How long.
        wait: Duration,
    },
    /// A redirect from https to http.
    #[error("a redirect leads from https to http ({to}), which is refused")]
    Downgrade {
        /// Where to.
        to: String,
    },
    /// A redirect to where the exchange has been.
    #[error("the redirects go round in circles, back to {to}")]
    Loop {
        /// Where to.
        to: String,
    },
    /// More redirects than are followed.
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    /// The exchange broke the protocol.
    #[error("the exchange with {host} failed")]
    Protocol {
        /// The host.
        host: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The authorities of `ca_file` cannot be had.
    #[error("cannot read the certificates of ca_file {}", file.display())]
    CaFile {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The client cannot be made.
    #[error("cannot make an HTTP client")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl FetchError {
    /// The class, fit for public pages.
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
