//! How the database is.

use diesel::dsl::max;
use diesel::prelude::*;
use miniter_domain::{Connections, Health, RepositoryError};

use crate::backend::__diesel_schema_migrations;
use crate::database::{Database, read};
use crate::schema::{minimum_migration, users};
use crate::store::Store;

impl Health for Store {
    fn check(&self) -> Result<(), RepositoryError> {
        match &*self.database {
            Database::Sqlite(file) => file.check_files()?,
            #[cfg(feature = "mysql")]
            Database::Mysql(_) => {}
        }
        let (newest, minimum): (Option<String>, Option<String>) = read!(self, |connection| {
            // As a write begins: a server's limits for a user count statements in text, and not those that are prepared.
            connection.transaction(|connection| {
                users::table.select(users::id).first::<i64>(connection).optional()?;
                let newest = __diesel_schema_migrations::table
                    .select(max(__diesel_schema_migrations::version))
                    .first(connection)?;
                let minimum =
                    minimum_migration::table.select(max(minimum_migration::version)).first(connection)?;
                Ok((newest, minimum))
            })
        })?;
        // They are named by their times, all of one length. Newer ones may be the next release's.
        let misfit = if newest.is_none_or(|newest| newest < self.newest_migration) {
            "the schema is older than this program"
        } else if minimum.is_some_and(|minimum| minimum > self.newest_migration) {
            "the schema is too new for this program"
        } else {
            return Ok(());
        };
        Err(RepositoryError::Unavailable(misfit.into()))
    }

    fn connections(&self) -> Connections {
        self.database.connections()
    }
}
