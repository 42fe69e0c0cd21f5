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
use tracing::{debug, error, info_span};

use feed_model::time_zone::{day_start, local_date};

use super::stop::Stop;
use crate::{
    clock::Clock,
    serve::{self, Health},
    site::{self, SiteSettings},
    store::{Store, StoreError},
    telemetry::{self, Metrics},
};

/// The shortest pause between two renderings: `updated` has whole seconds, and must change whenever
/// the bytes change.
const MIN_RENDER_INTERVAL: Duration = Duration::from_secs(1);
/// The longest pause between two renderings. The clock may be set, and first digests wait until
/// every source was polled.
const MAX_RENDER_INTERVAL: Duration = Duration::from_mins(10);
/// The pause before a failed rendering is repeated, even if nothing changed: its cause (such as a
/// full disk) may be over.
const RENDER_RETRY_DELAY: Duration = Duration::from_secs(30);

/// Requests renderings, one at a time.
pub(super) struct Publisher {
    render_requests: mpsc::Sender<(Part, oneshot::Sender<Outcome>)>,
    last_outcome: Outcome,
    clock: Arc<dyn Clock>,
    site: serve::App,
}

/// A part of the site that is rendered at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The documents of the current stories.
    Documents,
    /// A batch of archives. There may be many after an import, and documents do not wait for them.
    Archives,
}

/// What is left to do after a rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Complete,
    ArchivesPending,
    Failed,
}

impl Publisher {
    /// Starts the rendering thread. It ends with the publisher.
    pub(super) fn start(renderer: Renderer) -> io::Result<Self> {
        let (clock, site) = (renderer.clock.clone(), renderer.site.clone());
        let (render_requests, requests) = mpsc::channel::<(Part, oneshot::Sender<Outcome>)>();
        std::thread::Builder::new().name("renderer".to_owned()).spawn(move || {
            let mut renderer = renderer;
            for (part, done) in requests {
                // The requester may have stopped waiting.
                let _ = done.send(renderer.render(part));
            }
        })?;
        Ok(Self { render_requests, last_outcome: Outcome::Failed, clock, site })
    }

    /// Runs the job, until `stop`: renders after each notification, and at the beginning of each
    /// day, when digests are due.
    pub(super) async fn run(mut self, changed: Arc<Notify>, mut stop: Stop) {
        loop {
            let (part, delay) = match self.last_outcome {
                Outcome::ArchivesPending => (Part::Archives, Duration::ZERO),
                Outcome::Complete | Outcome::Failed => (Part::Documents, RENDER_RETRY_DELAY),
            };
            tokio::select! {
                () = changed.notified() => {}
                () = tokio::time::sleep(delay), if self.last_outcome != Outcome::Complete => {
                    if part == Part::Archives {
                        self.render(part).await;
                        continue;
                    }
                }
                () = tokio::time::sleep(self.until_next_day().min(MAX_RENDER_INTERVAL)) => {}
                () = stop.wait() => return,
            }
            self.render_documents().await;
            tokio::select! {
                () = tokio::time::sleep(MIN_RENDER_INTERVAL) => {}
                () = stop.wait() => return,
            }
        }
    }

    /// Returns the time until the next day begins in the time zone of the site.
    fn until_next_day(&self) -> Duration {
        let (now, zone) = (self.clock.now(), self.site.settings().timezone);
        let tomorrow = local_date(now, None, zone).succ_opt().unwrap_or_default();
        (day_start(tomorrow, zone) - now).to_std().unwrap_or_default() + Duration::from_millis(1)
    }

    /// Renders all documents except archives and waits for the result.
    pub(super) async fn render_documents(&mut self) {
        self.render(Part::Documents).await;
    }

    async fn render(&mut self, part: Part) {
        let (done, rendered) = oneshot::channel();
        self.last_outcome = match self.render_requests.send((part, done)) {
            Ok(()) => rendered.await.unwrap_or(Outcome::Failed),
            Err(_) => Outcome::Failed,
        };
    }
}

/// The resources of a rendering.
pub(super) struct Renderer {
    pub(super) store: Store,
    pub(super) site: serve::App,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) health: Health,
    pub(super) metrics: Arc<Metrics>,
    /// Notified when documents were rendered.
    pub(super) rendered: Arc<Notify>,
    /// The settings that the stored archives were compared with.
    pub(super) archive_settings: Option<Arc<SiteSettings>>,
}

impl Renderer {
    /// Renders a part of the site. After a failure, the previous documents are still served.
    fn render(&mut self, part: Part) -> Outcome {
        let _span = match part {
            Part::Documents => info_span!("render documents"),
            Part::Archives => info_span!("render archives"),
        }
        .entered();
        let result = catch_unwind(AssertUnwindSafe(|| match part {
            Part::Documents => self.render_documents(),
            Part::Archives => self.render_archives(),
        }));
        match result {
            Ok(Ok(outcome)) => return outcome,
            // The previous documents are served, and the store has reported the fault.
            Ok(Err(error)) if self.store.is_write_fault(&error) => {
                debug!("cannot render the documents: {}", telemetry::chain(&error));
            }
            Ok(Err(error)) => self.report(&telemetry::chain(&error)),
            Err(_) => self.report("internal error, please report the panic above"),
        }
        Outcome::Failed
    }

    /// Renders all documents except archives from one snapshot of the store.
    fn render_documents(&self) -> Result<Outcome, StoreError> {
        let begun = std::time::Instant::now();
        let (settings, now) = (self.site.settings(), self.clock.now());
        site::issue_digests(&self.store, &settings, now, false)?;
        let (renderings, retired) = site::render_site(&self.store, &settings, now)?;
        self.site.replace(renderings, retired);
        self.metrics.observe_render(begun.elapsed());
        self.health.report_rendering(Ok(()));
        self.rendered.notify_one();
        Ok(Outcome::ArchivesPending)
    }

    fn render_archives(&mut self) -> Result<Outcome, StoreError> {
        let settings = self.site.settings();
        if !self.archive_settings.as_ref().is_some_and(|known| Arc::ptr_eq(known, &settings)) {
            site::mark_outdated_archives(&self.store, &settings)?;
            self.archive_settings = Some(settings.clone());
        }
        let is_any = site::render_archives(&self.store, &settings, self.clock.now())?;
        Ok(if is_any { Outcome::ArchivesPending } else { Outcome::Complete })
    }

    fn report(&self, why: &str) {
        error!("cannot render the documents; the previous ones are served: {why}");
        self.health.report_rendering(Err(format!("cannot render: {why}")));
    }
}
