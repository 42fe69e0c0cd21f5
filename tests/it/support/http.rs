//! HTTP/1.1 requests to a server under test, each on its own connection.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use tokio::{sync::oneshot, task};
use tributary::serve::{App, ConnectionLimits, serve};

use super::program::WAIT_TIMEOUT;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    /// Names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a header that the response must have.
    #[track_caller]
    pub fn expect_header(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| panic!("no `{name}` in {:?}", self.headers))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// Sends a request and reads the response until the connection closes.
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> io::Result<HttpResponse> {
    request_with_body(address, method, path, headers, b"")
}

/// The same with a body.
pub fn request_with_body(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<HttpResponse> {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nHost: somewhere.else\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    let mut request = (head + "\r\n").into_bytes();
    request.extend_from_slice(body);
    exchange(address, &request)
}

/// Sends a request as it is and reads the response until the connection closes.
pub fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<HttpResponse> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(WAIT_TIMEOUT))?;
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(n, v)| (n.to_lowercase(), v.to_owned()))
        .collect();
    Ok(HttpResponse { status, headers, body: bytes[end + 4..].to_vec() })
}

/// A server of an [`App`] in this process. It stops when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Serves `app` on a free port of the loopback interface.
    pub fn start(app: App) -> Self {
        Self::start_with_limits(app, ConnectionLimits::default())
    }

    /// The same, with these limits of connections.
    pub fn start_with_limits(app: App, limits: ConnectionLimits) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let until = async move {
                let _ = stopped.await;
            };
            serve(listener, app, None, limits, until).await.unwrap();
        });
        Self { address, _stop: stop }
    }

    pub async fn get(&self, target: &str) -> HttpResponse {
        self.get_with(target, &[]).await
    }

    /// Sends a GET request with these headers.
    pub async fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> HttpResponse {
        let (address, target) = (self.address, target.to_owned());
        let headers: Vec<(String, String)> =
            headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        // The server runs on the same runtime, so this thread must not block.
        let response = task::spawn_blocking(move || {
            let headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            request(address, "GET", &target, &headers)
        });
        response.await.unwrap().unwrap()
    }
}
