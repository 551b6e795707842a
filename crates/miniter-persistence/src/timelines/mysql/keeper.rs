//! A thread that does what others have left: it fills the timelines of an adopted database, finishes what a process that
//! died has noted, and forgets what nobody needs any more. It also says that this node is alive.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use miniter_domain::RepositoryError;

use crate::backend::mysql::Pool;
use crate::backend::mysql::node::Node;
use crate::backend::prepared::prepared;
use crate::idempotency;
use crate::timelines::mysql::repair::{self, Whole};

/// How often it looks.
const PAUSE: Duration = Duration::from_secs(1);

/// How often it says that this node is alive and forgets what is old.
const UPKEEP: Duration = Duration::from_mins(1);

/// How many readers it takes up at a time.
const AT_ONCE: i64 = 1_000;

/// What keeps the thread going. Once this is dropped it ends, as soon as it can: nobody waits for it, since it may be
/// stuck with a server that hangs.
pub(crate) struct Keeper {
    _going: Sender<()>,
}

impl Keeper {
    pub(crate) fn start(pool: Arc<Pool>, node: Node) -> std::io::Result<Self> {
        let (going, stopped) = mpsc::channel();
        thread::Builder::new().name("timelines-keeper".to_owned()).spawn(move || {
            let mut filled_up_to = i64::MIN;
            let mut kept_up: Option<Instant> = None;
            loop {
                if kept_up.is_none_or(|before| before.elapsed() > UPKEEP) {
                    kept_up = Some(Instant::now());
                    if let Err(error) = node.renew(&pool).and_then(|()| idempotency::forget_old(&pool)) {
                        log::debug!("the upkeep is put off: {error}");
                    }
                }
                let is_stopped = || !matches!(stopped.try_recv(), Err(mpsc::TryRecvError::Empty));
                if let Err(error) = look_once(&pool, &mut filled_up_to, &is_stopped) {
                    // Requests tell of it as well; it will be there again.
                    log::debug!("the home timelines cannot be looked after now: {error}");
                }
                if !matches!(stopped.recv_timeout(PAUSE), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        })?;
        Ok(Self { _going: going })
    }
}

/// Fills everyone above `filled_up_to` who is not filled, and finishes what is noted.
fn look_once(
    pool: &Pool,
    filled_up_to: &mut i64,
    is_stopped: &dyn Fn() -> bool,
) -> Result<(), RepositoryError> {
    let mut filled = 0;
    while !is_stopped() {
        let unfilled = list_unfilled(pool, *filled_up_to, AT_ONCE)?;
        let mut left = &unfilled.readers[..];
        while !left.is_empty() {
            if is_stopped() {
                return Ok(());
            }
            let done = repair::put_in_order(pool, left, Whole::Fill)?;
            filled += done;
            left = &left[done..];
        }
        if let Some(last) = unfilled.readers.last() {
            *filled_up_to = *last;
            log::info!("filled the home timelines of {filled} readers");
        }
        if let Some(up_to) = unfilled.all_up_to {
            *filled_up_to = up_to;
            break;
        }
    }
    let noted: Vec<i64> = pool.read(|connection| {
        prepared::<1, BigInt>(
            "SELECT DISTINCT user_id FROM home_repairs WHERE user_id >= 0 AND author_id >= 0 ORDER BY user_id LIMIT ?",
            [AT_ONCE],
        )
        .load(connection)
    })?;
    for reader in noted {
        if is_stopped() {
            return Ok(());
        }
        // What is left is taken up at the next look.
        let _ = repair::settle_all(pool, reader)?;
    }
    Ok(())
}

/// Readers who are not filled.
pub(crate) struct Unfilled {
    pub(crate) readers: Vec<i64>,
    /// If these are all: up to whom was looked.
    pub(crate) all_up_to: Option<i64>,
}

/// The first who are not filled, above a reader.
pub(crate) fn list_unfilled(pool: &Pool, above: i64, most: i64) -> Result<Unfilled, RepositoryError> {
    // Asked first: whoever signs up in between is looked for next time.
    let newest: Option<i64> = pool.read(|connection| {
        prepared::<0, BigInt>("SELECT id FROM users ORDER BY id DESC LIMIT 1", [])
            .get_result(connection)
            .optional()
    })?;
    let readers: Vec<i64> = pool.read(|connection| {
        prepared::<2, BigInt>(
            "SELECT u.id FROM users u LEFT JOIN home_readers r ON r.user_id = u.id \
             WHERE u.id > ? AND r.user_id IS NULL ORDER BY u.id LIMIT ?",
            [above, most],
        )
        .load(connection)
    })?;
    let is_all = i64::try_from(readers.len()).is_ok_and(|count| count < most);
    Ok(Unfilled { all_up_to: is_all.then(|| newest.unwrap_or(above).max(above)), readers })
}
