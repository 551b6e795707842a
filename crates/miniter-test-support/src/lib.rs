//! What the tests of several crates share: databases, running servers, clients. A helper that cannot go on fails the test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::missing_panics_doc, clippy::missing_errors_doc, reason = "likewise")]
#![allow(clippy::must_use_candidate, reason = "a call may be made for what it checks")]

#[cfg(feature = "server")]
pub mod answer;
#[cfg(feature = "server")]
pub mod app;
#[cfg(feature = "server")]
mod contract;
pub mod database;
pub mod figures;
#[cfg(feature = "server")]
pub mod node;
#[cfg(feature = "server")]
pub mod process;
pub mod wait;
#[cfg(feature = "server")]
pub mod wire;
