-- IF NOT EXISTS: these statements cannot be rolled back, and whoever comes after an interruption runs them again.
-- What belongs to statuses.

-- Counts, so that no page needs a COUNT. A status without a row has zeros.
CREATE TABLE IF NOT EXISTS status_stats (
    status_id BIGINT NOT NULL PRIMARY KEY,
    replies_count BIGINT NOT NULL DEFAULT 0,
    reblogs_count BIGINT NOT NULL DEFAULT 0,
    favourites_count BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT status_stats_status FOREIGN KEY (status_id) REFERENCES tweets (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What an edited status said before: a row for each version but the present one.
CREATE TABLE IF NOT EXISTS status_edits (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    status_id BIGINT NOT NULL,
    text TEXT NOT NULL,
    spoiler_text VARCHAR(300) NOT NULL,
    is_sensitive BOOLEAN NOT NULL,
    created_at DATETIME(6) NOT NULL,
    INDEX status_edits_status (status_id, id),
    CONSTRAINT status_edits_status FOREIGN KEY (status_id) REFERENCES tweets (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The accounts that a status mentions.
CREATE TABLE IF NOT EXISTS mentions (
    status_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    PRIMARY KEY (status_id, account_id),
    INDEX mentions_account (account_id, status_id),
    CONSTRAINT mentions_status FOREIGN KEY (status_id) REFERENCES tweets (id) ON DELETE CASCADE,
    CONSTRAINT mentions_account FOREIGN KEY (account_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The hashtags of a status, in small letters.
CREATE TABLE IF NOT EXISTS status_tags (
    status_id BIGINT NOT NULL,
    name VARCHAR(100) NOT NULL,
    PRIMARY KEY (status_id, name),
    INDEX status_tags_name (name, status_id),
    CONSTRAINT status_tags_status FOREIGN KEY (status_id) REFERENCES tweets (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The ids are cursors of pages.
CREATE TABLE IF NOT EXISTS favourites (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    status_id BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE INDEX favourites_user_status (user_id, status_id),
    INDEX favourites_user (user_id, id),
    INDEX favourites_status (status_id, id),
    CONSTRAINT favourites_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT favourites_status FOREIGN KEY (status_id) REFERENCES tweets (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The ids are cursors of pages.
CREATE TABLE IF NOT EXISTS bookmarks (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    status_id BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE INDEX bookmarks_user_status (user_id, status_id),
    INDEX bookmarks_user (user_id, id),
    INDEX bookmarks_status (status_id),
    CONSTRAINT bookmarks_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT bookmarks_status FOREIGN KEY (status_id) REFERENCES tweets (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Statuses that their authors show at the top of their profiles.
CREATE TABLE IF NOT EXISTS pins (
    user_id BIGINT NOT NULL,
    status_id BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, status_id),
    INDEX pins_status (status_id),
    CONSTRAINT pins_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT pins_status FOREIGN KEY (status_id) REFERENCES tweets (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Threads of which a user wants no notifications.
CREATE TABLE IF NOT EXISTS conversation_mutes (
    user_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, conversation_id),
    CONSTRAINT conversation_mutes_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What happened to a user. `kind`: 1 mention, 2 status, 3 reblog, 4 follow, 5 follow request, 6 favourite, 7 poll, 8 update. The ids are
-- cursors of pages.
CREATE TABLE IF NOT EXISTS notifications (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    from_id BIGINT NOT NULL,
    status_id BIGINT,
    created_at DATETIME(6) NOT NULL,
    INDEX notifications_user (user_id, id),
    INDEX notifications_from (from_id, user_id),
    INDEX notifications_status (status_id),
    CONSTRAINT notifications_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT notifications_from FOREIGN KEY (from_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT notifications_status FOREIGN KEY (status_id) REFERENCES tweets (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How far a user has read a timeline: `home` or `notifications`.
CREATE TABLE IF NOT EXISTS markers (
    user_id BIGINT NOT NULL,
    timeline VARCHAR(20) NOT NULL,
    last_read_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, timeline),
    CONSTRAINT markers_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
