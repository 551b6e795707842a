//! A cluster, as anybody starts one.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use miniter_test_support::process::Process;
use miniter_test_support::wait::wait_until;
use miniter_test_support::wire::Wire;

const SECRET: &str = "a secret in the environment, 32 bytes and more";

/// The database below the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Mariadb,
    Galera,
}

impl Database {
    /// The numbers of its servers.
    pub fn servers(self) -> &'static [u16] {
        match self {
            Self::Mariadb => &[1],
            Self::Galera => &[1, 2, 3],
        }
    }
}

/// A running cluster, stopped when it is dropped.
pub struct Cluster {
    script: Child,
    folder: TempDir,
    base: u16,
    database: Database,
    /// Where the balancer listens.
    pub front: SocketAddr,
}

impl Cluster {
    pub fn start(database: Database) -> Self {
        let base = free_ports();
        let front = SocketAddr::from(([127, 0, 0, 1], base));
        let folder = tempfile::tempdir().unwrap();
        let mut script = Command::new(deploy("cluster.sh"))
            .arg(env!("CARGO_BIN_EXE_miniter"))
            .env("DB", if database == Database::Galera { "galera" } else { "mariadb" })
            .env("ADDRESS", front.to_string())
            .env("BASE", base.to_string())
            .env("FOLDER", folder.path())
            .env("MINITER_JWT_SECRET", SECRET)
            .env("MINITER_RATE_LIMITS", "off")
            // One for each client: who waits for a place for 0.4 s is refused, which is no node's end.
            .env("MINITER_DATABASE_CONNECTIONS", "40")
            .env("MINITER_LOG", "info,miniter::access=off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(script.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let cluster = Self { script, folder, base, database, front };
        let deadline = Instant::now() + Duration::from_mins(3);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if lines.recv_timeout(left).unwrap().contains("the cluster serves on") {
                break;
            }
        }
        cluster
    }

    /// The node with this name, a or b, without the balancer in between.
    pub fn node(&self, name: char) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.base + if name == 'a' { 1 } else { 2 }))
    }

    /// Where the metrics of a node are.
    pub fn metrics(&self, name: char) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.node(name).port() + 4))
    }

    /// The number of the process with this name, at present.
    pub fn pid(&self, name: &str) -> u32 {
        let pid = fs::read_to_string(self.folder.path().join(format!("{name}.pid"))).unwrap();
        pid.trim().parse().unwrap()
    }

    pub fn signal(&self, name: &str, signal: &str) {
        let status = Command::new("kill").args([signal, &self.pid(name).to_string()]).status().unwrap();
        assert!(status.success(), "{name} {signal}");
    }

    /// Waits until a process with this name has another number than `before`, and is ready.
    pub fn await_another(&self, name: char, before: u32) {
        wait_until("the node is started again", Duration::from_secs(30), || {
            self.pid(&name.to_string()) != before && is_ready(self.node(name))
        });
    }

    /// Whether the balancer sends requests to a node.
    pub fn is_up(&self, name: char) -> bool {
        let mut stats = UnixStream::connect(self.folder.path().join("balancer.sock")).unwrap();
        stats.write_all(b"show servers state nodes\n").unwrap();
        let mut state = String::new();
        stats.read_to_string(&mut state).unwrap();
        // be_id be_name srv_id srv_name srv_addr srv_op_state …; 2 is running.
        let fields: Vec<Vec<&str>> = state.lines().map(|line| line.split(' ').collect()).collect();
        fields.iter().any(|line| line.get(3) == Some(&name.to_string().as_str()) && line.get(5) == Some(&"2"))
    }

    /// Where a database server is, without anything in between.
    pub fn database_url(&self, server: u16) -> String {
        format!("mysql://miniter:miniter@127.0.0.1:{}/miniter", self.database_port(server))
    }

    fn database_port(&self, server: u16) -> u16 {
        self.base + 10 * server
    }

    /// What a statement answers on a database server.
    pub fn sql(&self, server: u16, statement: &str) -> Result<String, String> {
        let Output { status, stdout, stderr } = Command::new("mariadb")
            .args(["--no-defaults", "--host=127.0.0.1", "--user=root", "--skip-column-names", "--batch"])
            .args([&format!("--port={}", self.database_port(server)), "--connect-timeout=2", "--execute"])
            .args([statement, "miniter"])
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().to_owned();
        if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
    }

    /// Waits until all servers of the database are in the cluster and have caught up.
    pub fn await_whole_database(&self) -> Duration {
        let state = "SELECT GROUP_CONCAT(variable_value ORDER BY variable_name) FROM information_schema.global_status \
                     WHERE variable_name IN ('wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state')";
        wait_until("the database is whole", Duration::from_mins(2), || {
            [1, 2, 3].iter().all(|server| self.sql(*server, state).is_ok_and(|state| state == "3,Primary,4"))
        })
    }

    /// Whether the balancer in front of the database would send connections to a server.
    pub fn is_usable(&self, server: u16) -> bool {
        let port = self.database_port(server).to_string();
        Command::new(deploy("check-database.sh"))
            .args(["", "", "127.0.0.1", &port])
            .status()
            .unwrap()
            .success()
    }

    /// Another node, on a database server without anything in between.
    pub fn node_on(&self, server: u16) -> Process {
        let url = self.database_url(server);
        let variables = [
            ("MINITER_DATABASE_URL", url.as_str()),
            ("MINITER_JWT_SECRET", SECRET),
            ("MINITER_RATE_LIMITS", "off"),
            ("MINITER_LOG", "info,miniter::access=off"),
        ];
        Process::start(self.folder.path(), &variables)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // One that a test has stopped would not hear that it is to end.
        for server in self.database.servers() {
            let _ =
                Command::new("kill").args(["-CONT", &self.pid(&format!("db{server}")).to_string()]).status();
        }
        let _ = Command::new("kill").args(["-TERM", &self.script.id().to_string()]).status();
        let _ = self.script.wait();
        if thread::panicking() {
            for name in ["a", "b", "balancer", "database"] {
                let log =
                    fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default();
                let lines: Vec<_> = log.lines().collect();
                println!("== {name}.log\n{}", lines[lines.len().saturating_sub(20)..].join("\n"));
            }
        }
    }
}

/// A file that people are given.
fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/local").join(name)
}

/// Whether a node or the balancer in front of it says that it is ready.
pub fn is_ready(address: SocketAddr) -> bool {
    Wire::to(address).get("/readyz", "").is_ok_and(|reply| reply.status == 200)
}

/// The first of forty ports on which nobody listens, below those that outgoing connections take.
fn free_ports() -> u16 {
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut bases = std::iter::repeat_with(|| fastrand::u16(20_000..32_000)).take(100);
    bases.find(|base| (*base..base + 40).all(is_free)).unwrap()
}
