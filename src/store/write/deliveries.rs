//! Queues requests to subscribers and webhooks, and stores what became of them.

use rusqlite::{Connection, OptionalExtension as _, Transaction, named_params, params};

use feed_model::{StoryId, Timestamp, Topic};

use crate::{
    fetch::delivery_host,
    store::{
        HubRequest, Store, StoreError, SubscriptionChange,
        error::SqlContext as _,
        sql_values::{self, ms},
        statements::{execute, query_all, query_row},
    },
};

/// The most subscriptions to our documents.
const MAX_SUBSCRIBERS: i64 = 10_000;
/// The most subscriptions that wait to be confirmed.
const MAX_VERIFICATIONS: i64 = 2_000;
/// The same for one host, whatever the port.
const MAX_SUBSCRIBERS_OF_HOST: i64 = 1_000;
const MAX_VERIFICATIONS_OF_HOST: i64 = 100;
/// The most unions and searches with subscribers. Each is rendered whenever something changes.
const MAX_REQUESTED_DOCUMENTS: i64 = 100;
/// The most stories that wait for a webhook. Beyond it, the oldest are dropped.
const MAX_WAITING_STORIES: i64 = 1_000;

/// Whether a request of a subscriber was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubRequestResult {
    /// The subscriber is asked to confirm it.
    Queued,
    /// Nothing is to be done: there is no subscription to end.
    NotSubscribed,
    /// Too many subscriptions exist, or too many requests wait.
    Full,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The receiver has it. For a document: the version that it has.
    Delivered(Option<String>),
    /// A subscriber confirmed what it asked for. `etag` is the current version of the document.
    Confirmed {
        /// The current version of the document, which needs no delivery.
        etag: String,
    },
    /// It is tried again at this time.
    Retry(Timestamp),
    /// It is given up.
    GivenUp,
    /// The receiver does not want deliveries any more, or has failed for too long.
    Unsubscribed,
}

impl Store {
    /// Queues the question to a subscriber whether it wants what was asked for in its name. A newer
    /// request replaces an older one. `limited_host` is the host of the callback if the limits of
    /// one host hold for it.
    pub async fn queue_verification(
        &self,
        request: HubRequest,
        host: String,
        limited_host: Option<String>,
        now: Timestamp,
    ) -> Result<HubRequestResult, StoreError> {
        self.write_async(move |tx| {
            let context = "queue a request of a subscriber";
            let subscriber = [request.path.as_str(), request.callback.as_str()];
            let is_known: bool = query_row(
                tx,
                "SELECT EXISTS (SELECT 1 FROM subscriber
                  WHERE path = ?1 AND url = ?2 AND is_hub = 0)",
                subscriber,
                |r| r.get(0),
            )
            .context(context)?;
            if !is_known && request.change == SubscriptionChange::Unsubscribe {
                // A request to subscribe that is not confirmed yet has no effect any more.
                execute(
                    tx,
                    "DELETE FROM delivery
                      WHERE kind = 'verification' AND subject = ?1 AND url = ?2",
                    subscriber,
                )
                .context(context)?;
                return Ok(HubRequestResult::NotSubscribed);
            }
            let limited_host = limited_host.as_deref();
            if is_full(tx, &request.path, is_known, limited_host).context(context)? {
                return Ok(HubRequestResult::Full);
            }
            execute(
                tx,
                "INSERT INTO delivery (kind, url, host, subject, request, queued_ms, not_before_ms)
                 VALUES ('verification', :url, :host, :path, :request, :now, :now)
                 ON CONFLICT (kind, url, subject, story_id) DO UPDATE SET
                   request = excluded.request, queued_ms = excluded.queued_ms, attempts = 0,
                   not_before_ms = excluded.not_before_ms",
                named_params! {
                    ":url": request.callback,
                    ":host": host,
                    ":path": request.path,
                    ":request": sql_values::json(&request.change),
                    ":now": ms(now),
                },
            )
            .context(context)?;
            Ok(HubRequestResult::Queued)
        })
        .await
    }

    /// Queues the current version of a document for every subscriber that has another one, unless
    /// a delivery waits already. Returns the number of new deliveries.
    pub fn queue_document(
        &self,
        path: &str,
        etag: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (path, etag) = (path.to_owned(), etag.to_owned());
        self.write(move |tx| {
            execute(
                tx,
                "INSERT INTO delivery (kind, url, host, subject, queued_ms, not_before_ms)
                 SELECT 'document', url, host, path, :now, :now FROM subscriber
                  WHERE path = :path AND delivered_etag <> :etag
                    AND coalesce(lease_until_ms > :now, 1)
                 ON CONFLICT DO NOTHING",
                named_params! {":path": path, ":etag": etag, ":now": ms(now)},
            )
            .context("queue a document for its subscribers")
        })
    }

    /// Stores the hub of another that is told of changed documents, with the current version of
    /// each. Forgets hubs that are not told any more.
    pub fn sync_other_hub(
        &self,
        hub: Option<&url::Url>,
        documents: Vec<(String, String)>,
    ) -> Result<(), StoreError> {
        let hub = hub.map(|url| (url.to_string(), delivery_host(url)));
        self.write(move |tx| {
            let context = "store the hub that is told of changed documents";
            let url = hub.as_ref().map(|(url, _)| url.as_str());
            execute(
                tx,
                "DELETE FROM delivery WHERE kind = 'document' AND (subject, url) IN (
                   SELECT path, url FROM subscriber WHERE is_hub = 1 AND url IS NOT ?1)",
                [url],
            )
            .context(context)?;
            execute(tx, "DELETE FROM subscriber WHERE is_hub = 1 AND url IS NOT ?1", [url])
                .context(context)?;
            let Some((url, host)) = &hub else { return Ok(()) };
            for (path, etag) in &documents {
                execute(
                    tx,
                    "INSERT INTO subscriber (path, url, host, is_hub, delivered_etag)
                     VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT DO NOTHING",
                    [path, url, host, etag],
                )
                .context(context)?;
            }
            Ok(())
        })
    }

    /// Takes a delivery that is due out of the due ones until a time, without an attempt. One that
    /// failed meanwhile keeps its time.
    pub async fn postpone_delivery(
        &self,
        id: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_async(move |tx| {
            let sql = "UPDATE delivery SET not_before_ms = ?3
                        WHERE id = ?1 AND not_before_ms <= ?2";
            execute(tx, sql, params![id, ms(now), ms(until)]).context("postpone a delivery")?;
            Ok(())
        })
        .await
    }

    /// Removes subscribers whose leases ended.
    pub async fn expire_subscribers(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.write_async(move |tx| {
            execute(tx, "DELETE FROM subscriber WHERE lease_until_ms <= ?1", [ms(now)])
                .context("remove expired subscribers")
        })
        .await
    }

    /// Stores what became of a delivery.
    pub async fn finish_delivery(
        &self,
        id: i64,
        result: DeliveryResult,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_async(move |tx| {
            finish(tx, id, &result, now).context("store the result of a delivery")
        })
        .await
    }
}

/// Whether no other request to subscribe to a document may wait.
fn is_full(
    tx: &Transaction<'_>,
    path: &str,
    is_known: bool,
    limited_host: Option<&str>,
) -> rusqlite::Result<bool> {
    query_row(
        tx,
        "WITH
           waiting AS (SELECT subject, host FROM delivery WHERE kind = 'verification'),
           requested AS (
             SELECT path FROM subscriber WHERE path LIKE '%+%' OR path LIKE '%?%'
             UNION SELECT subject FROM waiting WHERE subject LIKE '%+%' OR subject LIKE '%?%')
         SELECT (SELECT count(*) FROM waiting) >= :waiting
             OR (SELECT count(*) FROM waiting WHERE host = :host OR host LIKE :host || ':%')
                >= :waiting_of_host
             OR NOT :is_known AND (
                  (SELECT count(*) FROM subscriber) >= :subscribers
               OR (SELECT count(*) FROM subscriber WHERE host = :host OR host LIKE :host || ':%')
                  >= :subscribers_of_host
               OR (:path LIKE '%+%' OR :path LIKE '%?%')
                  AND :path NOT IN requested
                  AND (SELECT count(*) FROM requested) >= :requested)",
        named_params! {
            ":path": path,
            ":is_known": is_known,
            ":host": limited_host,
            ":waiting": MAX_VERIFICATIONS,
            ":waiting_of_host": MAX_VERIFICATIONS_OF_HOST,
            ":subscribers": MAX_SUBSCRIBERS,
            ":subscribers_of_host": MAX_SUBSCRIBERS_OF_HOST,
            ":requested": MAX_REQUESTED_DOCUMENTS,
        },
        |r| r.get(0),
    )
}

fn finish(
    tx: &Transaction<'_>,
    id: i64,
    result: &DeliveryResult,
    now: Timestamp,
) -> rusqlite::Result<()> {
    const OF_DELIVERY: &str = "(path, url) = (SELECT subject, url FROM delivery WHERE id = ?1)";
    match result {
        DeliveryResult::Delivered(Some(etag)) => {
            let sql = format!(
                "UPDATE subscriber SET delivered_etag = ?2, failing_since_ms = NULL
                  WHERE {OF_DELIVERY}"
            );
            execute(tx, &sql, params![id, etag])?;
        }
        DeliveryResult::Confirmed { etag } => confirm(tx, id, etag, now)?,
        DeliveryResult::Retry(at) => {
            execute(
                tx,
                "UPDATE delivery SET attempts = attempts + 1, not_before_ms = ?2 WHERE id = ?1",
                params![id, ms(*at)],
            )?;
            let sql = format!(
                "UPDATE subscriber SET failing_since_ms = coalesce(failing_since_ms, ?2)
                  WHERE {OF_DELIVERY}
                    AND EXISTS (SELECT 1 FROM delivery WHERE id = ?1 AND kind = 'document')"
            );
            execute(tx, &sql, params![id, ms(now)])?;
            return Ok(());
        }
        DeliveryResult::Unsubscribed => {
            let sql = format!("DELETE FROM subscriber WHERE {OF_DELIVERY}");
            execute(tx, &sql, [id])?;
        }
        DeliveryResult::Delivered(None) | DeliveryResult::GivenUp => {}
    }
    execute(tx, "DELETE FROM delivery WHERE id = ?1", [id])?;
    Ok(())
}

/// Begins, renews or ends the subscription that a delivery asked to confirm.
fn confirm(tx: &Transaction<'_>, id: i64, etag: &str, now: Timestamp) -> rusqlite::Result<()> {
    let change: Option<SubscriptionChange> = tx
        .prepare_cached("SELECT request FROM delivery WHERE id = ?1 AND kind = 'verification'")?
        .query_row([id], |r| sql_values::from_json(r, "request"))
        .optional()?;
    match change {
        Some(SubscriptionChange::Subscribe { lease_s, secret }) => {
            let lease = i64::try_from(lease_s).unwrap_or(i64::MAX).saturating_mul(1000);
            execute(
                tx,
                "INSERT INTO subscriber (path, url, host, secret, lease_until_ms, delivered_etag)
                 SELECT subject, url, host, :secret, :lease_until, :etag FROM delivery
                  WHERE id = :id
                 ON CONFLICT (path, url) DO UPDATE SET
                   secret = excluded.secret, lease_until_ms = excluded.lease_until_ms,
                   failing_since_ms = NULL",
                named_params! {
                    ":id": id,
                    ":secret": secret,
                    ":lease_until": ms(now).saturating_add(lease),
                    ":etag": etag,
                },
            )?;
        }
        Some(SubscriptionChange::Unsubscribe) => {
            execute(
                tx,
                "DELETE FROM subscriber
                  WHERE (path, url) = (SELECT subject, url FROM delivery WHERE id = ?1)",
                [id],
            )?;
            execute(
                tx,
                "DELETE FROM delivery WHERE kind = 'document'
                  AND (subject, url) = (SELECT subject, url FROM delivery WHERE id = ?1)",
                [id],
            )?;
        }
        None => {}
    }
    Ok(())
}

/// Stores the webhooks of the topics in feeds.toml. Stories that wait for another webhook are
/// forgotten. If one webhook of a topic got another address, they wait for that.
pub(super) fn sync_webhooks(tx: &Transaction<'_>, topics: &[Topic]) -> Result<(), StoreError> {
    let context = "store the webhooks";
    for topic in topics {
        move_waiting_stories(tx, topic).context(context)?;
    }
    execute(tx, "DELETE FROM webhook", []).context(context)?;
    for topic in topics {
        for webhook in &topic.webhooks {
            let (url, host) = (webhook.url.as_str(), delivery_host(&webhook.url));
            execute(
                tx,
                "INSERT INTO webhook (topic_id, url, host) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
                [topic.id.as_str(), url, &host],
            )
            .context(context)?;
        }
    }
    execute(
        tx,
        "DELETE FROM delivery WHERE kind = 'story'
          AND NOT EXISTS (
            SELECT 1 FROM webhook w WHERE w.topic_id = subject AND w.url = delivery.url)",
        [],
    )
    .context(context)?;
    Ok(())
}

/// Moves the stories that wait for a webhook of a topic to the one that took its place: the only
/// new one, if they wait for one only that is not listed any more. They are due at once.
fn move_waiting_stories(tx: &Transaction<'_>, topic: &Topic) -> rusqlite::Result<()> {
    let waiting: Vec<String> = query_all(
        tx,
        "SELECT DISTINCT url FROM delivery WHERE kind = 'story' AND subject = ?1",
        [topic.id.as_str()],
        |r| r.get(0),
    )?;
    let stored: Vec<String> =
        query_all(tx, "SELECT url FROM webhook WHERE topic_id = ?1", [topic.id.as_str()], |r| {
            r.get(0)
        })?;
    let is_listed = |url: &String| topic.webhooks.iter().any(|known| known.url.as_str() == url);
    let former: Vec<&String> = waiting.iter().filter(|url| !is_listed(url)).collect();
    let new = || topic.webhooks.iter().filter(|w| !stored.iter().any(|url| w.url.as_str() == url));
    let (&[former], Some(webhook), 1) = (former.as_slice(), new().next(), new().count()) else {
        return Ok(());
    };
    execute(
        tx,
        "UPDATE OR IGNORE delivery SET url = ?3, host = ?4, attempts = 0, not_before_ms = queued_ms
          WHERE kind = 'story' AND subject = ?1 AND url = ?2",
        [topic.id.as_str(), former, webhook.url.as_str(), &delivery_host(&webhook.url)],
    )?;
    Ok(())
}

/// Queues new stories for the webhooks of the topics whose feed windows they are in.
pub(super) fn queue_stories(
    conn: &Connection,
    stories: &[StoryId],
    now: Timestamp,
) -> Result<(), StoreError> {
    let context = "queue a story for webhooks";
    let has_webhooks: bool =
        query_row(conn, "SELECT EXISTS (SELECT 1 FROM webhook)", [], |r| r.get(0))
            .context(context)?;
    if !has_webhooks {
        return Ok(());
    }
    for story in stories {
        execute(
            conn,
            "INSERT INTO delivery (kind, url, host, subject, story_id, queued_ms, not_before_ms)
             SELECT 'story', w.url, w.host, w.topic_id, s.id, ?2, ?2
               FROM story s JOIN story_topic st ON st.story_id = s.id AND st.in_window = 1
               JOIN webhook w ON w.topic_id = st.topic_id
              WHERE s.id = ?1 AND s.public = 1 AND s.removed_ms IS NULL
             ON CONFLICT DO NOTHING",
            params![story.0, ms(now)],
        )
        .context(context)?;
    }
    execute(
        conn,
        "DELETE FROM delivery WHERE id IN (
           SELECT id FROM (
             SELECT id, row_number() OVER (PARTITION BY url, subject ORDER BY id DESC) AS place
               FROM delivery WHERE kind = 'story')
            WHERE place > ?1)",
        [MAX_WAITING_STORIES],
    )
    .context(context)?;
    Ok(())
}
