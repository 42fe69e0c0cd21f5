-- Whether a story stands in an archive of the topic: what does not is found without looking at all that do.
ALTER TABLE story_topic ADD COLUMN in_archive INTEGER NOT NULL DEFAULT 0;
UPDATE story_topic SET in_archive = 1
 WHERE EXISTS (SELECT 1 FROM archived a WHERE a.topic_id = story_topic.topic_id AND a.story_id = story_topic.story_id);
CREATE INDEX story_topic_unarchived ON story_topic (topic_id, in_window, position_ms, story_id) WHERE in_archive = 0;

-- The stories of a month, by the publisher's date; one that lies ahead is that of the first storing.
CREATE INDEX story_date ON story (min(coalesce(published_ms, first_published_ms), first_published_ms)) WHERE gone_ms IS NULL;
