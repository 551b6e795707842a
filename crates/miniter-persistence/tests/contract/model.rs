//! Random histories, held against a model that is nothing but a list of tweets and a set of follows.

use std::collections::{BTreeMap, HashSet};
use std::thread;

use fastrand::Rng;
use miniter_domain::{PageRequest, StatusId, TimelinePage, TimelineRepository, UserId};

use crate::support::{Database, seed};

/// Everything that is true.
#[derive(Default)]
pub struct Model {
    /// Authors and texts by the ids of the tweets.
    pub tweets: BTreeMap<i64, (UserId, String)>,
    /// Who reads whom.
    pub follows: HashSet<(UserId, UserId)>,
}

/// What a page says: ids, authors and texts, and whether there are older ones.
pub type Said = (Vec<(i64, UserId, String)>, bool);

impl Model {
    fn reads(&self, reader: UserId, author: UserId) -> bool {
        reader == author || self.follows.contains(&(reader, author))
    }

    /// A page, from the definitions in classic-api.md and at [`TimelinePage`].
    pub fn page(&self, reader: UserId, page: &PageRequest) -> Said {
        let limit = usize::try_from(page.limit).unwrap();
        let is_above = |bound: Option<StatusId>, id: i64| bound.is_none_or(|bound| id > bound.get());
        let own: Vec<_> = self.tweets.iter().filter(|(_, (author, _))| self.reads(reader, *author)).collect();
        let in_range: Vec<_> = own
            .iter()
            .filter(|(id, _)| page.max_id.is_none_or(|max| **id < max.get()))
            .filter(|(id, _)| is_above(page.since_id, **id) && is_above(page.min_id, **id))
            .collect();
        let taken = if page.min_id.is_some() {
            &in_range[..limit.min(in_range.len())]
        } else {
            &in_range[in_range.len().saturating_sub(limit)..]
        };
        let has_older = taken.first().is_some_and(|(oldest, _)| {
            own.iter().any(|(id, _)| id < oldest && is_above(page.since_id, **id))
        });
        (taken.iter().map(|(id, (author, text))| (**id, *author, text.clone())).collect(), has_older)
    }
}

pub fn said(page: &TimelinePage) -> Said {
    let entry =
        |entry: &std::sync::Arc<miniter_domain::Status>| (entry.id.get(), entry.author, entry.text.clone());
    (page.entries.iter().map(entry).collect(), page.has_older)
}

/// How many people there are in the end.
const PEOPLE: usize = 12;

/// One history, by one client after the other: each operation goes through any of the nodes.
struct History {
    seed: u64,
    step: usize,
    rng: Rng,
    nodes: Vec<Database>,
    users: Vec<UserId>,
    model: Model,
}

impl History {
    /// Begins with authors of several hundred tweets, so that pages lie outside of whatever is kept of a timeline's end.
    fn begin(seed: u64) -> Self {
        let nodes = Database::nodes(2);
        let users: Vec<UserId> = (0..4).map(|i| nodes[0].user(&format!("user{i}"))).collect();
        let mut model = Model::default();
        for i in 0..1_000 {
            let (id, author) = (1 + i, users[usize::try_from(i % 3).unwrap()]);
            model.tweets.insert(id, (author, format!("old {id}")));
        }
        nodes[0].import(&model.tweets);
        Self { seed, step: 0, rng: Rng::with_seed(seed), nodes, users, model }
    }

    fn node(&mut self) -> &Database {
        let any = self.rng.usize(..self.nodes.len());
        &self.nodes[any]
    }

    fn act(&mut self) {
        self.step += 1;
        let (one, another) =
            (self.rng.choice(&self.users).copied().unwrap(), self.rng.choice(&self.users).copied().unwrap());
        match self.rng.u32(..1_000) {
            0..20 if self.users.len() < PEOPLE => {
                let name = format!("user{}", self.users.len());
                let user = self.node().user(&name);
                self.users.push(user);
            }
            20..160 => {
                // A few write most of it.
                let count = self.users.len();
                let author = self.users[self.rng.usize(..count).min(self.rng.usize(..count))];
                let text = format!("new {}", self.step);
                let id = self.node().tweet(author, &text);
                self.model.tweets.insert(id.get(), (author, text));
            }
            160..220 if one != another => {
                self.node().follow(one, another);
                self.model.follows.insert((one, another));
            }
            220..260 if one != another => {
                self.node().unfollow(one, another);
                self.model.follows.remove(&(one, another));
            }
            260..275 => {
                // Of the newest, as people do, or any.
                let newest = self.model.tweets.len().min(if self.rng.bool() { 10 } else { usize::MAX });
                let place = self.rng.usize(..newest);
                if let Some((id, (author, _))) = self.model.tweets.iter().nth_back(place) {
                    let (id, author) = (*id, *author);
                    assert!(self.node().delete_tweet(author, StatusId::new(id)));
                    self.model.tweets.remove(&id);
                }
            }
            275..283 => self.walk_down(one),
            283..290 => self.walk_up(one),
            _ => {
                let page = self.any_page();
                self.read(one, &page);
            }
        }
    }

    /// More of one author than is kept of a timeline's end, while their readers read on.
    fn burst(&mut self) {
        let author = self.users[0];
        for i in 0..300 {
            let text = format!("burst {i}");
            let id = self.node().tweet(author, &text);
            self.model.tweets.insert(id.get(), (author, text));
            if i % 10 == 0 {
                let (reader, page) = (self.rng.choice(&self.users).copied().unwrap(), self.any_page());
                self.read(reader, &page);
                self.read(author, &page);
            }
        }
        for reader in self.users.clone() {
            self.read(reader, &PageRequest::newest(200));
            self.walk_down(reader);
        }
    }

    /// Reads a page twice where it can be had in two ways, and compares it with the model.
    fn read(&mut self, reader: UserId, page: &PageRequest) -> Said {
        let expected = self.model.page(reader, page);
        let (seed, step) = (self.seed, self.step);
        let node = self.node();
        node.freshen();
        if let Some(cached) = node.cached_home(reader, page) {
            assert_eq!(said(&cached), expected, "cached; seed {seed}, step {step}, {reader}: {page:?}");
        }
        let found = node.find_home(reader, page).unwrap().unwrap();
        assert_eq!(said(&found), expected, "seed {seed}, step {step}, {reader}: {page:?}");
        expected
    }

    /// From the newest page to the oldest, or to the bound.
    fn walk_down(&mut self, reader: UserId) {
        let limit = self.rng.choice([30, 100, 400]).unwrap();
        let since_id = if self.rng.bool() { self.cursor() } else { None };
        let mut page = PageRequest { since_id, ..PageRequest::newest(limit) };
        loop {
            let (entries, has_older) = self.read(reader, &page);
            if !has_older {
                return;
            }
            page.max_id = entries.first().map(|(id, ..)| StatusId::new(*id));
        }
    }

    /// From somewhere up to the newest.
    fn walk_up(&mut self, reader: UserId) {
        let limit = self.rng.choice([30, 100, 400]).unwrap();
        let mut page = PageRequest { min_id: Some(self.any_id()), ..PageRequest::newest(limit) };
        loop {
            let (entries, _) = self.read(reader, &page);
            let Some((newest, ..)) = entries.last() else { return };
            page.min_id = Some(StatusId::new(*newest));
        }
    }

    /// One that there is, or its neighbour, or one of the ends.
    fn any_id(&mut self) -> StatusId {
        let ids: Vec<i64> = self.model.tweets.keys().copied().collect();
        StatusId::new(match self.rng.u32(..20) {
            0 => 0,
            1 => i64::MAX,
            // Among the newest, where pages begin.
            2..11 => ids[ids.len() - 1 - self.rng.usize(..40)] + self.rng.i64(-1..=1),
            _ => ids[self.rng.usize(..ids.len())] + self.rng.i64(-1..=1),
        })
    }

    #[expect(clippy::unnecessary_wraps, reason = "cursors are optional")]
    fn cursor(&mut self) -> Option<StatusId> {
        Some(self.any_id())
    }

    fn any_page(&mut self) -> PageRequest {
        let limit = match self.rng.u32(..10) {
            0..5 => self.rng.u32(1..=5),
            5..8 => self.rng.u32(6..=60),
            8 => self.rng.u32(61..=400),
            _ => 100_000,
        };
        let max_id = if self.rng.u32(..10) < 4 { self.cursor() } else { None };
        let since_id = if self.rng.u32(..10) < 3 { self.cursor() } else { None };
        let min_id = if self.rng.u32(..10) < 3 { self.cursor() } else { None };
        PageRequest { limit, max_id, since_id, min_id }
    }

    /// Everybody's whole timeline on each node.
    fn end(&mut self) {
        let whole = PageRequest::newest(100_000);
        for reader in self.users.clone() {
            let expected = self.model.page(reader, &whole);
            for node in &self.nodes {
                let found = node.read(reader, &whole).unwrap();
                assert_eq!(said(&found), expected, "seed {}, in the end, {reader}", self.seed);
            }
        }
        let nobody = UserId::new(1_000_000);
        assert_eq!(self.node().read(nobody, &whole), None);
    }
}

#[test]
fn whatever_happens_in_whatever_order_every_page_is_what_the_definitions_say() {
    let first = seed();
    thread::scope(|scope| {
        for seed in (0..3).map(|i| first.wrapping_add(i)) {
            scope.spawn(move || {
                let mut history = History::begin(seed);
                for _ in 0..1_000 {
                    history.act();
                }
                history.burst();
                for _ in 0..1_000 {
                    history.act();
                }
                history.end();
            });
        }
    });
}
