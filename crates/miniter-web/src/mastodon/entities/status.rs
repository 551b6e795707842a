//! A status.

use miniter_domain as domain;
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::custom_emoji::CustomEmoji;
use super::filter::FilterResult;
use super::media_attachment::MediaAttachment;
use super::poll::Poll;
use super::preview_card::PreviewCard;
use super::tag::StatusTag;
use super::value::{Id, Timestamp};

/// A status, or a boost of one: then `reblog` has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Status {
    pub(crate) id: Id,
    pub(crate) created_at: Timestamp,
    pub(crate) in_reply_to_id: Option<Id>,
    pub(crate) in_reply_to_account_id: Option<Id>,
    /// Whether its pictures are hidden at first.
    pub(crate) sensitive: bool,
    /// The content warning, as text; empty if there is none.
    pub(crate) spoiler_text: String,
    pub(crate) visibility: Visibility,
    /// ISO 639-1.
    pub(crate) language: Option<String>,
    #[schema(example = "https://example.com/@song/103254962155278888")]
    pub(crate) uri: String,
    /// Its page.
    #[schema(example = "https://example.com/@song/103254962155278888")]
    pub(crate) url: String,
    pub(crate) replies_count: u64,
    pub(crate) reblogs_count: u64,
    pub(crate) favourites_count: u64,
    /// When it was changed last.
    pub(crate) edited_at: Option<Timestamp>,
    /// HTML.
    pub(crate) content: String,
    /// The text as it was typed: only where the status was deleted just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) text: Option<String>,
    #[schema(no_recursion)]
    pub(crate) reblog: Option<Box<Status>>,
    pub(crate) application: Option<StatusApplication>,
    pub(crate) account: Account,
    pub(crate) media_attachments: Vec<MediaAttachment>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) tags: Vec<StatusTag>,
    pub(crate) emojis: Vec<CustomEmoji>,
    pub(crate) card: Option<PreviewCard>,
    pub(crate) poll: Option<Poll>,
    /// What the status is to the reader. Left out without a reader.
    #[serde(flatten)]
    pub(crate) reader: Option<ReaderFlags>,
}

/// What a status is to the reader. No cache of rendered statuses may hold it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReaderFlags {
    pub(crate) favourited: bool,
    pub(crate) reblogged: bool,
    /// Whether the reader gets no notifications of its thread.
    pub(crate) muted: bool,
    pub(crate) bookmarked: bool,
    /// Only on the reader's own statuses that may be pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) pinned: Option<bool>,
    /// Which of the reader's filters match.
    pub(crate) filtered: Vec<FilterResult>,
}

/// Who may see a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Visibility {
    /// Anybody.
    Public,
    /// Anybody; but it is not in public timelines.
    Unlisted,
    /// The author's followers and those whom it mentions.
    Private,
    /// Those whom it mentions.
    Direct,
}

impl From<domain::Visibility> for Visibility {
    fn from(visibility: domain::Visibility) -> Self {
        match visibility {
            domain::Visibility::Public => Self::Public,
            domain::Visibility::Unlisted => Self::Unlisted,
            domain::Visibility::Private => Self::Private,
            domain::Visibility::Direct => Self::Direct,
        }
    }
}

/// An account that a status mentions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Mention {
    pub(crate) id: Id,
    pub(crate) username: String,
    /// Its page, as the link in the content has it.
    pub(crate) url: String,
    pub(crate) acct: String,
}

/// The app that published a status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatusApplication {
    pub(crate) name: String,
    pub(crate) website: Option<String>,
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::{Value, json};

    use super::*;

    fn account() -> Account {
        let url = || "https://example.com/@song".to_owned();
        Account {
            id: Id(1),
            username: "song".into(),
            acct: "song".into(),
            display_name: "송은우".into(),
            locked: false,
            bot: false,
            discoverable: None,
            indexable: false,
            group: false,
            created_at: Timestamp(DateTime::UNIX_EPOCH),
            note: String::new(),
            url: url(),
            uri: url(),
            avatar: url(),
            avatar_static: url(),
            header: url(),
            header_static: url(),
            followers_count: 0,
            following_count: 0,
            statuses_count: 1,
            last_status_at: None,
            hide_collections: None,
            noindex: false,
            emojis: Vec::new(),
            roles: Vec::new(),
            fields: Vec::new(),
        }
    }

    fn status(reader: Option<ReaderFlags>) -> Status {
        Status {
            id: Id(7),
            created_at: Timestamp(DateTime::UNIX_EPOCH),
            in_reply_to_id: None,
            in_reply_to_account_id: None,
            sensitive: false,
            spoiler_text: String::new(),
            visibility: Visibility::Public,
            language: None,
            uri: "https://example.com/@song/7".into(),
            url: "https://example.com/@song/7".into(),
            replies_count: 0,
            reblogs_count: 0,
            favourites_count: 0,
            edited_at: None,
            content: "<p>hello</p>".into(),
            text: None,
            reblog: None,
            application: None,
            account: account(),
            media_attachments: Vec::new(),
            mentions: Vec::new(),
            tags: Vec::new(),
            emojis: Vec::new(),
            card: None,
            poll: None,
            reader,
        }
    }

    #[test]
    fn without_a_reader_the_readers_flags_are_left_out_and_what_may_be_null_is_there() {
        let status = json!(status(None));
        for name in ["favourited", "reblogged", "muted", "bookmarked", "pinned", "filtered", "text", "reader"]
        {
            assert!(status.get(name).is_none(), "{name}");
        }
        for name in ["reblog", "card", "poll", "application", "language", "edited_at", "in_reply_to_id"] {
            assert_eq!(status.get(name), Some(&Value::Null), "{name}");
        }
        assert_eq!((&status["id"], &status["visibility"]), (&json!("7"), &json!("public")));
    }

    #[test]
    fn with_a_reader_they_stand_among_the_other_fields() {
        let reader = ReaderFlags {
            favourited: true,
            reblogged: false,
            muted: false,
            bookmarked: false,
            pinned: None,
            filtered: Vec::new(),
        };
        let mut boost = status(Some(reader.clone()));
        boost.reblog = Some(Box::new(status(Some(reader))));
        let boost = json!(boost);
        for status in [&boost, &boost["reblog"]] {
            assert_eq!((&status["favourited"], &status["filtered"]), (&json!(true), &json!([])));
            assert!(status.get("pinned").is_none());
        }
    }
}
