//! Adopting a database that the original miniter made, on MySQL or MariaDB.
//!
//! The original's three tables become ours where they stand: the rows, their ids and their texts stay. First everything
//! is looked at, and nothing is changed if a single row or column is in the way. Then a few statements follow, each of
//! which can be run again: DDL cannot be rolled back there, so the run after an interruption starts over and
//! finishes. The migration that makes the tables is recorded last, and that is what ends the adoption. A first migration
//! of ours that was cut off is recognised here, too.

mod found;
mod references;
mod tables;

use std::fmt::Write as _;

use diesel::connection::SimpleConnection;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::adoption::found::{Found, FoundForeignKey, FoundIndex};
use crate::adoption::tables::{Kind, TABLES, Table};
use crate::backend::mysql::make_history;
use crate::error::{ErrorKind, OpenError, kind_of};

/// The migration that makes the tables; an adopted database counts as having run it.
const VERSION: &str = "20261122000000";

/// The most offending rows of a kind that are named; the rest are counted.
const MAX_NAMED: i64 = 1_000;

/// Whether the database has the original's tables, which have to be adopted.
///
/// # Errors
/// [`OpenError::Adoption`] if the connection is lost.
pub(crate) fn is_of_the_original(connection: &mut MysqlConnection) -> Result<bool, OpenError> {
    Ok(standing(connection).map_err(failed)? == Standing::Original)
}

/// Mends what a first migration of ours has left that was cut off.
///
/// # Errors
/// Those of [`adopt`].
pub(crate) fn mend_first_migration(
    connection: &mut MysqlConnection,
    report: &mut dyn FnMut(&str),
) -> Result<(), OpenError> {
    match standing(connection).map_err(failed)? {
        Standing::Nothing | Standing::Original => Ok(()),
        Standing::CutOff => clear(connection).map_err(failed),
        Standing::Unrecorded => adopt(connection, report),
    }
}

/// Looks at everything, and changes nothing.
///
/// # Errors
/// [`OpenError::NotAdoptable`] with everything that is in the way. [`OpenError::Adoption`] if the connection is lost.
fn inspect(connection: &mut MysqlConnection) -> Result<Found, OpenError> {
    let found = Found::read(connection).map_err(failed)?;
    let mut offences = found.offences();
    if offences.is_empty() {
        offences = offending_rows(connection, &found).map_err(failed)?;
    }
    if offences.is_empty() {
        offences = rehearse(connection, &found).map_err(failed)?;
    }
    if offences.is_empty() { Ok(found) } else { Err(OpenError::NotAdoptable { offences }) }
}

/// What [`adopt`] would do, a sentence each. Changes nothing.
///
/// # Errors
/// Those of [`adopt`].
pub(crate) fn plan(connection: &mut MysqlConnection) -> Result<Vec<String>, OpenError> {
    let found = inspect(connection)?;
    let mut plan = vec![format!("keep all of {}, with their ids", counts(connection).map_err(failed)?)];
    let selves = "SELECT COUNT(*) AS number FROM users_follow_list WHERE user_id = follow_user_id";
    let selves = number(connection, selves).map_err(failed)?;
    if selves > 0 {
        plan.push(format!("but remove {selves} follows of oneself"));
    }
    for table in &TABLES {
        plan.push(format!(
            "convert {}: ids to 64-bit, texts to utf8mb4, times to DATETIME in UTC; foreign keys cascade",
            table.name
        ));
        for column in table.columns {
            let was = found.column(table, column).map_or(column.name, |found| &found.column_name);
            if !was.eq_ignore_ascii_case(column.name) {
                plan.push(format!("rename the column {was} of {} to {}", table.name, column.name));
            }
        }
    }
    plan.push(
        "give e-mail addresses a canonical form that is unique, and empty zero dates of updates".to_owned(),
    );
    plan.extend(found.references.iter().map(|reference| {
        format!("widen a column of {}, which refers to these tables, to BIGINT", reference.table_name())
    }));
    plan.push("run the migrations that follow, which add tables of miniter's own".to_owned());
    Ok(plan)
}

/// Makes the original's tables ours.
///
/// # Errors
/// [`OpenError::NotAdoptable`] with everything that is in the way; the database is untouched. [`OpenError::Adoption`] if
/// a statement fails or the connection is lost; a second run starts over and finishes.
pub(crate) fn adopt(connection: &mut MysqlConnection, report: &mut dyn FnMut(&str)) -> Result<(), OpenError> {
    report("looking whether the tables of the original miniter can be adopted");
    let found = inspect(connection)?;
    report(&format!("before: {}", counts(connection).map_err(failed)?));
    convert(connection, &found, report).map_err(failed)?;
    report(&format!("after: {}", counts(connection).map_err(failed)?));
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: diesel::result::Error) -> OpenError {
    OpenError::Adoption { cause: error.to_string() }
}

/// What there is in a database.
#[derive(PartialEq, Eq)]
enum Standing {
    /// Nothing to adopt: it is new, another program's, or ours.
    Nothing,
    /// The original's tables and no history of migrations.
    Original,
    /// What our first migration has made before it was cut off: some of our tables, all of them empty.
    CutOff,
    /// The same with all of them. To adopt what is empty needs no leave.
    Unrecorded,
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
    let is_ours = number(
        connection,
        "SELECT COUNT(*) AS number FROM information_schema.columns WHERE table_schema = DATABASE() \
         AND table_name = 'users' AND column_name = 'email_canonical'",
    )? > 0;
    let mut rows = 0;
    for table in &tables {
        rows += number(connection, &format!("SELECT COUNT(*) AS number FROM {}", table.name))?;
    }
    let is_whole = tables.len() == TABLES.len();
    Ok(match (is_whole, is_ours && rows == 0) {
        (true, true) => Standing::Unrecorded,
        (true, false) => Standing::Original,
        (false, true) => Standing::CutOff,
        (false, false) => Standing::Nothing,
    })
}

/// Removes what a first migration has left that was cut off.
fn clear(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute("DROP TABLE IF EXISTS tweets, users_follow_list, users")
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
    for reference in &found.references {
        offences.extend(reference.dangling(connection)?);
    }
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
    let ours = TABLES.iter().map(|table| (table.name, alter(table, found)));
    let others = found.references.iter().map(|reference| (reference.table_name(), reference.widening()));
    for (table, changes) in ours.chain(others) {
        connection.batch_execute(&format!("DROP TABLE IF EXISTS {COPY}"))?;
        let create = copying(connection, table, COPY)?;
        connection.batch_execute(&create)?;
        if let Err(error) = connection.batch_execute(&format!("ALTER TABLE {COPY} {changes}")) {
            if kind_of(&error) == ErrorKind::Lost {
                return Err(error);
            }
            offences.push(format!("{table}: the server will not convert it: {error}"));
        }
        connection.batch_execute(&format!("DROP TABLE {COPY}"))?;
    }
    Ok(offences)
}

/// The statement that makes an empty copy of a table. `CREATE TABLE ... LIKE` would give it the row format that is the server's
/// default by now, where the table names none.
fn copying(connection: &mut MysqlConnection, table: &str, copy: &str) -> QueryResult<String> {
    #[derive(QueryableByName)]
    struct Definition {
        #[diesel(sql_type = Text, column_name = "Create Table")]
        text: String,
    }
    let Definition { text } = sql_query(format!("SHOW CREATE TABLE `{table}`")).get_result(connection)?;
    let (columns, options) = text.split_once("\n) ").unwrap_or((&text, ""));
    let lines: Vec<_> = columns
        .lines()
        .skip(1)
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|line| !(line.starts_with("CONSTRAINT `") && line.contains("` FOREIGN KEY (")))
        // The name of a constraint is taken.
        .map(|line| match line.split_once("` CHECK (") {
            Some((name, check)) if name.starts_with("CONSTRAINT `") => format!("CHECK ({check}"),
            _ => line.to_owned(),
        })
        .collect();
    Ok(format!("CREATE TABLE {copy} ({}) ROW_FORMAT = DYNAMIC {options}", lines.join(", ")))
}

/// Makes the tables ours.
fn convert(connection: &mut MysqlConnection, found: &Found, report: &mut dyn FnMut(&str)) -> QueryResult<()> {
    be_lenient(connection)?;
    // Made first: where that is not allowed, nothing else was changed.
    make_history(connection)?;
    references::begin(connection)?;
    // An id cannot change its type under a foreign key.
    for foreign_key in &found.foreign_keys {
        let FoundForeignKey { table_name, constraint_name } = foreign_key;
        report(&format!("dropping the foreign key {constraint_name} of {table_name}"));
        connection
            .batch_execute(&format!("ALTER TABLE `{table_name}` DROP FOREIGN KEY `{constraint_name}`"))?;
    }
    for reference in &found.references {
        report(&format!(
            "dropping a foreign key of {}, to be added again when its column is as wide as ours",
            reference.table_name()
        ));
        reference.drop(connection)?;
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
    references::finish(connection, report)?;
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
    // Indexes are known by what they are; their names may be any.
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
