-- What a status has beside the classic columns. Each has a default: a row of other programs is a public post.
-- `visibility`: 0 public, 1 unlisted, 2 private (followers), 3 direct (those mentioned). `conversation_id` is the id of the first
-- status of the thread; NULL stands for the row's own. A boost is a row with `reblog_of_id` and without text. A text may be
-- longer than 300 characters, since a URL counts 23.
ALTER TABLE tweets ADD COLUMN visibility SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE tweets ADD COLUMN spoiler_text TEXT NOT NULL DEFAULT '';
ALTER TABLE tweets ADD COLUMN is_sensitive BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tweets ADD COLUMN language TEXT;
ALTER TABLE tweets ADD COLUMN in_reply_to_id BIGINT REFERENCES tweets (id) ON DELETE SET NULL;
ALTER TABLE tweets ADD COLUMN in_reply_to_account_id BIGINT;
ALTER TABLE tweets ADD COLUMN conversation_id BIGINT;
ALTER TABLE tweets ADD COLUMN reblog_of_id BIGINT REFERENCES tweets (id) ON DELETE CASCADE;
ALTER TABLE tweets ADD COLUMN application_id BIGINT;
ALTER TABLE tweets ADD COLUMN edited_at TIMESTAMP;
CREATE INDEX tweets_replies ON tweets (in_reply_to_id) WHERE in_reply_to_id IS NOT NULL;
CREATE INDEX tweets_conversation ON tweets (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE UNIQUE INDEX tweets_reblogs ON tweets (reblog_of_id, user_id) WHERE reblog_of_id IS NOT NULL;
