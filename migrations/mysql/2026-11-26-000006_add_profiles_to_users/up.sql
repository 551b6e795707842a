-- What a profile has beside the classic columns. Each has a default: a row of other programs is an account, too.
-- `username` is compared without case. NULL stands for `user<id>`. `default_visibility`: see `tweets.visibility`.
ALTER TABLE users
    ADD COLUMN username VARCHAR(30) CHARACTER SET ascii COLLATE ascii_general_ci NULL,
    ADD COLUMN locked BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN bot BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN discoverable BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN default_visibility SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN default_sensitive BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN default_language VARCHAR(35) NULL,
    ADD UNIQUE INDEX users_username (username);
