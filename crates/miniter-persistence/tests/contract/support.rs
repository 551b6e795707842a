//! A fresh database for a test, and people in it.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use miniter_domain::{
    Clock, Email, Follow, FollowRepository, NewTweet, NewUser, NodeNumber, PageRequest, Profile, Progress,
    RepositoryError, SystemClock, TimelineRepository, TweetId, TweetIds, TweetRepository, TweetText, UserId,
    UserName, UserRepository,
};
use miniter_persistence::{Store, StoreOptions};

use crate::database::{OtherConnection, TestDatabase};

/// Counts from where it is set.
pub struct CountingIds(pub AtomicI64);

impl TweetIds for CountingIds {
    fn next(&self) -> TweetId {
        TweetId::new(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// A store over a database that goes away with it.
pub struct Database {
    store: Store,
    pub number: NodeNumber,
    pub ids: Arc<CountingIds>,
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
        let ids = Arc::new(CountingIds(AtomicI64::new(1_000)));
        // With several nodes it is about what happens at once.
        let options = StoreOptions { connections: if count > 1 { 6 } else { 2 } };
        let count = if below.is_sqlite() { 1 } else { count };
        (0..count).map(|_| Self::node(&below, &ids, options)).collect()
    }

    fn node(below: &Arc<TestDatabase>, ids: &Arc<CountingIds>, options: StoreOptions) -> Self {
        let mut number = NodeNumber::ALONE;
        let open = |node| -> Arc<dyn TweetIds> {
            number = node;
            ids.clone()
        };
        let store = Store::open(&below.url(), options, open, &mut |_| ()).unwrap();
        Self { store, number, ids: Arc::clone(ids), below: Arc::clone(below) }
    }

    /// Another node over the same database.
    pub fn another_node(&self) -> Self {
        Self::node(&self.below, &self.ids, StoreOptions { connections: 2 })
    }

    /// Fails if a home timeline that the database keeps is not what it is derived from.
    #[track_caller]
    pub fn check(&self) {
        self.below.check_timelines();
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

    pub fn tweet(&self, author: UserId, text: &str) -> TweetId {
        let text = TweetText::parse(text.to_owned()).unwrap();
        let tweet = NewTweet { author, text, created_at: moment(), fingerprint: None };
        patiently(|| TweetRepository::create(&self.store, tweet.clone())).id
    }

    /// Writes tweets with these ids, authors and texts as other SQL does, and makes them show up.
    pub fn import(&self, tweets: &BTreeMap<i64, (UserId, String)>) {
        let rows: Vec<String> =
            tweets.iter().map(|(id, (author, text))| format!("({id}, {author}, '{text}')")).collect();
        self.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {}", rows.join(", ")));
        self.rebuild();
    }

    pub fn follow(&self, follower: UserId, followee: UserId) {
        let follow = Follow::new(follower, followee).unwrap();
        patiently(|| FollowRepository::create(&self.store, follow));
        self.settle(follow);
    }

    pub fn unfollow(&self, follower: UserId, followee: UserId) {
        let follow = Follow::new(follower, followee).unwrap();
        patiently(|| self.store.delete(follow));
        self.settle(follow);
    }

    fn settle(&self, follow: Follow) {
        while patiently(|| self.store.settle(follow)) == Progress::Unfinished {}
    }

    /// Makes what other SQL has written show up, as `miniter timelines rebuild` does.
    pub fn rebuild(&self) {
        self.below.rebuild_timelines();
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
        let page = self.find_home(reader, page).unwrap().unwrap();
        (page.entries.into_iter().map(|entry| entry.text.to_string()).collect(), page.has_older)
    }

    /// The texts of the newest entries.
    pub fn timeline(&self, reader: UserId) -> Vec<String> {
        self.page(reader, &PageRequest::newest(1_000)).0
    }
}

/// Asks again a few times, as clients do, where the answer is that this cannot be done now: on a machine that is busy
/// with other things a lock may be held for longer than anybody waits for it.
pub fn patiently<T>(mut call: impl FnMut() -> Result<T, RepositoryError>) -> T {
    for _ in 0..4 {
        match call() {
            Err(RepositoryError::Unavailable(_)) => {}
            outcome => return outcome.unwrap(),
        }
    }
    call().unwrap()
}

pub fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap()
}

pub fn new_user(email: &str) -> NewUser {
    NewUser {
        name: UserName::parse("송은우".into()).unwrap(),
        email: Email::parse(email).unwrap(),
        profile: Profile::parse("안녕 🍺".into()).unwrap(),
        hashed_password: "a hash".into(),
        created_at: moment(),
    }
}
