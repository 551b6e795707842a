//! Two nodes, a balancer and a database that loses a server: what `deploy/local/cluster.sh` starts, under load, with one
//! part of it killed, stopped or cut off. `make test-cluster` runs these, one at a time. Each line that begins with
//! `measured` is a figure for docs/OPERATIONS.md.

#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "what is measured is told")]

mod cluster;
mod database;
mod feed;
mod load;
mod nodes;
