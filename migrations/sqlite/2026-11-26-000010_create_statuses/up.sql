-- What belongs to statuses.

-- Counts, so that no page needs a COUNT. A status without a row has zeros.
CREATE TABLE status_stats (
    status_id INTEGER PRIMARY KEY NOT NULL REFERENCES tweets (id) ON DELETE CASCADE,
    replies_count BIGINT NOT NULL DEFAULT 0,
    reblogs_count BIGINT NOT NULL DEFAULT 0,
    favourites_count BIGINT NOT NULL DEFAULT 0
);

-- What an edited status said before: a row for each version but the present one.
CREATE TABLE status_edits (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    status_id BIGINT NOT NULL REFERENCES tweets (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    spoiler_text TEXT NOT NULL,
    is_sensitive BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX status_edits_status ON status_edits (status_id, id);

-- The accounts that a status mentions.
CREATE TABLE mentions (
    status_id BIGINT NOT NULL REFERENCES tweets (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (status_id, account_id)
) WITHOUT ROWID;
CREATE INDEX mentions_account ON mentions (account_id, status_id);

-- The hashtags of a status, in small letters.
CREATE TABLE status_tags (
    status_id BIGINT NOT NULL REFERENCES tweets (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (status_id, name)
) WITHOUT ROWID;
CREATE INDEX status_tags_name ON status_tags (name, status_id);

-- The ids are cursors of pages.
CREATE TABLE favourites (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status_id BIGINT NOT NULL REFERENCES tweets (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX favourites_user_status ON favourites (user_id, status_id);
CREATE INDEX favourites_user ON favourites (user_id, id);
CREATE INDEX favourites_status ON favourites (status_id, id);

-- The ids are cursors of pages.
CREATE TABLE bookmarks (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status_id BIGINT NOT NULL REFERENCES tweets (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX bookmarks_user_status ON bookmarks (user_id, status_id);
CREATE INDEX bookmarks_user ON bookmarks (user_id, id);
CREATE INDEX bookmarks_status ON bookmarks (status_id);

-- Statuses that their authors show at the top of their profiles.
CREATE TABLE pins (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status_id BIGINT NOT NULL REFERENCES tweets (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, status_id)
) WITHOUT ROWID;
CREATE INDEX pins_status ON pins (status_id);

-- Threads of which a user wants no notifications.
CREATE TABLE conversation_mutes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
) WITHOUT ROWID;

-- What happened to a user. `kind`: 1 mention, 2 status, 3 reblog, 4 follow, 5 follow request, 6 favourite, 7 poll, 8 update. The ids are
-- cursors of pages.
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind SMALLINT NOT NULL,
    from_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status_id BIGINT REFERENCES tweets (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_from ON notifications (from_id, user_id);
CREATE INDEX notifications_status ON notifications (status_id);

-- How far a user has read a timeline: `home` or `notifications`.
CREATE TABLE markers (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    timeline TEXT NOT NULL,
    last_read_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, timeline)
) WITHOUT ROWID;
