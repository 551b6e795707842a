//! `miniter openapi`.

use std::io::Write;

/// Prints the OpenAPI document.
///
/// # Errors
/// If it cannot be written.
pub fn run() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", miniter_web::openapi().to_pretty_json()?)?;
    Ok(())
}
