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
