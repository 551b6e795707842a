//! Several clients at once, through every node, and nobody who holds them back.
//!
//! Each operation is noted with the moments before and after it. What a read must have found, and what it may have found,
//! follows from that when all is over: a tweet that was acknowledged before the read began must be there, one that was
//! begun only after it had ended cannot be, and of what went on at the same time either is right.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use fastrand::Rng;
use miniter_domain::{NewStatus, PageRequest, StatusId, Timeline, UserId, Visibility};

use crate::model::{Known, Model, Said, said};
use crate::support::{Database, moment, seed};

/// The order of what all clients do.
#[derive(Default)]
struct Clock(AtomicU64);

impl Clock {
    fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// The moments before a call and after its acknowledgement.
#[derive(Debug, Clone, Copy)]
struct Span {
    begun: u64,
    done: u64,
}

#[derive(Debug)]
struct Posted {
    id: i64,
    author: UserId,
    text: String,
    visibility: Visibility,
    span: Span,
}

impl Posted {
    /// Whether a status that mentions nobody is in the timeline of a reader who follows its author.
    fn is_in(&self, timeline: &Timeline, reader: UserId) -> bool {
        let is_direct = self.visibility == Visibility::Direct;
        !is_direct || (*timeline != Timeline::Home && self.author == reader)
    }
}

/// That somebody follows from now on, or does not.
#[derive(Debug)]
struct Change {
    pair: (UserId, UserId),
    follows: bool,
    span: Span,
}

#[derive(Debug)]
struct Read {
    timeline: Timeline,
    reader: UserId,
    page: PageRequest,
    said: Said,
    span: Span,
}

#[derive(Default)]
struct History {
    posted: Vec<Posted>,
    changes: Vec<Change>,
    reads: Vec<Read>,
}

/// A client.
struct Client<'a> {
    node: &'a Database,
    clock: &'a Clock,
    rng: Rng,
    history: History,
}

impl<'a> Client<'a> {
    fn new(node: &'a Database, clock: &'a Clock, seed: u64) -> Self {
        Self { node, clock, rng: Rng::with_seed(seed), history: History::default() }
    }

    fn tweet(&mut self, author: UserId) {
        let begun = self.clock.tick();
        let text = format!("{author} at {begun}");
        // Most are for everybody, or for followers.
        let visibility = match self.rng.u32(..10) {
            0..3 => Visibility::Private,
            3 => Visibility::Direct,
            _ => Visibility::Public,
        };
        let plain = NewStatus::plain(author, text.clone(), moment());
        let id = self.node.publish(&NewStatus { visibility, ..plain }).id.get();
        let span = Span { begun, done: self.clock.tick() };
        self.history.posted.push(Posted { id, author, text, visibility, span });
    }

    fn change(&mut self, follower: UserId, followee: UserId, follows: bool) {
        let begun = self.clock.tick();
        if follows {
            self.node.follow(follower, followee);
        } else {
            self.node.unfollow(follower, followee);
        }
        let span = Span { begun, done: self.clock.tick() };
        self.history.changes.push(Change { pair: (follower, followee), follows, span });
    }

    /// As a request does: from memory or, where it is not there, from the database.
    fn read(&mut self, reader: UserId, page: PageRequest) -> Said {
        let timeline = if self.rng.bool() { Timeline::Home } else { Timeline::Classic(reader) };
        self.read_timeline(timeline, reader, page)
    }

    fn read_timeline(&mut self, timeline: Timeline, reader: UserId, page: PageRequest) -> Said {
        let begun = self.clock.tick();
        let found = self.node.view(&timeline, Some(reader), &page).unwrap();
        let span = Span { begun, done: self.clock.tick() };
        let said = said(&found);
        self.history.reads.push(Read { timeline, reader, page, said: said.clone(), span });
        said
    }

    /// Reads what is newer than the newest that is known; gives the newest that is known then.
    fn poll(&mut self, reader: UserId, known: StatusId) -> StatusId {
        let page = PageRequest { min_id: Some(known), ..PageRequest::newest(10) };
        let (entries, _) = self.read_timeline(Timeline::Home, reader, page);
        entries.last().map_or(known, |(newest, ..)| StatusId::new(*newest))
    }

    /// A page far below the newest.
    fn read_old(&mut self, reader: UserId) {
        let max_id = Some(StatusId::new(self.rng.i64(1..FIRST_ID)));
        let limit = self.rng.choice([2, 30, 200]).unwrap();
        self.read(reader, PageRequest { max_id, ..PageRequest::newest(limit) });
    }

    /// The newest page, or one around a tweet that was in it.
    fn read_any(&mut self, reader: UserId) {
        let limit = self.rng.choice([1, 3, 20, 60, 300]).unwrap();
        let (entries, _) = self.read(reader, PageRequest::newest(limit));
        if entries.is_empty() || self.rng.bool() {
            return;
        }
        let place = self.rng.usize(..entries.len());
        let some = Some(StatusId::new(entries[place].0));
        let page = PageRequest::newest(self.rng.choice([2, 30, 200]).unwrap());
        let page = match self.rng.u32(..3) {
            0 => PageRequest { max_id: some, ..page },
            // As many as there are newer ones, if no more come up.
            1 => {
                let newer = u32::try_from(entries.len() - place - 1).unwrap();
                PageRequest { since_id: some, ..PageRequest::newest(newer.max(1)) }
            }
            _ => PageRequest { min_id: some, ..page },
        };
        self.read(reader, page);
    }
}

/// All that happened, once it is over.
struct Past {
    context: String,
    tweets: BTreeMap<i64, Posted>,
    changes: HashMap<(UserId, UserId), Vec<Change>>,
    reads: Vec<Read>,
    everybody: Vec<UserId>,
}

impl Past {
    fn new(context: String, everybody: Vec<UserId>, histories: Vec<History>) -> Self {
        let mut past =
            Self { context, tweets: BTreeMap::new(), changes: HashMap::new(), reads: Vec::new(), everybody };
        for history in histories {
            for posted in history.posted {
                let twice = past.tweets.insert(posted.id, posted);
                assert!(twice.is_none(), "{}: an id was given twice: {twice:?}", past.context);
            }
            for change in history.changes {
                past.changes.entry(change.pair).or_default().push(change);
            }
            past.reads.extend(history.reads);
        }
        past
    }

    /// Tweets that were there before anything else.
    fn with_imported(mut self, tweets: BTreeMap<i64, Known>) -> Self {
        let span = Span { begun: 0, done: 0 };
        self.tweets.extend(tweets.into_iter().map(|(id, Known { author, text, visibility, .. })| {
            (id, Posted { id, author, text, visibility, span })
        }));
        self
    }

    /// Whether somebody read an author all through a span, and whether they may have at any moment of it.
    ///
    /// Any change may have been the last one that had begun before the span was over and was not followed by another
    /// before it began. Nobody follows at first.
    fn reads(&self, reader: UserId, author: UserId, span: Span) -> (bool, bool) {
        if reader == author {
            return (true, true);
        }
        let changes = self.changes.get(&(reader, author)).map_or(&[][..], Vec::as_slice);
        let over = || changes.iter().filter(|change| change.span.done < span.begun);
        // Whatever was acknowledged before this was undone or confirmed before the span.
        let superseded = over().map(|change| change.span.begun).max().unwrap_or(0);
        let last = changes
            .iter()
            .filter(|change| change.span.done >= superseded && change.span.begun < span.done)
            .map(|change| change.follows);
        let at_first = (superseded == 0).then_some(false);
        let mut last = last.chain(at_first);
        (last.clone().all(|follows| follows), last.any(|follows| follows))
    }

    fn check_reads(&self) {
        for read in &self.reads {
            self.check_read(read);
        }
    }

    fn check_read(&self, read: &Read) {
        let Read { timeline, reader, page, said: (entries, has_older), span } = read;
        // By the numbers of users, which are small here: this is asked for each tweet of each read.
        let number = |user: UserId| usize::try_from(user.get()).unwrap();
        let mut by = vec![(false, false); 1 + self.everybody.iter().copied().map(number).max().unwrap()];
        for author in &self.everybody {
            by[number(*author)] = self.reads(*reader, *author, *span);
        }
        let is_in = |tweet: &Posted| tweet.is_in(timeline, *reader);
        let must =
            |tweet: &Posted| is_in(tweet) && tweet.span.done < span.begun && by[number(tweet.author)].0;
        let may = |tweet: &Posted| is_in(tweet) && tweet.span.begun < span.done && by[number(tweet.author)].1;
        let show = || {
            let PageRequest { limit, max_id, since_id, min_id } = page;
            let ids: Vec<i64> = entries.iter().map(|(id, ..)| *id).collect();
            format!(
                "{}: {reader} read {limit} of {timeline:?}, max {max_id:?}, since {since_id:?}, min {min_id:?} at {span:?} \
                 and got {ids:?}, older: {has_older}",
                self.context
            )
        };

        assert!(entries.is_sorted_by(|a, b| a.0 < b.0), "each once and in order. {}", show());
        let limit = usize::try_from(page.limit).unwrap();
        assert!(entries.len() <= limit, "{}", show());
        let above = page.lower_bound().map_or(i64::MIN, StatusId::get);
        let below = page.max_id.map_or(i64::MAX, StatusId::get);
        for (id, author, text) in entries {
            let posted = self.tweets.get(id).unwrap_or_else(|| panic!("nobody wrote {id}. {}", show()));
            assert_eq!((posted.author, &posted.text), (*author, text), "{}", show());
            assert!(may(posted), "{posted:?} cannot be there. {}", show());
            assert!(above < *id && *id < below, "{id} was not asked for. {}", show());
        }

        // A full page says nothing of what lies beyond it.
        let is_full = entries.len() == limit;
        let (from, to) = match (entries.first(), entries.last()) {
            (Some(_), Some(newest)) if is_full && page.is_oldest_first() => (above, newest.0),
            (Some(oldest), Some(_)) if is_full => (oldest.0, below),
            _ => (above, below),
        };
        let is_there = |id: &i64| entries.binary_search_by_key(id, |(id, ..)| *id).is_ok();
        for (id, posted) in between(&self.tweets, from, to) {
            assert!(!must(posted) || is_there(id), "{posted:?} is missing. {}", show());
        }

        let Some((oldest, ..)) = entries.first() else {
            assert!(!has_older, "older than nothing. {}", show());
            return;
        };
        let floor = page.since_id.map_or(i64::MIN, StatusId::get);
        let mut older = between(&self.tweets, floor, *oldest);
        if *has_older {
            assert!(older.any(|(_, posted)| may(posted)), "there are no older ones. {}", show());
            assert!(is_full || page.is_oldest_first(), "older ones would have had a place. {}", show());
        } else {
            let hidden = older.find(|(_, posted)| must(posted));
            assert!(hidden.is_none(), "{hidden:?} is older. {}", show());
        }
    }

    /// What is true now that nothing goes on any more: on every node, and page by page.
    fn check_end(&self, nodes: &[Database]) {
        let model = Model {
            statuses: self
                .tweets
                .iter()
                .map(|(id, Posted { author, text, visibility, .. })| {
                    (*id, Known { visibility: *visibility, ..Known::plain(*author, text.clone()) })
                })
                .collect(),
            follows: self
                .changes
                .iter()
                .filter(|(_, changes)| {
                    let last = changes.iter().max_by_key(|change| change.span.done);
                    last.is_some_and(|last| last.follows)
                })
                .map(|(pair, _)| *pair)
                .collect(),
            ..Model::default()
        };
        for reader in &self.everybody {
            for node in nodes {
                let mut page = PageRequest::newest(777);
                loop {
                    let expected = model.page(*reader, &page);
                    let found = node.read(*reader, &page).unwrap();
                    assert_eq!(said(&found), expected, "{}, in the end, {reader}: {page:?}", self.context);
                    if !found.has_older {
                        break;
                    }
                    page.max_id = Some(found.entries[0].status.id);
                }
            }
        }
    }
}

/// Those between two ids, both excluded.
fn between(tweets: &BTreeMap<i64, Posted>, above: i64, below: i64) -> impl Iterator<Item = (&i64, &Posted)> {
    tweets.range(above.saturating_add(1)..).take_while(move |(id, _)| **id < below)
}

#[test]
fn whoever_acts_at_once_sees_all_that_was_acknowledged_and_nothing_that_is_not_theirs() {
    let first = seed();
    for seed in (0..2).map(|i| first.wrapping_add(i)) {
        let nodes = Database::nodes(2);
        let everybody: Vec<UserId> = (0..8).map(|i| nodes[0].user(&format!("user{i}"))).collect();
        let clock = Clock::default();
        let histories = thread::scope(|scope| {
            let clients: Vec<_> = (0..4)
                .map(|i| {
                    let mut client = Client::new(
                        &nodes[i % nodes.len()],
                        &clock,
                        seed.wrapping_mul(100).wrapping_add(u64::try_from(i).unwrap()),
                    );
                    let (everybody, own) = (&everybody, [everybody[i], everybody[4 + i]]);
                    spawn(scope, format!("seed {seed}, client {i}"), move || {
                        for _ in 0..250 {
                            act(&mut client, own, everybody);
                        }
                        client.history
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let past = Past::new(format!("seed {seed}"), everybody, histories);
        past.check_reads();
        past.check_end(&nodes);
    }
}

/// Something random: by one of the client's own users, or a look at somebody else's timeline.
fn act(client: &mut Client<'_>, own: [UserId; 2], everybody: &[UserId]) {
    let one = own[client.rng.usize(..2)];
    // Everybody is after the first of them, who writes the most.
    let other = everybody[if client.rng.bool() { 0 } else { client.rng.usize(..everybody.len()) }];
    match client.rng.u32(..100) {
        0..35 => client.tweet(one),
        35..60 if one != other => {
            let follows = client.rng.u32(..5) < 3;
            client.change(one, other, follows);
            client.read_any(one);
        }
        60..75 => client.read_any(other),
        _ => client.read_any(one),
    }
}

/// Ids below this one are imported: a sixth of them by the star, so that their timeline is longer than what is kept of it,
/// the others by the archive, which are more than are brought at a time.
const FIRST_ID: i64 = 6_000;

#[test]
fn who_follows_an_author_that_writes_without_pause_misses_nothing() {
    let seed = seed();
    let nodes = Database::nodes(2);
    let [star, archive, poller, torn] = ["star", "archive", "poller", "torn"].map(|name| nodes[0].user(name));
    let fans: Vec<UserId> = (0..3).map(|i| nodes[0].user(&format!("fan{i}"))).collect();
    let imported: BTreeMap<i64, Known> = (1..FIRST_ID)
        .map(|id| (id, Known::plain(if id % 6 == 0 { star } else { archive }, format!("old {id}"))))
        .collect();
    nodes[0].import(&imported);

    let clock = Clock::default();
    let mut steady = Client::new(&nodes[0], &clock, seed);
    steady.change(poller, star, true);
    let busy = AtomicUsize::new(fans.len());
    let mut histories: Vec<History> = thread::scope(|scope| {
        let (clock, busy, nodes) = (&clock, &busy, &nodes);
        let mut clients = Vec::new();
        let node = |i: usize| &nodes[i % nodes.len()];
        // The star through several connections and nodes at once.
        for (i, author) in [star, star, archive].into_iter().enumerate() {
            let mut client = Client::new(node(i), clock, seed);
            clients.push(spawn(scope, format!("seed {seed}, author {i}"), move || {
                let mut known = StatusId::new(FIRST_ID - 1);
                while busy.load(Ordering::SeqCst) > 0 {
                    client.tweet(author);
                    if author == archive {
                        known = client.poll(poller, known);
                    }
                }
                client.history
            }));
        }
        for (i, fan) in fans.iter().enumerate() {
            let seed = seed.wrapping_mul(100).wrapping_add(u64::try_from(i).unwrap());
            let clients_of_fan =
                [Client::new(node(i + 1), clock, seed), Client::new(node(i), clock, seed.wrapping_add(50))];
            let fan = *fan;
            clients.push(spawn(scope, format!("seed {seed}, fan {i}"), move || {
                let _done = Countdown(busy);
                be_a_fan(clients_of_fan, fan, [star, archive])
            }));
        }
        // Somebody who has two clients, which do not know of each other.
        for i in 0..2 {
            let mut client = Client::new(node(i), clock, seed);
            clients.push(spawn(scope, format!("seed {seed}, torn {i}"), move || {
                for round in 0..12 {
                    client.change(torn, archive, (round + i) % 2 == 0);
                    client.read_old(torn);
                }
                client.history
            }));
        }
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    steady.change(torn, archive, true);
    histories.push(steady.history);
    let everybody = [&[star, archive, poller, torn], &fans[..]].concat();
    let past = Past::new(format!("seed {seed}"), everybody, histories).with_imported(imported);
    past.check_reads();
    past.check_end(&nodes);
    past.check_poll(poller, star);
}

/// Follows and unfollows again and again and looks at once what has come of it, while another client looks all the time.
fn be_a_fan(
    [mut client, mut onlooker]: [Client<'_>; 2],
    fan: UserId,
    [star, archive]: [UserId; 2],
) -> History {
    for round in 0..32 {
        let author = if round % 8 == 7 { archive } else { star };
        // In the end it follows both.
        let changes = if round >= 30 || client.rng.u32(..5) == 0 { &[true][..] } else { &[true, false] };
        for follows in changes {
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    for _ in 0..15 {
                        onlooker.read_any(fan);
                        onlooker.read_old(fan);
                        if is_over.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                });
                client.change(fan, author, *follows);
                client.read(fan, PageRequest::newest(60));
                client.read_old(fan);
                client.read_any(fan);
                is_over.store(true, Ordering::SeqCst);
            });
        }
    }
    client.history.reads.append(&mut onlooker.history.reads);
    client.history
}

impl Past {
    /// Whoever asks again and again for what is newer than what they know misses nothing in between.
    fn check_poll(&self, poller: UserId, author: UserId) {
        let polled: HashSet<i64> = self
            .reads
            .iter()
            .filter(|read| read.reader == poller)
            .flat_map(|read| read.said.0.iter().map(|(id, ..)| *id))
            .collect();
        // When the poller left, others may still have been writing.
        let last = polled.iter().max().copied().unwrap_or(i64::MIN);
        for (id, posted) in self.tweets.range(FIRST_ID..=last.max(FIRST_ID)) {
            let is_polled =
                posted.author != author || !posted.is_in(&Timeline::Home, poller) || polled.contains(id);
            assert!(is_polled, "{}: {posted:?} came up below what the poller knew", self.context);
        }
    }
}

/// Counts down also if its thread panics, so that nobody waits for ever.
struct Countdown<'a>(&'a AtomicUsize);

impl Drop for Countdown<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A thread whose name, which a panic tells, says how to have it again.
fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    name: String,
    run: impl FnOnce() -> T + Send + 'scope,
) -> thread::ScopedJoinHandle<'scope, T> {
    thread::Builder::new().name(name).spawn_scoped(scope, run).unwrap()
}
