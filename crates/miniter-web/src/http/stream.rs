//! The stream of a connection, as actix gets it: what is held of a client's bytes is bounded, and so is the time for which
//! it may hold us up.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::http::connection::Connection;
use crate::http::connections::SMALL;
use crate::http::framing::{Begin, Framing};

/// The largest head of a request.
const MAX_HEAD: usize = SMALL;

/// How long a head may take to arrive. For the first one on a connection actix waits for five seconds, and says so.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long a client may take for each [`PROGRESS`] of an answer: half a KiB a second.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// What counts as progress, in bytes.
const PROGRESS: usize = 16 << 10;

/// What actix gets in place of a head that is too large: one that does not end, which it answers with 431.
const FLOOD: [u8; 1 << 10] = [b'x'; 1 << 10];

/// A stream that is guarded.
pub(crate) struct GuardedStream {
    io: TcpStream,
    connection: Rc<Connection>,
    framing: Framing,
    /// What has been read and may not be passed on yet: a part of a head, or a request behind the one that is under way.
    held: Vec<u8>,
    /// How much of what is held may be passed on after all.
    released: usize,
    /// Whether a head may have been completed by what is held.
    is_new: bool,
    is_flooded: bool,
    head_deadline: Option<Pin<Box<Sleep>>>,
    write_deadline: Option<Pin<Box<Sleep>>>,
    written: usize,
}

impl GuardedStream {
    /// Guards a connection.
    pub(crate) fn new(io: TcpStream, connection: Rc<Connection>) -> Self {
        Self {
            io,
            connection,
            framing: Framing::Head,
            held: Vec::new(),
            released: 0,
            is_new: false,
            is_flooded: false,
            head_deadline: None,
            write_deadline: None,
            written: 0,
        }
    }

    /// For the requests on it.
    pub(crate) fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// Passes on what has been released.
    fn pass_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.released.min(buffer.remaining());
        buffer.put_slice(&self.held[..length]);
        self.released -= length;
        if length == self.held.len() {
            // An idle connection holds no memory.
            self.held = Vec::new();
        } else {
            self.held.drain(..length);
        }
    }

    /// Reads a request from the beginning of these bytes: as much of them as may be passed on, which is none as long as the
    /// head is not whole.
    fn begin(&mut self, bytes: &mut [u8]) -> usize {
        let before = self.framing;
        match self.framing.begin(bytes) {
            Begin::Whole(head) if head <= MAX_HEAD => {
                self.head_deadline = None;
                self.connection.begin();
                let part = self.framing.read_on(&bytes[head..]);
                self.connection.pass(part);
                head + part.length
            }
            Begin::Unreadable => bytes.len(),
            Begin::Partial if bytes.len() < MAX_HEAD => 0,
            Begin::Whole(_) | Begin::Partial => {
                self.framing = before;
                self.is_flooded = true;
                0
            }
        }
    }

    fn poll_head(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let waits = self.connection.is_under_way();
            if !waits && self.connection.place().is_given_away() {
                // Also if there is a request: another has the place.
                return Poll::Ready(Ok(()));
            }
            if self.is_new && !waits {
                self.is_new = false;
                let mut held = std::mem::take(&mut self.held);
                self.released = self.begin(&mut held);
                self.is_new = self.released > 0 && held.len() > self.released;
                self.held = held;
                if self.released > 0 {
                    self.pass_on(buffer);
                    return Poll::Ready(Ok(()));
                }
            }
            if self.is_flooded {
                self.held = Vec::new();
                buffer.put_slice(&FLOOD[..FLOOD.len().min(buffer.remaining())]);
                return Poll::Ready(Ok(()));
            }
            if waits && !self.held.is_empty() {
                self.connection.park(context);
                if self.held.len() >= MAX_HEAD {
                    return Poll::Pending;
                }
            }
            // Mostly a whole request comes at once, and nothing has to be held.
            if self.held.is_empty() && !waits {
                let start = buffer.filled().len();
                if Pin::new(&mut self.io).poll_read(context, buffer)?.is_pending() {
                    return self.poll_idle(context);
                }
                let bytes = &mut buffer.filled_mut()[start..];
                if bytes.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                let released = self.begin(bytes);
                self.held.extend_from_slice(&bytes[released..]);
                self.is_new = released > 0 && !self.held.is_empty();
                buffer.set_filled(start + released);
                if released > 0 {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            let mut more = [MaybeUninit::uninit(); 4 << 10];
            let room = more.len().min(MAX_HEAD.saturating_sub(self.held.len()).max(1));
            let mut more = ReadBuf::uninit(&mut more[..room]);
            if Pin::new(&mut self.io).poll_read(context, &mut more)?.is_pending() {
                return if waits { Poll::Pending } else { self.poll_idle(context) };
            }
            if more.filled().is_empty() {
                // The client has left, or will send nothing more. A request that waits is served nonetheless.
                return if waits && !self.held.is_empty() { Poll::Pending } else { Poll::Ready(Ok(())) };
            }
            self.held.extend_from_slice(more.filled());
            self.is_new = true;
        }
    }

    /// Nothing is under way and nothing has come: the client may leave, be too slow, or have to make room.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.place().is_given_away_or_wakes(context.waker()) {
            return Poll::Ready(Ok(()));
        }
        if self.held.is_empty() {
            return Poll::Pending;
        }
        self.head_deadline
            .get_or_insert_with(|| Box::pin(sleep(HEAD_PATIENCE)))
            .as_mut()
            .poll(context)
            .map(Ok)
    }

    fn poll_body(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = self.connection.room().min(buffer.remaining());
        if room == 0 {
            self.connection.park(context);
            return Poll::Pending;
        }
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.io).poll_read(context, &mut part))?;
        let bytes = part.filled();
        let read = self.framing.read_on(bytes);
        // What is behind the end of the body is another request.
        self.held.extend_from_slice(&bytes[read.length..]);
        self.is_new = !self.held.is_empty();
        self.connection.pass(read);
        buffer.advance(read.length);
        Poll::Ready(Ok(()))
    }

    /// The client does not take what it has asked for.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.connection.work();
        let deadline = self.write_deadline.get_or_insert_with(|| Box::pin(sleep(WRITE_PATIENCE)));
        ready!(deadline.as_mut().poll(context));
        self.connection.place().count_stalled();
        // What the system still has for it is of no use either.
        self.io.set_zero_linger()?;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.released > 0 {
            this.pass_on(buffer);
            return Poll::Ready(Ok(()));
        }
        match this.framing {
            Framing::Head => this.poll_head(context, buffer),
            Framing::Length(_) | Framing::Chunked(_) | Framing::Endless => this.poll_body(context, buffer),
            // The end of the input.
            Framing::Malformed => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Poll::Ready(outcome) = Pin::new(&mut this.io).poll_write(context, bytes) else {
            return this.poll_stalled(context);
        };
        if this.write_deadline.is_some() {
            this.written += outcome.as_ref().unwrap_or(&0);
            if this.written >= PROGRESS {
                this.write_deadline = None;
                this.written = 0;
            }
        }
        Poll::Ready(outcome)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // actix comes here when it has written all that there is.
        let this = self.get_mut();
        this.write_deadline = None;
        this.written = 0;
        this.connection.flush(context);
        Pin::new(&mut this.io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}
