DROP TABLE IF EXISTS account_notes;
DROP TABLE IF EXISTS mutes;
DROP TABLE IF EXISTS blocks;
DROP TABLE IF EXISTS follow_requests;
DROP TABLE IF EXISTS account_stats;
DROP TABLE IF EXISTS account_fields;
