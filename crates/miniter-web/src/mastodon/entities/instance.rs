//! This server.

use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;

/// This server (API version 2).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Instance {
    #[schema(example = "example.com")]
    pub(crate) domain: String,
    pub(crate) title: String,
    #[schema(example = "4.2.0 (compatible; miniter 0.1.0)")]
    pub(crate) version: String,
    pub(crate) source_url: String,
    pub(crate) description: String,
    pub(crate) usage: InstanceUsage,
    pub(crate) thumbnail: Thumbnail,
    pub(crate) icon: Vec<Icon>,
    pub(crate) languages: Vec<String>,
    pub(crate) configuration: Configuration,
    pub(crate) registrations: Registrations,
    pub(crate) contact: Contact,
    pub(crate) rules: Vec<Rule>,
}

/// How much there is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstanceUsage {
    pub(crate) users: InstanceUsers,
}

/// How many people there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstanceUsers {
    /// Those who wrote something in the last month.
    pub(crate) active_month: u64,
}

/// A picture of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Thumbnail {
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) blurhash: Option<String>,
    pub(crate) versions: ThumbnailVersions,
}

/// The same picture for other screens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThumbnailVersions {
    #[serde(rename = "@1x")]
    pub(crate) single: String,
    #[serde(rename = "@2x")]
    pub(crate) double: String,
}

/// An icon of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Icon {
    pub(crate) src: String,
    #[schema(example = "48x48")]
    pub(crate) size: String,
}

/// What clients must keep to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Configuration {
    pub(crate) urls: ConfigurationUrls,
    #[serde(flatten)]
    pub(crate) limits: ContentLimits,
    pub(crate) translation: Translation,
}

/// What is elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfigurationUrls {
    /// Where a `WebSocket` connects to.
    #[schema(example = "wss://example.com")]
    pub(crate) streaming: String,
}

/// Limits of what people write. Both versions of the API have them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentLimits {
    pub(crate) accounts: AccountLimits,
    pub(crate) statuses: StatusLimits,
    pub(crate) media_attachments: MediaLimits,
    pub(crate) polls: PollLimits,
}

/// Limits of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountLimits {
    pub(crate) max_featured_tags: u32,
    pub(crate) max_pinned_statuses: u32,
}

/// Limits of a status.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusLimits {
    pub(crate) max_characters: usize,
    pub(crate) max_media_attachments: u32,
    /// A URL counts so many characters, whatever its length is.
    pub(crate) characters_reserved_per_url: usize,
}

/// Limits of a file, in bytes, pixels (width times height) and pictures a second.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaLimits {
    pub(crate) supported_mime_types: Vec<String>,
    pub(crate) image_size_limit: u64,
    pub(crate) image_matrix_limit: u64,
    pub(crate) video_size_limit: u64,
    pub(crate) video_frame_rate_limit: u32,
    pub(crate) video_matrix_limit: u64,
}

/// Limits of a poll. Times are in seconds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PollLimits {
    pub(crate) max_options: u32,
    pub(crate) max_characters_per_option: u32,
    pub(crate) min_expiration: u32,
    pub(crate) max_expiration: u32,
}

/// Whether statuses are translated.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Translation {
    pub(crate) enabled: bool,
}

/// Whether people may sign up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Registrations {
    pub(crate) enabled: bool,
    pub(crate) approval_required: bool,
    /// Why they may not, in HTML.
    pub(crate) message: Option<String>,
    /// A page to sign up on, if it is not this server's.
    pub(crate) url: Option<String>,
}

/// Who runs the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Contact {
    /// Empty if people are told none.
    pub(crate) email: String,
    pub(crate) account: Option<Account>,
}

/// A rule of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) hint: String,
}

/// This server (API version 1).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct V1Instance {
    /// The domain.
    #[schema(example = "example.com")]
    pub(crate) uri: String,
    pub(crate) title: String,
    pub(crate) short_description: String,
    pub(crate) description: String,
    /// Empty if people are told none.
    pub(crate) email: String,
    #[schema(example = "4.2.0 (compatible; miniter 0.1.0)")]
    pub(crate) version: String,
    pub(crate) urls: V1Urls,
    pub(crate) stats: Stats,
    pub(crate) thumbnail: Option<String>,
    pub(crate) languages: Vec<String>,
    pub(crate) registrations: bool,
    pub(crate) approval_required: bool,
    pub(crate) invites_enabled: bool,
    pub(crate) configuration: ContentLimits,
    pub(crate) contact_account: Option<Account>,
    pub(crate) rules: Vec<Rule>,
}

/// What is elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct V1Urls {
    /// Where a `WebSocket` connects to.
    #[schema(example = "wss://example.com")]
    pub(crate) streaming_api: String,
}

/// How much there is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    pub(crate) user_count: u64,
    pub(crate) status_count: u64,
    /// The servers that this one knows: itself.
    pub(crate) domain_count: u64,
}
