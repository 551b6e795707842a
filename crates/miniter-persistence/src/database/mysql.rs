//! A MySQL or MariaDB server, as requests use it.

use std::sync::Arc;

use crate::backend::mysql::Pool;
use crate::error::OpenError;
use crate::feed::mysql::Feed;
use crate::maintenance::MaintenanceWorker;
use crate::url::MysqlUrl;
use crate::writer::Writer;
use crate::writer::mysql::FeedConnection;
use crate::{feed, idempotency};

/// Many connections that read, one that writes, and how far the feed was applied.
pub(crate) struct MysqlDatabase {
    pub(crate) pool: Arc<Pool>,
    pub(crate) writer: Writer<FeedConnection>,
    pub(super) feed: Feed,
    _maintenance: MaintenanceWorker,
}

impl MysqlDatabase {
    /// Connects to a server whose database was migrated.
    pub(crate) fn connect(url: &MysqlUrl, connections: u32) -> Result<Self, OpenError> {
        let unreachable = |cause: std::io::Error| OpenError::unreachable(url, &cause.to_string());
        let pool = Arc::new(Pool::connect(url, connections)?);
        let beside = Arc::clone(&pool);
        let writer = Writer::start(move || FeedConnection::new(Arc::clone(&beside))).map_err(unreachable)?;
        let purged = Arc::clone(&pool);
        let maintenance = MaintenanceWorker::start(move || {
            idempotency::purge(&purged).and_then(|()| feed::mysql::purge(&purged))
        })
        .map_err(unreachable)?;
        Ok(Self { pool, writer, feed: Feed::new(), _maintenance: maintenance })
    }
}
