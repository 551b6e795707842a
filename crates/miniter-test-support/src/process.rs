//! The `miniter` program itself, in a folder of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::app::Client;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where `cargo test` has built the program.
pub fn program() -> PathBuf {
    std::env::var_os("CARGO_BIN_EXE_miniter").unwrap().into()
}

/// The program with these arguments and variables and no other setting.
pub fn miniter(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program());
    command
        .current_dir(folder)
        .env_clear()
        .env("TZ", "Asia/Seoul")
        .args(arguments)
        .envs(variables.iter().copied());
    command
}

/// The same, started by another program.
pub fn miniter_under(
    wrapper: &[&str],
    folder: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Command {
    let miniter = miniter(folder, arguments, variables);
    let [program, options @ ..] = wrapper else { return miniter };
    let mut command = Command::new(program);
    command.args(options).arg(miniter.get_program()).args(miniter.get_args());
    let variables = miniter.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.current_dir(folder).env_clear().envs(variables);
    command
}

/// Runs the program to its end. One that was to refuse and serves instead is ended after a minute, without success.
pub fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let bounded = ["/usr/bin/timeout", "--kill-after=5", "60"];
    miniter_under(&bounded, folder, arguments, variables).output().unwrap()
}

/// `miniter`, serving.
pub struct Process {
    child: Child,
    /// A client of it.
    pub client: Client,
    /// Where it listens.
    pub address: SocketAddr,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
    /// Whether the process finds that its standard error is not read.
    is_unread: AtomicBool,
}

impl Process {
    /// Starts it on a free port and waits until it listens.
    pub fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_on(folder, "127.0.0.1:0", variables)
    }

    /// Starts it on an address and waits until it listens.
    pub fn start_on(folder: &Path, address: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_while(folder, address, variables, |_| ())
    }

    /// The same, doing something meanwhile that can wait for a line in its log.
    pub fn start_while(
        folder: &Path,
        address: &str,
        variables: &[(&str, &str)],
        meanwhile: impl FnOnce(&dyn Fn(&str) -> String),
    ) -> Self {
        Self::spawn(&mut miniter(folder, &["--bind", address], variables), meanwhile)
    }

    /// Has another program become it, on a free port, and waits until it listens.
    pub fn start_under(wrapper: &[&str], folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::spawn(&mut miniter_under(wrapper, folder, &["--bind", "127.0.0.1:0"], variables), |_| ())
    }

    fn spawn(command: &mut Command, meanwhile: impl FnOnce(&dyn Fn(&str) -> String)) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Log::default());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let writer = Arc::clone(&log);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                writer.lines.lock().unwrap().push(line);
                writer.grown.notify_all();
                while writer.is_unread.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        meanwhile(&|text| wait_for(&log, text));
        let line = wait_for(&log, "listening on http://");
        let address = line.split("http://").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
        Self { child, client: Client::new(&address), address, log }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has logged so far.
    pub fn log(&self) -> String {
        self.log.lines.lock().unwrap().join("\n")
    }

    /// Waits for a line that contains `text`.
    pub fn wait_for(&self, text: &str) -> String {
        wait_for(&self.log, text)
    }

    /// Whether its standard error is read. At first it is.
    pub fn read_log(&self, is_read: bool) {
        self.log.is_unread.store(!is_read, Ordering::SeqCst);
    }

    /// Sends a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end: its exit code, and how long that took.
    pub fn wait(mut self) -> (Option<i32>, Duration) {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), started.elapsed());
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not stop: {}", self.log());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.read_log(true);
    }
}

fn wait_for(log: &Log, text: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut lines = log.lines.lock().unwrap();
    loop {
        if let Some(line) = lines.iter().find(|line| line.contains(text)) {
            return line.clone();
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "no line with {text:?} in: {}", lines.join("\n"));
        lines = log.grown.wait_timeout(lines, left).unwrap().0;
    }
}
