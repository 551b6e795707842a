//! Databases that cannot be adopted: refused with everything that is in the way, and untouched.

use miniter_persistence::{OpenError, Store};

use crate::adoption::original;
use miniter_test_support::database::TestDatabase;

const TEXTBOOK: &str = include_str!("../fixtures/textbook.sql");

/// The textbook's database after these statements, which must then be refused with these offences.
fn assert_refused(change: &str, offences: &[&str]) {
    let database = original(TEXTBOOK);
    database.execute(change);
    let before = everything(&database);
    let planned = Store::plan_adoption(&database.url(), &mut |_| ()).map(|_| ());
    for refused in [planned, Store::adopt(&database.url(), &mut |_| ()).map(|_| ())] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, OpenError::NotAdoptable { .. }), "{change}: {refused}");
        for offence in offences {
            assert!(refused.to_string().contains(offence), "{change}: {refused}");
        }
        assert_eq!(everything(&database), before, "{change}: untouched");
    }
}

/// The definitions of all tables, and checksums of their rows.
fn everything(database: &TestDatabase) -> Vec<Option<String>> {
    let mut connection = database.connect();
    let tables = connection.texts(
        "SELECT table_name AS value FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
    );
    let mut everything = tables;
    everything.extend(connection.texts(
        "SELECT CONCAT_WS(' ', table_name, column_name, ordinal_position, column_type, is_nullable, column_default, \
         extra, collation_name) AS value FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1",
    ));
    everything.extend(connection.texts(
        "SELECT CONCAT_WS(' ', table_name, index_name, non_unique, seq_in_index, column_name) AS value \
         FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1",
    ));
    everything.extend(connection.texts(
        "SELECT CONCAT_WS(' ', table_name, constraint_name, referenced_table_name) AS value \
         FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() ORDER BY 1",
    ));
    for query in [
        "SELECT CONCAT_WS('|', id, name, email, hashed_password) AS value FROM users ORDER BY id",
        "SELECT CONCAT_WS('|', id, user_id, tweet, created_at) AS value FROM tweets ORDER BY id",
        "SELECT CONCAT_WS('|', user_id, follow_user_id) AS value FROM users_follow_list ORDER BY 1",
    ] {
        everything.extend(connection.texts(query));
    }
    everything
}

#[test]
fn a_column_of_another_type_is_refused() {
    for (change, offence) in [
        (
            "ALTER TABLE tweets MODIFY created_at VARCHAR(30)",
            "tweets: the column created_at is varchar(30), where TIMESTAMP",
        ),
        ("ALTER TABLE tweets MODIFY tweet TEXT", "tweets: the column tweet is text, where VARCHAR(300)"),
        ("ALTER TABLE tweets MODIFY tweet VARCHAR(301)", "tweets: the column tweet is varchar(301)"),
        ("ALTER TABLE users MODIFY name VARBINARY(255)", "users: the column name is varbinary(255)"),
        ("ALTER TABLE tweets MODIFY id INT UNSIGNED NOT NULL AUTO_INCREMENT", "tweets: the column id is int"),
        ("ALTER TABLE users DROP COLUMN profile", "users: the column profile is missing"),
        ("ALTER TABLE users ADD COLUMN age INT NOT NULL", "users: the column age must be filled"),
        ("ALTER TABLE users ADD COLUMN email_canonical INT", "users: the column email_canonical is not"),
        (
            "ALTER TABLE tweets MODIFY id INT NOT NULL; ALTER TABLE tweets DROP PRIMARY KEY",
            "tweets: the primary key is not (id)",
        ),
        ("ALTER TABLE users ADD UNIQUE INDEX one_name (name)", "users: the unique index one_name on (name)"),
        (
            "CREATE TRIGGER t BEFORE INSERT ON tweets FOR EACH ROW SET NEW.created_at = NOW()",
            "tweets: the trigger t was written for the old columns",
        ),
        (
            "CREATE TABLE other (id INT PRIMARY KEY, up INT, CONSTRAINT tweets_user FOREIGN KEY (up) REFERENCES other (id))",
            "a constraint of the name tweets_user",
        ),
        (
            "CREATE TABLE likes (email VARCHAR(255), FOREIGN KEY (email) REFERENCES users (email)) CHARACTER SET utf8mb4",
            "likes: its foreign key",
        ),
        (
            "CREATE TABLE likes (user_id INT DEFAULT 1, half INT AS (user_id / 2) STORED, \
             FOREIGN KEY (user_id) REFERENCES users (id)); \
             CREATE TABLE again (user_id INT, KEY (user_id)); ALTER TABLE likes ADD KEY (user_id); \
             ALTER TABLE again ADD FOREIGN KEY (user_id) REFERENCES likes (user_id)",
            "likes: the column user_id is in another foreign key",
        ),
        (
            "CREATE TABLE likes (user_id INT, FOREIGN KEY (user_id) REFERENCES users (id)); \
             SET FOREIGN_KEY_CHECKS = 0; INSERT INTO likes VALUES (99)",
            "likes: 1 rows refer to",
        ),
    ] {
        assert_refused(change, &[offence]);
    }
}

#[test]
fn rows_that_nobody_owns_are_refused_each_by_name() {
    assert_refused(
        "SET FOREIGN_KEY_CHECKS = 0; INSERT INTO tweets (id, user_id, tweet) VALUES (50, 98, 'x'), (51, 99, 'y'); \
         INSERT INTO users_follow_list (user_id, follow_user_id) VALUES (1, 97), (96, 1)",
        &[
            "tweets: tweet 50 is by user 98",
            "tweets: tweet 51 is by user 99",
            "users_follow_list: 1 follows 97",
            "users_follow_list: 96 follows 1",
        ],
    );
}

#[test]
fn emails_that_are_one_to_us_are_refused_each_by_name() {
    assert_refused(
        "ALTER TABLE users DROP INDEX email; \
         INSERT INTO users (id, name, email, hashed_password, profile) VALUES (20, '', 'TET@gmail.com', '', '')",
        &["users: user 2 has the e-mail tet@gmail.com", "users: user 20 has the e-mail TET@gmail.com"],
    );
}

#[test]
fn rows_without_what_must_be_there_are_refused_each_by_name() {
    assert_refused(
        "ALTER TABLE users MODIFY profile VARCHAR(2000) NULL; UPDATE users SET profile = NULL WHERE id = 7",
        &["users: 7 has no profile"],
    );
    assert_refused(
        "SET sql_mode = ''; UPDATE tweets SET created_at = 0 WHERE id = 3",
        &["tweets: 3 has no created_at"],
    );
}

#[test]
fn what_the_server_will_not_convert_is_found_before_anything_is_changed() {
    // Too long for an index once its texts are utf8mb4.
    assert_refused(
        "UPDATE users SET name = 'x', profile = ''; ALTER TABLE users CONVERT TO CHARACTER SET latin1, ADD INDEX wide (name, email, hashed_password, profile(200))",
        &["users: the server will not convert it"],
    );
}

#[test]
fn a_column_that_might_be_null_and_is_not_is_adopted() {
    let database = original(TEXTBOOK);
    database.execute("ALTER TABLE users MODIFY profile VARCHAR(2000) NULL, MODIFY name VARCHAR(255) NULL");
    Store::adopt(&database.url(), &mut |_| ()).unwrap();
}
