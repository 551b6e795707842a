-- IF NOT EXISTS: this statement cannot be rolled back, and whoever comes after an interruption runs it again.

-- Requests to publish a tweet that may be sent again: digests of the key that the client chose and of the text, and what was
-- answered. Rows of the day before yesterday may be deleted. There is no foreign key to the tweet: one that is deleted is
-- not to be published again by a client that missed the answer.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    user_id BIGINT NOT NULL,
    digest VARBINARY(32) NOT NULL,
    text_digest VARBINARY(32) NOT NULL,
    tweet_id BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, digest),
    INDEX idempotency_keys_created_at (created_at),
    CONSTRAINT idempotency_keys_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
