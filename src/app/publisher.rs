//! Renders what is published whenever it may have changed.
//!
//! On a thread of its own: a rendering takes some ten megabytes for a moment, and the system's
//! allocator keeps such room for every thread that ever needed it.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    time::Duration,
};

use tokio::sync::{Notify, oneshot, watch};
use tracing::error;

use super::wait_for_stop;
use crate::{
    clock::Clock,
    serve::{App, Health},
    site,
    store::{Store, StoreError},
    telemetry::{self, Metrics},
};

/// The shortest pause between two renderings: `updated` has whole seconds, and must move with the
/// bytes.
const MIN_RENDER_INTERVAL: Duration = Duration::from_secs(1);
/// After a rendering that failed: what hindered it (a full disk) may be over, though nothing
/// arrived.
const RENDER_RETRY_DELAY: Duration = Duration::from_secs(30);

/// Asks for renderings, one at a time.
pub(super) struct Publisher {
    render_requests: mpsc::Sender<oneshot::Sender<bool>>,
    last_render_ok: bool,
}

impl Publisher {
    /// Starts the thread, which ends with the publisher.
    pub(super) fn start(renderer: Renderer) -> io::Result<Self> {
        let (render_requests, asked) = mpsc::channel::<oneshot::Sender<bool>>();
        std::thread::Builder::new().name("renderer".to_owned()).spawn(move || {
            for done in asked {
                // Whoever asked may have stopped waiting.
                let _ = done.send(renderer.render());
            }
        })?;
        Ok(Self { render_requests, last_render_ok: false })
    }

    /// Renders whenever it is told of a change, until told to stop.
    pub(super) async fn run(mut self, changed: Arc<Notify>, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = changed.notified() => {}
                // What failed at the start is tried again like everything else.
                () = tokio::time::sleep(RENDER_RETRY_DELAY), if !self.last_render_ok => {}
                () = wait_for_stop(&mut stopped) => return,
            }
            self.render().await;
            tokio::select! {
                () = tokio::time::sleep(MIN_RENDER_INTERVAL) => {}
                () = wait_for_stop(&mut stopped) => return,
            }
        }
    }

    /// Renders every document, and waits until it is done.
    pub(super) async fn render(&mut self) {
        let (done, rendered) = oneshot::channel();
        self.last_render_ok =
            self.render_requests.send(done).is_ok() && rendered.await.unwrap_or(false);
    }
}

/// What renders.
pub(super) struct Renderer {
    pub(super) store: Store,
    pub(super) app: App,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) health: Health,
    pub(super) metrics: Arc<Metrics>,
}

impl Renderer {
    /// Renders every document from one snapshot; whether that succeeded. What fails leaves the last
    /// good documents in place.
    fn render(&self) -> bool {
        let begun = std::time::Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| {
            let (renderings, retired) =
                site::render_site(&self.store, &self.app.settings(), self.clock.now())?;
            self.app.replace(renderings, retired);
            Ok::<_, StoreError>(())
        }));
        match result {
            Ok(Ok(())) => {
                self.health.report_rendering(Ok(()));
                self.metrics.observe_render(begun.elapsed());
                return true;
            }
            Ok(Err(why)) => self.report(&telemetry::chain(&why)),
            Err(_) => self.report("an internal error: what is above belongs into a bug report"),
        }
        false
    }

    fn report(&self, why: &str) {
        error!("cannot render what is published; the last good documents are served: {why}");
        self.health.report_rendering(Err(format!("cannot render: {why}")));
    }
}
