//! A MariaDB server of a test's own, for what cannot be asked of the one that all tests share.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use diesel::mysql::MysqlConnection;
use diesel::prelude::*;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server, gone with its data when it is dropped.
pub struct Server {
    process: Child,
    /// `mysql://user@host:port`
    pub url: String,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts one that has these global settings.
    pub fn start(globals: &[&str], options: &[&str]) -> Self {
        let scripts = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts"));
        let template = Command::new(scripts.join("mariadb-template.sh")).output().unwrap();
        assert!(template.status.success(), "{}", String::from_utf8_lossy(&template.stderr));
        let template = String::from_utf8(template.stdout).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Below the ports of outgoing connections; another program may take it first, and then the next one does.
            let port = fastrand::u16(20_000..32_000);
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join("data");
            let copy = Command::new("cp").arg("-r").arg(template.trim()).arg(&data).status().unwrap();
            assert!(copy.success());
            let globals: Vec<_> = globals.iter().map(|global| format!("SET GLOBAL {global};\n")).collect();
            std::fs::write(folder.path().join("init"), globals.concat()).unwrap();
            let path = |name: &str| folder.path().join(name).display().to_string();
            // A server that starts deletes the temporary tables of every server that shares its folder for them.
            std::fs::create_dir(path("tmp")).unwrap();
            let mut process = Command::new("mariadbd")
                .env("PATH", format!("{}:/usr/sbin:/usr/local/sbin", std::env::var("PATH").unwrap()))
                .args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1"])
                .args([format!("--port={port}"), format!("--datadir={}", path("data"))])
                .arg(format!("--tmpdir={}", path("tmp")))
                .args([format!("--socket={}", path("socket")), format!("--pid-file={}", path("pid"))])
                .arg(format!("--init-file={}", path("init")))
                .args(options)
                .stdout(Stdio::null())
                .stderr(std::fs::File::create(path("log")).unwrap())
                .spawn()
                .unwrap();
            let url = format!("mysql://root@127.0.0.1:{port}");
            while process.try_wait().unwrap().is_none() {
                if MysqlConnection::establish(&format!("{url}/mysql")).is_ok() {
                    return Self { process, url, _folder: folder };
                }
                if Instant::now() > deadline {
                    let _ = process.kill();
                    break;
                }
                thread::sleep(Duration::from_millis(50));
            }
            let _ = process.wait();
            let log = std::fs::read_to_string(path("log")).unwrap();
            assert!(Instant::now() < deadline && log.contains("already in use"), "{log}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
