-- IF NOT EXISTS: the migration lock is a lease, too, so the first to start makes this table before it runs any.

-- What only one node at a time may have: the migration lock. Times are
-- UTC, by the server's clock. A row that has expired is anybody's.
CREATE TABLE IF NOT EXISTS leases (
    name VARCHAR(50) NOT NULL PRIMARY KEY,
    holder VARCHAR(50) NOT NULL,
    expires_at DATETIME(6) NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
