//! Rows of accounts, as both databases give them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use miniter_domain::{Account, AccountCounts, PostDefaults, ProfileField, UserId, Username, Visibility};

use crate::rows::Moment;
use crate::schema::{account_stats, users};

/// What `users` has of an account, and its counts.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
#[expect(clippy::struct_excessive_bools, reason = "the table has them")]
pub(crate) struct AccountRow {
    id: i64,
    username: Option<String>,
    name: String,
    profile: String,
    locked: bool,
    bot: bool,
    discoverable: bool,
    created_at: Moment,
    default_visibility: i16,
    default_sensitive: bool,
    default_language: Option<String>,
    #[diesel(embed)]
    counts: Option<CountsRow>,
}

/// What `account_stats` has of an account.
#[derive(Queryable, Selectable)]
#[diesel(table_name = account_stats)]
pub(crate) struct CountsRow {
    statuses_count: i64,
    followers_count: i64,
    following_count: i64,
    last_status_at: Option<NaiveDateTime>,
}

/// Account, name and value of a field of a profile.
pub(crate) type FieldRow = (i64, String, String);

/// Puts rows together: `fields` in the order in which each account has them.
pub(crate) fn accounts_of(rows: Vec<AccountRow>, fields: Vec<FieldRow>) -> Vec<Arc<Account>> {
    let mut profiles: HashMap<i64, Vec<ProfileField>> = HashMap::new();
    for (account, name, value) in fields {
        profiles.entry(account).or_default().push(ProfileField { name, value });
    }
    rows.into_iter()
        .map(|row| {
            let fields = profiles.remove(&row.id).unwrap_or_default();
            Arc::new(account(row, fields))
        })
        .collect()
}

fn account(row: AccountRow, fields: Vec<ProfileField>) -> Account {
    let id = UserId::new(row.id);
    let Moment(created_at) = row.created_at;
    // Other SQL may have made them wrong.
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    Account {
        id,
        username: row.username.unwrap_or_else(|| Username::of_nameless(id)),
        display_name: row.name,
        note: row.profile,
        fields,
        is_locked: row.locked,
        is_bot: row.bot,
        is_discoverable: row.discoverable,
        created_at,
        last_status_at: row
            .counts
            .as_ref()
            .and_then(|counts| counts.last_status_at)
            .map(|moment| moment.and_utc()),
        counts: row.counts.map_or_else(AccountCounts::default, |counts| AccountCounts {
            statuses: count(counts.statuses_count),
            followers: count(counts.followers_count),
            following: count(counts.following_count),
        }),
        defaults: PostDefaults {
            visibility: Visibility::of_code(row.default_visibility),
            is_sensitive: row.default_sensitive,
            language: row.default_language,
        },
    }
}
