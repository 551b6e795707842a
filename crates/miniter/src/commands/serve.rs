//! `miniter serve`.

use crate::settings::Settings;
use crate::{app, open_files};

/// Serves until the process is told to stop.
///
/// # Errors
/// If the server cannot start.
pub fn run(settings: &Settings) -> anyhow::Result<()> {
    log::info!("miniter {} with {settings}", env!("CARGO_PKG_VERSION"));
    open_files::raise_limit();
    actix_web::rt::System::new().block_on(async {
        let application = app::build(settings)?;
        for address in &application.addresses {
            log::info!("listening on http://{address}, documented at http://{address}/docs/");
        }
        for address in &application.metrics_addresses {
            log::info!("metrics at http://{address}/metrics");
        }
        application.server.await?;
        log::info!("stopped");
        Ok(())
    })
}
