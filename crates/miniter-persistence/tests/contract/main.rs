//! What the repository traits promise, held against a real database. Each test has one of its own.

#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the seed of a random history is told")]

mod accounts;
mod acts;
mod clients;
mod follows;
mod known_addresses;
mod login_throttle;
mod model;
mod notifications;
mod oauth;
mod reading;
mod relationships;
mod sessions;
mod statistics;
mod support;
mod timelines;
mod tweets;
mod users;
mod visibility;
