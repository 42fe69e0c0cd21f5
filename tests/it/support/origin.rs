//! A publisher's server that says exactly what a test wants, also what no server should say, and
//! writes down every request. It speaks HTTP/1.1 by hand on threads of its own, so that tests with
//! and without a runtime can use it.

#![allow(dead_code)] // each test uses a part of it

use std::{
    collections::{HashMap, VecDeque},
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use url::Url;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    pub method: String,
    pub path: String,
    /// In the order in which they came, with their names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Counts the connections: two requests with one number shared theirs.
    pub connection: usize,
    /// When it came.
    pub at: Instant,
}

impl ReceivedRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// What follows when the bytes of a reply are sent.
#[derive(Debug, Clone, Copy)]
enum ConnectionEnd {
    KeepAlive,
    Close,
    /// Nothing more is sent until the client goes away.
    Hang,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    length: Option<usize>,
    raw: Option<Vec<u8>>,
    connection_end: ConnectionEnd,
    drip: Option<Duration>,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            length: None,
            raw: None,
            connection_end: ConnectionEnd::KeepAlive,
            drip: None,
        }
    }

    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new(200) }
    }

    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(status).header("Location", location)
    }

    /// Exactly these bytes, and then the end of the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(bytes.into()), connection_end: ConnectionEnd::Close, ..Self::new(200) }
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Claims this length, whatever the body's is.
    pub fn length(mut self, length: usize) -> Self {
        self.length = Some(length);
        self
    }

    /// Closes the connection behind the answer.
    pub fn close(mut self) -> Self {
        self.connection_end = ConnectionEnd::Close;
        self
    }

    /// Sends what there is, and then nothing more while the client waits.
    pub fn hang(mut self) -> Self {
        self.connection_end = ConnectionEnd::Hang;
        self
    }

    /// Sends one byte at a time, with this pause between two of them.
    pub fn drip(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !matches!(self.status, 204 | 304) {
            head += &format!("Content-Length: {}\r\n", self.length.unwrap_or(self.body.len()));
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

/// Answers as it sees fit.
type Handler = Arc<dyn Fn(&ReceivedRequest) -> Reply + Send + Sync>;

#[derive(Default)]
struct State {
    scripts: HashMap<String, VecDeque<Reply>>,
    handler: Option<Handler>,
    requests: Vec<ReceivedRequest>,
    in_flight: usize,
    most_in_flight: usize,
}

/// The server: it listens on a free port of 127.0.0.1 for as long as the test process runs.
pub struct Origin {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Origin {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                let state = shared.clone();
                thread::spawn(move || serve_connection(stream, connection, &state));
            }
        });
        Self { address, state }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// The answers to the requests for a path, one after the other; the last is given again and
    /// again. A path without a script answers 404.
    pub fn script(&self, path: &str, replies: Vec<Reply>) {
        self.state.lock().unwrap().scripts.insert(path.into(), replies.into());
    }

    /// Answers every request for a path that has no script.
    pub fn set_handler(&self, handler: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static) {
        self.state.lock().unwrap().handler = Some(Arc::new(handler));
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.state.lock().unwrap().requests.clear();
    }

    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state.lock().unwrap().requests.clone()
    }

    pub fn requests_to(&self, path: &str) -> Vec<ReceivedRequest> {
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }

    /// The most requests that were unanswered at one time.
    pub fn most_in_flight(&self) -> usize {
        self.state.lock().unwrap().most_in_flight
    }
}

fn serve_connection(mut stream: TcpStream, connection: usize, state: &Mutex<State>) {
    // An answer leaves in two parts: without this the second would wait for the client's
    // acknowledgement of the first.
    stream.set_nodelay(true).unwrap();
    while let Some(request) = read_request(&mut stream, connection) {
        let (scripted, handler) = {
            let mut state = state.lock().unwrap();
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
            let reply = match state.scripts.get_mut(&request.path) {
                Some(script) if script.len() > 1 => script.pop_front(),
                Some(script) => script.front().cloned(),
                None => None,
            };
            state.requests.push(request.clone());
            (reply, state.handler.clone())
        };
        let reply = scripted
            .or_else(|| handler.map(|answer| answer(&request)))
            .unwrap_or_else(|| Reply::new(404));
        // Counted down before the last byte leaves: the client may ask again as soon as it has it.
        let bytes = reply.bytes();
        let (last, first) = bytes
            .split_last()
            .map_or((&[][..], &[][..]), |(_, first)| (&bytes[first.len()..], first));
        let mut sent = match reply.drip {
            None => stream.write_all(first),
            Some(pause) => first.iter().try_for_each(|byte| {
                thread::sleep(pause);
                stream.write_all(&[*byte])
            }),
        };
        state.lock().unwrap().in_flight -= 1;
        sent = sent.and_then(|()| stream.write_all(last));
        match (sent, reply.connection_end) {
            (Ok(()), ConnectionEnd::KeepAlive) => {}
            (Ok(()), ConnectionEnd::Hang) => {
                let _ = stream.read(&mut [0]);
                return;
            }
            _ => return,
        }
    }
}

fn read_request(stream: &mut TcpStream, connection: usize) -> Option<ReceivedRequest> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim_start().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(ReceivedRequest { method, path, headers, body, connection, at: Instant::now() })
}
