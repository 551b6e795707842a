-- What belongs to accounts.

-- The rows of name and value in a profile, from position 0 on.
CREATE TABLE account_fields (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    position SMALLINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (user_id, position)
) WITHOUT ROWID;

-- Counts, so that no page needs a COUNT. An account without a row has zeros.
CREATE TABLE account_stats (
    user_id INTEGER PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    statuses_count BIGINT NOT NULL DEFAULT 0,
    followers_count BIGINT NOT NULL DEFAULT 0,
    following_count BIGINT NOT NULL DEFAULT 0,
    last_status_at TIMESTAMP
);

-- Accounts that ask to follow a locked one.
CREATE TABLE follow_requests (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    show_reblogs BOOLEAN NOT NULL DEFAULT TRUE,
    notify BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, target_id)
) WITHOUT ROWID;
CREATE INDEX follow_requests_target ON follow_requests (target_id, user_id);

-- A block hides each of the two from the other.
CREATE TABLE blocks (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, target_id)
) WITHOUT ROWID;
CREATE INDEX blocks_target ON blocks (target_id, user_id);

-- A mute hides the target from the user, until a moment or for ever.
CREATE TABLE mutes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hide_notifications BOOLEAN NOT NULL,
    expires_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, target_id)
) WITHOUT ROWID;
CREATE INDEX mutes_target ON mutes (target_id);

-- What a user has written down about another, for their own eyes.
CREATE TABLE account_notes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    comment TEXT NOT NULL,
    PRIMARY KEY (user_id, target_id)
) WITHOUT ROWID;
CREATE INDEX account_notes_target ON account_notes (target_id);

INSERT INTO account_stats (user_id, statuses_count, followers_count, following_count, last_status_at)
    SELECT id,
        (SELECT COUNT(*) FROM tweets WHERE tweets.user_id = users.id),
        (SELECT COUNT(*) FROM users_follow_list WHERE follow_user_id = users.id),
        (SELECT COUNT(*) FROM users_follow_list WHERE users_follow_list.user_id = users.id),
        (SELECT MAX(tweets.created_at) FROM tweets WHERE tweets.user_id = users.id)
    FROM users;
