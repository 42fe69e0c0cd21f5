-- The icon that a feed names, and the icons of publications.
ALTER TABLE source ADD COLUMN icon_url TEXT;
CREATE TABLE source_icon (
  source_id  TEXT PRIMARY KEY REFERENCES source (id),
  checked_ms INTEGER NOT NULL,
  png        BLOB
) STRICT, WITHOUT ROWID;
