//! The Mastodon client API.

mod accounts;
mod collections;
mod conventions;
mod instance;
mod markers;
mod notifications;
mod people;
mod pictures;
mod reactions;
mod reading;
pub mod required;
mod statuses;
mod visibility;
