//! Reading statuses: one, several, a thread, a timeline, and who has reacted to them.
//!
//! A status that the viewer may not see is not found: nobody learns that it exists.

use std::collections::HashSet;
use std::sync::{Arc, mpsc};

use miniter_domain::{
    Account, AccountRepository, CircleRepository, Clock, Collection, CollectionPage, Entry, Freshness,
    PageRequest, ProfileFilter, Reaction, ReactionRepository, Status, StatusEdit, StatusId, StatusRepository,
    Thread, ThreadRepository, Timeline, TimelinePage, TimelineRepository, UserId, Viewer,
};

use crate::error::ServiceError;
use crate::sight::Sight;
use crate::status_view::{StatusView, StatusViews};

/// A part of a list of statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusPage {
    /// Newest first.
    pub statuses: Vec<StatusView>,
    /// Whether the list goes on below the oldest.
    pub has_older: bool,
}

/// What stands around a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusContext {
    /// What it replies to, the first status of the thread first.
    pub ancestors: Vec<StatusView>,
    /// What replies to it: each before its own replies. Authors' replies to themselves come first.
    pub descendants: Vec<StatusView>,
}

/// A part of the list of accounts that have reacted to a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPage {
    /// Cursors and accounts, the newest reaction first.
    pub accounts: Vec<(StatusId, Arc<Account>)>,
    /// Whether the list goes on below the oldest.
    pub has_older: bool,
}

/// A part of what a user keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectedPage {
    /// Newest first: what was added last.
    pub statuses: Vec<StatusView>,
    /// The cursors of the oldest and the newest entry.
    pub ends: Option<(StatusId, StatusId)>,
    /// Whether the list goes on below the oldest.
    pub has_older: bool,
}

/// What a status says and has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusHistory {
    /// The status as it is.
    pub view: StatusView,
    /// Its versions, the first one first and the present one last.
    pub versions: Vec<StatusEdit>,
}

/// What statuses are read from.
#[derive(Clone)]
pub struct StatusSources {
    /// Statuses.
    pub statuses: Arc<dyn StatusRepository>,
    /// Timelines.
    pub timelines: Arc<dyn TimelineRepository>,
    /// What accounts are to the viewer.
    pub circles: Arc<dyn CircleRepository>,
    /// Threads and reactions.
    pub threads: Arc<dyn ThreadRepository>,
    /// Accounts.
    pub accounts: Arc<dyn AccountRepository>,
    /// Favourites and bookmarks.
    pub reactions: Arc<dyn ReactionRepository>,
    /// What brings the memory of this node up to date.
    pub freshness: Arc<dyn Freshness>,
}

/// The use cases of reading statuses.
pub struct StatusReading {
    from: StatusSources,
    sight: Sight,
    views: StatusViews,
    clock: Arc<dyn Clock>,
}

impl StatusReading {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(from: StatusSources, views: StatusViews, clock: Arc<dyn Clock>) -> Self {
        let sight = Sight::new(Arc::clone(&from.statuses), Arc::clone(&from.circles));
        Self { from, sight, views, clock }
    }

    /// The actor's home timeline, if all of it is in memory: this may be called where nothing may block.
    #[must_use]
    pub fn cached_home(&self, actor: UserId, page: &PageRequest) -> Option<StatusPage> {
        let viewer = Some(actor);
        let found = self.from.timelines.cached_page(&Timeline::Home, viewer, page, self.clock.now())?;
        let statuses = self.views.cached(viewer, &found.entries)?;
        Some(newest_first(statuses, found.has_older))
    }

    /// The actor's home timeline.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if they do not exist, and the general `Unavailable` and `Internal`.
    pub fn read_home(&self, actor: UserId, page: &PageRequest) -> Result<StatusPage, ServiceError> {
        self.read(&Timeline::Home, Some(actor), page)?.ok_or(ServiceError::Unauthenticated)
    }

    /// The public timeline, as a viewer sees it or anybody.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn read_public(
        &self,
        viewer: Option<UserId>,
        page: &PageRequest,
    ) -> Result<StatusPage, ServiceError> {
        Ok(self.read(&Timeline::Public, viewer, page)?.unwrap_or_else(nothing))
    }

    /// The statuses of an account, as a viewer sees them or anybody.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn read_account(
        &self,
        viewer: Option<UserId>,
        account: UserId,
        filter: ProfileFilter,
        page: &PageRequest,
    ) -> Result<StatusPage, ServiceError> {
        if self.from.accounts.find_many(&[account])?.is_empty() {
            return Err(ServiceError::UserNotFound);
        }
        Ok(self.read(&Timeline::Account(account, filter), viewer, page)?.unwrap_or_else(nothing))
    }

    fn read(
        &self,
        timeline: &Timeline,
        viewer: Option<UserId>,
        page: &PageRequest,
    ) -> Result<Option<StatusPage>, ServiceError> {
        let Some(TimelinePage { entries, has_older }) =
            self.from.timelines.find_page(timeline, viewer, page, self.clock.now())?
        else {
            return Ok(None);
        };
        Ok(Some(newest_first(self.views.list(viewer, &entries)?, has_older)))
    }

    /// A status.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], also if the viewer may not see it, and the general `Unavailable` and `Internal`.
    pub fn find(&self, viewer: Option<UserId>, status: StatusId) -> Result<StatusView, ServiceError> {
        let entry = self.sight.find_entry(viewer, status)?;
        self.view(viewer, entry)
    }

    /// A status that the actor has just written, or done something with, with all that it is shown with. For one that was deleted
    /// that is what it was.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`] if what it boosts or its author is gone, and the general `Unavailable` and `Internal`.
    pub fn show_written(&self, actor: UserId, status: Arc<Status>) -> Result<StatusView, ServiceError> {
        self.catch_up();
        let viewer = Some(actor);
        let present = self.from.statuses.find_many(&[status.id])?.pop();
        let status = present.unwrap_or(status);
        let original = match status.reblog_of {
            Some(original) => {
                let found = self.from.statuses.find_many(&[original])?.pop();
                Some(found.ok_or(ServiceError::StatusNotFound)?)
            }
            None => None,
        };
        self.view(viewer, Entry { status, original })
    }

    /// Waits until the memory of this node has what was written before this call: a node learns of its own writes as of all
    /// others. What is wrong with the database does not undo a write, so the answer is made from what is in memory then.
    fn catch_up(&self) {
        if self.from.freshness.check_now().is_some() {
            return;
        }
        let (done, is_done) = mpsc::sync_channel(1);
        self.from.freshness.check(Box::new(move |outcome| {
            // The receiver waits, or its thread was given up.
            let _ = done.send(outcome);
        }));
        if let Ok(Err(error)) = is_done.recv() {
            log::debug!("an answer to a write may show what was before: {error}");
        }
    }

    /// The statuses with these numbers that the viewer may see, each once and in the order of the numbers.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn list(
        &self,
        viewer: Option<UserId>,
        statuses: &[StatusId],
    ) -> Result<Vec<StatusView>, ServiceError> {
        let mut entries = self.sight.list(viewer, statuses)?;
        let place = |entry: &Entry| statuses.iter().position(|status| *status == entry.status.id);
        entries.sort_by_key(place);
        Ok(self.views.list(viewer, &entries)?)
    }

    /// What the actor keeps as favourites or bookmarks and may still see.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn read_collection(
        &self,
        actor: UserId,
        collection: Collection,
        page: &PageRequest,
    ) -> Result<CollectedPage, ServiceError> {
        let CollectionPage { entries: found, has_older } =
            self.from.reactions.find_collected(collection, actor, page)?;
        let ends = found.first().zip(found.last()).map(|((oldest, _), (newest, _))| (*oldest, *newest));
        let entries: Vec<Entry> =
            found.into_iter().rev().map(|(_, status)| Entry { status, original: None }).collect();
        Ok(CollectedPage { statuses: self.views.list(Some(actor), &entries)?, ends, has_older })
    }

    /// What stands around a status, or around what it boosts.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], also if the viewer may not see it, and the general `Unavailable` and `Internal`.
    pub fn find_context(
        &self,
        viewer: Option<UserId>,
        status: StatusId,
    ) -> Result<StatusContext, ServiceError> {
        let status = self.sight.find(viewer, status)?;
        let parts = self.from.threads.list_parts(status.conversation, status.id)?;
        let Thread { ancestors, descendants } = Thread::around(status.id, &parts);
        let circle = self.sight.circle(viewer)?;
        let now = self.clock.now();
        let ids: Vec<StatusId> = ancestors.iter().chain(&descendants).copied().collect();
        let found = self.from.statuses.find_many(&ids)?;
        let entry = |id: &StatusId| {
            let place = found.binary_search_by_key(id, |status| status.id).ok()?;
            let status = found.get(place)?;
            let is_shown = Viewer::of(circle.as_deref()).is_in_thread(status, now);
            is_shown.then(|| Entry { status: Arc::clone(status), original: None })
        };
        let mut entries: Vec<Entry> = ancestors.iter().filter_map(entry).collect();
        let above: HashSet<StatusId> = ancestors.iter().copied().collect();
        let below = descendants.iter().filter_map(entry);
        let (to_themselves, others): (Vec<Entry>, Vec<Entry>) =
            below.partition(|entry| entry.status.in_reply_to_account == Some(entry.status.author));
        entries.extend(to_themselves);
        entries.extend(others);
        let views = self.views.list(viewer, &entries)?;
        let (ancestors, descendants) = views.into_iter().partition(|view| above.contains(&view.status.id));
        Ok(StatusContext { ancestors, descendants })
    }

    /// A status as its author typed it.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], also if the viewer may not see it, and the general `Unavailable` and `Internal`.
    pub fn find_source(&self, viewer: Option<UserId>, status: StatusId) -> Result<Arc<Status>, ServiceError> {
        self.sight.find(viewer, status)
    }

    /// What a status has said.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], also if the viewer may not see it, and the general `Unavailable` and `Internal`.
    pub fn find_history(
        &self,
        viewer: Option<UserId>,
        status: StatusId,
    ) -> Result<StatusHistory, ServiceError> {
        let status = self.sight.find(viewer, status)?;
        let mut versions = self.from.threads.list_edits(status.id)?;
        versions.push(StatusEdit {
            text: status.text.clone(),
            spoiler_text: status.spoiler_text.clone(),
            is_sensitive: status.is_sensitive,
            created_at: status.edited_at.unwrap_or(status.created_at),
        });
        let view = self.view(viewer, Entry { status, original: None })?;
        Ok(StatusHistory { view, versions })
    }

    /// The accounts that have reacted to a status, or to what it boosts.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], also if the viewer may not see it, and the general `Unavailable` and `Internal`.
    pub fn find_reactors(
        &self,
        viewer: Option<UserId>,
        status: StatusId,
        reaction: Reaction,
        page: &PageRequest,
    ) -> Result<AccountPage, ServiceError> {
        let status = self.sight.find(viewer, status)?.id;
        let found = self.from.threads.find_reactors(reaction, status, viewer, page, self.clock.now())?;
        let mut users: Vec<UserId> = found.entries.iter().map(|(_, user)| *user).collect();
        users.sort_unstable();
        let accounts = self.from.accounts.find_many(&users)?;
        let accounts = found.entries.iter().rev().filter_map(|(cursor, user)| {
            let place = accounts.binary_search_by_key(user, |account| account.id).ok()?;
            Some((*cursor, Arc::clone(accounts.get(place)?)))
        });
        Ok(AccountPage { accounts: accounts.collect(), has_older: found.has_older })
    }

    fn view(&self, viewer: Option<UserId>, entry: Entry) -> Result<StatusView, ServiceError> {
        self.views.list(viewer, &[entry])?.pop().ok_or(ServiceError::StatusNotFound)
    }
}

fn newest_first(mut statuses: Vec<StatusView>, has_older: bool) -> StatusPage {
    statuses.reverse();
    StatusPage { statuses, has_older }
}

/// A page of a list without statuses.
fn nothing() -> StatusPage {
    StatusPage { statuses: Vec::new(), has_older: false }
}
