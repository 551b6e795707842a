//! What the repository traits promise, held against a real database. Each test has one of its own.

#![allow(unreachable_pub, reason = "a test binary has no outside")]

mod follows;
mod opening;
mod support;
mod timelines;
mod tweets;
mod users;
