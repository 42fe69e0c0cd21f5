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
