//! Random histories, held against a model that is nothing but a list of statuses and sets of pairs of users.

use std::collections::{BTreeMap, HashSet};
use std::thread;

use fastrand::Rng;
use miniter_domain::{
    Entry, NewStatus, PageRequest, ProfileFilter, ReplyTo, StatusId, Timeline, TimelinePage,
    TimelineRepository, UserId, Visibility,
};

use crate::support::{Database, moment, seed};

/// A status that there is.
#[derive(Debug, Clone)]
pub struct Known {
    pub author: UserId,
    pub text: String,
    pub visibility: Visibility,
    pub mentions: Vec<UserId>,
    /// Whom it replies to.
    pub replies_to: Option<UserId>,
    pub reblog_of: Option<i64>,
}

impl Known {
    pub fn plain(author: UserId, text: String) -> Self {
        let visibility = Visibility::Public;
        Self { author, text, visibility, mentions: Vec::new(), replies_to: None, reblog_of: None }
    }
}

/// A user, and another one.
type Pair = (UserId, UserId);

/// Everything that is true.
#[derive(Default)]
pub struct Model {
    /// Statuses by their ids.
    pub statuses: BTreeMap<i64, Known>,
    /// Who reads whom.
    pub follows: HashSet<Pair>,
    /// Who wants no boosts of whom.
    pub without_reblogs: HashSet<Pair>,
    pub blocks: HashSet<Pair>,
    pub mutes: HashSet<Pair>,
}

/// What a page says: ids, authors and texts, and whether there are older ones.
pub type Said = (Vec<(i64, UserId, String)>, bool);

impl Model {
    fn reads(&self, reader: UserId, author: UserId) -> bool {
        reader == author || self.follows.contains(&(reader, author))
    }

    fn sees(&self, viewer: Option<UserId>, status: &Known) -> bool {
        let for_anybody = matches!(status.visibility, Visibility::Public | Visibility::Unlisted);
        let Some(viewer) = viewer else { return for_anybody };
        let author = status.author;
        let is_blocked = self.has_block(viewer, author);
        let is_follower = self.follows.contains(&(viewer, author));
        let is_for_followers = status.visibility == Visibility::Private && is_follower;
        viewer == author
            || !is_blocked && (for_anybody || is_for_followers || status.mentions.contains(&viewer))
    }

    /// Whether one of two users has blocked the other.
    fn has_block(&self, one: UserId, another: UserId) -> bool {
        self.blocks.contains(&(one, another)) || self.blocks.contains(&(another, one))
    }

    /// Whether an account is kept out of a viewer's timelines.
    fn hides(&self, viewer: Option<UserId>, account: UserId) -> bool {
        viewer
            .is_some_and(|viewer| self.mutes.contains(&(viewer, account)) || self.has_block(viewer, account))
    }

    /// Whether a status is in a timeline, from the definitions in mastodon-api.md.
    fn has(&self, timeline: &Timeline, viewer: Option<UserId>, status: &Known) -> bool {
        let original = status.reblog_of.map(|original| &self.statuses[&original]);
        let sees = self.sees(viewer, status) && original.is_none_or(|original| self.sees(viewer, original));
        let is_own = viewer == Some(status.author);
        let is_hidden = !is_own && self.hides(viewer, status.author);
        let replies_to_another = status.replies_to.is_some_and(|account| account != status.author);
        sees && match timeline {
            Timeline::Classic(owner) => self.reads(*owner, status.author) && original.is_none() && !is_hidden,
            Timeline::Public => {
                status.visibility == Visibility::Public
                    && original.is_none()
                    && !replies_to_another
                    && !is_hidden
            }
            Timeline::Account(account, filter) => {
                status.author == *account
                    && !(filter.exclude_replies && replies_to_another)
                    && !(filter.exclude_reblogs && original.is_some())
                    && original.is_none_or(|original| !self.hides(viewer, original.author))
            }
            Timeline::Home => {
                let viewer = viewer.unwrap();
                let is_wanted = || match original {
                    Some(original) => {
                        !self.without_reblogs.contains(&(viewer, status.author))
                            && !self.hides(Some(viewer), original.author)
                    }
                    None => status.replies_to.is_none_or(|account| {
                        account == viewer
                            || account == status.author
                            || self.follows.contains(&(viewer, account)) && !self.hides(Some(viewer), account)
                    }),
                };
                self.reads(viewer, status.author)
                    && status.visibility != Visibility::Direct
                    && (is_own || !is_hidden && is_wanted())
            }
        }
    }

    /// A page of a user's own classic timeline.
    pub fn page(&self, reader: UserId, page: &PageRequest) -> Said {
        self.page_of(&Timeline::Classic(reader), Some(reader), page)
    }

    /// A page, from the definitions in mastodon-api.md and at [`TimelinePage`].
    pub fn page_of(&self, timeline: &Timeline, viewer: Option<UserId>, page: &PageRequest) -> Said {
        let limit = usize::try_from(page.limit).unwrap();
        let is_above = |bound: Option<StatusId>, id: i64| bound.is_none_or(|bound| id > bound.get());
        let all: Vec<(&i64, &Known)> =
            self.statuses.iter().filter(|(_, status)| self.has(timeline, viewer, status)).collect();
        let mut in_range: Vec<(&i64, &Known)> = all
            .iter()
            .filter(|(id, _)| page.max_id.is_none_or(|max| **id < max.get()))
            .filter(|(id, _)| is_above(page.since_id, **id) && is_above(page.min_id, **id))
            .copied()
            .collect();
        let is_oldest_first = page.min_id.is_some();
        if !is_oldest_first {
            in_range.reverse();
        }
        // Of the boosts of one original the newest, in a home timeline.
        let mark = |status: &Known| status.reblog_of.filter(|_| *timeline == Timeline::Home);
        let mut taken: Vec<(&i64, &Known)> = Vec::new();
        for (id, status) in in_range {
            if taken.len() == limit {
                break;
            }
            let twin =
                taken.iter().position(|(_, other)| mark(status).is_some() && mark(other) == mark(status));
            match twin {
                Some(_) if !is_oldest_first => continue,
                Some(older) => {
                    taken.remove(older);
                }
                None => {}
            }
            taken.push((id, status));
        }
        taken.sort_by_key(|(id, _)| **id);
        let is_on_page = |status: &Known| {
            mark(status).is_some() && taken.iter().any(|(_, other)| mark(other) == mark(status))
        };
        let has_older = taken.first().is_some_and(|(oldest, _)| {
            all.iter().any(|(id, status)| id < oldest && is_above(page.since_id, **id) && !is_on_page(status))
        });
        (taken.iter().map(|(id, status)| (**id, status.author, status.text.clone())).collect(), has_older)
    }
}

pub fn said(page: &TimelinePage) -> Said {
    let entry = |Entry { status, .. }: &Entry| (status.id.get(), status.author, status.text.clone());
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
            model.statuses.insert(id, Known::plain(author, format!("old {id}")));
        }
        nodes[0].import(&model.statuses);
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
            20..150 => self.publish(),
            150..210 if one != another && !self.model.has_block(one, another) => {
                self.node().follow(one, another);
                self.model.follows.insert((one, another));
            }
            210..240 if one != another => {
                self.node().unfollow(one, another);
                self.model.follows.remove(&(one, another));
                self.model.without_reblogs.remove(&(one, another));
            }
            240..270 if one != another => self.change_circle(one, another),
            270..285 => {
                // Of the newest, as people do, or any.
                let newest = self.model.statuses.len().min(if self.rng.bool() { 10 } else { usize::MAX });
                let place = self.rng.usize(..newest);
                if let Some((id, status)) = self.model.statuses.iter().nth_back(place) {
                    let (id, author) = (*id, status.author);
                    assert!(self.node().delete_tweet(author, StatusId::new(id)));
                    self.model.statuses.remove(&id);
                    self.model.statuses.retain(|_, status| status.reblog_of != Some(id));
                }
            }
            285..315 => self.boost(one),
            315..323 => self.walk_down(one),
            323..330 => self.walk_up(one),
            _ => {
                let page = self.any_page();
                match self.rng.u32(..10) {
                    0..4 => {
                        self.read(one, &page);
                    }
                    4..7 => {
                        self.read_timeline(&Timeline::Home, Some(one), &page);
                    }
                    _ => {
                        let viewer = Some(one).filter(|_| self.rng.bool());
                        let timeline = match self.rng.u32(..4) {
                            0 => Timeline::Public,
                            1 => Timeline::Classic(another),
                            _ => {
                                let (exclude_replies, exclude_reblogs) = (self.rng.bool(), self.rng.bool());
                                let all = ProfileFilter::default();
                                Timeline::Account(
                                    another,
                                    ProfileFilter { exclude_replies, exclude_reblogs, ..all },
                                )
                            }
                        };
                        self.read_timeline(&timeline, viewer, &page);
                    }
                }
            }
        }
    }

    /// A status of any visibility, which may reply to one of the newest, and mention its author or anyone.
    fn publish(&mut self) {
        // A few write most of it.
        let count = self.users.len();
        let author = self.users[self.rng.usize(..count).min(self.rng.usize(..count))];
        let mut status = Known::plain(author, format!("new {}", self.step));
        let mut in_reply_to = None;
        if self.rng.u32(..10) < 4 {
            status.visibility = self.rng.choice(Visibility::ALL).unwrap();
        }
        if self.rng.u32(..10) < 3
            && let Some((id, parent)) = self.model.statuses.iter().nth_back(self.rng.usize(..20))
            && parent.reblog_of.is_none()
        {
            let status_id = StatusId::new(*id);
            in_reply_to = Some(ReplyTo { status: status_id, author: parent.author, conversation: status_id });
            status.replies_to = Some(parent.author);
            status.mentions.push(parent.author);
        }
        if self.rng.u32(..10) < 2 {
            status.mentions.push(self.users[self.rng.usize(..count)]);
        }
        status.mentions.sort_unstable();
        status.mentions.dedup();
        let new = NewStatus {
            visibility: status.visibility,
            mentions: status.mentions.clone(),
            in_reply_to,
            ..NewStatus::plain(author, status.text.clone(), moment())
        };
        let id = self.node().publish(&new).id;
        self.model.statuses.insert(id.get(), status);
    }

    /// Boosts one of the newest, unless the user has done that.
    fn boost(&mut self, user: UserId) {
        let place = self.rng.usize(..30);
        let Some((original, status)) = self.model.statuses.iter().nth_back(place) else { return };
        let original = *original;
        let is_boosted = |other: &Known| other.author == user && other.reblog_of == Some(original);
        if status.reblog_of.is_some()
            || !status.visibility.is_for_anybody()
            || self.model.statuses.values().any(is_boosted)
        {
            return;
        }
        let id = self.node().boost(user, StatusId::new(original)).id;
        let boost = Known { reblog_of: Some(original), ..Known::plain(user, String::new()) };
        self.model.statuses.insert(id.get(), boost);
    }

    /// A block, a mute, or what is wanted of a followee begins or ends.
    fn change_circle(&mut self, one: UserId, another: UserId) {
        let pair = (one, another);
        match self.rng.u32(..3) {
            0 if self.model.blocks.remove(&pair) => self.node().set_block(one, another, false),
            // Rarely, so that people have something to read.
            0 if self.rng.u32(..3) == 0 => {
                self.node().set_block(one, another, true);
                self.model.blocks.insert(pair);
                for pair in [pair, (another, one)] {
                    self.model.follows.remove(&pair);
                    self.model.without_reblogs.remove(&pair);
                }
            }
            0 => {}
            1 if self.model.mutes.remove(&pair) => self.node().set_mute(one, another, false),
            1 => {
                self.node().set_mute(one, another, true);
                self.model.mutes.insert(pair);
            }
            _ if self.model.follows.contains(&pair) => {
                let shows = self.model.without_reblogs.remove(&pair);
                if !shows {
                    self.model.without_reblogs.insert(pair);
                }
                self.node().show_reblogs(one, another, shows);
            }
            _ => {}
        }
    }

    /// More of one author than is kept of a timeline's end, while their readers read on.
    fn burst(&mut self) {
        let author = self.users[0];
        for i in 0..300 {
            let text = format!("burst {i}");
            let id = self.node().tweet(author, &text);
            self.model.statuses.insert(id.get(), Known::plain(author, text));
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

    /// A page of a user's own classic timeline.
    fn read(&mut self, reader: UserId, page: &PageRequest) -> Said {
        self.read_timeline(&Timeline::Classic(reader), Some(reader), page)
    }

    /// Reads a page twice where it can be had in two ways, and compares it with the model.
    fn read_timeline(&mut self, timeline: &Timeline, viewer: Option<UserId>, page: &PageRequest) -> Said {
        let expected = self.model.page_of(timeline, viewer, page);
        let (seed, step) = (self.seed, self.step);
        let node = self.node();
        node.freshen();
        let context = format!("seed {seed}, step {step}, {viewer:?} of {timeline:?}: {page:?}");
        if let Some(cached) = node.cached_page(timeline, viewer, page, moment()) {
            assert_eq!(said(&cached), expected, "cached; {context}");
        }
        let found = node.find_page(timeline, viewer, page, moment()).unwrap().unwrap();
        assert_eq!(said(&found), expected, "{context}");
        for Entry { status, original } in &found.entries {
            let known = &self.model.statuses[&status.id.get()];
            assert_eq!(original.as_ref().map(|original| original.id.get()), known.reblog_of, "{context}");
        }
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
        let ids: Vec<i64> = self.model.statuses.keys().copied().collect();
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
            let expected = self.model.page_of(&Timeline::Home, Some(reader), &whole);
            for node in &self.nodes {
                let found = node.view(&Timeline::Home, Some(reader), &whole).unwrap();
                assert_eq!(said(&found), expected, "seed {}, home in the end, {reader}", self.seed);
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
