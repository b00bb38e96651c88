//! What waits to be written to one player who came by WebSocket.
//!
//! Over TCP nothing is dropped on the way, so what waits here is bounded twice: control messages by
//! number, since none may be missed, and datagrams to the newest few, since older ones are of no use.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use playhouse_protocol::game::PeerConfig;
use playhouse_protocol::game::control::{DATAGRAM_MARK, ServerControl, marked};
use playhouse_protocol::limits::DATAGRAM_BYTES_MAX;
use tokio::sync::watch;

use crate::games::carrier::{CONTROLS_OUT, Carrier};
use crate::games::ending::End;

/// How many datagrams wait at most. 2: the match leaves a player out while one waits, so that there are
/// two only where it gives one just then.
const DATAGRAMS_MAX: usize = 2;

/// How long a client may take to close once it is told to. 1 s; whoever takes longer is not waited for.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// What the session is to do next.
#[derive(Debug)]
pub(super) enum Out {
    /// Write a message.
    Message(Bytes),
    /// Close the connection.
    Close(End),
}

#[derive(Default)]
struct State {
    controls: VecDeque<Bytes>,
    datagrams: VecDeque<Bytes>,
    /// The end, which stands behind everything that was queued.
    close: Option<End>,
    ended: bool,
    waker: Option<Waker>,
}

/// What waits to be written to one player.
pub(super) struct SocketOut {
    state: Mutex<State>,
    gone: watch::Sender<bool>,
}

impl SocketOut {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), gone: watch::Sender::new(false) })
    }

    /// The client is gone: what waits is dropped, and whatever comes.
    pub(super) fn leave(&self) {
        *self.state.lock() = State { ended: true, ..State::default() };
        self.gone.send_replace(true);
    }

    /// The session's end of it.
    pub(super) fn outgoing(self: &Arc<Self>) -> Outgoing {
        Outgoing(self.clone())
    }

    /// Changes what waits, unless nothing is taken any more, and wakes the session.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Option<T> {
        let (changed, waker) = {
            let mut state = self.state.lock();
            if state.ended || state.close.is_some() {
                return None;
            }
            (change(&mut state), state.waker.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(changed)
    }
}

impl State {
    fn take(&mut self) -> Option<Out> {
        // A control message may say what the datagrams behind it are about.
        if let Some(message) = self.controls.pop_front() {
            return Some(Out::Message(message));
        }
        if let Some(end) = self.close.filter(|_| !self.ended) {
            self.ended = true;
            return Some(Out::Close(end));
        }
        self.datagrams.pop_front().map(Out::Message)
    }
}

/// What a session reads.
pub(super) struct Outgoing(Arc<SocketOut>);

impl Stream for Outgoing {
    type Item = Out;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Out>> {
        let mut state = self.0.state.lock();
        if let Some(out) = state.take() {
            return Poll::Ready(Some(out));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Carrier for SocketOut {
    fn config(&self) -> PeerConfig {
        PeerConfig { datagram_bytes: DATAGRAM_BYTES_MAX, ladder: false }
    }

    fn is_busy(&self) -> bool {
        !self.state.lock().datagrams.is_empty()
    }

    fn datagram(&self, datagram: Bytes) {
        let mut message = BytesMut::with_capacity(1 + datagram.len());
        message.put_u8(DATAGRAM_MARK);
        message.put_slice(&datagram);
        self.change(|state| {
            if state.datagrams.len() >= DATAGRAMS_MAX {
                state.datagrams.pop_front();
            }
            state.datagrams.push_back(message.freeze());
        });
    }

    fn control(&self, message: &ServerControl) -> bool {
        let message = marked(message).into();
        let queued = self.change(|state| {
            let room = state.controls.len() < CONTROLS_OUT;
            if room {
                state.controls.push_back(message);
            }
            room
        });
        queued.unwrap_or(true)
    }

    fn finish(&self, end: End) -> BoxFuture<'static, ()> {
        self.change(|state| {
            state.controls.extend(end.told().map(|told| marked(&told).into()));
            state.close = Some(end);
        });
        let gone = self.gone();
        Box::pin(async move {
            let _ = tokio::time::timeout(CLOSE_WITHIN, gone).await;
        })
    }

    fn gone(&self) -> BoxFuture<'static, ()> {
        let mut gone = self.gone.subscribe();
        Box::pin(async move {
            let _ = gone.wait_for(|gone| *gone).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::game::control::{CONTROL_MARK, Closed, decode};

    use super::*;

    fn taken(out: &SocketOut) -> Vec<String> {
        let mut state = out.state.lock();
        std::iter::from_fn(|| state.take())
            .map(|out| match out {
                Out::Message(bytes) if bytes[0] == DATAGRAM_MARK => {
                    format!("datagram {}", bytes[1])
                }
                Out::Message(bytes) => {
                    assert_eq!(bytes[0], CONTROL_MARK);
                    format!("{:?}", decode::<ServerControl>(&bytes[1..]).unwrap())
                }
                Out::Close(end) => format!("close {}", end.code()),
            })
            .collect()
    }

    #[test]
    fn of_datagrams_the_newest_wait_and_of_control_messages_all() {
        let out = SocketOut::new();
        for n in 0..5_u8 {
            out.datagram(Bytes::copy_from_slice(&[n]));
            assert!(out.is_busy());
        }
        assert!(out.control(&ServerControl::Countdown(None)));
        assert_eq!(taken(&out), ["Countdown(None)", "datagram 3", "datagram 4"]);
        assert!(!out.is_busy());
        for _ in 0..CONTROLS_OUT {
            assert!(out.control(&ServerControl::Countdown(None)));
        }
        assert!(!out.control(&ServerControl::Countdown(None)), "there is no room for it");
    }

    #[test]
    fn the_end_stands_behind_what_was_said_and_nothing_follows_it() {
        let out = SocketOut::new();
        out.control(&ServerControl::Begun { tick: 1 });
        out.datagram(Bytes::from_static(&[1]));
        drop(out.finish(End::Closed(Closed::Replaced)));
        out.control(&ServerControl::Countdown(None));
        assert_eq!(taken(&out)[..3], ["Begun { tick: 1 }", "Closed(Replaced)", "close 2"]);
        drop(out.finish(End::Slow));
        assert_eq!(taken(&out), [""; 0]);
    }

    #[tokio::test]
    async fn a_client_that_is_gone_is_told_nothing_and_known_to_be_gone() {
        let out = SocketOut::new();
        let gone = out.gone();
        out.leave();
        gone.await;
        out.gone().await;
        out.datagram(Bytes::from_static(&[1]));
        assert!(out.control(&ServerControl::Countdown(None)) && !out.is_busy());
        assert_eq!(taken(&out), [""; 0]);
    }
}
