//! Load, crashes and stops, on the program itself: slow, and with measured figures. `make test-faults` runs them, one at a
//! time, on SQLite and on MariaDB. Each line that begins with `measured` is a figure for docs/RELIABILITY.md.

#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "what is measured is told")]

mod crash;
mod crowd;
mod durability;
mod hashing;
mod memory;
mod overload;
mod restore;
