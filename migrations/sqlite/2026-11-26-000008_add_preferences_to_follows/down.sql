DROP INDEX users_follow_list_notify;
ALTER TABLE users_follow_list DROP COLUMN show_reblogs;
ALTER TABLE users_follow_list DROP COLUMN notify;
