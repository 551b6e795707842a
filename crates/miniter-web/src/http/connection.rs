//! What the two sides of a connection know of each other: the stream, which passes on what a client sends, and the request
//! that is under way on it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};

use actix_web::HttpRequest;

use crate::http::connections::{Full, Place, Reservation};
use crate::http::framing::Part;

/// How much of a body may be on its way to a handler, in bytes. More is read when all of that has been taken.
const WINDOW: usize = 16 << 10;

/// A connection, which stays in one worker.
pub(crate) struct Connection {
    place: Place,
    /// From the head of a request up to the end of its answer.
    is_under_way: Cell<bool>,
    /// Whether nothing is under way, and no answer has yet to be taken.
    is_idle: Cell<bool>,
    /// What of the body has been passed on, since all of it had been taken.
    passed: Cell<usize>,
    /// How much data of that has yet to be taken.
    untaken: Cell<usize>,
    /// The stream, while it waits for the request.
    parked: RefCell<Option<Waker>>,
}

impl Connection {
    /// A new one.
    pub(crate) fn new(place: Place) -> Rc<Self> {
        Rc::new(Self {
            place,
            is_under_way: Cell::new(false),
            is_idle: Cell::new(true),
            passed: Cell::new(0),
            untaken: Cell::new(0),
            parked: RefCell::new(None),
        })
    }

    /// That of a request, unless it came without one, as in tests.
    pub(crate) fn of(request: &HttpRequest) -> Option<&Rc<Self>> {
        request.conn_data()
    }

    /// Its place among all.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether a request is under way.
    pub(crate) fn is_under_way(&self) -> bool {
        self.is_under_way.get()
    }

    /// Says that a request has begun.
    pub(crate) fn begin(&self) {
        self.is_under_way.set(true);
        self.work();
    }

    /// Says that its answer has been given to actix.
    fn finish(&self) {
        self.is_under_way.set(false);
        self.passed.set(0);
        self.untaken.set(0);
        self.wake();
    }

    /// Says that all that has been answered so far is with the system.
    pub(crate) fn flush(&self, context: &Context<'_>) {
        if !self.is_under_way.get() && !self.is_idle.replace(true) && self.place.rest(context.waker()) {
            // The stream shall see that it has to make room.
            context.waker().wake_by_ref();
        }
    }

    /// Says that there is something to do: also an answer that the client does not take.
    pub(crate) fn work(&self) {
        if self.is_idle.replace(false) {
            self.place.work();
        }
    }

    /// How many bytes of a body may be passed on now.
    pub(crate) fn room(&self) -> usize {
        if self.is_under_way.get() { WINDOW.saturating_sub(self.passed.get()) } else { usize::MAX }
    }

    /// Counts a part of a body that is passed on.
    pub(crate) fn pass(&self, Part { length, data }: Part) {
        self.passed.set(self.passed.get() + length);
        self.untaken.set(self.untaken.get() + data);
    }

    /// Counts bytes of a body that a handler has taken.
    pub(crate) fn take(&self, length: usize) {
        self.untaken.set(self.untaken.get().saturating_sub(length));
        if self.untaken.get() == 0 {
            self.passed.set(0);
            self.wake();
        }
    }

    /// Has the stream woken when there is more room, or the request has ended.
    pub(crate) fn park(&self, context: &Context<'_>) {
        self.parked.replace(Some(context.waker().clone()));
    }

    fn wake(&self) {
        if let Some(waker) = self.parked.take() {
            waker.wake();
        }
    }
}

/// The request that is under way on a connection. It ends when this is dropped.
pub(crate) struct UnderWay(Option<Rc<Connection>>);

impl UnderWay {
    /// The one that is under way already, as its head has been passed on.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self(Connection::of(request).cloned())
    }

    /// See [`Place::reserve`].
    pub(crate) fn reserve(&self, length: usize) -> Result<Option<Reservation>, Full> {
        self.0.as_ref().map_or(Ok(None), |connection| connection.place.reserve(length))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.finish();
        }
    }
}
