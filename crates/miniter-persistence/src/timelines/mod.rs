//! Home timelines: derived from tweets and follows, so that reading them is cheap. Each database has the store that
//! fits it.

pub(crate) mod index;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
pub(crate) mod recent;
mod sqlite;

use diesel::QueryResult;
use diesel::sqlite::SqliteConnection;
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
            Backend::Mysql(database) => mysql::find_home(database, reader.get(), page),
        }
    }
}

/// What a connection does for a new user.
pub(crate) trait OpenTimeline {
    /// Gives a new user an empty home timeline, in the transaction of their sign-up.
    fn open_timeline(&mut self, reader: i64) -> QueryResult<()>;
}

impl OpenTimeline for SqliteConnection {
    fn open_timeline(&mut self, _: i64) -> QueryResult<()> {
        Ok(())
    }
}

#[cfg(feature = "mysql")]
impl OpenTimeline for diesel::mysql::MysqlConnection {
    fn open_timeline(&mut self, reader: i64) -> QueryResult<()> {
        mysql::open(self, reader)
    }
}

fn entry((id, author, text): Row) -> TimelineEntry {
    TimelineEntry { tweet_id: TweetId::new(id), author: UserId::new(author), text: text.into() }
}
