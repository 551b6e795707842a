//! The body of an answer, on its way to the client.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::web::Bytes;

use crate::http::chunked_body_guard::ChunkedBodyGuard;
use crate::http::connection::UnderWay;
use crate::http::connections::Reservation;

/// How much of a body actix gets at once. It copies that, and keeps the memory for the next answer on the connection.
const PIECE: usize = 16 << 10;

/// Holds these until the answer has been sent. The request is the last: when it ends, the next one may come.
pub(crate) fn hold_until_sent<B: MessageBody>(
    response: ServiceResponse<B>,
    body: Option<ChunkedBodyGuard>,
    reservation: Option<Reservation>,
    request: UnderWay,
) -> ServiceResponse<impl MessageBody<Error = B::Error>> {
    response.map_body(|_, answer| Answer {
        body: Box::pin(answer),
        rest: Bytes::new(),
        _held: (body, reservation, request),
    })
}

struct Answer<B> {
    body: Pin<Box<B>>,
    rest: Bytes,
    _held: (Option<ChunkedBodyGuard>, Option<Reservation>, UnderWay),
}

impl<B: MessageBody> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match ready!(self.body.as_mut().poll_next(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}
