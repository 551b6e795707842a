-- The change feed: everything that changes what nodes keep in memory, in the order of commits.
-- IF NOT EXISTS, IGNORE: the first statements cannot be rolled back, and whoever comes after an interruption runs them again.

-- The head, one row. A transaction that writes locks it first, and moves it in the end. `greatest_id` is the greatest id of a
-- tweet that was drawn; `holder` and `lock_count` say which connection has the lock; `epoch` is another number in each feed that begins.
CREATE TABLE IF NOT EXISTS feed_head (
    id BIGINT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    position BIGINT NOT NULL,
    greatest_id BIGINT NOT NULL,
    holder BIGINT NOT NULL,
    lock_count BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO feed_head (id, epoch, position, greatest_id, holder, lock_count)
    VALUES (1, FLOOR(RAND() * 1000000000000000), 0, 0, 0, 0);

-- The events, with consecutive positions. Old ones may be deleted: a node that has not read them starts at the head.
CREATE TABLE IF NOT EXISTS feed_events (
    position BIGINT NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    object BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
