//! How many files the process may have open. Each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one. The soft limit that systems start programs with, 1,024, is for programs that call
/// `select`, which knows no greater file descriptor; nothing here does.
pub fn raise_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    match (setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }), maximum) {
        (Ok(()), Some(maximum)) => log::info!("up to {maximum} files and connections may be open"),
        (Ok(()), None) => log::info!("any number of files and connections may be open"),
        (Err(error), _) => log::warn!("cannot raise the limit of open files to the hard one: {error}"),
    }
}

/// How many files are open beside the connections of clients: the database's, the system's.
const OTHERS: u64 = 200;

/// How many connections of clients there may be, of as many as are wanted.
pub(crate) fn connections_within_limit(wanted: u16) -> u16 {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return wanted };
    let most = u16::try_from(limit.saturating_sub(OTHERS).max(1)).unwrap_or(u16::MAX);
    if most < wanted {
        log::warn!(
            "only {most} of MINITER_MAX_CONNECTIONS={wanted} connections are accepted: the limit of open files is {limit}"
        );
    }
    wanted.min(most)
}
