//! The bound on one message, kept as soon as the message says how long it will be.
//!
//! The WebSocket library compares a frame's length with its bound only when all of the frame is there, and
//! keeps what comes until then, however much that is. So the bytes pass by here first.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;

/// A head whose length no frame may have (RFC 6455, 5.2): the library says at once that it is too long.
const IMPOSSIBLE: [u8; 10] = [0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0];

/// The bytes of a WebSocket client, up to the first frame that is longer than the bound.
pub(super) struct Bounded<S> {
    inner: S,
    /// The longest frame, in bytes.
    max: u64,
    /// How many bytes of the frame at hand are still to come.
    left: u64,
    /// The start of a head that did not come whole. At most 9 bytes.
    head: Bytes,
    /// True once a frame was too long: nothing after it is read.
    over: bool,
}

impl<S> Bounded<S> {
    pub(super) fn new(inner: S, max: usize) -> Self {
        Self { inner, max: max as u64, left: 0, head: Bytes::new(), over: false }
    }

    /// What of `chunk` may pass now.
    fn pass(&mut self, chunk: Bytes) -> Bytes {
        let mut bytes = match self.head.is_empty() {
            true => chunk,
            false => Bytes::from([std::mem::take(&mut self.head), chunk].concat()),
        };
        let mut at = 0;
        while at < bytes.len() {
            if self.left == 0 {
                let Some((head, length)) = lengths(&bytes[at..]) else {
                    self.head = bytes.split_off(at);
                    break;
                };
                if length > self.max {
                    self.over = true;
                    let mut last = BytesMut::from(&bytes[..at]);
                    last.extend_from_slice(&IMPOSSIBLE);
                    return last.freeze();
                }
                self.left = head + length;
            }
            let rest = bytes.len() - at;
            let step = usize::try_from(self.left).map_or(rest, |left| left.min(rest));
            at += step;
            self.left -= step as u64;
        }
        bytes
    }
}

/// How long a frame's head is, and what it says of what follows; none while it is not there.
fn lengths(frame: &[u8]) -> Option<(u64, u64)> {
    let second = *frame.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    Some(match second & 0x7f {
        126 => (4 + mask, u64::from(u16::from_be_bytes(frame.get(2..4)?.try_into().ok()?))),
        127 => (10 + mask, u64::from_be_bytes(frame.get(2..10)?.try_into().ok()?)),
        length => (2 + mask, u64::from(length)),
    })
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Bounded<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.over {
            let Some(chunk) = ready!(Pin::new(&mut self.inner).poll_next(cx)) else { break };
            let passed = chunk.map(|chunk| self.pass(chunk));
            if !matches!(&passed, Ok(bytes) if bytes.is_empty()) {
                return Poll::Ready(Some(passed));
            }
        }
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: u64, body: usize) -> Vec<u8> {
        let mut frame = match length {
            0..126 => vec![0x81, 0x80 | u8::try_from(length).unwrap()],
            126..65536 => {
                [&[0x81, 0xfe], &u16::try_from(length).unwrap().to_be_bytes()[..]].concat()
            }
            _ => [&[0x81, 0xff], &length.to_be_bytes()[..]].concat(),
        };
        frame.extend([0; 4]);
        frame.resize(frame.len() + body, 7);
        frame
    }

    /// What passes of `sent` where it comes in pieces of `size` bytes.
    fn passed(sent: &[u8], size: usize) -> (Vec<u8>, bool) {
        let mut bounded = Bounded::new((), 70_000);
        let mut all = Vec::new();
        for piece in sent.chunks(size) {
            if !bounded.over {
                all.extend(bounded.pass(Bytes::copy_from_slice(piece)));
            }
        }
        (all, bounded.over)
    }

    #[test]
    fn frames_within_the_bound_pass_as_they_are_however_they_are_cut() {
        let sent: Vec<u8> = [0, 1, 125, 126, 65535, 65536, 70_000, 3]
            .into_iter()
            .flat_map(|length| frame(length, usize::try_from(length).unwrap()))
            .collect();
        for size in [1, 2, 3, 7, 1000, 1_000_000] {
            assert!(passed(&sent, size) == (sent.clone(), false), "in pieces of {size}");
        }
    }

    #[test]
    fn a_frame_over_the_bound_ends_it_before_any_of_it_passes() {
        for length in [70_001, 1 << 40, u64::MAX] {
            let good = frame(5, 5);
            let sent = [good.clone(), frame(length, 1000)].concat();
            for size in [1, 4, 15, 1000] {
                let expected = [&good[..], &IMPOSSIBLE].concat();
                assert_eq!(passed(&sent, size), (expected, true), "{length} in pieces of {size}");
            }
        }
    }
}
