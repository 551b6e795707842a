-- The three tables of the classic miniter, under the names that its databases use.
-- Ids are 64-bit; times are UTC. SQLite has no lengths: what writes checks them (miniter-domain).

CREATE TABLE users (
    -- AUTOINCREMENT: an id that was once given is never given again, so no old token speaks for a new user.
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    hashed_password TEXT NOT NULL,
    profile TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    updated_at TIMESTAMP,
    -- What addresses are compared by: ASCII letters folded, every other byte as it is. Bytes, not text: no
    -- collation can then call two addresses equal. lower() of a plain SQLite folds ASCII only.
    -- Never null, but MariaDB cannot say so of a generated column, and the two schemas are one.
    email_canonical BLOB GENERATED ALWAYS AS (CAST(lower(email) AS BLOB)) STORED
);
CREATE UNIQUE INDEX users_email_canonical ON users (email_canonical);

-- The primary key answers "whom does this user follow"; the index answers "who follows this user".
CREATE TABLE users_follow_list (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    follow_user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    PRIMARY KEY (user_id, follow_user_id)
) WITHOUT ROWID;
CREATE INDEX users_follow_list_followee ON users_follow_list (follow_user_id, user_id);

-- The application gives the id; where other SQL gives none, SQLite takes the greatest one plus one.
CREATE TABLE tweets (
    id INTEGER PRIMARY KEY NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    tweet TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);
CREATE INDEX tweets_author ON tweets (user_id, id);
