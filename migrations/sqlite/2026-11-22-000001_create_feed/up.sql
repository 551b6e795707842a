-- Nothing: on SQLite, where one process owns the file, the thread that writes tells of its commits. Both databases have the same
-- migrations.
SELECT 1;
