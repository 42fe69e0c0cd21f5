-- By what a post is known again whose id, link and title are other ones: its moment.
CREATE INDEX entry_source_published ON entry (source_id, published_ms) WHERE published_ms IS NOT NULL;
