use std::collections::BTreeSet;

use miniter_domain::{RepositoryError, SessionRepository, TokenVersion, UserId, UserRepository};

use crate::support::Database;

#[test]
fn the_version_of_a_user_is_the_one_that_the_last_change_of_the_password_gave() {
    let database = Database::new();
    let (song, kim) = (database.user("song"), database.user("kim"));
    let change = |user| {
        let seen = database.find_credentials_of(user).unwrap().unwrap();
        database.change_password(&seen, &format!("after {}", seen.token_version.get())).unwrap().unwrap()
    };
    for user in [song, kim] {
        assert_eq!(database.cached_token_version(user), TokenVersion::FIRST);
    }
    let (_, second, third) = (change(song), change(kim), change(song));
    assert!(TokenVersion::FIRST < second && second < third);
    database.freshen();
    assert_eq!(database.cached_token_version(song), third);
    assert_eq!(database.cached_token_version(kim), second);
    assert_eq!(database.cached_token_version(UserId::new(99)), TokenVersion::FIRST);
    // A new hash of the same password ends nothing.
    let seen = database.find_credentials_of(song).unwrap().unwrap();
    database.replace_password_hash(&seen, "made anew").unwrap();
    database.freshen();
    assert_eq!(database.cached_token_version(song), third);
}

#[test]
fn a_version_is_known_on_every_node_at_once() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim) = (here.user("song"), here.user("kim"));
    for _ in 0..3 {
        there.freshen();
        let seen = here.find_credentials_of(song).unwrap().unwrap();
        let version =
            here.change_password(&seen, &format!("after {}", seen.token_version.get())).unwrap().unwrap();
        for node in &nodes {
            node.freshen();
            assert_eq!(node.cached_token_version(song), version);
            assert_eq!(node.cached_token_version(kim), TokenVersion::FIRST);
        }
        let new = here.another_node();
        assert_eq!(new.cached_token_version(song), version, "also on a node that starts now");
    }
}

#[test]
fn on_sqlite_a_version_that_another_program_has_set_is_known_at_once() {
    let database = Database::new();
    let song = database.user("song");
    database.freshen();
    assert_eq!(database.cached_token_version(song), TokenVersion::FIRST);
    database.execute(&format!("INSERT INTO token_versions (user_id, version) VALUES ({song}, 5)"));
    database.freshen();
    let known = if database.is_sqlite() { 5 } else { 0 };
    assert_eq!(database.cached_token_version(song), TokenVersion::new(known));
}

#[test]
fn of_changes_by_many_at_once_each_has_a_version_of_its_own() {
    let nodes = Database::nodes(2);
    let users: Vec<_> = (0..12).map(|i| nodes[0].user(&format!("user{i}"))).collect();
    let versions: BTreeSet<_> = std::thread::scope(|scope| {
        let change = |i: usize, user: UserId| {
            let node = &nodes[i % nodes.len()];
            move || loop {
                let seen = node.find_credentials_of(user).unwrap().unwrap();
                match node.change_password(&seen, "changed") {
                    Ok(version) => return version.unwrap(),
                    Err(RepositoryError::Unavailable(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        };
        let threads: Vec<_> =
            users.iter().enumerate().map(|(i, user)| scope.spawn(change(i, *user))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(versions.len(), users.len());
    for node in &nodes {
        node.freshen();
        let known: BTreeSet<_> = users.iter().map(|user| node.cached_token_version(*user)).collect();
        assert_eq!(known, versions);
    }
}
