ALTER TABLE users_follow_list
    DROP COLUMN show_reblogs,
    DROP COLUMN notify;
