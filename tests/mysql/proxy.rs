//! A way to the database server that can be cut and blocked, so that a test can take the server away from one program
//! while other tests go on using it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// What becomes of what passes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    /// Nothing passes and nothing is answered, as with a server that is stopped.
    Blocked,
    /// Connections are closed at once, as with a server that is not there.
    Cut,
}

struct Shared {
    /// Connections older than this one have died without a word.
    oldest_alive: AtomicUsize,
    /// The number of the next connection.
    newest: AtomicUsize,
    mode: Mutex<Mode>,
    changed: Condvar,
    streams: Mutex<Vec<TcpStream>>,
}

/// Listens on a port of its own and passes everything on.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    /// A proxy before the server of this URL (`mysql://user@host:port`).
    pub fn before(server: &str) -> Self {
        let target = server.rsplit('@').next().unwrap().split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            oldest_alive: AtomicUsize::new(0),
            newest: AtomicUsize::new(0),
            mode: Mutex::new(Mode::Open),
            changed: Condvar::new(),
            streams: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for (number, client) in listener.incoming().map_while(Result::ok).enumerate() {
                accepting.newest.store(number + 1, Ordering::Relaxed);
                if *accepting.mode.lock().unwrap() == Mode::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&target) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let shared = Arc::clone(&accepting);
                    thread::spawn(move || pass(number, from, to, &shared));
                }
                accepting.streams.lock().unwrap().extend([client, server]);
            }
        });
        Self { address, shared }
    }

    /// The URL of a database behind this proxy, given its URL on the server.
    pub fn url(&self, direct: &str) -> String {
        let (before, after) = direct.split_once('@').unwrap();
        let database = after.split_once('/').unwrap().1;
        format!("{before}@{}/{database}", self.address)
    }

    /// From now on nothing passes on the connections that there are, and neither end hears of it, as when a machine loses
    /// its power. New ones work.
    pub fn silence(&self) {
        self.shared.oldest_alive.store(self.shared.newest.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    pub fn open(&self) {
        self.set(Mode::Open);
    }

    pub fn block(&self) {
        self.set(Mode::Blocked);
    }

    pub fn cut(&self) {
        self.set(Mode::Cut);
        for stream in self.shared.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn set(&self, mode: Mode) {
        *self.shared.mode.lock().unwrap() = mode;
        self.shared.changed.notify_all();
    }
}

fn pass(number: usize, mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if number < shared.oldest_alive.load(Ordering::Relaxed) {
            continue;
        }
        let mode = shared.mode.lock().unwrap();
        let _mode = shared.changed.wait_while(mode, |mode| *mode == Mode::Blocked).unwrap();
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
