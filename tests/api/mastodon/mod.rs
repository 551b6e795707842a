//! The Mastodon client API.

mod accounts;
mod conventions;
mod instance;
mod markers;
mod pictures;
mod reading;
pub mod required;
