-- What a status has beside the classic columns. Each has a default: a row of other programs is a public post.
-- `visibility`: 0 public, 1 unlisted, 2 private (followers), 3 direct (those mentioned). `conversation_id` is the id of the first
-- status of the thread; NULL stands for the row's own. A boost is a row with `reblog_of_id` and without text. A text may be
-- longer than 300 characters, since a URL counts 23.
ALTER TABLE tweets
    MODIFY COLUMN tweet TEXT NOT NULL,
    ADD COLUMN visibility SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN spoiler_text VARCHAR(300) NOT NULL DEFAULT '',
    ADD COLUMN is_sensitive BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN language VARCHAR(35) NULL,
    ADD COLUMN in_reply_to_id BIGINT NULL,
    ADD COLUMN in_reply_to_account_id BIGINT NULL,
    ADD COLUMN conversation_id BIGINT NULL,
    ADD COLUMN reblog_of_id BIGINT NULL,
    ADD COLUMN application_id BIGINT NULL,
    ADD COLUMN edited_at DATETIME(6) NULL,
    ADD INDEX tweets_replies (in_reply_to_id),
    ADD INDEX tweets_conversation (conversation_id),
    ADD UNIQUE INDEX tweets_reblogs (reblog_of_id, user_id),
    ADD CONSTRAINT tweets_in_reply_to FOREIGN KEY (in_reply_to_id) REFERENCES tweets (id) ON DELETE SET NULL,
    ADD CONSTRAINT tweets_reblog_of FOREIGN KEY (reblog_of_id) REFERENCES tweets (id) ON DELETE CASCADE;
