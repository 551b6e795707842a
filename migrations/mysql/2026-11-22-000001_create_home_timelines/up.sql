-- Home timelines, derived from tweets and users_follow_list so that reading one costs the same whatever there is in
-- them. `miniter timelines rebuild` makes them anew. Nothing is filled here: a reader who is not in home_readers is
-- filled by `miniter migrate`, by a server that runs, or when they read.
-- IF NOT EXISTS: these statements cannot be rolled back, and whoever comes after an interruption runs them again.

-- A row for each reader and tweet in their timeline. Without foreign keys: each would be looked up and locked for every
-- follower of every tweet. Whoever reads joins the tweet, so a row that points nowhere is not seen.
CREATE TABLE IF NOT EXISTS home_timelines (
    user_id BIGINT NOT NULL,
    tweet_id BIGINT NOT NULL,
    author_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, tweet_id),
    INDEX home_timelines_author (user_id, author_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Whose timeline has been filled.
CREATE TABLE IF NOT EXISTS home_readers (
    user_id BIGINT NOT NULL PRIMARY KEY,
    CONSTRAINT home_readers_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What is still to be done: the tweets of author_id with ids below `below` are to be brought into the timeline of user_id
-- or, if they do not follow (any more), taken out. An author_id of -1 says that all of the reader's are noted, as for a
-- timeline that is being filled; (-1, -1) is a rebuild that has come to the reader `below`.
CREATE TABLE IF NOT EXISTS home_repairs (
    user_id BIGINT NOT NULL,
    author_id BIGINT NOT NULL,
    below BIGINT NOT NULL,
    PRIMARY KEY (user_id, author_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
