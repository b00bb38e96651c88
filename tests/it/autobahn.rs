//! Autobahn's cases against the WebSocket layer that the live connection stands on: the same library, with
//! an actor that says back what it hears, since the cases want an echo.
//!
//! Needs PyPI's `kosoku`, which runs the cases, in the folder that `tests/sdk/README.md` describes; says so
//! where it is missing.

use std::path::PathBuf;

use actix::{Actor, ActorContext, StreamHandler};
use actix_http::ws::Item;
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, web};
use actix_web_actors::ws::{
    CloseCode, CloseReason, Message, ProtocolError, WebsocketContext, WsResponseBuilder,
};

/// The largest message of the cases, 16 MiB; the live connection's own bound is `live.message_max_bytes`.
const MESSAGE_MAX: usize = 16 << 20;

/// Says back what it hears, whole messages and messages in parts.
#[derive(Default)]
struct Echo {
    /// The message whose parts are coming: is it text, and what came.
    parts: Option<(bool, Vec<u8>)>,
}

type Ctx = WebsocketContext<Echo>;

impl Actor for Echo {
    type Context = Ctx;
}

impl Echo {
    fn end(&mut self, code: CloseCode, ctx: &mut Ctx) {
        ctx.close(Some(CloseReason::from(code)));
        ctx.stop();
    }

    fn part(&mut self, item: Item, ctx: &mut Ctx) {
        let (last, bytes) = match item {
            Item::FirstText(bytes) => {
                self.parts = Some((true, Vec::new()));
                (false, bytes)
            }
            Item::FirstBinary(bytes) => {
                self.parts = Some((false, Vec::new()));
                (false, bytes)
            }
            Item::Continue(bytes) => (false, bytes),
            Item::Last(bytes) => (true, bytes),
        };
        let Some((_, whole)) = &mut self.parts else { return self.end(CloseCode::Protocol, ctx) };
        whole.extend_from_slice(&bytes);
        if whole.len() > MESSAGE_MAX {
            return self.end(CloseCode::Size, ctx);
        }
        match (last, self.parts.take()) {
            (true, Some((false, whole))) => ctx.binary(whole),
            (true, Some((true, whole))) => match String::from_utf8(whole) {
                Ok(text) => ctx.text(text),
                Err(_) => self.end(CloseCode::Invalid, ctx),
            },
            (_, parts) => self.parts = parts,
        }
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for Echo {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Ctx) {
        match message {
            Ok(Message::Text(text)) => ctx.text(text),
            Ok(Message::Binary(bytes)) => ctx.binary(bytes),
            Ok(Message::Ping(data)) => ctx.pong(&data),
            Ok(Message::Pong(_) | Message::Nop) => {}
            Ok(Message::Continuation(item)) => self.part(item, ctx),
            Ok(Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Err(ProtocolError::Overflow) => self.end(CloseCode::Size, ctx),
            // A text that is none; the library has no error of its own for it.
            Err(ProtocolError::Io(error)) if error.kind() == std::io::ErrorKind::Other => {
                self.end(CloseCode::Invalid, ctx);
            }
            Err(_) => self.end(CloseCode::Protocol, ctx),
        }
    }
}

async fn echo(req: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Error> {
    WsResponseBuilder::new(Echo::default(), &req, payload).frame_size(MESSAGE_MAX).start()
}

fn program() -> Option<PathBuf> {
    let folder = std::env::var_os("PLAYHOUSE_TEST_SDK").map(PathBuf::from);
    let program = folder.map(|folder| folder.join("venv/bin/kosoku")).filter(|p| p.exists());
    if program.is_none() {
        eprintln!(
            "LEFT OUT: Autobahn's cases: kosoku is not in PLAYHOUSE_TEST_SDK, see tests/sdk/README.md"
        );
    }
    program
}

#[actix_web::test]
async fn every_case_of_autobahn_holds() {
    let Some(program) = program() else { return };
    let server = HttpServer::new(|| App::new().route("/", web::get().to(echo))).workers(2);
    let server = server.disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let url = format!("ws://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    actix::spawn(server);
    let folder = tempfile::tempdir().unwrap();
    let mut command = tokio::process::Command::new(program);
    command.args(["-p", "4", "-o"]).arg(folder.path().join("reports")).arg(&url);
    // Compression is not offered.
    command.args(["-x", "12.*", "-x", "13.*"]).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    handle.stop(false).await;
}
