//! Accounts and relationships as the entities of this API.

use miniter_domain as domain;
use miniter_service::Renderer;

use crate::http::public_url::PublicUrl;
use crate::mastodon::entities::account::{Account, Field};
use crate::mastodon::entities::credential_account::{CredentialAccount, Source};
use crate::mastodon::entities::relationship::Relationship;
use crate::mastodon::entities::role::Role;
use crate::mastodon::entities::value::{Day, Id, Timestamp};

impl Account {
    /// An account, as everybody sees it.
    ///
    /// A mention in a note stays text: whether there is such an account, only the database knows.
    pub(crate) fn of(account: &domain::Account, public_url: &PublicUrl) -> Self {
        let renderer = Renderer::new(public_url, &|_| None);
        let url = public_url.account_url(&account.username);
        let avatar = public_url.default_avatar_url(account.id);
        let header = public_url.default_header_url();
        let field = |field: &domain::ProfileField| Field {
            name: field.name.clone(),
            value: renderer.render_field(&field.value),
            verified_at: None,
        };
        Self {
            id: account.id.into(),
            username: account.username.clone(),
            acct: account.username.clone(),
            display_name: account.display_name.clone(),
            locked: account.is_locked,
            bot: account.is_bot,
            discoverable: Some(account.is_discoverable),
            indexable: false,
            group: false,
            created_at: Timestamp(account.created_at),
            note: renderer.render_note(&account.note),
            uri: url.clone(),
            url,
            avatar_static: avatar.clone(),
            avatar,
            header_static: header.clone(),
            header,
            followers_count: account.counts.followers,
            following_count: account.counts.following,
            statuses_count: account.counts.statuses,
            last_status_at: account.last_status_at.map(Day::from),
            hide_collections: Some(false),
            noindex: false,
            emojis: Vec::new(),
            roles: Vec::new(),
            fields: account.fields.iter().map(field).collect(),
        }
    }
}

impl CredentialAccount {
    /// An account, as its owner sees it.
    pub(crate) fn of(account: &domain::Account, follow_requests: u64, public_url: &PublicUrl) -> Self {
        let field = |field: &domain::ProfileField| Field {
            name: field.name.clone(),
            value: field.value.clone(),
            verified_at: None,
        };
        Self {
            account: Account::of(account, public_url),
            source: Source {
                note: account.note.clone(),
                fields: account.fields.iter().map(field).collect(),
                privacy: account.defaults.visibility.into(),
                sensitive: account.defaults.is_sensitive,
                language: account.defaults.language.clone(),
                follow_requests_count: follow_requests,
                hide_collections: Some(false),
                discoverable: Some(account.is_discoverable),
                indexable: false,
            },
            role: Role::everyone(),
        }
    }
}

impl From<domain::Relationship> for Relationship {
    fn from(relationship: domain::Relationship) -> Self {
        Self {
            id: Id::from(relationship.account),
            following: relationship.is_following,
            showing_reblogs: relationship.is_showing_reblogs,
            notifying: relationship.is_notifying,
            languages: None,
            followed_by: relationship.is_followed_by,
            blocking: relationship.is_blocking,
            blocked_by: relationship.is_blocked_by,
            muting: relationship.is_muting,
            muting_notifications: relationship.is_muting_notifications,
            requested: relationship.is_requested,
            requested_by: relationship.is_requested_by,
            domain_blocking: false,
            endorsed: false,
            note: relationship.note,
        }
    }
}
