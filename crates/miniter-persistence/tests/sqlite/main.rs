//! What is particular to SQLite: files that are missing, foreign, damaged or out of reach.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use miniter_persistence::{DatabaseUrl, OpenError, Store, StoreOptions};

fn open(path: &Path) -> Result<Store, OpenError> {
    let options = StoreOptions { connections: 2, foreign_writes: None };
    Store::open(&DatabaseUrl::Sqlite(path.to_owned()), options, &mut |_| ())
}

/// A sound database that another connection is open on.
struct Sound {
    path: PathBuf,
    connection: SqliteConnection,
    _folder: tempfile::TempDir,
}

impl Sound {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("miniter.db");
        drop(open(&path).unwrap());
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        // The last of the store's threads may still be closing the file.
        connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        Self { path, connection, _folder: folder }
    }

    fn execute(&mut self, statement: &str) {
        self.connection.batch_execute(statement).unwrap();
    }

    /// Does away with the log, once the last of the store's threads has closed the file.
    fn leave_wal(&mut self) {
        let begun = Instant::now();
        while let Err(error) = self.connection.batch_execute("PRAGMA journal_mode = DELETE") {
            assert!(begun.elapsed() < Duration::from_secs(30), "{error}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_database_is_made_with_its_folder_and_readable_by_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/miniter.db");
    let store = open(&path).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    drop(store);
}

#[test]
fn migrating_again_changes_nothing_and_what_was_written_is_still_there() {
    let mut sound = Sound::new();
    sound.execute("INSERT INTO users (name, email, hashed_password, profile) VALUES ('a', 'a@b', '', '')");
    let url = DatabaseUrl::Sqlite(sound.path.clone());
    assert_eq!(Store::migrate(&url, &mut |line| panic!("{line}")).unwrap(), Vec::<String>::new());
    let count = diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT COUNT(*) FROM users");
    assert_eq!(count.get_result::<i64>(&mut sound.connection), Ok(1));
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("miniter.db");
    let garbage = "these are the voyages ".repeat(1_000);
    fs::write(&path, &garbage).unwrap();
    let refused = open(&path).err().unwrap();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");
    assert!(refused.to_string().contains("backup"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), garbage);
}

#[test]
fn a_damaged_database_is_refused_and_left_as_it_is() {
    let mut sound = Sound::new();
    sound.execute("INSERT INTO users (name, email, hashed_password, profile) VALUES ('a', 'a@b', '', '')");
    sound.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
         INSERT INTO tweets (user_id, tweet) SELECT 1, replace(hex(zeroblob(120)), '00', 'damaged') FROM n",
    );
    sound.leave_wal();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    let is_damaged = |refused: &OpenError| matches!(refused, OpenError::Corrupt { .. });
    let mut bytes = fs::read(&sound.path).unwrap();
    let middle = bytes.len() / 2;
    fs::write(&copy, &bytes[..middle]).unwrap();
    assert_refused_untouched(&copy, is_damaged);

    bytes[middle..middle + 8_192].fill(0xAA);
    fs::write(&copy, &bytes).unwrap();
    assert_refused_untouched(&copy, is_damaged);
}

#[test]
fn a_place_that_cannot_be_written_to_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for path in [folder.path().to_owned(), folder.path().join("file/miniter.db"), "/proc/miniter.db".into()] {
        let refused = open(&path).err().unwrap();
        assert!(matches!(refused, OpenError::Inaccessible { .. }), "{refused}");
        assert!(refused.to_string().contains("may write"), "{refused}");
    }
}

#[test]
fn a_database_that_another_program_keeps_locked_is_refused() {
    let mut sound = Sound::new();
    sound.execute("BEGIN IMMEDIATE");
    let refused = open(&sound.path).err().unwrap();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
}

#[test]
fn a_schema_from_the_future_is_good_as_long_as_it_leaves_this_program_working() {
    let mut sound = Sound::new();
    sound.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')");
    drop(open(&sound.path).unwrap());
    sound.execute("INSERT INTO minimum_migration (version) VALUES ('29991231000000')");
    let refused = open(&sound.path).err().unwrap();
    assert!(matches!(refused, OpenError::NewerSchema { .. }), "{refused}");
    assert!(refused.to_string().contains("29991231000000"), "{refused}");
}

/// Every file of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

/// Fails unless the file is refused for this reason, and everything in its folder stays as it is.
#[track_caller]
fn assert_refused_untouched(path: &Path, is_right: impl Fn(&OpenError) -> bool) {
    let before = files(path.parent().unwrap());
    let refused = open(path).err().unwrap();
    assert!(is_right(&refused), "{refused}");
    let after = files(path.parent().unwrap());
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "{refused}");
    // The index of a log is not data.
    for (name, bytes) in before.iter().filter(|(name, _)| !name.ends_with("-shm")) {
        assert!(after[name] == *bytes, "{name} was changed: {refused}");
    }
}

const FOREIGN: &str =
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO notes (note) VALUES ('theirs');";
/// As the textbook spells them; on SQLite they are nobody's but another program's.
const CLASSIC: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, hashed_password TEXT, profile TEXT); \
    CREATE TABLE users_follow_list (user_id INTEGER, follow_user_id INTEGER); \
    CREATE TABLE tweets (id INTEGER PRIMARY KEY, user_id INTEGER, tweet TEXT);";
const ANOTHER_DIESEL: &str = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
    run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); \
    INSERT INTO __diesel_schema_migrations (version) VALUES ('20200101000000');";

#[test]
fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    for (schema, name) in [(FOREIGN, "notes"), (CLASSIC, "users_follow_list"), (ANOTHER_DIESEL, "__diesel")] {
        for mode in ["DELETE", "PERSIST", "WAL"] {
            let is_foreign = |refused: &OpenError| matches!(refused, OpenError::Foreign { tables, .. } if tables.contains(name));
            let folder = tempfile::tempdir().unwrap();
            // A name that means something in a URI.
            let path = folder.path().join("a 50% #1?.db");
            let mut other = connect(&path);
            other.batch_execute(&format!("PRAGMA journal_mode = {mode}; {schema}")).unwrap();
            // While the program runs.
            assert_refused_untouched(&path, is_foreign);
            other.batch_execute("CREATE TABLE more (number INTEGER)").unwrap();
            drop(other);
            assert_refused_untouched(&path, is_foreign);
        }
    }
}

#[test]
fn a_database_that_only_a_newer_miniter_can_work_with_is_left_as_it_is() {
    let mut sound = Sound::new();
    sound.execute(
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000'); \
         INSERT INTO minimum_migration (version) VALUES ('29991231000000')",
    );
    let is_newer = |refused: &OpenError| matches!(refused, OpenError::NewerSchema { .. });
    assert_refused_untouched(&sound.path, is_newer);
    sound.leave_wal();
    assert_refused_untouched(&sound.path, is_newer);
}

#[test]
fn a_database_that_is_empty_or_that_the_diesel_tool_began_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    drop(open(&empty).unwrap());
    let vacuumed = folder.path().join("vacuumed.db");
    connect(&vacuumed).batch_execute("CREATE TABLE gone (number INTEGER); DROP TABLE gone").unwrap();
    drop(open(&vacuumed).unwrap());
    let set_up = folder.path().join("set_up.db");
    let table = ANOTHER_DIESEL.split_inclusive(';').next().unwrap();
    connect(&set_up).batch_execute(table).unwrap();
    drop(open(&set_up).unwrap());
    // A table of the operator's own beside ours is no harm.
    connect(&set_up).batch_execute(FOREIGN).unwrap();
    drop(open(&set_up).unwrap());
}

#[test]
fn a_transaction_that_was_cut_off_in_a_file_without_wal_is_undone_and_the_file_is_taken() {
    let mut sound = Sound::new();
    sound.leave_wal();
    sound.execute("PRAGMA cache_size = 1");
    sound.execute("INSERT INTO users (name, email, hashed_password, profile) VALUES ('a', 'a@b', '', '')");
    sound.execute(
        "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) \
         INSERT INTO tweets (user_id, tweet) SELECT 1, hex(zeroblob(400)) FROM n",
    );
    // As a crash leaves them.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("miniter.db");
    fs::copy(&sound.path, &path).unwrap();
    let journal = format!("{}-journal", sound.path.display());
    fs::copy(journal, folder.path().join("miniter.db-journal")).unwrap();
    drop(open(&path).unwrap());
    let count = diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT COUNT(*) FROM tweets");
    assert_eq!(count.get_result::<i64>(&mut connect(&path)), Ok(0));
}
