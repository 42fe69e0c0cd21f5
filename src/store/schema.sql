-- The schema of version 9 (PRAGMA user_version). A new database is created from this file. Older
-- databases are migrated by the numbered files in migrations/, which must lead to the same schema.
--
-- Columns named *_ms hold milliseconds since 1970-01-01T00:00:00Z. Columns marked (JSON) hold JSON.

-- Values that belong to the database as a whole, such as the generated feed id.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- Sources that are or were in feeds.toml.
CREATE TABLE source (
  -- From feeds.toml.
  id                    TEXT PRIMARY KEY,
  ordinal               INTEGER,          -- position in feeds.toml; NULL: no longer listed
  title_override        TEXT,             -- `title`
  url                   TEXT NOT NULL,
  follow                TEXT NOT NULL,    -- auto | feed | sitemap | page
  content_policy        TEXT,             -- full | summary | none; NULL: depends on follow_mode
  publish               INTEGER NOT NULL DEFAULT 0,
  has_auth              INTEGER NOT NULL DEFAULT 0,
  paused                INTEGER NOT NULL DEFAULT 0,
  host                  TEXT NOT NULL,    -- key of the per-host limits

  -- From the feed.
  feed_title            TEXT,
  feed_id               TEXT,
  self_url              TEXT,             -- atom:link rel="self"
  home_page_url         TEXT,
  rights                TEXT,
  source_ref_digest     BLOB,             -- hash of the source metadata in published documents
  source_ref_updated_ms INTEGER NOT NULL, -- when source_ref_digest last changed
  cache_private         INTEGER NOT NULL DEFAULT 0, -- 1: Cache-Control: private

  -- Discovery, import and redirects.
  follow_mode           TEXT,             -- feed | sitemap | page; NULL: not discovered yet
  follow_url            TEXT,
  follow_reason         TEXT,
  follow_reviewed_ms    INTEGER,          -- last discovery or review of the follow mode
  key_policy            TEXT NOT NULL DEFAULT 'guid', -- guid | link
  import_completed_ms   INTEGER,          -- end of the first import
  last_document_ms      INTEGER,          -- last time a document was parsed
  body_digest           BLOB,             -- hash of that document's bytes
  redirect_url          TEXT,             -- target of a permanent redirect
  redirect_since_ms     INTEGER,
  redirect_adopted      INTEGER NOT NULL DEFAULT 0,   -- 1: polls use redirect_url

  -- Polls.
  last_attempt_ms       INTEGER,
  last_request_ms       INTEGER,
  last_success_ms       INTEGER,
  last_outcome          TEXT,
  last_status           INTEGER,
  last_error            TEXT,
  last_error_class      TEXT,
  consecutive_failures  INTEGER NOT NULL DEFAULT 0,
  consecutive_throttles INTEGER NOT NULL DEFAULT 0,   -- 429 or 503
  first_gone_ms         INTEGER,          -- first of consecutive 410 responses
  gone                  INTEGER NOT NULL DEFAULT 0,   -- 1: not polled until named by `poll`
  next_poll_ms          INTEGER,
  next_poll_reason      TEXT,
  not_before_ms         INTEGER,          -- Retry-After: holds for forced polls too
  interval_s            INTEGER NOT NULL DEFAULT 0,
  poll_requested        INTEGER NOT NULL DEFAULT 0,   -- by `poll`: 1 when due, 2 at once
  problems              TEXT NOT NULL DEFAULT '[]',   -- (JSON)
  update_hints          TEXT,             -- ttl, sy:*, skipHours, skipDays (JSON)

  -- Sources are public unless they are private (credentials or Cache-Control: private). `publish`
  -- overrides this.
  public                INTEGER NOT NULL
    GENERATED ALWAYS AS (publish OR NOT (has_auth OR cache_private)) VIRTUAL,
  ways                  TEXT NOT NULL DEFAULT '[]',    -- ways tried at the last discovery (JSON)
  icon_url              TEXT,             -- the icon that its feed names
  reservation           TEXT              -- licence and reservations of rights (JSON)
) STRICT;
CREATE INDEX source_due ON source (next_poll_ms) WHERE ordinal IS NOT NULL;
-- A round of polls must not cost more per source if there are more sources.
CREATE INDEX source_unscheduled ON source (ordinal)
  WHERE ordinal IS NOT NULL AND last_attempt_ms IS NULL AND next_poll_ms IS NULL;
CREATE INDEX source_poll_requested ON source (id) WHERE poll_requested > 0;
CREATE INDEX source_throttled ON source (host) WHERE consecutive_throttles > 0;
CREATE INDEX source_follow_url ON source (follow_url) WHERE follow_url IS NOT NULL;
CREATE INDEX source_redirect_url ON source (redirect_url) WHERE redirect_url IS NOT NULL;

-- Icons of publications. They are looked for once in seven days.
CREATE TABLE source_icon (
  source_id  TEXT PRIMARY KEY REFERENCES source (id),
  checked_ms INTEGER NOT NULL,
  png        BLOB                         -- NULL: none was found
) STRICT, WITHOUT ROWID;

-- HTTP validators. They belong to a URL and to the source whose credentials were used.
CREATE TABLE validator (
  source_id     TEXT NOT NULL REFERENCES source (id),
  url           TEXT NOT NULL,
  etag          BLOB,
  last_modified BLOB,
  PRIMARY KEY (source_id, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX validator_url ON validator (url);

-- Published stories. AUTOINCREMENT: an id is never reused.
CREATE TABLE story (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  published_id         TEXT NOT NULL UNIQUE,
  representative_entry INTEGER,           -- the entry that supplies title, link and text
  position_ms          INTEGER NOT NULL,  -- sort key of feeds and pages
  first_published_ms   INTEGER NOT NULL,
  published_ms         INTEGER,           -- the publisher's date
  published_precision  TEXT,
  updated_ms           INTEGER NOT NULL,
  update_count         INTEGER NOT NULL DEFAULT 0,
  representative_hash  BLOB,              -- material_hash of the representative entry
  arrival              TEXT NOT NULL,     -- ordinary | import | backfill
  public               INTEGER NOT NULL,  -- 1: at least one entry is from a public source
  removed_ms           INTEGER,           -- forgotten or expired; its entries are tombstones
  removed_reason       TEXT,
  rules_fingerprint    BLOB               -- rules that last classified it; NULL: unclassified
) STRICT;
CREATE INDEX story_position ON story (position_ms DESC, id DESC) WHERE removed_ms IS NULL;
CREATE INDEX story_rules_fingerprint ON story (rules_fingerprint) WHERE removed_ms IS NULL;
CREATE INDEX story_first_published ON story (first_published_ms) WHERE removed_ms IS NULL;
-- The date that assigns a story to a month: the publisher's date, unless it is in the future.
CREATE INDEX story_date
  ON story (min(coalesce(published_ms, first_published_ms), first_published_ms))
  WHERE removed_ms IS NULL;

-- Items of a source's documents.
CREATE TABLE entry (
  id                  INTEGER PRIMARY KEY,
  source_id           TEXT NOT NULL REFERENCES source (id),
  key                 TEXT NOT NULL,
  key_from            TEXT NOT NULL,
  story_id            INTEGER NOT NULL REFERENCES story (id),
  join_reason         TEXT,               -- NULL: the story was created for this entry
  guid                TEXT,
  guid_alias          TEXT,
  link                TEXT,               -- compared within the source; keeps the fragment
  canonical_url       TEXT,               -- compared across sources
  normalized_title    TEXT,
  url                 TEXT,
  title               TEXT,
  published_ms        INTEGER,
  published_precision TEXT,
  updated_ms          INTEGER,
  first_seen_ms       INTEGER NOT NULL,
  last_seen_ms        INTEGER NOT NULL,
  content_hash        BLOB NOT NULL,      -- of everything stored
  material_hash       BLOB NOT NULL,      -- of title and text without markup and punctuation
  language            TEXT,
  authors             TEXT NOT NULL DEFAULT '[]', -- (JSON)
  categories          TEXT NOT NULL DEFAULT '[]', -- (JSON)
  enclosures          TEXT NOT NULL DEFAULT '[]', -- (JSON)
  related             TEXT NOT NULL DEFAULT '[]', -- (JSON)
  comments_on         TEXT,               -- URL of the story that this entry comments on
  origin              TEXT,               -- atom:source or RSS source (JSON)
  image               TEXT,
  rights              TEXT,
  excerpt             TEXT NOT NULL DEFAULT '',   -- plain text for listings
  fingerprint         BLOB,               -- similarity fingerprint of the text
  summary             TEXT,
  content             TEXT,
  opening_minhash     INTEGER,            -- minwise hash of the beginning of the text
  text_minhash        INTEGER,            -- minwise hash of the whole text
  license             TEXT,               -- URL of the licence
  UNIQUE (source_id, key)
) STRICT;
CREATE INDEX entry_story ON entry (story_id);
-- Candidates for duplicates in other sources. The indexes include source_id, so that only the rows
-- of candidates that are compared need to be read.
CREATE INDEX entry_canonical_url ON entry (canonical_url, id, source_id)
  WHERE canonical_url IS NOT NULL;
CREATE INDEX entry_title ON entry (normalized_title, id, source_id)
  WHERE normalized_title IS NOT NULL;
CREATE INDEX entry_opening_minhash ON entry (opening_minhash, id, source_id)
  WHERE opening_minhash IS NOT NULL;
CREATE INDEX entry_text_minhash ON entry (text_minhash, id, source_id)
  WHERE text_minhash IS NOT NULL;
CREATE INDEX entry_plain_title ON entry (title) WHERE title IS NOT NULL;
CREATE INDEX entry_url ON entry (url) WHERE url IS NOT NULL;
CREATE INDEX entry_guid ON entry (guid) WHERE guid IS NOT NULL;
CREATE INDEX entry_guid_alias ON entry (source_id, guid_alias) WHERE guid_alias IS NOT NULL;
CREATE INDEX entry_link ON entry (source_id, link) WHERE link IS NOT NULL;
CREATE INDEX entry_source_title ON entry (source_id, normalized_title)
  WHERE normalized_title IS NOT NULL;
CREATE INDEX entry_source_published ON entry (source_id, published_ms)
  WHERE published_ms IS NOT NULL;
-- Has the dates that the schedule of a source depends on.
CREATE INDEX entry_source_seen ON entry (source_id, first_seen_ms, published_ms);

-- Further keys of an entry, for example after a CMS migration changed every guid.
CREATE TABLE entry_alias (
  source_id TEXT NOT NULL REFERENCES source (id),
  key       TEXT NOT NULL,
  entry_id  INTEGER NOT NULL REFERENCES entry (id),
  PRIMARY KEY (source_id, key)
) STRICT, WITHOUT ROWID;

-- Entries that `label --split` took out of a story. They never join it again.
CREATE TABLE split (
  entry_id INTEGER NOT NULL REFERENCES entry (id),
  story_id INTEGER NOT NULL REFERENCES story (id),
  split_ms INTEGER NOT NULL,
  PRIMARY KEY (entry_id, story_id)
) STRICT, WITHOUT ROWID;

-- Topics that are or were in feeds.toml. The topic `all` has no row.
CREATE TABLE topic (
  id                TEXT PRIMARY KEY,
  ordinal           INTEGER,              -- position in feeds.toml; NULL: no longer listed
  title             TEXT NOT NULL,
  description       TEXT,
  announce_within_s INTEGER NOT NULL,
  filled            INTEGER NOT NULL DEFAULT 0, -- 1: every stored story was classified once
  fetched           INTEGER NOT NULL DEFAULT 0, -- 1: a feed of it was fetched or written to a file
  retired_ms        INTEGER               -- when it left feeds.toml; NULL: it did not
) STRICT;

-- Topics of stories. `all` has every story. `position_ms` is a copy of the story's.
CREATE TABLE story_topic (
  topic_id    TEXT NOT NULL,
  story_id    INTEGER NOT NULL REFERENCES story (id),
  position_ms INTEGER NOT NULL,
  in_window   INTEGER NOT NULL,
  by_label    INTEGER NOT NULL DEFAULT 0,
  score       REAL NOT NULL DEFAULT 0,
  reasons     TEXT NOT NULL DEFAULT '[]', -- (JSON)
  in_archive  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_topic_window
  ON story_topic (topic_id, in_window, position_ms DESC, story_id DESC);
-- Finds the stories that are in no archive without reading the archived ones.
CREATE INDEX story_topic_unarchived
  ON story_topic (topic_id, in_window, position_ms, story_id) WHERE in_archive = 0;
CREATE INDEX story_topic_story ON story_topic (story_id);

-- Labels: the story is in exactly these topics, whatever the rules say.
CREATE TABLE label (
  story_id    INTEGER PRIMARY KEY REFERENCES story (id),
  topics      TEXT NOT NULL,              -- topic ids (JSON)
  labelled_ms INTEGER NOT NULL
) STRICT;

-- When each published document last changed.
CREATE TABLE document (
  path       TEXT PRIMARY KEY,
  digest     BLOB NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT;

-- Pages of sources that are followed by sitemap or page.
CREATE TABLE page (
  source_id     TEXT NOT NULL REFERENCES source (id),
  url           TEXT NOT NULL,
  state         TEXT NOT NULL,            -- queued | fetched | failed | skipped
  -- 0: newer than the first poll; 1: older; 2: an archive of a feed (RFC 5005)
  backfill      INTEGER NOT NULL,
  rank          INTEGER NOT NULL,         -- order of the sitemap or index; smaller is newer
  lastmod_ms    INTEGER,                  -- sitemap lastmod
  metadata      TEXT,                     -- from the sitemap or index, later from the page (JSON)
  attempts      INTEGER NOT NULL DEFAULT 0,
  fetched_ms    INTEGER,
  not_before_ms INTEGER,
  PRIMARY KEY (source_id, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX page_queue ON page (source_id, state, backfill, rank);

-- Sitemaps listed in the sitemap index of a source.
CREATE TABLE sitemap (
  source_id      TEXT NOT NULL REFERENCES source (id),
  url            TEXT NOT NULL,
  rank           INTEGER NOT NULL,        -- order of the index
  lastmod_ms     INTEGER,
  fetched_ms     INTEGER,                 -- NULL: never fetched
  in_first_index INTEGER NOT NULL,        -- 1: listed when the index was first fetched
  PRIMARY KEY (source_id, url)
) STRICT, WITHOUT ROWID;

-- The robots.txt of each origin. It is requested again, conditionally, after 24 hours.
CREATE TABLE robots (
  origin        TEXT PRIMARY KEY,
  status        INTEGER,                  -- NULL: no response
  body          BLOB NOT NULL,
  bot_challenge INTEGER NOT NULL DEFAULT 0,
  fetched_ms    INTEGER NOT NULL,
  etag          BLOB,
  last_modified BLOB
) STRICT;

-- Full-text index of public stories. It does not store the texts.
CREATE VIRTUAL TABLE story_text USING fts5 (
  title, summary, content,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- Instances of feed documents that clients may have cached (RFC 3229).
CREATE TABLE instance (
  path          TEXT NOT NULL,
  etag          TEXT NOT NULL,
  seq           INTEGER NOT NULL,         -- increases; the lowest are removed first
  story_digests TEXT NOT NULL,            -- [[story, digest], …] (JSON)
  PRIMARY KEY (path, etag)
) STRICT;

-- Archive documents of a topic (RFC 5005 §4), numbered from 1.
CREATE TABLE archive (
  topic_id     TEXT NOT NULL,
  number       INTEGER NOT NULL,
  prev         INTEGER,                   -- its prev-archive; NULL: none
  superseded   INTEGER NOT NULL DEFAULT 0, -- 1: a later archive also has its stories
  revision     INTEGER NOT NULL DEFAULT 0, -- incremented when a story is removed or changed
  input_digest BLOB,                      -- hash of the input of `body`; NULL: not rendered
  body         BLOB,                      -- the rendered document (Brotli; older rows: zstd)
  updated_ms   INTEGER,
  PRIMARY KEY (topic_id, number)
) STRICT;

CREATE INDEX archive_pending ON archive (topic_id, number) WHERE input_digest IS NULL;
CREATE INDEX archive_current ON archive (topic_id, number) WHERE superseded = 0;

-- Stories of archives.
CREATE TABLE archive_story (
  topic_id TEXT NOT NULL,
  story_id INTEGER NOT NULL REFERENCES story (id),
  number   INTEGER NOT NULL,
  PRIMARY KEY (topic_id, story_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX archive_story_number ON archive_story (topic_id, number);
CREATE INDEX archive_story_story ON archive_story (story_id);

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
