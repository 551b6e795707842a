//! Who may see a status, and in which timelines it is: the one place that decides.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::{ProfileFilter, Status, UserId, Visibility};

/// What the accounts around a user are to them, as far as it decides what they see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// The user themselves.
    pub user: UserId,
    /// The accounts that they follow.
    pub followees: HashSet<UserId>,
    /// Those of them whose boosts they do not want.
    pub without_reblogs: HashSet<UserId>,
    /// The accounts that they have blocked, and those that have blocked them.
    pub blocked: HashSet<UserId>,
    /// The accounts that they have muted, until a moment or for ever.
    pub muted: HashMap<UserId, Option<DateTime<Utc>>>,
}

impl Circle {
    /// The circle of a user without followees, blocks and mutes.
    #[must_use]
    pub fn new(user: UserId) -> Self {
        Self {
            user,
            followees: HashSet::new(),
            without_reblogs: HashSet::new(),
            blocked: HashSet::new(),
            muted: HashMap::new(),
        }
    }

    /// Whether an account is kept out of the user's timelines: it is blocked, or muted at this moment.
    #[must_use]
    pub fn hides(&self, account: UserId, now: DateTime<Utc>) -> bool {
        self.blocked.contains(&account)
            || self.muted.get(&account).is_some_and(|until| until.is_none_or(|until| now < until))
    }
}

/// The reader of a status.
#[derive(Debug, Clone, Copy)]
pub enum Viewer<'a> {
    /// A client without a token, or any other.
    Anybody,
    /// A user.
    User(&'a Circle),
}

impl<'a> Viewer<'a> {
    /// The viewer with a circle, or anybody.
    #[must_use]
    pub fn of(circle: Option<&'a Circle>) -> Self {
        circle.map_or(Self::Anybody, Self::User)
    }
}

impl Viewer<'_> {
    /// Whether the viewer may see a status that is not a boost. A boost may be seen if both it and its original may be.
    #[must_use]
    pub fn may_see(self, status: &Status) -> bool {
        let Self::User(circle) = self else { return status.visibility.is_for_anybody() };
        if status.author == circle.user {
            return true;
        }
        if circle.blocked.contains(&status.author) {
            return false;
        }
        match status.visibility {
            Visibility::Public | Visibility::Unlisted => true,
            Visibility::Private => {
                circle.followees.contains(&status.author) || status.mentions.contains(&circle.user)
            }
            Visibility::Direct => status.mentions.contains(&circle.user),
        }
    }

    /// Whether the viewer may see a status and what it boosts: `original` is [`Status::reblog_of`], if there still is one.
    #[must_use]
    pub fn may_see_with(self, status: &Status, original: Option<&Status>) -> bool {
        self.may_see(status)
            && (status.reblog_of.is_none() || original.is_some_and(|original| self.may_see(original)))
    }
}

impl Circle {
    /// Whether a status of the user or one of their followees is in the user's home timeline.
    ///
    /// It has their own statuses, those of followees, their boosts unless they are not wanted, and their replies to the user, to
    /// themselves or to another followee. It has nothing direct, and nothing of accounts that are blocked or muted.
    #[must_use]
    pub fn is_home(&self, status: &Status, original: Option<&Status>, now: DateTime<Utc>) -> bool {
        if status.visibility == Visibility::Direct || !Viewer::User(self).may_see_with(status, original) {
            return false;
        }
        if status.author == self.user {
            return true;
        }
        if self.hides(status.author, now) {
            return false;
        }
        if let Some(original) = original {
            return !self.without_reblogs.contains(&status.author) && !self.hides(original.author, now);
        }
        status.in_reply_to_account.is_none_or(|account| {
            account == self.user
                || account == status.author
                || (self.followees.contains(&account) && !self.hides(account, now))
        })
    }
}

impl Viewer<'_> {
    /// Whether an account is kept out of the viewer's timelines.
    #[must_use]
    pub fn hides(self, account: UserId, now: DateTime<Utc>) -> bool {
        match self {
            Self::Anybody => false,
            Self::User(circle) => circle.hides(account, now),
        }
    }

    /// Whether a status of a user or one of their followees is in that user's classic timeline, as this viewer sees it. It has
    /// every status that the viewer may see, replies too, and no boosts.
    #[must_use]
    pub fn is_classic(self, status: &Status, now: DateTime<Utc>) -> bool {
        status.reblog_of.is_none() && self.is_in_thread(status, now)
    }

    /// Whether a status is in its thread, as this viewer sees it.
    #[must_use]
    pub fn is_in_thread(self, status: &Status, now: DateTime<Utc>) -> bool {
        self.may_see(status) && (self.is(status.author) || !self.hides(status.author, now))
    }

    /// Whether a status is in the public timeline, as this viewer sees it. It has public statuses without boosts and without
    /// replies to others.
    #[must_use]
    pub fn is_public(self, status: &Status, now: DateTime<Utc>) -> bool {
        status.visibility == Visibility::Public
            && !is_reply_to_another(status)
            && self.is_classic(status, now)
    }

    /// Whether a status is in the list of its author's statuses, as this viewer sees it. An account that the viewer has muted
    /// keeps its own list; only its boosts of such accounts are left out.
    #[must_use]
    pub fn is_profile(
        self,
        status: &Status,
        original: Option<&Status>,
        filter: &ProfileFilter,
        now: DateTime<Utc>,
    ) -> bool {
        self.may_see_with(status, original)
            && !(filter.exclude_reblogs && status.reblog_of.is_some())
            && !(filter.exclude_replies && is_reply_to_another(status))
            && filter.tag.as_ref().is_none_or(|tag| status.tags.contains(tag))
            && original.is_none_or(|original| !self.hides(original.author, now))
    }

    /// Whether the viewer is this user.
    fn is(self, user: UserId) -> bool {
        match self {
            Self::Anybody => false,
            Self::User(circle) => circle.user == user,
        }
    }
}

/// Whether a status replies to another account than its author's.
fn is_reply_to_another(status: &Status) -> bool {
    status.in_reply_to_account.is_some_and(|account| account != status.author)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StatusId;

    const READER: UserId = UserId::new(1);
    const FRIEND: UserId = UserId::new(2);
    const STRANGER: UserId = UserId::new(3);
    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn status(author: UserId, visibility: Visibility) -> Status {
        let plain = Status::plain(StatusId::new(1), author, "text".into(), NOW);
        Status { visibility, ..plain }
    }

    fn circle() -> Circle {
        Circle { followees: [FRIEND].into(), ..Circle::new(READER) }
    }

    #[test]
    fn an_audience_is_anybody_the_followers_or_those_mentioned() {
        let circle = circle();
        for (author, visibility, anybody, reader, reader_mentioned) in [
            (FRIEND, Visibility::Public, true, true, true),
            (FRIEND, Visibility::Unlisted, true, true, true),
            (FRIEND, Visibility::Private, false, true, true),
            (FRIEND, Visibility::Direct, false, false, true),
            (STRANGER, Visibility::Private, false, false, true),
            (STRANGER, Visibility::Direct, false, false, true),
            (READER, Visibility::Direct, false, true, true),
        ] {
            let mut status = status(author, visibility);
            assert_eq!(Viewer::Anybody.may_see(&status), anybody, "{status:?}");
            assert_eq!(Viewer::User(&circle).may_see(&status), reader, "{status:?}");
            status.mentions = vec![READER];
            assert_eq!(Viewer::User(&circle).may_see(&status), reader_mentioned, "{status:?}");
            assert_eq!(Viewer::Anybody.may_see(&status), anybody, "{status:?}");
        }
    }

    #[test]
    fn a_block_hides_everything_and_a_mute_only_timelines() {
        let blocked = Circle { blocked: [FRIEND].into(), ..circle() };
        let mut mention = status(FRIEND, Visibility::Direct);
        mention.mentions = vec![READER];
        for status in [status(FRIEND, Visibility::Public), mention] {
            assert!(!Viewer::User(&blocked).may_see(&status));
        }
        let second = chrono::TimeDelta::seconds(1);
        let public = status(FRIEND, Visibility::Public);
        for (until, is_muted) in [(None, true), (Some(NOW + second), true), (Some(NOW), false)] {
            let muted = Circle { muted: [(FRIEND, until)].into(), ..circle() };
            assert!(Viewer::User(&muted).may_see(&public));
            assert_eq!(muted.is_home(&public, None, NOW), !is_muted);
            assert_eq!(Viewer::User(&muted).is_classic(&public, NOW), !is_muted);
        }
    }

    #[test]
    fn replies_are_at_home_if_the_reader_follows_both() {
        for (to, is_home) in [(READER, true), (FRIEND, true), (STRANGER, false)] {
            let reply = Status { in_reply_to_account: Some(to), ..status(FRIEND, Visibility::Public) };
            assert_eq!(circle().is_home(&reply, None, NOW), is_home, "{to}");
            assert!(Viewer::Anybody.is_classic(&reply, NOW));
            let own = Status { author: READER, ..reply };
            assert!(circle().is_home(&own, None, NOW));
        }
        let direct = Status { mentions: vec![READER], ..status(FRIEND, Visibility::Direct) };
        assert!(!circle().is_home(&direct, None, NOW));
        assert!(Viewer::User(&circle()).is_classic(&direct, NOW));
    }

    #[test]
    fn boosts_are_at_home_unless_they_or_their_originals_are_unwanted() {
        let boost = Status { reblog_of: Some(StatusId::new(9)), ..status(FRIEND, Visibility::Public) };
        let original = status(STRANGER, Visibility::Public);
        assert!(circle().is_home(&boost, Some(&original), NOW));
        assert!(!circle().is_home(&boost, None, NOW), "the original is gone");
        assert!(!Viewer::User(&circle()).is_classic(&boost, NOW));
        let private = status(STRANGER, Visibility::Private);
        assert!(!circle().is_home(&boost, Some(&private), NOW));
        for circle in [
            Circle { without_reblogs: [FRIEND].into(), ..circle() },
            Circle { muted: [(STRANGER, None)].into(), ..circle() },
            Circle { blocked: [STRANGER].into(), ..circle() },
        ] {
            assert!(!circle.is_home(&boost, Some(&original), NOW), "{circle:?}");
        }
    }

    #[test]
    fn the_public_timeline_has_what_is_meant_for_everybody() {
        for (visibility, is_public) in [(Visibility::Public, true), (Visibility::Unlisted, false)] {
            let status = status(STRANGER, visibility);
            assert_eq!(Viewer::Anybody.is_public(&status, NOW), is_public);
        }
        let public = status(STRANGER, Visibility::Public);
        for (to, is_public) in [(STRANGER, true), (FRIEND, false)] {
            let reply = Status { in_reply_to_account: Some(to), ..public.clone() };
            assert_eq!(Viewer::Anybody.is_public(&reply, NOW), is_public);
        }
        let boost = Status { reblog_of: Some(StatusId::new(9)), ..public.clone() };
        assert!(!Viewer::Anybody.is_public(&boost, NOW));
        for circle in [
            Circle { muted: [(STRANGER, None)].into(), ..circle() },
            Circle { blocked: [STRANGER].into(), ..circle() },
        ] {
            assert!(!Viewer::User(&circle).is_public(&public, NOW), "{circle:?}");
        }
    }

    #[test]
    fn a_profile_has_what_its_filter_leaves_and_not_what_the_viewer_has_muted() {
        let all = ProfileFilter::default();
        let circle = Circle { muted: [(FRIEND, None)].into(), ..circle() };
        let viewer = Viewer::User(&circle);
        let post = status(STRANGER, Visibility::Public);
        let reply = Status { in_reply_to_account: Some(READER), ..post.clone() };
        let boost = Status { reblog_of: Some(StatusId::new(9)), ..post.clone() };
        let original = status(READER, Visibility::Public);
        assert!(viewer.is_profile(&status(FRIEND, Visibility::Public), None, &all, NOW));
        assert!(viewer.is_profile(&reply, None, &all, NOW));
        assert!(viewer.is_profile(&boost, Some(&original), &all, NOW));
        assert!(!viewer.is_profile(&boost, None, &all, NOW), "the original is gone");
        assert!(!viewer.is_profile(&boost, Some(&status(FRIEND, Visibility::Public)), &all, NOW));
        let no_replies = ProfileFilter { exclude_replies: true, ..all.clone() };
        assert!(!viewer.is_profile(&reply, None, &no_replies, NOW));
        let no_reblogs = ProfileFilter { exclude_reblogs: true, ..all.clone() };
        assert!(!viewer.is_profile(&boost, Some(&original), &no_reblogs, NOW));
        let tagged = ProfileFilter { tag: Some("rust".into()), ..all };
        assert!(!viewer.is_profile(&post, None, &tagged, NOW));
        assert!(viewer.is_profile(&Status { tags: vec!["rust".into()], ..post }, None, &tagged, NOW));
    }

    #[test]
    fn names_and_codes_are_those_of_one_visibility() {
        for visibility in Visibility::ALL {
            assert_eq!(Visibility::of_code(visibility.code()), visibility);
            assert_eq!(Visibility::of_name(visibility.name()), Some(visibility));
        }
        assert_eq!(Visibility::of_code(9), Visibility::Direct);
        assert_eq!(Visibility::of_name("PUBLIC"), None);
    }
}
