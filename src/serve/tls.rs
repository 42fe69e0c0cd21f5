//! TLS: the certificate and its key, reloaded with feeds.toml.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

/// An error in the certificate or its key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or is not in PEM format.
    #[error("cannot read {what} from {}", file.display())]
    Pem {
        /// `the certificate` or `the key`.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// The error.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The key does not belong to the certificate.
    #[error("cannot use the certificate in {}", file.display())]
    Mismatch {
        /// The certificate's file.
        file: PathBuf,
        /// The error.
        #[source]
        source: rustls::Error,
    },
    /// The file contains no certificate.
    #[error("no certificate in {}", .0.display())]
    Empty(PathBuf),
}

/// The current certificate. Clones share it.
#[derive(Clone)]
pub struct Tls(Arc<ArcSwap<ServerConfig>>);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Reads a certificate chain and its key in PEM format.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(read(cert, key)?))))
    }

    /// Reads them again, for new connections. On an error, the old certificate stays in use.
    pub fn replace(&self, cert: &Path, key: &Path) -> Result<(), TlsError> {
        self.0.store(Arc::new(read(cert, key)?));
        Ok(())
    }

    pub(super) async fn accept<S>(
        &self,
        stream: S,
    ) -> io::Result<tokio_rustls::server::TlsStream<S>>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        TlsAcceptor::from(self.0.load_full()).accept(stream).await
    }
}

fn read(cert: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let pem_error = |what, file: &Path| {
        let file = file.to_owned();
        move |source| TlsError::Pem { what, file, source }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .map_err(pem_error("the certificate", cert))?
        .collect::<Result<_, _>>()
        .map_err(pem_error("the certificate", cert))?;
    if chain.is_empty() {
        return Err(TlsError::Empty(cert.to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(pem_error("the key", key))?;
    let mismatch = |source| TlsError::Mismatch { file: cert.to_owned(), source };
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(mismatch)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(mismatch)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
