//! Load, by wrk.

use std::fmt::Write as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

/// A request, and by whom.
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) body: String,
}

/// What was measured of a load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Answers that are no success, and failures of connections.
    pub(crate) errors: u64,
}

impl Figures {
    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a figure")]
        let requests = self.requests as f64;
        requests / self.seconds
    }
}

/// A load that is running.
pub(crate) struct Load {
    wrk: Child,
    _requests: tempfile::NamedTempFile,
    _script: tempfile::NamedTempFile,
}

impl Load {
    /// Starts sending these requests in turn, over as many connections.
    pub(crate) fn start(
        address: &str,
        requests: &[Request],
        connections: u32,
        seconds: u32,
    ) -> anyhow::Result<Self> {
        let mut lines = String::new();
        for Request { method, path, token, body } in requests {
            writeln!(lines, "{method}\t{path}\t{token}\t{body}")?;
        }
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), lines)?;
        let script = tempfile::NamedTempFile::new()?;
        std::fs::write(script.path(), include_str!("load.lua"))?;
        let wrk = Command::new("wrk")
            .args([
                "--threads",
                "1",
                "--connections",
                &connections.to_string(),
                "--duration",
                &format!("{seconds}s"),
            ])
            .arg("--script")
            .arg(script.path())
            .arg(format!("http://{address}"))
            .arg("--")
            .arg(file.path())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start wrk (on Debian: apt install wrk)")?;
        Ok(Self { wrk, _requests: file, _script: script })
    }

    /// Waits for its end.
    pub(crate) fn figures(self) -> anyhow::Result<Figures> {
        let output = self.wrk.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Some(json) = text.lines().find_map(|line| line.strip_prefix("FIGURES ")) else {
            bail!("wrk gave no figures: {text}");
        };
        Ok(serde_json::from_str(json)?)
    }
}
