//! A thread that deletes what nobody needs any more: once a minute, on each node.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::backend::mysql::Pool;
use crate::{feed, idempotency};

/// How often it runs.
const PAUSE: Duration = Duration::from_mins(1);

/// What keeps the thread going. Once this is dropped it ends, as soon as it can: nothing waits for it, since it may be stuck with
/// a server that hangs.
pub(crate) struct Maintenance {
    _going: Sender<()>,
}

impl Maintenance {
    pub(crate) fn start(pool: Arc<Pool>) -> std::io::Result<Self> {
        let (going, stopped) = mpsc::channel();
        thread::Builder::new().name("maintenance".to_owned()).spawn(move || {
            loop {
                let outcome = idempotency::forget_old(&pool).and_then(|()| feed::mysql::purge(&pool));
                if let Err(error) = outcome {
                    log::debug!("the maintenance is put off: {error}");
                }
                if !matches!(stopped.recv_timeout(PAUSE), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        })?;
        Ok(Self { _going: going })
    }
}
