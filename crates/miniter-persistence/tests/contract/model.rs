//! Random histories, held against a model that is nothing but a list of tweets and a set of follows.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::thread;

use fastrand::Rng;
use miniter_domain::{PageRequest, TimelinePage, TimelineRepository, TweetId, UserId};

use crate::support::Database;

/// Everything that is true.
#[derive(Default)]
struct Model {
    /// Authors by the ids of their tweets.
    tweets: BTreeMap<i64, UserId>,
    /// Who reads whom.
    follows: HashSet<(UserId, UserId)>,
}

impl Model {
    fn reads(&self, reader: UserId, author: UserId) -> bool {
        reader == author || self.follows.contains(&(reader, author))
    }

    /// The ids of a page and whether there are older ones, from their definitions in classic-api.md and at
    /// [`TimelinePage`].
    fn page(&self, reader: UserId, page: &PageRequest) -> (Vec<i64>, bool) {
        let limit = usize::try_from(page.limit).unwrap();
        let all: Vec<i64> = self
            .tweets
            .iter()
            .filter(|(_, author)| self.reads(reader, **author))
            .map(|(id, _)| *id)
            .collect();
        let at_least = |bound: Option<TweetId>, id: i64| bound.is_none_or(|bound| id > bound.get());
        let in_range: Vec<i64> = all
            .iter()
            .copied()
            .filter(|id| page.max_id.is_none_or(|max| *id < max.get()))
            .filter(|id| at_least(page.since_id, *id) && at_least(page.min_id, *id))
            .collect();
        let ids = if page.min_id.is_some() {
            in_range[..limit.min(in_range.len())].to_vec()
        } else {
            in_range[in_range.len().saturating_sub(limit)..].to_vec()
        };
        let has_older = ids
            .first()
            .is_some_and(|oldest| all.iter().any(|id| id < oldest && at_least(page.since_id, *id)));
        (ids, has_older)
    }
}

fn ids(page: &TimelinePage) -> Vec<i64> {
    page.entries.iter().map(|entry| entry.tweet_id.get()).collect()
}

fn any_page(rng: &mut Rng, model: &Model) -> PageRequest {
    let newest = model.tweets.keys().next_back().copied().unwrap_or(1_000);
    let mut cursor = |chance: f64| (rng.f64() < chance).then(|| TweetId::new(rng.i64(990..newest + 5)));
    let (max_id, since_id, min_id) = (cursor(0.4), cursor(0.2), cursor(0.2));
    let limit = rng.choice([1, 2, 3, 5, 20, 60, 200, 1_000]).unwrap();
    PageRequest { limit, max_id, since_id, min_id }
}

#[test]
fn whatever_happens_in_whatever_order_every_page_is_what_the_definitions_say() {
    for seed in 0..4 {
        let nodes = Database::nodes(2);
        let mut rng = Rng::with_seed(seed);
        let mut model = Model::default();
        let mut users = Vec::new();
        for step in 0..1_200 {
            let node = &nodes[rng.usize(..nodes.len())];
            if users.len() < 3 || (users.len() < 9 && rng.f64() < 0.02) {
                users.push(node.user(&format!("user{}", users.len())));
            }
            let (one, another) = (rng.choice(&users).copied().unwrap(), rng.choice(&users).copied().unwrap());
            match rng.u32(..100) {
                0..35 => {
                    // A few write most of it.
                    let author = users[rng.usize(..users.len()).min(rng.usize(..users.len()))];
                    let id = node.tweet(author, &format!("{seed}.{step}"));
                    model.tweets.insert(id.get(), author);
                }
                35..45 if one != another => {
                    node.follow(one, another);
                    model.follows.insert((one, another));
                }
                45..52 if one != another => {
                    node.unfollow(one, another);
                    model.follows.remove(&(one, another));
                }
                _ => {
                    let page = any_page(&mut rng, &model);
                    let found = node.find_home(one, &page).unwrap().unwrap();
                    let said = (ids(&found), found.has_older);
                    assert_eq!(said, model.page(one, &page), "seed {seed}, step {step}, {one}: {page:?}");
                    for entry in &found.entries {
                        assert_eq!(model.tweets[&entry.tweet_id.get()], entry.author, "seed {seed}");
                    }
                    // What is known without asking is the same.
                    if let Some(recalled) = node.recall_home(one, &page) {
                        assert_eq!(recalled, found, "seed {seed}, step {step}, {one}: {page:?}");
                    }
                }
            }
        }
    }
}

/// What several clients know together: the tweets that have been acknowledged to any of them.
type Acknowledged = Mutex<BTreeMap<i64, UserId>>;

/// A client, who alone writes, follows and unfollows as their two users.
struct Client<'a> {
    node: &'a Database,
    own: [UserId; 2],
    everybody: &'a [UserId],
    acknowledged: &'a Acknowledged,
    follows: HashSet<(UserId, UserId)>,
    rng: Rng,
}

impl Client<'_> {
    fn act(&mut self) {
        let own = self.own[self.rng.usize(..2)];
        // Everybody is after the first of them, who writes the most.
        let other = self.everybody[if self.rng.bool() { 0 } else { self.rng.usize(..self.everybody.len()) }];
        match self.rng.u32(..100) {
            0..40 => {
                let id = self.node.tweet(own, "text");
                self.acknowledged.lock().unwrap().insert(id.get(), own);
            }
            40..60 if own != other => {
                self.node.follow(own, other);
                self.follows.insert((own, other));
                self.read(own);
            }
            60..75 if own != other => {
                self.node.unfollow(own, other);
                self.follows.remove(&(own, other));
                self.read(own);
            }
            _ => self.read(own),
        }
    }

    /// Reads the timeline of one of the own users: who they follow is known, and so is what must be there.
    fn read(&mut self, reader: UserId) {
        let before = self.acknowledged.lock().unwrap().clone();
        let limit = self.rng.choice([3, 20, 100_000]).unwrap();
        let page = PageRequest::newest(limit);
        let found = match self.node.recall_home(reader, &page) {
            Some(found) => found,
            None => self.node.find_home(reader, &page).unwrap().unwrap(),
        };
        let reads = |author: UserId| author == reader || self.follows.contains(&(reader, author));
        let ids = ids(&found);
        assert!(ids.is_sorted_by(|a, b| a < b), "each once and in order: {ids:?}");
        for entry in &found.entries {
            assert!(reads(entry.author), "{reader} does not read {}", entry.author);
        }
        let from = if found.has_older { ids[0] } else { i64::MIN };
        for (id, author) in before.range(from..) {
            assert!(!reads(*author) || ids.contains(id), "{reader} lacks {id} of {author}: {ids:?}");
        }
    }
}

#[test]
fn whoever_acts_at_once_sees_all_that_was_acknowledged_and_nothing_that_is_not_theirs() {
    for seed in 0..2 {
        let nodes = Database::nodes(2);
        let everybody: Vec<UserId> = (0..8).map(|i| nodes[0].user(&format!("user{i}"))).collect();
        let acknowledged = Acknowledged::default();
        let follows: Vec<_> = thread::scope(|scope| {
            let clients: Vec<_> = (0..4)
                .map(|i| {
                    let mut client = Client {
                        node: &nodes[i % nodes.len()],
                        own: [everybody[i], everybody[4 + i]],
                        everybody: &everybody,
                        acknowledged: &acknowledged,
                        follows: HashSet::new(),
                        rng: Rng::with_seed(seed * 10 + u64::try_from(i).unwrap()),
                    };
                    scope.spawn(move || {
                        for _ in 0..300 {
                            client.act();
                        }
                        client.follows
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let model = Model {
            tweets: acknowledged.into_inner().unwrap(),
            follows: follows.into_iter().flatten().collect(),
        };
        for reader in everybody {
            let page = PageRequest::newest(100_000);
            for node in &nodes {
                let found = node.find_home(reader, &page).unwrap().unwrap();
                assert_eq!((ids(&found), found.has_older), model.page(reader, &page), "seed {seed}");
            }
        }
        nodes[0].check();
    }
}
