//! What users do with statuses: every act counts once, at any node, and is taken back whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Barrier};
use std::thread;

use chrono::TimeDelta;
use fastrand::Rng;
use miniter_domain::{
    Collection, MOST_PINS, NewStatus, PageRequest, ReactionRepository, ReplyTo, RepositoryError, Status,
    StatusChange, StatusCounts, StatusId, StatusRepository, UserId, UserRepository, Visibility,
};

use crate::support::{Database, moment, patiently, seed};

impl Database {
    /// A status, as a request finds it.
    pub fn status(&self, id: StatusId) -> Option<Arc<Status>> {
        self.freshen();
        StatusRepository::find_many(&**self, &[id]).unwrap().pop()
    }

    /// Publishes a status.
    pub fn publish(&self, new: &NewStatus) -> Status {
        patiently(|| StatusRepository::create(&**self, new.clone()))
    }

    pub fn boost(&self, user: UserId, original: StatusId) -> Arc<Status> {
        patiently(|| self.reblog(user, original, Visibility::Public, moment()))
    }

    /// How many statuses an account has, as it is counted.
    pub fn statuses_count(&self, user: UserId) -> i64 {
        self.number(&format!(
            "SELECT COALESCE((SELECT statuses_count FROM account_stats WHERE user_id = {user}), 0) AS value"
        ))
    }

    pub fn number(&self, query: &str) -> i64 {
        self.other_connection().number(query)
    }
}

pub fn plain(author: UserId, text: &str) -> NewStatus {
    NewStatus::plain(author, text.to_owned(), moment())
}

/// A reply to a status.
pub fn reply(author: UserId, text: &str, to: &Status) -> NewStatus {
    let in_reply_to = Some(ReplyTo { status: to.id, author: to.author, conversation: to.conversation });
    NewStatus { in_reply_to, ..plain(author, text) }
}

fn counts(replies: u64, reblogs: u64, favourites: u64) -> StatusCounts {
    StatusCounts { replies, reblogs, favourites }
}

fn change(text: &str) -> StatusChange {
    StatusChange {
        text: text.to_owned(),
        spoiler_text: String::new(),
        is_sensitive: false,
        language: None,
        mentions: Vec::new(),
        tags: Vec::new(),
        edited_at: moment() + TimeDelta::seconds(60),
    }
}

#[test]
fn a_status_is_found_with_all_that_it_was_published_with() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim, lee) = (here.user("song"), here.user("kim"), here.user("lee"));
    let root = here.publish(&plain(kim, "root"));
    let new = NewStatus {
        visibility: Visibility::Unlisted,
        spoiler_text: "careful 🍺".into(),
        is_sensitive: true,
        language: Some("ko".into()),
        application: Some(7),
        mentions: vec![kim, lee],
        tags: vec!["miniter".into(), "태그".into()],
        ..reply(song, "@kim @lee #miniter #태그", &root)
    };
    for node in [here, there] {
        let published = node.publish(&new);
        assert_eq!(published.conversation, root.id);
        for node in &nodes {
            assert_eq!(*node.status(published.id).unwrap(), published);
        }
    }
    // Together with others, as the thread that writes takes them.
    let (barrier, published) = (Barrier::new(8), |node: &Database| node.publish(&new));
    let published: Vec<Status> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| {
                let (barrier, node, published) = (&barrier, &nodes[i % nodes.len()], &published);
                scope.spawn(move || {
                    barrier.wait();
                    published(node)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for status in published {
        assert_eq!(*there.status(status.id).unwrap(), status);
    }
    assert_eq!(there.status(root.id).unwrap().counts, counts(10, 0, 0));
    assert_eq!((here.statuses_count(song), here.statuses_count(kim)), (10, 1));
}

#[test]
fn a_mention_of_an_account_that_is_gone_is_left_out_and_a_reply_to_nothing_is_refused() {
    let database = Database::new();
    let (song, kim, gone) = (database.user("song"), database.user("kim"), UserId::new(77));
    let new = NewStatus { mentions: vec![kim, gone], ..plain(song, "@kim @gone") };
    let published = database.publish(&new);
    assert_eq!(database.status(published.id).unwrap().mentions, [kim]);
    let root = database.publish(&plain(kim, "root"));
    assert!(database.delete_tweet(kim, root.id));
    let refused = StatusRepository::create(&*database, reply(song, "late", &root));
    assert!(matches!(refused, Err(RepositoryError::MissingReference)), "{refused:?}");
    assert_eq!(database.statuses_count(song), 1);
}

#[test]
fn only_replies_that_anybody_may_see_are_counted_and_direct_statuses_are_not() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let root = database.publish(&plain(kim, "root"));
    let replies = Visibility::ALL
        .map(|visibility| database.publish(&NewStatus { visibility, ..reply(song, "reply", &root) }));
    assert_eq!(database.status(root.id).unwrap().counts, counts(2, 0, 0));
    assert_eq!(database.statuses_count(song), 3);
    for reply in replies {
        assert!(database.delete_tweet(song, reply.id));
    }
    assert_eq!(database.status(root.id).unwrap().counts, counts(0, 0, 0));
    assert_eq!(database.statuses_count(song), 0);
}

#[test]
fn a_boost_is_a_status_of_its_own_and_counts_once() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    let original = here.publish(&plain(kim, "original"));
    let boost = here.boost(song, original.id);
    assert_eq!((boost.author, boost.reblog_of, boost.text.as_str()), (song, Some(original.id), ""));
    assert!(boost.id > original.id);
    assert_eq!(there.boost(song, original.id), boost, "the second is the first");
    for node in &nodes {
        assert_eq!(node.status(boost.id), Some(Arc::clone(&boost)));
        assert_eq!(node.status(original.id).unwrap().counts, counts(0, 1, 0));
        assert_eq!(node.statuses_count(song), 1);
    }
    let later = there.publish(&plain(kim, "later"));
    assert!(later.id > boost.id);
    let of_boost = there.reblog(kim, boost.id, Visibility::Public, moment());
    assert!(matches!(of_boost, Err(RepositoryError::MissingReference)), "{of_boost:?}");
    assert!(there.unreblog(song, original.id).unwrap());
    assert!(!here.unreblog(song, original.id).unwrap());
    for node in &nodes {
        assert_eq!(node.status(boost.id), None);
        assert_eq!(node.status(original.id).unwrap().counts, counts(0, 0, 0));
        assert_eq!(node.statuses_count(song), 0);
    }
    // By its id, as a status is deleted.
    let boost = here.boost(song, original.id);
    assert_eq!(there.status(original.id).unwrap().counts.reblogs, 1);
    assert_eq!(StatusRepository::delete(&**here, kim, boost.id).unwrap(), None, "it is not theirs");
    assert_eq!(StatusRepository::delete(&**here, song, boost.id).unwrap(), Some(boost));
    assert_eq!(there.status(original.id).unwrap().counts.reblogs, 0);
}

#[test]
fn a_deletion_takes_all_that_depends_on_a_status_and_leaves_counts_right() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim, lee) = (here.user("song"), here.user("kim"), here.user("lee"));
    let root = here.publish(&plain(kim, "root"));
    let new = NewStatus { mentions: vec![kim], tags: vec!["tag".into()], ..reply(song, "@kim #tag", &root) };
    let middle = here.publish(&new);
    let leaf = here.publish(&reply(lee, "leaf", &middle));
    let boosts = [here.boost(lee, middle.id), here.boost(kim, middle.id)];
    for user in [kim, lee] {
        here.favourite(user, middle.id, moment()).unwrap();
        here.bookmark(user, middle.id, moment()).unwrap();
    }
    assert!(here.pin(song, middle.id, moment()).unwrap());
    there.update(song, middle.id, &change("edited")).unwrap().unwrap();
    // Both nodes have all of it in memory.
    for node in &nodes {
        assert_eq!(node.status(middle.id).unwrap().counts, counts(1, 2, 2));
        assert_eq!(node.status(leaf.id).unwrap().in_reply_to, Some(middle.id));
        assert!(node.status(boosts[0].id).is_some());
    }
    let deleted = there.delete_tweet(song, middle.id);
    assert!(deleted);
    for node in &nodes {
        assert_eq!(node.status(middle.id), None);
        for boost in &boosts {
            assert_eq!(node.status(boost.id), None);
        }
        assert_eq!(node.status(root.id).unwrap().counts, counts(0, 0, 0));
        let leaf = node.status(leaf.id).unwrap();
        assert_eq!((leaf.in_reply_to, leaf.in_reply_to_account), (None, Some(song)));
        assert_eq!([song, kim, lee].map(|user| node.statuses_count(user)), [0, 1, 1]);
    }
    for table in
        ["favourites", "bookmarks", "pins", "mentions", "status_tags", "status_edits", "notifications"]
    {
        let left = here.number(&format!("SELECT COUNT(*) AS value FROM {table}"));
        assert_eq!(left, 0, "{table}");
    }
}

#[test]
fn an_edit_keeps_the_version_before_and_one_that_changes_nothing_writes_nothing() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim, lee) = (here.user("song"), here.user("kim"), here.user("lee"));
    let new = NewStatus {
        mentions: vec![kim],
        tags: vec!["one".into(), "two".into()],
        ..plain(song, "@kim #one #two")
    };
    let published = here.publish(&new);
    let boost = here.boost(lee, published.id);
    for node in &nodes {
        assert_eq!(
            *node.status(published.id).unwrap(),
            Status { counts: counts(0, 1, 0), ..published.clone() }
        );
    }
    let change = StatusChange {
        spoiler_text: "careful".into(),
        is_sensitive: true,
        language: Some("ko".into()),
        mentions: vec![lee],
        tags: vec!["two".into(), "three".into()],
        ..change("@lee #two #three")
    };
    let edited = there.update(song, published.id, &change).unwrap().unwrap();
    let expected = Status {
        text: change.text.clone(),
        spoiler_text: "careful".into(),
        is_sensitive: true,
        language: Some("ko".into()),
        mentions: vec![lee],
        tags: vec!["three".into(), "two".into()],
        edited_at: Some(change.edited_at),
        counts: counts(0, 1, 0),
        ..published.clone()
    };
    assert_eq!(*edited, expected);
    for node in &nodes {
        assert_eq!(*node.status(published.id).unwrap(), expected);
    }
    let history = "SELECT text AS value FROM status_edits ORDER BY id";
    assert_eq!(here.other_connection().texts(history), [Some(published.text.clone())]);
    let again = StatusChange { edited_at: change.edited_at + TimeDelta::seconds(1), ..change.clone() };
    assert_eq!(*here.update(song, published.id, &again).unwrap().unwrap(), expected);
    assert_eq!(here.number("SELECT COUNT(*) AS value FROM status_edits"), 1);
    for (user, status) in [(kim, published.id), (lee, boost.id), (song, StatusId::new(1))] {
        assert_eq!(here.update(user, status, &change).unwrap(), None);
    }
}

#[test]
fn reactions_may_be_repeated_and_taken_back() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    let status = here.publish(&plain(kim, "status"));
    for node in [here, there, here] {
        node.favourite(song, status.id, moment()).unwrap();
        node.bookmark(song, status.id, moment()).unwrap();
        node.mute_conversation(song, status.conversation, status.id).unwrap();
        assert_eq!(there.status(status.id).unwrap().counts, counts(0, 0, 1));
        for table in ["favourites", "bookmarks", "conversation_mutes"] {
            assert_eq!(node.number(&format!("SELECT COUNT(*) AS value FROM {table}")), 1, "{table}");
        }
    }
    for node in [here, there] {
        node.unfavourite(song, status.id).unwrap();
        node.unbookmark(song, status.id).unwrap();
        node.unmute_conversation(song, status.conversation, status.id).unwrap();
        assert_eq!(there.status(status.id).unwrap().counts, counts(0, 0, 0));
        for table in ["favourites", "bookmarks", "conversation_mutes"] {
            assert_eq!(node.number(&format!("SELECT COUNT(*) AS value FROM {table}")), 0, "{table}");
        }
    }
    let nothing = StatusId::new(7);
    for refused in [here.favourite(song, nothing, moment()), here.bookmark(song, nothing, moment())] {
        assert!(matches!(refused, Err(RepositoryError::MissingReference)), "{refused:?}");
    }
    let nobody = here.favourite(UserId::new(77), status.id, moment());
    assert!(matches!(nobody, Err(RepositoryError::MissingReference)), "{nobody:?}");
    assert_eq!(there.status(status.id).unwrap().counts, counts(0, 0, 0));
}

#[test]
fn a_collection_is_in_the_order_of_its_own_and_has_what_may_be_seen() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let mut ids: Vec<StatusId> = (0..50).map(|i| database.tweet(kim, &i.to_string())).collect();
    let private = NewStatus { visibility: Visibility::Private, ..plain(kim, "private") };
    let hidden: Vec<StatusId> = (0..50).map(|_| database.publish(&private).id).collect();
    ids.reverse();
    for collection in [Collection::Favourites, Collection::Bookmarks] {
        let add = |id: &StatusId| match collection {
            Collection::Favourites => database.favourite(song, *id, moment()).unwrap(),
            Collection::Bookmarks => database.bookmark(song, *id, moment()).unwrap(),
        };
        let find = |user, page: &PageRequest| database.find_collected(collection, user, page).unwrap();
        assert_eq!(find(song, &PageRequest::newest(5)).entries, []);
        ids.iter().for_each(add);
        hidden.iter().for_each(add);
        let (mut page, mut walked) = (PageRequest::newest(7), Vec::new());
        loop {
            let found = find(song, &page);
            // What may not be seen takes no place on a page.
            assert!(found.entries.len() == 7 || !found.has_older, "{found:?}");
            walked.extend(found.entries.iter().rev().map(|(_, status)| status.id));
            let Some((oldest, _)) = found.entries.first() else { break };
            let others = found.entries.len() - 1;
            let above = PageRequest {
                min_id: Some(*oldest),
                ..PageRequest::newest(u32::try_from(others.max(1)).unwrap())
            };
            if others > 0 {
                assert_eq!(find(song, &above).entries, found.entries[1..], "{above:?}");
            }
            page.max_id = Some(*oldest);
            if !found.has_older {
                break;
            }
        }
        walked.reverse();
        assert_eq!(walked, ids);
        let ends = find(song, &PageRequest { min_id: Some(StatusId::new(0)), ..PageRequest::newest(1) });
        assert_eq!((ends.entries[0].1.id, ends.has_older), (ids[0], false));
        assert_eq!(find(kim, &PageRequest::newest(5)).entries, []);
    }
}

#[test]
fn a_profile_has_room_for_a_few_pins() {
    let database = Database::new();
    let song = database.user("song");
    let ids: Vec<StatusId> = (0..=MOST_PINS).map(|i| database.tweet(song, &i.to_string())).collect();
    let (last, first) = ids.split_last().unwrap();
    for id in first.iter().chain(first) {
        assert!(database.pin(song, *id, moment()).unwrap());
    }
    assert!(!database.pin(song, *last, moment()).unwrap());
    database.unpin(song, first[0]).unwrap();
    assert!(database.pin(song, *last, moment()).unwrap());
    assert_eq!(database.number("SELECT COUNT(*) AS value FROM pins"), i64::from(MOST_PINS));
}

#[test]
fn many_who_do_and_undo_at_once_leave_exact_counts() {
    let nodes = Database::nodes(2);
    let kim = nodes[0].user("kim");
    let original = nodes[0].publish(&plain(kim, "original"));
    let users: Vec<UserId> = (0..6).map(|i| nodes[0].user(&format!("user{i}"))).collect();
    let barrier = Barrier::new(users.len());
    let left: Vec<(bool, bool, u64)> = thread::scope(|scope| {
        let threads: Vec<_> = users
            .iter()
            .enumerate()
            .map(|(i, user)| {
                let (nodes, barrier, original) = (&nodes, &barrier, &original);
                scope.spawn(move || {
                    let mut rng = Rng::with_seed(i as u64);
                    let (mut favourited, mut boosted, mut replies) = (false, false, 0);
                    barrier.wait();
                    for _ in 0..40 {
                        let node = &nodes[rng.usize(..nodes.len())];
                        match rng.u32(..5) {
                            0 => patiently(|| node.favourite(*user, original.id, moment())),
                            1 => patiently(|| node.unfavourite(*user, original.id)),
                            2 => drop(node.boost(*user, original.id)),
                            3 => drop(patiently(|| node.unreblog(*user, original.id))),
                            _ => {
                                replies += 1;
                                node.publish(&reply(*user, "reply", original));
                            }
                        }
                        // What was done last counts.
                        favourited =
                            node.number(&format!("SELECT COUNT(*) AS value FROM favourites WHERE user_id = {user}")) > 0;
                        boosted = node.number(&format!(
                            "SELECT COUNT(*) AS value FROM tweets WHERE user_id = {user} AND reblog_of_id IS NOT NULL"
                        )) > 0;
                    }
                    (favourited, boosted, replies)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |of: fn(&(bool, bool, u64)) -> u64| left.iter().map(of).sum::<u64>();
    let expected = counts(sum(|left| left.2), sum(|left| left.1.into()), sum(|left| left.0.into()));
    for node in &nodes {
        assert_eq!(node.status(original.id).unwrap().counts, expected);
        for (user, (_, boosted, replies)) in users.iter().zip(&left) {
            let own = i64::try_from(*replies).unwrap() + i64::from(*boosted);
            assert_eq!(node.statuses_count(*user), own);
        }
    }
}

/// Everything that is counted: a model that is nothing but sets.
#[derive(Default)]
struct Model {
    /// Author, visibility, and what it replies to or boosts.
    statuses: BTreeMap<StatusId, Known>,
    favourites: BTreeSet<(UserId, StatusId)>,
}

struct Known {
    author: UserId,
    visibility: Visibility,
    parent: Option<StatusId>,
    original: Option<StatusId>,
}

impl Model {
    fn counts(&self, id: StatusId) -> StatusCounts {
        let count = |is_one: &dyn Fn(&Known) -> bool| {
            self.statuses.values().filter(|known| is_one(known)).count() as u64
        };
        counts(
            count(&|known| known.parent == Some(id) && known.visibility.is_for_anybody()),
            count(&|known| known.original == Some(id)),
            self.favourites.iter().filter(|(_, status)| *status == id).count() as u64,
        )
    }

    fn statuses_count(&self, user: UserId) -> i64 {
        let is_counted = |known: &&Known| known.author == user && known.visibility.is_counted();
        i64::try_from(self.statuses.values().filter(is_counted).count()).unwrap()
    }

    fn delete(&mut self, id: StatusId) {
        self.statuses.remove(&id);
        self.statuses.retain(|_, known| known.original != Some(id));
        for known in self.statuses.values_mut() {
            if known.parent == Some(id) {
                known.parent = None;
            }
        }
        self.favourites.retain(|(_, status)| *status != id);
    }

    fn delete_account(&mut self, user: UserId) {
        let own: Vec<StatusId> =
            self.statuses.iter().filter(|(_, known)| known.author == user).map(|(id, _)| *id).collect();
        for id in own {
            self.delete(id);
        }
        self.favourites.retain(|(by, _)| *by != user);
    }
}

#[test]
fn counts_are_exact_after_any_history() {
    let seed = seed();
    let mut rng = Rng::with_seed(seed);
    let nodes = Database::nodes(2);
    let mut model = Model::default();
    let mut users: Vec<UserId> = (0..6).map(|i| nodes[0].user(&format!("user{i}"))).collect();
    for step in 0..400 {
        let node = &nodes[rng.usize(..nodes.len())];
        let user = rng.choice(&users).copied().unwrap();
        // One of the newest, so that much happens to few.
        let newest: Vec<StatusId> = model.statuses.keys().rev().take(8).copied().collect();
        let any = rng.choice(&newest).copied();
        let is_post = any.is_some_and(|id| model.statuses[&id].original.is_none());
        match (rng.u32(..100), any) {
            (0..30, _) | (_, None) => {
                let visibility = rng.choice(Visibility::ALL).unwrap();
                let parent = any.filter(|_| is_post && rng.bool());
                let new = match parent.and_then(|parent| node.status(parent)) {
                    Some(parent) => reply(user, "reply", &parent),
                    None => plain(user, "post"),
                };
                let published = node.publish(&NewStatus { visibility, ..new });
                let known = Known { author: user, visibility, parent, original: None };
                model.statuses.insert(published.id, known);
            }
            (30..55, Some(id)) if is_post => {
                patiently(|| node.favourite(user, id, moment()));
                model.favourites.insert((user, id));
            }
            (55..65, Some(id)) => {
                patiently(|| node.unfavourite(user, id));
                model.favourites.remove(&(user, id));
            }
            (65..80, Some(id)) if is_post => {
                let boost = node.boost(user, id);
                let visibility = Visibility::Public;
                let known = Known { author: user, visibility, parent: None, original: Some(id) };
                model.statuses.insert(boost.id, known);
            }
            (80..87, Some(id)) => {
                let is_done = patiently(|| node.unreblog(user, id));
                let before = model.statuses.len();
                model.statuses.retain(|_, known| (known.author, known.original) != (user, Some(id)));
                assert_eq!(is_done, model.statuses.len() < before, "seed {seed}, step {step}");
            }
            (87..97, Some(id)) => {
                let author = model.statuses[&id].author;
                assert!(node.delete_tweet(author, id), "seed {seed}, step {step}");
                model.delete(id);
            }
            (97.., Some(_)) if users.len() > 3 => {
                assert!(patiently(|| UserRepository::delete(&**node, user)));
                users.retain(|other| *other != user);
                model.delete_account(user);
            }
            (_, Some(_)) => {}
        }
        let node = &nodes[rng.usize(..nodes.len())];
        node.freshen();
        let newest: Vec<StatusId> = model.statuses.keys().rev().take(10).copied().collect();
        let found = StatusRepository::find_many(&**node, &newest).unwrap();
        assert_eq!(found.len(), newest.len(), "seed {seed}, step {step}");
        for status in found {
            assert_eq!(status.counts, model.counts(status.id), "seed {seed}, step {step}: {status:?}");
        }
        for user in &users {
            let expected = model.statuses_count(*user);
            assert_eq!(node.statuses_count(*user), expected, "seed {seed}, step {step}, {user}");
        }
    }
}
