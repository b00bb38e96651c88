//! One live connection.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, SpawnHandle, StreamHandler, WrapFuture,
};
use actix_web::http::StatusCode;
use actix_web_actors::ws::{CloseCode, CloseReason, Message, ProtocolError, WebsocketContext};
use bytestring::ByteString;
use playhouse_actors::watch::WatchEnd;
use playhouse_domain::room::Caller;
use playhouse_protocol::live::command::{FRAME_COMMANDS_MAX, Rpc};
use playhouse_protocol::live::reply::{self, ClientInfo};
use playhouse_protocol::live::{Command, Disconnect, Error, Method, Unsubscribe, decode};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::doors::{Pass, error_of};
use super::figures;
use super::hub::{Live, Place};
use super::outbox::Out;
use super::subscribe::Subscription;
use crate::http::error::Problem;

/// How long a client may take to say who it is. 10 s, as for the head of a request.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How many commands of one connection may be under way at once. 64: a full frame of them.
pub(super) const UNDER_WAY_MAX: usize = 64;

/// How many calls of one connection may be under way at once. 16: more than hands can click, and a
/// program waits for answers.
const CALLS_MAX: usize = 16;

pub(super) type Ctx = WebsocketContext<Session>;

/// How far a connection is.
pub(super) enum Phase {
    /// Nobody said who it is.
    Fresh,
    /// The token is being looked at; what comes meanwhile waits in the backlog.
    Admitting,
    /// Open, as the holder of a pass or as nobody in particular.
    Open(Option<Pass>),
    /// Over.
    Closed,
}

/// One live connection.
pub(super) struct Session {
    pub(super) live: Live,
    pub(super) place: Place,
    /// The connection's name, as others see it.
    pub(super) client: String,
    pub(super) phase: Phase,
    /// What waits for the connect before it. At most [`FRAME_COMMANDS_MAX`].
    backlog: VecDeque<Command>,
    pub(super) subs: BTreeMap<String, Subscription>,
    pub(super) next_sub: u64,
    /// Commands that are not answered yet.
    pub(super) under_way: usize,
    calls: usize,
    /// Replies that go out in one frame.
    replies: Vec<u8>,
    /// When something last came from the client.
    seen: Instant,
    /// When its token ends.
    pub(super) expiry: SpawnHandle,
    /// When its session ends.
    pub(super) over: SpawnHandle,
}

impl Session {
    pub(super) fn new(live: Live, place: Place) -> Self {
        Self {
            live,
            place,
            client: Uuid::new_v4().to_string(),
            phase: Phase::Fresh,
            backlog: VecDeque::new(),
            subs: BTreeMap::new(),
            next_sub: 0,
            under_way: 0,
            calls: 0,
            replies: Vec::new(),
            seen: Instant::now(),
            expiry: SpawnHandle::default(),
            over: SpawnHandle::default(),
        }
    }

    /// Who it is.
    pub(super) fn who(&self) -> Caller {
        match &self.phase {
            Phase::Open(Some(pass)) => pass.who.clone(),
            _ => Caller::Nobody,
        }
    }

    /// Itself, as others see it.
    pub(super) fn info(&self) -> ClientInfo {
        let user = self.who().account().map(|account| account.to_string()).unwrap_or_default();
        ClientInfo { user, client: self.client.clone() }
    }

    /// Puts one more reply into the frame that goes out next.
    pub(super) fn say(&mut self, line: Vec<u8>) {
        if !self.replies.is_empty() {
            self.replies.push(b'\n');
        }
        self.replies.extend_from_slice(&line);
    }

    pub(super) fn answer(&mut self, id: u32, name: &str, result: &impl Serialize) {
        self.say(reply::result(id, name, result));
    }

    pub(super) fn refuse(&mut self, id: u32, error: &Error) {
        self.say(reply::error(id, error));
    }

    /// Sends the replies that were gathered, in one frame.
    pub(super) fn flush(&mut self, ctx: &mut Ctx) {
        if !self.replies.is_empty() {
            let replies = std::mem::take(&mut self.replies);
            // What was put together of JSON is UTF-8.
            if let Ok(text) = ByteString::try_from(replies) {
                write(text, ctx);
            }
        }
    }

    /// Closes the connection and says why.
    pub(super) fn cut(&mut self, why: Disconnect, ctx: &mut Ctx) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.flush(ctx);
        self.phase = Phase::Closed;
        figures::closed(why.code);
        if why == Disconnect::SLOW {
            figures::slow();
        }
        let description = Some(why.reason.to_owned());
        ctx.close(Some(CloseReason { code: CloseCode::Other(why.code), description }));
        ctx.stop();
    }

    fn frame(&mut self, text: &str, ctx: &mut Ctx) {
        figures::received(text.len());
        let commands = match decode(text) {
            Ok(commands) => commands,
            Err(bad) => {
                tracing::debug!(client = self.client, %bad, "bad frame");
                return self.cut(Disconnect::BAD_REQUEST, ctx);
            }
        };
        self.backlog.extend(commands);
        if self.backlog.len() > FRAME_COMMANDS_MAX {
            return self.cut(Disconnect::BAD_REQUEST, ctx);
        }
        self.work(ctx);
    }

    /// Does what waits, until it must wait for a connect, and answers in one frame.
    pub(super) fn work(&mut self, ctx: &mut Ctx) {
        while !matches!(self.phase, Phase::Admitting | Phase::Closed) {
            let Some(command) = self.backlog.pop_front() else { break };
            if let Command::Ask { id, method } = command {
                self.ask(id, method, ctx);
            }
        }
        self.flush(ctx);
    }

    fn ask(&mut self, id: u32, method: Method, ctx: &mut Ctx) {
        let open = matches!(self.phase, Phase::Open(_));
        match method {
            Method::Connect(connect) if !open => self.connect(id, connect, ctx),
            _ if !open => self.cut(Disconnect::BAD_REQUEST, ctx),
            Method::Connect(_) => self.cut(Disconnect::BAD_REQUEST, ctx),
            Method::Subscribe(request) => self.subscribe(id, request, ctx),
            Method::Unsubscribe(channel) => {
                self.unsubscribe(&channel, ctx);
                self.answer(id, "unsubscribe", &json!({}));
            }
            Method::Publish => self.refuse(id, &Error::PERMISSION_DENIED),
            Method::Presence(channel) => self.presence(id, &channel),
            Method::PresenceStats(channel) => self.presence_stats(id, &channel),
            Method::History(request) => self.history(id, request, ctx),
            Method::Ping => self.answer(id, "ping", &json!({})),
            Method::Rpc(rpc) => self.call(id, rpc, ctx),
            Method::Refresh(token) => self.refresh(id, token, ctx),
            Method::SubRefresh => self.refuse(id, &Error::NOT_AVAILABLE),
            Method::Unknown => self.refuse(id, &Error::METHOD_NOT_FOUND),
        }
    }

    fn call(&mut self, id: u32, rpc: Rpc, ctx: &mut Ctx) {
        let Phase::Open(Some(pass)) = &self.phase else {
            let detail = "log in first: nobody in particular may only watch";
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "not_logged_in", detail);
            return self.refuse(id, &error_of(&problem));
        };
        if self.calls >= CALLS_MAX {
            return self.refuse(id, &Error::TOO_MANY_REQUESTS);
        }
        self.calls += 1;
        let called = (pass.call)(rpc.method, rpc.data).into_actor(self);
        let answered = move |answer: Result<Value, Problem>, act: &mut Self, ctx: &mut Ctx| {
            act.calls -= 1;
            match answer {
                Ok(data) => act.answer(id, "rpc", &json!({ "data": data })),
                Err(problem) => act.refuse(id, &error_of(&problem)),
            }
            act.flush(ctx);
        };
        ctx.spawn(called.map(answered));
    }

    /// Asks the client whether it is there, and closes the connection if it does not answer.
    fn ping(&mut self, ctx: &mut Ctx) {
        if !matches!(self.phase, Phase::Open(_)) {
            return;
        }
        let asked = Instant::now();
        write(ByteString::from_static(reply::PING), ctx);
        ctx.run_later(self.live.0.config.live.pong_timeout, move |act, ctx| {
            if act.seen < asked {
                act.cut(Disconnect::NO_PONG, ctx);
            }
        });
    }
}

/// Writes one text frame.
pub(super) fn write(text: ByteString, ctx: &mut Ctx) {
    figures::sent(text.len());
    ctx.text(text);
}

impl Actor for Session {
    type Context = Ctx;

    fn started(&mut self, ctx: &mut Ctx) {
        <Self as StreamHandler<Out>>::add_stream(self.place.outbox.outgoing(), ctx);
        ctx.run_interval(self.live.0.config.live.ping, Self::ping);
        ctx.run_later(CONNECT_WITHIN, |act, ctx| {
            if !matches!(act.phase, Phase::Open(_)) {
                act.cut(Disconnect::STALE, ctx);
            }
        });
    }

    fn stopped(&mut self, ctx: &mut Ctx) {
        self.phase = Phase::Closed;
        for (channel, sub) in std::mem::take(&mut self.subs) {
            self.forget(&channel, sub, ctx);
        }
    }
}

impl StreamHandler<Out> for Session {
    fn handle(&mut self, out: Out, ctx: &mut Ctx) {
        match out {
            _ if matches!(self.phase, Phase::Closed) => {}
            Out::Cut(why) => self.cut(why, ctx),
            Out::Ended(_, WatchEnd::Shutdown) => self.cut(Disconnect::SHUTDOWN, ctx),
            Out::Ended(_, WatchEnd::Slow) => self.cut(Disconnect::SLOW, ctx),
            Out::Ended(sub, WatchEnd::Resubscribe) => {
                self.end(sub, Unsubscribe::INSUFFICIENT, ctx);
            }
            Out::Publication(sub, publication) => self.publication(sub, publication, ctx),
            Out::Line(line) => write(line, ctx),
        }
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Ctx) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.seen = Instant::now();
        match message {
            Ok(Message::Text(text)) => self.frame(&text, ctx),
            Ok(Message::Ping(data)) => ctx.pong(&data),
            Ok(Message::Pong(_) | Message::Nop) => {}
            // The SDKs send whole messages: at most 64 KiB need no parts.
            Ok(Message::Continuation(_) | Message::Binary(_)) => {
                self.cut(Disconnect::BAD_REQUEST, ctx);
            }
            Ok(Message::Close(reason)) => {
                self.phase = Phase::Closed;
                ctx.close(reason);
                ctx.stop();
            }
            Err(ProtocolError::Overflow) => {
                self.phase = Phase::Closed;
                ctx.close(Some(CloseReason::from(CloseCode::Size)));
                ctx.stop();
            }
            Err(error) => {
                tracing::debug!(client = self.client, %error, "socket ended");
                self.cut(Disconnect::BAD_REQUEST, ctx);
            }
        }
    }
}
