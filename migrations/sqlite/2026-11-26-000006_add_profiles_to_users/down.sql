DROP INDEX users_username;
ALTER TABLE users DROP COLUMN username;
ALTER TABLE users DROP COLUMN locked;
ALTER TABLE users DROP COLUMN bot;
ALTER TABLE users DROP COLUMN discoverable;
ALTER TABLE users DROP COLUMN default_visibility;
ALTER TABLE users DROP COLUMN default_sensitive;
ALTER TABLE users DROP COLUMN default_language;
