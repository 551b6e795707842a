//! Adopting a database that the original miniter made, on MySQL or MariaDB.
//!
//! The original's three tables become ours where they stand: the rows, their ids and their texts stay. First everything
//! is looked at, and nothing is changed if a single row or column is in the way. Then a few statements follow, each of
//! which can be run again: DDL cannot be rolled back there, so whoever comes after an interruption starts over and
//! finishes. The migration that makes the tables is recorded last, and that is what ends the adoption. A first migration of ours that was cut off is recognised here, too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationConnection;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::error::{OpenError, Trouble, trouble_of};

/// The migration that makes the tables; an adopted database counts as having run it.
const VERSION: &str = "20261122000000";

/// The most offending rows of a kind that are named; the rest are counted.
const MAX_NAMED: i64 = 1_000;

/// What a column must be to be adopted.
#[derive(Clone, Copy)]
enum Kind {
    /// A signed integer of 32 or 64 bits.
    Id,
    /// Text of at most this many characters, in any character set.
    Text(u64),
    /// A `TIMESTAMP` or a `DATETIME`.
    Moment,
}

/// A column as it must be, and as it becomes.
struct Column {
    name: &'static str,
    /// What it is called in some databases.
    alias: Option<&'static str>,
    kind: Kind,
    may_be_null: bool,
    definition: &'static str,
}

const fn column(name: &'static str, kind: Kind, definition: &'static str) -> Column {
    Column { name, alias: None, kind, may_be_null: false, definition }
}

/// A table as it becomes.
struct Table {
    name: &'static str,
    primary_key: &'static [&'static str],
    columns: &'static [Column],
    /// Its indexes beside the primary key: name, columns, and whether it is unique.
    indexes: &'static [(&'static str, &'static [&'static str], bool)],
    /// Columns whose own indexes ours make superfluous.
    superfluous: &'static [&'static [&'static str]],
    /// Its foreign keys: name and column. All of them refer to `users (id)` and cascade.
    foreign_keys: &'static [(&'static str, &'static str)],
}

impl Table {
    /// Whether an index is no longer needed beside ours.
    fn replaces(&self, index: &FoundIndex) -> bool {
        self.superfluous.iter().any(|columns| index.is_on(columns))
            || self.indexes.iter().any(|(_, columns, _)| index.is_on(columns))
    }
}

const ID: &str = "BIGINT NOT NULL";
const COUNTED_ID: &str = "BIGINT NOT NULL AUTO_INCREMENT";
const CREATED_AT: Column = Column {
    name: "created_at",
    alias: Some("crated_at"),
    kind: Kind::Moment,
    may_be_null: false,
    definition: "DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))",
};
const VARCHAR_255: &str = "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL";

/// What the migration in `migrations/mysql` makes; a test compares the two.
const TABLES: [Table; 3] = [
    Table {
        name: "users",
        primary_key: &["id"],
        columns: &[
            column("id", Kind::Id, COUNTED_ID),
            column("name", Kind::Text(255), VARCHAR_255),
            column("email", Kind::Text(255), VARCHAR_255),
            column("hashed_password", Kind::Text(255), VARCHAR_255),
            column(
                "profile",
                Kind::Text(2_000),
                "VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
            ),
            CREATED_AT,
            Column {
                name: "updated_at",
                alias: None,
                kind: Kind::Moment,
                may_be_null: true,
                definition: "DATETIME(6) NULL",
            },
        ],
        indexes: &[("users_email_canonical", &["email_canonical"], true)],
        superfluous: &[&["email"]],
        foreign_keys: &[],
    },
    Table {
        name: "users_follow_list",
        primary_key: &["user_id", "follow_user_id"],
        columns: &[column("user_id", Kind::Id, ID), column("follow_user_id", Kind::Id, ID), CREATED_AT],
        indexes: &[("users_follow_list_followee", &["follow_user_id", "user_id"], false)],
        superfluous: &[&["follow_user_id"], &["user_id"]],
        foreign_keys: &[
            ("users_follow_list_user", "user_id"),
            ("users_follow_list_follow_user", "follow_user_id"),
        ],
    },
    Table {
        name: "tweets",
        primary_key: &["id"],
        columns: &[
            column("id", Kind::Id, COUNTED_ID),
            column("user_id", Kind::Id, ID),
            column(
                "tweet",
                Kind::Text(300),
                "VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
            ),
            CREATED_AT,
        ],
        indexes: &[("tweets_author", &["user_id", "id"], false)],
        superfluous: &[&["user_id"]],
        foreign_keys: &[("tweets_user", "user_id")],
    },
];

/// Adopts the database if it has the original's tables and no history of migrations; else does nothing.
///
/// # Errors
/// [`OpenError::NotAdoptable`] with everything that is in the way; the database is untouched. [`OpenError::Adoption`] if
/// a statement fails or the connection is lost; a second run starts over and finishes.
pub(crate) fn adopt_if_wanted(
    connection: &mut MysqlConnection,
    report: &mut dyn FnMut(&str),
) -> Result<(), OpenError> {
    match standing(connection).map_err(failed)? {
        Standing::Nothing => return Ok(()),
        Standing::CutOff => return clear(connection).map_err(failed),
        Standing::Original => {}
    }
    report("the tables of the original miniter are here: looking whether they can be adopted");
    let found = Found::read(connection).map_err(failed)?;
    let mut offences = found.offences();
    if offences.is_empty() {
        offences = offending_rows(connection, &found).map_err(failed)?;
    }
    if offences.is_empty() {
        offences = rehearse(connection, &found).map_err(failed)?;
    }
    if !offences.is_empty() {
        return Err(OpenError::NotAdoptable { offences });
    }
    report(&format!("before: {}", counts(connection).map_err(failed)?));
    report(
        "they can: ids become 64-bit, texts utf8mb4, times DATETIME in UTC; e-mails get a canonical form that is \
         unique; foreign keys cascade; follows of oneself are removed",
    );
    convert(connection, &found, report).map_err(failed)?;
    report(&format!("after: {}", counts(connection).map_err(failed)?));
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: diesel::result::Error) -> OpenError {
    OpenError::Adoption { cause: error.to_string() }
}

/// What there is in a database.
enum Standing {
    /// Nothing to adopt: it is new, another program's, or ours.
    Nothing,
    /// The original's tables and no history of migrations.
    Original,
    /// What our first migration has made before it was cut off: some of our tables, all of them empty.
    CutOff,
}

fn standing(connection: &mut MysqlConnection) -> QueryResult<Standing> {
    let there = names(
        connection,
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()",
    )?;
    let tables: Vec<_> = TABLES.iter().filter(|table| there.iter().any(|name| name == table.name)).collect();
    let has_history = there.iter().any(|name| name == "__diesel_schema_migrations");
    if has_history && number(connection, "SELECT COUNT(*) AS number FROM __diesel_schema_migrations")? > 0 {
        return Ok(Standing::Nothing);
    }
    if tables.len() == TABLES.len() {
        return Ok(Standing::Original);
    }
    let is_ours = number(
        connection,
        "SELECT COUNT(*) AS number FROM information_schema.columns WHERE table_schema = DATABASE() \
         AND table_name = 'users' AND column_name = 'email_canonical'",
    )? > 0;
    let mut rows = 0;
    for table in &tables {
        rows += number(connection, &format!("SELECT COUNT(*) AS number FROM {}", table.name))?;
    }
    Ok(if is_ours && rows == 0 { Standing::CutOff } else { Standing::Nothing })
}

/// Removes what a first migration has left that was cut off.
fn clear(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute("DROP TABLE IF EXISTS tweets, users_follow_list, users")
}

/// What there is, in the words of `information_schema`.
struct Found {
    columns: Vec<FoundColumn>,
    /// By table and name.
    indexes: BTreeMap<(String, String), FoundIndex>,
    foreign_keys: Vec<FoundForeignKey>,
    /// Names of foreign keys of other tables that ours are to have.
    taken: Vec<String>,
    triggers: Vec<String>,
}

/// An index.
#[derive(Default, PartialEq, Eq)]
struct FoundIndex {
    /// In small letters.
    columns: Vec<String>,
    is_unique: bool,
    /// Whether it is on the whole of each column, rather than on its first characters.
    is_whole: bool,
}

impl FoundIndex {
    fn is_on(&self, columns: &[&str]) -> bool {
        self.columns == columns
    }
}

#[derive(QueryableByName)]
struct FoundColumn {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    data_type: String,
    #[diesel(sql_type = Text)]
    column_type: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    characters: Option<i64>,
}

#[derive(QueryableByName)]
struct FoundIndexColumn {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    index_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = BigInt)]
    is_unique: i64,
    #[diesel(sql_type = BigInt)]
    is_whole: i64,
}

#[derive(QueryableByName)]
struct FoundForeignKey {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    constraint_name: String,
}

impl Found {
    fn read(connection: &mut MysqlConnection) -> QueryResult<Self> {
        let columns = sql_query(
            "SELECT table_name AS table_name, column_name AS column_name, LOWER(data_type) AS data_type, \
             LOWER(column_type) AS column_type, CAST(character_maximum_length AS SIGNED) AS characters \
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
        // Also those of other tables that refer to ours.
        let foreign_keys = sql_query(
            "SELECT table_name AS table_name, constraint_name AS constraint_name \
             FROM information_schema.referential_constraints WHERE \
             (constraint_schema = DATABASE() AND table_name IN ('users', 'users_follow_list', 'tweets')) \
             OR (unique_constraint_schema = DATABASE() \
             AND referenced_table_name IN ('users', 'users_follow_list', 'tweets'))",
        )
        .load(connection)?;
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
        Ok(Self { columns, indexes, foreign_keys, taken, triggers })
    }

    fn column(&self, table: &Table, column: &Column) -> Option<&FoundColumn> {
        let named = |name: &str| {
            // MySQL does not tell the names of columns apart by case.
            self.columns
                .iter()
                .find(|found| found.table_name == table.name && found.column_name.eq_ignore_ascii_case(name))
        };
        named(column.name).or_else(|| column.alias.and_then(named))
    }

    fn indexes_of<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = (&'a str, &'a FoundIndex)> {
        self.indexes
            .iter()
            .filter(|((of, _), _)| of == table.name)
            .map(|((_, name), index)| (name.as_str(), index))
    }

    /// What of the structure is in the way.
    fn offences(&self) -> Vec<String> {
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
                if !known.contains(&name) && name != "email_canonical" {
                    offences.push(format!("{}: the column {name} is not known", table.name));
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
        for foreign_key in &self.foreign_keys {
            if !TABLES.iter().any(|table| table.name == foreign_key.table_name) {
                offences.push(format!(
                    "{}: its foreign key {} refers to a table of miniter",
                    foreign_key.table_name, foreign_key.constraint_name
                ));
            }
        }
        offences
    }
}

impl Kind {
    fn takes(self, found: &FoundColumn) -> bool {
        match self {
            Self::Id => {
                ["int", "bigint"].contains(&found.data_type.as_str())
                    && !found.column_type.contains("unsigned")
            }
            Self::Text(most) => {
                ["char", "varchar"].contains(&found.data_type.as_str())
                    && found
                        .characters
                        .and_then(|length| u64::try_from(length).ok())
                        .is_some_and(|n| n <= most)
            }
            Self::Moment => ["timestamp", "datetime"].contains(&found.data_type.as_str()),
        }
    }

    fn wanted(self) -> String {
        match self {
            Self::Id => "INT or BIGINT".to_owned(),
            Self::Text(most) => format!("VARCHAR({most}) or a shorter one"),
            Self::Moment => "TIMESTAMP or DATETIME".to_owned(),
        }
    }
}

/// The rows that are in the way, each named.
fn offending_rows(connection: &mut MysqlConnection, found: &Found) -> QueryResult<Vec<String>> {
    let email = canonical("CONVERT(email USING utf8mb4)");
    let mut questions = vec![
        (
            "follows of or by nobody".to_owned(),
            "SELECT CONCAT('users_follow_list: ', f.user_id, ' follows ', f.follow_user_id, \
             ', and one of them does not exist') AS name FROM users_follow_list f \
             LEFT JOIN users a ON a.id = f.user_id LEFT JOIN users b ON b.id = f.follow_user_id \
             WHERE a.id IS NULL OR b.id IS NULL ORDER BY f.user_id, f.follow_user_id"
                .to_owned(),
        ),
        (
            "tweets of nobody".to_owned(),
            "SELECT CONCAT('tweets: tweet ', t.id, ' is by user ', t.user_id, ', who does not exist') AS name \
             FROM tweets t LEFT JOIN users u ON u.id = t.user_id WHERE u.id IS NULL ORDER BY t.id"
                .to_owned(),
        ),
        (
            "users with one e-mail".to_owned(),
            format!(
                "SELECT CONCAT('users: user ', u.id, ' has the e-mail ', CONVERT(u.email USING utf8mb4), \
                 ', and so has another') AS name FROM users u JOIN (SELECT {email} AS same FROM users \
                 GROUP BY same HAVING COUNT(*) > 1) d ON d.same = {} ORDER BY d.same, u.id",
                canonical("CONVERT(u.email USING utf8mb4)")
            ),
        ),
    ];
    for table in &TABLES {
        let key: Vec<_> = table.primary_key.iter().map(|column| format!("`{column}`")).collect();
        let key = key.join(", ' ', ");
        for column in table.columns.iter().filter(|column| !column.may_be_null) {
            let Some(found) = found.column(table, column) else { continue };
            let name = &found.column_name;
            // A zero date is what old servers made of a missing one; NULL and it are alike here.
            let missing = match column.kind {
                Kind::Moment => format!("`{name}` IS NULL OR `{name}` = 0"),
                Kind::Id | Kind::Text(_) => format!("`{name}` IS NULL"),
            };
            questions.push((
                format!("rows of {} without {name}", table.name),
                format!(
                    "SELECT CONCAT('{}: ', {key}, ' has no {name}') AS name FROM {} WHERE {missing}",
                    table.name, table.name
                ),
            ));
        }
    }
    let mut offences = Vec::new();
    for (what, question) in questions {
        let named = names(connection, &format!("{question} LIMIT {MAX_NAMED}"))?;
        let is_cut = i64::try_from(named.len()).is_ok_and(|named| named == MAX_NAMED);
        offences.extend(named);
        if is_cut {
            let all = number(connection, &format!("SELECT COUNT(*) AS number FROM ({question}) q"))?;
            offences.push(format!("… {all} {what} in all"));
        }
    }
    Ok(offences)
}

/// Old servers allowed zero dates and the id 0: converting a column must not stumble over the one, which is mended
/// afterwards, nor renumber the other.
fn be_lenient(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection
        .batch_execute("SET sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'")
}

/// Tries the conversion of each table on an empty copy of it: what the server will not do, it says here, while nothing
/// has been changed.
fn rehearse(connection: &mut MysqlConnection, found: &Found) -> QueryResult<Vec<String>> {
    const COPY: &str = "miniter_rehearsal";
    be_lenient(connection)?;
    let mut offences = Vec::new();
    for table in &TABLES {
        connection.batch_execute(&format!(
            "DROP TABLE IF EXISTS {COPY}; CREATE TABLE {COPY} LIKE {}",
            table.name
        ))?;
        if let Err(error) = connection.batch_execute(&format!("ALTER TABLE {COPY} {}", alter(table, found))) {
            if trouble_of(&error) == Trouble::Lost {
                return Err(error);
            }
            offences.push(format!("{}: the server will not convert it: {error}", table.name));
        }
        connection.batch_execute(&format!("DROP TABLE {COPY}"))?;
    }
    Ok(offences)
}

/// Makes the tables ours.
fn convert(connection: &mut MysqlConnection, found: &Found, report: &mut dyn FnMut(&str)) -> QueryResult<()> {
    be_lenient(connection)?;
    // Made first: whoever may not make it has changed nothing else.
    connection.setup()?;
    // An id cannot change its type under a foreign key.
    for foreign_key in &found.foreign_keys {
        let FoundForeignKey { table_name, constraint_name } = foreign_key;
        report(&format!("dropping the foreign key {constraint_name} of {table_name}"));
        connection
            .batch_execute(&format!("ALTER TABLE `{table_name}` DROP FOREIGN KEY `{constraint_name}`"))?;
    }
    let removed =
        sql_query("DELETE FROM users_follow_list WHERE user_id = follow_user_id").execute(connection)?;
    report(&format!("removed {removed} follows of oneself"));
    for table in &TABLES {
        report(&format!("converting {}", table.name));
        connection.batch_execute(&format!("ALTER TABLE {} {}", table.name, alter(table, found)))?;
    }
    // In the original this is set at each update, and old servers made it zero before the first.
    let zeros = sql_query("UPDATE users SET updated_at = NULL WHERE updated_at = 0").execute(connection)?;
    if zeros > 0 {
        report(&format!("emptied {zeros} zero dates in users.updated_at"));
    }
    for table in &TABLES {
        for (name, column) in table.foreign_keys {
            report(&format!("adding the foreign key {name}"));
            connection.batch_execute(&format!(
                "ALTER TABLE {} ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES users (id) ON DELETE CASCADE",
                table.name
            ))?;
        }
    }
    sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES (?)")
        .bind::<Text, _>(VERSION)
        .execute(connection)?;
    Ok(())
}

/// What one `ALTER TABLE` has to do to give a table its columns and indexes.
fn alter(table: &Table, found: &Found) -> String {
    let mut changes = Vec::new();
    for column in table.columns {
        let was = found.column(table, column).map_or(column.name, |found| &found.column_name);
        changes.push(format!("CHANGE `{was}` `{}` {}", column.name, column.definition));
    }
    if table.name == "users" && !found.columns.iter().any(|column| column.column_name == "email_canonical") {
        let canonical = canonical("email");
        changes.push(format!(
            "ADD COLUMN email_canonical VARBINARY(1020) GENERATED ALWAYS AS ({canonical}) STORED"
        ));
    }
    // Indexes are known by what they are; their names are anybody's.
    let is_right = |name: &str, index: &FoundIndex| {
        table.indexes.iter().any(|(ours, columns, is_unique)| {
            *ours == name && index.is_on(columns) && index.is_unique == *is_unique && index.is_whole
        })
    };
    for (name, index) in found.indexes_of(table) {
        let has_our_name = table.indexes.iter().any(|(ours, _, _)| *ours == name);
        if name != "PRIMARY" && (has_our_name || table.replaces(index)) && !is_right(name, index) {
            changes.push(format!("DROP INDEX `{name}`"));
        }
    }
    for (name, columns, is_unique) in table.indexes {
        if !found.indexes_of(table).any(|(found, index)| found == *name && is_right(found, index)) {
            let unique = if *is_unique { "UNIQUE " } else { "" };
            changes.push(format!("ADD {unique}INDEX {name} ({})", columns.join(", ")));
        }
    }
    format!(
        "{}, ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        changes.join(", ")
    )
}

/// What addresses are compared by, as the migration has it: the bytes, with ASCII letters folded.
fn canonical(email: &str) -> String {
    let mut expression = format!("CAST({email} AS BINARY)");
    for upper in 'A'..='Z' {
        expression = format!("REPLACE({expression}, '{upper}', '{}')", upper.to_ascii_lowercase());
    }
    expression
}

fn counts(connection: &mut MysqlConnection) -> QueryResult<String> {
    let mut text = String::new();
    for (table, what) in [("users", "users"), ("users_follow_list", "follows"), ("tweets", "tweets")] {
        let count = number(connection, &format!("SELECT COUNT(*) AS number FROM {table}"))?;
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}{count} {what}");
    }
    Ok(text)
}

fn names(connection: &mut MysqlConnection, query: &str) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let names: Vec<Name> = sql_query(query).load(connection)?;
    Ok(names.into_iter().map(|row| row.name).collect())
}

fn number(connection: &mut MysqlConnection, query: &str) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    sql_query(query).get_result(connection).map(|row: Number| row.number)
}
