-- The icon that a feed names, and the icons of publications.
ALTER TABLE source ADD COLUMN icon_url TEXT;
CREATE TABLE source_icon (
  source_id  TEXT PRIMARY KEY REFERENCES source (id),
  checked_ms INTEGER NOT NULL,
  png        BLOB
) STRICT, WITHOUT ROWID;

-- Pushes: subscribers of our hub, webhooks, their queue, and our own subscriptions.
-- Who gets new versions of a published document: the subscribers of our hub (WebSub §5), and the
-- hub of another that is told of them.
CREATE TABLE subscriber (
  path             TEXT NOT NULL,         -- of the document
  url              TEXT NOT NULL,         -- the callback, or the other hub
  host             TEXT NOT NULL,         -- key of the limit of one request at a time
  is_hub           INTEGER NOT NULL DEFAULT 0,
  secret           TEXT,                  -- signs deliveries
  lease_until_ms   INTEGER,               -- NULL: without end
  delivered_etag   TEXT NOT NULL,         -- of the version that it has
  failing_since_ms INTEGER,               -- first of consecutive failures
  PRIMARY KEY (path, url)
) STRICT, WITHOUT ROWID;

-- The webhooks of the topics in feeds.toml.
CREATE TABLE webhook (
  topic_id TEXT NOT NULL,
  url      TEXT NOT NULL,
  host     TEXT NOT NULL,                 -- key of the limit of one request at a time
  PRIMARY KEY (topic_id, url)
) STRICT, WITHOUT ROWID;

-- Requests that wait to be sent to subscribers and webhooks. AUTOINCREMENT: an id is never reused.
CREATE TABLE delivery (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  kind          TEXT NOT NULL,            -- verification | document | story
  url           TEXT NOT NULL,
  host          TEXT NOT NULL,
  subject       TEXT NOT NULL,            -- path of the document, or id of the topic
  story_id      INTEGER NOT NULL DEFAULT 0,
  request       TEXT,                     -- what the subscriber asked for (JSON)
  queued_ms     INTEGER NOT NULL,
  attempts      INTEGER NOT NULL DEFAULT 0,
  not_before_ms INTEGER NOT NULL,
  UNIQUE (kind, url, subject, story_id)
) STRICT;
CREATE INDEX delivery_host ON delivery (host, not_before_ms);
CREATE INDEX delivery_due ON delivery (not_before_ms, host);

-- Our subscriptions to the hubs that sources name.
CREATE TABLE subscription (
  source_id      TEXT PRIMARY KEY REFERENCES source (id),
  hub_url        TEXT NOT NULL,
  topic_url      TEXT NOT NULL,           -- the address by which the hub knows the document
  token          TEXT NOT NULL UNIQUE,    -- last part of the path of our callback
  secret         TEXT NOT NULL,           -- signs what the hub sends
  requested_ms   INTEGER,                 -- last request that the hub has not confirmed yet
  lease_until_ms INTEGER,                 -- NULL: not active
  pushed_ms      INTEGER,                 -- last push that was accepted
  next_ms        INTEGER,                 -- when the hub is asked next; NULL: not
  failures       INTEGER NOT NULL DEFAULT 0,
  problem        TEXT                     -- why it is not active
) STRICT;

-- Digests of a topic: what was new on a day or in a week that is over. The newest digest of a topic
-- may have no stories; it then marks the time until which digests are out.
CREATE TABLE digest (
  topic_id     TEXT NOT NULL,
  period       TEXT NOT NULL,             -- daily | weekly
  first_day    TEXT NOT NULL,             -- of the period, in the time zone of the site: 2026-03-01
  published_id TEXT NOT NULL,
  title        TEXT NOT NULL,
  ends_ms      INTEGER NOT NULL,          -- end of the period
  PRIMARY KEY (topic_id, period, first_day)
) STRICT, WITHOUT ROWID;

-- Stories of digests, as they were when the digest was issued.
CREATE TABLE digest_story (
  topic_id  TEXT NOT NULL,
  period    TEXT NOT NULL,
  first_day TEXT NOT NULL,
  ordinal   INTEGER NOT NULL,
  story_id  INTEGER NOT NULL REFERENCES story (id),
  html      TEXT NOT NULL,
  PRIMARY KEY (topic_id, period, first_day, ordinal)
) STRICT, WITHOUT ROWID;
-- Licences of entries, and what publications state about the use of their posts.
ALTER TABLE entry ADD COLUMN license TEXT;
ALTER TABLE source ADD COLUMN reservation TEXT;

-- When sources began to fail, were given up, and worked again. The newest 1000 are kept.
CREATE TABLE source_event (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id TEXT NOT NULL REFERENCES source (id),
  at_ms     INTEGER NOT NULL,
  state     TEXT NOT NULL,                -- failing | gone | ok
  text      TEXT                          -- the error
) STRICT;
CREATE TRIGGER source_event_failing AFTER UPDATE OF consecutive_failures ON source
  WHEN old.consecutive_failures = 0 AND new.consecutive_failures > 0 AND new.gone = 0
  BEGIN
    INSERT INTO source_event (source_id, at_ms, state, text)
    VALUES (new.id, new.last_attempt_ms, 'failing', new.last_error);
  END;
CREATE TRIGGER source_event_gone AFTER UPDATE OF gone ON source
  WHEN old.gone = 0 AND new.gone = 1
  BEGIN
    INSERT INTO source_event (source_id, at_ms, state, text)
    VALUES (new.id, new.last_attempt_ms, 'gone', new.last_error);
  END;
CREATE TRIGGER source_event_ok AFTER UPDATE OF consecutive_failures ON source
  WHEN (old.consecutive_failures > 0 OR old.gone = 1)
   AND new.consecutive_failures = 0 AND new.gone = 0
   AND new.last_success_ms IS NOT old.last_success_ms
  BEGIN
    INSERT INTO source_event (source_id, at_ms, state) VALUES (new.id, new.last_success_ms, 'ok');
  END;
CREATE TRIGGER source_event_limit AFTER INSERT ON source_event
  BEGIN
    DELETE FROM source_event WHERE id <= new.id - 1000;
  END;
