use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use miniter_domain::{
    AccountChange, AccountList, AccountNote, AccountRepository, Follow, FollowOutcome, FollowRepository,
    Mute, NewFollow, PageRequest, Relationship, RelationshipRepository, RepositoryError, UserId,
    UserRepository,
};
use miniter_persistence::Store;

use crate::support::{Database, moment, patiently, seed};

fn follow(database: &Database, follower: UserId, followee: UserId) -> FollowOutcome {
    let follow = NewFollow::plain(Follow::new(follower, followee).unwrap(), moment());
    patiently(|| FollowRepository::create(&**database, &follow))
}

fn unfollow(database: &Database, follower: UserId, followee: UserId) -> bool {
    let follow = Follow::new(follower, followee).unwrap();
    patiently(|| FollowRepository::delete(&**database, follow))
}

fn lock(database: &Database, account: UserId, is_locked: bool) {
    let change = AccountChange { is_locked: Some(is_locked), ..AccountChange::default() };
    assert!(patiently(|| database.update(account, &change)).is_some());
}

/// How many followers and followees an account has.
fn counts(database: &Database, account: UserId) -> (u64, u64) {
    database.freshen();
    let account = AccountRepository::find_many(&**database, &[account]).unwrap().remove(0);
    (account.counts.followers, account.counts.following)
}

fn relationship(database: &Database, viewer: UserId, account: UserId) -> Relationship {
    database.find_relationships(viewer, &[account], moment()).unwrap().remove(0)
}

/// Kinds and origins of a user's notifications, the oldest first.
fn notifications(database: &Database, user: UserId) -> Vec<(String, String)> {
    let mut other = database.other_connection();
    let mut column = |name: &str| {
        let query = format!(
            "SELECT CAST({name} AS CHAR(20)) AS value FROM notifications WHERE user_id = {user} ORDER BY id"
        );
        other.texts(&query).into_iter().map(Option::unwrap).collect::<Vec<_>>()
    };
    let kinds = column("kind");
    kinds.into_iter().zip(column("from_id")).collect()
}

fn told(kind: i16, from: UserId) -> (String, String) {
    (kind.to_string(), from.to_string())
}

const FOLLOW: i16 = 4;
const REQUEST: i16 = 5;

#[test]
fn a_follow_counts_notifies_and_is_kept_with_its_wishes() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    assert_eq!(follow(&database, song, kim), FollowOutcome::Following);
    assert_eq!(follow(&database, song, kim), FollowOutcome::Following);
    assert_eq!((counts(&database, song), counts(&database, kim)), ((0, 1), (1, 0)));
    assert_eq!(notifications(&database, kim), [told(FOLLOW, song)]);
    let expected = Relationship { is_following: true, is_showing_reblogs: true, ..Relationship::none(kim) };
    assert_eq!(relationship(&database, song, kim), expected);
    assert_eq!(
        relationship(&database, kim, song),
        Relationship { is_followed_by: true, ..Relationship::none(song) }
    );

    let follow_of = Follow::new(song, kim).unwrap();
    let plain = NewFollow::plain(follow_of, moment());
    let quiet = NewFollow { show_reblogs: Some(false), notify: Some(true), ..plain };
    FollowRepository::create(&*database, &quiet).unwrap();
    FollowRepository::create(&*database, &plain).unwrap();
    let kept = relationship(&database, song, kim);
    assert!((kept.is_showing_reblogs, kept.is_notifying) == (false, true), "{kept:?}");

    assert!(unfollow(&database, song, kim));
    assert!(!unfollow(&database, song, kim));
    assert_eq!((counts(&database, song), counts(&database, kim)), ((0, 0), (0, 0)));
    assert_eq!(notifications(&database, kim), []);
    assert_eq!(relationship(&database, song, kim), Relationship::none(kim));
}

#[test]
fn a_locked_account_is_asked_and_decides() {
    let database = Database::new();
    let (song, kim, lee) = (database.user("song"), database.user("kim"), database.user("lee"));
    lock(&database, kim, true);
    let request = Follow::new(song, kim).unwrap();
    let wish = NewFollow { show_reblogs: Some(false), ..NewFollow::plain(request, moment()) };
    assert_eq!(FollowRepository::create(&*database, &wish).unwrap(), FollowOutcome::Requested);
    assert_eq!(follow(&database, song, kim), FollowOutcome::Requested);
    assert_eq!(counts(&database, kim), (0, 0));
    assert_eq!(notifications(&database, kim), [told(REQUEST, song)]);
    assert!(relationship(&database, song, kim).is_requested);
    assert!(relationship(&database, kim, song).is_requested_by);
    assert_eq!(list(&database, AccountList::FollowRequests(kim)), [song]);

    // Granted, with the wishes that came with the request.
    assert!(database.authorize(request, moment()).unwrap());
    assert!(!database.authorize(request, moment()).unwrap());
    assert_eq!((counts(&database, song), counts(&database, kim)), ((0, 1), (1, 0)));
    let granted = relationship(&database, song, kim);
    assert!(granted.is_following && !granted.is_requested && !granted.is_showing_reblogs, "{granted:?}");
    assert_eq!(notifications(&database, kim), [told(FOLLOW, song)]);
    assert_eq!(list(&database, AccountList::FollowRequests(kim)), []);

    // Refused, and taken back.
    let request = Follow::new(lee, kim).unwrap();
    for end in [<Store as FollowRepository>::reject, <Store as FollowRepository>::delete] {
        assert_eq!(follow(&database, lee, kim), FollowOutcome::Requested);
        assert!(end(&database, request).unwrap());
        assert!(!end(&database, request).unwrap());
        assert_eq!(relationship(&database, lee, kim), Relationship::none(kim));
        assert_eq!(notifications(&database, kim), [told(FOLLOW, song)]);
    }

    // An account that is not locked any more leaves requests as they are; another one of the same user is a follow.
    follow(&database, lee, kim);
    lock(&database, kim, false);
    assert!(relationship(&database, lee, kim).is_requested);
    assert_eq!(follow(&database, lee, kim), FollowOutcome::Following);
    assert!(!relationship(&database, lee, kim).is_requested);
    assert_eq!(counts(&database, kim), (2, 0));
}

#[test]
fn a_block_ends_follows_requests_and_notifications_in_both_directions() {
    let database = Database::new();
    let (song, kim, lee) = (database.user("song"), database.user("kim"), database.user("lee"));
    follow(&database, song, kim);
    lock(&database, song, true);
    follow(&database, kim, song);
    follow(&database, lee, kim);
    database.block(kim, song, moment()).unwrap();
    database.block(kim, song, moment()).unwrap();
    assert_eq!((counts(&database, song), counts(&database, kim)), ((0, 0), (1, 0)));
    assert_eq!(
        (notifications(&database, song), notifications(&database, kim)),
        (vec![], vec![told(FOLLOW, lee)])
    );
    assert_eq!(
        relationship(&database, kim, song),
        Relationship { is_blocking: true, ..Relationship::none(song) }
    );
    assert_eq!(
        relationship(&database, song, kim),
        Relationship { is_blocked_by: true, ..Relationship::none(kim) }
    );
    for (one, other) in [(song, kim), (kim, song)] {
        assert_eq!(follow(&database, one, other), FollowOutcome::Blocked);
    }
    assert_eq!(list(&database, AccountList::Blocks(kim)), [song]);
    // The two do not see each other among the followers of a third.
    lock(&database, song, false);
    follow(&database, song, lee);
    let followers = |viewer| {
        let list = AccountList::Followers(lee);
        database.list_accounts(list, viewer, &PageRequest::newest(10), moment()).unwrap().accounts
    };
    assert_eq!(
        (followers(Some(kim)), followers(Some(song)), followers(None)),
        (vec![], vec![song], vec![song])
    );

    database.unblock(kim, song).unwrap();
    database.unblock(kim, song).unwrap();
    assert_eq!(relationship(&database, kim, song), Relationship::none(song));
    assert_eq!(follow(&database, song, kim), FollowOutcome::Following);
    let missing = database.block(kim, UserId::new(99), moment());
    assert!(matches!(missing, Err(RepositoryError::MissingReference)));
}

#[test]
fn a_mute_hides_notifications_if_it_says_so_and_ends_at_its_time() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let until = moment() + TimeDelta::hours(1);
    let mute = |hides_notifications, expires_at| {
        let mute = Mute { hides_notifications, expires_at };
        database.mute(kim, song, mute, moment()).unwrap();
    };
    mute(true, Some(until));
    follow(&database, song, kim);
    assert_eq!(notifications(&database, kim), []);
    let expected = Relationship {
        is_followed_by: true,
        is_muting: true,
        is_muting_notifications: true,
        mute_expires_at: Some(until),
        ..Relationship::none(song)
    };
    assert_eq!(relationship(&database, kim, song), expected);
    assert!(!relationship(&database, song, kim).is_muting);
    let at = |now: DateTime<Utc>| {
        let found = database.find_relationships(kim, &[song], now).unwrap();
        let muted = database.list_accounts(AccountList::Mutes(kim), None, &PageRequest::newest(9), now);
        (found[0].is_muting, muted.unwrap().accounts)
    };
    assert_eq!(at(until - TimeDelta::microseconds(1)), (true, vec![song]));
    assert_eq!(at(until), (false, vec![]));

    mute(false, None);
    unfollow(&database, song, kim);
    follow(&database, song, kim);
    assert_eq!(notifications(&database, kim), [told(FOLLOW, song)]);
    mute(false, None);
    assert_eq!(notifications(&database, kim), [told(FOLLOW, song)]);
    mute(true, None);
    assert_eq!(notifications(&database, kim), []);
    mute(false, None);
    assert_eq!(at(until), (true, vec![song]));
    database.unmute(kim, song).unwrap();
    database.unmute(kim, song).unwrap();
    assert_eq!(at(moment()), (false, vec![]));
    let missing = Mute { hides_notifications: true, expires_at: None };
    let missing = database.mute(kim, UserId::new(99), missing, moment());
    assert!(matches!(missing, Err(RepositoryError::MissingReference)));
}

#[test]
fn a_note_is_kept_changed_and_removed() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    for text in ["고등학교 친구 🍺", "또", ""] {
        database.set_note(song, kim, &AccountNote::parse(text.into()).unwrap()).unwrap();
        assert_eq!(relationship(&database, song, kim).note, text);
        assert_eq!(relationship(&database, kim, song).note, "");
    }
    let missing = database.set_note(song, UserId::new(99), &AccountNote::parse("x".into()).unwrap());
    assert!(matches!(missing, Err(RepositoryError::MissingReference)));
}

#[test]
fn relationships_come_in_the_order_in_which_they_are_asked_for() {
    let database = Database::new();
    let song = database.user("song");
    let others: Vec<UserId> = (0..5).map(|i| database.user(&format!("other{i}"))).collect();
    follow(&database, song, others[3]);
    let asked = [others[4], others[3], UserId::new(99), others[0]];
    let found = database.find_relationships(song, &asked, moment()).unwrap();
    assert_eq!(found.iter().map(|found| found.account).collect::<Vec<_>>(), asked);
    assert_eq!(found.iter().map(|found| found.is_following).collect::<Vec<_>>(), [false, true, false, false]);
    assert_eq!(database.find_relationships(song, &[], moment()).unwrap(), []);
}

fn list(database: &Database, list: AccountList) -> Vec<UserId> {
    database.list_accounts(list, None, &PageRequest::newest(100), moment()).unwrap().accounts
}

#[test]
fn lists_are_walked_by_the_numbers_of_accounts() {
    let database = Database::new();
    let song = database.user("song");
    let others: Vec<UserId> = (0..7).map(|i| database.user(&format!("other{i}"))).collect();
    for other in &others {
        follow(&database, *other, song);
        follow(&database, song, *other);
        database.mute(song, *other, Mute { hides_notifications: true, expires_at: None }, moment()).unwrap();
    }
    let newest_first: Vec<UserId> = others.iter().rev().copied().collect();
    for kind in [AccountList::Followers(song), AccountList::Following(song), AccountList::Mutes(song)] {
        let (mut walked, mut page) = (Vec::new(), PageRequest::newest(3));
        loop {
            let found = database.list_accounts(kind, None, &page, moment()).unwrap();
            walked.extend(found.accounts);
            if !found.has_older {
                break;
            }
            page.max_id = walked.last().map(|last| miniter_domain::StatusId::new(last.get()));
        }
        assert_eq!(walked, newest_first, "{kind:?}");
        let min_id = Some(miniter_domain::StatusId::new(others[1].get()));
        let above = PageRequest { min_id, ..PageRequest::newest(2) };
        let found = database.list_accounts(kind, None, &above, moment()).unwrap();
        assert_eq!((found.accounts, found.has_older), (vec![others[3], others[2]], true));
    }
}

#[test]
fn familiar_followers_are_those_whom_the_viewer_follows() {
    let database = Database::new();
    let [song, kim, lee, park] = ["song", "kim", "lee", "park"].map(|name| database.user(name));
    for (follower, followee) in [(song, kim), (song, lee), (kim, park), (lee, park), (kim, lee), (park, lee)]
    {
        follow(&database, follower, followee);
    }
    let found = database.find_familiar_followers(song, &[park, lee, song], 10).unwrap();
    let found: Vec<_> = found.into_iter().map(|found| (found.account, found.followers)).collect();
    assert_eq!(found, [(park, vec![kim, lee]), (lee, vec![kim]), (song, vec![])]);
    let first = database.find_familiar_followers(song, &[park], 1).unwrap();
    assert_eq!(first[0].followers, [kim]);
}

#[test]
fn a_deleted_account_leaves_the_counts_of_others_exact() {
    let nodes = Database::nodes(2);
    let (one, other) = (&nodes[0], &nodes[nodes.len() - 1]);
    let [song, kim, lee] = ["song", "kim", "lee"].map(|name| one.user(name));
    for (follower, followee) in [(song, kim), (kim, song), (lee, kim), (kim, lee), (song, lee)] {
        follow(one, follower, followee);
    }
    assert_eq!((counts(other, song), counts(other, lee)), ((1, 2), (2, 1)));
    assert!(UserRepository::delete(&**one, kim).unwrap());
    assert_eq!((counts(other, song), counts(other, lee)), ((0, 1), (1, 0)));
}

#[test]
fn counts_are_exact_whatever_happens_at_once_on_any_node() {
    let nodes = Database::nodes(2);
    let users: Vec<UserId> = (0..5).map(|i| nodes[0].user(&format!("user{i}"))).collect();
    let seed = seed();
    thread::scope(|scope| {
        for thread in 0..6_u64 {
            let (nodes, users) = (&nodes, &users);
            scope.spawn(move || {
                let mut rng = Rng::with_seed(seed.wrapping_add(thread));
                for _ in 0..60 {
                    let node = &nodes[rng.usize(..nodes.len())];
                    let (one, other) = (users[rng.usize(..users.len())], users[rng.usize(..users.len())]);
                    if one == other {
                        continue;
                    }
                    match rng.u32(..10) {
                        0..5 => drop(follow(node, one, other)),
                        5..8 => drop(unfollow(node, one, other)),
                        8 => patiently(|| node.block(one, other, moment())),
                        _ => patiently(|| node.unblock(one, other)),
                    }
                }
            });
        }
    });
    for node in &nodes {
        for user in &users {
            let (followers, following) = counts(node, *user);
            let listed = |kind| u64::try_from(list(node, kind).len()).unwrap();
            assert_eq!(followers, listed(AccountList::Followers(*user)), "seed {seed}");
            assert_eq!(following, listed(AccountList::Following(*user)), "seed {seed}");
        }
    }
}

/// All that is true of a few accounts.
#[derive(Default)]
struct Model {
    follows: BTreeSet<(usize, usize)>,
    requests: BTreeSet<(usize, usize)>,
    blocks: BTreeSet<(usize, usize)>,
    mutes: BTreeMap<(usize, usize), bool>,
    locked: BTreeSet<usize>,
}

impl Model {
    fn follow(&mut self, one: usize, other: usize) -> FollowOutcome {
        if self.follows.contains(&(one, other)) {
            return FollowOutcome::Following;
        }
        if self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one)) {
            return FollowOutcome::Blocked;
        }
        if self.locked.contains(&other) {
            self.requests.insert((one, other));
            return FollowOutcome::Requested;
        }
        self.requests.remove(&(one, other));
        self.follows.insert((one, other));
        FollowOutcome::Following
    }

    fn block(&mut self, one: usize, other: usize) {
        self.blocks.insert((one, other));
        for pair in [(one, other), (other, one)] {
            self.follows.remove(&pair);
            self.requests.remove(&pair);
        }
    }

    fn relationship(&self, one: usize, other: usize, account: UserId) -> Relationship {
        let (there, back) = ((one, other), (other, one));
        Relationship {
            is_following: self.follows.contains(&there),
            is_showing_reblogs: self.follows.contains(&there),
            is_followed_by: self.follows.contains(&back),
            is_blocking: self.blocks.contains(&there),
            is_blocked_by: self.blocks.contains(&back),
            is_muting: self.mutes.contains_key(&there),
            is_muting_notifications: self.mutes.get(&there) == Some(&true),
            is_requested: self.requests.contains(&there),
            is_requested_by: self.requests.contains(&back),
            ..Relationship::none(account)
        }
    }

    fn counts(&self, user: usize) -> (u64, u64) {
        let count = |is: &dyn Fn(&(usize, usize)) -> bool| {
            u64::try_from(self.follows.iter().filter(|pair| is(pair)).count()).unwrap()
        };
        (count(&|(_, other)| *other == user), count(&|(one, _)| *one == user))
    }
}

#[test]
fn whatever_happens_in_whatever_order_relationships_and_counts_are_those_of_a_model() {
    let seed = seed();
    let mut rng = Rng::with_seed(seed);
    let nodes = Database::nodes(2);
    let users: Vec<UserId> = (0..4).map(|i| nodes[0].user(&format!("user{i}"))).collect();
    let mut model = Model::default();
    for step in 0..300 {
        let node = &nodes[rng.usize(..nodes.len())];
        let (a, b) = (rng.usize(..users.len()), rng.usize(..users.len()));
        if a == b {
            continue;
        }
        let (one, other) = (users[a], users[b]);
        let request = Follow::new(other, one).unwrap();
        match rng.u32(..12) {
            0..4 => {
                assert_eq!(follow(node, one, other), model.follow(a, b), "seed {seed}, step {step}");
            }
            4..6 => {
                let was_there = model.follows.remove(&(a, b)) | model.requests.remove(&(a, b));
                assert_eq!(unfollow(node, one, other), was_there, "seed {seed}, step {step}");
            }
            6 => {
                node.block(one, other, moment()).unwrap();
                model.block(a, b);
            }
            7 => {
                node.unblock(one, other).unwrap();
                model.blocks.remove(&(a, b));
            }
            8 => {
                let hides_notifications = rng.bool();
                node.mute(one, other, Mute { hides_notifications, expires_at: None }, moment()).unwrap();
                model.mutes.insert((a, b), hides_notifications);
            }
            9 => {
                let is_locked = rng.bool();
                lock(node, one, is_locked);
                if is_locked {
                    model.locked.insert(a)
                } else {
                    model.locked.remove(&a)
                };
            }
            10 => {
                let was_there = model.requests.remove(&(b, a));
                if was_there {
                    model.follows.insert((b, a));
                }
                let authorized = node.authorize(request, moment()).unwrap();
                assert_eq!(authorized, was_there, "seed {seed}, step {step}");
            }
            _ => {
                let was_there = model.requests.remove(&(b, a));
                assert_eq!(node.reject(request).unwrap(), was_there, "seed {seed}, step {step}");
            }
        }
        let reader = &nodes[rng.usize(..nodes.len())];
        let expected = model.relationship(a, b, other);
        assert_eq!(relationship(reader, one, other), expected, "seed {seed}, step {step}");
        for (number, user) in users.iter().enumerate() {
            assert_eq!(counts(reader, *user), model.counts(number), "seed {seed}, step {step}");
        }
    }
}
