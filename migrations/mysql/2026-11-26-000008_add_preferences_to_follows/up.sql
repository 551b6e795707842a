-- What a follower wants of a followee: their boosts in the home timeline, and a notification of each post.
ALTER TABLE users_follow_list
    ADD COLUMN show_reblogs BOOLEAN NOT NULL DEFAULT TRUE,
    ADD COLUMN notify BOOLEAN NOT NULL DEFAULT FALSE,
    ADD INDEX users_follow_list_notify (follow_user_id, notify, user_id);
