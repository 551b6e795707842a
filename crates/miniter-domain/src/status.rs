//! Published statuses, as everything that shows one reads them, and those that are about to be published.

use chrono::{DateTime, Utc};

use crate::{Fingerprint, StatusId, UserId};

/// Who may see a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Visibility {
    /// Anybody, and it is in public timelines.
    #[default]
    Public,
    /// Anybody, but it is in no public timeline.
    Unlisted,
    /// The author's followers and the accounts that it mentions.
    Private,
    /// The accounts that it mentions.
    Direct,
}

impl Visibility {
    /// All of them, from the widest audience to the smallest.
    pub const ALL: [Self; 4] = [Self::Public, Self::Unlisted, Self::Private, Self::Direct];

    /// The number under which it is stored.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Public => 0,
            Self::Unlisted => 1,
            Self::Private => 2,
            Self::Direct => 3,
        }
    }

    /// The one with this number. A number that there is not stands for the smallest audience.
    #[must_use]
    pub fn of_code(code: i16) -> Self {
        Self::ALL.into_iter().find(|visibility| visibility.code() == code).unwrap_or(Self::Direct)
    }

    /// The name that clients use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Private => "private",
            Self::Direct => "direct",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|visibility| visibility.name() == name)
    }

    /// Whether a status of this visibility is one of those that its author's profile counts.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        match self {
            Self::Public | Self::Unlisted | Self::Private => true,
            Self::Direct => false,
        }
    }

    /// Whether anybody may see the status, also a client without a token. Only such replies are counted.
    #[must_use]
    pub const fn is_for_anybody(self) -> bool {
        match self {
            Self::Public | Self::Unlisted => true,
            Self::Private | Self::Direct => false,
        }
    }
}

/// How often others have reacted to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusCounts {
    /// Replies.
    pub replies: u64,
    /// Boosts.
    pub reblogs: u64,
    /// Favourites.
    pub favourites: u64,
}

/// A published status, without anything that depends on its reader. A boost is a status, too: it has no text, and an id of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its number; the cursor of an entry in a timeline.
    pub id: StatusId,
    /// The user who wrote or boosted it.
    pub author: UserId,
    /// What it says, as it was typed.
    pub text: String,
    /// When it was published.
    pub created_at: DateTime<Utc>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The content warning. Empty if there is none.
    pub spoiler_text: String,
    /// Whether its media are to be hidden at first.
    pub is_sensitive: bool,
    /// A BCP 47 tag.
    pub language: Option<String>,
    /// The status that it replies to. `None` also for a reply to one that was deleted.
    pub in_reply_to: Option<StatusId>,
    /// The author of the status that it replies to, also after that was deleted.
    pub in_reply_to_account: Option<UserId>,
    /// The first status of its thread, which may have been deleted.
    pub conversation: StatusId,
    /// The status that it boosts.
    pub reblog_of: Option<StatusId>,
    /// The number of the application that it was written with.
    pub application: Option<i64>,
    /// When it was edited last.
    pub edited_at: Option<DateTime<Utc>>,
    /// The accounts that it mentions, in the order of their numbers.
    pub mentions: Vec<UserId>,
    /// Its hashtags in their normal form, in alphabetical order.
    pub tags: Vec<String>,
    /// How often others have reacted to it.
    pub counts: StatusCounts,
}

impl Status {
    /// A public post without anything beside its text: what the classic API and other programs write.
    #[must_use]
    pub fn plain(id: StatusId, author: UserId, text: String, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            author,
            text,
            created_at,
            visibility: Visibility::Public,
            spoiler_text: String::new(),
            is_sensitive: false,
            language: None,
            in_reply_to: None,
            in_reply_to_account: None,
            conversation: id,
            reblog_of: None,
            application: None,
            edited_at: None,
            mentions: Vec::new(),
            tags: Vec::new(),
            counts: StatusCounts::default(),
        }
    }
}

/// A status that a new one replies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyTo {
    /// Its number.
    pub status: StatusId,
    /// Its author.
    pub author: UserId,
    /// The first status of its thread.
    pub conversation: StatusId,
}

/// A status that is about to be stored. Its id is drawn by the repository (see
/// [`StatusRepository::create`](crate::StatusRepository::create)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatus {
    /// Who writes it.
    pub author: UserId,
    /// What it says: a text that [`TweetText`](crate::TweetText) or its like has checked.
    pub text: String,
    /// When it is written.
    pub created_at: DateTime<Utc>,
    /// What the request is known again by, if it may be sent again.
    pub fingerprint: Option<Fingerprint>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The content warning. Empty if there is none.
    pub spoiler_text: String,
    /// Whether its media are to be hidden at first.
    pub is_sensitive: bool,
    /// A BCP 47 tag.
    pub language: Option<String>,
    /// What it replies to.
    pub in_reply_to: Option<ReplyTo>,
    /// The number of the application that it is written with.
    pub application: Option<i64>,
    /// The accounts that it mentions, in the order of their numbers.
    pub mentions: Vec<UserId>,
    /// Its hashtags in their normal form, in alphabetical order.
    pub tags: Vec<String>,
}

/// What a status is to say from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// Its text.
    pub text: String,
    /// The content warning. Empty if there is none.
    pub spoiler_text: String,
    /// Whether its media are to be hidden at first.
    pub is_sensitive: bool,
    /// A BCP 47 tag.
    pub language: Option<String>,
    /// The accounts that it mentions, in the order of their numbers.
    pub mentions: Vec<UserId>,
    /// Its hashtags in their normal form, in alphabetical order.
    pub tags: Vec<String>,
    /// When it is changed.
    pub edited_at: DateTime<Utc>,
}

impl StatusChange {
    /// Whether a status says all that already.
    #[must_use]
    pub fn is_done(&self, status: &Status) -> bool {
        self.text == status.text
            && self.spoiler_text == status.spoiler_text
            && self.is_sensitive == status.is_sensitive
            && self.language == status.language
    }
}

impl NewStatus {
    /// A public post without anything beside its text.
    #[must_use]
    pub fn plain(author: UserId, text: String, created_at: DateTime<Utc>) -> Self {
        Self {
            author,
            text,
            created_at,
            fingerprint: None,
            visibility: Visibility::Public,
            spoiler_text: String::new(),
            is_sensitive: false,
            language: None,
            in_reply_to: None,
            application: None,
            mentions: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// The status that it becomes under an id.
    #[must_use]
    pub fn published(self, id: StatusId) -> Status {
        let reply = self.in_reply_to;
        Status {
            id,
            author: self.author,
            text: self.text,
            created_at: self.created_at,
            visibility: self.visibility,
            spoiler_text: self.spoiler_text,
            is_sensitive: self.is_sensitive,
            language: self.language,
            in_reply_to: reply.map(|reply| reply.status),
            in_reply_to_account: reply.map(|reply| reply.author),
            conversation: reply.map_or(id, |reply| reply.conversation),
            reblog_of: None,
            application: self.application,
            edited_at: None,
            mentions: self.mentions,
            tags: self.tags,
            counts: StatusCounts::default(),
        }
    }
}
