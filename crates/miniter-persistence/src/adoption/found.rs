//! What there is in a database, in the words of `information_schema`, and what of its structure is in the way.

use std::collections::BTreeMap;

use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::adoption::names;
use crate::adoption::references::Reference;
use crate::adoption::tables::{Column, TABLES, Table};

/// What there is, in the words of `information_schema`.
pub(super) struct Found {
    pub(super) columns: Vec<FoundColumn>,
    /// By table and name.
    pub(super) indexes: BTreeMap<(String, String), FoundIndex>,
    /// Those of our own tables.
    pub(super) foreign_keys: Vec<FoundForeignKey>,
    /// Those of other programs' tables that refer to ours.
    pub(super) references: Vec<Reference>,
    /// Names of foreign keys of other tables that ours are to have.
    pub(super) taken: Vec<String>,
    pub(super) triggers: Vec<String>,
}

/// An index.
#[derive(Default, PartialEq, Eq)]
pub(super) struct FoundIndex {
    /// In small letters.
    pub(super) columns: Vec<String>,
    pub(super) is_unique: bool,
    /// Whether it is on the whole of each column, rather than on its first characters.
    pub(super) is_whole: bool,
}

impl FoundIndex {
    pub(super) fn is_on(&self, columns: &[&str]) -> bool {
        self.columns == columns
    }
}

#[derive(QueryableByName)]
pub(super) struct FoundColumn {
    #[diesel(sql_type = Text)]
    pub(super) table_name: String,
    #[diesel(sql_type = Text)]
    pub(super) column_name: String,
    #[diesel(sql_type = Text)]
    pub(super) data_type: String,
    #[diesel(sql_type = Text)]
    pub(super) column_type: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) characters: Option<i64>,
    /// Whether a row cannot be written without a value for it.
    #[diesel(sql_type = BigInt)]
    pub(super) must_be_filled: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) is_generated: i64,
}

#[derive(QueryableByName)]
pub(super) struct FoundIndexColumn {
    #[diesel(sql_type = Text)]
    pub(super) table_name: String,
    #[diesel(sql_type = Text)]
    pub(super) index_name: String,
    #[diesel(sql_type = Text)]
    pub(super) column_name: String,
    #[diesel(sql_type = BigInt)]
    pub(super) is_unique: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) is_whole: i64,
}

#[derive(QueryableByName)]
pub(super) struct FoundForeignKey {
    #[diesel(sql_type = Text)]
    pub(super) table_name: String,
    #[diesel(sql_type = Text)]
    pub(super) constraint_name: String,
}

impl Found {
    pub(super) fn read(connection: &mut MysqlConnection) -> QueryResult<Self> {
        let columns = sql_query(
            "SELECT table_name AS table_name, column_name AS column_name, LOWER(data_type) AS data_type, \
             LOWER(column_type) AS column_type, CAST(character_maximum_length AS SIGNED) AS characters, \
             CAST(is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%' \
             AND extra NOT LIKE '%GENERATED%' AS SIGNED) AS must_be_filled, \
             CAST(extra LIKE '%STORED GENERATED%' AS SIGNED) AS is_generated \
             FROM information_schema.columns WHERE table_schema = DATABASE() \
             AND table_name IN ('users', 'users_follow_list', 'tweets') ORDER BY table_name, ordinal_position",
        )
        .load(connection)?;
        let indexed: Vec<FoundIndexColumn> = sql_query(
            "SELECT table_name AS table_name, index_name AS index_name, \
             LOWER(COALESCE(column_name, '')) AS column_name, CAST(non_unique = 0 AS SIGNED) AS is_unique, \
             CAST(sub_part IS NULL AS SIGNED) AS is_whole FROM information_schema.statistics WHERE table_schema = DATABASE() \
             AND table_name IN ('users', 'users_follow_list', 'tweets') \
             ORDER BY table_name, index_name, seq_in_index",
        )
        .load(connection)?;
        let mut indexes: BTreeMap<_, FoundIndex> = BTreeMap::new();
        for FoundIndexColumn { table_name, index_name, column_name, is_unique, is_whole } in indexed {
            let index = indexes.entry((table_name, index_name)).or_default();
            index.is_unique = is_unique == 1;
            index.is_whole = is_whole == 1 && (index.is_whole || index.columns.is_empty());
            index.columns.push(column_name);
        }
        let foreign_keys = sql_query(
            "SELECT table_name AS table_name, constraint_name AS constraint_name \
             FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() \
             AND table_name IN ('users', 'users_follow_list', 'tweets')",
        )
        .load(connection)?;
        let references = Reference::read(connection)?;
        let taken = names(
            connection,
            "SELECT constraint_name AS name FROM information_schema.table_constraints \
             WHERE constraint_schema = DATABASE() \
             AND table_name NOT IN ('users', 'users_follow_list', 'tweets') AND constraint_name IN \
             ('users_follow_list_user', 'users_follow_list_follow_user', 'tweets_user')",
        )?;
        let triggers = names(
            connection,
            "SELECT CONCAT(event_object_table, ': the trigger ', trigger_name) AS name \
             FROM information_schema.triggers WHERE event_object_schema = DATABASE() \
             AND event_object_table IN ('users', 'users_follow_list', 'tweets')",
        )?;
        Ok(Self { columns, indexes, foreign_keys, references, taken, triggers })
    }

    pub(super) fn column(&self, table: &Table, column: &Column) -> Option<&FoundColumn> {
        let named = |name: &str| {
            // MySQL does not tell the names of columns apart by case.
            self.columns
                .iter()
                .find(|found| found.table_name == table.name && found.column_name.eq_ignore_ascii_case(name))
        };
        named(column.name).or_else(|| column.misspellings.iter().copied().find_map(named))
    }

    pub(super) fn indexes_of<'a>(
        &'a self,
        table: &'a Table,
    ) -> impl Iterator<Item = (&'a str, &'a FoundIndex)> {
        self.indexes
            .iter()
            .filter(|((of, _), _)| of == table.name)
            .map(|((_, name), index)| (name.as_str(), index))
    }

    /// What of the structure is in the way.
    pub(super) fn offences(&self) -> Vec<String> {
        let mut offences = Vec::new();
        for table in &TABLES {
            for column in table.columns {
                match self.column(table, column) {
                    None => offences.push(format!("{}: the column {} is missing", table.name, column.name)),
                    Some(found) if !column.kind.takes(found) => offences.push(format!(
                        "{}: the column {} is {}, where {} is wanted",
                        table.name,
                        found.column_name,
                        found.column_type,
                        column.kind.wanted()
                    )),
                    Some(_) => {}
                }
            }
            let known: Vec<_> = table
                .columns
                .iter()
                .filter_map(|column| self.column(table, column))
                .map(|c| &c.column_name)
                .collect();
            for found in self.columns.iter().filter(|found| found.table_name == table.name) {
                let name = &found.column_name;
                if name.eq_ignore_ascii_case("email_canonical") && found.is_generated == 0 {
                    offences
                        .push(format!("{}: the column {name} is not the one that miniter makes", table.name));
                } else if !known.contains(&name) && found.must_be_filled == 1 {
                    offences.push(format!(
                        "{}: the column {name} must be filled, which miniter does not do; give it a default or allow NULL",
                        table.name
                    ));
                }
            }
            let primary_key = self.indexes_of(table).find(|(name, _)| *name == "PRIMARY");
            if !primary_key.is_some_and(|(_, index)| index.is_on(table.primary_key)) {
                let wanted = table.primary_key.join(", ");
                offences.push(format!("{}: the primary key is not ({wanted})", table.name));
            }
            for (name, index) in self.indexes_of(table) {
                if index.is_unique && name != "PRIMARY" && !table.replaces(index) {
                    offences.push(format!(
                        "{}: the unique index {name} on ({}) would refuse what miniter accepts",
                        table.name,
                        index.columns.join(", ")
                    ));
                }
            }
        }
        offences
            .extend(self.triggers.iter().map(|trigger| format!("{trigger} was written for the old columns")));
        for name in &self.taken {
            offences.push(format!("another table has a constraint of the name {name}, which ours must have"));
        }
        offences.extend(self.references.iter().filter_map(Reference::offence));
        offences
    }
}
