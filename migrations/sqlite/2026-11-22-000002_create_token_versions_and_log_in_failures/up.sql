-- Which tokens of a user are good. Nobody is in here until they change their password for the first time. Versions are
-- numbered in the order of all changes, so that whoever knows those up to one need only ask for what is above it.
-- No foreign key: with the row of a deleted user its number would be free to be given again.
CREATE TABLE token_versions (
    user_id INTEGER PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX token_versions_version ON token_versions (version);

-- Wrong passwords, counted by a digest of the address that was given: the moment, in microseconds since 1970, at which
-- nothing of them counts any more. Rows with one in the past may be deleted.
CREATE TABLE log_in_failures (
    account BLOB PRIMARY KEY NOT NULL,
    tat BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX log_in_failures_tat ON log_in_failures (tat);
