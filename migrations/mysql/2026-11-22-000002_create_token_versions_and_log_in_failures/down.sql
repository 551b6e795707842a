DROP TABLE known_addresses;
DROP TABLE log_in_failures;
DROP TABLE token_versions;
