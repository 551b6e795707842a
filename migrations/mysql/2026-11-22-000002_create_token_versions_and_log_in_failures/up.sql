-- IF NOT EXISTS: these statements cannot be rolled back, and whoever comes after an interruption runs them again.

-- Which tokens of a user are good. Nobody is in here until they change their password for the first time. Versions are
-- numbered in the order of all changes, so that whoever knows those up to one need only ask for what is above it.
-- No foreign key: with the row of a deleted user its number would be free to be given again.
CREATE TABLE IF NOT EXISTS token_versions (
    user_id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    UNIQUE INDEX token_versions_version (version)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Wrong passwords, counted by a digest of the address that was given: the moment, in microseconds since 1970, at which
-- nothing of them counts any more. Rows with one in the past may be deleted.
CREATE TABLE IF NOT EXISTS log_in_failures (
    account VARBINARY(32) NOT NULL PRIMARY KEY,
    tat BIGINT NOT NULL,
    INDEX log_in_failures_tat (tat)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
