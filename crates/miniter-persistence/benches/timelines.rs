//! What single calls of the repositories cost, without HTTP: `make bench-micro`. On SQLite in a temporary file, or on the
//! server in `MINITER_TEST_MYSQL_URL`. Figures are for comparing, on one machine, before and after a change.

#![allow(unreachable_pub, reason = "a benchmark has no outside")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot go on ends")]

use divan::Bencher;
use miniter_domain::{
    CanonicalEmail, Clock, Email, Follow, FollowRepository, NewFollow, NewStatus, NewUser, PageRequest,
    Profile, StatusId, StatusRepository, SystemClock, Timeline, TimelinePage, TimelineRepository, UserId,
    UserName, UserRepository,
};
use miniter_persistence::{Store, StoreOptions};

use miniter_test_support::database::TestDatabase;

fn main() {
    divan::main();
}

/// Somebody who follows others, and others who follow them.
struct World {
    database: TestDatabase,
    store: Store,
    hub: UserId,
    others: Vec<UserId>,
}

impl World {
    /// With as many others, who have ten tweets each.
    fn new(others: usize) -> Self {
        let database = TestDatabase::new();
        let store = open(&database);
        let user = |number: usize| {
            let user = NewUser {
                username: None,
                name: UserName::parse("somebody".into()).unwrap(),
                email: Email::parse(&format!("user{number}@example.com")).unwrap(),
                profile: Profile::parse(String::new()).unwrap(),
                hashed_password: "a hash".into(),
                created_at: SystemClock.now(),
            };
            UserRepository::create(&store, &user).unwrap()
        };
        let hub = user(0);
        let others: Vec<UserId> = (1..=others).map(user).collect();
        for (number, other) in others.iter().enumerate() {
            let rows: Vec<_> =
                (0..10).map(|i| format!("({}, {other}, 'tweet {i}')", number * 10 + i + 1)).collect();
            database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {}", rows.join(", ")));
            follow(&store, hub, *other);
            follow(&store, *other, hub);
        }
        Self { database, store, hub, others }
    }
}

fn open(database: &TestDatabase) -> Store {
    let options = StoreOptions { connections: 2, foreign_writes: None };
    Store::open(&database.url(), options, &mut |_| ()).unwrap()
}

fn follow(store: &Store, follower: UserId, followee: UserId) {
    let follow = Follow::new(follower, followee).unwrap();
    FollowRepository::create(store, &NewFollow::plain(follow, SystemClock.now())).unwrap();
}

fn unfollow(store: &Store, follower: UserId, followee: UserId) {
    let follow = Follow::new(follower, followee).unwrap();
    FollowRepository::delete(store, follow).unwrap();
}

fn find(store: &Store, reader: UserId, page: &PageRequest) -> Option<TimelinePage> {
    store.find_page(&Timeline::Classic(reader), Some(reader), page, SystemClock.now()).unwrap()
}

/// A reader's first page after a start.
#[divan::bench(args = [10, 100, 1_000], sample_count = 20)]
fn first_page_after_a_start(bencher: Bencher<'_, '_>, followed: usize) {
    let world = World::new(followed);
    bencher
        .with_inputs(|| open(&world.database))
        .bench_local_values(|store| find(&store, world.hub, &PageRequest::newest(20)).map(|_| store));
}

/// A page, by where it begins.
#[divan::bench(args = ["first", "middle", "a thousand"])]
fn page(bencher: Bencher<'_, '_>, which: &str) {
    let world = World::new(200);
    let page = match which {
        "first" => PageRequest::newest(20),
        "middle" => PageRequest { max_id: Some(StatusId::new(1_000)), ..PageRequest::newest(20) },
        _ => PageRequest::newest(1_000),
    };
    bencher.bench_local(|| {
        let timeline = Timeline::Classic(world.hub);
        match world.store.cached_page(&timeline, Some(world.hub), &page, SystemClock.now()) {
            Some(page) => Some(page),
            None => find(&world.store, world.hub, &page),
        }
    });
}

/// A tweet, by how many follow its author.
#[divan::bench(args = [10, 1_000])]
fn tweet(bencher: Bencher<'_, '_>, followers: usize) {
    let world = World::new(followers);
    bencher.bench_local(|| {
        let tweet = NewStatus::plain(world.hub, "measured".into(), SystemClock.now());
        StatusRepository::create(&world.store, tweet).unwrap()
    });
}

#[divan::bench]
fn unfollow_and_follow(bencher: Bencher<'_, '_>) {
    let world = World::new(10);
    bencher.bench_local(|| {
        unfollow(&world.store, world.hub, world.others[0]);
        follow(&world.store, world.hub, world.others[0]);
    });
}

#[divan::bench]
fn credentials(bencher: Bencher<'_, '_>) {
    let world = World::new(10);
    let email = CanonicalEmail::of("USER5@example.com");
    bencher.bench_local(|| world.store.find_credentials(&email).unwrap());
}
