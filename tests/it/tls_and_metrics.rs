//! HTTPS and metrics of the running daemon, with a certificate made for these tests
//! (`tests/fixtures/tls/`).

use std::{
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

/// A free port, told by the system; somebody else might take it, which fails the test and no more.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(dir: &Path, server: &str) -> (Daemon, String) {
    std::fs::write(
        dir.join("feeds.toml"),
        format!("[site]\ncontact = \"mailto:test@example.org\"\n\n[server]\n{server}\n"),
    )
    .unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(dir.join("feeds.toml"))
        .arg("--data")
        .arg(dir.join("data"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line
        .trim()
        .trim_start_matches("http://")
        .trim_start_matches("https://")
        .trim_end_matches('/')
        .to_owned();
    (Daemon(child), address)
}

fn get(mut stream: impl std::io::Read + std::io::Write, path: &str) -> String {
    // A peer that wants something else may hang up while it is told.
    drop(write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    let mut answer = Vec::new();
    // A peer that closes without a farewell has said everything by then.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn feeds_are_served_over_tls() {
    let dir = tempfile::tempdir().unwrap();
    let tls = format!(
        "tls = {{ cert = \"{}\", key = \"{}\" }}",
        fixture("cert.pem").display(),
        fixture("key.pem").display()
    );
    let (_daemon, address) = start(dir.path(), &tls);
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
        StreamOwned::new(connection, TcpStream::connect(&address).unwrap()),
        "/topics/all/feed.atom",
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("application/atom+xml"), "{answer}");
    // Plain HTTP at the same port is no request.
    assert!(!get(TcpStream::connect(&address).unwrap(), "/").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_mismatched_tls_key_is_reported_before_serving() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!(
        "[server]\ntls = {{ cert = \"{}\", key = \"missing.pem\" }}\n",
        fixture("cert.pem").display()
    );
    std::fs::write(dir.path().join("feeds.toml"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(dir.path().join("feeds.toml"))
        .arg("--data")
        .arg(dir.path().join("data"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("missing.pem"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn metrics_have_an_address_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let (_daemon, address) = start(dir.path(), &format!("metrics_listen = \"127.0.0.1:{port}\""));
    let answer = get(TcpStream::connect(("127.0.0.1", port)).unwrap(), "/metrics");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("openmetrics-text"), "{answer}");
    assert!(answer.contains("tributary_rendering_seconds_count "), "{answer}");
    assert!(get(TcpStream::connect(&address).unwrap(), "/metrics").starts_with("HTTP/1.1 404"));
}
