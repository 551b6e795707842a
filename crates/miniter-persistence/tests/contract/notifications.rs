//! Notifications: who is told of what, and what is taken back.

use chrono::TimeDelta;
use miniter_domain::{
    MarkedTimeline, Marker, MarkerRepository, NewStatus, NotificationId, NotificationKind, NotificationQuery,
    NotificationRepository, ReactionRepository, StatusChange, StatusId, StatusRepository, UserId, Visibility,
};

use crate::acts::{plain, reply};
use crate::support::{Database, moment};

impl Database {
    /// What a user was told of statuses, newest first.
    fn told(&self, user: UserId) -> Vec<(NotificationKind, UserId, Option<StatusId>)> {
        let told = NotificationRepository::list(&**self, user, &NotificationQuery::newest(80)).unwrap();
        told.into_iter()
            .filter(|told| told.status.is_some())
            .map(|told| (told.kind, told.from, told.status))
            .collect()
    }

    fn told_ids(&self, user: UserId, query: &NotificationQuery) -> Vec<NotificationId> {
        NotificationRepository::list(&**self, user, query).unwrap().iter().map(|told| told.id).collect()
    }

    /// Makes a follower want to be told of each status of a followee.
    fn subscribe(&self, follower: UserId, followee: UserId) {
        self.follow(follower, followee);
        self.execute(&format!(
            "UPDATE users_follow_list SET notify = 1 WHERE user_id = {follower} AND follow_user_id = {followee}"
        ));
    }
}

use NotificationKind::{Favourite, Mention, Reblog, Status, Update};

#[test]
fn what_others_do_is_told_and_what_one_does_oneself_is_not() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim, lee) = (here.user("song"), here.user("kim"), here.user("lee"));
    here.subscribe(lee, song);
    here.follow(kim, song);
    let mentioning = NewStatus { mentions: vec![song, kim], ..plain(song, "@song @kim") };
    let status = here.publish(&mentioning);
    assert_eq!(there.told(kim), [(Mention, song, Some(status.id))]);
    assert_eq!(there.told(lee), [(Status, song, Some(status.id))]);
    for user in [kim, song] {
        there.favourite(user, status.id, moment()).unwrap();
        there.boost(user, status.id);
    }
    let expected = [(Reblog, kim, Some(status.id)), (Favourite, kim, Some(status.id))];
    assert_eq!(here.told(song), expected);
    let change = StatusChange {
        text: "@song @lee".into(),
        spoiler_text: String::new(),
        is_sensitive: false,
        language: None,
        mentions: vec![song, lee],
        tags: Vec::new(),
        edited_at: moment() + TimeDelta::seconds(5),
    };
    here.update(song, status.id, &change).unwrap().unwrap();
    // It does not mention them any more, and they have boosted it.
    assert_eq!(there.told(kim), [(Update, song, Some(status.id))]);
    assert_eq!(there.told(lee), [(Mention, song, Some(status.id)), (Status, song, Some(status.id))]);
    let again = StatusChange { text: "@song @lee again".into(), ..change };
    here.update(song, status.id, &again).unwrap().unwrap();
    assert_eq!(there.told(kim), [(Update, song, Some(status.id))], "the last one only");
    assert_eq!(there.told(lee).len(), 2);
    there.unfavourite(kim, status.id).unwrap();
    there.unreblog(kim, status.id).unwrap();
    assert_eq!(here.told(song), []);
    there.favourite(kim, status.id, moment()).unwrap();
    assert_eq!(here.told(song), [(Favourite, kim, Some(status.id))]);
}

#[test]
fn posts_that_are_written_at_once_are_told_each() {
    let database = Database::new();
    let (song, kim, lee) = (database.user("song"), database.user("kim"), database.user("lee"));
    database.subscribe(lee, song);
    let mentioning = NewStatus { mentions: vec![kim], ..plain(song, "@kim") };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| database.publish(&mentioning));
            scope.spawn(|| database.publish(&plain(song, "plain")));
        }
    });
    let kinds = |user| database.told(user).iter().map(|(kind, ..)| *kind).collect::<Vec<_>>();
    assert_eq!(kinds(kim), [Mention; 8]);
    assert_eq!(kinds(lee), [Status; 16]);
}

#[test]
fn subscribers_are_told_of_what_is_in_their_home_timelines() {
    let database = Database::new();
    let (song, kim, lee) = (database.user("song"), database.user("kim"), database.user("lee"));
    database.subscribe(lee, song);
    let root = database.publish(&plain(kim, "root"));
    let direct = database.publish(&NewStatus { visibility: Visibility::Direct, ..plain(song, "direct") });
    let to_another = database.publish(&reply(song, "to another", &root));
    database.boost(song, root.id);
    assert_eq!(database.told(lee), [], "{direct:?} {to_another:?}");
    let own = database.publish(&plain(song, "own"));
    let to_themselves = database.publish(&reply(song, "more", &own));
    let private = database.publish(&NewStatus { visibility: Visibility::Private, ..plain(song, "private") });
    let expected = [private, to_themselves, own].map(|status| (Status, song, Some(status.id)));
    assert_eq!(database.told(lee), expected);
}

#[test]
fn accounts_that_have_blocked_or_muted_the_other_or_the_thread_are_not_told() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let root = database.publish(&plain(kim, "root"));
    let now = moment().format("%Y-%m-%d %H:%M:%S");
    let mute = |hides: u8, until: &str| {
        format!(
            "INSERT INTO mutes (user_id, target_id, hide_notifications, expires_at, created_at) \
             VALUES ({kim}, {song}, {hides}, {until}, '{now}')"
        )
    };
    let day = TimeDelta::days(1);
    let until = |moment: chrono::DateTime<chrono::Utc>| format!("'{}'", moment.format("%Y-%m-%d %H:%M:%S"));
    let block = |user, target| {
        format!("INSERT INTO blocks (user_id, target_id, created_at) VALUES ({user}, {target}, '{now}')")
    };
    for (what, statement, is_told) in [
        ("nothing", "DELETE FROM mutes".to_owned(), true),
        ("blocks", block(kim, song), false),
        ("is blocked", block(song, kim), false),
        ("mutes", mute(1, "NULL"), false),
        ("mutes statuses only", mute(0, "NULL"), true),
        ("mutes for a day", mute(1, &until(moment() + day)), false),
        ("muted until yesterday", mute(1, &until(moment() - day)), true),
        (
            "another muted the thread",
            format!("INSERT INTO conversation_mutes VALUES ({song}, {})", root.id),
            true,
        ),
        ("muted the thread", format!("INSERT INTO conversation_mutes VALUES ({kim}, {})", root.id), false),
    ] {
        for table in ["blocks", "mutes", "conversation_mutes", "notifications"] {
            database.execute(&format!("DELETE FROM {table}"));
        }
        database.execute(&statement);
        database.publish(&NewStatus { mentions: vec![kim], ..reply(song, "@kim", &root) });
        database.favourite(song, root.id, moment()).unwrap();
        database.boost(song, root.id);
        let kinds: Vec<_> = database.told(kim).iter().map(|(kind, ..)| *kind).collect();
        let expected: &[_] = if is_told { &[Reblog, Favourite, Mention] } else { &[] };
        assert_eq!(kinds, expected, "{what}");
        database.unfavourite(song, root.id).unwrap();
        database.unreblog(song, root.id).unwrap();
    }
}

#[test]
fn a_page_has_what_its_query_wants() {
    let database = Database::new();
    let (song, kim, lee) = (database.user("song"), database.user("kim"), database.user("lee"));
    for i in 0..6 {
        let status = database.tweet(song, &i.to_string());
        let user = if i % 2 == 0 { kim } else { lee };
        database.favourite(user, status, moment()).unwrap();
        database.boost(user, status);
    }
    let newest = NotificationQuery::newest(80);
    let all = database.told_ids(song, &newest);
    assert_eq!(all.len(), 12);
    assert!(all.is_sorted_by(|a, b| a > b));
    let of = |query| database.told_ids(song, &query);
    assert_eq!(of(NotificationQuery { limit: 5, ..newest.clone() }), all[..5]);
    assert_eq!(of(NotificationQuery { limit: 5, max_id: Some(all[4]), ..newest.clone() }), all[5..10]);
    assert_eq!(of(NotificationQuery { limit: 2, since_id: Some(all[4]), ..newest.clone() }), all[..2]);
    assert_eq!(of(NotificationQuery { limit: 2, min_id: Some(all[4]), ..newest.clone() }), all[2..4]);
    let favourites = of(NotificationQuery { kinds: vec![Favourite], ..newest.clone() });
    assert_eq!(favourites, all.iter().skip(1).step_by(2).copied().collect::<Vec<_>>());
    assert_eq!(of(NotificationQuery { kinds: vec![], ..newest.clone() }), []);
    assert_eq!(of(NotificationQuery { from: Some(kim), ..newest.clone() }).len(), 6);
    let found = NotificationRepository::find(&*database, song, all[0]).unwrap().unwrap();
    assert_eq!((found.id, found.kind, found.from, found.created_at), (all[0], Reblog, lee, moment()));
    assert_eq!(NotificationRepository::find(&*database, kim, all[0]).unwrap(), None, "it is not theirs");
    assert!(!NotificationRepository::delete(&*database, kim, all[0]).unwrap());
    assert!(NotificationRepository::delete(&*database, song, all[0]).unwrap());
    assert!(!NotificationRepository::delete(&*database, song, all[0]).unwrap());
    assert_eq!(database.told_ids(song, &newest), all[1..]);
    database.favourite(song, database.tweet(kim, "kim's"), moment()).unwrap();
    database.clear(song).unwrap();
    assert_eq!((database.told(song).len(), database.told(kim).len()), (0, 1));
}

#[test]
fn markers_move_together_and_count_their_moves() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let song = here.user("song");
    let (home, notifications) = (MarkedTimeline::Home, MarkedTimeline::Notifications);
    assert_eq!(MarkerRepository::list(&**here, song).unwrap(), []);
    let marker =
        |timeline, last_read_id, version| Marker { timeline, last_read_id, version, updated_at: moment() };
    let moved = here.set(song, &[(home, 5), (notifications, 6)], moment()).unwrap();
    assert_eq!(moved, [marker(home, 5, 1), marker(notifications, 6, 1)]);
    assert_eq!(there.set(song, &[(home, 4)], moment()).unwrap(), [marker(home, 4, 2)]);
    let list = MarkerRepository::list(&**here, song).unwrap();
    assert_eq!(list, [marker(home, 4, 2), marker(notifications, 6, 1)]);
    assert!(here.set(UserId::new(77), &[(home, 1)], moment()).is_err());
}
