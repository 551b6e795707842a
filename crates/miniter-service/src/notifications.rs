//! Reading notifications, and how far a user has read.
//!
//! A notification whose status the user may not see any more is not shown. A page is filled after that: an empty one is the end.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use miniter_domain::{
    Account, AccountRepository, Circle, CircleRepository, Clock, Entry, MarkedTimeline, Marker,
    MarkerRepository, Notification, NotificationId, NotificationQuery, NotificationRepository,
    RepositoryError, Status, StatusId, StatusRepository, UserId, Viewer,
};

use crate::error::ServiceError;
use crate::status_view::{StatusView, StatusViews};

/// How often more notifications are read for a page that is not full.
const MOST_READS: u32 = 10;

/// The most unread notifications that are counted.
pub const MOST_UNREAD: u32 = 1_000;

/// A notification, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationView {
    /// The notification.
    pub notification: Notification,
    /// The account that did it.
    pub account: Arc<Account>,
    /// The status, if the notification is about one.
    pub status: Option<StatusView>,
}

/// A part of a user's notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationPage {
    /// Newest first.
    pub notifications: Vec<NotificationView>,
    /// Whether there may be older ones.
    pub has_older: bool,
}

/// A notification, and the status that it is about.
struct Visible {
    notification: Notification,
    status: Option<Arc<Status>>,
}

/// What notifications are read from.
#[derive(Clone)]
pub struct NotificationSources {
    /// Notifications.
    pub notifications: Arc<dyn NotificationRepository>,
    /// Markers.
    pub markers: Arc<dyn MarkerRepository>,
    /// Statuses.
    pub statuses: Arc<dyn StatusRepository>,
    /// What accounts are to users.
    pub circles: Arc<dyn CircleRepository>,
    /// Accounts.
    pub accounts: Arc<dyn AccountRepository>,
}

/// The use cases around notifications.
pub struct Notifications {
    sources: NotificationSources,
    views: StatusViews,
    clock: Arc<dyn Clock>,
}

impl Notifications {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(sources: NotificationSources, views: StatusViews, clock: Arc<dyn Clock>) -> Self {
        Self { sources, views, clock }
    }

    /// A part of the actor's notifications.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn list(&self, actor: UserId, query: &NotificationQuery) -> Result<NotificationPage, ServiceError> {
        let (found, has_older) = self.list_visible(actor, query)?;
        Ok(NotificationPage { notifications: self.views(actor, found)?, has_older })
    }

    /// The visible notifications that a query wants, and whether there may be older ones.
    fn list_visible(
        &self,
        actor: UserId,
        query: &NotificationQuery,
    ) -> Result<(Vec<Visible>, bool), ServiceError> {
        let circle = self.sources.circles.find(actor)?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let mut query = query.clone();
        let (mut entries, mut is_end) = (Vec::new(), false);
        for _ in 0..MOST_READS {
            let read = self.sources.notifications.list(actor, &query)?;
            is_end = read.len() < limit;
            // From the far end on.
            if query.min_id.is_some() {
                query.min_id = read.first().map(|newest| newest.id).or(query.min_id);
            } else {
                query.max_id = read.last().map(|oldest| oldest.id).or(query.max_id);
            }
            entries.extend(self.visible(&circle, read)?);
            if is_end || entries.len() >= limit {
                break;
            }
        }
        let is_upwards = query.min_id.is_some();
        entries.sort_unstable_by_key(|entry| Reverse(entry.notification.id));
        let is_cut = entries.len() > limit;
        if is_upwards {
            entries.drain(..entries.len().saturating_sub(limit));
        } else {
            entries.truncate(limit);
        }
        // Below a page that begins at a bound there is at least what the bound names.
        Ok((entries, is_upwards || is_cut || !is_end))
    }

    /// A notification of the actor.
    ///
    /// # Errors
    /// [`ServiceError::NotificationNotFound`], and the general `Unavailable` and `Internal`.
    pub fn find(&self, actor: UserId, id: NotificationId) -> Result<NotificationView, ServiceError> {
        let circle = self.sources.circles.find(actor)?;
        let found = self.sources.notifications.find(actor, id)?;
        let found = self.visible(&circle, found.into_iter().collect())?;
        self.views(actor, found)?.pop().ok_or(ServiceError::NotificationNotFound)
    }

    /// Deletes a notification of the actor.
    ///
    /// # Errors
    /// [`ServiceError::NotificationNotFound`], and the general `Unavailable` and `Internal`.
    pub fn dismiss(&self, actor: UserId, id: NotificationId) -> Result<(), ServiceError> {
        if self.sources.notifications.delete(actor, id)? {
            Ok(())
        } else {
            Err(ServiceError::NotificationNotFound)
        }
    }

    /// Deletes all notifications of the actor.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn clear(&self, actor: UserId) -> Result<(), ServiceError> {
        Ok(self.sources.notifications.clear(actor)?)
    }

    /// How many notifications that a query wants are newer than the actor's marker: at most as many as it wants, and at most
    /// [`MOST_UNREAD`].
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn count_unread(&self, actor: UserId, query: &NotificationQuery) -> Result<usize, ServiceError> {
        let markers = self.sources.markers.list(actor)?;
        let read_upto = markers
            .iter()
            .find(|marker| marker.timeline == MarkedTimeline::Notifications)
            .map(|marker| NotificationId::new(marker.last_read_id));
        let query = NotificationQuery {
            limit: query.limit.min(MOST_UNREAD),
            since_id: read_upto.max(query.since_id),
            ..query.clone()
        };
        Ok(self.list_visible(actor, &query)?.0.len())
    }

    /// How far the actor has read these timelines.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn list_markers(
        &self,
        actor: UserId,
        timelines: &[MarkedTimeline],
    ) -> Result<Vec<Marker>, ServiceError> {
        let mut markers = self.sources.markers.list(actor)?;
        markers.retain(|marker| timelines.contains(&marker.timeline));
        Ok(markers)
    }

    /// Moves markers of the actor, and returns them.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if the actor does not exist, and the general `Unavailable` and `Internal`.
    pub fn set_markers(
        &self,
        actor: UserId,
        positions: &[(MarkedTimeline, i64)],
    ) -> Result<Vec<Marker>, ServiceError> {
        let moved = self.sources.markers.set(actor, positions, self.clock.now());
        moved.map_err(|error| match error {
            RepositoryError::MissingReference => ServiceError::Unauthenticated,
            RepositoryError::Taken
            | RepositoryError::KeyReused
            | RepositoryError::IdTaken
            | RepositoryError::Unavailable(_)
            | RepositoryError::Backend(_) => error.into(),
        })
    }

    /// The notifications that the user may still see, with their statuses, in their order.
    fn visible(
        &self,
        circle: &Circle,
        notifications: Vec<Notification>,
    ) -> Result<Vec<Visible>, ServiceError> {
        let ids: Vec<StatusId> =
            notifications.iter().filter_map(|notification| notification.status).collect();
        let statuses: HashMap<StatusId, Arc<Status>> = if ids.is_empty() {
            HashMap::new()
        } else {
            let statuses = self.sources.statuses.find_many(&ids)?;
            statuses.into_iter().map(|status| (status.id, status)).collect()
        };
        let entry = |notification: Notification| {
            if circle.blocked.contains(&notification.from) {
                return None;
            }
            let Some(id) = notification.status else {
                return Some(Visible { notification, status: None });
            };
            let status = statuses.get(&id)?;
            let is_visible = Viewer::User(circle).may_see(status);
            is_visible.then(|| Visible { notification, status: Some(Arc::clone(status)) })
        };
        Ok(notifications.into_iter().filter_map(entry).collect())
    }

    /// Notifications with all that they are shown with, in their order. One whose account is gone meanwhile is left out.
    fn views(&self, actor: UserId, found: Vec<Visible>) -> Result<Vec<NotificationView>, ServiceError> {
        let mut users: Vec<UserId> = found.iter().map(|visible| visible.notification.from).collect();
        users.sort_unstable();
        users.dedup();
        let accounts: HashMap<UserId, Arc<Account>> = self
            .sources
            .accounts
            .find_many(&users)?
            .into_iter()
            .map(|account| (account.id, account))
            .collect();
        let statuses: HashMap<StatusId, &Arc<Status>> = found
            .iter()
            .filter_map(|visible| Some((visible.status.as_ref()?.id, visible.status.as_ref()?)))
            .collect();
        let entries: Vec<Entry> = statuses
            .into_values()
            .map(|status| Entry { status: Arc::clone(status), original: None })
            .collect();
        let statuses: HashMap<StatusId, StatusView> =
            self.views.list(Some(actor), &entries)?.into_iter().map(|view| (view.status.id, view)).collect();
        let view = |Visible { notification, status }: Visible| {
            let account = Arc::clone(accounts.get(&notification.from)?);
            let status = match status {
                Some(status) => Some(statuses.get(&status.id)?.clone()),
                None => None,
            };
            Some(NotificationView { notification, account, status })
        };
        Ok(found.into_iter().filter_map(view).collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use miniter_domain::{
        Interactions, MockAccountRepository, MockApplicationRepository, MockCircleRepository,
        MockInteractionRepository, MockMarkerRepository, MockNotificationRepository, MockStatusRepository,
        NotificationKind, Visibility,
    };

    use super::*;
    use crate::accounts::tests::FixedClock;
    use crate::status_view::tests::account;

    const SONG: UserId = UserId::new(1);
    const KIM: UserId = UserId::new(2);
    const BLOCKED: UserId = UserId::new(3);

    /// Notifications from 1 to 40, each about a status of its number: those that 4 divides are of accounts that are blocked, and
    /// Song may not see every other one of the rest.
    fn notifications(last_read: Option<i64>) -> Notifications {
        let mut notifications = MockNotificationRepository::new();
        notifications.expect_list().returning(|_, query| {
            let above = query.since_id.max(query.min_id).map_or(0, NotificationId::get);
            let below = query.max_id.map_or(41, NotificationId::get);
            let mut ids: Vec<i64> = (above + 1..below).collect();
            let limit = query.limit as usize;
            if query.min_id.is_some() {
                ids.truncate(limit);
            } else {
                ids.drain(..ids.len().saturating_sub(limit));
            }
            Ok(ids.into_iter().rev().map(notification).collect())
        });
        let mut statuses = MockStatusRepository::new();
        statuses.expect_find_many().returning(|ids| {
            let status = |id: &StatusId| {
                let plain = Status::plain(*id, KIM, String::new(), DateTime::UNIX_EPOCH);
                let visibility = if id.get() % 2 == 0 { Visibility::Public } else { Visibility::Private };
                Arc::new(Status { visibility, ..plain })
            };
            Ok(ids.iter().map(status).collect())
        });
        let mut circles = MockCircleRepository::new();
        circles
            .expect_find()
            .returning(|user| Ok(Arc::new(Circle { blocked: [BLOCKED].into(), ..Circle::new(user) })));
        let mut markers = MockMarkerRepository::new();
        markers.expect_list().returning(move |_| {
            let marker = |last_read_id| Marker {
                timeline: MarkedTimeline::Notifications,
                last_read_id,
                version: 1,
                updated_at: DateTime::UNIX_EPOCH,
            };
            Ok(last_read.map(marker).into_iter().collect())
        });
        let mut accounts = MockAccountRepository::new();
        accounts.expect_find_many().returning(|users| Ok(users.iter().map(|user| account(*user)).collect()));
        let accounts: Arc<dyn AccountRepository> = Arc::new(accounts);
        let sources = NotificationSources {
            notifications: Arc::new(notifications),
            markers: Arc::new(markers),
            statuses: Arc::new(statuses),
            circles: Arc::new(circles),
            accounts: Arc::clone(&accounts),
        };
        let mut interactions = MockInteractionRepository::new();
        interactions.expect_list().returning(|_, statuses| Ok(vec![Interactions::default(); statuses.len()]));
        let views =
            StatusViews::new(accounts, Arc::new(interactions), Arc::new(MockApplicationRepository::new()));
        Notifications::new(sources, views, Arc::new(FixedClock::at(1_000)))
    }

    fn notification(id: i64) -> Notification {
        Notification {
            id: NotificationId::new(id),
            kind: NotificationKind::Mention,
            from: if id % 4 == 0 { BLOCKED } else { KIM },
            status: Some(StatusId::new(id)),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn ids(page: &NotificationPage) -> Vec<i64> {
        page.notifications.iter().map(|view| view.notification.id.get()).collect()
    }

    #[test]
    fn a_page_is_full_though_some_are_not_shown() {
        let notifications = notifications(None);
        let newest = NotificationQuery::newest(4);
        let page = notifications.list(SONG, &newest).unwrap();
        assert_eq!((ids(&page), page.has_older), (vec![38, 34, 30, 26], true));
        let below = NotificationQuery { max_id: Some(NotificationId::new(10)), ..newest.clone() };
        let page = notifications.list(SONG, &below).unwrap();
        assert_eq!((ids(&page), page.has_older), (vec![6, 2], false));
        let above = NotificationQuery { min_id: Some(NotificationId::new(10)), ..newest };
        let page = notifications.list(SONG, &above).unwrap();
        assert_eq!((ids(&page), page.has_older), (vec![26, 22, 18, 14], true));
    }

    #[test]
    fn what_is_above_the_marker_is_unread() {
        let count =
            |last_read| notifications(last_read).count_unread(SONG, &NotificationQuery::newest(100)).unwrap();
        assert_eq!([count(None), count(Some(30)), count(Some(40))], [10, 2, 0]);
    }
}
