-- A column with a foreign key cannot be dropped: the table is made anew.
PRAGMA legacy_alter_table = ON;
CREATE TABLE tweets_before (
    id INTEGER PRIMARY KEY NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    tweet TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);
INSERT INTO tweets_before SELECT id, user_id, tweet, created_at FROM tweets WHERE reblog_of_id IS NULL;
DROP TABLE tweets;
ALTER TABLE tweets_before RENAME TO tweets;
CREATE INDEX tweets_author ON tweets (user_id, id);
PRAGMA legacy_alter_table = OFF;
