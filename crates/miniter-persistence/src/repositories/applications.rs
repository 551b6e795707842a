//! Applications in the database.

use std::sync::Arc;

use diesel::prelude::*;
use miniter_domain::{
    AppId, AppLabel, Application, ApplicationRepository, NewApplication, RepositoryError, Scopes,
    SecretDigest,
};

use crate::database::{read, write};
use crate::rows::{Moment, digest_of};
use crate::schema::applications;
use crate::store::Store;

/// A row for `applications`; the database gives the number.
#[derive(Insertable)]
#[diesel(table_name = applications)]
struct NewRow {
    client_id: String,
    client_secret: Vec<u8>,
    name: String,
    website: Option<String>,
    redirect_uris: String,
    scopes: String,
    created_at: chrono::NaiveDateTime,
}

/// A row, as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = applications)]
struct Row {
    id: i64,
    client_id: String,
    client_secret: Vec<u8>,
    name: String,
    website: Option<String>,
    redirect_uris: String,
    scopes: String,
    #[diesel(deserialize_as = Moment)]
    created_at: chrono::DateTime<chrono::Utc>,
}

impl From<Row> for Application {
    fn from(row: Row) -> Self {
        Self {
            id: AppId::new(row.id),
            name: row.name,
            website: row.website,
            client_id: row.client_id,
            client_secret: digest_of(&row.client_secret),
            redirect_uris: row.redirect_uris,
            scopes: Scopes::known_in(&row.scopes),
            created_at: row.created_at,
        }
    }
}

impl ApplicationRepository for Store {
    fn create(&self, application: &NewApplication) -> Result<AppId, RepositoryError> {
        let NewApplication { name, website, client_id, client_secret, redirect_uris, scopes, created_at } =
            application;
        let SecretDigest(client_secret) = client_secret;
        let row = NewRow {
            client_id: client_id.clone(),
            client_secret: client_secret.to_vec(),
            name: name.as_str().to_owned(),
            website: website.as_ref().map(|website| website.as_str().to_owned()),
            redirect_uris: redirect_uris.to_string(),
            scopes: scopes.to_string(),
            created_at: created_at.naive_utc(),
        };
        write!(self, |connection, _events| {
            diesel::insert_into(applications::table).values(&row).execute(connection)?;
            // Found by its key: MySQL has no RETURNING.
            applications::table
                .filter(applications::client_id.eq(&row.client_id))
                .select(applications::id)
                .first(connection)
        })
        .map(AppId::new)
    }

    fn find(&self, app: AppId) -> Result<Option<Application>, RepositoryError> {
        let row: Option<Row> = read!(self, |connection| {
            applications::table.find(app.get()).select(Row::as_select()).first(connection).optional()
        })?;
        Ok(row.map(Application::from))
    }

    fn cached_labels(&self, apps: &[AppId]) -> Option<Vec<Arc<AppLabel>>> {
        self.caches.app_labels.cached(apps)
    }

    fn list_labels(&self, apps: &[AppId]) -> Result<Vec<Arc<AppLabel>>, RepositoryError> {
        if let Some(found) = self.cached_labels(apps) {
            return Ok(found);
        }
        let ids: Vec<i64> = apps.iter().map(|app| app.get()).collect();
        let rows: Vec<(i64, String, Option<String>)> = read!(self, |connection| {
            applications::table
                .filter(applications::id.eq_any(&ids))
                .select((applications::id, applications::name, applications::website))
                .load(connection)
        })?;
        let label = |(id, name, website)| Arc::new(AppLabel { id: AppId::new(id), name, website });
        let found: Vec<Arc<AppLabel>> = rows.into_iter().map(label).collect();
        self.caches.app_labels.keep(&found);
        Ok(found)
    }

    fn find_by_client_id(&self, client_id: &str) -> Result<Option<Application>, RepositoryError> {
        let row: Option<Row> = read!(self, |connection| {
            applications::table
                .filter(applications::client_id.eq(client_id))
                .select(Row::as_select())
                .first(connection)
                .optional()
        })?;
        // A server's collation ignores spaces at the end.
        Ok(row.map(Application::from).filter(|found| found.client_id == client_id))
    }
}
