use miniter_domain::{CanonicalEmail, RepositoryError, TokenVersion, UserId, UserRepository};

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
    assert!(matches!(again, Err(RepositoryError::Taken)));
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
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(RepositoryError::Taken))));
}

#[test]
fn the_id_of_a_deleted_user_is_not_given_again() {
    let database = Database::new();
    assert!(database.is_empty().unwrap());
    let song = database.user("song");
    assert!(!database.is_empty().unwrap());
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
fn numbers_that_other_sql_has_used_up_are_a_fault_with_a_name_and_no_taken_address() {
    let database = Database::new();
    let song = database.user("song");
    let max = i64::MAX;
    database.execute(&format!(
        "INSERT INTO users (id, name, email, profile, hashed_password) VALUES ({max}, '', 'theirs', '', '')"
    ));
    let told = |outcome: Result<(), RepositoryError>, what: &str| match outcome {
        Err(RepositoryError::Backend(cause)) if cause.to_string().contains(what) => {}
        outcome => panic!("{outcome:?}"),
    };
    told(database.create(&new_user("kim@example.com")).map(drop), "no user is left");
    database.tweet(song, "nobody else minds");
    database.execute(&format!("DELETE FROM users WHERE id = {max}"));
    if database.is_sqlite() {
        told(database.create(&new_user("kim@example.com")).map(drop), "no user is left");
        database.execute("UPDATE sqlite_sequence SET seq = (SELECT MAX(id) FROM users) WHERE name = 'users'");
    } else {
        database.execute("ALTER TABLE users AUTO_INCREMENT = 1");
    }
    assert_eq!(database.user("kim").get(), song.get() + 1);

    database.execute(&format!("INSERT INTO token_versions (user_id, version) VALUES (77, {max})"));
    let seen = database.find_credentials_of(song).unwrap().unwrap();
    told(database.change_password(&seen, "a newer hash").map(drop), "no token version is left");
}

#[test]
fn users_are_found_by_their_numbers_however_many_and_those_who_do_not_exist_are_not() {
    let database = Database::new();
    let song = database.user("song");
    let rows: Vec<String> = (1_000..2_200).map(|id| format!("({id}, 'n{id}', 'e{id}', 'p', '')")).collect();
    let rows = rows.join(", ");
    database.execute(&format!("INSERT INTO users (id, name, email, profile, hashed_password) VALUES {rows}"));
    let asked: Vec<UserId> = (1_100..2_400).rev().chain([song.get()]).map(UserId::new).collect();
    let found = UserRepository::find_many(&*database, &asked).unwrap();
    let numbers: Vec<i64> = found.iter().map(|user| user.id.get()).collect();
    assert_eq!(numbers, [song.get()].into_iter().chain(1_100..2_200).collect::<Vec<_>>());
    assert_eq!((found[0].name.as_str(), found[0].profile.as_str()), ("송은우", "안녕 🍺"));
    assert_eq!(found[0].created_at, crate::support::moment());
    assert_eq!(found[1].name, "n1100");
    assert_eq!(UserRepository::find_many(&*database, &[]).unwrap(), []);
}

#[test]
fn nobody_has_an_unknown_email_or_id() {
    let database = Database::new();
    assert!(database.find_credentials(&CanonicalEmail::of("song@example.com")).unwrap().is_none());
    for id in [0, -1, 1, i64::from(i32::MAX) + 1, i64::MAX] {
        assert!(!database.exists(UserId::new(id)).unwrap(), "{id}");
    }
}

#[test]
fn a_password_is_changed_only_while_it_is_the_one_that_was_seen_and_each_change_has_a_greater_version() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let credentials = |user| database.find_credentials_of(user).unwrap().unwrap();
    let seen = credentials(song);
    assert_eq!(seen.token_version, TokenVersion::FIRST);
    let first = database.change_password(&seen, "a newer hash").unwrap().unwrap();
    assert!(first > TokenVersion::FIRST);
    assert_eq!(database.change_password(&seen, "a late hash").unwrap(), None);
    let now = credentials(song);
    assert_eq!((now.hashed_password.as_str(), now.token_version), ("a newer hash", first));
    let by_email = database.find_credentials(&CanonicalEmail::of("song@example.com")).unwrap().unwrap();
    assert!(by_email == now);

    let second = database.change_password(&credentials(kim), "kim's hash").unwrap().unwrap();
    let third = database.change_password(&now, "the newest hash").unwrap().unwrap();
    assert!(first < second && second < third);
    assert!(database.find_credentials_of(UserId::new(99)).unwrap().is_none());
    // A new hash of the same password ends nothing.
    database.replace_password_hash(&credentials(song), "made anew").unwrap();
    assert_eq!(credentials(song).token_version, third);
}

#[test]
fn an_account_is_found_by_its_username_and_one_without_by_its_number() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    database.execute(&format!("UPDATE users SET username = 'Song_1' WHERE id = {song}"));
    let find = |name: &str| {
        let found = database.find_credentials_by_username(name).unwrap();
        found.map(|credentials| (credentials.user_id, credentials.token_version))
    };
    let (song, kim) = (Some((song, TokenVersion::FIRST)), Some((kim, TokenVersion::FIRST)));
    for (name, found) in [
        ("Song_1", song),
        ("song_1", song),
        ("SONG_1", song),
        ("user2", kim),
        ("USER2", kim),
        ("user1", None),
        ("user02", None),
        ("user", None),
        ("user99", None),
        ("user99999999999999999999", None),
        ("song", None),
        ("song_1 ", None),
        ("Sóng_1", None),
        ("", None),
    ] {
        assert_eq!(find(name), found, "{name:?}");
    }
}
