//! A thread that deletes what is not needed any more: once a minute, on each node.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use miniter_domain::RepositoryError;

/// How often it runs.
const PAUSE: Duration = Duration::from_mins(1);

/// What keeps the thread going. Once this is dropped it ends, as soon as it can: nothing waits for it, since it may be stuck with
/// a server that hangs.
pub(crate) struct MaintenanceWorker {
    _going: Sender<()>,
}

impl MaintenanceWorker {
    /// Starts the thread, which calls `run_once` at once and then after each pause.
    pub(crate) fn start(
        run_once: impl Fn() -> Result<(), RepositoryError> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (going, stopped) = mpsc::channel();
        thread::Builder::new().name("maintenance".to_owned()).spawn(move || {
            loop {
                if let Err(error) = run_once() {
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
