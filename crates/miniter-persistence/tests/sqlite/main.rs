//! What is particular to SQLite: files that are missing, foreign, damaged or out of reach.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use miniter_domain::{TweetId, TweetIds};
use miniter_persistence::{DatabaseUrl, OpenError, Store, StoreOptions};

struct OneId;

impl TweetIds for OneId {
    fn next(&self) -> TweetId {
        TweetId::new(1)
    }
}

fn open(path: &Path) -> Result<Store, OpenError> {
    let options = StoreOptions { connections: 2 };
    Store::open(&DatabaseUrl::Sqlite(path.to_owned()), options, |_| Arc::new(OneId), &mut |_| ())
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
fn a_damaged_database_is_refused() {
    let mut sound = Sound::new();
    sound.execute("INSERT INTO users (name, email, hashed_password, profile) VALUES ('a', 'a@b', '', '')");
    sound.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
         INSERT INTO tweets (user_id, tweet) SELECT 1, replace(hex(zeroblob(120)), '00', 'damaged') FROM n",
    );
    sound.execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    let copy = sound.path.with_file_name("copy.db");
    let mut bytes = fs::read(&sound.path).unwrap();
    let middle = bytes.len() / 2;
    fs::write(&copy, &bytes[..middle]).unwrap();
    let refused = open(&copy).err().unwrap();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "cut off: {refused}");

    bytes[middle..middle + 8_192].fill(0xAA);
    fs::write(&copy, &bytes).unwrap();
    let refused = open(&copy).err().unwrap();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "overwritten: {refused}");
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
    sound.execute("INSERT INTO schema_floor (version) VALUES ('29991231000000')");
    let refused = open(&sound.path).err().unwrap();
    assert!(matches!(refused, OpenError::NewerSchema { .. }), "{refused}");
    assert!(refused.to_string().contains("29991231000000"), "{refused}");
}
