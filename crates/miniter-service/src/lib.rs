//! What miniter does for its users: one module of use cases per noun, and what they need of cryptography.
//!
//! A use case is one synchronous method. Presentations call it from a blocking thread and turn its [`ServiceError`]
//! into an answer; it reaches the database through the repository traits of `miniter-domain`.

mod accounts;
mod background;
mod browser_session;
mod content;
mod error;
mod follows;
mod grant;
mod login_throttle;
mod notifications;
mod oauth;
mod password;
mod profiles;
mod publishing;
mod reactions;
mod relationships;
mod sessions;
mod sight;
mod statistics;
mod status_reading;
mod status_view;
mod statuses;
mod timelines;
mod token;
mod tweets;

pub use accounts::{
    Accounts, PasswordChange, Registration, Session, SignUp, create as create_account, set_password, unlock,
};
pub use browser_session::{BrowserSession, BrowserSessions};
pub use content::{ContentUrls, Contents, Renderer};
pub use error::ServiceError;
pub use follows::{FollowWishes, Follows};
pub use grant::{AnyGrant, AppGrant, Grant};
pub use login_throttle::LoginThrottle;
pub use miniter_domain::{AppId, Scope, Scopes, UnknownScope};
pub use notifications::{
    MOST_UNREAD, NotificationPage, NotificationSources, NotificationView, Notifications,
};
pub use oauth::{
    AccessTokens, AppRegistration, Applications, AuthorizationParameters, AuthorizationRequest,
    Authorizations, ClientCredentials, CodeExchange, Examination, IssuedToken, OAuthError, RegisteredApp,
};
pub use password::{Passwords, PasswordsError};
pub use profiles::{ProfileChange, Profiles};
pub use publishing::Publishing;
pub use reactions::Reactions;
pub use relationships::{FamiliarAccounts, ListedAccounts, Relationships};
pub use sessions::{Credential, Sessions};
pub use statistics::InstanceStatistics;
pub use status_reading::{
    AccountPage, CollectedPage, StatusContext, StatusHistory, StatusPage, StatusReading, StatusSources,
};
pub use status_view::{StatusView, StatusViews};
pub use statuses::{StatusDraft, StatusRevision, Statuses};
pub use timelines::Timelines;
pub use token::{Bearer, TokenError, TokenSecret, TokenSecretTooShort, Tokens};
pub use tweets::Tweets;
