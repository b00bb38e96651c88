//! Bodies that nobody reads to their end: the connection closes after the answer.
//!
//! Of a chunked body that its handler let go, the library reads and forgets the rest for as long as
//! the client pleases not to finish it, so a client that falls silent would keep its connection for
//! ever. Of a body that is still held it reads nothing more, and closes. So what is left of a body
//! is held here for a while.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, rt};
use bytes::Bytes;
use futures_util::Stream;

/// How long an unread body is held. 5 s: by then the answer, a problem, has long been written.
const HELD_FOR: Duration = Duration::from_secs(5);

/// A body and whether it came to its end.
struct Held {
    payload: Payload,
    ended: bool,
}

/// What the handler reads.
struct Lent(Rc<RefCell<Held>>);

impl Stream for Lent {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut held = self.0.borrow_mut();
        let next = Pin::new(&mut held.payload).poll_next(cx);
        held.ended |= matches!(next, Poll::Ready(None));
        next
    }
}

/// Holds on to what a handler leaves unread of a chunked body.
///
/// # Errors
///
/// What the inner service could not turn into an answer.
pub async fn unread(
    mut req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if !req.headers().contains_key(header::TRANSFER_ENCODING) {
        return next.call(req).await;
    }
    let held = Rc::new(RefCell::new(Held { payload: req.take_payload(), ended: false }));
    req.set_payload(Payload::Stream { payload: Box::pin(Lent(held.clone())) });
    let answer = next.call(req).await;
    if !held.borrow().ended {
        rt::spawn(async move {
            rt::time::sleep(HELD_FOR).await;
            drop(held);
        });
    }
    answer
}
