//! The tests of the use cases around accounts.

use std::time::Duration;

use chrono::{DateTime, Utc};
use miniter_domain::{
    Allowance, Exhausted, MockKnownAddressRepository, MockLoginThrottleRepository, MockUserRepository, Quota,
    Tat, TokenVersion,
};

use super::*;
use crate::token::TokenSecret;

/// A clock that stands still.
pub(crate) struct FixedClock(DateTime<Utc>);

impl FixedClock {
    pub(crate) fn at(seconds: i64) -> Self {
        Self(DateTime::from_timestamp(seconds, 0).unwrap())
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

pub(crate) fn tokens() -> Arc<Tokens> {
    let secret = TokenSecret::new([1; 32]).unwrap();
    Arc::new(Tokens::new(&secret, &[], Duration::from_mins(1), Arc::new(FixedClock::at(1_000))))
}

fn accounts(users: MockUserRepository) -> Accounts {
    // A mock without expectations panics at any call.
    counting(users, MockLoginThrottleRepository::new(), MockKnownAddressRepository::new(), None)
}

fn counting(
    users: MockUserRepository,
    buckets: MockLoginThrottleRepository,
    addresses: MockKnownAddressRepository,
    quota: Option<Quota>,
) -> Accounts {
    let clock = Arc::new(FixedClock::at(1_000));
    let throttle = LoginThrottle::new(Arc::new(buckets), Arc::new(addresses), quota, clock.clone());
    let passwords = Passwords::new(1).unwrap();
    Accounts::new(Arc::new(users), passwords, throttle, tokens(), clock, Registration::Open)
}

#[test]
fn where_registration_is_closed_nobody_signs_up_whatever_they_send() {
    let closed = Accounts { registration: Registration::Closed, ..accounts(MockUserRepository::new()) };
    for account in [song(), SignUp { email: String::new(), ..song() }] {
        assert!(matches!(closed.sign_up(account), Err(ServiceError::RegistrationClosed)));
    }
}

#[test]
fn registration_is_read_as_it_is_written() {
    for registration in [Registration::Open, Registration::Closed] {
        assert_eq!(registration.to_string().parse(), Ok(registration));
    }
    assert!("Open".parse::<Registration>().is_err());
}

fn song() -> SignUp {
    SignUp {
        username: None,
        name: "송은우".into(),
        email: "Song@Example.com".into(),
        password: "correct horse".into(),
        profile: String::new(),
    }
}

fn here() -> Subscriber {
    Subscriber::of(std::net::Ipv4Addr::LOCALHOST.into())
}

fn change(old: &str, new: &str) -> PasswordChange {
    let (old, new) = (old.into(), new.into());
    PasswordChange { actor: UserId::new(7), token: "a token".to_owned(), from: here(), old, new }
}

/// Addresses none of which is known.
fn unknown() -> MockKnownAddressRepository {
    let mut addresses = MockKnownAddressRepository::new();
    addresses.expect_find_known_address().returning(|_, _| Ok(None));
    addresses
}

/// What a bucket answers that has one left, or none.
fn outcome(is_left: bool) -> Result<Allowance, Exhausted> {
    let second = Duration::from_secs(1);
    if is_left { Ok(Allowance { left: 1, full_in: second }) } else { Err(Exhausted { retry_after: second }) }
}

fn song_with(hashed_password: &str) -> Credentials {
    let hashed_password = hashed_password.to_owned();
    Credentials { user_id: UserId::new(7), hashed_password, token_version: TokenVersion::new(3) }
}

/// A repository in which user 7 has this hash.
fn users_with(hashed_password: String) -> MockUserRepository {
    let mut users = MockUserRepository::new();
    users.expect_find_credentials().returning(move |email| {
        let known = *email == CanonicalEmail::of("song@example.com");
        Ok(known.then(|| song_with(&hashed_password)))
    });
    users
}

#[test]
fn signing_up_stores_a_hash_and_the_time_of_the_clock() {
    let mut users = MockUserRepository::new();
    users
        .expect_create()
        .withf(|user| {
            user.email.as_str() == "Song@Example.com"
                && user.hashed_password.starts_with("$argon2id$")
                && user.created_at.timestamp() == 1_000
        })
        .times(1)
        .returning(|_| Ok(UserId::new(7)));
    assert_eq!(accounts(users).sign_up(song()).unwrap(), UserId::new(7));
}

#[test]
fn a_taken_email_is_the_databases_verdict() {
    let mut users = MockUserRepository::new();
    users.expect_create().returning(|_| Err(RepositoryError::Taken));
    assert!(matches!(accounts(users).sign_up(song()), Err(ServiceError::EmailTaken)));
}

#[test]
fn a_taken_username_is_told_apart_from_a_taken_email() {
    for (has_email, expected) in [(true, ServiceError::EmailTaken), (false, ServiceError::UsernameTaken)] {
        let mut users = MockUserRepository::new();
        users
            .expect_create()
            .withf(|user| user.username.as_ref().map(Username::as_str) == Some("Song"))
            .returning(|_| Err(RepositoryError::Taken));
        users.expect_find_credentials().returning(move |_| Ok(has_email.then(|| song_with("a hash"))));
        let refused = accounts(users).sign_up(SignUp { username: Some("Song".into()), ..song() });
        assert_eq!(format!("{:?}", refused.unwrap_err()), format!("{expected:?}"));
    }
}

#[test]
fn a_sign_up_that_breaks_a_rule_reaches_no_repository() {
    for (broken, error) in [
        (SignUp { username: Some("송".into()), ..song() }, DomainError::InvalidUsername),
        (SignUp { username: Some("user7".into()), ..song() }, DomainError::ReservedUsername),
        (SignUp { name: String::new(), ..song() }, DomainError::InvalidName),
        (SignUp { email: "song".into(), ..song() }, DomainError::InvalidEmail),
        (SignUp { password: "short".into(), ..song() }, DomainError::PasswordTooShort),
        (SignUp { profile: "x".repeat(2_001), ..song() }, DomainError::ProfileTooLong),
    ] {
        // A mock without expectations panics at any call.
        let refused = accounts(MockUserRepository::new()).sign_up(broken);
        assert!(matches!(refused, Err(ServiceError::Invalid(found)) if found == error), "{error}");
    }
}

#[test]
fn logging_in_gives_a_token_that_speaks_for_the_user() {
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let session = accounts(users_with(hash)).log_in("SONG@example.com", "correct horse", here()).unwrap();
    assert_eq!(session.user_id, UserId::new(7));
    let bearer = tokens().verify(&session.access_token).unwrap();
    assert_eq!((bearer.user, bearer.version), (UserId::new(7), TokenVersion::new(3)));
}

#[test]
fn an_unknown_email_and_a_wrong_password_are_the_same_refusal() {
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let accounts = accounts(users_with(hash));
    for (email, password) in [("kim@example.com", "correct horse"), ("song@example.com", "wrong horse")] {
        assert!(
            matches!(accounts.log_in(email, password, here()), Err(ServiceError::InvalidCredentials)),
            "{email}"
        );
    }
}

#[test]
fn in_a_browser_an_account_is_named_by_its_address_or_its_username() {
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let mut users = users_with(hash.clone());
    users
        .expect_find_credentials_by_username()
        .returning(move |name| Ok((name == "song").then(|| song_with(&hash))));
    let accounts = accounts(users);
    for (login, password, is_right) in [
        ("song@example.com", "correct horse", true),
        (" Song@Example.com ", "correct horse", true),
        ("song", "correct horse", true),
        ("@song", "correct horse", true),
        ("song", "wrong horse", false),
        ("song@example.com", "wrong horse", false),
        ("kim", "correct horse", false),
        ("", "correct horse", false),
    ] {
        let identified = accounts.identify(login, password, here());
        if is_right {
            let bearer = identified.unwrap();
            assert_eq!((bearer.user, bearer.version), (UserId::new(7), TokenVersion::new(3)), "{login}");
        } else {
            assert!(matches!(identified, Err(ServiceError::InvalidCredentials)), "{login}");
        }
    }
}

#[test]
fn an_outdated_hash_is_replaced_before_the_answer() {
    let bcrypt = bcrypt::hash("short", 4).unwrap();
    let mut users = users_with(bcrypt.clone());
    users
        .expect_replace_password_hash()
        .withf(move |seen, new| seen.hashed_password == bcrypt && new.starts_with("$argon2id$"))
        .times(1)
        .returning(|_, _| Ok(()));
    assert!(accounts(users).log_in("song@example.com", "short", here()).is_ok());
}

#[test]
fn a_log_in_succeeds_although_its_hash_could_not_be_replaced() {
    let mut users = users_with(bcrypt::hash("correct horse", 4).unwrap());
    users
        .expect_replace_password_hash()
        .times(1)
        .returning(|_, _| Err(RepositoryError::Unavailable("locked".into())));
    assert!(accounts(users).log_in("song@example.com", "correct horse", here()).is_ok());
}

#[test]
fn a_database_that_is_away_is_told_as_such() {
    let mut users = MockUserRepository::new();
    users.expect_find_credentials().returning(|_| Err(RepositoryError::Unavailable("locked".into())));
    let refused = accounts(users).log_in("song@example.com", "correct horse", here());
    assert!(matches!(refused, Err(ServiceError::Unavailable(_))));
}

fn quota(limit: u32) -> Quota {
    Quota::new(limit.try_into().unwrap(), Duration::from_mins(1)).unwrap()
}

#[test]
fn a_wrong_password_is_counted_and_after_a_right_one_the_address_is_known() {
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let mut buckets = MockLoginThrottleRepository::new();
    buckets.expect_find_tat().returning(|_| Ok(None));
    buckets.expect_take().times(2).returning(|_, _, _| Ok(outcome(true)));
    let mut addresses = unknown();
    addresses
        .expect_record_known_address()
        .withf(|user, _, now| user.get() == 7 && now.timestamp() == 1_000)
        .times(1)
        .returning(|_, _, _| Ok(()));
    let accounts = counting(users_with(hash), buckets, addresses, Some(quota(1)));
    accounts.log_in("song@example.com", "correct horse", here()).unwrap();
    for email in ["song@example.com", "nobody@example.com"] {
        let refused = accounts.log_in(email, "wrong horse", here());
        assert!(matches!(refused, Err(ServiceError::InvalidCredentials)), "{email}");
    }
}

#[test]
fn after_too_many_wrong_passwords_not_even_the_right_one_is_looked_at() {
    let mut buckets = MockLoginThrottleRepository::new();
    buckets.expect_find_tat().returning(|_| Ok(Some(Tat::new(1_060_000_000))));
    // A hash that nothing can be compared with: that would be a wrong password, and counted.
    let accounts = counting(users_with("unreadable".into()), buckets, unknown(), Some(quota(2)));
    let refused = accounts.log_in("song@example.com", "correct horse", here());
    assert!(
        matches!(refused, Err(ServiceError::TooManyFailures { retry_after }) if retry_after.as_secs() == 30),
        "{refused:?}"
    );
}

#[test]
fn of_wrong_passwords_at_the_same_time_no_more_are_told_wrong_than_there_may_be() {
    let mut buckets = MockLoginThrottleRepository::new();
    buckets.expect_find_tat().returning(|_| Ok(None));
    buckets.expect_take().returning(|_, _, _| Ok(outcome(false)));
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let accounts = counting(users_with(hash), buckets, unknown(), Some(quota(2)));
    let refused = accounts.log_in("song@example.com", "wrong horse", here());
    assert!(matches!(refused, Err(ServiceError::TooManyFailures { .. })), "{refused:?}");
}

#[test]
fn a_moment_that_cannot_be_is_stored_as_one_that_can() {
    let mut buckets = MockLoginThrottleRepository::new();
    buckets.expect_find_tat().returning(|_| Ok(Some(Tat::new(i64::MAX))));
    buckets.expect_take().times(1).returning(|_, _, _| Ok(outcome(false)));
    let accounts = counting(users_with("unreadable".into()), buckets, unknown(), Some(quota(2)));
    let refused = accounts.log_in("song@example.com", "correct horse", here());
    assert!(matches!(refused, Err(ServiceError::TooManyFailures { .. })), "{refused:?}");
}

#[test]
fn an_address_is_noted_once_a_day_as_long_as_it_is_known() {
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let day = 24 * 60 * 60;
    // Just now, yesterday, in the future, and too long ago to be known.
    for (seen_at, is_noted) in [(1_000, false), (999 - day, true), (1_001, true), (999 - 90 * day, true)] {
        let mut buckets = MockLoginThrottleRepository::new();
        buckets.expect_find_tat().returning(|_| Ok(None));
        let mut addresses = MockKnownAddressRepository::new();
        addresses
            .expect_find_known_address()
            .returning(move |_, _| Ok(Some(DateTime::from_timestamp(seen_at, 0).unwrap())));
        addresses.expect_record_known_address().times(usize::from(is_noted)).returning(|_, _, _| Ok(()));
        let accounts = counting(users_with(hash.clone()), buckets, addresses, Some(quota(2)));
        accounts.log_in("song@example.com", "correct horse", here()).unwrap();
    }
}

#[test]
fn a_log_in_succeeds_although_its_address_could_not_be_noted() {
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let mut buckets = MockLoginThrottleRepository::new();
    buckets.expect_find_tat().returning(|_| Ok(None));
    let mut addresses = unknown();
    addresses
        .expect_record_known_address()
        .times(1)
        .returning(|_, _, _| Err(RepositoryError::Unavailable("locked".into())));
    let accounts = counting(users_with(hash), buckets, addresses, Some(quota(2)));
    assert!(accounts.log_in("song@example.com", "correct horse", here()).is_ok());
}

#[test]
fn a_changed_password_opens_a_session_with_the_new_version() {
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let mut users = MockUserRepository::new();
    let stored = hash.clone();
    users.expect_find_credentials_of().returning(move |_| Ok(Some(song_with(&stored))));
    users
        .expect_change_password()
        .withf(move |seen, new| seen.hashed_password == hash && new.starts_with("$argon2id$"))
        .times(1)
        .returning(|_, _| Ok(Some(TokenVersion::new(4))));
    let accounts = accounts(users);
    let session = accounts.change_password(change("correct horse", "battery staple")).unwrap();
    assert_eq!(tokens().verify(&session.access_token).unwrap().version, TokenVersion::new(4));
    let refused = accounts.change_password(change("wrong horse", "battery staple"));
    assert!(matches!(refused, Err(ServiceError::WrongPassword)), "{refused:?}");
    let refused = accounts.change_password(change("correct horse", "short"));
    assert!(matches!(refused, Err(ServiceError::Invalid(DomainError::PasswordTooShort))), "{refused:?}");
}

#[test]
fn of_two_changes_at_once_the_second_finds_that_its_old_password_is_wrong() {
    let hash = Passwords::new(1).unwrap().hash("correct horse").unwrap();
    let mut users = MockUserRepository::new();
    users.expect_find_credentials_of().returning(move |_| Ok(Some(song_with(&hash))));
    users.expect_change_password().times(1).returning(|_, _| Ok(None));
    let refused = accounts(users).change_password(change("correct horse", "battery staple"));
    assert!(matches!(refused, Err(ServiceError::WrongPassword)), "{refused:?}");
}

#[test]
fn an_operators_password_is_set_whatever_was_there_lifts_a_lock_out_and_needs_an_account() {
    let mut users = users_with("unreadable".into());
    let mut outcomes = vec![Some(TokenVersion::new(4)), None];
    users.expect_change_password().times(2).returning(move |_, _| Ok(outcomes.pop().unwrap()));
    let passwords = Passwords::new(1).unwrap();
    let mut buckets = MockLoginThrottleRepository::new();
    buckets.expect_clear().times(3).returning(|_| Ok(()));
    let set = |email, new: &str| set_password(&users, &buckets, &passwords, email, new.into());
    assert_eq!(set("Song@example.com", "battery staple").unwrap(), UserId::new(7));
    assert!(matches!(set("kim@example.com", "battery staple"), Err(ServiceError::UserNotFound)));
    assert!(matches!(set("song@example.com", "short"), Err(ServiceError::Invalid(_))));
}
