//! What the server does when it gets a signal.

use std::fs::{self, File};
use std::time::Duration;

use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use actix_web::web;
use anyhow::Context;
use miniter_web::State;

/// Why the server is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// A person at a terminal wants it, or has closed the terminal.
    Person,
    /// A service manager wants it. There may be a balancer.
    Manager,
}

/// Completes when the server is to stop. Each signal lets what has been begun finish; actix's own handler would cut it off
/// at SIGINT.
///
/// Between SIGTERM or SIGQUIT and the stop there is a delay, in which balancers see that they should send nothing more, and
/// requests that still come are answered and told to close their connections. A person who presses Ctrl-C has no balancer,
/// and a second signal ends the delay.
///
/// SIGUSR1, SIGUSR2 and, without a terminal, SIGHUP mean "open the log anew", "reload" or "tell more" to other servers.
/// Here they mean nothing, and a server must not die of a habit: they are logged.
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
            log::info!("told to stop: going on for {} s, with /readyz at 503", delay.as_secs());
            tokio::select! {
                () = actix_web::rt::time::sleep(delay) => {}
                _ = stops.next() => {}
            }
        }
        log::info!("stopping: what has been begun is finished");
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
        // nohup has it ignored, so that the server outlives the terminal.
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

/// Logs a signal, whose default is to end the process, and goes on.
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
