use std::sync::Arc;

use miniter_domain::{
    Account, AccountChange, AccountRepository, AccountSearch, Profile, ProfileField, ProfileFields,
    RepositoryError, UserId, UserName, UserRepository, Username, Visibility,
};

use crate::support::{Database, moment, new_user};

fn find(database: &Database, account: UserId) -> Option<Arc<Account>> {
    database.freshen();
    let cached = database.cached_many(&[account]);
    let found = AccountRepository::find_many(&**database, &[account]).unwrap();
    if let Some(cached) = cached {
        assert_eq!(cached, found);
    }
    found.into_iter().next()
}

fn change(database: &Database, account: UserId, change: &AccountChange) {
    let changed = database.update(account, change).unwrap().unwrap();
    assert_eq!(find(database, account), Some(changed));
}

fn named(database: &Database, email: &str, username: &str, name: &str) -> UserId {
    let user = miniter_domain::NewUser {
        username: Some(Username::parse(username).unwrap()),
        name: UserName::parse(name.to_owned()).unwrap(),
        ..new_user(email)
    };
    UserRepository::create(&**database, &user).unwrap()
}

#[test]
fn a_new_account_has_what_it_signed_up_with_and_zeros() {
    let database = Database::new();
    let song = database.user("song");
    let account = find(&database, song).unwrap();
    assert_eq!((account.id, account.username.clone()), (song, format!("user{song}")));
    assert_eq!((account.display_name.as_str(), account.note.as_str()), ("송은우", "안녕 🍺"));
    assert_eq!((account.created_at, account.last_status_at), (moment(), None));
    assert_eq!((account.counts.statuses, account.counts.followers, account.counts.following), (0, 0, 0));
    assert_eq!(find(&database, UserId::new(99)), None);
}

#[test]
fn a_row_of_other_sql_is_an_account() {
    let database = Database::new();
    database.execute(
        "INSERT INTO users (id, name, email, profile, hashed_password) VALUES (7, '김', 'k@x', '', '')",
    );
    let account = find(&database, UserId::new(7)).unwrap();
    assert_eq!((account.username.as_str(), account.display_name.as_str()), ("user7", "김"));
    let song = database.user("song");
    database.follow(song, UserId::new(7));
    assert_eq!(find(&database, UserId::new(7)).unwrap().counts.followers, 1);
}

#[test]
fn a_username_is_unique_and_found_in_any_case() {
    let database = Database::new();
    let song = named(&database, "song@example.com", "Song_1", "송은우");
    let kim = database.user("kim");
    for username in ["Song_1", "SONG_1", "song_1"] {
        assert_eq!(database.find_by_username(username).unwrap().unwrap().id, song);
        let again = miniter_domain::NewUser {
            username: Some(Username::parse(username).unwrap()),
            ..new_user("other@example.com")
        };
        assert!(matches!(UserRepository::create(&*database, &again), Err(RepositoryError::Taken)));
        let taken = AccountChange { username: again.username, ..AccountChange::default() };
        assert!(matches!(database.update(kim, &taken), Err(RepositoryError::Taken)));
    }
    assert_eq!(find(&database, song).unwrap().username, "Song_1");
    for nobody in ["song", "song_12", "songx1", "송", "", &format!("user{song}"), "user999"] {
        assert_eq!(database.find_by_username(nobody).unwrap(), None, "{nobody}");
    }
    assert_eq!(database.find_by_username(&format!("USER{kim}")).unwrap().unwrap().id, kim);
    let found = database.find_by_usernames(&["SONG_1", "nobody", &format!("user{kim}"), "song_1"]).unwrap();
    assert_eq!(found.iter().map(|account| account.id).collect::<Vec<_>>(), [song, kim]);
}

#[test]
fn a_change_changes_what_it_names_on_every_node() {
    let nodes = Database::nodes(2);
    let (one, other) = (&nodes[0], &nodes[nodes.len() - 1]);
    let song = one.user("song");
    let before = find(other, song).unwrap();
    let fields = vec![
        ProfileField { name: "집".into(), value: "https://example.com".into() },
        ProfileField { name: "Tea".into(), value: String::new() },
    ];
    let pairs = fields.iter().map(|field| (field.name.clone(), field.value.clone()));
    let all = AccountChange {
        username: Some(Username::parse("Song").unwrap()),
        display_name: Some(UserName::parse("은우".into()).unwrap()),
        note: Some(Profile::parse("새 소개".into()).unwrap()),
        fields: Some(ProfileFields::parse(pairs).unwrap()),
        is_locked: Some(true),
        is_bot: Some(true),
        is_discoverable: Some(true),
        default_visibility: Some(Visibility::Private),
        default_sensitive: Some(true),
        default_language: Some(Some("ko".into())),
    };
    change(one, song, &all);
    let after = find(other, song).unwrap();
    let expected = Account {
        username: "Song".into(),
        display_name: "은우".into(),
        note: "새 소개".into(),
        fields,
        is_locked: true,
        is_bot: true,
        is_discoverable: true,
        defaults: miniter_domain::PostDefaults {
            visibility: Visibility::Private,
            is_sensitive: true,
            language: Some("ko".into()),
        },
        ..(*before).clone()
    };
    assert_eq!(*after, expected);

    change(other, song, &AccountChange::default());
    assert_eq!(find(one, song).unwrap(), after);
    let none = AccountChange {
        fields: Some(ProfileFields::default()),
        default_language: Some(None),
        is_bot: Some(false),
        ..AccountChange::default()
    };
    change(other, song, &none);
    let last = find(one, song).unwrap();
    assert_eq!((last.fields.len(), last.defaults.language.clone(), last.is_bot), (0, None, false));
    assert!(last.is_locked);
    let mut nobody = all;
    nobody.username = None;
    assert_eq!(one.update(UserId::new(99), &nobody).unwrap(), None);
}

#[test]
fn many_accounts_are_found_at_once_each_once_and_in_order() {
    let database = Database::new();
    let rows: Vec<String> = (1_000..2_200).map(|id| format!("({id}, 'n{id}', 'e{id}', '', '')")).collect();
    let rows = rows.join(", ");
    database.execute(&format!("INSERT INTO users (id, name, email, profile, hashed_password) VALUES {rows}"));
    database.freshen();
    let asked: Vec<UserId> = (1_100..2_400).rev().chain([1_100]).map(UserId::new).collect();
    for _ in 0..2 {
        let found = AccountRepository::find_many(&*database, &asked).unwrap();
        let ids: Vec<i64> = found.iter().map(|account| account.id.get()).collect();
        assert_eq!(ids, (1_100..2_200).collect::<Vec<_>>());
        assert_eq!(found[1].display_name, "n1101");
    }
    assert_eq!(AccountRepository::find_many(&*database, &[]).unwrap(), []);
}

fn search(database: &Database, viewer: Option<UserId>, query: &str) -> Vec<String> {
    let search =
        AccountSearch { query: query.to_owned(), viewer, is_following_only: false, limit: 10, offset: 0 };
    let found = database.search(&search).unwrap();
    found.iter().map(|account| account.username.clone()).collect()
}

#[test]
fn a_search_finds_beginnings_of_usernames_and_words_of_names() {
    let database = Database::new();
    let song = named(&database, "a@x", "Song", "송은우");
    let eun = named(&database, "b@x", "eun", "Eun-woo Song Kim");
    let songbird = named(&database, "c@x", "songbird", "새");
    let other = database.user("other");
    assert_eq!(search(&database, None, "SONG"), ["Song", "songbird", "eun"], "the very username first");
    assert_eq!(search(&database, None, "은우")[..1], ["Song"]);
    assert_eq!(search(&database, None, "kim eun"), ["eun"]);
    assert_eq!(search(&database, None, "eun lee"), [""; 0]);
    assert_eq!(search(&database, None, "ong"), [""; 0]);
    assert_eq!(search(&database, None, &format!("user{other}")), [format!("user{other}")]);
    for nothing in ["", "  ", "%", "_%", "'", "\u{10ffff}", "\\", "@"] {
        assert_eq!(search(&database, None, nothing), [""; 0], "{nothing:?}");
    }
    // Those whom one follows come before the others, and blocked ones not at all.
    database.follow(other, songbird);
    assert_eq!(search(&database, Some(other), "song"), ["Song", "songbird", "eun"]);
    assert_eq!(search(&database, Some(other), "so"), ["songbird", "Song", "eun"]);
    let query = AccountSearch {
        query: "so".into(),
        viewer: Some(other),
        is_following_only: true,
        limit: 10,
        offset: 0,
    };
    let followed = database.search(&query).unwrap();
    assert_eq!(followed.iter().map(|account| account.id).collect::<Vec<_>>(), [songbird]);
    let second = AccountSearch { is_following_only: false, limit: 1, offset: 1, ..query };
    assert_eq!(database.search(&second).unwrap()[0].id, song);
    miniter_domain::RelationshipRepository::block(&*database, other, song, moment()).unwrap();
    miniter_domain::RelationshipRepository::block(&*database, eun, other, moment()).unwrap();
    assert_eq!(search(&database, Some(other), "so"), ["songbird"]);
    // Another name is found at once, and the old one no more.
    let renamed = AccountChange {
        display_name: Some(UserName::parse("독수리".into()).unwrap()),
        ..AccountChange::default()
    };
    change(&database, songbird, &renamed);
    assert_eq!(search(&database, None, "새"), [""; 0]);
    assert_eq!(search(&database, None, "수리"), ["songbird"]);
}
