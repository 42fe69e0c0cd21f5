//! A request for the health of a running daemon.
//!
//! The daemon often has a certificate of its own making, or one for the public name, while it is
//! asked at a loopback address. The host name is therefore not checked for the daemon's own
//! certificate.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use url::Url;

use super::{error::FetchError, transport};

/// The time limit of the request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Which certificates are accepted.
#[derive(Debug, Clone)]
pub enum ProbeTrust {
    /// Any: the server is on this machine.
    ThisMachine,
    /// Those of public authorities, of `ca_file`, and the one in `own`.
    Authorities {
        /// `ca_file` of feeds.toml.
        ca_file: Option<PathBuf>,
        /// The certificate of feeds.toml.
        own: Option<PathBuf>,
    },
}

/// Requests a URL once. Returns the status and the beginning of the body. Redirects are not
/// followed.
pub async fn probe(url: &Url, trust: &ProbeTrust) -> Result<(u16, String), FetchError> {
    const MAX_BODY: usize = 4096;
    let client = client(trust)?;
    let classify = |error| transport::classify_error(url, error, TIMEOUT);
    let exchange = async {
        let mut response = client.get(url.clone()).send().await.map_err(classify)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < MAX_BODY
            && let Some(chunk) = response.chunk().await.map_err(classify)?
        {
            body.extend_from_slice(&chunk);
        }
        body.truncate(MAX_BODY);
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    };
    tokio::time::timeout(TIMEOUT, exchange).await.map_err(|_| FetchError::Timeout(TIMEOUT))?
}

fn client(trust: &ProbeTrust) -> Result<reqwest::Client, FetchError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| FetchError::Client(error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = DaemonVerifier::new(trust, provider.clone())?;
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.into()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    reqwest::Client::builder()
        .user_agent(concat!("tributary/", env!("CARGO_PKG_VERSION"), " (health)"))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(|error| failed(error.into()))
}

/// Accepts the daemon's own certificate under any name, and otherwise checks as browsers do.
#[derive(Debug)]
struct DaemonVerifier {
    provider: Arc<CryptoProvider>,
    own: Option<CertificateDer<'static>>,
    /// `None`: every certificate is accepted.
    authorities: Option<Arc<WebPkiServerVerifier>>,
}

impl DaemonVerifier {
    fn new(trust: &ProbeTrust, provider: Arc<CryptoProvider>) -> Result<Self, FetchError> {
        let ProbeTrust::Authorities { ca_file, own } = trust else {
            return Ok(Self { provider, own: None, authorities: None });
        };
        let roots = transport::roots(ca_file.as_deref())?;
        let authorities = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
            .build()
            .map_err(|error| FetchError::Client(error.into()))?;
        // The daemon may run with a certificate that this user may not read.
        let own = own.as_ref().and_then(|file| CertificateDer::from_pem_file(file).ok());
        Ok(Self { provider, own, authorities: Some(authorities) })
    }
}

impl ServerCertVerifier for DaemonVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.authorities {
            Some(authorities) if self.own.as_ref() != Some(end_entity) => authorities
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
