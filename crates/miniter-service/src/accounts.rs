//! Signing up and logging in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use miniter_domain::{
    CanonicalEmail, Clock, Credentials, DomainError, Email, LoginThrottleRepository, NewUser, Password,
    Profile, RepositoryError, Subscriber, User, UserId, UserName, UserRepository, Username,
};
use secrecy::{ExposeSecret, SecretString};

use crate::error::ServiceError;
use crate::login_throttle::{self, Account, LoginThrottle, Origin};
use crate::password::{Passwords, Verdict};
use crate::token::{Bearer, Tokens};

/// Whether people may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Everybody may.
    Open,
    /// Nobody may.
    Closed,
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Closed => "closed",
        })
    }
}

impl FromStr for Registration {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err("write open or closed"),
        }
    }
}

/// What a person signs up with, as it was sent.
pub struct SignUp {
    /// See [`Username`]. `None`: the account has none of its own.
    pub username: Option<String>,
    /// See [`UserName`].
    pub name: String,
    /// See [`Email`].
    pub email: String,
    /// See [`Password`].
    pub password: SecretString,
    /// See [`Profile`].
    pub profile: String,
}

impl SignUp {
    /// Every rule that a value breaks, in the order of the fields; a taken username or e-mail address is not among them.
    #[must_use]
    pub fn list_faults(&self) -> Vec<DomainError> {
        let username =
            self.username.as_deref().map_or(Ok(()), |username| Username::parse(username).map(drop));
        let name = UserName::parse(self.name.clone()).map(drop);
        let email = Email::parse(&self.email).map(drop);
        let password = Password::parse(self.password.clone()).map(drop);
        let profile = Profile::parse(self.profile.clone()).map(drop);
        [username, name, email, password, profile].into_iter().filter_map(Result::err).collect()
    }
}

/// Another password for one's account, as it was asked for.
pub struct PasswordChange {
    /// Whose it is.
    pub actor: UserId,
    /// The token that they showed.
    pub token: String,
    /// Where they are.
    pub from: Subscriber,
    /// The password until now.
    pub old: SecretString,
    /// See [`Password`].
    pub new: SecretString,
}

/// A session that was opened.
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
    throttle: LoginThrottle,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    registration: Registration,
}

impl Accounts {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        users: Arc<dyn UserRepository>,
        passwords: Passwords,
        throttle: LoginThrottle,
        tokens: Arc<Tokens>,
        clock: Arc<dyn Clock>,
        registration: Registration,
    ) -> Self {
        Self { users, passwords, throttle, tokens, clock, registration }
    }

    /// Creates an account and returns its number.
    ///
    /// # Errors
    /// [`ServiceError::RegistrationClosed`], [`ServiceError::Invalid`] for the first value that breaks a rule,
    /// [`ServiceError::EmailTaken`], [`ServiceError::UsernameTaken`], and the general `Unavailable` and `Internal`.
    pub fn sign_up(&self, account: SignUp) -> Result<UserId, ServiceError> {
        if self.registration == Registration::Closed {
            return Err(ServiceError::RegistrationClosed);
        }
        create(&*self.users, &self.passwords, &*self.clock, account)
    }

    /// Checks a password and gives out a token. An outdated hash (bcrypt, weaker Argon2) is replaced on the way.
    ///
    /// Neither value has a form to keep here: what is stored may be older than our rules.
    ///
    /// # Errors
    /// [`ServiceError::InvalidCredentials`] for an unknown address and for a wrong password, in the same time;
    /// [`ServiceError::TooManyFailures`] after too many of these, whether the password is right or not; and the general
    /// `Unavailable` and `Internal`.
    pub fn log_in(&self, email: &str, password: &str, from: Subscriber) -> Result<Session, ServiceError> {
        let email = CanonicalEmail::of(email);
        let credentials = self.users.find_credentials(&email)?;
        let bearer = self.check_password(&Account::LogIn(&email), credentials, password, from)?;
        self.open_session(bearer)
    }

    /// Checks the password of a person in a browser, who may name the account by its e-mail address or by its username. Replaces an
    /// outdated hash, as [`Self::log_in`] does.
    ///
    /// # Errors
    /// Those of [`Self::log_in`].
    pub fn identify(&self, login: &str, password: &str, from: Subscriber) -> Result<Bearer, ServiceError> {
        let login = login.trim();
        let typed = CanonicalEmail::of(login);
        let by_email = self.users.find_credentials(&typed)?;
        // Looked up also where it is an address: it must take the same time.
        let by_name = self.users.find_credentials_by_username(login.strip_prefix('@').unwrap_or(login))?;
        let account = match (&by_email, &by_name) {
            (None, Some(found)) => Account::LogInByName(found.user_id),
            (Some(_), _) | (None, None) => Account::LogIn(&typed),
        };
        self.check_password(&account, by_email.or(by_name), password, from)
    }

    /// An account, for its owner.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if it does not exist, and the general `Unavailable` and `Internal`.
    pub fn find(&self, user: UserId) -> Result<User, ServiceError> {
        self.users.find_many(&[user])?.pop().ok_or(ServiceError::Unauthenticated)
    }

    /// Checks a password. Wrong ones are counted for `account`.
    fn check_password(
        &self,
        account: &Account<'_>,
        credentials: Option<Credentials>,
        password: &str,
        from: Subscriber,
    ) -> Result<Bearer, ServiceError> {
        let user = credentials.as_ref().map(|found| found.user_id);
        let attempt = self.throttle.check(account, user, Origin { from, token: None })?;
        let stored = credentials.as_ref().map(|found| found.hashed_password.as_str());
        let verdict = self.passwords.verify(password, stored);
        match (credentials, verdict) {
            (None, _) | (_, Verdict::Wrong) => {
                attempt.fail()?;
                Err(ServiceError::InvalidCredentials)
            }
            (Some(credentials), Verdict::Right) => {
                attempt.succeed();
                Ok(bearer(&credentials))
            }
            (Some(credentials), Verdict::RightButOutdated) => {
                attempt.succeed();
                self.rehash(&credentials, password);
                Ok(bearer(&credentials))
            }
        }
    }

    /// Changes one's own password. That ends all sessions, on every node within a second, and opens a new one.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a new password that breaks a rule, [`ServiceError::WrongPassword`],
    /// [`ServiceError::TooManyFailures`], [`ServiceError::Unauthenticated`] if the actor does not exist, and the general
    /// `Unavailable` and `Internal`.
    pub fn change_password(&self, change: PasswordChange) -> Result<Session, ServiceError> {
        let PasswordChange { actor, token, from, old, new } = change;
        let new = Password::parse(new)?;
        let origin = Origin { from, token: Some(&token) };
        let attempt = self.throttle.check(&Account::ChangePassword(actor), Some(actor), origin)?;
        let credentials = self.users.find_credentials_of(actor)?.ok_or(ServiceError::Unauthenticated)?;
        if self.passwords.verify(old.expose_secret(), Some(&credentials.hashed_password)) == Verdict::Wrong {
            attempt.fail()?;
            return Err(ServiceError::WrongPassword);
        }
        attempt.succeed();
        // If it is not the same any more, then the old one has just become a wrong one.
        let token_version = self
            .users
            .change_password(&credentials, &self.hash(new.as_str())?)?
            .ok_or(ServiceError::WrongPassword)?;
        self.open_session(Bearer { user: actor, version: token_version })
    }

    fn open_session(&self, bearer: Bearer) -> Result<Session, ServiceError> {
        Ok(Session { user_id: bearer.user, access_token: self.tokens.issue(bearer.user, bearer.version)? })
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
                "cannot replace the outdated password hash of user {}: {error}{cause}",
                outdated.user_id
            );
        }
    }

    fn hash(&self, password: &str) -> Result<String, ServiceError> {
        self.passwords.hash(password).map_err(ServiceError::Internal)
    }
}

/// Who has proved to be the owner of an account.
fn bearer(credentials: &Credentials) -> Bearer {
    Bearer { user: credentials.user_id, version: credentials.token_version }
}

/// Creates an account on behalf of who runs the server, also where nobody may sign up, and returns its number.
///
/// # Errors
/// [`ServiceError::Invalid`] for the first value that breaks a rule, [`ServiceError::EmailTaken`],
/// [`ServiceError::UsernameTaken`], and the general `Unavailable` and `Internal`.
pub fn create(
    users: &dyn UserRepository,
    passwords: &Passwords,
    clock: &dyn Clock,
    account: SignUp,
) -> Result<UserId, ServiceError> {
    let username = account.username.as_deref().map(Username::parse).transpose()?;
    let name = UserName::parse(account.name)?;
    let email = Email::parse(&account.email)?;
    let password = Password::parse(account.password)?;
    let profile = Profile::parse(account.profile)?;
    let hashed_password = passwords.hash(password.as_str()).map_err(ServiceError::Internal)?;
    let user = NewUser { username, name, email, profile, hashed_password, created_at: clock.now() };
    match users.create(&user) {
        Err(RepositoryError::Taken) => {
            // Of the two keys the e-mail is the one that counts.
            let canonical = CanonicalEmail::of(user.email.as_str());
            let is_email = user.username.is_none() || users.find_credentials(&canonical)?.is_some();
            Err(if is_email { ServiceError::EmailTaken } else { ServiceError::UsernameTaken })
        }
        created => Ok(created?),
    }
}

/// Gives the account with this address another password, on behalf of who runs the server. That ends all its sessions, and
/// lifts a lock-out.
///
/// # Errors
/// [`ServiceError::Invalid`], [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
pub fn set_password(
    users: &dyn UserRepository,
    buckets: &dyn LoginThrottleRepository,
    passwords: &Passwords,
    email: &str,
    new: SecretString,
) -> Result<UserId, ServiceError> {
    let new = Password::parse(new)?;
    let hashed = passwords.hash(new.as_str()).map_err(ServiceError::Internal)?;
    let email = CanonicalEmail::of(email);
    loop {
        let seen = users.find_credentials(&email)?.ok_or(ServiceError::UserNotFound)?;
        // Unless its owner has changed it this very moment.
        if users.change_password(&seen, &hashed)?.is_some() {
            login_throttle::clear(buckets, &email, seen.user_id)?;
            return Ok(seen.user_id);
        }
    }
}

/// Forgets the wrong passwords that were given for the account with this address, on behalf of who runs the server: another
/// one may be tried at once.
///
/// # Errors
/// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
pub fn unlock(
    users: &dyn UserRepository,
    buckets: &dyn LoginThrottleRepository,
    email: &str,
) -> Result<UserId, ServiceError> {
    let email = CanonicalEmail::of(email);
    let user = users.find_credentials(&email)?.ok_or(ServiceError::UserNotFound)?.user_id;
    login_throttle::clear(buckets, &email, user)?;
    Ok(user)
}

#[cfg(test)]
#[path = "accounts_tests.rs"]
pub(crate) mod tests;
