//! The migration lock. Of nodes that start together one changes the schema; the others wait, and find it changed.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use diesel::mysql::MysqlConnection;

use crate::backend::mysql::leases::Lease;
use crate::error::OpenError;

/// How long the others wait for one that is not heard of any more. A statement of a migration may take longer.
const LIFETIME: Duration = Duration::from_secs(15);

/// How often the lock is renewed: twice in vain, and it is still ours.
const RENEWAL: Duration = Duration::from_secs(4);

/// How often one that waits looks.
const PAUSE: Duration = Duration::from_millis(200);

/// The lock, which ends when this is dropped, or somewhat later if the process is killed.
pub(crate) struct MigrationLock {
    lease: Arc<Lease>,
    going: Option<Sender<()>>,
    renewing: Option<JoinHandle<()>>,
}

impl MigrationLock {
    /// Waits for the lock and tells so, once. It is renewed on a connection of its own, beside the one that is busy with
    /// the schema.
    pub(crate) fn wait(
        connect: impl Fn() -> Result<MysqlConnection, OpenError> + Send + 'static,
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, OpenError> {
        let failed = |error: diesel::result::Error| OpenError::Migration { cause: error.to_string() };
        let mut beside = connect()?;
        let lease = Arc::new(Lease::new("migrations".to_owned(), LIFETIME));
        let mut has_told = false;
        while !lease.take(&mut beside).map_err(failed)? {
            if !has_told {
                report("another miniter is changing this database: waiting for it to finish");
                has_told = true;
            }
            thread::sleep(PAUSE);
        }
        let (going, stopped) = mpsc::channel::<()>();
        let renewed = Arc::clone(&lease);
        let renewing = thread::spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(RENEWAL) {
                // What changes the schema makes sure that the lock is ours ([`Self::check`]).
                if let Err(error) = renewed.take(&mut beside) {
                    log::debug!("the migration lock cannot be renewed: {error}");
                    if let Ok(another) = connect() {
                        beside = another;
                    }
                }
            }
            // It would expire by itself.
            let _ = renewed.give_back(&mut beside);
        });
        Ok(Self { lease, going: Some(going), renewing: Some(renewing) })
    }

    /// Makes sure that the lock is still ours. To be called before each step.
    pub(crate) fn check(&self, connection: &mut MysqlConnection) -> Result<(), OpenError> {
        match self.lease.take(connection) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let cause = "another miniter has taken over, since this one was not heard of".to_owned();
                Err(OpenError::Migration { cause })
            }
            Err(error) => Err(OpenError::Migration { cause: error.to_string() }),
        }
    }
}

impl Drop for MigrationLock {
    fn drop(&mut self) {
        self.going = None;
        if let Some(renewing) = self.renewing.take() {
            let _ = renewing.join();
        }
    }
}
