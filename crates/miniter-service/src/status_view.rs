//! Statuses with all that they are shown with: their authors, the accounts that they mention, what they boost, the
//! applications that wrote them, and what the viewer has done with them.

use std::collections::HashMap;
use std::sync::Arc;

use miniter_domain::{
    Account, AccountRepository, AppId, AppLabel, ApplicationRepository, Entry, InteractionRepository,
    Interactions, RepositoryError, Status, StatusId, UserId,
};

/// A status, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusView {
    /// The status.
    pub status: Arc<Status>,
    /// Its author.
    pub account: Arc<Account>,
    /// The accounts that it mentions, as far as they exist.
    pub mentions: Vec<Arc<Account>>,
    /// The application that wrote it.
    pub application: Option<Arc<AppLabel>>,
    /// What the viewer has done with it, or with what it boosts. `None` if anybody looks.
    pub interactions: Option<Interactions>,
    /// What it boosts.
    pub reblog: Option<Box<StatusView>>,
}

/// Makes views of statuses. Each kind of thing that they are shown with is asked for once, however many statuses there are.
pub struct StatusViews {
    accounts: Arc<dyn AccountRepository>,
    interactions: Arc<dyn InteractionRepository>,
    applications: Arc<dyn ApplicationRepository>,
}

/// What views are made of.
struct Parts {
    accounts: HashMap<UserId, Arc<Account>>,
    applications: Vec<Arc<AppLabel>>,
    interactions: Option<HashMap<StatusId, Interactions>>,
}

impl StatusViews {
    /// Puts it together.
    #[must_use]
    pub fn new(
        accounts: Arc<dyn AccountRepository>,
        interactions: Arc<dyn InteractionRepository>,
        applications: Arc<dyn ApplicationRepository>,
    ) -> Self {
        Self { accounts, interactions, applications }
    }

    /// Views of statuses that the viewer may see, in their order, if all of it is in memory: this never waits.
    #[must_use]
    pub fn cached(&self, viewer: Option<UserId>, entries: &[Entry]) -> Option<Vec<StatusView>> {
        let accounts = self.accounts.cached_many(&accounts_of(entries))?;
        let statuses = targets_of(entries);
        let interactions = match viewer {
            Some(viewer) => Some(self.interactions.cached(viewer, &statuses)?),
            None => None,
        };
        let applications = match applications_of(entries) {
            none if none.is_empty() => Vec::new(),
            applications => self.applications.cached_labels(&applications)?,
        };
        Some(Parts::new(accounts, applications, &statuses, interactions).views(entries))
    }

    /// Views of statuses that the viewer may see, in their order. One whose author is gone meanwhile is left out.
    ///
    /// # Errors
    /// Those of the repositories.
    pub fn list(
        &self,
        viewer: Option<UserId>,
        entries: &[Entry],
    ) -> Result<Vec<StatusView>, RepositoryError> {
        let accounts = self.accounts.find_many(&accounts_of(entries))?;
        let statuses = targets_of(entries);
        let interactions = match viewer {
            Some(viewer) => Some(self.interactions.list(viewer, &statuses)?),
            None => None,
        };
        let applications = match applications_of(entries) {
            none if none.is_empty() => Vec::new(),
            applications => self.applications.list_labels(&applications)?,
        };
        Ok(Parts::new(accounts, applications, &statuses, interactions).views(entries))
    }
}

/// All statuses, with those that they boost.
fn statuses_of(entries: &[Entry]) -> impl Iterator<Item = &Arc<Status>> {
    entries.iter().flat_map(|entry| std::iter::once(&entry.status).chain(&entry.original))
}

/// The accounts that statuses are shown with, each once.
fn accounts_of(entries: &[Entry]) -> Vec<UserId> {
    let mut accounts: Vec<UserId> = statuses_of(entries)
        .flat_map(|status| std::iter::once(&status.author).chain(&status.mentions))
        .copied()
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// The applications that wrote statuses, each once.
fn applications_of(entries: &[Entry]) -> Vec<AppId> {
    let mut applications: Vec<AppId> =
        statuses_of(entries).filter_map(|status| status.application).map(AppId::new).collect();
    applications.sort_unstable();
    applications.dedup();
    applications
}

/// The statuses that a viewer does something with, each once: what is done with a boost is done with its original.
fn targets_of(entries: &[Entry]) -> Vec<StatusId> {
    let mut statuses: Vec<StatusId> = entries.iter().map(|entry| target(&entry.status)).collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

fn target(status: &Status) -> StatusId {
    status.reblog_of.unwrap_or(status.id)
}

impl Parts {
    fn new(
        accounts: Vec<Arc<Account>>,
        applications: Vec<Arc<AppLabel>>,
        statuses: &[StatusId],
        interactions: Option<Vec<Interactions>>,
    ) -> Self {
        Self {
            accounts: accounts.into_iter().map(|account| (account.id, account)).collect(),
            applications,
            interactions: interactions
                .map(|interactions| statuses.iter().copied().zip(interactions).collect()),
        }
    }

    fn views(&self, entries: &[Entry]) -> Vec<StatusView> {
        entries
            .iter()
            .filter_map(|entry| {
                let reblog = match &entry.original {
                    Some(original) => Some(Box::new(self.view(original, None)?)),
                    None => None,
                };
                self.view(&entry.status, reblog)
            })
            .collect()
    }

    fn view(&self, status: &Arc<Status>, reblog: Option<Box<StatusView>>) -> Option<StatusView> {
        let account = Arc::clone(self.accounts.get(&status.author)?);
        let mentions = status.mentions.iter().filter_map(|user| self.accounts.get(user).cloned()).collect();
        let interactions = self
            .interactions
            .as_ref()
            .map(|interactions| interactions.get(&target(status)).copied().unwrap_or_default());
        let application = status.application.map(AppId::new).and_then(|app| {
            let mut labels = self.applications.iter();
            labels.find(|label| label.id == app).cloned()
        });
        Some(StatusView { status: Arc::clone(status), account, mentions, application, interactions, reblog })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::DateTime;
    use miniter_domain::{
        AccountCounts, MockAccountRepository, MockApplicationRepository, MockInteractionRepository,
        PostDefaults, Visibility,
    };

    use super::*;

    /// An account with this number.
    pub(crate) fn account(id: UserId) -> Arc<Account> {
        Arc::new(Account {
            id,
            username: format!("user{id}"),
            display_name: String::new(),
            note: String::new(),
            fields: Vec::new(),
            is_locked: false,
            is_bot: false,
            is_discoverable: false,
            created_at: DateTime::UNIX_EPOCH,
            last_status_at: None,
            counts: AccountCounts::default(),
            defaults: PostDefaults { visibility: Visibility::Public, is_sensitive: false, language: None },
        })
    }

    fn status(id: i64, author: i64, mentions: &[i64]) -> Arc<Status> {
        let (id, author) = (StatusId::new(id), UserId::new(author));
        let plain = Status::plain(id, author, "text".into(), DateTime::UNIX_EPOCH);
        let mentions = mentions.iter().copied().map(UserId::new).collect();
        Arc::new(Status { mentions, ..plain })
    }

    fn favourites(of: &[StatusId]) -> Vec<Interactions> {
        of.iter()
            .map(|status| Interactions { favourited: status.get() == 10, ..Interactions::default() })
            .collect()
    }

    #[test]
    fn a_page_asks_once_for_accounts_and_once_for_what_the_viewer_has_done() {
        let mut accounts = MockAccountRepository::new();
        accounts
            .expect_find_many()
            .withf(|users| users == [1, 2, 3].map(UserId::new))
            .times(1)
            .returning(|users| Ok(users.iter().map(|user| account(*user)).collect()));
        let mut interactions = MockInteractionRepository::new();
        interactions
            .expect_list()
            .withf(|viewer, statuses| *viewer == UserId::new(9) && statuses == [10, 12].map(StatusId::new))
            .times(1)
            .returning(|_, statuses| Ok(favourites(statuses)));
        let mut applications = MockApplicationRepository::new();
        applications.expect_list_labels().withf(|apps| apps == [AppId::new(5)]).times(1).returning(|apps| {
            Ok(vec![Arc::new(AppLabel { id: apps[0], name: "Ivory".into(), website: None })])
        });
        let views = StatusViews::new(Arc::new(accounts), Arc::new(interactions), Arc::new(applications));
        let original = Arc::new(Status { application: Some(5), ..Status::clone(&status(10, 1, &[])) });
        let boost = Arc::new(Status { reblog_of: Some(original.id), ..Status::clone(&status(11, 2, &[])) });
        let entries = [
            Entry { status: boost, original: Some(Arc::clone(&original)) },
            Entry { status: status(12, 2, &[1, 3]), original: None },
            Entry { status: original, original: None },
        ];
        let found = views.list(Some(UserId::new(9)), &entries).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|view| (view.status.id.get(), view.account.id.get(), view.interactions.unwrap().favourited))
            .collect();
        assert_eq!(shown, [(11, 2, true), (12, 2, false), (10, 1, true)]);
        let reblog = found[0].reblog.as_ref().unwrap();
        assert_eq!((reblog.account.id.get(), reblog.interactions.unwrap().favourited), (1, true));
        let names = found.iter().map(|view| view.application.as_ref().map(|label| label.name.as_str()));
        assert_eq!(names.collect::<Vec<_>>(), [None, None, Some("Ivory")]);
        assert_eq!(reblog.application, found[2].application);
        let mentioned: Vec<_> = found[1].mentions.iter().map(|account| account.id.get()).collect();
        assert_eq!(mentioned, [1, 3]);
    }

    #[test]
    fn without_a_viewer_there_is_nothing_that_one_has_done_and_nobody_is_asked() {
        let mut accounts = MockAccountRepository::new();
        accounts
            .expect_cached_many()
            .returning(|users| Some(users.iter().map(|user| account(*user)).collect()));
        let views = StatusViews::new(
            Arc::new(accounts),
            Arc::new(MockInteractionRepository::new()),
            Arc::new(MockApplicationRepository::new()),
        );
        let found = views.cached(None, &[Entry { status: status(10, 1, &[]), original: None }]).unwrap();
        assert_eq!(found[0].interactions, None);
    }

    #[test]
    fn a_status_whose_author_is_gone_is_left_out_and_so_is_its_boost() {
        let mut accounts = MockAccountRepository::new();
        accounts.expect_find_many().returning(|_| Ok(vec![account(UserId::new(2))]));
        let views = StatusViews::new(
            Arc::new(accounts),
            Arc::new(MockInteractionRepository::new()),
            Arc::new(MockApplicationRepository::new()),
        );
        let original = status(10, 1, &[]);
        let boost = Arc::new(Status { reblog_of: Some(original.id), ..Status::clone(&status(11, 2, &[])) });
        let entries = [
            Entry { status: boost, original: Some(Arc::clone(&original)) },
            Entry { status: original, original: None },
            Entry { status: status(12, 2, &[1]), original: None },
        ];
        let found = views.list(None, &entries).unwrap();
        assert_eq!(found.iter().map(|view| view.status.id.get()).collect::<Vec<_>>(), [12]);
        assert_eq!(found[0].mentions, []);
    }
}
