DROP TABLE tweets;
DROP TABLE users_follow_list;
DROP TABLE users;
