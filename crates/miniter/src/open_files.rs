//! How many files the process may have open. Each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard limit. The usual soft limit, 1,024, protects programs that call `select`, which accepts no
/// greater file descriptor. This program does not call it.
pub fn raise_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    match (setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }), maximum) {
        (Ok(()), Some(maximum)) => log::info!("the limit of open files, and so of connections, is {maximum}"),
        (Ok(()), None) => log::info!("the number of open files has no limit"),
        (Err(error), _) => log::warn!("cannot raise the soft limit of open files to the hard limit: {error}"),
    }
}

/// Reserve for open files that are no client connections: those of the database and of the runtime.
const OTHERS: u64 = 200;

/// The number of client connections that the limit of open files allows, at most `wanted`.
pub(crate) fn connections_within_limit(wanted: u16) -> u16 {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return wanted };
    let most = u16::try_from(limit.saturating_sub(OTHERS).max(1)).unwrap_or(u16::MAX);
    if most < wanted {
        log::warn!(
            "the server accepts {most} connections instead of MINITER_MAX_CONNECTIONS={wanted}: the limit of open files is {limit}"
        );
    }
    wanted.min(most)
}
