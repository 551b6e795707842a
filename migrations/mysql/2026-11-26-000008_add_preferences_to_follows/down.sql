ALTER TABLE users_follow_list
    DROP INDEX users_follow_list_notify,
    DROP COLUMN show_reblogs,
    DROP COLUMN notify;
