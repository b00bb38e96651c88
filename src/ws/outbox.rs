//! What waits to be written to one client, and the only way in to its session.
//!
//! Rooms, the hub and the sessions of others push here, from any thread; the session takes from here
//! whenever its socket has room. A session whose client stopped reading is not polled, so its outbox
//! fills up, and whoever pushes is told. What must not be lost (the end of a watch, the end of the
//! connection) has a place of its own beside the queue, which needs no bound: there is one end for
//! each watch, and one connection.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytestring::ByteString;
use futures_util::Stream;
use parking_lot::Mutex;
use playhouse_actors::watch::{Publication, Sink, SinkFull, WatchEnd};
use playhouse_protocol::live::Disconnect;

/// The most bytes that may wait for one client. 1 MiB: a view of the largest hall four times over.
/// What many clients wait for is held once, so a thousand slow ones do not hold a thousand times it.
const BYTES_MAX: usize = 1 << 20;

/// Names one subscription within a session; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SubId(pub(super) u64);

/// What a session is to do next.
#[derive(Debug)]
pub(super) enum Out {
    /// Close the connection.
    Cut(Disconnect),
    /// A room watches no longer.
    Ended(SubId, WatchEnd),
    /// Write a room's publication.
    Publication(SubId, Arc<Publication>),
    /// Write a line.
    Line(ByteString),
}

impl Out {
    fn bytes(&self) -> usize {
        match self {
            Self::Cut(_) | Self::Ended(..) => 0,
            Self::Publication(_, publication) => publication.json.len(),
            Self::Line(line) => line.len(),
        }
    }
}

#[derive(Default)]
struct State {
    cut: Option<Disconnect>,
    ended: Vec<(SubId, WatchEnd)>,
    queue: VecDeque<Out>,
    bytes: usize,
    /// Since when something waits.
    since: Option<Instant>,
    /// Publications that found no room.
    missed: u64,
    waker: Option<Waker>,
    closed: bool,
}

/// How one client keeps up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) messages: usize,
    pub(super) bytes: usize,
    /// How long ago nothing waited.
    pub(super) behind: Duration,
    pub(super) missed: u64,
}

impl State {
    fn take(&mut self) -> Option<Out> {
        if let Some(why) = self.cut.take() {
            return Some(Out::Cut(why));
        }
        if let Some((sub, why)) = self.ended.pop() {
            return Some(Out::Ended(sub, why));
        }
        let out = self.queue.pop_front()?;
        self.bytes -= out.bytes();
        if self.queue.is_empty() {
            self.since = None;
        }
        Some(out)
    }
}

/// What waits to be written to one client.
pub(super) struct Outbox {
    /// How many messages may wait. One more is refused.
    bound: usize,
    state: Mutex<State>,
}

impl Outbox {
    pub(super) fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self { bound, state: Mutex::default() })
    }

    /// Closes the connection as soon as its session has a turn. The first reason holds.
    pub(super) fn cut(&self, why: Disconnect) {
        self.change(|state| {
            state.cut.get_or_insert(why);
        });
    }

    /// How the client keeps up.
    pub(super) fn waiting(&self) -> Waiting {
        let state = self.state.lock();
        Waiting {
            messages: state.queue.len(),
            bytes: state.bytes,
            behind: state.since.map_or(Duration::ZERO, |since| since.elapsed()),
            missed: state.missed,
        }
    }

    /// Queues `line`, unless the queue is full.
    pub(super) fn line(&self, line: ByteString) -> Result<(), SinkFull> {
        self.push(Out::Line(line))
    }

    /// Nothing is taken from here any more: what comes is dropped.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        *state = State { closed: true, ..State::default() };
    }

    fn push(&self, out: Out) -> Result<(), SinkFull> {
        let size = out.bytes();
        {
            let mut state = self.state.lock();
            if state.closed {
                return Ok(());
            }
            let crowded = !state.queue.is_empty() && state.bytes + size > BYTES_MAX;
            if crowded || state.queue.len() >= self.bound {
                return Err(SinkFull);
            }
            state.bytes += size;
            state.since.get_or_insert_with(Instant::now);
            state.queue.push_back(out);
        }
        self.change(|_| ());
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = self.state.lock();
            if state.closed {
                return;
            }
            change(&mut state);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The session's end of it.
    pub(super) fn outgoing(self: &Arc<Self>) -> Outgoing {
        Outgoing(self.clone())
    }

    /// Where a room puts what it has to say for `sub`.
    pub(super) fn feed(self: &Arc<Self>, sub: SubId) -> Arc<dyn Sink> {
        Arc::new(Feed { outbox: self.clone(), sub })
    }
}

/// What a session reads.
pub(super) struct Outgoing(Arc<Outbox>);

impl Stream for Outgoing {
    type Item = Out;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Out>> {
        let mut state = self.0.state.lock();
        if let Some(out) = state.take() {
            return Poll::Ready(Some(out));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Where a room puts what it has to say for one subscription.
struct Feed {
    outbox: Arc<Outbox>,
    sub: SubId,
}

impl Sink for Feed {
    fn publish(&self, publication: &Arc<Publication>) -> Result<(), SinkFull> {
        let full = self.outbox.push(Out::Publication(self.sub, publication.clone()));
        if full.is_err() {
            self.outbox.state.lock().missed += 1;
            super::figures::lagging();
        }
        full
    }

    fn ended(&self, reason: WatchEnd) {
        self.outbox.change(|state| state.ended.push((self.sub, reason)));
    }
}

#[cfg(test)]
mod tests {
    use playhouse_domain::room::Audience;

    use super::*;

    fn publication(offset: u64, size: usize) -> Arc<Publication> {
        let room = "showing:a".parse().unwrap();
        Arc::new(Publication::new(room, Audience::Public, offset, vec![b'1'; size].into()))
    }

    fn offsets(outbox: &Outbox) -> Vec<u64> {
        let mut state = outbox.state.lock();
        std::iter::from_fn(|| state.take())
            .filter_map(|out| match out {
                Out::Publication(_, p) => Some(p.offset),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_full_outbox_takes_no_more_and_keeps_what_it_has() {
        let outbox = Outbox::new(2);
        let feed = outbox.feed(SubId(1));
        assert_eq!(feed.publish(&publication(1, 1)), Ok(()));
        assert_eq!(feed.publish(&publication(2, 1)), Ok(()));
        assert_eq!(outbox.waiting().missed, 0);
        assert_eq!(feed.publish(&publication(3, 1)), Err(SinkFull));
        let waiting = outbox.waiting();
        assert_eq!((waiting.messages, waiting.bytes, waiting.missed), (2, 2, 1));
        assert!(waiting.behind > Duration::ZERO);
        assert_eq!(offsets(&outbox), [1, 2]);
        assert_eq!((outbox.waiting().bytes, outbox.waiting().behind), (0, Duration::ZERO));
        assert_eq!(feed.publish(&publication(4, 1)), Ok(()));
        assert_eq!(offsets(&outbox), [4]);
    }

    #[test]
    fn many_bytes_fill_an_outbox_as_many_messages_do_and_one_large_message_always_fits() {
        let outbox = Outbox::new(256);
        let feed = outbox.feed(SubId(1));
        assert_eq!(feed.publish(&publication(1, 2 * BYTES_MAX)), Ok(()));
        assert_eq!(feed.publish(&publication(2, 1)), Err(SinkFull));
        assert_eq!(offsets(&outbox), [1]);
        assert_eq!(feed.publish(&publication(3, BYTES_MAX)), Ok(()));
    }

    #[test]
    fn ends_are_told_first_and_even_if_the_queue_is_full() {
        let outbox = Outbox::new(1);
        let feed = outbox.feed(SubId(7));
        feed.publish(&publication(1, 1)).unwrap();
        feed.ended(WatchEnd::Slow);
        outbox.cut(Disconnect::SHUTDOWN);
        outbox.cut(Disconnect::SLOW);
        let mut state = outbox.state.lock();
        assert!(matches!(state.take(), Some(Out::Cut(Disconnect::SHUTDOWN))));
        assert!(matches!(state.take(), Some(Out::Ended(SubId(7), WatchEnd::Slow))));
        assert!(matches!(state.take(), Some(Out::Publication(..))));
        assert!(state.take().is_none());
    }

    #[test]
    fn what_comes_after_the_end_is_dropped() {
        let outbox = Outbox::new(1);
        outbox.close();
        let feed = outbox.feed(SubId(1));
        assert_eq!(feed.publish(&publication(1, 1)), Ok(()));
        assert_eq!(feed.publish(&publication(2, 1)), Ok(()));
        feed.ended(WatchEnd::Shutdown);
        assert!(outbox.state.lock().take().is_none());
    }
}
