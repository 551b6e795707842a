//! What is read beside timelines: what a viewer has done with statuses, threads, reactions, versions.

use std::time::Instant;

use chrono::TimeDelta;
use miniter_domain::{
    InteractionRepository, Interactions, NewStatus, PageRequest, ProfileFilter, Reaction, ReactionRepository,
    Status, StatusChange, StatusId, StatusRepository, Thread, ThreadRepository, Timeline, UserId, Visibility,
};

use crate::acts::{plain, reply};
use crate::support::{Database, moment};

impl Database {
    /// What a user has done with statuses, as a request finds it: twice, the second time from memory.
    fn interactions(&self, user: UserId, statuses: &[StatusId]) -> Vec<Interactions> {
        self.freshen();
        let found = InteractionRepository::list(&**self, user, statuses).unwrap();
        assert_eq!(InteractionRepository::cached(&**self, user, statuses), Some(found.clone()));
        found
    }

    /// The accounts that have reacted to a status, oldest first.
    fn reactors(&self, reaction: Reaction, status: StatusId, viewer: Option<UserId>) -> Vec<UserId> {
        self.freshen();
        let found = self.find_reactors(reaction, status, viewer, &PageRequest::newest(80), moment()).unwrap();
        assert!(!found.has_older);
        found.entries.into_iter().map(|(_, user)| user).collect()
    }
}

#[test]
fn what_a_user_has_done_is_told_at_once_by_every_node_and_to_nobody_else() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    let status = here.publish(&plain(song, "status"));
    let answer = here.publish(&reply(kim, "answer", &status));
    let ids = [answer.id, status.id];
    let none = Interactions::default();
    let mut expected = [none, none];
    let check = |expected: &[Interactions; 2], what: &str| {
        for node in &nodes {
            assert_eq!(node.interactions(song, &ids), expected, "{what}");
            assert_eq!(node.interactions(kim, &ids), [none, none], "{what}");
            assert_eq!(node.interactions(UserId::new(77), &ids), [none, none], "{what}");
        }
    };
    check(&expected, "nothing");
    here.favourite(song, status.id, moment()).unwrap();
    expected[1].favourited = true;
    check(&expected, "favourite");
    there.bookmark(song, status.id, moment()).unwrap();
    expected[1].bookmarked = true;
    check(&expected, "bookmark");
    here.pin(song, status.id, moment()).unwrap();
    expected[1].pinned = true;
    check(&expected, "pin");
    there.boost(song, status.id);
    expected[1].reblogged = true;
    check(&expected, "boost");
    there.mute_conversation(song, answer.conversation, answer.id).unwrap();
    expected = expected.map(|interactions| Interactions { muted: true, ..interactions });
    check(&expected, "mute");
    here.unmute_conversation(song, status.conversation, status.id).unwrap();
    expected = expected.map(|interactions| Interactions { muted: false, ..interactions });
    check(&expected, "unmute");
    here.unreblog(song, status.id).unwrap();
    there.unfavourite(song, status.id).unwrap();
    here.unbookmark(song, status.id).unwrap();
    there.unpin(song, status.id).unwrap();
    check(&[none, none], "taken back");
}

fn parts(database: &Database, status: &Status) -> (Vec<StatusId>, Vec<StatusId>) {
    database.freshen();
    let parts = database.list_parts(status.conversation, status.id).unwrap();
    let Thread { ancestors, descendants } = Thread::around(status.id, &parts);
    (ancestors, descendants)
}

#[test]
fn a_thread_is_what_a_status_replies_to_and_what_replies_to_it() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    let root = here.publish(&plain(song, "root"));
    let first = there.publish(&reply(kim, "first", &root));
    let second = here.publish(&reply(song, "second", &root));
    let deep = there.publish(&reply(song, "deep", &first));
    here.publish(&plain(kim, "another thread"));
    for node in &nodes {
        assert_eq!(parts(node, &root), (vec![], vec![first.id, deep.id, second.id]));
        assert_eq!(parts(node, &first), (vec![root.id], vec![deep.id]));
        assert_eq!(parts(node, &deep), (vec![root.id, first.id], vec![]));
    }
    assert!(there.delete_tweet(kim, first.id));
    for node in &nodes {
        assert_eq!(parts(node, &root), (vec![], vec![second.id]));
        assert_eq!(parts(node, &deep), (vec![], vec![]));
    }
}

#[test]
fn a_thread_of_hundreds_is_read_at_once() {
    let database = Database::new();
    let song = database.user("song");
    let rows: Vec<String> =
        (2..=200).map(|id| format!("({id}, {song}, 'status', {}, {song}, 1)", 1 + (id - 2) / 3)).collect();
    database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES (1, {song}, 'root')"));
    database.execute(&format!(
        "INSERT INTO tweets (id, user_id, tweet, in_reply_to_id, in_reply_to_account_id, conversation_id) VALUES {}",
        rows.join(", ")
    ));
    let root = database.status(StatusId::new(1)).unwrap();
    let mut fastest = None;
    for _ in 0..5 {
        let begun = Instant::now();
        let parts = database.list_parts(root.conversation, root.id).unwrap();
        let thread = Thread::around(root.id, &parts);
        let found = StatusRepository::find_many(&*database, &thread.descendants).unwrap();
        assert_eq!(found.len(), 199);
        fastest = fastest.min(Some(begun.elapsed())).or(Some(begun.elapsed()));
    }
    println!("a thread of 200 statuses takes {fastest:?}");
}

#[test]
fn who_has_reacted_is_told_but_for_those_whom_the_viewer_hides_and_page_by_page() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let song = here.user("song");
    let fans: Vec<UserId> = (0..5).map(|i| here.user(&format!("fan{i}"))).collect();
    let status = here.publish(&plain(song, "status")).id;
    for fan in &fans {
        there.favourite(*fan, status, moment()).unwrap();
        let visibility = if *fan == fans[4] { Visibility::Private } else { Visibility::Public };
        here.reblog(*fan, status, visibility, moment()).unwrap();
    }
    here.set_mute(song, fans[0], true);
    there.set_block(fans[1], song, true);
    for node in &nodes {
        assert_eq!(node.reactors(Reaction::Favourite, status, None), fans);
        assert_eq!(node.reactors(Reaction::Favourite, status, Some(song)), fans[2..]);
        assert_eq!(node.reactors(Reaction::Reblog, status, None), fans[..4]);
        assert_eq!(node.reactors(Reaction::Reblog, status, Some(song)), fans[2..4]);
        for viewer in [None, Some(song)] {
            let all = node.reactors(Reaction::Favourite, status, viewer);
            let (mut page, mut walked) = (PageRequest::newest(2), Vec::new());
            loop {
                let found = node.find_reactors(Reaction::Favourite, status, viewer, &page, moment()).unwrap();
                walked.splice(0..0, found.entries.iter().map(|(_, user)| *user));
                if !found.has_older {
                    break;
                }
                page.max_id = found.entries.first().map(|(cursor, _)| *cursor);
            }
            assert_eq!(walked, all);
        }
    }
    there.unfavourite(fans[3], status).unwrap();
    assert_eq!(here.reactors(Reaction::Favourite, status, Some(song)), [fans[2], fans[4]]);
}

#[test]
fn versions_are_kept_in_their_order() {
    let database = Database::new();
    let song = database.user("song");
    let status = database.publish(&plain(song, "one")).id;
    assert_eq!(database.list_edits(status).unwrap(), []);
    for (text, second) in [("two", 1), ("three", 2)] {
        let change = StatusChange {
            text: text.into(),
            spoiler_text: "careful".into(),
            is_sensitive: true,
            language: None,
            mentions: Vec::new(),
            tags: Vec::new(),
            edited_at: moment() + TimeDelta::seconds(second),
        };
        database.update(song, status, &change).unwrap().unwrap();
    }
    let edits = database.list_edits(status).unwrap();
    let said: Vec<_> = edits
        .iter()
        .map(|edit| (edit.text.as_str(), edit.spoiler_text.as_str(), edit.is_sensitive, edit.created_at))
        .collect();
    let edited = moment() + TimeDelta::seconds(1);
    assert_eq!(said, [("one", "", false, moment()), ("two", "careful", true, edited)]);
}

#[test]
fn an_accounts_statuses_are_chosen_by_pins_and_tags() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    let tagged = |author, text: &str, tag: &str| NewStatus { tags: vec![tag.into()], ..plain(author, text) };
    let rust = here.publish(&tagged(song, "#rust", "rust")).id;
    let go = here.publish(&tagged(song, "#go", "go")).id;
    here.publish(&tagged(kim, "#rust", "rust"));
    let hidden =
        here.publish(&NewStatus { visibility: Visibility::Private, ..tagged(song, "#rust", "rust") }).id;
    for status in [go, hidden] {
        assert!(there.pin(song, status, moment()).unwrap());
    }
    let all = ProfileFilter::default();
    let pinned = ProfileFilter { only_pinned: true, ..all.clone() };
    let of_tag = |tag: &str| ProfileFilter { tag: Some(tag.into()), ..all.clone() };
    for node in &nodes {
        for (filter, anybody, own) in [
            (&all, vec![rust, go], vec![rust, go, hidden]),
            (&pinned, vec![go], vec![go, hidden]),
            (&of_tag("rust"), vec![rust], vec![rust, hidden]),
            (&of_tag("java"), vec![], vec![]),
        ] {
            for (viewer, expected) in [(None, anybody), (Some(song), own)] {
                let timeline = Timeline::Account(song, filter.clone());
                let page = node.view(&timeline, viewer, &PageRequest::newest(20)).unwrap();
                let ids: Vec<StatusId> = page.entries.iter().map(|entry| entry.status.id).collect();
                assert_eq!(ids, expected, "{filter:?}, {viewer:?}");
            }
        }
    }
    there.unpin(song, go).unwrap();
    let timeline = Timeline::Account(song, pinned);
    assert_eq!(here.view(&timeline, None, &PageRequest::newest(20)).unwrap().entries, []);
}
