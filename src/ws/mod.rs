//! The live connection: the Centrifugo client protocol over WebSocket, `GET /connection/websocket`.
//!
//! Each connection is a `session`, an actix actor that is polled by its socket alone: while the
//! client does not read, the session stands still. What comes to it from elsewhere goes through its
//! `outbox`, which is bounded and tells who pushes when it is full; the actor's own address never
//! leaves this module, so nothing can pile up behind it.
//!
//! - `hub`: what all connections share: limits, who follows what. `standing`: what administrators see.
//! - `channel`: which channels there are, and who may follow them.
//! - `session`: one connection; `admit`: who it is; `subscribe`: what it follows.
//! - [`doors`]: what is asked of the rest of the server; `app`: who answers.
//! - [`play`]: playing a match over WebSocket, which is another protocol on another path.
//! - `piston`: running a program, by Piston's protocol.
//! - `bound`: how long a message may say that it is. `origin`: which pages may connect. `figures`: what is counted.

mod admit;
mod app;
mod bound;
mod channel;
pub mod doors;
mod figures;
mod hub;
pub(crate) mod origin;
mod outbox;
mod piston;
pub mod play;
mod session;
mod standing;
mod subscribe;

use actix_web::http::{StatusCode, header};
use actix_web::{Error, HttpRequest, HttpResponse, web};
use actix_web_actors::ws::WsResponseBuilder;
use playhouse_protocol::live::command::FRAME_BYTES_MAX;

pub use self::app::AppDoors;
use self::bound::Bounded;
pub use self::hub::{Link, Live};
use self::session::Session;
pub use self::standing::ConnectionView;
use crate::http::error::Problem;
use crate::http::peer;

/// What clients may name as their WebSocket subprotocol: JSON, which is also what they get if they
/// name none.
const SUBPROTOCOLS: &[&str] = &["centrifuge-json"];

/// Mounts the live connection, playing over WebSocket, and running programs so.
pub fn routes(live: Live) -> impl FnOnce(&mut web::ServiceConfig) {
    move |cfg| {
        cfg.app_data(web::Data::new(live));
        cfg.route("/connection/websocket", web::get().to(connect));
        cfg.route("/ws/play", web::get().to(play::connect));
        for path in ["/api/v2/connect", "/api/v2/connect/"] {
            cfg.route(path, web::get().to(piston::connect));
        }
    }
}

/// `GET /connection/websocket`: opens a live connection.
///
/// # Errors
///
/// A problem: 403 for a page of a foreign origin, 426 if it is no WebSocket request, 429 and 503 if
/// there are too many connections.
pub async fn connect(
    req: HttpRequest,
    payload: web::Payload,
    live: web::Data<Live>,
) -> Result<HttpResponse, Error> {
    let config = &live.0.config;
    if !origin::admitted(req.headers(), &live.0.public_url, &config.http.cors_origins) {
        let detail = "pages of this origin may not connect";
        return Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", detail).into());
    }
    if !req.headers().contains_key(header::SEC_WEBSOCKET_KEY) {
        let detail = "this path speaks WebSocket alone";
        return Err(Problem::new(StatusCode::UPGRADE_REQUIRED, "not_a_websocket", detail).into());
    }
    let place = live.open(peer::address(&req))?;
    let session = Session::new(live.as_ref().clone(), place);
    let longest = config.live.message_max_bytes.min(FRAME_BYTES_MAX);
    WsResponseBuilder::new(session, &req, Bounded::new(payload, longest))
        .protocols(SUBPROTOCOLS)
        .frame_size(longest)
        .start()
}

#[cfg(test)]
mod tests;
