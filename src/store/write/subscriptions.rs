//! Our subscriptions to the hubs that sources name.

use chrono::TimeDelta;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use url::Url;
use uuid::Uuid;

use feed_model::{SourceId, Timestamp};

use crate::{
    schedule::PollReason,
    store::{
        Reader, Store, StoreError,
        error::SqlContext as _,
        sql_values::{self, ms, time_opt},
        statements::{execute, query_all},
    },
};

/// How long a source whose hub pushes is not polled, in milliseconds.
const PUSHED_PAUSE_MS: i64 = 24 * 3600 * 1000;

/// The hub that a document names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubLink {
    /// The hub.
    pub hub: Url,
    /// The address by which the hub knows the document.
    pub topic: Url,
}

/// Which hub a document names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum HubOffer {
    /// There was no new document.
    #[default]
    Unknown,
    /// The document names no hub.
    Absent,
    /// The document names this hub.
    Named(HubLink),
}

/// Our subscription to the hub of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The source.
    pub source: SourceId,
    /// The hub.
    pub hub_url: String,
    /// The address by which the hub knows the feed.
    pub topic_url: String,
    /// The last part of the path of our callback.
    pub token: String,
    /// The key that signs what the hub sends.
    pub secret: String,
    /// When the hub was asked, if it has not confirmed yet.
    pub requested: Option<Timestamp>,
    /// The end of the lease; `None`: not active.
    pub lease_until: Option<Timestamp>,
    /// The consecutive failures to subscribe.
    pub failures: u32,
}

/// A change of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionEvent {
    /// The hub was asked, and is asked again at this time unless it confirms.
    Requested(Timestamp),
    /// The hub accepted the request. It may have confirmed it already.
    Accepted,
    /// The hub refused or did not answer.
    Failed {
        /// Why.
        problem: String,
        /// When it is asked again.
        again: Timestamp,
    },
    /// The hub confirmed it.
    Confirmed {
        /// The end of the lease.
        lease_until: Timestamp,
        /// When it is renewed.
        renew: Timestamp,
    },
    /// The hub ended it, or its lease ran out.
    Ended {
        /// Why.
        problem: String,
        /// When the hub is asked again.
        again: Timestamp,
    },
    /// A push was accepted.
    Pushed,
    /// A push says that the page changed that the source is followed by.
    Announced {
        /// The shortest time between two requests.
        gap: TimeDelta,
    },
}

impl Reader<'_> {
    /// Returns the subscriptions whose hubs are to be asked now, and those whose leases ran out.
    pub fn due_subscriptions(&self, now: Timestamp) -> Result<Vec<Subscription>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT b.* FROM subscription b JOIN source s ON s.id = b.source_id
              WHERE s.ordinal IS NOT NULL AND s.paused = 0
                AND (b.next_ms <= ?1 OR b.lease_until_ms <= ?1)",
            [ms(now)],
            subscription,
        )?)
    }

    /// Returns the subscription with this token.
    pub fn subscription(&self, token: &str) -> Result<Option<Subscription>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT b.* FROM subscription b JOIN source s ON s.id = b.source_id
              WHERE b.token = ?1 AND s.ordinal IS NOT NULL AND s.paused = 0",
        )?;
        Ok(statement.query_row([token], subscription).optional()?)
    }

    /// Whether the hub of a source pushes its new entries.
    pub fn is_pushed(&self, source: &SourceId) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM subscription
              WHERE source_id = ?1 AND lease_until_ms IS NOT NULL AND pushed_ms IS NOT NULL)",
        )?;
        Ok(statement.query_row([source.as_str()], |r| r.get(0))?)
    }
}

fn subscription(r: &Row<'_>) -> rusqlite::Result<Subscription> {
    Ok(Subscription {
        source: sql_values::source_id(r, "source_id")?,
        hub_url: r.get("hub_url")?,
        topic_url: r.get("topic_url")?,
        token: r.get("token")?,
        secret: r.get("secret")?,
        requested: time_opt(r, "requested_ms")?,
        lease_until: time_opt(r, "lease_until_ms")?,
        failures: r.get("failures")?,
    })
}

impl Store {
    /// Stores a change of the subscription of a source, if it is still that with this token.
    pub async fn change_subscription(
        &self,
        token: String,
        event: SubscriptionEvent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_async(move |tx| change(tx, &token, &event, now).context("store a subscription"))
            .await
    }
}

fn change(
    conn: &Connection,
    token: &str,
    event: &SubscriptionEvent,
    now: Timestamp,
) -> rusqlite::Result<()> {
    match event {
        SubscriptionEvent::Accepted => 0,
        SubscriptionEvent::Requested(again) => execute(
            conn,
            "UPDATE subscription SET requested_ms = ?2, next_ms = ?3, failures = failures + 1
              WHERE token = ?1",
            params![token, ms(now), ms(*again)],
        )?,
        SubscriptionEvent::Failed { problem, again } => execute(
            conn,
            "UPDATE subscription SET problem = ?2, next_ms = ?3 WHERE token = ?1",
            params![token, problem, ms(*again)],
        )?,
        SubscriptionEvent::Confirmed { lease_until, renew } => execute(
            conn,
            "UPDATE subscription SET lease_until_ms = ?2, next_ms = ?3, requested_ms = NULL,
               failures = 0, problem = NULL
              WHERE token = ?1",
            params![token, ms(*lease_until), ms(*renew)],
        )?,
        SubscriptionEvent::Ended { problem, again } => {
            // The source is polled again as before.
            execute(
                conn,
                "UPDATE source SET next_poll_ms = min(next_poll_ms, ?2)
                  WHERE id = (SELECT source_id FROM subscription
                               WHERE token = ?1 AND pushed_ms IS NOT NULL)",
                params![token, ms(now)],
            )?;
            execute(
                conn,
                "UPDATE subscription SET lease_until_ms = NULL, requested_ms = NULL,
                   pushed_ms = NULL, problem = ?2, next_ms = ?3
                  WHERE token = ?1",
                params![token, problem, ms(*again)],
            )?
        }
        SubscriptionEvent::Pushed => {
            store_push_time(conn, token, now)?;
            execute(
                conn,
                "UPDATE source SET next_poll_ms = last_request_ms + ?2,
                   next_poll_reason = ?3
                  WHERE id = (SELECT source_id FROM subscription WHERE token = ?1)
                    AND next_poll_ms < last_request_ms + ?2",
                params![token, PUSHED_PAUSE_MS, PollReason::Pushed.to_string()],
            )?
        }
        SubscriptionEvent::Announced { gap } => {
            store_push_time(conn, token, now)?;
            execute(
                conn,
                "UPDATE source SET next_poll_reason = ?4, next_poll_ms = max(
                   ?2, coalesce(last_request_ms, 0) + ?3, coalesce(not_before_ms, 0))
                  WHERE id = (SELECT source_id FROM subscription WHERE token = ?1)",
                params![token, ms(now), gap.num_milliseconds(), PollReason::Announced.to_string()],
            )?
        }
    };
    Ok(())
}

fn store_push_time(conn: &Connection, token: &str, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "UPDATE subscription SET pushed_ms = ?2 WHERE token = ?1";
    execute(conn, sql, params![token, ms(now)])?;
    Ok(())
}

/// Stores the hub that a new document names. With another hub or address, the subscription begins
/// anew; without a hub it ends.
pub(super) fn store_offer(
    conn: &Connection,
    source: &SourceId,
    offer: &HubOffer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let context = "store the hub of a source";
    let link = match offer {
        HubOffer::Unknown => return Ok(()),
        HubOffer::Absent => {
            execute(conn, "DELETE FROM subscription WHERE source_id = ?1", [source.as_str()])
                .context(context)?;
            return Ok(());
        }
        HubOffer::Named(link) => link,
    };
    execute(
        conn,
        "INSERT INTO subscription (source_id, hub_url, topic_url, token, secret, next_ms)
         VALUES (:source, :hub, :topic, :token, :secret, :now)
         ON CONFLICT (source_id) DO UPDATE SET
           hub_url = excluded.hub_url, topic_url = excluded.topic_url, token = excluded.token,
           secret = excluded.secret, next_ms = excluded.next_ms, requested_ms = NULL,
           lease_until_ms = NULL, pushed_ms = NULL, failures = 0, problem = NULL
         WHERE hub_url <> excluded.hub_url OR topic_url <> excluded.topic_url",
        named_params! {
            ":source": source.as_str(),
            ":hub": link.hub.as_str(),
            ":topic": link.topic.as_str(),
            ":token": random_text(),
            ":secret": random_text(),
            ":now": ms(now),
        },
    )
    .context(context)?;
    Ok(())
}

/// Returns a text that nobody can guess: 244 random bits in hexadecimal digits.
fn random_text() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Whether the hub of a page has pushed since the last poll, so that new entries are expected.
pub(super) fn is_announced(conn: &Connection, source: &SourceId) -> Result<bool, StoreError> {
    conn.prepare_cached(
        "SELECT EXISTS (
           SELECT 1 FROM subscription b JOIN source s ON s.id = b.source_id
            WHERE b.source_id = ?1 AND s.follow_mode IN ('sitemap', 'page')
              AND b.pushed_ms >= coalesce(s.last_attempt_ms, 0))",
    )
    .and_then(|mut s| s.query_row([source.as_str()], |r| r.get(0)))
    .context("read whether a hub pushed")
}

/// Records that a poll found new entries: the hub did not push them.
pub(super) fn store_unpushed_entries(
    conn: &Connection,
    source: &SourceId,
) -> Result<(), StoreError> {
    execute(
        conn,
        "UPDATE subscription SET pushed_ms = NULL WHERE source_id = ?1 AND pushed_ms IS NOT NULL",
        [source.as_str()],
    )
    .context("store that a hub does not push")?;
    Ok(())
}
