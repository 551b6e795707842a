//! Foreign keys of other programs' tables that refer to ours.
//!
//! A column cannot change its type under a foreign key. So each is dropped, and added again to a column that is as wide as
//! ours has become. How is noted in a table first, so that an adoption that was cut off adds them, too.

use diesel::connection::SimpleConnection;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::adoption::{names, number};

/// Where it is noted how to add them again, from the first change of an adoption to its last.
const NOTES: &str = "miniter_adoption";

/// A foreign key and the column that it is on.
#[derive(QueryableByName)]
pub(super) struct Reference {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    constraint_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    referenced_table: String,
    #[diesel(sql_type = Text)]
    referenced_column: String,
    #[diesel(sql_type = Text)]
    delete_rule: String,
    #[diesel(sql_type = Text)]
    update_rule: String,
    #[diesel(sql_type = BigInt)]
    is_elsewhere: i64,
    #[diesel(sql_type = BigInt)]
    has_more_columns: i64,
    /// Other foreign keys, onto other tables or onto this one, that the column is in.
    #[diesel(sql_type = BigInt)]
    entangled: i64,
    #[diesel(sql_type = Text)]
    is_nullable: String,
    #[diesel(sql_type = Nullable<Text>)]
    column_default: Option<String>,
    #[diesel(sql_type = Text)]
    extra: String,
    #[diesel(sql_type = Text)]
    comment: String,
}

impl Reference {
    pub(super) fn read(connection: &mut MysqlConnection) -> QueryResult<Vec<Self>> {
        sql_query(
            "SELECT k.table_name AS table_name, k.constraint_name AS constraint_name, k.column_name AS column_name, \
             k.referenced_table_name AS referenced_table, LOWER(k.referenced_column_name) AS referenced_column, \
             r.delete_rule AS delete_rule, r.update_rule AS update_rule, \
             CAST(k.table_schema <> DATABASE() AS SIGNED) AS is_elsewhere, \
             (SELECT COUNT(*) FROM information_schema.key_column_usage m WHERE m.constraint_schema = k.constraint_schema \
             AND m.constraint_name = k.constraint_name AND m.table_name = k.table_name) > 1 AS has_more_columns, \
             (SELECT COUNT(*) FROM information_schema.key_column_usage o WHERE o.referenced_table_name IS NOT NULL AND \
             ((o.table_schema = k.table_schema AND o.table_name = k.table_name AND o.column_name = k.column_name \
             AND o.referenced_table_name NOT IN ('users', 'users_follow_list', 'tweets')) \
             OR (o.referenced_table_schema = k.table_schema AND o.referenced_table_name = k.table_name \
             AND o.referenced_column_name = k.column_name))) AS entangled, \
             c.is_nullable AS is_nullable, CAST(c.column_default AS CHAR) AS column_default, LOWER(c.extra) AS extra, \
             c.column_comment AS comment \
             FROM information_schema.key_column_usage k \
             JOIN information_schema.referential_constraints r ON r.constraint_schema = k.constraint_schema \
             AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name \
             JOIN information_schema.columns c ON c.table_schema = k.table_schema AND c.table_name = k.table_name \
             AND c.column_name = k.column_name \
             WHERE k.referenced_table_schema = DATABASE() \
             AND k.referenced_table_name IN ('users', 'users_follow_list', 'tweets') \
             AND NOT (k.table_schema = DATABASE() AND k.table_name IN ('users', 'users_follow_list', 'tweets')) \
             ORDER BY k.table_name, k.constraint_name",
        )
        .load(connection)
    }

    /// Why it could not be added again, if it could not.
    pub(super) fn offence(&self) -> Option<String> {
        let Self { table_name, constraint_name, column_name, .. } = self;
        let why = if self.is_elsewhere == 1 {
            format!(
                "{table_name}: its foreign key {constraint_name} refers to a table of miniter from another database"
            )
        } else if self.has_more_columns == 1
            || self.referenced_column != "id"
            || self.referenced_table == "users_follow_list"
        {
            format!(
                "{table_name}: its foreign key {constraint_name} refers to more than an id of a user or a tweet"
            )
        } else if self.entangled > 0 {
            format!(
                "{table_name}: the column {column_name} is in another foreign key, too, and cannot be widened"
            )
        } else if self.definition().is_none() {
            format!("{table_name}: the column {column_name} is generated, or has a default that is no number")
        } else {
            return None;
        };
        Some(format!(
            "{why}; ALTER TABLE `{table_name}` DROP FOREIGN KEY `{constraint_name}`, and add it again when the tables are \
             adopted"
        ))
    }

    /// How many rows refer to nothing, as they may if they were written without checks. They could not be referred again.
    pub(super) fn dangling(&self, connection: &mut MysqlConnection) -> QueryResult<Option<String>> {
        let Self { table_name, column_name, referenced_table, .. } = self;
        let rows = number(
            connection,
            &format!(
                "SELECT COUNT(*) AS number FROM `{table_name}` c LEFT JOIN {referenced_table} p ON p.id = c.`{column_name}` \
                 WHERE c.`{column_name}` IS NOT NULL AND p.id IS NULL"
            ),
        )?;
        Ok((rows > 0).then(|| {
            format!("{table_name}: {rows} rows refer to {referenced_table} by {column_name}, where there is no such row")
        }))
    }

    /// The column as it becomes.
    fn definition(&self) -> Option<String> {
        if !["", "auto_increment"].contains(&self.extra.as_str()) {
            return None;
        }
        // MariaDB says NULL, MySQL says nothing.
        let default = match self.column_default.as_deref() {
            None | Some("NULL") => String::new(),
            Some(default) => format!(" DEFAULT {}", default.parse::<i64>().ok()?),
        };
        let null = if self.is_nullable == "YES" { "NULL" } else { "NOT NULL" };
        let comment = self.comment.replace('\\', "\\\\").replace('\'', "\'\'");
        Some(format!("BIGINT {null}{default} {} COMMENT '{comment}'", self.extra))
    }

    /// What the foreign key and its column are changed to.
    pub(super) fn widening(&self) -> String {
        format!("MODIFY `{}` {}", self.column_name, self.definition().unwrap_or_default())
    }

    pub(super) fn table_name(&self) -> &str {
        &self.table_name
    }

    /// Drops it, having noted how to add it again.
    pub(super) fn drop(&self, connection: &mut MysqlConnection) -> QueryResult<()> {
        let Self {
            table_name, constraint_name, column_name, referenced_table, delete_rule, update_rule, ..
        } = self;
        sql_query(format!("REPLACE INTO {NOTES} (table_name, constraint_name, statement) VALUES (?, ?, ?)"))
            .bind::<Text, _>(table_name)
            .bind::<Text, _>(constraint_name)
            .bind::<Text, _>(format!(
                "ALTER TABLE `{table_name}` {}, ADD CONSTRAINT `{constraint_name}` FOREIGN KEY (`{column_name}`) \
                 REFERENCES {referenced_table} (id) ON DELETE {delete_rule} ON UPDATE {update_rule}",
                self.widening()
            ))
            .execute(connection)?;
        connection.batch_execute(&format!("ALTER TABLE `{table_name}` DROP FOREIGN KEY `{constraint_name}`"))
    }
}

/// Makes the table of notes.
pub(super) fn begin(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute(&format!(
        "CREATE TABLE IF NOT EXISTS {NOTES} (table_name VARCHAR(64) NOT NULL, constraint_name VARCHAR(64) NOT NULL, \
         statement TEXT NOT NULL, PRIMARY KEY (table_name, constraint_name)) \
         ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    ))
}

/// Adds again what was dropped, also by an adoption that was cut off.
pub(super) fn finish(connection: &mut MysqlConnection, report: &mut dyn FnMut(&str)) -> QueryResult<()> {
    for statement in names(connection, &format!("SELECT statement AS name FROM {NOTES} ORDER BY 1"))? {
        report(&format!("a table of another program refers to ours: {statement}"));
        connection.batch_execute(&statement)?;
        sql_query(format!("DELETE FROM {NOTES} WHERE statement = ?"))
            .bind::<Text, _>(&statement)
            .execute(connection)?;
    }
    connection.batch_execute(&format!("DROP TABLE {NOTES}"))
}
