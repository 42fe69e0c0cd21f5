//! Subscribers of our documents, and the requests that wait to be sent.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use feed_model::{StoryId, Timestamp, TopicId};

use crate::store::{
    Reader, StoreError,
    sql_values::{self, ms, number, time, time_opt},
    statements::{query_all, query_row},
};

/// What a subscriber asks the hub for (WebSub §5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRequest {
    /// The path of the document.
    pub path: String,
    /// The subscriber's callback.
    pub callback: String,
    /// What is asked for.
    pub change: SubscriptionChange,
}

/// The change of a subscription that a subscriber asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "mode")]
pub enum SubscriptionChange {
    /// To begin or to renew it.
    Subscribe {
        /// How long it lasts, in seconds.
        lease_s: u64,
        /// The key that signs deliveries.
        secret: Option<String>,
    },
    /// To end it.
    Unsubscribe,
}

/// A request that waits to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its number in the queue.
    pub id: i64,
    /// Where it is sent.
    pub url: String,
    /// When it was first queued.
    pub queued: Timestamp,
    /// The attempts so far.
    pub attempts: u32,
    /// What it is about.
    pub subject: DeliverySubject,
}

/// What a delivery is about.
#[derive(Debug, Clone, PartialEq)]
pub enum DeliverySubject {
    /// The question to a subscriber whether it wants what was asked for in its name.
    Verification(HubRequest),
    /// The current version of a document.
    Document {
        /// The path of the document.
        path: String,
        /// Who gets it; `None` if it is not subscribed any more.
        subscriber: Option<Subscriber>,
    },
    /// A story that entered the feed window of a topic.
    Story {
        /// The topic.
        topic: TopicId,
        /// The story.
        story: StoryId,
    },
}

/// Who gets the new versions of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// The key that signs what is sent.
    pub secret: Option<String>,
    /// Whether it is a hub of another, which fetches the document itself.
    pub is_hub: bool,
    /// The first of the failures since the last success.
    pub failing_since: Option<Timestamp>,
}

/// The state of deliveries as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryState {
    /// The subscriptions at our hub.
    pub subscribers: u64,
    /// The subscribers, hubs and webhooks whose last delivery failed.
    pub failing: u64,
    /// The deliveries that wait.
    pub waiting: u64,
    /// When the oldest of them was queued.
    pub oldest: Option<Timestamp>,
}

impl DeliverySubject {
    /// Returns the word for metrics and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Verification(_) => "verification",
            Self::Document { subscriber: Some(Subscriber { is_hub: true, .. }), .. } => "ping",
            Self::Document { .. } => "document",
            Self::Story { .. } => "story",
        }
    }
}

impl Reader<'_> {
    /// Returns the hosts with a delivery that is due, the one that waits longest first.
    pub fn hosts_with_due_deliveries(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT host FROM delivery WHERE not_before_ms <= ?1 GROUP BY host ORDER BY min(id)",
            [ms(now)],
            |r| r.get(0),
        )?)
    }

    /// Returns when the next delivery is due that is not due yet.
    pub fn next_delivery(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(not_before_ms) FROM delivery WHERE not_before_ms > ?1";
        let next: Option<i64> = query_row(self.conn, sql, [ms(now)], |r| r.get(0))?;
        Ok(next.map(time))
    }

    /// Returns due deliveries to a host, those that never failed first. The stories of a webhook
    /// are sent in order, so only the oldest of each is due.
    pub fn due_deliveries(
        &self,
        host: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT d.*, s.secret, s.is_hub, s.failing_since_ms
               FROM delivery d LEFT JOIN subscriber s ON s.path = d.subject AND s.url = d.url
              WHERE d.host = ?1 AND d.not_before_ms <= ?2
                AND (d.kind <> 'story' OR d.id IN (
                  SELECT min(id) FROM delivery WHERE host = ?1 AND kind = 'story'
                   GROUP BY url, subject))
              ORDER BY s.failing_since_ms IS NOT NULL, d.attempts, d.id LIMIT ?3",
            params![host, ms(now), number(limit)],
            delivery,
        )?)
    }

    /// Returns the story that is due next for each webhook.
    pub fn due_stories(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT d.*, NULL AS secret, NULL AS is_hub, NULL AS failing_since_ms FROM delivery d
              WHERE d.not_before_ms <= ?1
                AND d.id IN (SELECT min(id) FROM delivery WHERE kind = 'story'
                              GROUP BY url, subject)
              ORDER BY d.id",
            [ms(now)],
            delivery,
        )?)
    }

    /// Returns the documents that hubs of others are told of, each with the hub.
    pub fn other_hubs(&self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT path, url FROM subscriber WHERE is_hub = 1";
        Ok(query_all(self.conn, sql, [], |r| Ok((r.get(0)?, r.get(1)?)))?)
    }

    /// Returns the paths of the documents that have subscribers.
    pub fn subscribed_paths(&self) -> Result<Vec<String>, StoreError> {
        Ok(query_all(self.conn, "SELECT DISTINCT path FROM subscriber", [], |r| r.get(0))?)
    }

    /// Whether a subscriber of the document has another version than this one.
    pub fn has_outdated_subscribers(&self, path: &str, etag: &str) -> Result<bool, StoreError> {
        Ok(query_row(
            self.conn,
            "SELECT EXISTS (SELECT 1 FROM subscriber WHERE path = ?1 AND delivered_etag <> ?2)",
            [path, etag],
            |r| r.get(0),
        )?)
    }

    /// Returns the number of subscribers of each topic. One that subscribed to two formats of a
    /// topic counts once.
    pub fn topic_subscribers(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows: Vec<(String, String)> = query_all(
            self.conn,
            "SELECT DISTINCT path, url FROM subscriber WHERE is_hub = 0",
            [],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        let mut of_topic: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, url) in rows {
            if let Some(topic) = path.split('/').nth(2) {
                of_topic.entry(topic.to_owned()).or_default().insert(url);
            }
        }
        let count = |urls: BTreeSet<String>| u64::try_from(urls.len());
        Ok(of_topic
            .into_iter()
            .map(|(topic, urls)| (topic, count(urls).unwrap_or(u64::MAX)))
            .collect())
    }

    /// Returns the state of deliveries as a whole.
    pub fn delivery_state(&self) -> Result<DeliveryState, StoreError> {
        Ok(query_row(
            self.conn,
            "SELECT
               (SELECT count(*) FROM subscriber WHERE is_hub = 0) AS subscribers,
               (SELECT count(*) FROM subscriber WHERE failing_since_ms IS NOT NULL)
                 + (SELECT count(DISTINCT url) FROM delivery
                     WHERE kind = 'story' AND attempts > 0) AS failing,
               (SELECT count(*) FROM delivery) AS waiting,
               (SELECT min(queued_ms) FROM delivery) AS oldest_ms",
            [],
            |r| {
                Ok(DeliveryState {
                    subscribers: r.get("subscribers")?,
                    failing: r.get("failing")?,
                    waiting: r.get("waiting")?,
                    oldest: time_opt(r, "oldest_ms")?,
                })
            },
        )?)
    }

    /// Returns the number of waiting deliveries of each kind.
    pub fn waiting_deliveries(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT kind, count(*) FROM delivery GROUP BY kind";
        Ok(query_all(self.conn, sql, [], |r| Ok((r.get(0)?, r.get(1)?)))?)
    }

    /// Returns the end of the lease of a subscriber; `None` if it is not subscribed.
    pub fn lease(&self, path: &str, callback: &str) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT lease_until_ms FROM subscriber WHERE path = ?1 AND url = ?2 AND is_hub = 0",
        )?;
        let lease: Option<i64> = statement.query_row([path, callback], |r| r.get(0)).optional()?;
        Ok(lease.map(time))
    }
}

fn delivery(r: &Row<'_>) -> rusqlite::Result<Delivery> {
    let (kind, url): (String, String) = (r.get("kind")?, r.get("url")?);
    let subject = match kind.as_str() {
        "verification" => DeliverySubject::Verification(HubRequest {
            path: r.get("subject")?,
            callback: url.clone(),
            change: sql_values::from_json(r, "request")?,
        }),
        "story" => DeliverySubject::Story {
            topic: sql_values::topic_id(r, "subject")?,
            story: StoryId(r.get("story_id")?),
        },
        _ => DeliverySubject::Document {
            path: r.get("subject")?,
            subscriber: match r.get("is_hub")? {
                Some(is_hub) => Some(Subscriber {
                    secret: r.get("secret")?,
                    is_hub,
                    failing_since: time_opt(r, "failing_since_ms")?,
                }),
                None => None,
            },
        },
    };
    Ok(Delivery {
        id: r.get("id")?,
        url,
        queued: time(r.get("queued_ms")?),
        attempts: r.get("attempts")?,
        subject,
    })
}
