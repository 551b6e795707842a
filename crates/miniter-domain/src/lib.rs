//! What miniter is about, free of HTTP, SQL and cryptography.
//!
//! Values that can only be built from valid input ([`TweetText::parse`] is the only place that knows how long a
//! tweet may be), and the traits through which the rest of the house reaches the database
//! ([`UserRepository`] and its siblings). Every other crate depends on this one; it depends on none of them.

mod account;
mod capacity;
mod circle;
mod clock;
mod collection;
mod error;
mod follow;
mod idempotency;
mod interactions;
mod language;
mod login_throttle;
mod notification;
mod oauth;
mod profile_fields;
mod quota;
mod reaction;
mod reactions;
mod relationship;
mod repository;
mod statistics;
mod status;
mod status_edit;
mod status_text;
mod subscriber;
mod text;
mod thread;
mod timeline;
mod tweet;
mod user;
mod username;
mod visible;

#[cfg(feature = "mock")]
pub use account::MockAccountRepository;
pub use account::{Account, AccountChange, AccountCounts, AccountRepository, AccountSearch, PostDefaults};
pub use capacity::Capacity;
pub use circle::{Circle, Viewer};
pub use clock::{Clock, SystemClock};
pub use collection::{Collection, CollectionPage};
pub use error::{DomainError, RepositoryError};
pub use follow::{Follow, FollowOutcome, NewFollow};
pub use idempotency::{Fingerprint, IdempotencyKey};
pub use interactions::Interactions;
pub use language::LanguageTag;
pub use login_throttle::{AccountKey, AddressKey, BucketKey, OriginKey};
pub use notification::{
    MarkedTimeline, Marker, MarkerRepository, Notification, NotificationId, NotificationKind,
    NotificationQuery, NotificationRepository,
};
#[cfg(feature = "mock")]
pub use notification::{MockMarkerRepository, MockNotificationRepository};
pub use oauth::{
    AccessToken, AccessTokenRepository, AppId, AppLabel, AppName, Application, ApplicationRepository,
    AuthorizationCode, AuthorizationCodeRepository, KnownToken, NewAccessToken, NewApplication, Redemption,
    RedirectUri, RedirectUris, Scope, Scopes, SecretDigest, TokenId, UnknownScope, Website,
};
#[cfg(feature = "mock")]
pub use oauth::{MockAccessTokenRepository, MockApplicationRepository, MockAuthorizationCodeRepository};
pub use profile_fields::{ProfileField, ProfileFields};
pub use quota::{Allowance, Exhausted, Quota, Tat};
pub use reaction::{Reaction, ReactorPage};
#[cfg(feature = "mock")]
pub use reactions::MockReactionRepository;
pub use reactions::{MOST_PINS, ReactionRepository};
#[cfg(feature = "mock")]
pub use relationship::MockRelationshipRepository;
pub use relationship::{
    AccountList, AccountNote, AccountPage, FamiliarFollowers, Mute, Relationship, RelationshipRepository,
};
pub use repository::{
    CircleRepository, Connections, FollowRepository, Freshness, Health, InteractionRepository,
    KnownAddressRepository, LoginThrottleRepository, OnFresh, SessionRepository, StatisticsRepository,
    StatusRepository, ThreadRepository, TimelineRepository, UserRepository,
};
#[cfg(feature = "mock")]
pub use repository::{
    MockCircleRepository, MockFollowRepository, MockFreshness, MockHealth, MockInteractionRepository,
    MockKnownAddressRepository, MockLoginThrottleRepository, MockSessionRepository, MockStatisticsRepository,
    MockStatusRepository, MockThreadRepository, MockTimelineRepository, MockUserRepository,
};
pub use statistics::Statistics;
pub use status::{NewStatus, ReplyTo, Status, StatusChange, StatusCounts, Visibility};
pub use status_edit::StatusEdit;
pub use status_text::{ContentWarning, StatusText};
pub use subscriber::Subscriber;
pub use text::{Span, SpanKind, TagName, URL_LENGTH, counted_length, list_mentioned, list_spans, list_tags};
pub use thread::{Thread, ThreadPart};
pub use timeline::{Entry, PageRequest, ProfileFilter, Timeline, TimelinePage};
pub use tweet::{StatusId, TweetText};
pub use user::{
    CanonicalEmail, Credentials, Email, NewUser, Password, Profile, TokenVersion, User, UserId, UserName,
};
pub use username::Username;
