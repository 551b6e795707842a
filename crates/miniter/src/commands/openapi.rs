//! `miniter openapi`.

use std::io::{ErrorKind, Write};

/// Prints the OpenAPI document.
///
/// # Errors
/// If it cannot be written.
pub fn run() -> anyhow::Result<()> {
    let document = miniter_web::openapi().to_pretty_json()?;
    match writeln!(std::io::stdout().lock(), "{document}") {
        // The reader has read enough (`miniter openapi | head`).
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}
