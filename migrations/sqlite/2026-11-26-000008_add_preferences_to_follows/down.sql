ALTER TABLE users_follow_list DROP COLUMN show_reblogs;
ALTER TABLE users_follow_list DROP COLUMN notify;
