DROP TABLE account_notes;
DROP TABLE mutes;
DROP TABLE blocks;
DROP TABLE follow_requests;
DROP TABLE account_stats;
DROP TABLE account_fields;
