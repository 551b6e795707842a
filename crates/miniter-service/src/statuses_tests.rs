//! The tests of the use cases around writing statuses.

use std::sync::Mutex;

use chrono::DateTime;
use miniter_domain::{Circle, MockCircleRepository, MockStatusRepository};

use super::*;
use crate::accounts::tests::FixedClock;
use crate::publishing::tests::publishing;

const SONG: UserId = UserId::new(1);
const KIM: UserId = UserId::new(2);

/// Kim's status of this visibility (10) and their boost of it (11).
fn repository(visibility: Visibility) -> MockStatusRepository {
    let mut statuses = MockStatusRepository::new();
    statuses.expect_find_many().returning(move |ids| {
        let status = |id: &StatusId| {
            let plain = Status::plain(*id, KIM, "text".into(), DateTime::UNIX_EPOCH);
            let reblog_of = (id.get() == 11).then(|| StatusId::new(10));
            Arc::new(Status { visibility, reblog_of, language: Some("ko".into()), ..plain })
        };
        Ok(ids.iter().filter(|id| [10, 11].contains(&id.get())).map(status).collect())
    });
    statuses
}

fn statuses(repository: MockStatusRepository) -> Statuses {
    let mut circles = MockCircleRepository::new();
    circles.expect_find().returning(|user| Ok(Arc::new(Circle::new(user))));
    let publishing = Arc::new(publishing(repository));
    Statuses::new(publishing, Arc::new(circles), Arc::new(FixedClock::at(1_000)))
}

/// What is stored for a draft.
fn stored(draft: StatusDraft) -> Result<NewStatus, ServiceError> {
    let seen = Arc::new(Mutex::new(None));
    let mut repository = repository(Visibility::Public);
    let stored = Arc::clone(&seen);
    repository.expect_create().returning(move |new| {
        *stored.lock().unwrap() = Some(new.clone());
        Ok(new.published(StatusId::new(20)))
    });
    statuses(repository).publish(SONG, draft)?;
    Ok(seen.lock().unwrap().take().unwrap())
}

fn draft(text: &str) -> StatusDraft {
    StatusDraft { text: text.into(), ..StatusDraft::default() }
}

#[test]
fn a_draft_is_published_with_all_its_parts() {
    let new = stored(StatusDraft {
        spoiler_text: "careful".into(),
        visibility: Some(Visibility::Unlisted),
        language: Some("PT_br".into()),
        in_reply_to: Some(StatusId::new(11)),
        application: Some(AppId::new(7)),
        ..draft("@kim #Tag")
    })
    .unwrap();
    let in_reply_to = ReplyTo { status: StatusId::new(10), author: KIM, conversation: StatusId::new(10) };
    let expected = NewStatus {
        visibility: Visibility::Unlisted,
        spoiler_text: "careful".into(),
        is_sensitive: true,
        language: Some("pt-BR".into()),
        in_reply_to: Some(in_reply_to),
        application: Some(7),
        mentions: vec![KIM],
        tags: vec!["tag".into()],
        ..NewStatus::plain(SONG, "@kim #Tag".into(), DateTime::from_timestamp(1_000, 0).unwrap())
    };
    assert_eq!(new, expected);
}

#[test]
fn a_warning_without_a_text_is_the_text() {
    let new = stored(StatusDraft { spoiler_text: "only this".into(), ..draft(" ") }).unwrap();
    assert_eq!((new.text.as_str(), new.spoiler_text.as_str()), ("only this", ""));
    let refused = stored(StatusDraft { spoiler_text: " ".into(), ..draft(" ") });
    assert!(matches!(refused, Err(ServiceError::Invalid(DomainError::TweetEmpty))));
}

#[test]
fn a_reply_to_what_the_author_may_not_see_is_refused() {
    for id in [10, 11, 77] {
        let draft = StatusDraft { in_reply_to: Some(StatusId::new(id)), ..draft("reply") };
        let refused = statuses(repository(Visibility::Private)).publish(SONG, draft);
        assert!(matches!(refused, Err(ServiceError::InReplyToNotFound)), "{refused:?}");
    }
}

#[test]
fn a_fingerprint_covers_the_whole_request() {
    let keyed = |draft: StatusDraft| {
        stored(StatusDraft { key: Some("key".into()), ..draft }).unwrap().fingerprint.unwrap()
    };
    let plain = keyed(draft("text"));
    assert_eq!(keyed(draft("text")), plain);
    for other in [
        draft("other"),
        StatusDraft { spoiler_text: "careful".into(), ..draft("text") },
        StatusDraft { is_sensitive: Some(false), ..draft("text") },
        StatusDraft { visibility: Some(Visibility::Public), ..draft("text") },
        StatusDraft { language: Some("ko".into()), ..draft("text") },
        StatusDraft { in_reply_to: Some(StatusId::new(10)), ..draft("text") },
    ] {
        let other = keyed(other);
        assert!(other.key == plain.key && other.text != plain.text);
    }
}

#[test]
fn a_boost_of_a_boost_is_one_of_its_original_and_has_the_visibility_that_it_may_have() {
    for (original, actor, wanted, expected) in [
        (Visibility::Public, SONG, None, Some(Visibility::Public)),
        (Visibility::Unlisted, SONG, Some(Visibility::Unlisted), Some(Visibility::Unlisted)),
        (Visibility::Public, SONG, Some(Visibility::Direct), Some(Visibility::Private)),
        (Visibility::Private, KIM, Some(Visibility::Public), Some(Visibility::Private)),
        (Visibility::Direct, KIM, None, None),
    ] {
        let mut repository = repository(original);
        repository.expect_reblog().returning(|user, original, visibility, now| {
            let plain = Status::plain(StatusId::new(20), user, String::new(), now);
            Ok(Arc::new(Status { reblog_of: Some(original), visibility, ..plain }))
        });
        let statuses = statuses(repository);
        for id in [10, 11].map(StatusId::new) {
            let boost = statuses.reblog(actor, id, wanted);
            match expected {
                Some(visibility) => {
                    let boost = boost.unwrap();
                    assert_eq!((boost.reblog_of, boost.visibility), (Some(StatusId::new(10)), visibility));
                }
                None => assert!(matches!(boost, Err(ServiceError::Forbidden)), "{boost:?}"),
            }
        }
    }
    let unseen = statuses(repository(Visibility::Private)).reblog(SONG, StatusId::new(10), None);
    assert!(matches!(unseen, Err(ServiceError::StatusNotFound)));
}

#[test]
fn only_the_author_edits_and_a_language_that_is_not_given_stays() {
    let revision = StatusRevision { text: "@song #tag".into(), ..StatusRevision::default() };
    let mut repository = repository(Visibility::Public);
    repository.expect_update().times(1).returning(|author, id, change| {
        let (mentions, tags) = (vec![SONG], vec!["tag".to_owned()]);
        assert_eq!((author, id, &change.mentions, &change.tags), (KIM, StatusId::new(10), &mentions, &tags));
        assert_eq!(change.language.as_deref(), Some("ko"));
        Ok(Some(Arc::new(Status::plain(id, author, change.text.clone(), change.edited_at))))
    });
    let statuses = statuses(repository);
    assert_eq!(statuses.edit(KIM, StatusId::new(10), revision.clone()).unwrap().text, "@song #tag");
    for (actor, id) in [(SONG, 10), (KIM, 11), (KIM, 77)] {
        let refused = statuses.edit(actor, StatusId::new(id), revision.clone());
        assert!(matches!(refused, Err(ServiceError::StatusNotFound)), "{refused:?}");
    }
}
