//! Who sees what: each kind of viewer, each visibility, each call that reads statuses.

use miniter_domain::{
    CircleRepository, NewStatus, PageRequest, ProfileFilter, StatusId, StatusRepository, Timeline, UserId,
    Viewer, Visibility,
};

use crate::acts::plain;
use crate::support::Database;

/// An author with a status of each visibility, which mention one account, and one who has boosted all of them.
struct World {
    nodes: Vec<Database>,
    author: UserId,
    booster: UserId,
    /// Follows the author.
    follower: UserId,
    statuses: Vec<(Visibility, StatusId)>,
    boosts: Vec<(Visibility, StatusId)>,
}

/// The visibilities of the statuses that a viewer sees.
const NONE: &[Visibility] = &[];
const ANYBODY: &[Visibility] = &[Visibility::Public, Visibility::Unlisted];
const FOLLOWERS: &[Visibility] = &[Visibility::Public, Visibility::Unlisted, Visibility::Private];
const ALL: &[Visibility] = &Visibility::ALL;

/// The visibilities of those statuses that are in a timeline.
fn list(
    node: &Database,
    timeline: &Timeline,
    viewer: Option<UserId>,
    among: &[(Visibility, StatusId)],
) -> Vec<Visibility> {
    let page = node.view(timeline, viewer, &PageRequest::newest(100)).unwrap();
    // From memory too, where it is there.
    assert_eq!(node.view(timeline, viewer, &PageRequest::newest(100)).unwrap(), page);
    page.entries
        .iter()
        .filter_map(|entry| among.iter().find(|(_, id)| *id == entry.status.id))
        .map(|(visibility, _)| *visibility)
        .collect()
}

impl World {
    /// Holds all that a viewer reads against what they may see, what of that is in timelines, and what at home.
    fn check(
        &self,
        who: &str,
        viewer: Option<UserId>,
        seen: &[Visibility],
        listed: &[Visibility],
        home: &[Visibility],
    ) {
        for node in &self.nodes {
            node.freshen();
            let circle = viewer.map(|viewer| CircleRepository::find(&**node, viewer).unwrap());
            let looks = Viewer::of(circle.as_deref());
            let ids: Vec<StatusId> = self.statuses.iter().map(|(_, id)| *id).collect();
            let found = StatusRepository::find_many(&**node, &ids).unwrap();
            let may_see: Vec<Visibility> =
                found.iter().filter(|status| looks.may_see(status)).map(|status| status.visibility).collect();
            assert_eq!(may_see, seen, "{who}: one status");

            let account = Timeline::Account(self.author, ProfileFilter::default());
            assert_eq!(list(node, &account, viewer, &self.statuses), seen, "{who}: the account");
            let classic = Timeline::Classic(self.follower);
            assert_eq!(list(node, &classic, viewer, &self.statuses), listed, "{who}: a classic timeline");
            let public: Vec<Visibility> =
                listed.iter().copied().filter(|visibility| *visibility == Visibility::Public).collect();
            let found = list(node, &Timeline::Public, viewer, &self.statuses);
            assert_eq!(found, public, "{who}: the public timeline");
            if viewer.is_some() {
                let found = list(node, &Timeline::Home, viewer, &self.statuses);
                assert_eq!(found, home, "{who}: home");
            }
            // Boosts are of those that the viewer may see, unless they hide the author.
            let boosts = Timeline::Account(self.booster, ProfileFilter::default());
            assert_eq!(list(node, &boosts, viewer, &self.boosts), listed, "{who}: boosts");
        }
    }
}

#[test]
fn each_viewer_sees_what_is_meant_for_them_and_nothing_else_by_any_call() {
    let nodes = Database::nodes(2);
    let database = &nodes[0];
    let user = |name: &str| database.user(name);
    let (author, booster) = (user("author"), user("booster"));
    let [stranger, follower, mentioned, blocked, blocking, muting] =
        ["stranger", "follower", "mentioned", "blocked", "blocking", "muting"].map(user);
    let mut mentions = vec![mentioned, blocked, blocking];
    mentions.sort_unstable();
    for other in [follower, blocked, blocking, muting] {
        database.follow(other, author);
    }
    let mut statuses = Vec::new();
    for visibility in Visibility::ALL {
        let new = NewStatus { visibility, mentions: mentions.clone(), ..plain(author, visibility.name()) };
        statuses.push((visibility, database.publish(&new).id));
    }
    let boosts = statuses
        .iter()
        .map(|(visibility, status)| (*visibility, database.boost(booster, *status).id))
        .collect();
    let world = World { nodes, author, booster, follower, statuses, boosts };
    let (there, here) = (&world.nodes[world.nodes.len() - 1], &world.nodes[0]);

    // Before the blocks and the mute, so that these change what is in memory.
    world.check("follower", Some(follower), FOLLOWERS, FOLLOWERS, FOLLOWERS);
    for (who, viewer) in [("to be blocked", blocked), ("to block", blocking)] {
        world.check(who, Some(viewer), ALL, ALL, FOLLOWERS);
    }
    world.check("to mute", Some(muting), FOLLOWERS, FOLLOWERS, FOLLOWERS);
    there.set_block(author, blocked, true);
    here.set_block(blocking, author, true);
    there.set_mute(muting, author, true);

    world.check("anybody", None, ANYBODY, ANYBODY, NONE);
    world.check("stranger", Some(stranger), ANYBODY, ANYBODY, NONE);
    world.check("follower", Some(follower), FOLLOWERS, FOLLOWERS, FOLLOWERS);
    world.check("mentioned", Some(mentioned), ALL, ALL, NONE);
    world.check("blocked", Some(blocked), NONE, NONE, NONE);
    world.check("blocking", Some(blocking), NONE, NONE, NONE);
    world.check("muting", Some(muting), FOLLOWERS, NONE, NONE);
    world.check("author", Some(author), ALL, ALL, FOLLOWERS);
    let gone = Some(UserId::new(1_000));
    for node in &world.nodes {
        assert_eq!(node.view(&Timeline::Home, gone, &PageRequest::newest(1)), None);
        let classic = list(node, &Timeline::Classic(follower), gone, &world.statuses);
        assert_eq!(classic, ANYBODY, "a token of an account that is gone");
    }
}

#[test]
fn a_page_ends_where_too_much_is_hidden_and_says_that_there_is_more() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let rows: Vec<String> =
        (1..=9_000).map(|id| format!("({id}, {song}, 'status', {})", if id < 3 { 0 } else { 3 })).collect();
    for rows in rows.chunks(3_000) {
        database.execute(&format!(
            "INSERT INTO tweets (id, user_id, tweet, visibility) VALUES {}",
            rows.join(", ")
        ));
    }
    let account = Timeline::Account(song, ProfileFilter::default());
    let page = |page: &PageRequest| {
        let found = database.view(&account, Some(kim), page).unwrap();
        (found.entries.iter().map(|entry| entry.status.id.get()).collect::<Vec<_>>(), found.has_older)
    };
    assert_eq!(page(&PageRequest::newest(5)), (vec![], true));
    let below = PageRequest { max_id: Some(StatusId::new(4_000)), ..PageRequest::newest(5) };
    assert_eq!(page(&below), (vec![1, 2], false));
    let above = PageRequest { min_id: Some(StatusId::new(1)), ..PageRequest::newest(5) };
    assert_eq!(page(&above), (vec![2], true));
}
