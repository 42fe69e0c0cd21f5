//! One attempt to poll one source, top to bottom.
//!
//! remember → ask → read → know again → decide when next → store. Every attempt ends in exactly one `store.apply`,
//! whatever went wrong on the way; a panic is that source's recorded error.

use std::sync::Arc;

use chrono::TimeDelta;
use tracing::{info, warn};
use url::Url;

use super::{
    Outcome, Poller, SourceReport, blocking,
    exchange::{Answer, Exchanges},
    fellows, visit,
};
use crate::{
    fetch::{self, Hop, Response},
    schedule::{self, Hints},
    store::{
        Applied, Arrival, Asked, Attempt, Facts, FellowReader, Item, NextPoll, PageChange, Plan, PollError, ReadDocument,
        SourceMemory, StoreError,
    },
    telemetry,
};
use entry_identity::KeyPolicy;
use feed_model::{Draft, Encoding, Follow, Followed, Format, Headers, Problem, PublisherPace, Repair, Source, Timestamp};

/// How long a permanent redirect must hold before its target is asked instead.
const ADOPT_AFTER: TimeDelta = TimeDelta::days(7);

/// How far apart two 410s must be before a source rests.
const GONE_TWICE: TimeDelta = TimeDelta::hours(24);

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
pub(super) struct Refusal {
    pub(super) outcome: Outcome,
    pub(super) status: Option<u16>,
    pub(super) trace: Trace,
    pub(super) error: PollError,
}

impl Refusal {
    /// What an answer that is no document means.
    pub(super) fn of(answer: Answer) -> Self {
        match answer {
            Answer::Challenge(response, whose) => Self {
                outcome: Outcome::Challenge,
                status: Some(response.status),
                trace: Trace::of(&response),
                error: PollError { class: "challenge".into(), text: format!("not reachable: challenge ({whose})") },
            },
            Answer::Failed(failure) => Self {
                outcome: Outcome::Failed,
                status: failure.status,
                error: PollError { class: failure.error.class().into(), text: telemetry::chain(&failure.error) },
                trace: Trace {
                    final_url: failure.hops.last().map(|hop| hop.to.clone()),
                    hops: failure.hops,
                    request_headers: failure.request_headers,
                    headers: failure.headers.unwrap_or_default(),
                },
            },
            Answer::Document(response) | Answer::NotModified(response) | Answer::Refused(response) => {
                let outcome = if response.status == 410 { Outcome::Gone } else { Outcome::Failed };
                let text = match response.status {
                    410 => "it is gone (410)".to_owned(),
                    206 => format!("{} answered 206, a part that was not asked for", response.final_url),
                    304 => format!("{} answered 304, though the request was not conditional", response.final_url),
                    status => format!("{} answered {status}", response.final_url),
                };
                let error = PollError { class: format!("http-{}", response.status), text };
                Self { outcome, status: Some(response.status), trace: Trace::of(&response), error }
            }
        }
    }

    /// An answer that came, and cannot be used.
    pub(super) fn unusable(response: &Response, class: &str, text: String) -> Self {
        Self {
            outcome: Outcome::Failed,
            status: Some(response.status),
            trace: Trace::of(response),
            error: PollError { class: class.to_owned(), text },
        }
    }

    /// robots.txt says no.
    pub(super) fn forbidden(why: String) -> Self {
        Self::internal("robots", why)
    }

    /// Something of our own.
    fn internal(class: &str, text: String) -> Self {
        Self { outcome: Outcome::Failed, status: None, trace: Trace::default(), error: PollError { class: class.into(), text } }
    }
}

/// What a feed said of itself and how it was read: for `inspect`.
pub(super) struct Reading {
    pub(super) format: Format,
    pub(super) encoding: Option<Encoding>,
    pub(super) repairs: Vec<Repair>,
    pub(super) updated: Option<Timestamp>,
}

/// What asking and reading brought.
pub(super) struct Visit {
    pub(super) outcome: Outcome,
    pub(super) status: Option<u16>,
    pub(super) error: Option<PollError>,
    pub(super) trace: Trace,
    pub(super) reading: Option<Reading>,
    /// What the document says; `None`: none was read.
    pub(super) pace: Option<PublisherPace>,
    /// The address whose validators decide the floor.
    pub(super) polled: Option<Url>,
    pub(super) way: Follow,
    pub(super) followed: Option<Followed>,
    pub(super) reviewed: bool,
    pub(super) facts: Facts,
    pub(super) body_digest: Option<[u8; 32]>,
    pub(super) drafts: Vec<(Draft, Arrival)>,
    pub(super) read: bool,
    pub(super) problems: Option<Vec<Problem>>,
    pub(super) pages: Vec<PageChange>,
}

impl Visit {
    pub(super) fn of(outcome: Outcome, way: Follow) -> Self {
        Self {
            outcome,
            status: None,
            error: None,
            trace: Trace::default(),
            reading: None,
            pace: None,
            polled: None,
            way,
            followed: None,
            reviewed: false,
            facts: Facts::default(),
            body_digest: None,
            drafts: Vec::new(),
            read: false,
            problems: None,
            pages: Vec::new(),
        }
    }

    pub(super) fn refused(refusal: Refusal, way: Follow) -> Self {
        Self { status: refusal.status, error: Some(refusal.error), trace: refusal.trace, ..Self::of(refusal.outcome, way) }
    }

    pub(super) fn answered(outcome: Outcome, way: Follow, response: &Response) -> Self {
        Self {
            status: Some(response.status),
            trace: Trace::of(response),
            polled: Some(response.final_url.clone()),
            ..Self::of(outcome, way)
        }
    }
}

/// What the next poll depends on beside the source itself.
#[derive(Default)]
struct Others {
    /// Its host is left in peace until then.
    host_hold: Option<Timestamp>,
    /// Sources that read the same document.
    fellows: Vec<FellowReader>,
}

impl Poller {
    /// One attempt to poll one source, now. Whether it may be asked now is decided by who calls.
    pub async fn refresh(&self, source: &Arc<Source>) -> SourceReport {
        let (poller, theirs) = (self.clone(), source.clone());
        let report = match tokio::spawn(async move { poller.attempt(&theirs).await }).await {
            Ok(report) => report,
            Err(broken) => self.record_break(source, &broken.to_string()).await,
        };
        log(&report);
        report
    }

    async fn attempt(&self, source: &Source) -> SourceReport {
        match self.look(source, |_| ()).await {
            Ok((plan, ())) => self.carry_out(plan).await,
            Err(error) => unrecorded(source, &error),
        }
    }

    /// Everything up to the storing; `see` is shown what the visit brought.
    pub(super) async fn look<T>(&self, source: &Source, see: impl FnOnce(&Visit) -> T) -> Result<(Plan, T), StoreError> {
        let id = source.id.clone();
        let memory = self.read(move |reader| reader.memory(&id)).await?;
        let (mut visit, exchanges) = match Exchanges::new(self, source, &memory) {
            Ok(mut exchanges) => (visit::ask_and_read(&mut exchanges, &memory).await?, Some(exchanges)),
            Err(error) => (Visit::refused(Refusal::internal("credentials", telemetry::chain(&error)), Follow::Auto), None),
        };
        let fellows = match &exchanges {
            Some(exchanges) => fellows::of(exchanges, &visit).await?,
            None => Vec::new(),
        };
        fellows::note(&mut visit, &fellows);
        let seen = see(&visit);
        // As it is now: another source of the host may have been refused while this one was asked.
        let (id, now) = (source.id.clone(), self.clock.now());
        let host_hold = self.read(move |reader| reader.host_hold(&id, now)).await?;
        Ok((self.plan(source, &memory, visit, exchanges.as_ref(), &Others { host_hold, fellows }), seen))
    }

    /// Decides when next, and puts everything that is to be stored together.
    fn plan(
        &self,
        source: &Source,
        memory: &SourceMemory,
        mut visit: Visit,
        exchanges: Option<&Exchanges<'_>>,
        others: &Others,
    ) -> Plan {
        let now = self.clock.now();
        let requested = exchanges.and_then(Exchanges::last);
        let failed = visit.outcome.is_failure();
        let throttled = matches!(visit.status, Some(429 | 503)) && visit.outcome == Outcome::Failed;
        let failures = if failed { memory.failures.saturating_add(1) } else { 0 };
        let throttles = if throttled { memory.throttles.saturating_add(1) } else { 0 };
        let gone_since = (visit.outcome == Outcome::Gone).then(|| memory.gone_since.unwrap_or(requested.unwrap_or(now)));
        let resting = gone_since.is_some_and(|since| now - since >= GONE_TWICE);
        let has_validators = match visit.polled.as_ref().zip(exchanges) {
            Some((url, exchanges)) => exchanges.has_validators(url),
            // No answer says nothing of it: as it was, and no floor for what never answered.
            None => memory.imported.is_none() || memory.validators.iter().any(|(_, v)| !v.is_empty()),
        };
        let pace = visit.pace.take();
        let hints = Hints::of(visit.status.unwrap_or(0), &visit.trace.headers, pace.as_ref().unwrap_or(&memory.pace), now);
        let mut recent = memory.recent_dates.clone();
        recent.extend(visit.drafts.iter().filter_map(|(draft, _)| draft.published.map(|p| p.at)));
        recent.sort_unstable_by(|a, b| b.cmp(a));
        recent.dedup();
        let mut next = schedule::next_poll(
            &source.pace,
            &hints,
            &schedule::Situation {
                now,
                last_request: requested.unwrap_or(now),
                outcome: outcome_for_schedule(&visit),
                failures_in_a_row: failures,
                throttled_in_a_row: throttles,
                has_validators,
                follow: visit.way,
                recent_dates: &recent,
                source: &source.id,
                host_hold: others.host_hold,
            },
        );
        let together = fellows::meet(&mut next, source, requested.unwrap_or(now), &others.fellows, &self.settings.load());
        let moved = moved(memory, &visit, now);
        let document = visit.read.then(|| {
            let drafts = std::mem::take(&mut visit.drafts);
            Self::document(memory, &visit, drafts, exchanges.is_some_and(Exchanges::private))
        });
        let (document, problems) = match document {
            Some((document, more)) => {
                let mut problems = visit.problems.take().unwrap_or_default();
                problems.extend(more);
                (Some(document), Some(problems))
            }
            None => (None, visit.problems.take()),
        };
        Plan {
            source: source.id.clone(),
            asked: Asked::of(source),
            now,
            requested,
            attempt: Some(Attempt {
                outcome: visit.outcome.as_str(),
                status: visit.status,
                error: visit.error,
                failures,
                throttles,
                gone_since,
                resting,
                next: NextPoll {
                    at: next.at,
                    because: next.because,
                    not_before: next.not_before,
                    interval_s: next.interval.as_secs(),
                },
                host: visit.trace.final_url.as_ref().map(fetch::host_key),
                together,
                pace,
                moved,
                problems,
            }),
            reviewed: (visit.reviewed || visit.followed.is_some()).then_some(now),
            followed: visit.followed,
            validators: exchanges.map(Exchanges::validators).unwrap_or_default(),
            document,
            pages: visit.pages,
            window: self.settings.load().window,
        }
    }

    /// Knows every item again: keys, hashes, the policy of the source's ids.
    fn document(
        memory: &SourceMemory,
        visit: &Visit,
        drafts: Vec<(Draft, Arrival)>,
        private: bool,
    ) -> (ReadDocument, Vec<Problem>) {
        let (drafts, arrivals): (Vec<Draft>, Vec<Arrival>) = drafts.into_iter().unzip();
        let home = visit.facts.home_page_url.as_deref().or(memory.home_page_url.as_deref());
        let (keyed, policy, problems) = entry_identity::key_document(&drafts, KeyPolicy::from_word(&memory.key_policy), home);
        let items =
            drafts.into_iter().zip(keyed).zip(arrivals).map(|((draft, keyed), arrival)| Item { draft, keyed, arrival }).collect();
        let document = ReadDocument {
            facts: visit.facts.clone(),
            body_digest: visit.body_digest,
            key_policy: Some(policy.as_str()),
            items,
            private: Some(private),
            ends_import: true,
        };
        (document, problems)
    }

    /// Stores a plan, and says what came of it.
    pub(super) async fn carry_out(&self, plan: Plan) -> SourceReport {
        let id = plan.source.clone();
        let attempt = plan.attempt.clone();
        let (store, rules) = (self.store.clone(), self.settings.load().rules.clone());
        match blocking(move || store.apply(plan, rules)).await {
            Ok(applied) if applied.overtaken => SourceReport {
                note: Some("feeds.toml gives it another address by now: nothing is kept of what the old one answered".into()),
                ..SourceReport::bare(id, Outcome::Unchanged)
            },
            Ok(applied) => report(id, attempt.as_ref(), &applied),
            Err(error) => {
                SourceReport { error: Some(telemetry::chain(&error)), recorded: false, ..SourceReport::bare(id, Outcome::Failed) }
            }
        }
    }

    /// A panic on the way is this source's error, and recorded like any other.
    async fn record_break(&self, source: &Source, why: &str) -> SourceReport {
        let id = source.id.clone();
        let memory = match self.read(move |reader| reader.memory(&id)).await {
            Ok(memory) => memory,
            Err(error) => return unrecorded(source, &error),
        };
        let visit = Visit::refused(Refusal::internal("internal", format!("a bug of this program: {why}")), Follow::Auto);
        let plan = self.plan(source, &memory, visit, None, &Others::default());
        self.carry_out(plan).await
    }
}

/// Watches a permanent redirect: adopted after seven days of saying the same, or at once when only the scheme became safe
/// or the old address is no more. It is forgotten when the old address answers by itself, or the new one is no more.
fn moved(memory: &SourceMemory, visit: &Visit, now: Timestamp) -> Option<(Url, Timestamp, bool)> {
    let start = visit.trace.hops.first().map(|hop| &hop.from).or(visit.trace.final_url.as_ref());
    if visit.outcome.is_failure() {
        let (target, since, adopted) = memory.moved.clone()?;
        let no_more = visit.trace.hops.is_empty() && matches!(visit.status, Some(404 | 410));
        return match start == Some(&target) {
            true if adopted && no_more => None,
            false if no_more => Some((target, since, true)),
            _ => Some((target, since, adopted)),
        };
    }
    // The target of the unbroken run of permanent redirects at the beginning.
    let target = visit.trace.hops.iter().take_while(|hop| hop.permanent).last().map(|hop| hop.to.clone());
    match (target, &memory.moved) {
        // The new address answers by itself: that is where the source is.
        (None, Some((known, _, true))) if start == Some(known) => memory.moved.clone(),
        (None, _) => None,
        (Some(target), Some((known, since, adopted))) if *known == target => {
            Some((target, *since, *adopted || now - *since >= ADOPT_AFTER))
        }
        (Some(target), _) => {
            let only_safer = start.is_some_and(|from| {
                let whole =
                    |url: &Url| (url.host_str().map(str::to_owned), url.path().to_owned(), url.query().map(str::to_owned));
                from.scheme() == "http" && target.scheme() == "https" && whole(from) == whole(&target)
            });
            Some((target, now, only_safer))
        }
    }
}

fn outcome_for_schedule(visit: &Visit) -> schedule::Outcome {
    match visit.outcome {
        Outcome::NotModified => schedule::Outcome::NotModified,
        Outcome::Gone => schedule::Outcome::Gone,
        Outcome::Challenge => schedule::Outcome::Challenge,
        Outcome::Failed => schedule::Outcome::Failed {
            class: visit.error.as_ref().map(|e| e.class.clone()).unwrap_or_default(),
            status: visit.status,
        },
        _ => schedule::Outcome::Unchanged,
    }
}

fn report(id: feed_model::SourceId, attempt: Option<&Attempt>, applied: &Applied) -> SourceReport {
    let outcome = match attempt.map(|a| a.outcome) {
        Some("failed") => Outcome::Failed,
        Some("gone") => Outcome::Gone,
        Some("challenge") => Outcome::Challenge,
        _ if applied.new_entries + applied.updated_entries > 0 => Outcome::Changed,
        Some("not_modified") => Outcome::NotModified,
        _ => Outcome::Unchanged,
    };
    SourceReport {
        status: attempt.and_then(|a| a.status),
        new_entries: applied.new_entries,
        updated_entries: applied.updated_entries,
        new_stories: applied.new_stories,
        duplicates: applied.duplicates,
        error: attempt.and_then(|a| a.error.as_ref()).map(|e| e.text.clone()),
        next_poll: attempt.map(|a| a.next.at),
        visible: applied.visible,
        ..SourceReport::bare(id, outcome)
    }
}

fn unrecorded(source: &Source, error: &StoreError) -> SourceReport {
    SourceReport {
        error: Some(telemetry::chain(error)),
        recorded: false,
        ..SourceReport::bare(source.id.clone(), Outcome::Failed)
    }
}

/// One line per poll, readable alone and queryable by field.
fn log(report: &SourceReport) {
    let (source, outcome) = (report.id.as_str(), report.outcome.as_str());
    if let Some(note) = &report.note {
        info!(source, "polled {source}: {note}");
    } else if let Some(error) = &report.error {
        let next = report.next_poll.map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
        warn!(source, outcome, status = report.status, error, next, "polled {source}: {outcome}: {error}; next poll {next}");
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
