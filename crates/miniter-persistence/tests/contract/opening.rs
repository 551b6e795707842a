use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use diesel::prelude::*;
use miniter_persistence::{DatabaseUrl, OpenError, Store};

use crate::support::{CountingIds, Database, open};

fn ids() -> Arc<CountingIds> {
    Arc::new(CountingIds(AtomicI64::new(1)))
}

#[test]
fn a_database_is_made_with_its_folder_and_readable_by_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/miniter.db");
    let store = open(&path, ids()).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    drop(store);
}

#[test]
fn migrating_again_changes_nothing_and_what_was_written_is_still_there() {
    let database = Database::new();
    let song = database.user("song");
    database.tweet(song, "hello");
    let url = DatabaseUrl::Sqlite(database.path.clone());
    assert_eq!(Store::migrate(&url).unwrap(), Vec::<String>::new());
    assert_eq!(database.timeline(song), ["hello"]);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("miniter.db");
    let garbage = "these are the voyages ".repeat(1_000);
    fs::write(&path, &garbage).unwrap();
    let refused = open(&path, ids()).err().unwrap();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");
    assert!(refused.to_string().contains("backup"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), garbage);
}

#[test]
fn a_damaged_database_is_refused() {
    let database = Database::new();
    let song = database.user("song");
    for _ in 0..200 {
        database.tweet(song, &"damaged ".repeat(30));
    }
    let path = database.path.clone();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("miniter.db");
    database.execute("VACUUM");
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8_192].fill(0xAA);
    fs::write(&copy, &bytes).unwrap();
    let refused = open(&copy, ids()).err().unwrap();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");

    fs::write(&copy, &fs::read(&path).unwrap()[..middle]).unwrap();
    let refused = open(&copy, ids()).err().unwrap();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "cut off: {refused}");
}

#[test]
fn a_place_that_cannot_be_written_to_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for path in [folder.path().to_owned(), folder.path().join("file/miniter.db"), "/proc/miniter.db".into()] {
        let refused = open(&path, ids()).err().unwrap();
        assert!(matches!(refused, OpenError::Inaccessible { .. }), "{refused}");
        assert!(refused.to_string().contains("may write"), "{refused}");
    }
}

#[test]
fn a_database_that_another_program_keeps_locked_is_refused() {
    let database = Database::new();
    let mut other = database.other_connection();
    diesel::sql_query("BEGIN IMMEDIATE").execute(&mut other).unwrap();
    let refused = open(&database.path, ids()).err().unwrap();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
}

#[test]
fn a_schema_from_the_future_is_refused() {
    let database = Database::new();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')");
    let refused = open(&database.path, ids()).err().unwrap();
    assert!(matches!(refused, OpenError::NewerSchema { .. }), "{refused}");
    assert!(refused.to_string().contains("29991231000000"), "{refused}");
}
