//! A fresh database for a test, and people in it.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use miniter_domain::{
    Clock, Email, Follow, FollowOutcome, FollowRepository, Freshness, Mute, NewFollow, NewStatus, NewUser,
    PageRequest, Profile, RelationshipRepository, RepositoryError, StatusId, StatusRepository, SystemClock,
    Timeline, TimelinePage, TimelineRepository, UserId, UserName, UserRepository,
};
use miniter_persistence::{Store, StoreOptions};

use crate::model::Known;

use miniter_test_support::database::{OtherConnection, TestDatabase};

/// A store over a database that goes away with it.
pub struct Database {
    store: Store,
    below: Arc<TestDatabase>,
}

impl Deref for Database {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Database {
    pub fn new() -> Self {
        Self::nodes(1).remove(0)
    }

    /// As many nodes over one database; on SQLite there is only one.
    pub fn nodes(count: usize) -> Vec<Self> {
        let below = Arc::new(TestDatabase::new());
        // With several nodes it is about what happens at once.
        let connections = if count > 1 { 6 } else { 2 };
        let count = if below.is_sqlite() { 1 } else { count };
        (0..count).map(|_| Self::node(&below, StoreOptions { connections, foreign_writes: None })).collect()
    }

    /// One that bounds how long other programs' writes may stay unseen.
    pub fn with_foreign_writes(age: Duration) -> Self {
        let options = StoreOptions { connections: 2, foreign_writes: Some(age) };
        Self::node(&Arc::new(TestDatabase::new()), options)
    }

    fn node(below: &Arc<TestDatabase>, options: StoreOptions) -> Self {
        let store = Store::open(&below.url(), options, &mut |_| ()).unwrap();
        Self { store, below: Arc::clone(below) }
    }

    /// Another node over the same database.
    pub fn another_node(&self) -> Self {
        Self::node(&self.below, StoreOptions { connections: 2, foreign_writes: None })
    }

    /// Waits until what is in memory has all that was acknowledged before this call, as each request does.
    pub fn freshen(&self) {
        let store = &self.store;
        if let Some(outcome) = store.check_now() {
            return outcome.unwrap();
        }
        let (told, outcome) = mpsc::channel();
        Freshness::check(store, Box::new(move |outcome| told.send(outcome).unwrap()));
        outcome.recv_timeout(Duration::from_secs(20)).unwrap().unwrap();
    }

    /// A page, as a request gets it: from memory or, where it is not there, from the database.
    pub fn view(
        &self,
        timeline: &Timeline,
        viewer: Option<UserId>,
        page: &PageRequest,
    ) -> Option<TimelinePage> {
        self.freshen();
        self.cached_page(timeline, viewer, page, moment())
            .or_else(|| self.find_page(timeline, viewer, page, moment()).unwrap())
    }

    /// A page of a user's own classic timeline.
    pub fn read(&self, reader: UserId, page: &PageRequest) -> Option<TimelinePage> {
        self.view(&Timeline::Classic(reader), Some(reader), page)
    }

    /// A connection beside the store's, as another program would have it.
    pub fn other_connection(&self) -> OtherConnection {
        self.below.connect()
    }

    /// Runs a statement as another program would.
    pub fn execute(&self, statement: &str) {
        self.below.execute(statement);
    }

    pub fn is_sqlite(&self) -> bool {
        self.below.is_sqlite()
    }

    pub fn user(&self, name: &str) -> UserId {
        UserRepository::create(&self.store, &new_user(&format!("{name}@example.com"))).unwrap()
    }

    pub fn tweet(&self, author: UserId, text: &str) -> StatusId {
        let tweet = NewStatus::plain(author, text.to_owned(), moment());
        patiently(|| StatusRepository::create(&self.store, tweet.clone())).id
    }

    /// Blocks a user, or ends that.
    pub fn set_block(&self, user: UserId, other: UserId, blocks: bool) {
        patiently(|| {
            if blocks {
                RelationshipRepository::block(&self.store, user, other, moment())
            } else {
                RelationshipRepository::unblock(&self.store, user, other)
            }
        });
    }

    /// Mutes a user, or ends that.
    pub fn set_mute(&self, user: UserId, other: UserId, mutes: bool) {
        let mute = Mute { hides_notifications: true, expires_at: None };
        patiently(|| {
            if mutes {
                RelationshipRepository::mute(&self.store, user, other, mute, moment())
            } else {
                RelationshipRepository::unmute(&self.store, user, other)
            }
        });
    }

    /// Whether a follower wants the boosts of a followee.
    pub fn show_reblogs(&self, follower: UserId, followee: UserId, shows: bool) {
        let follow = NewFollow::plain(Follow::new(follower, followee).unwrap(), moment());
        let follow = NewFollow { show_reblogs: Some(shows), ..follow };
        patiently(|| FollowRepository::create(&self.store, &follow));
    }

    /// Writes statuses with these ids, authors and texts as other SQL does.
    pub fn import(&self, statuses: &BTreeMap<i64, Known>) {
        let rows: Vec<String> = statuses
            .iter()
            .map(|(id, Known { author, text, .. })| format!("({id}, {author}, '{text}')"))
            .collect();
        self.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {}", rows.join(", ")));
    }

    pub fn follow(&self, follower: UserId, followee: UserId) {
        let follow = Follow::new(follower, followee).unwrap();
        let follow = NewFollow::plain(follow, moment());
        let outcome = patiently(|| FollowRepository::create(&self.store, &follow));
        assert_eq!(outcome, FollowOutcome::Following);
    }

    pub fn unfollow(&self, follower: UserId, followee: UserId) {
        let follow = Follow::new(follower, followee).unwrap();
        patiently(|| FollowRepository::delete(&self.store, follow));
    }

    /// Deletes a tweet, and returns whether there was one.
    pub fn delete_tweet(&self, author: UserId, tweet: StatusId) -> bool {
        patiently(|| StatusRepository::delete(&self.store, author, tweet)).is_some()
    }

    /// Fails unless a query for a time gives the present one, in UTC.
    #[track_caller]
    pub fn assert_is_now(&self, query: &str) {
        let text = self.other_connection().text(query);
        let moment = chrono::NaiveDateTime::parse_from_str(&text[..19], "%Y-%m-%d %H:%M:%S").unwrap();
        let age = SystemClock.now().naive_utc() - moment;
        assert!(age.num_seconds().abs() < 60, "{text}");
    }

    /// The texts of a page, and whether there is more below it.
    pub fn page(&self, reader: UserId, page: &PageRequest) -> (Vec<String>, bool) {
        let page = self.read(reader, page).unwrap();
        (page.entries.into_iter().map(|entry| entry.status.text.clone()).collect(), page.has_older)
    }

    /// The texts of the newest entries.
    pub fn timeline(&self, reader: UserId) -> Vec<String> {
        self.page(reader, &PageRequest::newest(1_000)).0
    }
}

/// Asks again, as clients do, where the answer is that this cannot be done now: on a machine that is busy with other things a
/// lock may be held for longer than a call waits for it.
pub fn patiently<T>(mut call: impl FnMut() -> Result<T, RepositoryError>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match call() {
            Err(RepositoryError::Unavailable(_)) if Instant::now() < deadline => {}
            outcome => return outcome.unwrap(),
        }
    }
}

/// The id of the first tweet of an empty database; the others follow it.
pub fn first_id() -> i64 {
    StatusId::next(moment(), StatusId::new(0)).get()
}

/// A seed for random histories: from `MINITER_TEST_SEED`, or a new one each time. It is printed if the test fails.
pub fn seed() -> u64 {
    let seed =
        std::env::var("MINITER_TEST_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("MINITER_TEST_SEED={seed}");
    seed
}

pub fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap()
}

pub fn new_user(email: &str) -> NewUser {
    NewUser {
        username: None,
        name: UserName::parse("송은우".into()).unwrap(),
        email: Email::parse(email).unwrap(),
        profile: Profile::parse("안녕 🍺".into()).unwrap(),
        hashed_password: "a hash".into(),
        created_at: moment(),
    }
}
