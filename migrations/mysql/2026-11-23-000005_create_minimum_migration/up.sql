-- IF NOT EXISTS, IGNORE: the first statement cannot be rolled back, and whoever comes after an interruption runs it again.

-- The migrations that a program must know to work with this database. The greatest counts. A migration that releases
-- before its own cannot work with adds its own version; any other leaves this as it is.
CREATE TABLE IF NOT EXISTS minimum_migration (
    version VARCHAR(50) NOT NULL PRIMARY KEY
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO minimum_migration (version) VALUES ('20261123000005');
