-- IF NOT EXISTS: these statements cannot be rolled back, and whoever comes after an interruption runs them again.
-- What belongs to accounts.

-- The rows of name and value in a profile, from position 0 on.
CREATE TABLE IF NOT EXISTS account_fields (
    user_id BIGINT NOT NULL,
    position SMALLINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    value VARCHAR(255) NOT NULL,
    PRIMARY KEY (user_id, position),
    CONSTRAINT account_fields_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Counts, so that no page needs a COUNT. An account without a row has zeros.
CREATE TABLE IF NOT EXISTS account_stats (
    user_id BIGINT NOT NULL PRIMARY KEY,
    statuses_count BIGINT NOT NULL DEFAULT 0,
    followers_count BIGINT NOT NULL DEFAULT 0,
    following_count BIGINT NOT NULL DEFAULT 0,
    last_status_at DATETIME(6),
    CONSTRAINT account_stats_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Accounts that ask to follow a locked one.
CREATE TABLE IF NOT EXISTS follow_requests (
    user_id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    show_reblogs BOOLEAN NOT NULL DEFAULT TRUE,
    notify BOOLEAN NOT NULL DEFAULT FALSE,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, target_id),
    INDEX follow_requests_target (target_id, user_id),
    CONSTRAINT follow_requests_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT follow_requests_target FOREIGN KEY (target_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A block hides each of the two from the other.
CREATE TABLE IF NOT EXISTS blocks (
    user_id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, target_id),
    INDEX blocks_target (target_id, user_id),
    CONSTRAINT blocks_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT blocks_target FOREIGN KEY (target_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A mute hides the target from the user, until a moment or for ever.
CREATE TABLE IF NOT EXISTS mutes (
    user_id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    hide_notifications BOOLEAN NOT NULL,
    expires_at DATETIME(6),
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, target_id),
    INDEX mutes_target (target_id),
    CONSTRAINT mutes_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT mutes_target FOREIGN KEY (target_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What a user has written down about another, for their own eyes.
CREATE TABLE IF NOT EXISTS account_notes (
    user_id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    comment VARCHAR(2000) NOT NULL,
    PRIMARY KEY (user_id, target_id),
    INDEX account_notes_target (target_id),
    CONSTRAINT account_notes_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT account_notes_target FOREIGN KEY (target_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT IGNORE INTO account_stats (user_id, statuses_count, followers_count, following_count, last_status_at)
    SELECT id,
        (SELECT COUNT(*) FROM tweets WHERE tweets.user_id = users.id),
        (SELECT COUNT(*) FROM users_follow_list WHERE follow_user_id = users.id),
        (SELECT COUNT(*) FROM users_follow_list WHERE users_follow_list.user_id = users.id),
        (SELECT MAX(tweets.created_at) FROM tweets WHERE tweets.user_id = users.id)
    FROM users;
