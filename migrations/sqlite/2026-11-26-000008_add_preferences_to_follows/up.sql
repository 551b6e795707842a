-- What a follower wants of a followee: their boosts in the home timeline, and a notification of each post.
ALTER TABLE users_follow_list ADD COLUMN show_reblogs BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE users_follow_list ADD COLUMN notify BOOLEAN NOT NULL DEFAULT FALSE;
-- The accounts to notify of a post, however many follow its author.
CREATE INDEX users_follow_list_notify ON users_follow_list (follow_user_id, user_id) WHERE notify;
