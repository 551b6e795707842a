//! The whole server over real HTTP, each test with a database of its own.

#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod accounts;
mod backup;
mod bodies;
mod concurrency;
mod connections;
mod cors;
mod documentation;
mod follows;
mod hardening;
mod health;
mod limits;
mod lock_outs;
mod mastodon;
mod model;
mod oauth;
mod process;
mod routing;
mod sessions;
mod textbook;
mod timelines;
mod tokens;
mod tweets;
mod upgrades;
mod verdicts;
