use miniter_domain::{CanonicalEmail, RepositoryError, UserId, UserRepository};

use crate::support::{Database, new_user};

#[test]
fn a_user_is_stored_as_given_and_found_by_the_canonical_email() {
    let database = Database::new();
    let id = database.create(&new_user("Song@Example.com")).unwrap();
    let found = database.find_credentials(&CanonicalEmail::of("sONG@eXAMPLE.COM")).unwrap().unwrap();
    assert_eq!((found.user_id, found.hashed_password.as_str()), (id, "a hash"));

    let mut other = database.other_connection();
    for (column, value) in [
        ("name", "송은우"),
        ("email", "Song@Example.com"),
        ("profile", "안녕 🍺"),
        ("hashed_password", "a hash"),
    ] {
        assert_eq!(other.text(&format!("SELECT {column} AS value FROM users WHERE id = {id}")), value);
    }
    assert_eq!(
        other.text("SELECT CAST(created_at AS CHAR(26)) AS value FROM users"),
        "2027-01-15 08:00:00.123456",
        "UTC, to the microsecond"
    );
    assert_eq!(other.texts("SELECT CAST(updated_at AS CHAR(26)) AS value FROM users"), [None]);
}

#[test]
fn an_email_that_differs_only_in_the_case_of_ascii_letters_is_a_duplicate() {
    let database = Database::new();
    database.create(&new_user("song@example.com")).unwrap();
    let again = database.create(&new_user("SONG@example.com"));
    assert!(matches!(again, Err(RepositoryError::Duplicate)));
    assert!(database.create(&new_user("son@example.com")).is_ok());
}

#[test]
fn an_email_that_other_sql_has_stored_is_compared_byte_by_byte() {
    let database = Database::new();
    database.execute(
        "INSERT INTO users (name, email, profile, hashed_password) VALUES ('É', 'É@example.com', '', 'hash of É')",
    );
    let find = |email: &str| database.find_credentials(&CanonicalEmail::of(email)).unwrap();
    assert_eq!(find("É@EXAMPLE.com").unwrap().hashed_password, "hash of É");
    assert!(find("é@example.com").is_none(), "only ASCII letters are folded");
    assert!(find("É@example.com ").is_none(), "a space is a byte like any other");
}

#[test]
fn of_many_sign_ups_with_one_email_at_once_exactly_one_succeeds() {
    let database = Database::new();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..20).map(|_| scope.spawn(|| database.create(&new_user("song@example.com")))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(RepositoryError::Duplicate))));
}

#[test]
fn the_id_of_a_deleted_user_is_not_given_again() {
    let database = Database::new();
    let song = database.user("song");
    database.execute(&format!("DELETE FROM users WHERE id = {song}"));
    assert!(!database.exists(song).unwrap());
    assert!(database.user("kim") > song);
}

#[test]
fn a_hash_is_replaced_only_while_it_is_the_one_that_was_seen() {
    let database = Database::new();
    let email = CanonicalEmail::of("song@example.com");
    database.create(&new_user("song@example.com")).unwrap();
    let seen = database.find_credentials(&email).unwrap().unwrap();

    database.replace_password_hash(&seen, "a newer hash").unwrap();
    database.replace_password_hash(&seen, "a late hash").unwrap();
    assert_eq!(database.find_credentials(&email).unwrap().unwrap().hashed_password, "a newer hash");
    database.assert_is_now("SELECT CAST(updated_at AS CHAR(19)) AS value FROM users");
}

#[test]
fn nobody_has_an_unknown_email_or_id() {
    let database = Database::new();
    assert!(database.find_credentials(&CanonicalEmail::of("song@example.com")).unwrap().is_none());
    for id in [0, -1, 1, i64::from(i32::MAX) + 1, i64::MAX] {
        assert!(!database.exists(UserId::new(id)).unwrap(), "{id}");
    }
}
