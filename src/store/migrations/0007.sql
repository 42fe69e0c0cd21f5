-- Columns and tables get the names that feed readers, HTTP and SQL use for them.

-- Whether a source may be published: one rule, stated once.
ALTER TABLE source RENAME COLUMN wanted TO follow;
ALTER TABLE source RENAME COLUMN way TO follow_mode;
ALTER TABLE source RENAME COLUMN way_url TO follow_url;
ALTER TABLE source RENAME COLUMN way_because TO follow_reason;
ALTER TABLE source RENAME COLUMN way_reviewed_ms TO follow_reviewed_ms;
ALTER TABLE source RENAME COLUMN configured_title TO title_override;
ALTER TABLE source RENAME COLUMN own_title TO feed_title;
ALTER TABLE source RENAME COLUMN own_id TO feed_id;
ALTER TABLE source RENAME COLUMN own_feed_url TO self_url;
ALTER TABLE source RENAME COLUMN ref_digest TO source_ref_digest;
ALTER TABLE source RENAME COLUMN ref_updated_ms TO source_ref_updated_ms;
ALTER TABLE source RENAME COLUMN private_seen TO cache_private;
ALTER TABLE source RENAME COLUMN document_ms TO last_document_ms;
ALTER TABLE source RENAME COLUMN imported_ms TO import_completed_ms;
ALTER TABLE source RENAME COLUMN failures TO consecutive_failures;
ALTER TABLE source RENAME COLUMN throttles TO consecutive_throttles;
ALTER TABLE source RENAME COLUMN gone_since_ms TO first_gone_ms;
ALTER TABLE source RENAME COLUMN resting TO gone;
ALTER TABLE source RENAME COLUMN next_poll_because TO next_poll_reason;
ALTER TABLE source RENAME COLUMN moved_to TO redirect_url;
ALTER TABLE source RENAME COLUMN moved_since_ms TO redirect_since_ms;
ALTER TABLE source RENAME COLUMN moved_adopted TO redirect_adopted;
ALTER TABLE source ADD COLUMN update_hints TEXT;
ALTER TABLE source ADD COLUMN public INTEGER NOT NULL
  GENERATED ALWAYS AS (publish OR NOT (has_auth OR cache_private)) VIRTUAL;

UPDATE source SET update_hints = (SELECT pace FROM publisher_pace WHERE source_id = source.id);
DROP TABLE publisher_pace;

DROP INDEX story_sorted_by;
ALTER TABLE story RENAME COLUMN shown_entry TO representative_entry;
ALTER TABLE story RENAME COLUMN shown_digest TO representative_hash;
ALTER TABLE story RENAME COLUMN updates TO update_count;
ALTER TABLE story RENAME COLUMN gone_ms TO removed_ms;
ALTER TABLE story RENAME COLUMN gone_because TO removed_reason;
ALTER TABLE story RENAME COLUMN sorted_by TO rules_fingerprint;
UPDATE story SET arrival = 'backfill' WHERE arrival = 'backlog';
CREATE INDEX story_rules_fingerprint ON story (rules_fingerprint) WHERE removed_ms IS NULL;

DROP INDEX entry_canonical;
DROP INDEX entry_opening_mark;
DROP INDEX entry_whole_mark;
ALTER TABLE entry RENAME COLUMN joined_because TO join_reason;
ALTER TABLE entry RENAME COLUMN canonical TO canonical_url;
ALTER TABLE entry RENAME COLUMN title_norm TO normalized_title;
ALTER TABLE entry RENAME COLUMN content_digest TO content_hash;
ALTER TABLE entry RENAME COLUMN material_digest TO material_hash;
ALTER TABLE entry RENAME COLUMN about TO comments_on;
ALTER TABLE entry RENAME COLUMN summary_text TO excerpt;
ALTER TABLE entry RENAME COLUMN opening_mark TO opening_minhash;
ALTER TABLE entry RENAME COLUMN whole_mark TO text_minhash;
CREATE INDEX entry_canonical_url ON entry (canonical_url, id, source_id)
  WHERE canonical_url IS NOT NULL;
CREATE INDEX entry_opening_minhash ON entry (opening_minhash, id, source_id)
  WHERE opening_minhash IS NOT NULL;
CREATE INDEX entry_text_minhash ON entry (text_minhash, id, source_id)
  WHERE text_minhash IS NOT NULL;

ALTER TABLE story_topic RENAME COLUMN because TO reasons;
ALTER TABLE label RENAME COLUMN at_ms TO labelled_ms;
ALTER TABLE parted RENAME TO split;
ALTER TABLE split RENAME COLUMN at_ms TO split_ms;

DROP INDEX archived_number;
DROP INDEX archived_story;
ALTER TABLE archived RENAME TO archive_story;
CREATE INDEX archive_story_number ON archive_story (topic_id, number);
CREATE INDEX archive_story_story ON archive_story (story_id);
ALTER TABLE archive RENAME COLUMN drawn TO input_digest;
ALTER TABLE instance RENAME COLUMN held TO story_digests;

-- The sitemaps that a sitemap index lists were rows of `page` with a state of their own.
CREATE TABLE sitemap (
  source_id      TEXT NOT NULL REFERENCES source (id),
  url            TEXT NOT NULL,
  rank           INTEGER NOT NULL,
  lastmod_ms     INTEGER,
  fetched_ms     INTEGER,
  in_first_index INTEGER NOT NULL,
  PRIMARY KEY (source_id, url)
) STRICT, WITHOUT ROWID;
INSERT INTO sitemap (source_id, url, rank, lastmod_ms, fetched_ms, in_first_index)
  SELECT source_id, url, rank, lastmod_ms, fetched_ms, backlog FROM page WHERE state = 'sitemap';
DELETE FROM page WHERE state = 'sitemap';
DROP INDEX page_queue;
ALTER TABLE page RENAME COLUMN backlog TO backfill;
ALTER TABLE page RENAME COLUMN draft TO metadata;
UPDATE page SET state = 'skipped' WHERE state = 'passed';
CREATE INDEX page_queue ON page (source_id, state, backfill, rank);

ALTER TABLE robots RENAME COLUMN challenge TO bot_challenge;
ALTER TABLE robots ADD COLUMN etag BLOB;
ALTER TABLE robots ADD COLUMN last_modified BLOB;
UPDATE robots SET etag = v.etag, last_modified = v.last_modified
  FROM robots_validator v WHERE v.origin = robots.origin;
DROP TABLE robots_validator;

UPDATE meta SET key = 'search_index_version' WHERE key = 'search_making';
UPDATE meta SET key = 'manual_edits' WHERE key = 'edits_by_hand';
UPDATE meta SET key = 'window_policy' WHERE key = 'window';
