//! Writing statuses: publishing, editing, deleting and boosting.
//!
//! What the actor may not see is not found, so that nobody learns that it exists. What is done to a boost is done to what it boosts.

use std::sync::Arc;

use miniter_domain::{
    AppId, CircleRepository, Clock, ContentWarning, DomainError, Entry, LanguageTag, NewStatus, PostDefaults,
    ReplyTo, RepositoryError, Status, StatusChange, StatusId, StatusText, UserId, Visibility,
};

use crate::error::ServiceError;
use crate::publishing::{Publishing, fingerprint};
use crate::sight::Sight;

/// What a client wants to publish.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusDraft {
    /// The text, as it is typed.
    pub text: String,
    /// The content warning.
    pub spoiler_text: String,
    /// Whether media are to be hidden at first. `None`: as the account has it.
    pub is_sensitive: Option<bool>,
    /// Who may see it. `None`: as the account has it.
    pub visibility: Option<Visibility>,
    /// A tag of its language. `None`, or what is no tag: as the account has it.
    pub language: Option<String>,
    /// What it replies to.
    pub in_reply_to: Option<StatusId>,
    /// The application that it is written with.
    pub application: Option<AppId>,
    /// The idempotency key of the request.
    pub key: Option<String>,
}

/// What a status is to say from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusRevision {
    /// The text, as it is typed.
    pub text: String,
    /// The content warning.
    pub spoiler_text: String,
    /// Whether media are to be hidden at first.
    pub is_sensitive: bool,
    /// A tag of its language. `None`, or what is no tag: as before.
    pub language: Option<String>,
}

/// The use cases around writing statuses.
pub struct Statuses {
    publishing: Arc<Publishing>,
    sight: Sight,
    clock: Arc<dyn Clock>,
}

impl Statuses {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        publishing: Arc<Publishing>,
        circles: Arc<dyn CircleRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let sight = Sight::new(Arc::clone(&publishing.statuses), circles);
        Self { publishing, sight, clock }
    }

    /// Publishes a status. With a key it is published once, however often this is asked within
    /// [`IdempotencyKey::KEPT`](miniter_domain::IdempotencyKey::KEPT), and what is returned is the same status each time.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], [`ServiceError::InReplyToNotFound`], [`ServiceError::Unauthenticated`] if the author does not
    /// exist, [`ServiceError::IdempotencyKeyReused`] if the key came with another request, and the general `Unavailable` and
    /// `Internal`.
    pub fn publish(&self, author: UserId, draft: StatusDraft) -> Result<Status, ServiceError> {
        let fingerprint = draft.fingerprint()?;
        let (text, warning) = parse(draft.text, draft.spoiler_text)?;
        let language = draft.language.as_deref().and_then(LanguageTag::parse).map(LanguageTag::into_string);
        let in_reply_to = draft.in_reply_to.map(|id| self.find_parent(author, id)).transpose()?;
        let defaults = match (draft.visibility, draft.is_sensitive, &language) {
            (Some(_), Some(_), Some(_)) => PostDefaults::default(),
            _ => self.publishing.defaults(author)?,
        };
        let found = self.publishing.find(&text)?;
        let plain = NewStatus::plain(author, text, self.clock.now());
        self.publishing.store(NewStatus {
            fingerprint,
            visibility: draft.visibility.unwrap_or(defaults.visibility),
            is_sensitive: draft.is_sensitive.unwrap_or(defaults.is_sensitive) || !warning.is_empty(),
            spoiler_text: warning,
            language: language.or(defaults.language),
            in_reply_to,
            application: draft.application.map(AppId::get),
            mentions: found.mentions,
            tags: found.tags,
            ..plain
        })
    }

    fn find_parent(&self, author: UserId, id: StatusId) -> Result<ReplyTo, ServiceError> {
        let found = self.sight.list(Some(author), &[id])?.pop();
        let Entry { status, original } = found.ok_or(ServiceError::InReplyToNotFound)?;
        let parent = original.unwrap_or(status);
        Ok(ReplyTo { status: parent.id, author: parent.author, conversation: parent.conversation })
    }

    /// Changes what a status of the actor says, and returns the status as it is then.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], [`ServiceError::StatusNotFound`] also for another's status and for a boost, and the general
    /// `Unavailable` and `Internal`.
    pub fn edit(
        &self,
        actor: UserId,
        id: StatusId,
        revision: StatusRevision,
    ) -> Result<Arc<Status>, ServiceError> {
        let (text, spoiler_text) = parse(revision.text, revision.spoiler_text)?;
        let before = self.publishing.statuses.find_many(&[id])?.pop();
        let is_own = |status: &Arc<Status>| status.author == actor && status.reblog_of.is_none();
        let before = before.filter(is_own).ok_or(ServiceError::StatusNotFound)?;
        let found = self.publishing.find(&text)?;
        let language =
            revision.language.as_deref().and_then(LanguageTag::parse).map(LanguageTag::into_string);
        let change = StatusChange {
            is_sensitive: revision.is_sensitive || !spoiler_text.is_empty(),
            text,
            spoiler_text,
            language: language.or_else(|| before.language.clone()),
            mentions: found.mentions,
            tags: found.tags,
            edited_at: self.clock.now(),
        };
        self.publishing.statuses.update(actor, id, &change)?.ok_or(ServiceError::StatusNotFound)
    }

    /// Deletes a status of the actor, and returns the status as it was.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`] also for another's status, and the general `Unavailable` and `Internal`.
    pub fn delete(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        self.publishing.statuses.delete(actor, id)?.ok_or(ServiceError::StatusNotFound)
    }

    /// Boosts a status, and returns the boost: the one that there is, if the actor has boosted the status before.
    ///
    /// A boost of a private status is private; only its author can make one. Other boosts are public unless the client or the
    /// account wants less.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], [`ServiceError::Forbidden`] for another's private status and for a direct one,
    /// [`ServiceError::Unauthenticated`] if the actor does not exist, and the general `Unavailable` and `Internal`.
    pub fn reblog(
        &self,
        actor: UserId,
        id: StatusId,
        visibility: Option<Visibility>,
    ) -> Result<Arc<Status>, ServiceError> {
        let original = self.sight.find(Some(actor), id)?;
        let visibility = match original.visibility {
            Visibility::Direct => return Err(ServiceError::Forbidden),
            Visibility::Private if original.author != actor => return Err(ServiceError::Forbidden),
            Visibility::Private => Visibility::Private,
            Visibility::Public | Visibility::Unlisted => self.boost_visibility(actor, visibility)?,
        };
        let boosted = self.publishing.statuses.reblog(actor, original.id, visibility, self.clock.now());
        boosted.map_err(|error| match error {
            RepositoryError::MissingReference => ServiceError::StatusNotFound,
            RepositoryError::Taken
            | RepositoryError::KeyReused
            | RepositoryError::IdTaken
            | RepositoryError::Unavailable(_)
            | RepositoryError::Backend(_) => error.into(),
        })
    }

    fn boost_visibility(
        &self,
        actor: UserId,
        wanted: Option<Visibility>,
    ) -> Result<Visibility, ServiceError> {
        let wanted = match wanted {
            Some(wanted) => wanted,
            None => self.publishing.defaults(actor)?.visibility,
        };
        Ok(match wanted {
            // A boost mentions nobody, and so nobody would see it.
            Visibility::Direct | Visibility::Private => Visibility::Private,
            Visibility::Unlisted => Visibility::Unlisted,
            Visibility::Public => Visibility::Public,
        })
    }

    /// Takes the actor's boost of a status back, and returns the status.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general `Unavailable` and `Internal`.
    pub fn unreblog(&self, actor: UserId, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        // Also of a status that the actor sees no more.
        let original = self.sight.resolve(id)?;
        self.publishing.statuses.unreblog(actor, original)?;
        self.sight.find(Some(actor), original)
    }
}

impl StatusDraft {
    fn fingerprint(&self) -> Result<Option<miniter_domain::Fingerprint>, ServiceError> {
        let in_reply_to = self.in_reply_to.map(|id| id.to_string());
        let is_sensitive = self.is_sensitive.map(|is_sensitive| if is_sensitive { "1" } else { "0" });
        fingerprint(
            self.key.clone(),
            &[
                Some(&self.text),
                Some(&self.spoiler_text),
                is_sensitive,
                self.visibility.map(Visibility::name),
                self.language.as_deref(),
                in_reply_to.as_deref(),
            ],
        )
    }
}

/// The text and the warning of a status. A warning without a text is the text, as in Mastodon.
fn parse(text: String, spoiler_text: String) -> Result<(String, String), DomainError> {
    let warning = ContentWarning::parse(spoiler_text)?;
    match (StatusText::parse(text, warning.as_ref()), warning) {
        (Err(DomainError::TweetEmpty), Some(warning)) => {
            Ok((StatusText::parse(warning.into_string(), None)?.into_string(), String::new()))
        }
        (text, warning) => {
            let text = text?.into_string();
            Ok((text, warning.map(ContentWarning::into_string).unwrap_or_default()))
        }
    }
}

#[cfg(test)]
#[path = "statuses_tests.rs"]
mod tests;
