//! Signing up and logging in.

use std::sync::Arc;

use miniter_domain::{
    CanonicalEmail, Clock, Credentials, Email, NewUser, Password, Profile, RepositoryError, UserId, UserName,
    UserRepository,
};

use crate::error::ServiceError;
use crate::password::{Passwords, Verdict};
use crate::token::Tokens;

/// What somebody signs up with, as they sent it.
pub struct SignUp {
    /// See [`UserName`].
    pub name: String,
    /// See [`Email`].
    pub email: String,
    /// See [`Password`].
    pub password: String,
    /// See [`Profile`].
    pub profile: String,
}

/// Somebody has logged in.
#[derive(Debug)]
pub struct Session {
    /// Who.
    pub user_id: UserId,
    /// What they show from now on.
    pub access_token: String,
}

/// The use cases around accounts. All of them hash a password, which takes tens of milliseconds.
pub struct Accounts {
    users: Arc<dyn UserRepository>,
    passwords: Passwords,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
}

impl Accounts {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        users: Arc<dyn UserRepository>,
        passwords: Passwords,
        tokens: Arc<Tokens>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { users, passwords, tokens, clock }
    }

    /// Creates an account and returns its number.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for the first value that breaks a rule, [`ServiceError::EmailTaken`], and the general
    /// `Unavailable` and `Internal`.
    pub fn sign_up(&self, account: SignUp) -> Result<UserId, ServiceError> {
        let name = UserName::parse(account.name)?;
        let email = Email::parse(&account.email)?;
        let password = Password::parse(account.password)?;
        let profile = Profile::parse(account.profile)?;
        let hashed_password = self.hash(password.as_str())?;
        let user = NewUser { name, email, profile, hashed_password, created_at: self.clock.now() };
        self.users.create(&user).map_err(|error| {
            let taken = matches!(error, RepositoryError::Duplicate);
            if taken { ServiceError::EmailTaken } else { error.into() }
        })
    }

    /// Checks a password and gives out a token. An outdated hash (bcrypt, weaker Argon2) is replaced on the way.
    ///
    /// Neither value has a form to keep here: what is stored may be older than our rules.
    ///
    /// # Errors
    /// [`ServiceError::InvalidCredentials`] for an unknown address and for a wrong password, in the same time; and the
    /// general `Unavailable` and `Internal`.
    pub fn log_in(&self, email: &str, password: &str) -> Result<Session, ServiceError> {
        let credentials = self.users.find_credentials(&CanonicalEmail::of(email))?;
        let stored = credentials.as_ref().map(|found| found.hashed_password.as_str());
        let verdict = self.passwords.verify(password, stored);
        match (credentials, verdict) {
            (None, _) | (_, Verdict::Wrong) => Err(ServiceError::InvalidCredentials),
            (Some(credentials), Verdict::Right) => self.open_session(credentials.user_id),
            (Some(credentials), Verdict::RightButOutdated) => {
                self.rehash(&credentials, password);
                self.open_session(credentials.user_id)
            }
        }
    }

    fn open_session(&self, user_id: UserId) -> Result<Session, ServiceError> {
        Ok(Session { user_id, access_token: self.tokens.issue(user_id)? })
    }

    /// Replaces an outdated hash. If that fails the log-in still succeeds, and the next one tries again.
    fn rehash(&self, outdated: &Credentials, password: &str) {
        let replaced = self.hash(password).and_then(|hashed_password| {
            self.users.replace_password_hash(outdated, &hashed_password).map_err(ServiceError::from)
        });
        if let Err(error) = replaced {
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            log::warn!(
                "the outdated password hash of user {} was not replaced: {error}{cause}",
                outdated.user_id
            );
        }
    }

    fn hash(&self, password: &str) -> Result<String, ServiceError> {
        self.passwords.hash(password).map_err(|error| ServiceError::Internal(error.into()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use chrono::{DateTime, Utc};
    use miniter_domain::{DomainError, MockUserRepository};

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

    fn tokens() -> Arc<Tokens> {
        let secret = TokenSecret::new([1; 32]).unwrap();
        Arc::new(Tokens::new(&secret, &[], Duration::from_mins(1), Arc::new(FixedClock::at(1_000))))
    }

    fn accounts(users: MockUserRepository) -> Accounts {
        Accounts::new(Arc::new(users), Passwords::new().unwrap(), tokens(), Arc::new(FixedClock::at(1_000)))
    }

    fn song() -> SignUp {
        SignUp {
            name: "송은우".into(),
            email: "Song@Example.com".into(),
            password: "correct horse".into(),
            profile: String::new(),
        }
    }

    /// A repository in which user 7 has this hash.
    fn users_with(hashed_password: String) -> MockUserRepository {
        let mut users = MockUserRepository::new();
        users.expect_find_credentials().returning(move |email| {
            let known = *email == CanonicalEmail::of("song@example.com");
            Ok(known
                .then(|| Credentials { user_id: UserId::new(7), hashed_password: hashed_password.clone() }))
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
        users.expect_create().returning(|_| Err(RepositoryError::Duplicate));
        assert!(matches!(accounts(users).sign_up(song()), Err(ServiceError::EmailTaken)));
    }

    #[test]
    fn a_sign_up_that_breaks_a_rule_reaches_no_repository() {
        for (broken, error) in [
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
        let hash = Passwords::new().unwrap().hash("correct horse").unwrap();
        let session = accounts(users_with(hash)).log_in("SONG@example.com", "correct horse").unwrap();
        assert_eq!(session.user_id, UserId::new(7));
        assert_eq!(tokens().verify(&session.access_token), Ok(UserId::new(7)));
    }

    #[test]
    fn an_unknown_email_and_a_wrong_password_are_the_same_refusal() {
        let hash = Passwords::new().unwrap().hash("correct horse").unwrap();
        let accounts = accounts(users_with(hash));
        for (email, password) in [("kim@example.com", "correct horse"), ("song@example.com", "wrong horse")] {
            assert!(
                matches!(accounts.log_in(email, password), Err(ServiceError::InvalidCredentials)),
                "{email}"
            );
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
        assert!(accounts(users).log_in("song@example.com", "short").is_ok());
    }

    #[test]
    fn a_log_in_succeeds_although_its_hash_could_not_be_replaced() {
        let mut users = users_with(bcrypt::hash("correct horse", 4).unwrap());
        users
            .expect_replace_password_hash()
            .times(1)
            .returning(|_, _| Err(RepositoryError::Unavailable("locked".into())));
        assert!(accounts(users).log_in("song@example.com", "correct horse").is_ok());
    }

    #[test]
    fn a_database_that_is_away_is_told_as_such() {
        let mut users = MockUserRepository::new();
        users.expect_find_credentials().returning(|_| Err(RepositoryError::Unavailable("locked".into())));
        let refused = accounts(users).log_in("song@example.com", "correct horse");
        assert!(matches!(refused, Err(ServiceError::Unavailable(_))));
    }
}
