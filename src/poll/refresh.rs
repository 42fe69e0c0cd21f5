//! One attempt to poll one source, top to bottom.
//!
//! remember → ask → read → know again → decide when next → store. Every attempt ends in exactly one
//! `store.apply`, whatever went wrong on the follow_mode; a panic is that source's recorded error.

use std::sync::Arc;

use chrono::TimeDelta;
use tracing::{info, warn};
use url::Url;

use super::{
    PollReport, Poller, blocking, fetch_source,
    session::{FetchOutcome, FetchSession},
    shared_feeds,
};
use crate::{
    fetch::{self, Hop, Response},
    schedule::{self, Hints},
    store::{
        Arrival, FeedMetadata, IncomingItem, PageChange, ParsedDocument, PollAttempt, PollError,
        PollUpdate, SharedFeedSource, SourceRecord, SourceTarget, StoreError, UpdateResult,
    },
    telemetry,
};
use feed_model::{
    Draft, Encoding, FollowMode, FollowTarget, Format, Headers, MovedAddress, PollOutcome, Problem,
    Repair, Source, Timestamp, UpdateHints,
};

/// How long a permanent redirect must hold before its target is asked instead.
const REDIRECT_ADOPTION_DELAY: TimeDelta = TimeDelta::days(7);

/// How far apart two 410s must be before a source rests.
const GONE_CONFIRMATION_DELAY: TimeDelta = TimeDelta::hours(24);

/// The exchange that decided: what was sent, and by which ways the answer came.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    pub(super) final_url: Option<Url>,
    pub(super) hops: Vec<Hop>,
    pub(super) request_headers: Headers,
    pub(super) headers: Headers,
}

impl Trace {
    fn of(response: &Response) -> Self {
        Self {
            final_url: Some(response.final_url.clone()),
            hops: response.hops.clone(),
            request_headers: response.request_headers.clone(),
            headers: response.headers.clone(),
        }
    }
}

/// No usable answer: what it was, in words and for the schedule.
pub(super) struct PollFailure {
    pub(super) outcome: PollOutcome,
    pub(super) status: Option<u16>,
    pub(super) trace: Trace,
    pub(super) error: PollError,
}

impl PollFailure {
    /// What an answer that is no document means.
    pub(super) fn of(answer: FetchOutcome) -> Self {
        match answer {
            FetchOutcome::Challenge(response, whose) => Self {
                outcome: PollOutcome::Challenge,
                status: Some(response.status),
                trace: Trace::of(&response),
                error: PollError {
                    class: "challenge".into(),
                    text: format!("not reachable: challenge ({whose})"),
                },
            },
            FetchOutcome::Failed(failure) => Self {
                outcome: PollOutcome::Failed,
                status: failure.status,
                error: PollError {
                    class: failure.error.class().into(),
                    text: telemetry::chain(&failure.error),
                },
                trace: Trace {
                    final_url: failure.hops.last().map(|hop| hop.to.clone()),
                    hops: failure.hops,
                    request_headers: failure.request_headers,
                    headers: failure.headers.unwrap_or_default(),
                },
            },
            FetchOutcome::Document(response)
            | FetchOutcome::NotModified(response)
            | FetchOutcome::ErrorStatus(response) => {
                let outcome =
                    if response.status == 410 { PollOutcome::Gone } else { PollOutcome::Failed };
                let text = match response.status {
                    410 => "it is gone (410)".to_owned(),
                    206 => format!(
                        "{} answered 206, a part that was not asked for",
                        response.final_url
                    ),
                    304 => format!(
                        "{} answered 304, though the request was not conditional",
                        response.final_url
                    ),
                    status => format!("{} answered {status}", response.final_url),
                };
                let error = PollError { class: format!("http-{}", response.status), text };
                Self { outcome, status: Some(response.status), trace: Trace::of(&response), error }
            }
        }
    }

    /// An answer that came, and cannot be used.
    pub(super) fn unusable_document(response: &Response, class: &str, text: String) -> Self {
        Self {
            outcome: PollOutcome::Failed,
            status: Some(response.status),
            trace: Trace::of(response),
            error: PollError { class: class.to_owned(), text },
        }
    }

    /// robots.txt says no.
    pub(super) fn robots_forbidden(why: String) -> Self {
        Self::internal_error("robots", why)
    }

    /// Something of our own.
    fn internal_error(class: &str, text: String) -> Self {
        Self {
            outcome: PollOutcome::Failed,
            status: None,
            trace: Trace::default(),
            error: PollError { class: class.into(), text },
        }
    }
}

/// What a feed said of itself and how it was has_document: for `inspect`.
pub(super) struct FeedDetails {
    pub(super) format: Format,
    pub(super) encoding: Option<Encoding>,
    pub(super) repairs: Vec<Repair>,
    pub(super) updated: Option<Timestamp>,
}

/// What asking and reading brought.
pub(super) struct FetchedSource {
    pub(super) outcome: PollOutcome,
    pub(super) status: Option<u16>,
    pub(super) error: Option<PollError>,
    pub(super) trace: Trace,
    pub(super) feed_details: Option<FeedDetails>,
    /// What the document says; `None`: none was read.
    pub(super) update_hints: Option<UpdateHints>,
    /// The address whose validators decide the floor.
    pub(super) polled_url: Option<Url>,
    pub(super) follow_mode: FollowMode,
    pub(super) followed: Option<FollowTarget>,
    pub(super) reviewed: bool,
    pub(super) metadata: FeedMetadata,
    pub(super) body_digest: Option<[u8; 32]>,
    pub(super) drafts: Vec<(Draft, Arrival)>,
    pub(super) has_document: bool,
    pub(super) problems: Option<Vec<Problem>>,
    pub(super) pages: Vec<PageChange>,
}

impl FetchedSource {
    pub(super) fn of(outcome: PollOutcome, follow_mode: FollowMode) -> Self {
        Self {
            outcome,
            status: None,
            error: None,
            trace: Trace::default(),
            feed_details: None,
            update_hints: None,
            polled_url: None,
            follow_mode: follow_mode,
            followed: None,
            reviewed: false,
            metadata: FeedMetadata::default(),
            body_digest: None,
            drafts: Vec::new(),
            has_document: false,
            problems: None,
            pages: Vec::new(),
        }
    }

    pub(super) fn from_failure(poll_failure: PollFailure, follow_mode: FollowMode) -> Self {
        Self {
            status: poll_failure.status,
            error: Some(poll_failure.error),
            trace: poll_failure.trace,
            ..Self::of(poll_failure.outcome, follow_mode)
        }
    }

    pub(super) fn from_response(
        outcome: PollOutcome,
        follow_mode: FollowMode,
        response: &Response,
    ) -> Self {
        Self {
            status: Some(response.status),
            trace: Trace::of(response),
            polled_url: Some(response.final_url.clone()),
            ..Self::of(outcome, follow_mode)
        }
    }
}

/// What the next poll depends on beside the source itself.
#[derive(Default)]
struct HostContext {
    /// Its host is left in peace until then.
    host_backoff: Option<Timestamp>,
    /// Sources that read the same document.
    shared_feeds: Vec<SharedFeedSource>,
}

impl Poller {
    /// One attempt to poll one source, now. Whether it may be asked now is decided by who calls.
    pub async fn refresh(&self, source: &Arc<Source>) -> PollReport {
        let (poller, task_source) = (self.clone(), source.clone());
        let report = match tokio::spawn(async move { poller.attempt(&task_source).await }).await {
            Ok(report) => report,
            Err(join_error) => self.record_panic(source, &join_error.to_string()).await,
        };
        log(&report);
        report
    }

    async fn attempt(&self, source: &Source) -> PollReport {
        match self.fetch_and_plan(source, |_| ()).await {
            Ok((poll_update, ())) => self.apply_update(poll_update).await,
            Err(error) => unstored_report(source, &error),
        }
    }

    /// Everything up to the storing; `observe` is shown what the visit brought.
    pub(super) async fn fetch_and_plan<T>(
        &self,
        source: &Source,
        observe: impl FnOnce(&FetchedSource) -> T,
    ) -> Result<(PollUpdate, T), StoreError> {
        let id = source.id.clone();
        let source_record = self.read(move |reader| reader.source_record(&id)).await?;
        let (mut visit, session) = match FetchSession::new(self, source, &source_record) {
            Ok(mut session) => {
                (fetch_source::fetch_source(&mut session, &source_record).await?, Some(session))
            }
            Err(error) => (
                FetchedSource::from_failure(
                    PollFailure::internal_error("credentials", telemetry::chain(&error)),
                    FollowMode::Auto,
                ),
                None,
            ),
        };
        let shared_feeds = match &session {
            Some(session) => shared_feeds::of(session, &visit).await?,
            None => Vec::new(),
        };
        shared_feeds::note(&mut visit, &shared_feeds);
        let observed = observe(&visit);
        // As it is now: another source of the host may have been refused while this one was asked.
        let (id, now) = (source.id.clone(), self.clock.now());
        let host_backoff = self.read(move |reader| reader.host_backoff(&id, now)).await?;
        Ok((
            self.poll_update(
                source,
                &source_record,
                visit,
                session.as_ref(),
                &HostContext { host_backoff, shared_feeds },
            ),
            observed,
        ))
    }

    /// Decides when next, and puts everything that is to be stored aligned_sources.
    fn poll_update(
        &self,
        source: &Source,
        source_record: &SourceRecord,
        mut visit: FetchedSource,
        session: Option<&FetchSession<'_>>,
        host_context: &HostContext,
    ) -> PollUpdate {
        let now = self.clock.now();
        let requested = session.and_then(FetchSession::last);
        let failed = visit.outcome.is_failure();
        let throttled =
            matches!(visit.status, Some(429 | 503)) && visit.outcome == PollOutcome::Failed;
        let failures = if failed { source_record.failures.saturating_add(1) } else { 0 };
        let throttles = if throttled { source_record.throttles.saturating_add(1) } else { 0 };
        let gone_since = (visit.outcome == PollOutcome::Gone)
            .then(|| source_record.gone_since.unwrap_or(requested.unwrap_or(now)));
        let gone = gone_since.is_some_and(|since| now - since >= GONE_CONFIRMATION_DELAY);
        let has_validators = match visit.polled_url.as_ref().zip(session) {
            Some((url, session)) => session.has_validators(url),
            // No answer says nothing of it: as it was, and no floor for what never answered.
            None => {
                source_record.imported.is_none()
                    || source_record.validators.iter().any(|(_, v)| !v.is_empty())
            }
        };
        let pace = visit.update_hints.take();
        let hints = Hints::of(
            visit.status.unwrap_or(0),
            &visit.trace.headers,
            pace.as_ref().unwrap_or(&source_record.update_hints),
            now,
        );
        let mut recent = source_record.recent_dates.clone();
        recent.extend(visit.drafts.iter().filter_map(|(draft, _)| draft.published.map(|p| p.at)));
        recent.sort_unstable_by(|a, b| b.cmp(a));
        recent.dedup();
        let mut next = schedule::next_poll(
            &source.poll_policy,
            &hints,
            &schedule::PollState {
                now,
                last_request: requested.unwrap_or(now),
                outcome: visit.outcome,
                error_class: visit.error.as_ref().map(|error| error.class.as_str()),
                status: visit.status,
                consecutive_failures: failures,
                consecutive_throttles: throttles,
                has_validators,
                follow_mode: visit.follow_mode,
                recent_dates: &recent,
                source: &source.id,
                host_backoff: host_context.host_backoff,
            },
        );
        let aligned_sources = shared_feeds::align_schedules(
            &mut next,
            source,
            requested.unwrap_or(now),
            &host_context.shared_feeds,
            &self.settings.load(),
        );
        let moved = moved(source_record, &visit, now);
        let document = visit.has_document.then(|| {
            let drafts = std::mem::take(&mut visit.drafts);
            Self::document(
                source_record,
                &visit,
                drafts,
                session.is_some_and(FetchSession::private),
            )
        });
        let (document, problems) = match document {
            Some((document, more)) => {
                let mut problems = visit.problems.take().unwrap_or_default();
                problems.extend(more);
                (Some(document), Some(problems))
            }
            None => (None, visit.problems.take()),
        };
        PollUpdate {
            source: source.id.clone(),
            target: SourceTarget::of(source),
            now,
            requested,
            attempt: Some(PollAttempt {
                outcome: visit.outcome,
                status: visit.status,
                error: visit.error,
                failures,
                throttles,
                gone_since,
                gone,
                next,
                host: visit.trace.final_url.as_ref().map(fetch::host_key),
                aligned_sources,
                update_hints: pace,
                moved,
                problems,
            }),
            reviewed: (visit.reviewed || visit.followed.is_some()).then_some(now),
            followed: visit.followed,
            validators: session.map(FetchSession::validators).unwrap_or_default(),
            document,
            pages: visit.pages,
            window: self.settings.load().window,
        }
    }

    /// Knows every item again: keys, hashes, the policy of the source's ids.
    fn document(
        source_record: &SourceRecord,
        visit: &FetchedSource,
        drafts: Vec<(Draft, Arrival)>,
        private: bool,
    ) -> (ParsedDocument, Vec<Problem>) {
        let (drafts, arrivals): (Vec<Draft>, Vec<Arrival>) = drafts.into_iter().unzip();
        let home =
            visit.metadata.home_page_url.as_deref().or(source_record.home_page_url.as_deref());
        let (identity, policy, problems) =
            entry_identity::identify_items(&drafts, source_record.key_policy, home);
        let items = drafts
            .into_iter()
            .zip(identity)
            .zip(arrivals)
            .map(|((draft, identity), arrival)| IncomingItem { draft, identity, arrival })
            .collect();
        let document = ParsedDocument {
            metadata: visit.metadata.clone(),
            body_digest: visit.body_digest,
            key_policy: Some(policy),
            items,
            private: Some(private),
            ends_import: true,
        };
        (document, problems)
    }

    /// Stores a poll_update, and says what came of it.
    pub(super) async fn apply_update(&self, poll_update: PollUpdate) -> PollReport {
        let id = poll_update.source.clone();
        let attempt = poll_update.attempt.clone();
        let (store, rules) = (self.store.clone(), self.settings.load().rules.clone());
        match blocking(move || store.apply(poll_update, rules)).await {
            Ok(applied) if applied.config_changed => PollReport {
                note: Some("feeds.toml gives it another address by now: nothing is kept of what the old one answered".into()),
                ..PollReport::new(id, PollOutcome::Unchanged)
            },
            Ok(applied) => report(id, attempt.as_ref(), &applied),
            Err(error) => {
                PollReport { error: Some(telemetry::chain(&error)), is_stored: false, ..PollReport::new(id, PollOutcome::Failed) }
            }
        }
    }

    /// A panic on the follow_mode is this source's error, and recorded like any other.
    async fn record_panic(&self, source: &Source, why: &str) -> PollReport {
        let id = source.id.clone();
        let source_record = match self.read(move |reader| reader.source_record(&id)).await {
            Ok(source_record) => source_record,
            Err(error) => return unstored_report(source, &error),
        };
        let visit = FetchedSource::from_failure(
            PollFailure::internal_error("internal", format!("a bug of this program: {why}")),
            FollowMode::Auto,
        );
        let poll_update =
            self.poll_update(source, &source_record, visit, None, &HostContext::default());
        self.apply_update(poll_update).await
    }
}

/// Watches a permanent redirect: adopted after seven days of saying the same, or at once when only
/// the scheme became safe or the old address is no more. It is forgotten when the old address
/// answers by itself, or the new one is no more.
fn moved(
    source_record: &SourceRecord,
    visit: &FetchedSource,
    now: Timestamp,
) -> Option<MovedAddress> {
    let start = visit.trace.hops.first().map(|hop| &hop.from).or(visit.trace.final_url.as_ref());
    if visit.outcome.is_failure() {
        let moved = source_record.moved.clone()?;
        let is_missing = visit.trace.hops.is_empty() && matches!(visit.status, Some(404 | 410));
        return match start == Some(&moved.to) {
            true if moved.adopted && is_missing => None,
            false if is_missing => Some(MovedAddress { adopted: true, ..moved }),
            _ => Some(moved),
        };
    }
    // The target of the unbroken run of permanent redirects at the beginning.
    let target =
        visit.trace.hops.iter().take_while(|hop| hop.permanent).last().map(|hop| hop.to.clone());
    match (target, &source_record.moved) {
        // The new address answers by itself: that is where the source is.
        (None, Some(known)) if known.adopted && start == Some(&known.to) => Some(known.clone()),
        (None, _) => None,
        (Some(to), Some(known)) if known.to == to => Some(MovedAddress {
            to,
            since: known.since,
            adopted: known.adopted || now - known.since >= REDIRECT_ADOPTION_DELAY,
        }),
        (Some(target), _) => {
            let is_https_upgrade = start.is_some_and(|from| {
                let without_scheme = |url: &Url| {
                    (
                        url.host_str().map(str::to_owned),
                        url.path().to_owned(),
                        url.query().map(str::to_owned),
                    )
                };
                from.scheme() == "http"
                    && target.scheme() == "https"
                    && without_scheme(from) == without_scheme(&target)
            });
            Some(MovedAddress { to: target, since: now, adopted: is_https_upgrade })
        }
    }
}

fn report(
    id: feed_model::SourceId,
    attempt: Option<&PollAttempt>,
    applied: &UpdateResult,
) -> PollReport {
    let outcome = match attempt.map(|a| a.outcome) {
        Some(failure) if failure.is_failure() => failure,
        _ if applied.new_entries + applied.updated_entries > 0 => PollOutcome::Changed,
        Some(outcome) => outcome,
        None => PollOutcome::Unchanged,
    };
    PollReport {
        status: attempt.and_then(|a| a.status),
        new_entries: applied.new_entries,
        updated_entries: applied.updated_entries,
        new_stories: applied.new_stories,
        duplicates: applied.duplicates,
        error: attempt.and_then(|a| a.error.as_ref()).map(|e| e.text.clone()),
        next_poll: attempt.map(|a| a.next.at),
        visible: applied.visible,
        ..PollReport::new(id, outcome)
    }
}

fn unstored_report(source: &Source, error: &StoreError) -> PollReport {
    PollReport {
        error: Some(telemetry::chain(error)),
        is_stored: false,
        ..PollReport::new(source.id.clone(), PollOutcome::Failed)
    }
}

/// One line per poll, readable alone and queryable by field.
fn log(report: &PollReport) {
    let (source, outcome) = (report.id.as_str(), report.outcome.as_str());
    if let Some(note) = &report.note {
        info!(source, "polled {source}: {note}");
    } else if let Some(error) = &report.error {
        let next = report
            .next_poll
            .map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string())
            .unwrap_or_default();
        warn!(
            source,
            outcome,
            status = report.status,
            error,
            next,
            "polled {source}: {outcome}: {error}; next poll {next}"
        );
    } else {
        info!(
            source,
            outcome,
            status = report.status,
            new_entries = report.new_entries,
            updated_entries = report.updated_entries,
            duplicates = report.duplicates,
            "polled {source}: {outcome}, {} new, {} updated",
            report.new_entries,
            report.updated_entries
        );
    }
}
