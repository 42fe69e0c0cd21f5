-- By what copies of a text are found, whatever they are called: a hash of its opening and one of the whole. An entry that was
-- stored before has none, and is found by link and title.
ALTER TABLE entry ADD COLUMN opening_mark INTEGER;
ALTER TABLE entry ADD COLUMN whole_mark INTEGER;
CREATE INDEX entry_opening_mark ON entry (opening_mark, id, source_id) WHERE opening_mark IS NOT NULL;
CREATE INDEX entry_whole_mark ON entry (whole_mark, id, source_id) WHERE whole_mark IS NOT NULL;
-- Who carries what is known from the index: of twins that thousands have, no row is read but those that are compared.
DROP INDEX entry_canonical;
DROP INDEX entry_title;
CREATE INDEX entry_canonical ON entry (canonical, id, source_id) WHERE canonical IS NOT NULL;
CREATE INDEX entry_title ON entry (title_norm, id, source_id) WHERE title_norm IS NOT NULL;
