-- The search index no longer has columns of stems and indexes of prefixes. It is rebuilt when the
-- database is opened.
DROP TABLE story_text;
CREATE VIRTUAL TABLE story_text USING fts5 (
  title, summary, content,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- What every poll looks up among the sources is found by index.
CREATE INDEX source_unscheduled ON source (ordinal)
  WHERE ordinal IS NOT NULL AND last_attempt_ms IS NULL AND next_poll_ms IS NULL;
CREATE INDEX source_poll_requested ON source (id) WHERE poll_requested > 0;
CREATE INDEX source_throttled ON source (host) WHERE consecutive_throttles > 0;
CREATE INDEX source_follow_url ON source (follow_url) WHERE follow_url IS NOT NULL;
CREATE INDEX source_redirect_url ON source (redirect_url) WHERE redirect_url IS NOT NULL;
CREATE INDEX validator_url ON validator (url);
DROP INDEX entry_source_seen;
CREATE INDEX entry_source_seen ON entry (source_id, first_seen_ms, published_ms);

-- Changed rules fill the feed window of a topic until one of its feeds was fetched, and a topic that
-- left feeds.toml is gone only after a while. Older databases do not know either, so their topics
-- count as fetched, and those that left as gone.
ALTER TABLE topic ADD COLUMN fetched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE topic ADD COLUMN retired_ms INTEGER;
UPDATE topic SET fetched = 1;
UPDATE topic SET retired_ms = 0 WHERE ordinal IS NULL;

-- The ways in which a site was tried to be followed.
ALTER TABLE source ADD COLUMN ways TEXT NOT NULL DEFAULT '[]';

-- Archives that have to be rendered, and the newest one, are found without reading the documents.
CREATE INDEX archive_pending ON archive (topic_id, number) WHERE input_digest IS NULL;
CREATE INDEX archive_current ON archive (topic_id, number) WHERE superseded = 0;
