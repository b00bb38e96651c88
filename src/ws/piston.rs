//! Piston's interface over WebSocket, `GET /api/v2/connect`: a program whose input and output come as it runs.
//!
//! One connection runs one program. It stands among the live connections, is bounded as they are, and is polled by
//! its socket alone: while the client does not read, it stands still, and a job that has more to say than may wait
//! is called off.

use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, StreamHandler, WrapFuture};
use actix_web::http::{StatusCode, header};
use actix_web::{Error, HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{
    CloseCode, CloseReason, Message, ProtocolError, WebsocketContext, WsResponseBuilder,
};
use futures_util::stream;
use playhouse_domain::judge::job::Stream;
use playhouse_protocol::live::Disconnect;
use serde_json::{Map, Value, json};

use super::bound::Bounded;
use super::hub::{Live, Place};
use super::outbox::Out;
use crate::app::App;
use crate::http::auth::MaybeIdentity;
use crate::http::error::Problem;
use crate::http::limit::UnderWay;
use crate::http::{peer, piston};
use crate::judge::NotTaken;
use crate::judge::piston::answer::{self, Ended};
use crate::judge::piston::follow::{Following, Off, Stage, Step};
use crate::judge::piston::{Guest, Refused, start};
use crate::judge::run::{NotFed, STDIN_BYTES_MAX};

/// How long a client may take to say what it wants. 1 s, as Piston gives.
const INIT_WITHIN: Duration = Duration::from_secs(1);

/// The longest message, in bytes. 2 MiB: the 256 KiB of the largest program, each byte of it escaped, and room.
const MESSAGE_BYTES_MAX: usize = 2 << 20;

/// Signals that end a program: a jail ends as a whole. Programs are told of no other.
const ENDING: [&str; 6] = ["SIGABRT", "SIGHUP", "SIGINT", "SIGKILL", "SIGQUIT", "SIGTERM"];

const ALREADY_INITIALIZED: (u16, &str) = (4000, "Already Initialized");
const INIT_TIMEOUT: (u16, &str) = (4001, "Initialization Timeout");
const NOTIFIED: (u16, &str) = (4002, "Notified Error");
const NOT_INITIALIZED: (u16, &str) = (4003, "Not yet initialized");
const ONLY_STDIN: (u16, &str) = (4004, "Can only write to stdin");
const INVALID_SIGNAL: (u16, &str) = (4005, "Invalid signal");
const COMPLETED: (u16, &str) = (4999, "Job Completed");

type Ctx = WebsocketContext<Session>;

/// What became of following the job a step further.
type Heard = Result<Step, Refused>;

/// `GET /api/v2/connect`: opens a connection for one program.
///
/// # Errors
///
/// `{message}`: 401 and 403 for those who may not, 426 if it is no WebSocket request, 429 and 503 if there are too
/// many connections.
pub(super) async fn connect(
    req: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
    live: web::Data<Live>,
    who: Result<MaybeIdentity, Problem>,
) -> Result<HttpResponse, Error> {
    let refuse = |problem: Problem| Refused::from(problem);
    let guest = piston::admit(&req, &app, who.map_err(refuse)?)?;
    if !req.headers().contains_key(header::SEC_WEBSOCKET_KEY) {
        let message = "this path speaks WebSocket alone".to_owned();
        return Err(Refused { status: StatusCode::UPGRADE_REQUIRED, message }.into());
    }
    let mut place = live.open(peer::address(&req)).map_err(refuse)?;
    if let Guest::Account(who) = &guest {
        place.belongs_to(&who.caller(), Some(&who.username));
    }
    let count = {
        let (req, app, guest) = (req.clone(), app.clone(), guest.clone());
        move || piston::count(&req, &app, &guest)
    };
    let pings = (app.config.live.ping, app.config.live.pong_timeout);
    let session = Session {
        app: app.as_ref().clone(),
        place,
        guest,
        count: Box::new(count),
        pings,
        heard: Instant::now(),
        phase: Phase::Fresh,
        under_way: None,
        stdin: Vec::new(),
        stage: Stage::Run,
        signal: None,
    };
    WsResponseBuilder::new(session, &req, Bounded::new(payload, MESSAGE_BYTES_MAX))
        .frame_size(MESSAGE_BYTES_MAX)
        .start()
}

/// How far a connection is.
enum Phase {
    /// Nobody said what is to be run.
    Fresh,
    /// It is being handed in.
    Starting,
    /// It waits, is compiled, or runs.
    Running(Off, bool),
    /// Over.
    Closed,
}

/// One connection.
struct Session {
    app: App,
    place: Place,
    guest: Guest,
    /// Counts the program that is asked for.
    count: Box<dyn Fn() -> Result<Option<UnderWay>, Refused>>,
    /// How often the client is asked whether it is there, and how long it may take to answer.
    pings: (Duration, Duration),
    /// When something came from it last.
    heard: Instant,
    phase: Phase,
    under_way: Option<UnderWay>,
    /// Input that came before the program ran. At most [`STDIN_BYTES_MAX`].
    stdin: Vec<u8>,
    stage: Stage,
    /// What the client ended it with.
    signal: Option<String>,
}

impl Session {
    fn close(&mut self, (code, why): (u16, &str), ctx: &mut Ctx) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.phase = Phase::Closed;
        let description = Some(why.to_owned());
        ctx.close(Some(CloseReason { code: CloseCode::Other(code), description }));
        ctx.stop();
    }

    fn fail(&mut self, message: &str, ctx: &mut Ctx) {
        say(&json!({ "type": "error", "message": message }), ctx);
        self.close(NOTIFIED, ctx);
    }

    /// Asks the client whether it is there, and ends its program if it does not answer.
    fn ping(&mut self, ctx: &mut Ctx) {
        let asked = Instant::now();
        ctx.ping(b"");
        ctx.run_later(self.pings.1, move |act, ctx| {
            if act.heard < asked {
                let Disconnect { code, reason } = Disconnect::NO_PONG;
                act.close((code, reason), ctx);
            }
        });
    }

    fn message(&mut self, text: &str, ctx: &mut Ctx) {
        let message = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(message)) => message,
            Ok(_) => return self.fail("a message must be a JSON object", ctx),
            Err(error) => return self.fail(&format!("a message must be JSON: {error}"), ctx),
        };
        let fresh = matches!(self.phase, Phase::Fresh);
        match message.get("type").and_then(Value::as_str) {
            Some("init") if fresh => self.init(message, ctx),
            Some("init") => self.close(ALREADY_INITIALIZED, ctx),
            Some("data" | "signal") if fresh => self.close(NOT_INITIALIZED, ctx),
            Some("data") => self.data(&message, ctx),
            Some("signal") => self.signalled(&message, ctx),
            // As Piston does.
            _ => {}
        }
    }

    fn init(&mut self, message: Map<String, Value>, ctx: &mut Ctx) {
        match (self.count)() {
            Ok(under_way) => self.under_way = under_way,
            Err(refused) => return self.fail(&refused.message, ctx),
        }
        self.phase = Phase::Starting;
        let (app, guest) = (self.app.clone(), self.guest.clone());
        let starting = async move { start(&app, &guest, &message, true).await };
        ctx.spawn(starting.into_actor(self).map(|started, act: &mut Self, ctx| match started {
            Ok(following) => act.started(following, ctx),
            Err(refused) => act.fail(&refused.message, ctx),
        }));
    }

    fn started(&mut self, following: Following, ctx: &mut Ctx) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        let (language, version) = (&following.terms.language, &following.terms.version);
        say(&json!({ "type": "runtime", "language": language, "version": version }), ctx);
        let off = following.off();
        // What came while it was handed in.
        if self.signal.is_some() {
            off.call();
        }
        self.phase = Phase::Running(off, false);
        let steps = stream::unfold(Some(following), |following| async {
            let mut following = following?;
            match following.next().await {
                Ok(Some(step)) => Some((Ok(step), Some(following))),
                Ok(None) => None,
                Err(refused) => Some((Err(refused), None)),
            }
        });
        <Self as StreamHandler<Heard>>::add_stream(Box::pin(steps), ctx);
    }

    fn data(&mut self, message: &Map<String, Value>, ctx: &mut Ctx) {
        if message.get("stream").and_then(Value::as_str) != Some("stdin") {
            return self.close(ONLY_STDIN, ctx);
        }
        let Some(data) = message.get("data").and_then(Value::as_str) else {
            return self.fail("data must be a string", ctx);
        };
        self.feed(data.as_bytes(), ctx);
    }

    /// Gives the program more input, or keeps it until the program runs.
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) {
        let full = match &self.phase {
            Phase::Running(off, true) => {
                let fed = self.app.judge.feed(off.job(), self.guest.owner(), data, false);
                // A program that has ended reads no more.
                matches!(fed, Err(NotTaken::Input(NotFed::Full)))
            }
            _ => {
                let full = self.stdin.len() + data.len() > STDIN_BYTES_MAX;
                if !full {
                    self.stdin.extend_from_slice(data);
                }
                full
            }
        };
        if full {
            let message = format!("the program does not read: {STDIN_BYTES_MAX} bytes may wait");
            self.fail(&message, ctx);
        }
    }

    fn signalled(&mut self, message: &Map<String, Value>, ctx: &mut Ctx) {
        let name = message.get("signal").and_then(Value::as_str).unwrap_or_default();
        if !answer::is_signal(name) {
            return self.close(INVALID_SIGNAL, ctx);
        }
        if ENDING.contains(&name) && self.signal.is_none() {
            self.signal = Some(name.to_owned());
            if let Phase::Running(off, _) = &self.phase {
                off.call();
            }
        }
    }

    fn step(&mut self, step: Step, ctx: &mut Ctx) {
        match step {
            Step::Stage(stage) => {
                self.stage = stage;
                say(&json!({ "type": "stage", "stage": name(stage) }), ctx);
                if let (Stage::Run, Phase::Running(_, runs)) = (stage, &mut self.phase) {
                    *runs = true;
                    let stdin = std::mem::take(&mut self.stdin);
                    self.feed(&stdin, ctx);
                }
            }
            Step::Data(stream, text) => data(stream, &text, ctx),
            Step::Compiled(stage) => {
                if !stage.stderr.is_empty() {
                    data(Stream::Stderr, &stage.stderr, ctx);
                }
                exit(Stage::Compile, &stage.end, ctx);
            }
            Step::Ran(end) => {
                let end = match &self.signal {
                    // Called off, it was not measured.
                    Some(signal) if end.cpu_time.is_none() => Ended::by(signal),
                    _ => *end,
                };
                exit(self.stage, &end, ctx);
            }
            // What was written cannot be taken back.
            Step::Again => self.fail("the server failed, and the program was stopped", ctx),
        }
    }
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Compile => "compile",
        Stage::Run => "run",
    }
}

fn say(message: &Value, ctx: &mut Ctx) {
    ctx.text(message.to_string());
}

fn data(stream: Stream, text: &str, ctx: &mut Ctx) {
    let stream = match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    };
    say(&json!({ "type": "data", "stream": stream, "data": text }), ctx);
}

fn exit(stage: Stage, end: &Ended, ctx: &mut Ctx) {
    let mut message = serde_json::to_value(end).unwrap_or_default();
    (message["type"], message["stage"]) = ("exit".into(), name(stage).into());
    say(&message, ctx);
}

impl Actor for Session {
    type Context = Ctx;

    fn started(&mut self, ctx: &mut Ctx) {
        <Self as StreamHandler<Out>>::add_stream(self.place.outbox.outgoing(), ctx);
        ctx.run_later(INIT_WITHIN, |act, ctx| {
            if matches!(act.phase, Phase::Fresh) {
                act.close(INIT_TIMEOUT, ctx);
            }
        });
        // A program may be silent for long, and networks forget silent connections.
        ctx.run_interval(self.pings.0, Self::ping);
    }
}

impl StreamHandler<Heard> for Session {
    fn handle(&mut self, heard: Heard, ctx: &mut Ctx) {
        match heard {
            _ if matches!(self.phase, Phase::Closed) => {}
            Ok(step) => self.step(step, ctx),
            Err(refused) => self.fail(&refused.message, ctx),
        }
    }

    fn finished(&mut self, ctx: &mut Ctx) {
        self.close(COMPLETED, ctx);
    }
}

impl StreamHandler<Out> for Session {
    fn handle(&mut self, out: Out, ctx: &mut Ctx) {
        if let Out::Cut(Disconnect { code, reason }) = out {
            self.close((code, reason), ctx);
        }
    }

    fn finished(&mut self, _: &mut Ctx) {}
}

impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Ctx) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.heard = Instant::now();
        match message {
            Ok(Message::Text(text)) => self.message(&text, ctx),
            Ok(Message::Binary(bytes)) => match std::str::from_utf8(&bytes) {
                Ok(text) => self.message(text, ctx),
                Err(_) => self.fail("a message must be JSON", ctx),
            },
            Ok(Message::Ping(data)) => ctx.pong(&data),
            Ok(Message::Pong(_) | Message::Nop) => {}
            Ok(Message::Continuation(_)) => self.fail("a message must come in one piece", ctx),
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
                tracing::debug!(%error, "a program's socket ended");
                ctx.stop();
            }
        }
    }
}
