//! What a node keeps in memory, and how events change it.

use miniter_domain::TimelineEntry;

use crate::backend::sqlite::writer::OnCommit;
use crate::feed::Event;
use crate::home_timelines::HomeTimelines;
use crate::sessions::TokenVersions;

/// Everything that is kept in memory and derived from the database.
pub(crate) struct Memory {
    pub(crate) home_timelines: HomeTimelines,
    pub(crate) token_versions: TokenVersions,
}

impl Memory {
    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        match event {
            Event::TokensRenewed { user, version } => self.token_versions.learn(user, version),
            Event::ForeignWrites => self.forget(),
            Event::Published { .. }
            | Event::Deleted { .. }
            | Event::Followed { .. }
            | Event::Unfollowed { .. }
            | Event::AccountDeleted { .. } => self.home_timelines.apply(event),
        }
    }

    /// Forgets everything: another program has written, or events were missed.
    pub(crate) fn forget(&self) {
        self.home_timelines.forget_all();
        self.token_versions.doubt();
    }
}

impl OnCommit for Memory {
    fn apply(&self, events: &[Event], published: &[TimelineEntry]) {
        // Before the events: one of them may delete what was published in the same commit.
        for tweet in published {
            self.home_timelines.keep_text(tweet);
        }
        for event in events {
            self.apply(*event);
        }
    }

    fn forget(&self) {
        self.forget();
    }
}
