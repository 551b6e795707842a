use miniter_domain::{Follow, FollowRepository, NewFollow, RepositoryError, UserId};

use crate::support::{Database, moment};

#[test]
fn following_twice_is_following_once() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    database.tweet(kim, "hello");
    database.follow(song, kim);
    database.follow(song, kim);
    assert_eq!(database.timeline(song), ["hello"]);
    assert_eq!(database.timeline(kim), ["hello"], "it is not mutual, and changes nothing for the followee");
}

#[test]
fn unfollowing_says_whether_there_was_something_to_end() {
    let database = Database::new();
    let follow = Follow::new(database.user("song"), database.user("kim")).unwrap();
    assert!(!FollowRepository::delete(&*database, follow).unwrap());
    database.follow(follow.follower(), follow.followee());
    assert!(FollowRepository::delete(&*database, follow).unwrap());
    assert!(!FollowRepository::delete(&*database, follow).unwrap());
}

#[test]
fn a_follow_needs_both_of_its_users() {
    let database = Database::new();
    let song = database.user("song");
    let nobody = UserId::new(i64::from(i32::MAX) + 1);
    for follow in [Follow::new(song, nobody), Follow::new(nobody, song)] {
        let refused = FollowRepository::create(&*database, &NewFollow::plain(follow.unwrap(), moment()));
        assert!(matches!(refused, Err(RepositoryError::MissingReference)));
    }
}

#[test]
fn a_deleted_user_takes_their_tweets_and_follows_along() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    database.follow(song, kim);
    database.follow(kim, song);
    database.tweet(kim, "hello");
    database.execute(&format!("DELETE FROM users WHERE id = {kim}"));
    assert_eq!(database.timeline(song), Vec::<String>::new());
}
