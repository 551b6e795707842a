//! A server process for the time of a measurement.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// What tokens are signed with.
pub(crate) const SECRET: &str = "a secret for measurements, of 32 bytes and more";

/// A process that listens on an address; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    /// Starts miniter on a database.
    pub(crate) fn miniter(program: &Path, database_url: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.env("MINITER_DATABASE_URL", database_url).env("MINITER_JWT_SECRET", SECRET);
        // The access log costs more than a request, and the ceiling has none.
        command.env("MINITER_LOG", "warn");
        // The server counts for rate limits as in production, and no client reaches one.
        for limit in ["LOG_IN", "LOG_IN_FAILURE", "SIGN_UP", "WRITE", "READ"] {
            command.env(format!("MINITER_{limit}_LIMIT"), "1000000/1s");
        }
        Self::start(command, "--bind")
    }

    /// Starts the ceiling, with a document in JSON to be served as well.
    pub(crate) fn ceiling(document: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("ceiling");
        if let Some(document) = document {
            command.arg("--document").arg(document);
        }
        Self::start(command, "--bind")
    }

    fn start(mut command: Command, bind: &str) -> anyhow::Result<Self> {
        let address = free_address()?;
        let child =
            command.args([bind, &address]).stdout(Stdio::null()).spawn().context("cannot start a server")?;
        let mut server = Self { child, address };
        let deadline = Instant::now() + Duration::from_mins(2);
        while std::net::TcpStream::connect(&server.address).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended: {status}");
            }
            if Instant::now() > deadline {
                bail!("the server does not listen");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Its resident memory, in MiB.
    pub(crate) fn resident_mib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kib / 1_024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM first: a server that is killed leaves its SQLite log to the next server.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port on loopback, below those that outgoing connections take.
fn free_address() -> anyhow::Result<String> {
    for _ in 0..100 {
        let address = format!("127.0.0.1:{}", fastrand::u16(20_000..32_000));
        if std::net::TcpListener::bind(&address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no free port")
}
