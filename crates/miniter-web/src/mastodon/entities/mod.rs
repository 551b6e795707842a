//! What the routes answer with: plain data, one file an entity, field by field as Mastodon 4.2 documents it.
//!
//! A field that may be null is an `Option` and is always written. A field that is left out where it does not apply says so
//! (`skip_serializing_if`): typed clients fail on a missing field as well as on a null.

#![expect(clippy::struct_excessive_bools, clippy::struct_field_names, reason = "Mastodon chose the fields")]

pub(crate) mod account;
pub(crate) mod application;
pub(crate) mod context;
pub(crate) mod conversation;
pub(crate) mod credential_account;
pub(crate) mod custom_emoji;
pub(crate) mod familiar_followers;
pub(crate) mod filter;
pub(crate) mod instance;
pub(crate) mod list;
pub(crate) mod marker;
pub(crate) mod media_attachment;
pub(crate) mod nodeinfo;
pub(crate) mod notification;
pub(crate) mod poll;
pub(crate) mod preferences;
pub(crate) mod preview_card;
pub(crate) mod relationship;
pub(crate) mod role;
pub(crate) mod search;
pub(crate) mod status;
pub(crate) mod status_edit;
pub(crate) mod status_source;
pub(crate) mod tag;
pub(crate) mod token;
pub(crate) mod value;
pub(crate) mod webfinger;
