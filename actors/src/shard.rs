//! The actor of one shard: knows which of its rooms are in memory, and wakes those that are due.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use actix::prelude::{Actor, AsyncContext, Context, Handler, Message, SendError, SpawnHandle};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;

use crate::handle::AskError;
use crate::host::Room;
use crate::lane::{Mailbox, Turn};
use crate::room::{Asked, Inbox, Request, RoomActor, Stop};
use crate::shared::Shared;

/// How many requests may wait for a shard. 4,096: sixteen busy rooms' mailboxes; one more is
/// answered `overloaded`.
const MAILBOX: usize = 4096;

/// How many due rooms are woken at once; the rest follow 10 ms later. 64 shards times 10 keeps a
/// restart with many due rooms from starving callers.
const WAKES_AT_ONCE: usize = 10;

/// A request for one of the shard's rooms.
pub(crate) struct Route {
    pub(crate) room: RoomId,
    pub(crate) request: Request,
    pub(crate) turn: Turn,
}

impl Message for Route {
    type Result = ();
}

/// A room that nobody needs asks to be let go.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Sleeping {
    pub(crate) room: RoomId,
    /// How many requests the room has taken.
    pub(crate) taken: u64,
    /// When it must be woken.
    pub(crate) wake_at: Option<Timestamp>,
}

struct Entry {
    mailbox: Mailbox<RoomActor>,
    /// How many requests wait in it.
    waiting: Arc<AtomicUsize>,
    /// Requests sent so far.
    sent: u64,
}

/// The actor of one shard.
pub(crate) struct ShardActor {
    shared: Arc<Shared>,
    /// The claim under which its rooms write.
    claim: u64,
    rooms: HashMap<RoomId, Entry>,
    /// Rooms not in memory that must be woken.
    due: BTreeSet<(Timestamp, RoomId)>,
    due_of: HashMap<RoomId, Timestamp>,
    timer: Option<(Timestamp, SpawnHandle)>,
}

impl ShardActor {
    pub(crate) fn new(shared: Arc<Shared>, claim: u64, due: Vec<(Timestamp, RoomId)>) -> Self {
        let due_of = due.iter().map(|(at, room)| (room.clone(), *at)).collect();
        let due = due.into_iter().collect();
        Self { shared, claim, rooms: HashMap::new(), due, due_of, timer: None }
    }

    fn forget_due(&mut self, room: &RoomId) {
        if let Some(at) = self.due_of.remove(room) {
            self.due.remove(&(at, room.clone()));
        }
    }

    fn send(
        &mut self,
        room: RoomId,
        mut request: Request,
        mut turn: Turn,
        ctx: &mut Context<Self>,
    ) {
        // Twice: a room that ended by surprise is started anew, once.
        for barrier in [false, true] {
            if !self.rooms.contains_key(&room) && !self.start(&room, barrier, ctx) {
                return request.refuse(AskError::NoSuchRoom);
            }
            let Some(entry) = self.rooms.get_mut(&room) else { return };
            let asked = Asked { request, turn: turn.at(entry.waiting.clone()) };
            match entry.mailbox.try_send(asked) {
                Ok(()) => return entry.sent += 1,
                Err(SendError::Full(Asked { request: back, .. })) => {
                    metrics::counter!("playhouse_room_overloaded_total", "kind" => room.kind().to_owned())
                        .increment(1);
                    return back
                        .refuse(AskError::Overloaded { retry_after: Duration::from_secs(1) });
                }
                Err(SendError::Closed(back)) => {
                    self.rooms.remove(&room);
                    Asked { request, turn } = back;
                }
            }
        }
        request.refuse(AskError::Failed);
    }

    /// Starts the room's actor. False if there is no such kind of room.
    fn start(&mut self, room: &RoomId, barrier: bool, ctx: &mut Context<Self>) -> bool {
        let Some(kind) = self.shared.kinds.get(room.kind()).cloned() else { return false };
        self.forget_due(room);
        let mailbox = kind.policy.mailbox;
        let host = Room::new(room.clone(), kind, self.shared.generation.clone(), self.claim);
        let shard = Mailbox::new(ctx.address());
        let waiting = Arc::new(AtomicUsize::new(0));
        let inbox = Inbox { waiting: waiting.clone(), bound: mailbox };
        let actor = RoomActor::new(room.clone(), host, self.shared.clone(), shard, barrier, inbox);
        let entry = Entry { mailbox: Mailbox::new(actor.start()), waiting, sent: 0 };
        self.rooms.insert(room.clone(), entry);
        true
    }

    fn wake_due(&mut self, ctx: &mut Context<Self>) {
        let now = self.shared.clock.now();
        for _ in 0..WAKES_AT_ONCE {
            let Some((at, room)) = self.due.first().cloned() else { break };
            if at > now {
                break;
            }
            self.forget_due(&room);
            let Some(turn) = self.shared.turn(&room) else { continue };
            self.send(room, Request::Touch, turn, ctx);
        }
        self.set_timer(ctx);
    }

    fn set_timer(&mut self, ctx: &mut Context<Self>) {
        let Some((at, _)) = self.due.first() else { return };
        let at = *at;
        if self.timer.as_ref().is_some_and(|(set, _)| *set <= at) {
            return;
        }
        if let Some((_, handle)) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        let wait = at.since(self.shared.clock.now());
        let wait = wait.clamp(Duration::from_millis(10), Duration::from_secs(3600));
        let handle = ctx.run_later(wait, |actor, ctx| {
            actor.timer = None;
            actor.wake_due(ctx);
        });
        self.timer = Some((at, handle));
    }
}

impl Actor for ShardActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.set_timer(ctx);
    }
}

impl Handler<Route> for ShardActor {
    type Result = ();

    fn handle(&mut self, Route { room, request, turn }: Route, ctx: &mut Context<Self>) {
        self.send(room, request, turn, ctx);
    }
}

impl Handler<Sleeping> for ShardActor {
    type Result = ();

    fn handle(&mut self, sleeping: Sleeping, ctx: &mut Context<Self>) {
        let Sleeping { room, taken, wake_at } = sleeping;
        // Something is on its way to the room: it stays.
        if self.rooms.get(&room).is_none_or(|entry| entry.sent != taken) {
            return;
        }
        if let Some(entry) = self.rooms.remove(&room) {
            let _ = entry.mailbox.try_send(Stop);
        }
        if let Some(at) = wake_at {
            self.due_of.insert(room.clone(), at);
            self.due.insert((at, room));
            self.set_timer(ctx);
        }
    }
}
