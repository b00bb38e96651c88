//! What one connection follows.
//!
//! A subscription starts with one consistent answer of its room: position, and either what was
//! missed or the whole view. What the room publishes while that answer is on its way is kept back
//! and written after it.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, SpawnHandle, WrapFuture};
use bytes::Bytes;
use bytestring::ByteString;
use playhouse_actors::handle::AskError;
use playhouse_actors::watch::{
    Publication, Sink, SinkFull, StreamPosition, WatchEnd, WatchGuard, Watching,
};
use playhouse_domain::room::{Caller, Role};
use playhouse_protocol::ids::RoomId;
use playhouse_protocol::live::command::{History, Subscribe};
use playhouse_protocol::live::reply::{self, Subscribed};
use playhouse_protocol::live::{Error, Unsubscribe};
use serde_json::json;

use super::channel::{self, Channel};
use super::figures;
use super::hub::FIGURES_EVERY;
use super::outbox::SubId;
use super::session::{Ctx, Session, UNDER_WAY_MAX, write};

/// How many publications are kept back while a subscription starts. 256: at 20 a second more than
/// the 10 s that a room's answer may take. One more, and the client must subscribe again.
const KEPT_MAX: usize = 256;

/// One subscription.
pub(super) struct Subscription {
    id: SubId,
    /// For figures.
    kind: &'static str,
    state: State,
}

enum State {
    /// The room was asked; what it published since waits here.
    Asked { kept: Vec<Arc<Publication>> },
    /// Runs until the guard is dropped.
    Watching { _guard: WatchGuard },
    /// The administrator's figures, by timer.
    Figures(SpawnHandle),
}

/// What was asked of a room, and for which command.
struct Asked {
    id: u32,
    sub: SubId,
    request: Subscribe,
}

impl Session {
    pub(super) fn subscribe(&mut self, id: u32, request: Subscribe, ctx: &mut Ctx) {
        let who = self.who();
        let channel = match channel::read(&request.channel, &who) {
            Ok(channel) => channel,
            Err(error) => return self.refuse(id, &error),
        };
        let kind = match &channel {
            Channel::AdminRooms => "admin",
            Channel::Room(room) => match self.live.0.rooms.kind(room.kind()) {
                Some(kind) => kind,
                None => return self.refuse(id, &Error::UNKNOWN_CHANNEL),
            },
        };
        if self.subs.contains_key(&request.channel) {
            return self.refuse(id, &Error::ALREADY_SUBSCRIBED);
        }
        if self.subs.len() >= self.live.0.config.live.subscriptions {
            return self.refuse(id, &Error::LIMIT_EXCEEDED);
        }
        if self.under_way >= UNDER_WAY_MAX {
            return self.refuse(id, &Error::TOO_MANY_REQUESTS);
        }
        self.next_sub += 1;
        let sub = SubId(self.next_sub);
        let state = match channel {
            Channel::AdminRooms => self.show_figures(id, &request.channel, ctx),
            Channel::Room(room) => {
                let asked = Asked { id, sub, request: request.clone() };
                self.watch(room, who, asked, ctx);
                State::Asked { kept: Vec::new() }
            }
        };
        let follows = matches!(state, State::Figures(_));
        self.subs.insert(request.channel.clone(), Subscription { id: sub, kind, state });
        figures::subscriptions(kind, 1.0);
        if follows {
            self.joined(&request);
        }
    }

    /// Tells the hub that this connection follows a channel.
    fn joined(&mut self, request: &Subscribe) {
        let listens = request.join_leave && self.organizes();
        let listens = listens.then(|| self.place.outbox.clone());
        self.live.join(&request.channel, self.place.id, self.info(), listens);
    }

    fn organizes(&self) -> bool {
        matches!(self.who(), Caller::Account { role, .. } if role >= Role::Organizer)
    }

    fn show_figures(&mut self, id: u32, channel: &str, ctx: &mut Ctx) -> State {
        let (live, channel) = (self.live.clone(), channel.to_owned());
        let now = live.overview();
        self.say(reply::subscribed(
            id,
            &Subscribed {
                epoch: None,
                offset: 0,
                was_recovering: false,
                recovered: false,
                publications: &[],
                data: Some(now.as_bytes()),
            },
        ));
        State::Figures(ctx.run_interval(FIGURES_EVERY, move |_, ctx| {
            let now = live.overview();
            let publication = reply::Publication { data: now.as_bytes(), offset: None };
            let push = reply::publication(&channel, &publication);
            if let Ok(text) = ByteString::try_from(push) {
                write(text, ctx);
            }
        }))
    }

    fn watch(&mut self, room: RoomId, who: Caller, asked: Asked, ctx: &mut Ctx) {
        self.under_way += 1;
        let (rooms, sink) = (self.live.0.rooms.clone(), self.place.outbox.feed(asked.sub));
        let request = &asked.request;
        let recover = request.recover.then(|| position(&request.epoch, request.offset));
        let watching = async move { rooms.watch(&room, who, recover, sink).await };
        let watching = watching.into_actor(self);
        ctx.spawn(watching.map(move |watching, act: &mut Self, ctx: &mut Ctx| {
            act.under_way -= 1;
            act.watched(&asked, watching, ctx);
            act.flush(ctx);
        }));
    }

    fn watched(&mut self, asked: &Asked, watching: Result<Watching, AskError>, ctx: &mut Ctx) {
        let channel = &asked.request.channel;
        if self.subs.get(channel).is_none_or(|sub| sub.id != asked.sub) {
            // Unsubscribed meanwhile, or the room let go of its watchers right away.
            return self.refuse(asked.id, &Error::INTERNAL);
        }
        let watching = match watching {
            Ok(watching) => watching,
            Err(error) => return self.give_up(asked, &refusal(&error), ctx),
        };
        if asked.request.recover && !watching.recovered && asked.request.rejects_unrecovered() {
            return self.give_up(asked, &Error::UNRECOVERABLE_POSITION, ctx);
        }
        self.say(started(asked.id, &asked.request, &watching));
        self.flush(ctx);
        let Some(sub) = self.subs.get_mut(channel) else { return };
        let state = State::Watching { _guard: watching.guard };
        if let State::Asked { kept } = std::mem::replace(&mut sub.state, state) {
            let newer = kept.into_iter().filter(|p| p.offset > watching.position.offset);
            newer.for_each(|publication| publish(&publication, ctx));
        }
        self.joined(&asked.request);
    }

    fn give_up(&mut self, asked: &Asked, error: &Error, ctx: &mut Ctx) {
        self.unsubscribe(&asked.request.channel, ctx);
        self.refuse(asked.id, error);
    }

    /// Writes what a room said, or keeps it back while the subscription starts.
    pub(super) fn publication(&mut self, sub: SubId, publication: Arc<Publication>, ctx: &mut Ctx) {
        // A room's channel has its name.
        let Some(follows) = self.subs.get_mut(publication.room.as_str()) else { return };
        if follows.id != sub {
            return;
        }
        match &mut follows.state {
            State::Watching { .. } => publish(&publication, ctx),
            State::Asked { kept } if kept.len() < KEPT_MAX => kept.push(publication),
            State::Asked { .. } => {
                self.unsubscribe(publication.room.as_str(), ctx);
            }
            State::Figures(_) => {}
        }
    }

    /// The server ends subscription `sub` and says why.
    pub(super) fn end(&mut self, sub: SubId, why: Unsubscribe, ctx: &mut Ctx) {
        let channel = self.subs.iter().find(|(_, s)| s.id == sub).map(|(name, _)| name.clone());
        let Some(channel) = channel else { return };
        let told = matches!(self.subs.get(&channel), Some(s) if !s.is_asked());
        self.unsubscribe(&channel, ctx);
        // A client that has no answer to its subscribe yet gets that, and no push.
        if told && let Ok(text) = ByteString::try_from(reply::unsubscribe(&channel, why)) {
            write(text, ctx);
        }
    }

    pub(super) fn unsubscribe(&mut self, channel: &str, ctx: &mut Ctx) {
        if let Some(sub) = self.subs.remove(channel) {
            self.forget(channel, sub, ctx);
        }
    }

    /// Clears up after a subscription that was taken out.
    pub(super) fn forget(&mut self, channel: &str, sub: Subscription, ctx: &mut Ctx) {
        figures::subscriptions(sub.kind, -1.0);
        if !sub.is_asked() {
            self.live.leave(channel, self.place.id);
        }
        if let State::Figures(timer) = sub.state {
            ctx.cancel_future(timer);
        }
    }

    /// True if the connection follows `channel`: only then may it ask about it.
    fn follows(&self, channel: &str) -> bool {
        self.subs.get(channel).is_some_and(|sub| !sub.is_asked())
    }

    /// Who follows `channel`, by name: for those who run the place.
    pub(super) fn presence(&mut self, id: u32, channel: &str) {
        if !self.follows(channel) || !self.organizes() {
            return self.refuse(id, &Error::PERMISSION_DENIED);
        }
        match self.live.presence(channel) {
            Ok(presence) => self.answer(id, "presence", &json!({ "presence": presence })),
            Err(error) => self.refuse(id, &error),
        }
    }

    /// How many follow `channel`.
    pub(super) fn presence_stats(&mut self, id: u32, channel: &str) {
        if !self.follows(channel) {
            return self.refuse(id, &Error::PERMISSION_DENIED);
        }
        let (clients, users) = self.live.presence_stats(channel);
        let stats = json!({ "num_clients": clients, "num_users": users });
        self.answer(id, "presence_stats", &stats);
    }

    /// Where a channel's stream stands, and what was published since a position.
    pub(super) fn history(&mut self, id: u32, request: History, ctx: &mut Ctx) {
        if !self.follows(&request.channel) {
            return self.refuse(id, &Error::PERMISSION_DENIED);
        }
        let who = self.who();
        let room = match channel::read(&request.channel, &who) {
            Ok(Channel::Room(room)) => room,
            Ok(Channel::AdminRooms) => return self.refuse(id, &Error::NOT_AVAILABLE),
            Err(error) => return self.refuse(id, &error),
        };
        let whole = request.limit != 0 && request.since.is_none();
        if whole || request.reverse {
            return self.refuse(id, &Error::NOT_AVAILABLE);
        }
        if self.under_way >= UNDER_WAY_MAX {
            return self.refuse(id, &Error::TOO_MANY_REQUESTS);
        }
        self.under_way += 1;
        let rooms = self.live.0.rooms.clone();
        let since = request.since.as_ref().map(|since| position(&since.epoch, since.offset));
        let watching = async move { rooms.watch(&room, who, since, Arc::new(Nowhere)).await };
        let watching = watching.into_actor(self);
        ctx.spawn(watching.map(move |watching, act: &mut Self, ctx: &mut Ctx| {
            act.under_way -= 1;
            match watching {
                Ok(watching) => act.told(id, &request, &watching),
                Err(error) => act.refuse(id, &refusal(&error)),
            }
            act.flush(ctx);
        }));
    }

    fn told(&mut self, id: u32, request: &History, watching: &Watching) {
        if request.since.is_some() && !watching.recovered {
            return self.refuse(id, &Error::UNRECOVERABLE_POSITION);
        }
        let most = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let publications = views(&watching.publications);
        let publications = &publications[..publications.len().min(most)];
        let StreamPosition { epoch, offset } = &watching.position;
        self.say(reply::history(id, epoch, *offset, publications));
    }
}

impl Subscription {
    fn is_asked(&self) -> bool {
        matches!(self.state, State::Asked { .. })
    }
}

/// Takes nothing: for a look at a stream that nobody follows.
struct Nowhere;

impl Sink for Nowhere {
    fn publish(&self, _: &Arc<Publication>) -> Result<(), SinkFull> {
        Ok(())
    }

    fn ended(&self, _: WatchEnd) {}
}

/// A client's position as a room takes it. An empty epoch stays empty and is no stream's: a client
/// that lost its epoch starts anew instead of being given another stream's messages.
fn position(epoch: &str, offset: u64) -> StreamPosition {
    StreamPosition { epoch: epoch.into(), offset }
}

/// Why a room cannot be followed. What may pass is told as passing, and the SDKs try again.
fn refusal(error: &AskError) -> Error {
    match error {
        AskError::NoSuchRoom => Error::UNKNOWN_CHANNEL,
        _ => Error::INTERNAL,
    }
}

fn views(publications: &[Arc<Publication>]) -> Vec<reply::Publication<'_>> {
    publications
        .iter()
        .map(|p| reply::Publication { data: &p.json, offset: Some(p.offset) })
        .collect()
}

/// The reply to a subscribe whose room answered.
fn started(id: u32, request: &Subscribe, watching: &Watching) -> Vec<u8> {
    let missed = views(&watching.publications);
    // What was missed leads on from the client's own position, and moves it step by step: a client
    // that is cut off half-way recovers the rest.
    let from = if missed.is_empty() { watching.position.offset } else { request.offset };
    reply::subscribed(
        id,
        &Subscribed {
            epoch: Some(&watching.position.epoch),
            offset: from,
            was_recovering: request.recover,
            recovered: watching.recovered,
            publications: &missed,
            data: watching.view.as_deref(),
        },
    )
}

/// Writes a publication; its bytes are made once for all who get it.
fn publish(publication: &Arc<Publication>, ctx: &mut Ctx) {
    let line = publication.wire(|p| {
        let said = reply::Publication { data: &p.json, offset: Some(p.offset) };
        Bytes::from(reply::publication(p.room.as_str(), &said))
    });
    figures::published();
    if let Ok(text) = ByteString::try_from(line) {
        write(text, ctx);
    }
}
