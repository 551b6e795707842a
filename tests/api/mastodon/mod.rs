//! The Mastodon client API.

mod conventions;
mod instance;
mod markers;
mod pictures;
pub mod required;
