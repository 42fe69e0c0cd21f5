//! The open connections of a listener: how slow each client is, and which ones are cut.
//!
//! A client that takes nothing of a response for some time is cut, and so is one that does not
//! complete its first request. At the limit of connections, the slowest is cut for each new one, so
//! that slow clients cannot keep others out.

use std::{
    collections::HashMap,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes};
use futures_util::stream;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
};

/// File descriptors that are kept free for the database, polls and the metrics.
const RESERVED_FILES: u64 = 192;

/// The bytes of an HTTP/2 response that are handed over at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// The limits of a listener's connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// The most connections at a time. For each further one, the slowest is cut.
    pub max_connections: usize,
    /// The longest time that a client may take for the TLS handshake and its first request, and
    /// for the headers of each further one.
    pub head_timeout: Duration,
    /// The longest time in which a client may take nothing of a response.
    pub stall_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            head_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
        }
    }
}

impl ConnectionLimits {
    /// Returns the default limits, with fewer connections if the process may not open as many
    /// files. Raises the limit of open files before.
    pub fn of_process() -> Self {
        let limits = Self::default();
        let wanted = limits.max_connections as u64 + RESERVED_FILES;
        let mut files = getrlimit(Resource::Nofile);
        if files.current.is_some_and(|current| current < wanted) {
            files.current = Some(files.maximum.map_or(wanted, |maximum| maximum.min(wanted)));
            if let Err(error) = setrlimit(Resource::Nofile, files) {
                tracing::debug!("cannot raise the limit of open files: {error}");
                files = getrlimit(Resource::Nofile);
            }
        }
        let available = files.current.unwrap_or(u64::MAX).saturating_sub(RESERVED_FILES).max(16);
        let available = usize::try_from(available).unwrap_or(usize::MAX);
        Self { max_connections: limits.max_connections.min(available), ..limits }
    }
}

/// The open connections of a listener.
#[derive(Debug)]
pub(super) struct Connections {
    limits: ConnectionLimits,
    open: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    by_number: HashMap<u64, Arc<Connection>>,
    last_number: u64,
    /// When it was last logged that the limit was reached.
    limit_logged: Option<Instant>,
}

/// The pause between two log messages about the limit.
const LIMIT_LOG_INTERVAL: Duration = Duration::from_secs(60);

impl Connections {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, open: Mutex::default() })
    }

    /// Adds a connection. Cuts the slowest ones if there are too many.
    pub(super) fn add(self: &Arc<Self>) -> OpenConnection {
        let mut open = self.lock();
        if open.by_number.len() >= self.limits.max_connections {
            open.log_limit();
            while open.by_number.len() >= self.limits.max_connections && open.cut_slowest() {}
        }
        open.last_number += 1;
        let (number, connection) = (open.last_number, Arc::new(Connection::new()));
        open.by_number.insert(number, connection.clone());
        OpenConnection { connections: self.clone(), number, connection }
    }

    /// Cuts the slowest connection. Returns whether there was one.
    pub(super) fn cut_slowest(&self) -> bool {
        self.lock().cut_slowest()
    }

    /// Cuts every connection whose client took nothing or sent no request for too long.
    pub(super) fn cut_stalled(&self) {
        let mut open = self.lock();
        let limits = self.limits;
        open.by_number.retain(|_, connection| {
            let is_stalled = connection.is_stalled(&limits);
            if is_stalled {
                connection.cut();
            }
            !is_stalled
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    fn cut_slowest(&mut self) -> bool {
        let slowest = self.by_number.iter().max_by_key(|(_, connection)| connection.slowness());
        let Some(number) = slowest.map(|(number, _)| *number) else {
            return false;
        };
        if let Some(connection) = self.by_number.remove(&number) {
            connection.cut();
        }
        true
    }

    fn log_limit(&mut self) {
        if self.limit_logged.is_none_or(|at| at.elapsed() >= LIMIT_LOG_INTERVAL) {
            self.limit_logged = Some(Instant::now());
            tracing::warn!(
                "{} connections are open, which is the limit: the slowest ones are cut",
                self.by_number.len()
            );
        }
    }
}

/// A connection that is open until this is dropped.
#[derive(Debug)]
pub(super) struct OpenConnection {
    connections: Arc<Connections>,
    number: u64,
    pub(super) connection: Arc<Connection>,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.lock().by_number.remove(&self.number);
    }
}

/// The progress of one connection. Times are milliseconds since it was opened.
#[derive(Debug)]
pub(super) struct Connection {
    opened: Instant,
    /// When the client last sent or took something.
    active_at: AtomicU64,
    /// When the client last took something.
    taken_at: AtomicU64,
    /// Whether the system takes no more bytes, because the client takes none.
    is_blocked: AtomicBool,
    /// Whether the client has sent a request.
    has_requested: AtomicBool,
    /// Requests that are being answered.
    answering: AtomicU32,
    /// HTTP/2 responses that are not handed over completely.
    open_bodies: AtomicU32,
    /// When a part of an HTTP/2 response was last handed over.
    body_taken_at: AtomicU64,
    is_cut: AtomicBool,
    cut: Notify,
}

impl Connection {
    fn new() -> Self {
        Self {
            opened: Instant::now(),
            active_at: AtomicU64::new(0),
            taken_at: AtomicU64::new(0),
            is_blocked: AtomicBool::new(false),
            has_requested: AtomicBool::new(false),
            answering: AtomicU32::new(0),
            open_bodies: AtomicU32::new(0),
            body_taken_at: AtomicU64::new(0),
            is_cut: AtomicBool::new(false),
            cut: Notify::new(),
        }
    }

    /// Waits until the connection is cut.
    pub(super) async fn cut_requested(&self) {
        self.cut.notified().await;
    }

    /// Notes that a request is being answered, until the result is dropped.
    pub(super) fn answer(self: &Arc<Self>) -> Answering {
        self.has_requested.store(true, Ordering::Relaxed);
        self.answering.fetch_add(1, Ordering::Relaxed);
        Answering(self.clone())
    }

    /// Returns the body of an HTTP/2 response in parts, each of which is handed over when the
    /// client takes it. HTTP/2 has its own flow control, so the socket does not show whether it
    /// does.
    pub(super) async fn track_body(self: &Arc<Self>, body: Body) -> Body {
        let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
            return Body::empty();
        };
        if bytes.is_empty() {
            return Body::empty();
        }
        self.body_taken_at.store(self.now(), Ordering::Relaxed);
        self.open_bodies.fetch_add(1, Ordering::Relaxed);
        let rest = (bytes, OpenBody(self.clone()));
        Body::from_stream(stream::unfold(rest, |(mut bytes, open)| async move {
            open.0.body_taken_at.store(open.0.now(), Ordering::Relaxed);
            if bytes.is_empty() {
                return None;
            }
            let part = bytes.split_to(bytes.len().min(CHUNK_BYTES));
            Some((Ok::<Bytes, io::Error>(part), (bytes, open)))
        }))
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
        self.cut.notify_one();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_stalled(&self, limits: &ConnectionLimits) -> bool {
        let now = self.now();
        let is_over = |since: &AtomicU64, limit: Duration| {
            u128::from(now.saturating_sub(since.load(Ordering::Relaxed))) >= limit.as_millis()
        };
        let takes_nothing = self.is_blocked.load(Ordering::Relaxed)
            && is_over(&self.taken_at, limits.stall_timeout)
            || self.open_bodies.load(Ordering::Relaxed) > 0
                && is_over(&self.body_taken_at, limits.stall_timeout);
        let sends_nothing = !self.has_requested.load(Ordering::Relaxed)
            && u128::from(now) >= limits.head_timeout.as_millis();
        takes_nothing || sends_nothing
    }

    /// The order in which connections are cut at the limit: those that wait for the client before
    /// those that wait for this program, and the longest wait first.
    fn slowness(&self) -> (bool, u64) {
        let waits_for_client =
            self.answering.load(Ordering::Relaxed) == 0 || self.is_blocked.load(Ordering::Relaxed);
        let active_at = if self.open_bodies.load(Ordering::Relaxed) > 0 {
            &self.body_taken_at
        } else if self.is_blocked.load(Ordering::Relaxed) {
            &self.taken_at
        } else {
            &self.active_at
        };
        (waits_for_client, self.now().saturating_sub(active_at.load(Ordering::Relaxed)))
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Answering(Arc<Connection>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A response that is not handed over completely.
#[derive(Debug)]
struct OpenBody(Arc<Connection>);

impl Drop for OpenBody {
    fn drop(&mut self) {
        self.0.open_bodies.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A socket that notes the progress of its client.
#[derive(Debug)]
pub(super) struct TrackedStream {
    stream: TcpStream,
    connection: Arc<Connection>,
}

impl TrackedStream {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Self { stream, connection }
    }

    fn note_write(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Ready(Ok(_)) => {
                let now = self.connection.now();
                self.connection.taken_at.store(now, Ordering::Relaxed);
                self.connection.active_at.store(now, Ordering::Relaxed);
                self.connection.is_blocked.store(false, Ordering::Relaxed);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                // The wait begins with the first write that has to wait.
                if !self.connection.is_blocked.swap(true, Ordering::Relaxed) {
                    self.connection.taken_at.store(self.connection.now(), Ordering::Relaxed);
                }
            }
        }
        result
    }
}

impl Drop for TrackedStream {
    fn drop(&mut self) {
        // Otherwise the system keeps the unsent bytes for a client that does not take them.
        if self.connection.is_cut.load(Ordering::Relaxed) {
            drop(self.stream.set_zero_linger());
        }
    }
}

impl AsyncRead for TrackedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.connection.active_at.store(self.connection.now(), Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TrackedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.note_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
