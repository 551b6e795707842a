-- The migrations that a program must know to work with this database. The greatest counts. A migration that releases
-- before its own cannot work with adds its own version; any other leaves this as it is.
CREATE TABLE minimum_migration (
    version TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO minimum_migration (version) VALUES ('20261123000005');
