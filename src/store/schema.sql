-- Facts that belong to the database as a whole: the minted feed id, for one.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- A publication that is followed, or was. Columns are in four groups: what feeds.toml says, what the publication says of
-- itself, how it is followed, how it is doing.
CREATE TABLE source (
  id                TEXT PRIMARY KEY,
  ordinal           INTEGER,             -- its place in feeds.toml; NULL: no longer there
  configured_title  TEXT,
  url               TEXT NOT NULL,
  wanted            TEXT NOT NULL,       -- follow = …
  content_policy    TEXT,                -- full | summary | none; NULL: by the way it is followed
  publish           INTEGER NOT NULL DEFAULT 0,
  has_auth          INTEGER NOT NULL DEFAULT 0,
  paused            INTEGER NOT NULL DEFAULT 0,
  host              TEXT NOT NULL,       -- the key of the per-host limit

  own_title         TEXT,
  own_id            TEXT,
  own_feed_url      TEXT,
  home_page_url     TEXT,
  rights            TEXT,
  ref_digest        BLOB,                -- of what documents carry of a source
  ref_updated_ms    INTEGER NOT NULL,    -- when that last changed
  private_seen      INTEGER NOT NULL DEFAULT 0,

  way               TEXT,                -- feed | sitemap | page, once found
  way_url           TEXT,
  way_because       TEXT,
  way_reviewed_ms   INTEGER,
  key_policy        TEXT NOT NULL DEFAULT 'guid',
  imported_ms       INTEGER,             -- end of the first import
  document_ms       INTEGER,             -- the last document that was read
  body_digest       BLOB,
  moved_to          TEXT,                -- a permanent redirect under observation, or adopted
  moved_since_ms    INTEGER,
  moved_adopted     INTEGER NOT NULL DEFAULT 0,

  last_attempt_ms   INTEGER,
  last_request_ms   INTEGER,
  last_success_ms   INTEGER,
  last_outcome      TEXT,
  last_status       INTEGER,
  last_error        TEXT,
  last_error_class  TEXT,
  failures          INTEGER NOT NULL DEFAULT 0,
  throttles         INTEGER NOT NULL DEFAULT 0,
  gone_since_ms     INTEGER,
  resting           INTEGER NOT NULL DEFAULT 0,
  next_poll_ms      INTEGER,
  next_poll_because TEXT,
  not_before_ms     INTEGER,             -- what even a forced poll respects: Retry-After
  interval_s        INTEGER NOT NULL DEFAULT 0,
  poll_requested    INTEGER NOT NULL DEFAULT 0,   -- by `poll` beside a daemon: 1 as due, 2 forced
  problems          TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX source_due ON source (next_poll_ms) WHERE ordinal IS NOT NULL;

-- Validators belong to a URL, and to the source whose credentials fetched it.
CREATE TABLE validator (
  source_id     TEXT NOT NULL REFERENCES source (id),
  url           TEXT NOT NULL,
  etag          BLOB,
  last_modified BLOB,
  PRIMARY KEY (source_id, url)
) STRICT, WITHOUT ROWID;

-- What is published. `AUTOINCREMENT`: a number is never given again.
CREATE TABLE story (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  published_id      TEXT NOT NULL UNIQUE,
  shown_entry       INTEGER,
  position_ms       INTEGER NOT NULL,
  first_published_ms INTEGER NOT NULL,
  published_ms      INTEGER,
  published_precision TEXT,
  updated_ms        INTEGER NOT NULL,
  updates           INTEGER NOT NULL DEFAULT 0,
  shown_digest      BLOB,                -- title and text of the entry that shows, without markup, case, space, punctuation
  arrival           TEXT NOT NULL,       -- ordinary | import | backlog
  public            INTEGER NOT NULL,
  gone_ms           INTEGER,             -- forgotten or expired: the entries stay as tombstones
  gone_because      TEXT,
  sorted_by         BLOB                 -- fingerprint of the rules that sorted it last
) STRICT;
CREATE INDEX story_position ON story (position_ms DESC, id DESC) WHERE gone_ms IS NULL;
CREATE INDEX story_sorted_by ON story (sorted_by) WHERE gone_ms IS NULL;
CREATE INDEX story_first_published ON story (first_published_ms) WHERE gone_ms IS NULL;
-- The stories of a month, by the publisher's date; one that lies ahead is that of the first storing.
CREATE INDEX story_date ON story (min(coalesce(published_ms, first_published_ms), first_published_ms)) WHERE gone_ms IS NULL;

-- One item as one source gave it.
CREATE TABLE entry (
  id             INTEGER PRIMARY KEY,
  source_id      TEXT NOT NULL REFERENCES source (id),
  key            TEXT NOT NULL,
  key_from       TEXT NOT NULL,
  story_id       INTEGER NOT NULL REFERENCES story (id),
  joined_because TEXT,                   -- NULL: the story began with it
  guid           TEXT,
  guid_alias     TEXT,
  link           TEXT,                   -- canonical, fragment kept: within the source
  canonical      TEXT,                   -- canonical: across sources
  title_norm     TEXT,
  url            TEXT,
  title          TEXT,
  published_ms   INTEGER,
  published_precision TEXT,
  updated_ms     INTEGER,
  first_seen_ms  INTEGER NOT NULL,
  last_seen_ms   INTEGER NOT NULL,
  content_digest BLOB NOT NULL,
  material_digest BLOB NOT NULL,
  language       TEXT,
  authors        TEXT NOT NULL DEFAULT '[]',
  categories     TEXT NOT NULL DEFAULT '[]',
  enclosures     TEXT NOT NULL DEFAULT '[]',
  related        TEXT NOT NULL DEFAULT '[]',
  about          TEXT,                   -- the page of another story that this one comments on
  origin         TEXT,
  image          TEXT,
  rights         TEXT,
  summary_text   TEXT NOT NULL DEFAULT '',
  fingerprint    BLOB,
  summary        TEXT,
  content        TEXT, opening_mark INTEGER, whole_mark INTEGER,
  UNIQUE (source_id, key)
) STRICT;
CREATE INDEX entry_story ON entry (story_id);
-- Twins in other sources: by link, by title, and by what marks a text, whatever it is called. Who carries one is known from
-- the index: of twins that thousands have, no row is read but those that are compared.
CREATE INDEX entry_canonical ON entry (canonical, id, source_id) WHERE canonical IS NOT NULL;
CREATE INDEX entry_title ON entry (title_norm, id, source_id) WHERE title_norm IS NOT NULL;
CREATE INDEX entry_opening_mark ON entry (opening_mark, id, source_id) WHERE opening_mark IS NOT NULL;
CREATE INDEX entry_whole_mark ON entry (whole_mark, id, source_id) WHERE whole_mark IS NOT NULL;
CREATE INDEX entry_plain_title ON entry (title) WHERE title IS NOT NULL;
CREATE INDEX entry_url ON entry (url) WHERE url IS NOT NULL;
CREATE INDEX entry_guid ON entry (guid) WHERE guid IS NOT NULL;
CREATE INDEX entry_guid_alias ON entry (source_id, guid_alias) WHERE guid_alias IS NOT NULL;
CREATE INDEX entry_link ON entry (source_id, link) WHERE link IS NOT NULL;
CREATE INDEX entry_source_title ON entry (source_id, title_norm) WHERE title_norm IS NOT NULL;
CREATE INDEX entry_source_published ON entry (source_id, published_ms) WHERE published_ms IS NOT NULL;
CREATE INDEX entry_source_seen ON entry (source_id, first_seen_ms);

-- Further keys under which an entry came: after a new CMS made all ids anew, for one.
CREATE TABLE entry_alias (
  source_id TEXT NOT NULL REFERENCES source (id),
  key       TEXT NOT NULL,
  entry_id  INTEGER NOT NULL REFERENCES entry (id),
  PRIMARY KEY (source_id, key)
) STRICT, WITHOUT ROWID;

-- Entries that a person parted from a story: never joined again.
CREATE TABLE parted (
  entry_id INTEGER NOT NULL REFERENCES entry (id),
  story_id INTEGER NOT NULL REFERENCES story (id),
  at_ms    INTEGER NOT NULL,
  PRIMARY KEY (entry_id, story_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE topic (
  id          TEXT PRIMARY KEY,
  ordinal     INTEGER,                   -- its place in feeds.toml; NULL: no longer there
  title       TEXT NOT NULL,
  description TEXT,
  announce_within_s INTEGER NOT NULL,
  filled      INTEGER NOT NULL DEFAULT 0 -- 0 until every stored story was sorted into it once
) STRICT;

-- The topics of a story; topic `all` has every story. `position_ms` repeats the story's, which never changes.
CREATE TABLE story_topic (
  topic_id    TEXT NOT NULL,
  story_id    INTEGER NOT NULL REFERENCES story (id),
  position_ms INTEGER NOT NULL,
  in_window   INTEGER NOT NULL,
  by_label    INTEGER NOT NULL DEFAULT 0,
  score       REAL NOT NULL DEFAULT 0,
  because     TEXT NOT NULL DEFAULT '[]', in_archive INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_topic_window ON story_topic (topic_id, in_window, position_ms DESC, story_id DESC);
-- What stands in no archive: found without looking at all that does.
CREATE INDEX story_topic_unarchived ON story_topic (topic_id, in_window, position_ms, story_id) WHERE in_archive = 0;
CREATE INDEX story_topic_story ON story_topic (story_id);

-- A person's correction: the story is in exactly these topics.
CREATE TABLE label (
  story_id INTEGER PRIMARY KEY REFERENCES story (id),
  topics   TEXT NOT NULL,
  at_ms    INTEGER NOT NULL
) STRICT;

-- When a published document last changed.
CREATE TABLE document (
  path       TEXT PRIMARY KEY,
  digest     BLOB NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT;

-- The pages of a site without a feed: which are known, which wait to be fetched.
CREATE TABLE page (
  source_id    TEXT NOT NULL REFERENCES source (id),
  url          TEXT NOT NULL,
  state        TEXT NOT NULL,            -- queued | fetched | failed | passed; sitemap: one that an index names
  backlog      INTEGER NOT NULL,         -- 1: older than the first visit
  rank         INTEGER NOT NULL,         -- the publisher's order: smaller is newer
  lastmod_ms   INTEGER,
  draft        TEXT,                     -- what is known of it (JSON): by the sitemap or index, then by its head
  attempts     INTEGER NOT NULL DEFAULT 0,
  fetched_ms   INTEGER,
  not_before_ms INTEGER,
  PRIMARY KEY (source_id, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX page_queue ON page (source_id, state, backlog, rank);

-- robots.txt of each origin, for 24 hours.
CREATE TABLE robots (
  origin     TEXT PRIMARY KEY,
  status     INTEGER,                    -- NULL: no answer
  body       BLOB NOT NULL,
  challenge  INTEGER NOT NULL DEFAULT 0,
  fetched_ms INTEGER NOT NULL
) STRICT;

-- The words of every public story, for the search. The texts themselves are not kept twice; `stems` hold each word's stem once.
CREATE VIRTUAL TABLE story_text USING fts5 (
  title, summary, content, title_stems, stems,
  content = '', contentless_delete = 1, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);

-- Instances of a feed document that readers may have: which stories each held, so that a reader is sent what is new to it.
CREATE TABLE instance (
  path TEXT NOT NULL,
  etag TEXT NOT NULL,
  seq  INTEGER NOT NULL,                 -- grows: the lowest go first
  held TEXT NOT NULL,                    -- [[story, digest], …] (JSON)
  PRIMARY KEY (path, etag)
) STRICT;

-- The archive documents of a topic (RFC 5005 §4): numbered as they were cut.
CREATE TABLE archive (
  topic_id   TEXT NOT NULL,
  number     INTEGER NOT NULL,
  prev       INTEGER,                    -- the archive that it links back to; NULL: it is the first
  superseded INTEGER NOT NULL DEFAULT 0, -- 1: a later archive has its stories too and links past it
  revision   INTEGER NOT NULL DEFAULT 0, -- moves when a story is taken out
  drawn      BLOB,                       -- digest of what `body` was drawn from; NULL: not drawn yet
  body       BLOB,                       -- the document, compressed: arrivals and edits do not change it any more
  updated_ms INTEGER,
  PRIMARY KEY (topic_id, number)
) STRICT;

-- The stories of an archive.
CREATE TABLE archived (
  topic_id TEXT NOT NULL,
  story_id INTEGER NOT NULL REFERENCES story (id),
  number   INTEGER NOT NULL,
  PRIMARY KEY (topic_id, story_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX archived_number ON archived (topic_id, number);
CREATE INDEX archived_story ON archived (story_id);

-- What robots.txt was given with: asked for again conditionally, by whichever source is next.
CREATE TABLE robots_validator (
  origin        TEXT PRIMARY KEY REFERENCES robots (origin),
  etag          BLOB,
  last_modified BLOB
) STRICT;

-- How often a publication wants to be asked, as its last document said (ttl, sy:*, skipHours, skipDays): a 304 repeats
-- none of it.
CREATE TABLE publisher_pace (
  source_id TEXT PRIMARY KEY REFERENCES source (id),
  pace      TEXT NOT NULL                -- JSON
) STRICT;
