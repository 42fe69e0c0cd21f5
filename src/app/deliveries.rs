//! Sends what waits in the queue: to subscribers of our hub, to the hub of another, and to
//! webhooks.
//!
//! One host gets one request at a time. A request that takes long gives up its turn, so that a
//! receiver that hangs does not delay the others of its host for long. The result of a delivery is
//! stored before the host gets the next one: a killed process repeats at most the requests that
//! were under way.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    task::{self, JoinSet},
};
use tracing::{Instrument as _, debug, error, field::Empty, info, info_span};
use url::Url;

use feed_model::{StoryId, Timestamp, TopicId};

use super::{
    application::App,
    stop::Stop,
    webhooks::{WebhookError, webhook_message},
};
use crate::{
    config::Hub,
    fetch::{FetchError, MessageResponse},
    push::{self, OutgoingDocument},
    schedule, serve,
    store::{Delivery, DeliveryResult, DeliverySubject, HubRequest, StoreError, Subscriber},
    telemetry::{self, Metrics},
};

/// The longest time of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The time after which a request does not keep others of its host waiting.
const TURN: Duration = Duration::from_secs(2);
/// The most hosts that get a request at the same time.
const MAX_HOSTS: usize = 32;
/// The most requests at the same time that have given up their turns.
const MAX_SLOW: usize = 64;
/// Deliveries to a host that are read at a time.
const BATCH: usize = 16;
/// The longest pause before the queue is looked at again.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The pause while nothing can be stored, or after an error.
const STORAGE_PAUSE: Duration = Duration::from_secs(5);
/// How often subscriptions whose leases ended are removed.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(3600);

/// The job that sends deliveries. Cloning it is cheap.
#[derive(Clone)]
pub(super) struct Deliveries {
    pub(super) app: App,
    pub(super) site: serve::App,
    pub(super) metrics: Arc<Metrics>,
    /// Notified when deliveries may be due: documents were rendered, or a subscriber asked for
    /// something.
    pub(super) queued: Arc<Notify>,
    pub(super) stop: Stop,
    /// The version of each document that was last queued, by its path.
    pub(super) queued_versions: Arc<Mutex<HashMap<String, String>>>,
}

/// A delivery whose request has ended.
struct Attempt {
    result: DeliveryResult,
    /// The word for metrics and logs.
    outcome: &'static str,
    /// Why it failed, for the log.
    reason: Option<String>,
}

impl Deliveries {
    /// Runs the job until it is told to stop. Requests under way are waited for.
    pub(super) async fn run(self) {
        let mut stop = self.stop.clone();
        let slow = Arc::new(Semaphore::new(MAX_SLOW));
        let mut tasks: JoinSet<()> = JoinSet::new();
        // The host of each task.
        let mut busy: HashMap<task::Id, String> = HashMap::new();
        let mut expired: Option<Instant> = None;
        loop {
            if expired.is_none_or(|at| at.elapsed() >= EXPIRY_INTERVAL) {
                expired = Some(Instant::now());
                let removed = self.app.store().expire_subscribers(self.now()).await;
                log_failure("remove expired subscribers", removed.map(drop));
            }
            let pause = match self.start(&mut tasks, &mut busy, &slow).await {
                Ok(pause) => pause,
                Err(error) => {
                    log_failure("read the deliveries", Err(error));
                    STORAGE_PAUSE
                }
            };
            tokio::select! {
                () = stop.wait() => break,
                () = self.queued.notified() => {}
                Some(ended) = tasks.join_next_with_id() => {
                    let id = match &ended {
                        Ok((id, ())) => *id,
                        Err(panic) => panic.id(),
                    };
                    busy.remove(&id);
                    if let Err(panic) = ended {
                        error!("internal error in a delivery, please report it: {panic}");
                        tokio::time::sleep(STORAGE_PAUSE).await;
                    }
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
        while tasks.join_next().await.is_some() {}
        let all = u32::try_from(MAX_SLOW).unwrap_or(u32::MAX);
        drop(slow.acquire_many(all).await);
    }

    /// Sends the stories that wait for webhooks. What fails is left to the next run, and so is what
    /// is not sent after `limit`.
    pub(super) async fn send_waiting_stories(&self, limit: Duration) -> Result<(), StoreError> {
        let begun = Instant::now();
        let mut tried = HashSet::new();
        while begun.elapsed() < limit && self.app.store().write_fault().is_none() {
            let now = self.now();
            let store = self.app.store();
            let mut due = store.read_async(move |reader| reader.due_stories(now)).await?;
            due.retain(|delivery| tried.insert(delivery.id));
            if due.is_empty() {
                break;
            }
            let sending = due.into_iter().map(|delivery| async move {
                self.send(&delivery).await;
            });
            futures_util::future::join_all(sending).await;
        }
        Ok(())
    }

    /// Queues changed documents and starts a task for each host with a due delivery. Returns how
    /// long nothing else is due.
    async fn start(
        &self,
        tasks: &mut JoinSet<()>,
        busy: &mut HashMap<task::Id, String>,
        slow: &Arc<Semaphore>,
    ) -> Result<Duration, StoreError> {
        let store = self.app.store();
        // Without a record of what was delivered, everything would be delivered again. Without
        // documents, there is nothing to deliver yet.
        if store.write_fault().is_some() || self.site.is_empty() {
            return Ok(STORAGE_PAUSE);
        }
        self.queue_changed_documents().await?;
        let now = self.now();
        let (hosts, next) = store
            .read_async(move |reader| {
                Ok((reader.hosts_with_due_deliveries(now)?, reader.next_delivery(now)?))
            })
            .await?;
        for host in hosts {
            if tasks.len() >= MAX_HOSTS {
                break;
            }
            if busy.values().all(|busy| *busy != host) {
                let (job, slow, key) = (self.clone(), slow.clone(), host.clone());
                let task = tasks.spawn(async move { job.send_to_host(&key, &slow).await });
                busy.insert(task.id(), host);
            }
        }
        let pause = next.and_then(|at| (at - now).to_std().ok()).unwrap_or(MAX_PAUSE);
        Ok(pause.clamp(Duration::from_millis(50), MAX_PAUSE))
    }

    /// Queues every document for the subscribers that have another version of it.
    async fn queue_changed_documents(&self) -> Result<(), StoreError> {
        self.sync_other_hub().await?;
        let store = self.app.store();
        let paths = store.read_async(|reader| reader.subscribed_paths()).await?;
        for path in &paths {
            let version = self.site.hub_version(path).await?;
            let is_queued = self.queued_versions().get(path) == Some(&version);
            if !is_queued && let Some(document) = self.site.hub_document(path).await? {
                self.queue(path.clone(), document.etag).await?;
                self.queued_versions().insert(path.clone(), version);
            }
        }
        let mut versions = self.queued_versions();
        if versions.len() > paths.len() {
            versions.retain(|path, _| paths.contains(path));
        }
        Ok(())
    }

    fn queued_versions(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.queued_versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn queue(&self, path: String, etag: String) -> Result<(), StoreError> {
        let now = self.now();
        self.app
            .store()
            .run_blocking(move |store| {
                if store.read(|reader| reader.has_outdated_subscribers(&path, &etag))? {
                    store.queue_document(&path, &etag, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Stores which documents the hub of another is told of, if that is not stored yet.
    async fn sync_other_hub(&self) -> Result<(), StoreError> {
        let hub = match &self.site.settings().hub {
            Hub::Other(url) => Some(url.clone()),
            Hub::Own | Hub::None => None,
        };
        let documents = if hub.is_some() { self.site.hub_documents() } else { Vec::new() };
        self.app
            .store()
            .run_blocking(move |store| {
                let url = hub.as_ref().map(Url::to_string);
                let known = store.read(|reader| reader.other_hubs())?;
                let is_known = |path: &String| {
                    known.iter().any(|(known, hub)| known == path && Some(hub) == url.as_ref())
                };
                let is_current = known.iter().all(|(_, hub)| Some(hub) == url.as_ref())
                    && documents.iter().all(|(path, _)| is_known(path));
                if is_current { Ok(()) } else { store.sync_other_hub(hub.as_ref(), documents) }
            })
            .await
    }

    /// Sends the due deliveries of a host, one at a time.
    async fn send_to_host(&self, host: &str, slow: &Arc<Semaphore>) {
        loop {
            let (host, now) = (host.to_owned(), self.now());
            let due = self
                .app
                .store()
                .read_async(move |reader| reader.due_deliveries(&host, now, BATCH))
                .await;
            let due = match due {
                Ok(due) if due.is_empty() => return,
                Ok(due) => due,
                Err(error) => return log_failure("read the deliveries", Err(error)),
            };
            for delivery in due {
                if self.stop.is_set() || self.app.store().write_fault().is_some() {
                    return;
                }
                self.send_within_turn(delivery, slow).await;
            }
        }
    }

    /// Sends a delivery. Returns when it is done, or when it has taken too long for its turn. The
    /// stories of a webhook keep their order, so they have no turns.
    async fn send_within_turn(&self, delivery: Delivery, slow: &Arc<Semaphore>) {
        let has_turn = !matches!(delivery.subject, DeliverySubject::Story { .. });
        let id = delivery.id;
        let job = self.clone();
        let mut sending = Box::pin(async move { job.send(&delivery).await });
        if !has_turn {
            return sending.await;
        }
        if tokio::time::timeout(TURN, &mut sending).await.is_ok() {
            return;
        }
        let permit: Option<OwnedSemaphorePermit> = slow.clone().try_acquire_owned().ok();
        let now = self.now();
        let until = now + chrono::TimeDelta::seconds(60);
        if permit.is_none() || self.app.store().postpone_delivery(id, now, until).await.is_err() {
            return sending.await;
        }
        let queued = self.queued.clone();
        tokio::spawn(async move {
            sending.await;
            drop(permit);
            queued.notify_one();
        });
    }

    /// Sends a delivery and stores the result.
    async fn send(&self, delivery: &Delivery) {
        let now = self.now();
        let kind = delivery.subject.kind();
        let span = info_span!("deliver", kind, outcome = Empty);
        let attempt = match self.attempt(delivery).instrument(span.clone()).await {
            Ok(attempt) => attempt,
            Err(error) => {
                log_failure("read what is to be delivered", Err(error));
                tokio::time::sleep(STORAGE_PAUSE).await;
                return;
            }
        };
        span.record("outcome", attempt.outcome);
        let delay = (self.now() - delivery.queued).to_std().unwrap_or_default();
        self.metrics.count_delivery(kind, attempt.outcome, delay);
        span.in_scope(|| log(delivery, &attempt));
        // What was sent must not be sent again, so it is stored before anything else happens.
        loop {
            let store = self.app.store();
            match store.finish_delivery(delivery.id, attempt.result.clone(), now).await {
                Ok(()) => break,
                Err(error) => log_failure("store the result of a delivery", Err(error)),
            }
            let mut stop = self.stop.clone();
            tokio::select! {
                // Then it is sent again after the next start.
                () = stop.wait() => return,
                () = tokio::time::sleep(STORAGE_PAUSE) => {}
            }
        }
        let (DeliveryResult::Delivered(Some(sent)) | DeliveryResult::Confirmed { etag: sent }) =
            &attempt.result
        else {
            return;
        };
        // The document may have changed while it was sent, when it could not be queued again.
        if let DeliverySubject::Verification(HubRequest { path, .. })
        | DeliverySubject::Document { path, .. } = &delivery.subject
            && let Ok(Some(document)) = self.site.hub_document(path).await
            && document.etag != *sent
        {
            log_failure("queue a document", self.queue(path.clone(), document.etag).await);
            self.queued.notify_one();
        }
    }

    async fn attempt(&self, delivery: &Delivery) -> Result<Attempt, StoreError> {
        let given_up = |reason: &str| Attempt {
            result: DeliveryResult::GivenUp,
            outcome: "given_up",
            reason: Some(reason.to_owned()),
        };
        let Ok(url) = Url::parse(&delivery.url) else {
            return Ok(given_up("its address is invalid"));
        };
        Ok(match &delivery.subject {
            DeliverySubject::Verification(request) => {
                match self.site.hub_document(&request.path).await? {
                    Some(document) => self.verify(delivery, request, url, &document).await,
                    None => given_up("the document is not published any more"),
                }
            }
            DeliverySubject::Document { path, subscriber } => {
                match (self.site.hub_document(path).await?, subscriber) {
                    (Some(document), Some(subscriber)) => {
                        self.send_document(delivery, subscriber, url, document).await
                    }
                    (None, _) => given_up("the document is not published any more"),
                    (_, None) => given_up("the subscription has ended"),
                }
            }
            DeliverySubject::Story { topic, story } => {
                self.notify(delivery, topic.clone(), *story, url).await?
            }
        })
    }

    /// Asks a subscriber whether it wants what was asked for in its name.
    async fn verify(
        &self,
        delivery: &Delivery,
        request: &HubRequest,
        callback: Url,
        document: &OutgoingDocument,
    ) -> Attempt {
        let challenge = push::random_token();
        // The address that the subscriber named, also if the topic was renamed.
        let topic_url = self.site.settings().addresses().absolute(&request.path);
        let message = push::verification_message(request, callback, &topic_url, &challenge);
        let response = self.exchange(&message).await;
        let retry = || push::next_verification(delivery.attempts, self.now());
        match response {
            Ok(response) if response.is_success() && response.body == challenge => Attempt {
                result: DeliveryResult::Confirmed { etag: document.etag.clone() },
                outcome: "delivered",
                reason: None,
            },
            Ok(MessageResponse { status: 429 | 500..=599, .. }) | Err(Failure::Temporary(_)) => {
                failed(&response, retry().map_or(DeliveryResult::GivenUp, DeliveryResult::Retry))
            }
            // The subscriber denies it, or nobody may be asked.
            _ => failed(&response, DeliveryResult::GivenUp),
        }
    }

    /// Sends a document to a subscriber, or tells the hub of another that it changed.
    async fn send_document(
        &self,
        delivery: &Delivery,
        subscriber: &Subscriber,
        url: Url,
        document: OutgoingDocument,
    ) -> Attempt {
        let message = if subscriber.is_hub {
            push::ping_message(url, &document.topic_url)
        } else {
            push::document_message(&document, url, subscriber.secret.as_deref())
        };
        let response = self.exchange(&message).await;
        let is_permanent = match &response {
            Ok(response) if response.is_success() => {
                return Attempt {
                    result: DeliveryResult::Delivered(Some(document.etag)),
                    outcome: "delivered",
                    reason: None,
                };
            }
            Ok(response) => response.status == 410,
            Err(failure) => matches!(failure, Failure::Permanent(_)),
        };
        let next = push::next_attempt(delivery.attempts, subscriber.failing_since, self.now());
        let result = match next {
            Some(at) if !is_permanent => DeliveryResult::Retry(at),
            // A hub is told of the next change again.
            _ if subscriber.is_hub => DeliveryResult::Delivered(Some(document.etag)),
            _ => DeliveryResult::Unsubscribed,
        };
        failed(&response, result)
    }

    /// Tells a webhook of a story.
    async fn notify(
        &self,
        delivery: &Delivery,
        topic: TopicId,
        story: StoryId,
        url: Url,
    ) -> Result<Attempt, StoreError> {
        let (site, polling) = (self.site.settings(), self.app.poller.settings.load_full());
        let message = self
            .app
            .store()
            .run_blocking(move |store| {
                let story = store.read(|reader| reader.story(story))?.filter(|story| story.public);
                let Some(story) = story else { return Ok(Err(NoMessage::StoryRemoved)) };
                let topic = polling.topics.iter().find(|known| known.id == topic);
                let webhook =
                    topic.and_then(|topic| topic.webhooks.iter().find(|known| known.url == url));
                let Some((topic, webhook)) = topic.zip(webhook) else {
                    return Ok(Err(NoMessage::NotInSettings));
                };
                let message = webhook_message(&site, &polling, topic, webhook, &story);
                Ok(message.map_err(NoMessage::Secret))
            })
            .await?;
        let retry = || {
            push::next_attempt(delivery.attempts, Some(delivery.queued), self.now())
                .map_or(DeliveryResult::GivenUp, DeliveryResult::Retry)
        };
        let message = match message {
            Ok(message) => message,
            Err(NoMessage::StoryRemoved) => {
                return Ok(Attempt {
                    result: DeliveryResult::GivenUp,
                    outcome: "given_up",
                    reason: Some("the story was removed".to_owned()),
                });
            }
            // feeds.toml is being reloaded. With its webhook, a delivery leaves the queue.
            Err(NoMessage::NotInSettings) => {
                let at = self.now() + chrono::TimeDelta::seconds(5);
                let reason = Some("its webhook is not loaded yet".to_owned());
                return Ok(Attempt {
                    result: DeliveryResult::Retry(at),
                    outcome: "failed",
                    reason,
                });
            }
            Err(NoMessage::Secret(error)) => {
                let reason = Some(telemetry::chain(&error));
                return Ok(Attempt { result: retry(), outcome: "failed", reason });
            }
        };
        let response = self.exchange(&message).await;
        let result = match &response {
            Ok(response) if response.is_success() => {
                return Ok(Attempt {
                    result: DeliveryResult::Delivered(None),
                    outcome: "delivered",
                    reason: None,
                });
            }
            // The receiver does not take this story, however often it is sent.
            Ok(response) if matches!(response.status, 400 | 410 | 413 | 415 | 422) => {
                DeliveryResult::GivenUp
            }
            Err(Failure::Permanent(_)) => DeliveryResult::GivenUp,
            Ok(response) => {
                let now = self.now();
                let asked = schedule::retry_after(response.status, &response.headers, now);
                match (retry(), asked) {
                    (DeliveryResult::Retry(_), Some(asked)) if asked > now => {
                        DeliveryResult::Retry(asked.min(now + chrono::TimeDelta::hours(1)))
                    }
                    (result, _) => result,
                }
            }
            Err(Failure::Temporary(_)) => retry(),
        };
        Ok(failed(&response, result))
    }

    async fn exchange(&self, message: &crate::fetch::Message) -> Result<MessageResponse, Failure> {
        let allow_hosts = &self.app.poller.settings.load_full().allow_hosts;
        let client = self.app.poller.client.load_full();
        client.send(message, allow_hosts, TIMEOUT).await.map_err(|error| match error {
            FetchError::PrivateAddress { .. } | FetchError::Scheme(_) => Failure::Permanent(error),
            error => Failure::Temporary(error),
        })
    }

    fn now(&self) -> Timestamp {
        self.app.poller.clock.now()
    }
}

/// Why there is no message to a webhook.
enum NoMessage {
    /// The story was removed or became private.
    StoryRemoved,
    /// The settings do not contain the webhook.
    NotInSettings,
    /// The secret cannot be read.
    Secret(WebhookError),
}

/// Why a request got no response.
enum Failure {
    /// The address must not be requested.
    Permanent(FetchError),
    /// It may work later.
    Temporary(FetchError),
}

/// Describes a request that failed, with what follows from it.
fn failed(response: &Result<MessageResponse, Failure>, result: DeliveryResult) -> Attempt {
    let reason = match response {
        Ok(response) if response.is_success() => "the response is not the challenge".to_owned(),
        Ok(response) => format!("it answered {}", response.status),
        Err(Failure::Permanent(error) | Failure::Temporary(error)) => telemetry::chain(error),
    };
    let outcome = if matches!(result, DeliveryResult::Retry(_)) { "failed" } else { "given_up" };
    Attempt { result, outcome, reason: Some(reason) }
}

/// Logs a delivery. Callbacks may contain secrets, so only the host is named.
fn log(delivery: &Delivery, attempt: &Attempt) {
    let url = Url::parse(&delivery.url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let kind = delivery.subject.kind();
    let subject = match &delivery.subject {
        DeliverySubject::Verification(HubRequest { path, .. })
        | DeliverySubject::Document { path, .. } => path.as_str(),
        DeliverySubject::Story { topic, .. } => topic.as_str(),
    };
    let reason = attempt.reason.as_deref().unwrap_or_default();
    match &attempt.result {
        DeliveryResult::Delivered(_) => debug!(kind, host, subject, "delivered to {host}"),
        DeliveryResult::Confirmed { .. } => {
            info!(kind, host, subject, "{host} confirmed its subscription to {subject}");
        }
        DeliveryResult::Retry(at) => {
            debug!(kind, host, subject, "{host} is tried again at {at}: {reason}");
        }
        DeliveryResult::GivenUp => {
            info!(kind, host, subject, "a {kind} of {subject} to {host} is given up: {reason}");
        }
        DeliveryResult::Unsubscribed => {
            info!(kind, host, subject, "{host} is no longer subscribed to {subject}: {reason}");
        }
    }
}

fn log_failure(what: &str, result: Result<(), StoreError>) {
    match result {
        Ok(()) => {}
        // The store has reported the fault.
        Err(error) if error.fault().is_some() => {
            debug!("cannot {what}: {}", telemetry::chain(&error));
        }
        Err(error) => error!("cannot {what}: {}", telemetry::chain(&error)),
    }
}
