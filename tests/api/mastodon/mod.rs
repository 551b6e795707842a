//! The Mastodon client API.

mod conventions;
mod instance;
mod pictures;
pub mod required;
