//! How messages reach actors: bounded mailboxes that refuse and are counted, and one inner lane that
//! does not refuse.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use actix::dev::ToEnvelope;
use actix::prelude::{Actor, Addr, Context, Handler, Message, SendError};
use parking_lot::Mutex;

use crate::host::Input;
use crate::room::{RoomActor, Wake};

/// An actor's address of which only the bounded way in can be reached. (`do_send` ignores the
/// mailbox's bound.)
pub(crate) struct Mailbox<A: Actor>(Addr<A>);

impl<A: Actor> Clone for Mailbox<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Actor<Context = Context<A>>> Mailbox<A> {
    pub(crate) fn new(addr: Addr<A>) -> Self {
        Self(addr)
    }

    /// Sends `message`, or gives it back if the mailbox is full or closed.
    pub(crate) fn try_send<M>(&self, message: M) -> Result<(), SendError<M>>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        Context<A>: ToEnvelope<A, M>,
    {
        self.0.try_send(message)
    }
}

/// A request's place among those that wait; given up when it is dropped.
pub(crate) struct Turn {
    kind: Arc<AtomicUsize>,
    room: Option<Arc<AtomicUsize>>,
}

impl Turn {
    /// Waits for a room whose kind counts in `kind`.
    pub(crate) fn new(kind: Arc<AtomicUsize>) -> Self {
        kind.fetch_add(1, Ordering::Relaxed);
        Self { kind, room: None }
    }

    /// Has reached the mailbox of the room that counts in `room`.
    pub(crate) fn at(mut self, room: Arc<AtomicUsize>) -> Self {
        room.fetch_add(1, Ordering::Relaxed);
        self.leave(Some(room));
        self
    }

    fn leave(&mut self, for_room: Option<Arc<AtomicUsize>>) {
        if let Some(room) = std::mem::replace(&mut self.room, for_room) {
            room.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.leave(None);
        self.kind.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A room's inner lane: what its own appends, duties, loads and watchers tell it. Served before
/// callers and never refused; bounded because each entry answers something the room started.
#[derive(Default)]
pub(crate) struct Lane {
    queue: Mutex<VecDeque<Input>>,
    room: OnceLock<Mailbox<RoomActor>>,
}

impl Lane {
    pub(crate) fn belongs_to(&self, room: Mailbox<RoomActor>) {
        let _ = self.room.set(room);
    }

    /// Hands `input` to the room. If its mailbox is full no wake-up is needed: the room empties
    /// this lane before each message.
    pub(crate) fn post(&self, input: Input) {
        let was_empty = {
            let mut queue = self.queue.lock();
            queue.push_back(input);
            queue.len() == 1
        };
        if was_empty && let Some(room) = self.room.get() {
            let _ = room.try_send(Wake);
        }
    }

    pub(crate) fn take(&self) -> VecDeque<Input> {
        std::mem::take(&mut *self.queue.lock())
    }
}
