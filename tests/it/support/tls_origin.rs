//! A publisher's server behind TLS, as `localhost` with the certificate of `tests/fixtures/tls/`:
//! HTTP/2 or HTTP/1.1, as the client wants. It writes down every request.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::{Router, extract::Request, http::Version, response::IntoResponse};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};
use url::Url;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    pub path: String,
    pub version: Version,
    pub if_none_match: Option<String>,
}

pub struct TlsOrigin {
    port: u16,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

/// The authority that signed its certificate.
pub fn ca_file() -> PathBuf {
    fixture("ca.pem")
}

impl TlsOrigin {
    /// Serves one document with the tag `"1"` at every address, for as long as the runtime of the
    /// test runs.
    pub async fn start(document: String) -> Self {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                CertificateDer::pem_file_iter(fixture("cert.pem"))
                    .unwrap()
                    .map(Result::unwrap)
                    .collect(),
                PrivateKeyDer::from_pem_file(fixture("key.pem")).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests: Arc<Mutex<Vec<ReceivedRequest>>> = Arc::default();
        let noted = requests.clone();
        let answer = move |request: Request| {
            let field = request
                .headers()
                .get("if-none-match")
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned);
            let not_modified = field.as_deref() == Some("\"1\"");
            let path = request.uri().path().to_owned();
            noted.lock().unwrap().push(ReceivedRequest {
                path: path.clone(),
                version: request.version(),
                if_none_match: field,
            });
            let document = document.clone();
            async move {
                match path.as_str() {
                    "/robots.txt" => (axum::http::StatusCode::NOT_FOUND, "").into_response(),
                    _ if not_modified => axum::http::StatusCode::NOT_MODIFIED.into_response(),
                    _ => ([("etag", "\"1\"")], document).into_response(),
                }
            }
        };
        let service = Router::new().fallback(answer);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let (acceptor, service) =
                    (acceptor.clone(), TowerToHyperService::new(service.clone()));
                tokio::spawn(async move {
                    // Who does not believe the certificate goes away before there is a request.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    drop(
                        auto::Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), service)
                            .await,
                    );
                });
            }
        });
        Self { port, requests }
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("https://localhost:{}{path}", self.port)).unwrap()
    }

    /// The requests for a path.
    pub fn requests_to(&self, path: &str) -> Vec<ReceivedRequest> {
        self.requests
            .lock()
            .unwrap()
            .iter()
            .filter(|request| request.path == path)
            .cloned()
            .collect()
    }
}
