//! Publishing a status, whichever presentation it comes from: its mentions and tags are found, and it is stored once.

use std::sync::Arc;

use blake2::{Blake2s256, Digest};
use miniter_domain::{
    AccountRepository, Fingerprint, IdempotencyKey, NewStatus, PostDefaults, RepositoryError, Status,
    StatusRepository, TagName, UserId, list_mentioned, list_tags,
};

use crate::error::ServiceError;

/// The most accounts that a status may mention, and the most tags that are found in one. The text bounds both; this bounds the
/// rows.
const MOST_PARTS: usize = 100;

/// Publishes statuses.
pub struct Publishing {
    pub(crate) statuses: Arc<dyn StatusRepository>,
    accounts: Arc<dyn AccountRepository>,
    /// The host of this server: `@name@host` is an account here.
    host: String,
}

/// What is found in a text.
pub(crate) struct Found {
    /// The accounts that it mentions, in the order of their numbers.
    pub(crate) mentions: Vec<UserId>,
    /// Its tags, in alphabetical order.
    pub(crate) tags: Vec<String>,
}

impl Publishing {
    /// Puts it together. `host` is that of the public URL, with its port if there is one.
    #[must_use]
    pub fn new(
        statuses: Arc<dyn StatusRepository>,
        accounts: Arc<dyn AccountRepository>,
        host: String,
    ) -> Self {
        Self { statuses, accounts, host }
    }

    /// The mentions and tags of a text.
    pub(crate) fn find(&self, text: &str) -> Result<Found, ServiceError> {
        let names = list_mentioned(text, &self.host);
        let names = &names[..names.len().min(MOST_PARTS)];
        let mentions = if names.is_empty() {
            Vec::new()
        } else {
            self.accounts.find_by_usernames(names)?.iter().map(|account| account.id).collect()
        };
        let mut tags: Vec<String> =
            list_tags(text).into_iter().take(MOST_PARTS).map(TagName::into_string).collect();
        tags.sort_unstable();
        Ok(Found { mentions, tags })
    }

    /// What the new statuses of an account are unless a client says otherwise.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if it does not exist, and the general ones.
    pub(crate) fn defaults(&self, author: UserId) -> Result<PostDefaults, ServiceError> {
        let account = self.accounts.find_many(&[author])?.pop().ok_or(ServiceError::Unauthenticated)?;
        Ok(account.defaults.clone())
    }

    /// Stores a status. Of requests with the same key and digest one stores it, and all get the same.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if the author does not exist, [`ServiceError::InReplyToNotFound`] if the status that it
    /// replies to was deleted meanwhile, [`ServiceError::IdempotencyKeyReused`], and the general ones.
    pub(crate) fn store(&self, new: NewStatus) -> Result<Status, ServiceError> {
        let (moment, is_keyed, parent) = (new.created_at, new.fingerprint.is_some(), new.in_reply_to);
        let stored = match self.statuses.create(new) {
            Ok(stored) => stored,
            Err(RepositoryError::MissingReference) => {
                if let Some(parent) = parent
                    && self.statuses.find_many(&[parent.status])?.is_empty()
                {
                    return Err(ServiceError::InReplyToNotFound);
                }
                return Err(ServiceError::Unauthenticated);
            }
            Err(RepositoryError::KeyReused) => return Err(ServiceError::IdempotencyKeyReused),
            Err(
                error @ (RepositoryError::Taken
                | RepositoryError::IdTaken
                | RepositoryError::Unavailable(_)
                | RepositoryError::Backend(_)),
            ) => return Err(error.into()),
        };
        if is_keyed && stored.created_at != moment {
            // It was published before, and may have changed since. One that was deleted is answered as it was.
            let present = self.statuses.find_many(&[stored.id])?.pop();
            return Ok(present.map_or(stored, |present| Status::clone(&present)));
        }
        Ok(stored)
    }
}

/// What a request is known again by: its key, and all that it asks for.
pub(crate) fn fingerprint(
    key: Option<String>,
    parts: &[Option<&str>],
) -> Result<Option<Fingerprint>, ServiceError> {
    let Some(key) = key.map(IdempotencyKey::parse).transpose()? else { return Ok(None) };
    let mut digest = Blake2s256::new();
    for part in parts {
        // With its length, so that no two requests give the same bytes.
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        digest.update(length.to_le_bytes());
        digest.update(part.unwrap_or_default());
    }
    Ok(Some(Fingerprint { key: Blake2s256::digest(key.as_str()).into(), text: digest.finalize().into() }))
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::DateTime;
    use miniter_domain::{Account, MockAccountRepository, MockStatusRepository, StatusId};

    use super::*;
    use crate::status_view::tests::account;

    /// Accounts `song` (1) and `kim` (2).
    pub(crate) fn accounts() -> MockAccountRepository {
        let mut accounts = MockAccountRepository::new();
        let known = [(1, "song"), (2, "kim")].map(|(id, username)| {
            Arc::new(Account { username: username.into(), ..(*account(UserId::new(id))).clone() })
        });
        let by_usernames = known.clone();
        accounts.expect_find_by_usernames().returning(move |names| {
            let is_named =
                |known: &Account| names.iter().any(|name| name.eq_ignore_ascii_case(&known.username));
            Ok(by_usernames.iter().filter(|known| is_named(known)).cloned().collect())
        });
        accounts.expect_find_many().returning(move |ids| {
            Ok(known.iter().filter(|known| ids.contains(&known.id)).cloned().collect())
        });
        accounts
    }

    pub(crate) fn publishing(statuses: MockStatusRepository) -> Publishing {
        Publishing::new(Arc::new(statuses), Arc::new(accounts()), "example.com".into())
    }

    #[test]
    fn mentions_and_tags_are_found_once_and_sorted() {
        let publishing = publishing(MockStatusRepository::new());
        let found =
            publishing.find("@kim @Song @kim@example.com @gone @song@elsewhere.org #B #a #b").unwrap();
        assert_eq!(found.mentions, [UserId::new(1), UserId::new(2)]);
        assert_eq!(found.tags, ["a", "b"]);
    }

    #[test]
    fn a_text_without_mentions_asks_nobody() {
        let accounts = Arc::new(MockAccountRepository::new());
        let publishing =
            Publishing::new(Arc::new(MockStatusRepository::new()), accounts, "example.com".into());
        assert_eq!(publishing.find("plain").unwrap().mentions, []);
    }

    #[test]
    fn a_request_that_comes_again_gets_the_status_as_it_is_now() {
        let before = DateTime::from_timestamp(500, 0).unwrap();
        let mut statuses = MockStatusRepository::new();
        let stored = Status::plain(StatusId::new(9), UserId::new(1), "text".into(), before);
        let edited = Status { text: "edited".into(), ..stored.clone() };
        statuses.expect_create().returning(move |_| Ok(stored.clone()));
        let present = Arc::new(edited.clone());
        statuses.expect_find_many().returning(move |_| Ok(vec![Arc::clone(&present)]));
        let fingerprint = fingerprint(Some("key".into()), &[Some("text")]).unwrap();
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let new = NewStatus { fingerprint, ..NewStatus::plain(UserId::new(1), "text".into(), now) };
        assert_eq!(publishing(statuses).store(new).unwrap(), edited);
    }

    #[test]
    fn a_missing_reference_is_the_parent_or_the_author() {
        for (left, error) in [(0, "InReplyToNotFound"), (1, "Unauthenticated")] {
            let now = DateTime::UNIX_EPOCH;
            let parent = Status::plain(StatusId::new(9), UserId::new(1), "text".into(), now);
            let mut statuses = MockStatusRepository::new();
            statuses.expect_create().returning(|_| Err(RepositoryError::MissingReference));
            let found: Vec<_> = std::iter::repeat_n(Arc::new(parent.clone()), left).collect();
            statuses.expect_find_many().returning(move |_| Ok(found.clone()));
            let in_reply_to = Some(miniter_domain::ReplyTo {
                status: parent.id,
                author: parent.author,
                conversation: parent.conversation,
            });
            let new = NewStatus { in_reply_to, ..NewStatus::plain(UserId::new(1), "text".into(), now) };
            let refused = publishing(statuses).store(new).unwrap_err();
            assert_eq!(format!("{refused:?}"), error);
        }
    }

    #[test]
    fn a_fingerprint_tells_requests_apart_by_each_part() {
        let text = |parts: &[Option<&str>]| fingerprint(Some("key".into()), parts).unwrap().unwrap().text;
        let all = [text(&[Some("a"), Some("b")]), text(&[Some("ab"), Some("")]), text(&[Some("a"), None])];
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
        assert_eq!(text(&[Some("a"), None]), all[2]);
        assert!(fingerprint(None, &[Some("a")]).unwrap().is_none());
    }
}
