//! The server's reaction to signals.

use std::fs::{self, File};
use std::time::Duration;

use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use actix_web::web;
use anyhow::Context;
use miniter_web::State;

/// Why the server is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// A person at a terminal pressed Ctrl-C or closed the terminal.
    Person,
    /// A service manager sent a signal. The server may be behind a load balancer.
    Manager,
}

/// Completes when the server must stop. After each of the signals the requests that have begun are finished; actix's own handler
/// would cut them off at SIGINT.
///
/// Between SIGTERM or SIGQUIT and the stop there is a delay. In the delay load balancers notice the stop, and further requests
/// are answered and their connections closed. A person who presses Ctrl-C has no load balancer, so SIGINT has no delay. A second
/// signal ends the delay.
///
/// SIGUSR1, SIGUSR2 and, without a terminal, SIGHUP make other servers reopen their log or reload their settings. This server does
/// neither. The default of these signals would end it, so it logs and ignores them.
///
/// # Errors
/// If a signal cannot be listened for.
pub(crate) fn stop_signal(
    state: web::Data<State>,
    delay: Duration,
) -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut stops = Stops::listen()?;
    ignore("SIGUSR1", SignalKind::user_defined1())?;
    ignore("SIGUSR2", SignalKind::user_defined2())?;
    if stops.hang_up.is_none() && !is_ignored(SignalKind::hangup()) {
        ignore("SIGHUP", SignalKind::hangup())?;
    }
    Ok(async move {
        let stop = stops.next().await;
        state.drain();
        if stop == Stop::Manager && !delay.is_zero() {
            log::info!("told to stop: /readyz returns 503 for {} s before the stop", delay.as_secs());
            tokio::select! {
                () = actix_web::rt::time::sleep(delay) => {}
                _ = stops.next() => {}
            }
        }
        log::info!("stopping: finishing the requests that have begun");
    })
}

/// The signals that stop a server.
struct Stops {
    interrupt: Signal,
    terminate: Signal,
    quit: Signal,
    hang_up: Option<Signal>,
}

impl Stops {
    fn listen() -> anyhow::Result<Self> {
        let interrupt = listen("SIGINT", SignalKind::interrupt())?;
        let terminate = listen("SIGTERM", SignalKind::terminate())?;
        let quit = listen("SIGQUIT", SignalKind::quit())?;
        // nohup makes the process ignore SIGHUP, so that the server outlives the terminal.
        let ends_with_terminal = has_terminal() && !is_ignored(SignalKind::hangup());
        let hang_up = ends_with_terminal.then(|| listen("SIGHUP", SignalKind::hangup())).transpose()?;
        Ok(Self { interrupt, terminate, quit, hang_up })
    }

    async fn next(&mut self) -> Stop {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Person,
            _ = hang_up => Stop::Person,
            _ = self.terminate.recv() => Stop::Manager,
            _ = self.quit.recv() => Stop::Manager,
        }
    }
}

fn listen(name: &str, kind: SignalKind) -> anyhow::Result<Signal> {
    signal(kind).with_context(|| format!("cannot listen for {name}"))
}

/// Logs a signal instead of its default, the end of the process.
fn ignore(name: &'static str, kind: SignalKind) -> anyhow::Result<()> {
    let mut signal = listen(name, kind)?;
    actix_web::rt::spawn(async move {
        while signal.recv().await.is_some() {
            log::info!("{name} has no meaning here and is ignored; SIGTERM stops the server");
        }
    });
    Ok(())
}

/// Whether the process has a terminal that can be closed.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Whether the process was started with this signal ignored.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored =
        status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    ignored.is_some_and(|signals| signals & (1 << (kind.as_raw_value() - 1)) != 0)
}
