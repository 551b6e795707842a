-- Requests to publish a tweet that may be sent again: digests of the key that the client chose and of the text, and what was
-- answered. Rows of the day before yesterday may be deleted. There is no foreign key to the tweet: one that is deleted is
-- not to be published again by a client that missed the answer.
CREATE TABLE idempotency_keys (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    text_digest BLOB NOT NULL,
    tweet_id BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, digest)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
