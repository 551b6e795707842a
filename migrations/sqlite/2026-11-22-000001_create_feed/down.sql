-- Nothing: on SQLite, where one process owns the file, it keeps home timelines in memory.
SELECT 1;
