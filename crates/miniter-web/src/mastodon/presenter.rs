//! Statuses as the entities of this API.

use miniter_domain::{Account, NotificationKind, Status, StatusEdit, UserId, Visibility};
use miniter_service::{Contents, NotificationView, Renderer, StatusView};

use crate::http::public_url::PublicUrl;
use crate::http::state::State;
use crate::mastodon::entities::account::Account as AccountEntity;
use crate::mastodon::entities::notification::{
    Notification as NotificationEntity, NotificationKind as NotificationName,
};
use crate::mastodon::entities::status::{Mention, ReaderFlags, Status as StatusEntity, StatusApplication};
use crate::mastodon::entities::status_edit::StatusEdit as StatusEditEntity;
use crate::mastodon::entities::tag::StatusTag;

/// Makes entities for one reader.
#[derive(Clone, Copy)]
pub(super) struct Presenter<'a> {
    public_url: &'a PublicUrl,
    contents: &'a Contents,
    reader: Option<UserId>,
}

impl<'a> Presenter<'a> {
    /// A presenter for a reader, or for anybody.
    pub(super) fn new(state: &'a State, reader: Option<UserId>) -> Self {
        Self { public_url: &state.instance.public_url, contents: &state.contents, reader }
    }

    /// An account.
    pub(super) fn account(self, account: &Account) -> AccountEntity {
        AccountEntity::of(account, self.public_url)
    }

    /// A status.
    pub(super) fn status(self, view: &StatusView) -> StatusEntity {
        let StatusView { status, account, mentions, application, reblog, .. } = view;
        let url = self.public_url.status_url(&account.username, status.id);
        StatusEntity {
            id: status.id.into(),
            created_at: status.created_at.into(),
            in_reply_to_id: status.in_reply_to.map(Into::into),
            // Only together with the status: some clients look one up by the other.
            in_reply_to_account_id: status.in_reply_to.and(status.in_reply_to_account).map(Into::into),
            sensitive: status.is_sensitive,
            spoiler_text: status.spoiler_text.clone(),
            visibility: status.visibility.into(),
            language: status.language.clone(),
            uri: url.clone(),
            url,
            replies_count: status.counts.replies,
            reblogs_count: status.counts.reblogs,
            favourites_count: status.counts.favourites,
            edited_at: status.edited_at.map(Into::into),
            content: self.content(view),
            text: None,
            reblog: reblog.as_deref().map(|view| Box::new(self.status(view))),
            application: application
                .as_deref()
                .map(|label| StatusApplication { name: label.name.clone(), website: label.website.clone() }),
            account: self.account(account),
            media_attachments: Vec::new(),
            mentions: mentions.iter().map(|account| self.mention(account)).collect(),
            tags: status.tags.iter().map(|name| self.tag(name)).collect(),
            emojis: Vec::new(),
            card: None,
            poll: None,
            reader: self.flags(view),
        }
    }

    /// Statuses, in their order.
    pub(super) fn statuses<'v>(self, views: impl IntoIterator<Item = &'v StatusView>) -> Vec<StatusEntity> {
        views.into_iter().map(|view| self.status(view)).collect()
    }

    /// A notification.
    pub(super) fn notification(self, view: &NotificationView) -> NotificationEntity {
        let NotificationView { notification, account, status } = view;
        NotificationEntity {
            id: notification.id.into(),
            kind: kind(notification.kind),
            created_at: notification.created_at.into(),
            account: self.account(account),
            status: status.as_ref().map(|status| self.status(status)),
        }
    }

    /// A version of a status.
    pub(super) fn version(self, view: &StatusView, version: &StatusEdit) -> StatusEditEntity {
        StatusEditEntity {
            content: self.render(view, &version.text),
            spoiler_text: version.spoiler_text.clone(),
            sensitive: version.is_sensitive,
            created_at: version.created_at.into(),
            account: self.account(&view.account),
            poll: None,
            media_attachments: Vec::new(),
            emojis: Vec::new(),
        }
    }

    fn content(self, view: &StatusView) -> String {
        let Status { id, edited_at, text, .. } = &*view.status;
        if text.is_empty() {
            return String::new();
        }
        self.contents
            .find_or_render(*id, *edited_at, text, |text| self.render(view, text))
            .as_ref()
            .to_owned()
    }

    fn render(self, view: &StatusView, text: &str) -> String {
        let find = |name: &str| {
            let mut mentioned = view.mentions.iter();
            mentioned
                .find(|account| account.username.eq_ignore_ascii_case(name))
                .map(|account| account.username.clone())
        };
        Renderer::new(self.public_url, &find).render_status(text)
    }

    fn mention(self, account: &Account) -> Mention {
        Mention {
            id: account.id.into(),
            username: account.username.clone(),
            url: self.public_url.account_url(&account.username),
            acct: account.username.clone(),
        }
    }

    fn tag(self, name: &str) -> StatusTag {
        StatusTag { name: name.to_owned(), url: self.public_url.tag_url(name) }
    }

    fn flags(self, view: &StatusView) -> Option<ReaderFlags> {
        let done = view.interactions?;
        let status = &view.status;
        // What is for those mentioned alone, and boosts, cannot be pinned.
        let may_be_pinned = self.reader == Some(status.author)
            && status.visibility != Visibility::Direct
            && status.reblog_of.is_none();
        Some(ReaderFlags {
            favourited: done.favourited,
            reblogged: done.reblogged,
            muted: done.muted,
            bookmarked: done.bookmarked,
            pinned: may_be_pinned.then_some(done.pinned),
            filtered: Vec::new(),
        })
    }
}

fn kind(kind: NotificationKind) -> NotificationName {
    match kind {
        NotificationKind::Mention => NotificationName::Mention,
        NotificationKind::Status => NotificationName::Status,
        NotificationKind::Reblog => NotificationName::Reblog,
        NotificationKind::Follow => NotificationName::Follow,
        NotificationKind::FollowRequest => NotificationName::FollowRequest,
        NotificationKind::Favourite => NotificationName::Favourite,
        NotificationKind::Poll => NotificationName::Poll,
        NotificationKind::Update => NotificationName::Update,
    }
}
