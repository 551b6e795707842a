//! How the database is.

use diesel::dsl::max;
use diesel::prelude::*;
use miniter_domain::{Connections, Health, RepositoryError};

use crate::backend::{Backend, read};
use crate::schema::users;
use crate::store::Store;

diesel::table! {
    /// Which migrations have been run; the diesel command line tool's own.
    __diesel_schema_migrations (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}

impl Health for Store {
    fn check(&self) -> Result<(), RepositoryError> {
        let newest: Option<String> = read!(self, |connection| {
            users::table.select(users::id).first::<i64>(connection).optional()?;
            __diesel_schema_migrations::table
                .select(max(__diesel_schema_migrations::version))
                .first(connection)
        })?;
        // They are named by their times, all of one length. A newer one is the next release's, which leaves this one working.
        if newest.is_some_and(|newest| newest >= self.newest_migration) {
            Ok(())
        } else {
            Err(RepositoryError::Unavailable("the schema is older than this program".into()))
        }
    }

    fn connections(&self) -> Connections {
        match &self.backend {
            Backend::Sqlite(file) => file.connections(),
            #[cfg(feature = "mysql")]
            Backend::Mysql(database) => database.pool.connections(),
        }
    }
}
