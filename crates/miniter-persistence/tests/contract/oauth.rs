//! Applications, codes and access tokens.

use chrono::{DateTime, TimeDelta, Utc};
use miniter_domain::{
    AccessToken, AccessTokenRepository, AppId, AppName, ApplicationRepository, AuthorizationCode,
    AuthorizationCodeRepository, KnownToken, NewAccessToken, NewApplication, Redemption, RedirectUris,
    RepositoryError, Scopes, SecretDigest, TokenVersion, UserId, UserRepository, Website,
};
use miniter_persistence::Store;

use crate::support::{Database, moment, patiently};

fn scopes(names: &str) -> Scopes {
    names.parse().unwrap()
}

fn digest(number: u8) -> SecretDigest {
    SecretDigest([number; 32])
}

fn application(client_id: &str) -> NewApplication {
    NewApplication {
        name: AppName::parse("앱 🍣".into()).unwrap(),
        website: Some(Website::parse("https://app.example/é".into()).unwrap()),
        client_id: client_id.to_owned(),
        client_secret: digest(200),
        redirect_uris: RedirectUris::parse(["https://app.example/cb", "app://"]).unwrap(),
        scopes: scopes("read write:statuses push"),
        created_at: moment(),
    }
}

fn register(database: &Database, client_id: &str) -> AppId {
    ApplicationRepository::create(&**database, &application(client_id)).unwrap()
}

fn code(number: u8, app: AppId, user: UserId, created_at: DateTime<Utc>) -> AuthorizationCode {
    AuthorizationCode {
        digest: digest(number),
        app,
        user,
        redirect_uri: "app://".to_owned(),
        scopes: scopes("read"),
        challenge: Some([7; 32]),
        created_at,
    }
}

fn consent(database: &Database, number: u8, app: AppId, user: UserId) {
    let code = code(number, app, user, moment());
    assert!(AuthorizationCodeRepository::create(&**database, &code, TokenVersion::FIRST).unwrap());
}

/// A token of the user, which has come of a code with the same number.
fn let_in(database: &Database, number: u8, app: AppId, user: UserId) {
    consent(database, number, app, user);
    let redeemed = database.redeem(&digest(number), &digest(number), moment()).unwrap();
    assert_eq!(redeemed, Redemption::Redeemed);
}

/// What a request is answered that shows a token: from memory or, where it is not there, from the database.
fn show(database: &Database, token: SecretDigest) -> Option<AccessToken> {
    database.freshen();
    let store: &Store = database;
    match store.cached(&token) {
        Some(KnownToken::Good(token)) => Some(token),
        Some(KnownToken::Void) => None,
        None => AccessTokenRepository::find(store, &token).unwrap(),
    }
}

fn change_password(database: &Database, user: UserId) {
    let seen = database.find_credentials_of(user).unwrap().unwrap();
    let new = format!("after {}", seen.token_version.get());
    assert!(database.change_password(&seen, &new).unwrap().is_some());
}

#[test]
fn an_application_is_found_as_it_was_registered() {
    let database = Database::new();
    let (first, second) = (register(&database, "first"), register(&database, "second"));
    assert_ne!(first, second);
    let found = ApplicationRepository::find(&*database, first).unwrap().unwrap();
    assert_eq!(found.id, first);
    assert_eq!((found.name.as_str(), found.website.as_deref()), ("앱 🍣", Some("https://app.example/é")));
    assert_eq!((found.client_id.as_str(), found.client_secret), ("first", digest(200)));
    assert_eq!(found.redirect_uris, "https://app.example/cb\napp://");
    assert_eq!((found.scopes, found.created_at), (scopes("read write:statuses push"), moment()));
    assert_eq!(database.find_by_client_id("first").unwrap(), Some(found));
    for unknown in ["", "FIRST", "first ", "third"] {
        assert_eq!(database.find_by_client_id(unknown).unwrap(), None, "{unknown:?}");
    }
    assert_eq!(ApplicationRepository::find(&*database, AppId::new(99)).unwrap(), None);
    let again = ApplicationRepository::create(&*database, &application("first"));
    assert!(matches!(again, Err(RepositoryError::Taken)));
    let bare = NewApplication { website: None, ..application("bare") };
    let bare = ApplicationRepository::create(&*database, &bare).unwrap();
    assert_eq!(ApplicationRepository::find(&*database, bare).unwrap().unwrap().website, None);
}

#[test]
fn a_code_is_exchanged_once_and_shown_again_it_ends_what_came_of_it() {
    let database = Database::new();
    let (song, app) = (database.user("song"), register(&database, "app"));
    let stored = code(1, app, song, moment());
    assert!(AuthorizationCodeRepository::create(&*database, &stored, TokenVersion::FIRST).unwrap());
    let found = AuthorizationCodeRepository::find(&*database, &digest(1)).unwrap();
    assert_eq!(found.as_ref(), Some(&stored));
    assert_eq!(show(&database, digest(2)), None);
    assert_eq!(database.redeem(&digest(9), &digest(8), moment()).unwrap(), Redemption::Unknown);

    let token = SecretDigest([3; 32]);
    assert_eq!(database.redeem(&digest(1), &token, moment()).unwrap(), Redemption::Redeemed);
    let shown = show(&database, token).unwrap();
    assert_eq!((shown.app, shown.user, shown.scopes), (app, Some(song), scopes("read")));
    let_in(&database, 5, app, song);

    for other in [4, 3] {
        assert_eq!(database.redeem(&digest(1), &digest(other), moment()).unwrap(), Redemption::Replayed);
        assert_eq!(show(&database, digest(other)), None);
        assert_eq!(show(&database, token), None);
    }
    assert!(show(&database, digest(5)).is_some(), "the token of another code");
}

#[test]
fn of_many_who_show_a_code_at_once_one_gets_a_token() {
    let nodes = Database::nodes(2);
    let (song, app) = (nodes[0].user("song"), register(&nodes[0], "app"));
    for round in 0..5 {
        consent(&nodes[0], round, app, song);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let show = |i: u8| {
                let node = &nodes[usize::from(i) % nodes.len()];
                let token = SecretDigest([round * 16 + i + 100; 32]);
                move || patiently(|| node.redeem(&digest(round), &token, moment()))
            };
            let threads: Vec<_> = (0..4).map(|i| scope.spawn(show(i))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let redeemed = outcomes.iter().filter(|outcome| **outcome == Redemption::Redeemed).count();
        assert_eq!(redeemed, 1, "{outcomes:?}");
        // It was shown again: nobody has access.
        for (node, i) in nodes.iter().zip(0..4).chain(nodes.iter().rev().zip(0..4)) {
            assert_eq!(show(node, SecretDigest([round * 16 + i + 100; 32])), None);
        }
    }
    assert_eq!(nodes[0].other_connection().number("SELECT COUNT(*) AS value FROM access_tokens"), 0);
}

#[test]
fn a_code_needs_a_user_whose_password_was_not_changed_since() {
    let database = Database::new();
    let (song, app) = (database.user("song"), register(&database, "app"));
    let create = |number, user, version| {
        let code = code(number, app, user, moment());
        AuthorizationCodeRepository::create(&*database, &code, version).unwrap()
    };
    assert!(!create(1, UserId::new(99), TokenVersion::FIRST));
    assert!(!create(1, song, TokenVersion::new(1)));
    assert!(create(1, song, TokenVersion::FIRST));
    change_password(&database, song);
    assert_eq!(database.redeem(&digest(1), &digest(9), moment()).unwrap(), Redemption::Unknown);
    assert!(!create(2, song, TokenVersion::FIRST));
    let current = database.find_credentials_of(song).unwrap().unwrap().token_version;
    assert!(create(3, song, current));
    assert_eq!(database.redeem(&digest(3), &digest(9), moment()).unwrap(), Redemption::Redeemed);
}

#[test]
fn what_ends_a_token_counts_on_every_node_at_once() {
    let nodes = Database::nodes(2);
    let (here, there) = (&nodes[0], &nodes[nodes.len() - 1]);
    let (song, kim, app) = (here.user("song"), here.user("kim"), register(here, "app"));
    for (token, user) in [(1, song), (2, song), (3, kim), (4, kim)] {
        let_in(here, token, app, user);
    }
    let own =
        NewAccessToken { digest: digest(5), app, user: None, scopes: scopes("read"), created_at: moment() };
    AccessTokenRepository::create(&**here, &own).unwrap();
    let good = || -> Vec<u8> {
        let shown = |node: &Database| -> Vec<u8> {
            // Twice: from the database, and from memory.
            for token in 1..=5 {
                show(node, digest(token));
            }
            (1..=5).filter(|token| show(node, digest(*token)).is_some()).collect()
        };
        assert_eq!(shown(here), shown(there));
        shown(there)
    };
    assert_eq!(good(), [1, 2, 3, 4, 5]);
    assert_eq!(show(there, digest(5)).unwrap().user, None);

    let first = show(here, digest(1)).unwrap();
    assert!(here.revoke(&first).unwrap());
    assert_eq!(good(), [2, 3, 4, 5]);
    assert!(!there.revoke(&first).unwrap(), "it is void already");
    change_password(here, song);
    assert_eq!(good(), [3, 4, 5]);
    assert!(UserRepository::delete(&**there, kim).unwrap());
    assert_eq!(good(), [5]);
    assert!(there.revoke(&show(there, digest(5)).unwrap()).unwrap());
    assert!(good().is_empty());
}

#[test]
fn old_codes_go_when_new_ones_come_and_those_that_are_needed_stay() {
    let database = Database::new();
    let (song, app) = (database.user("song"), register(&database, "app"));
    let kept = TimeDelta::from_std(AuthorizationCode::KEPT).unwrap();
    let at = |number, created_at| {
        let code = code(number, app, song, created_at);
        assert!(AuthorizationCodeRepository::create(&*database, &code, TokenVersion::FIRST).unwrap());
    };
    (0..6).for_each(|number| at(number, moment()));
    at(6, moment() + kept);
    let count = || database.other_connection().number("SELECT COUNT(*) AS value FROM authorization_codes");
    assert_eq!(count(), 7);
    at(7, moment() + kept + TimeDelta::seconds(1));
    at(8, moment() + kept + TimeDelta::seconds(1));
    assert_eq!(count(), 3);
    assert!(AuthorizationCodeRepository::find(&*database, &digest(6)).unwrap().is_some());
}

#[test]
fn on_sqlite_a_token_that_another_program_has_deleted_is_void_at_once() {
    let database = Database::new();
    let (song, app) = (database.user("song"), register(&database, "app"));
    let_in(&database, 1, app, song);
    assert!(show(&database, digest(1)).is_some());
    database.execute("DELETE FROM access_tokens");
    assert_eq!(show(&database, digest(1)).is_none(), database.is_sqlite());
}
