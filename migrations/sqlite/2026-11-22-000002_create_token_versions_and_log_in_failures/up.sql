-- Which tokens of a user are good. Nobody is in here until they change their password for the first time. Versions are
-- numbered in the order of all changes, so that whoever knows those up to one need only ask for what is above it.
-- No foreign key: with the row of a deleted user its number would be free to be given again.
CREATE TABLE token_versions (
    user_id INTEGER PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX token_versions_version ON token_versions (version);

-- Wrong passwords: for each account (a digest of the e-mail address that was given, or of the user who changes the password)
-- and each origin that is counted apart the theoretical arrival time (GCRA), in microseconds since 1970: the moment at which
-- nothing counts any more. Rows with one in the past may be deleted.
CREATE TABLE log_in_failures (
    account BLOB NOT NULL,
    origin BLOB NOT NULL,
    tat BIGINT NOT NULL,
    PRIMARY KEY (account, origin)
) WITHOUT ROWID;
CREATE INDEX log_in_failures_tat ON log_in_failures (tat);

-- The addresses that the password of a user was right from, and when it last was: wrong passwords that come from elsewhere do
-- not lock them out. Digests of the user and the address. Rows that were not seen for 90 days may be deleted.
CREATE TABLE known_addresses (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, digest)
) WITHOUT ROWID;
CREATE INDEX known_addresses_seen_at ON known_addresses (seen_at);
