//! Playing over WebSocket, `GET /ws/play`: for networks without UDP and browsers without WebTransport.
//!
//! One message of the socket is one datagram or one control message; its first byte says which. What is
//! said is the same as over QUIC (`docs/wire.md`), and so is who serves it (`games`).

mod out;

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, StreamHandler};
use actix_web::http::{StatusCode, header};
use actix_web::{Error, HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{
    CloseCode, CloseReason, Message, ProtocolError, WebsocketContext, WsResponseBuilder,
};
use bytes::Bytes;
use playhouse_protocol::game::control::{CONTROL_MARK, DATAGRAM_MARK};
use playhouse_protocol::limits::CONTROL_BYTES_MAX;
use tokio::sync::mpsc;

use self::out::{Out, SocketOut};
use super::bound::Bounded;
use super::origin;
use crate::app::App;
use crate::games::admission::{Permit, Verdict};
use crate::games::carrier::{CONTROLS_IN, Player};
use crate::games::ending::End;
use crate::games::intake::Intake;
use crate::http::error::Problem;
use crate::http::peer;

/// The longest message, in bytes: a control message and its mark.
const MESSAGE_BYTES_MAX: usize = CONTROL_BYTES_MAX + 1;

/// What is added to an end's code: the range that RFC 6455 leaves to applications.
const CODES_FROM: u16 = 4000;

/// How long who finds no room should wait before another try. 1 s.
const AGAIN: Duration = Duration::from_secs(1);

/// `GET /ws/play`: opens a player's connection.
///
/// # Errors
///
/// A problem: 403 for a page of a foreign origin, 426 if it is no WebSocket request, 429 and 503 if
/// there are too many connections.
pub async fn connect(
    req: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, Error> {
    if !origin::admitted(req.headers(), &app.public_url, &app.config.http.cors_origins) {
        let detail = "pages of this origin may not connect";
        return Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", detail).into());
    }
    if !req.headers().contains_key(header::SEC_WEBSOCKET_KEY) {
        let detail = "this path speaks WebSocket alone";
        return Err(Problem::new(StatusCode::UPGRADE_REQUIRED, "not_a_websocket", detail).into());
    }
    let permit = enter(&app, &req)?;
    let (out, intake) = (SocketOut::new(), Arc::new(Intake::default()));
    let (control, comes) = mpsc::channel(CONTROLS_IN);
    let ping = app.config.live.ping;
    let session = PlaySession { out: out.clone(), control, intake: intake.clone(), ping };
    let answer = WsResponseBuilder::new(session, &req, Bounded::new(payload, MESSAGE_BYTES_MAX))
        .frame_size(MESSAGE_BYTES_MAX)
        .start()?;
    let (by, address) = ("websocket", peer::address(&req));
    app.stage.serve(Player { carrier: out, control: comes, intake, by, address }, permit);
    Ok(answer)
}

/// A place for one more.
fn enter(app: &App, req: &HttpRequest) -> Result<Permit, Problem> {
    if app.phase.is_stopping() {
        let detail = "the server is shutting down";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", detail)
            .retry_after(Duration::from_secs(5)));
    }
    // TCP has proven the address.
    match app.stage.admission().knock(peer::address(req), true) {
        Verdict::Enter(permit) => Ok(permit),
        Verdict::Wait | Verdict::Prove => {
            let detail = "too many players are on their way in";
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
                .retry_after(AGAIN))
        }
        Verdict::Full => {
            let detail = "every place for a player is taken";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
                .retry_after(AGAIN))
        }
    }
}

/// One player's socket. Polled by the socket alone: while the client does not read, it stands still.
struct PlaySession {
    out: Arc<SocketOut>,
    control: mpsc::Sender<Vec<u8>>,
    intake: Arc<Intake>,
    ping: Duration,
}

impl PlaySession {
    /// Takes in a message. An empty control message stands for what is none.
    fn message(&self, bytes: &Bytes, ctx: &mut WebsocketContext<Self>) {
        let message = match bytes.first() {
            Some(&DATAGRAM_MARK) => return self.intake.take(bytes.slice(1..)),
            Some(&CONTROL_MARK) => bytes[1..].to_vec(),
            _ => Vec::new(),
        };
        // Nobody presses so fast; a stream would read no further here, a socket cannot wait.
        if let Err(mpsc::error::TrySendError::Full(_)) = self.control.try_send(message) {
            self.close(End::Slow, ctx);
        }
    }

    fn close(&self, end: End, ctx: &mut WebsocketContext<Self>) {
        let description = Some(end.name().to_owned());
        let code = CloseCode::Other(CODES_FROM + end.code());
        ctx.close(Some(CloseReason { code, description }));
        ctx.stop();
    }
}

impl Actor for PlaySession {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        <Self as StreamHandler<Out>>::add_stream(self.out.outgoing(), ctx);
        // In a lobby nothing else may be said for minutes, and networks forget silent connections.
        ctx.run_interval(self.ping, |_, ctx| ctx.ping(b""));
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.out.leave();
    }
}

impl StreamHandler<Out> for PlaySession {
    fn handle(&mut self, out: Out, ctx: &mut Self::Context) {
        match out {
            Out::Message(bytes) => ctx.binary(bytes),
            Out::Close(end) => self.close(end, ctx),
        }
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl StreamHandler<Result<Message, ProtocolError>> for PlaySession {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Self::Context) {
        match message {
            Ok(Message::Binary(bytes)) => self.message(&bytes, ctx),
            Ok(Message::Ping(data)) => ctx.pong(&data),
            Ok(Message::Pong(_) | Message::Nop) => {}
            // At most 16 KiB need no parts, and nothing here is text.
            Ok(Message::Text(_) | Message::Continuation(_)) => self.message(&Bytes::new(), ctx),
            Ok(Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Err(error) => {
                tracing::debug!(%error, "a player's socket ended");
                ctx.stop();
            }
        }
    }
}
