//! What is particular to MySQL and MariaDB: databases of the original server, and servers that go away.

#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod adoption;
mod backup;
mod deadlock;
mod defaults;
mod faults;
mod feed;
mod proxy;
mod refusals;
mod server;
mod start;
