-- What a profile has beside the classic columns. Each has a default: a row of other programs is an account, too.
-- `username` is compared without case. NULL stands for `user<id>`. `default_visibility`: see `tweets.visibility`.
ALTER TABLE users ADD COLUMN username TEXT COLLATE NOCASE;
ALTER TABLE users ADD COLUMN locked BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN bot BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN discoverable BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN default_visibility SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN default_sensitive BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN default_language TEXT;
CREATE UNIQUE INDEX users_username ON users (username);
