//! Home timelines: derived from tweets and follows, so that reading them is cheap. Each database has the store that
//! fits it.

pub(crate) mod index;
#[cfg(feature = "mysql")]
mod mysql;
mod sqlite;

use miniter_domain::{
    PageRequest, RepositoryError, TimelineEntry, TimelinePage, TimelineRepository, TweetId, UserId,
};

use crate::backend::Backend;
use crate::store::Store;

/// A row of a page: tweet, author, text.
type Row = (i64, i64, String);

impl TimelineRepository for Store {
    fn recall_home(&self, reader: UserId, page: &PageRequest) -> Option<TimelinePage> {
        match &self.backend {
            Backend::Sqlite(file) => file.present_index().recall(reader.get(), page),
            // Other nodes write, too: nobody knows without asking.
            #[cfg(feature = "mysql")]
            Backend::Mysql(_) => None,
        }
    }

    fn find_home(&self, reader: UserId, page: &PageRequest) -> Result<Option<TimelinePage>, RepositoryError> {
        match &self.backend {
            Backend::Sqlite(file) => {
                let index = file.present_index();
                file.read(|connection| sqlite::find_home(connection, index, reader.get(), page))
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql(pool) => pool.read(|connection| mysql::find_home(connection, reader.get(), page)),
        }
    }
}

fn entry((id, author, text): Row) -> TimelineEntry {
    TimelineEntry { tweet_id: TweetId::new(id), author: UserId::new(author), text: text.into() }
}
