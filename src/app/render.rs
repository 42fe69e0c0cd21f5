//! Renders all published documents whenever they may have changed.
//!
//! Rendering has a thread of its own. It needs some ten megabytes for a moment, and the system's
//! allocator keeps that memory for every thread that ever needed it.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    time::Duration,
};

use tokio::sync::{Notify, oneshot};
use tracing::{debug, error};

use super::stop::Stop;
use crate::{
    clock::Clock,
    serve::{self, Health},
    site,
    store::{Store, StoreError},
    telemetry::{self, Metrics},
};

/// The shortest pause between two renderings: `updated` has whole seconds, and must change whenever
/// the bytes change.
const MIN_RENDER_INTERVAL: Duration = Duration::from_secs(1);
/// The pause before a failed rendering is repeated, even if nothing changed: its cause (such as a
/// full disk) may be over.
const RENDER_RETRY_DELAY: Duration = Duration::from_secs(30);

/// Requests renderings, one at a time.
pub(super) struct Publisher {
    render_requests: mpsc::Sender<oneshot::Sender<bool>>,
    last_render_ok: bool,
}

impl Publisher {
    /// Starts the rendering thread. It ends with the publisher.
    pub(super) fn start(renderer: Renderer) -> io::Result<Self> {
        let (render_requests, requests) = mpsc::channel::<oneshot::Sender<bool>>();
        std::thread::Builder::new().name("renderer".to_owned()).spawn(move || {
            for done in requests {
                // The requester may have stopped waiting.
                let _ = done.send(renderer.render());
            }
        })?;
        Ok(Self { render_requests, last_render_ok: false })
    }

    /// Runs the job: renders after each notification, until `stop`.
    pub(super) async fn run(mut self, changed: Arc<Notify>, mut stop: Stop) {
        loop {
            tokio::select! {
                () = changed.notified() => {}
                () = tokio::time::sleep(RENDER_RETRY_DELAY), if !self.last_render_ok => {}
                () = stop.wait() => return,
            }
            self.render().await;
            tokio::select! {
                () = tokio::time::sleep(MIN_RENDER_INTERVAL) => {}
                () = stop.wait() => return,
            }
        }
    }

    /// Renders all documents and waits for the result.
    pub(super) async fn render(&mut self) {
        let (done, rendered) = oneshot::channel();
        self.last_render_ok =
            self.render_requests.send(done).is_ok() && rendered.await.unwrap_or(false);
    }
}

/// The resources of a rendering.
pub(super) struct Renderer {
    pub(super) store: Store,
    pub(super) site: serve::App,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) health: Health,
    pub(super) metrics: Arc<Metrics>,
}

impl Renderer {
    /// Renders all documents from one snapshot of the store, and returns whether that succeeded.
    /// After a failure, the previous documents are still served.
    fn render(&self) -> bool {
        let begun = std::time::Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| {
            let (renderings, retired) =
                site::render_site(&self.store, &self.site.settings(), self.clock.now())?;
            self.site.replace(renderings, retired);
            Ok::<_, StoreError>(())
        }));
        match result {
            Ok(Ok(())) => {
                self.health.report_rendering(Ok(()));
                self.metrics.observe_render(begun.elapsed());
                return true;
            }
            // The previous documents are served, and the store has reported the fault.
            Ok(Err(error)) if self.store.write_fault().is_some() => {
                debug!("cannot render the documents: {}", telemetry::chain(&error));
            }
            Ok(Err(error)) => self.report(&telemetry::chain(&error)),
            Err(_) => self.report("internal error, please report the panic above"),
        }
        false
    }

    fn report(&self, why: &str) {
        error!("cannot render the documents; the previous ones are served: {why}");
        self.health.report_rendering(Err(format!("cannot render: {why}")));
    }
}
