//! The listener: it accepts connections, serves them within their limits, and shuts down.

use std::{
    future::Future,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Method, Response, StatusCode, Version, header},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use rustix::io::Errno;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tower::{ServiceExt as _, service_fn};
use tracing::{Instrument as _, Span, field::Empty, info_span};

use super::{
    app::App,
    connections::{Connection, ConnectionLimits, Connections, OpenConnection, TrackedStream},
    router::router,
    tls::Tls,
};
use crate::telemetry::HttpMetrics;

/// The largest size of a request's headers, in bytes.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// The longest time that open requests may take to complete during shutdown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
/// The pause between two log messages about connections that cannot be accepted.
const ACCEPT_LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The reason why serving failed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener cannot be used.
    #[error("cannot use the listener")]
    Listener(#[source] io::Error),
}

/// Serves a site on a listener until `stop` completes: HTTP/1.1 and HTTP/2, over TLS if given.
///
/// On shutdown it accepts no new connections and waits a few seconds for open requests.
pub async fn serve(
    listener: std::net::TcpListener,
    app: App,
    tls: Option<Tls>,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let metrics = app.metrics().clone();
    Server::new(router(app), tls, limits, metrics).run(listener, stop).await
}

/// Routes whose requests are counted.
#[derive(Clone)]
struct MeasuredRouter {
    router: Router,
    metrics: HttpMetrics,
}

/// Serves routes on a listener.
pub(super) struct Server {
    router: Router,
    tls: Option<Tls>,
    limits: ConnectionLimits,
    protocol: auto::Builder<TokioExecutor>,
    connections: Arc<Connections>,
    metrics: HttpMetrics,
}

impl Server {
    pub(super) fn new(
        router: Router,
        tls: Option<Tls>,
        limits: ConnectionLimits,
        metrics: HttpMetrics,
    ) -> Self {
        let mut protocol = auto::Builder::new(TokioExecutor::new());
        protocol
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS);
        protocol
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(64)
            .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX))
            .keep_alive_interval(limits.head_timeout)
            .keep_alive_timeout(limits.head_timeout);
        Self { router, tls, limits, protocol, connections: Connections::new(limits), metrics }
    }

    /// Serves until `stop` completes.
    pub(super) async fn run(
        self,
        listener: std::net::TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        listener.set_nonblocking(true).map_err(ServeError::Listener)?;
        let listener = TcpListener::from_std(listener).map_err(ServeError::Listener)?;
        let graceful = GracefulShutdown::new();
        // Often enough that a limit is exceeded by a tenth at most.
        let check_interval = self.limits.stall_timeout.min(self.limits.head_timeout) / 10;
        let mut check = tokio::time::interval(check_interval.max(Duration::from_millis(10)));
        let mut failure_logged: Option<Instant> = None;
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => self.start(stream, graceful.watcher()),
                    Err(error) => {
                        // The listener works: no file descriptor is free, or the client is gone.
                        if failure_logged.is_none_or(|at| at.elapsed() >= ACCEPT_LOG_INTERVAL) {
                            failure_logged = Some(Instant::now());
                            tracing::warn!(
                                error = &error as &dyn std::error::Error,
                                "cannot accept a connection: {error}"
                            );
                        }
                        if is_out_of_files(&error) {
                            self.connections.cut_slowest();
                        }
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                },
                _ = check.tick() => self.connections.cut_stalled(),
                () = &mut stop => break,
            }
        }
        drop(listener);
        if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
            tracing::warn!("open requests did not complete in time");
        }
        Ok(())
    }

    /// Serves a connection in a task of its own, until it ends or is cut.
    fn start(&self, stream: TcpStream, watcher: Watcher) {
        let _ = stream.set_nodelay(true);
        let open = self.connections.add();
        let stream = TrackedStream::new(stream, open.connection.clone());
        let (protocol, tls) = (self.protocol.clone(), self.tls.clone());
        let site = MeasuredRouter { router: self.router.clone(), metrics: self.metrics.clone() };
        tokio::spawn(async move {
            let OpenConnection { connection, .. } = &open;
            let serving = async {
                match tls {
                    None => serve_stream(&protocol, stream, site, connection, watcher).await,
                    Some(tls) => {
                        let stream = tls.accept(stream).await?;
                        serve_stream(&protocol, stream, site, connection, watcher).await
                    }
                }
            };
            let result = tokio::select! {
                result = serving => result,
                () = connection.cut_requested() => Err("the client is too slow".into()),
            };
            if let Err(error) = result {
                tracing::debug!(error, "connection closed early");
            }
        });
    }
}

fn is_out_of_files(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

async fn serve_stream(
    protocol: &auto::Builder<TokioExecutor>,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    site: MeasuredRouter,
    connection: &Arc<Connection>,
    watcher: Watcher,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let connection = connection.clone();
    let service = service_fn(move |request: Request<_>| {
        let (MeasuredRouter { router, metrics }, connection) = (site.clone(), connection.clone());
        async move {
            let begun = Instant::now();
            let answering = connection.answer();
            let is_http2 = request.version() == Version::HTTP_2;
            let span = request_span(request.method());
            let answer = router.oneshot(request.map(Body::new)).instrument(span.clone());
            let mut response = answer.await?;
            let status = response.status();
            span.record("http.response.status_code", status.as_u16());
            if status.is_server_error() {
                span.record("otel.status_code", "ERROR");
            }
            metrics.count(Some(status.as_u16()), begun.elapsed());
            remove_length_of_not_modified(&mut response);
            if is_http2 {
                let (head, body) = response.into_parts();
                response = Response::from_parts(head, connection.track_body(body).await);
            }
            drop(answering);
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let serving =
        protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    watcher.watch(serving.into_owned()).await
}

/// Returns the span of a request, named as the semantic conventions of OpenTelemetry ask.
/// `guard` adds the route. The span has no path, because that of a private feed is a secret.
fn request_span(method: &Method) -> Span {
    info_span!(
        "request",
        otel.name = method.as_str(),
        otel.kind = "server",
        http.request.method = method.as_str(),
        http.route = Empty,
        http.response.status_code = Empty,
        otel.status_code = Empty,
    )
}

/// Removes the length of the missing body from a 304: a length there would be that of the document
/// (RFC 9110 §8.6).
fn remove_length_of_not_modified(response: &mut Response<Body>) {
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
}
