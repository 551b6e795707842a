//! The Mastodon client API.

mod accounts;
mod conventions;
mod instance;
mod markers;
mod pictures;
pub mod required;
