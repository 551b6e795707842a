//! Chunked bodies that nobody reads to their end.
//!
//! Once a handler has let go of a chunked body, actix reads on until it ends, however long that takes: whoever sends a byte
//! now and then keeps the connection for ever. A body that is still held when its answer has been sent makes actix close
//! the connection instead, as it does with a body of a given length.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

/// A body that is held until its answer has been sent.
pub(crate) struct HeldBody {
    _body: Rc<RefCell<Payload>>,
}

impl HeldBody {
    /// Holds the body of a request, if it is chunked. The handler reads it as ever.
    pub(crate) fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !request.chunked().unwrap_or(false) {
            return None;
        }
        let body = Rc::new(RefCell::new(request.take_payload()));
        request.set_payload(Payload::Stream { payload: Box::pin(SharedBody(Rc::clone(&body))) });
        Some(Self { _body: body })
    }

    /// Holds it until this answer has been sent.
    pub(crate) fn until_sent<B: MessageBody + 'static>(
        self,
        response: ServiceResponse<B>,
    ) -> ServiceResponse {
        response.map_body(|_, body| BoxBody::new(Answer { body: body.boxed(), _request: self }))
    }
}

struct SharedBody(Rc<RefCell<Payload>>);

impl Stream for SharedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// The body of an answer.
struct Answer {
    body: BoxBody,
    _request: HeldBody,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
