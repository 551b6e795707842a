//! Accounts by their numbers: from memory, and what is not there from the database.

mod cache;
mod rows;
pub(crate) mod words;

pub(crate) use cache::Accounts;
pub(crate) use rows::{AccountRow, FieldRow, accounts_of};

/// The accounts with these numbers, as far as they exist, in ascending order.
macro_rules! accounts_by_ids {
    ($connection:expr, $ids:expr) => {{
        use crate::schema::{account_fields, account_stats, users};
        let (connection, ids): (&mut _, &[i64]) = ($connection, $ids);
        let mut accounts = Vec::with_capacity(ids.len());
        for ids in ids.chunks(crate::accounts::ACCOUNTS_AT_ONCE) {
            let rows: Vec<crate::accounts::AccountRow> = users::table
                .left_join(account_stats::table)
                .filter(users::id.eq_any(ids))
                .select(crate::accounts::AccountRow::as_select())
                .order(users::id)
                .load(&mut *connection)?;
            let fields: Vec<crate::accounts::FieldRow> = account_fields::table
                .filter(account_fields::user_id.eq_any(ids))
                .select((account_fields::user_id, account_fields::name, account_fields::value))
                .order((account_fields::user_id, account_fields::position))
                .load(&mut *connection)?;
            accounts.extend(crate::accounts::accounts_of(rows, fields));
        }
        Ok(accounts)
    }};
}

/// Stores the words by which the display name of an account is found.
macro_rules! insert_words {
    ($connection:expr, $user:expr, $name:expr) => {{
        use crate::schema::account_words;
        let words: Vec<_> = crate::accounts::words::words_of($name)
            .into_iter()
            .map(|word| (account_words::user_id.eq($user), account_words::word.eq(word)))
            .collect();
        for word in words {
            diesel::insert_into(account_words::table).values(word).execute($connection)?;
        }
    }};
}

pub(crate) use {accounts_by_ids, insert_words};

/// How many accounts one statement asks for.
pub(crate) const ACCOUNTS_AT_ONCE: usize = 500;
