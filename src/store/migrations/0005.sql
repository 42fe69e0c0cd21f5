-- By what copies of a text are found, whatever they are called: a hash of its opening and one of the whole. An entry that was
-- stored before has none, and is found by link and title.
ALTER TABLE entry ADD COLUMN opening_mark INTEGER;
ALTER TABLE entry ADD COLUMN whole_mark INTEGER;
CREATE INDEX entry_opening_mark ON entry (opening_mark, id, source_id) WHERE opening_mark IS NOT NULL;
CREATE INDEX entry_whole_mark ON entry (whole_mark, id, source_id) WHERE whole_mark IS NOT NULL;
