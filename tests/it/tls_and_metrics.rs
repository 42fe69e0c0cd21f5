//! HTTPS and metrics of the running daemon, with a certificate made for these tests
//! (`tests/fixtures/tls/`).

use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::support::program::Program;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

/// A free port. If another process takes it in the meantime, the test fails.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The program with these lines in the table `[server]`.
fn program(server: &str) -> Program {
    Program::with(&format!("[site]\ncontact = \"mailto:test@example.org\"\n\n[server]\n{server}\n"))
}

fn get(mut stream: impl std::io::Read + std::io::Write, path: &str) -> String {
    // A server that speaks TLS may close the connection during the request.
    drop(write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    let mut answer = Vec::new();
    // It may also close it without the closing messages of TLS.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn feeds_are_served_over_tls() {
    let tls = format!(
        "tls = {{ cert = \"{}\", key = \"{}\" }}",
        fixture("cert.pem").display(),
        fixture("key.pem").display()
    );
    let program = program(&tls);
    let daemon = program.serve();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(fixture("ca.pem")).unwrap()).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap())
            .unwrap();
    let answer = get(
        StreamOwned::new(connection, TcpStream::connect(daemon.address).unwrap()),
        "/topics/all/feed.atom",
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("application/atom+xml"), "{answer}");
    // The port does not accept plain HTTP.
    assert!(!get(TcpStream::connect(daemon.address).unwrap(), "/").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_mismatched_tls_key_is_reported_before_serving() {
    let program = program(&format!(
        "tls = {{ cert = \"{}\", key = \"missing.pem\" }}",
        fixture("cert.pem").display()
    ));
    let ended = program.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("missing.pem"), "{}", ended.stderr);
}

#[test]
fn metrics_have_an_address_of_their_own() {
    let port = free_port();
    let program = program(&format!("metrics_listen = \"127.0.0.1:{port}\""));
    let daemon = program.serve();
    let answer = get(TcpStream::connect(("127.0.0.1", port)).unwrap(), "/metrics");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("openmetrics-text"), "{answer}");
    assert!(answer.contains("tributary_rendering_duration_seconds_count "), "{answer}");
    assert!(
        get(TcpStream::connect(daemon.address).unwrap(), "/metrics").starts_with("HTTP/1.1 404")
    );
}
