-- IF NOT EXISTS: these statements cannot be rolled back, and whoever comes after an interruption runs them again.

-- Which tokens of a user are good. Nobody is in here until they change their password for the first time. Versions are
-- numbered in the order of all changes, so that whoever knows those up to one need only ask for what is above it.
-- No foreign key: with the row of a deleted user its number would be free to be given again.
CREATE TABLE IF NOT EXISTS token_versions (
    user_id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    UNIQUE INDEX token_versions_version (version)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Wrong passwords: for each account (a digest of the e-mail address that was given, or of the user who changes the password)
-- and each origin that is counted apart the theoretical arrival time (GCRA), in microseconds since 1970: the moment at which
-- nothing counts any more. Rows with one in the past may be deleted.
CREATE TABLE IF NOT EXISTS log_in_failures (
    account VARBINARY(32) NOT NULL,
    origin VARBINARY(32) NOT NULL,
    tat BIGINT NOT NULL,
    PRIMARY KEY (account, origin),
    INDEX log_in_failures_tat (tat)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The addresses that the password of a user was right from, and when it last was: wrong passwords that come from elsewhere do
-- not lock them out. Digests of the user and the address. Rows that were not seen for 90 days may be deleted.
CREATE TABLE IF NOT EXISTS known_addresses (
    user_id BIGINT NOT NULL,
    digest VARBINARY(32) NOT NULL,
    seen_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, digest),
    INDEX known_addresses_seen_at (seen_at),
    CONSTRAINT known_addresses_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
