//! What a node keeps in memory, and how events change it.

use std::sync::Arc;

use miniter_domain::Status;

use crate::access_tokens::AccessTokens;
use crate::accounts::Accounts;
use crate::app_labels::AppLabels;
use crate::circles::Circles;
use crate::feed::{Derived, Event};
use crate::home_timelines::HomeTimelines;
use crate::interactions::InteractionCache;
use crate::statuses::Statuses;
use crate::token_versions::TokenVersions;

/// Everything that is kept in memory and derived from the database.
pub(crate) struct Caches {
    pub(crate) accounts: Accounts,
    pub(crate) home_timelines: HomeTimelines,
    pub(crate) statuses: Statuses,
    pub(crate) circles: Circles,
    pub(crate) interactions: InteractionCache,
    pub(crate) token_versions: TokenVersions,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) app_labels: AppLabels,
}

impl Derived for Caches {
    fn apply(&self, events: &[Event], published: &[Arc<Status>]) {
        // Before the events: one of them may delete what was published in the same commit.
        for status in published {
            if self.home_timelines.has_readers(status.author.get()) {
                self.statuses.keep(Arc::clone(status));
            }
        }
        for event in events {
            match *event {
                Event::TokensRenewed { user, version } => {
                    self.token_versions.learn(user, version);
                    self.access_tokens.apply(*event);
                }
                Event::AccessTokenRevoked { .. } => self.access_tokens.apply(*event),
                Event::ForeignWrites => self.invalidate(),
                Event::Published { .. }
                | Event::Deleted { .. }
                | Event::Followed { .. }
                | Event::Unfollowed { .. }
                | Event::StatusChanged { .. }
                | Event::InteractionChanged { .. }
                | Event::Notified { .. }
                | Event::AccountChanged { .. }
                | Event::CircleChanged { .. }
                | Event::AccountDeleted { .. } => {
                    self.accounts.apply(*event);
                    self.home_timelines.apply(*event);
                    self.statuses.apply(*event);
                    self.access_tokens.apply(*event);
                    self.circles.apply(*event);
                    self.interactions.apply(*event);
                }
            }
        }
    }

    fn invalidate(&self) {
        self.accounts.forget_all();
        self.home_timelines.forget_all();
        self.statuses.forget_all();
        self.circles.forget_all();
        self.interactions.forget_all();
        self.token_versions.invalidate();
        self.access_tokens.forget_all();
        self.app_labels.forget_all();
    }
}
