//! Bodies that are not read to their end.
//!
//! Once a handler has let go of a chunked body, actix reads on until it ends, however long that takes: a client that sends a
//! byte now and then keeps the connection for ever. A body that is still held when its answer has been sent makes actix close
//! the connection instead, as it does with a body of a given length.
//!
//! What is taken of a body is counted here, so that the stream reads on when there is room.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

use crate::http::connection::Connection;

/// A body that is held until its answer has been sent.
pub(crate) struct ChunkedBodyGuard {
    _body: Rc<RefCell<Payload>>,
}

impl ChunkedBodyGuard {
    /// Holds the body of a request, if it has one. The handler reads it as ever.
    pub(crate) fn of(request: &mut ServiceRequest) -> Option<Self> {
        let payload = request.take_payload();
        if matches!(payload, Payload::None) {
            return None;
        }
        let body = Rc::new(RefCell::new(payload));
        let connection = Connection::of(request.request()).cloned();
        let shared = SharedBody { body: Rc::clone(&body), connection };
        request.set_payload(Payload::Stream { payload: Box::pin(shared) });
        Some(Self { _body: body })
    }
}

struct SharedBody {
    body: Rc<RefCell<Payload>>,
    connection: Option<Rc<Connection>>,
}

impl Stream for SharedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut *self.body.borrow_mut()).poll_next(context);
        if let (Poll::Ready(Some(Ok(bytes))), Some(connection)) = (&polled, &self.connection) {
            connection.take(bytes.len());
        }
        polled
    }
}
