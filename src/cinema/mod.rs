//! What REST and the live connection both ask of movies, screens and showings: requests in, room
//! commands out, and what the rooms say as the shapes that clients see. No rules.
//!
//! - [`requests`], [`shapes`]: what goes in and comes out, as JSON.
//! - [`movies`], [`screens`], [`showings`]: the programme. [`lists`]: its pages.
//! - [`seats`]: one showing's seats. [`bookings`]: what one bought.
//! - [`rpc`](rpc()): the same commands by name, for the live connection.

pub mod bookings;
mod convert;
pub mod lists;
pub mod movies;
pub mod requests;
mod rpc;
pub mod screens;
pub mod seats;
pub mod shapes;
pub mod showings;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use actix_web::http::StatusCode;
use actix_web::http::header::EntityTag;
use bytes::Bytes;
use playhouse_actors::handle::{Answer, Rooms, Seen};
use playhouse_domain::room::{Rules, Seed, Ticket};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{CommandKey, RoomId};
use uuid::Uuid;

pub use self::rpc::rpc;
use self::shapes::Pending;
use crate::http::auth::Identity;
use crate::http::error::Problem;

/// What a command that may have to wait led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The outcome.
    Done(T),
    /// Accepted; the outcome follows.
    Pending(Pending),
}

/// JSON under its `ETag`, which starts with the revision that `If-Match` compares.
#[derive(Debug, Clone)]
pub struct Tagged {
    /// The tag: revision, then whatever else tells two answers apart.
    pub tag: EntityTag,
    /// The answer.
    pub json: Bytes,
}

impl Tagged {
    /// What an audience sees, under the revision and the stream epoch: after a restore a revision
    /// may come again with something else in it.
    fn new(seen: Seen) -> Self {
        let tag = format!("{}.{}", seen.position.offset, seen.position.epoch);
        Self { tag: EntityTag::new_weak(tag), json: seen.json }
    }
}

/// A room's answer with the revision that holds it.
struct Told<T> {
    reply: T,
    revision: u64,
}

/// The server's time, as clients are told it.
#[must_use]
pub fn server_time() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::ZERO + since
}

/// The id of a new thing of `kind`. With a key it derives from caller and key, so that a repeat
/// finds the same room.
fn new_id(who: &Identity, kind: &'static str, key: Option<&CommandKey>) -> Uuid {
    key.map_or_else(Uuid::now_v7, |key| {
        let caller = who.account.0;
        Seed::derive(&[caller.as_bytes(), kind.as_bytes(), key.as_str().as_bytes()]).uuid(0)
    })
}

/// Gives `command` to `room` for `who`. `look` makes the address of an outcome that does not come
/// in time.
async fn ask<R: Rules>(
    rooms: &Rooms,
    who: &Identity,
    room: &RoomId,
    key: Option<CommandKey>,
    command: &R::Command,
    look: impl FnOnce(Ticket) -> String,
) -> Result<Outcome<Told<R::Reply>>, Problem> {
    match rooms.ask::<R>(room, who.caller(), key, command).await? {
        Answer::Done { reply, revision, .. } => Ok(Outcome::Done(Told { reply, revision })),
        Answer::Accepted { ticket } => Ok(Outcome::Pending(Pending {
            status: "pending".to_owned(),
            ticket: ticket.0.to_string(),
            location: look(ticket),
        })),
    }
}

/// Gives a command whose outcome never waits.
async fn ask_now<R: Rules>(
    rooms: &Rooms,
    who: &Identity,
    room: &RoomId,
    key: Option<CommandKey>,
    command: &R::Command,
) -> Result<Told<R::Reply>, Problem> {
    match ask::<R>(rooms, who, room, key, command, |_| String::new()).await? {
        Outcome::Done(told) => Ok(told),
        Outcome::Pending(_) => Err(unexpected(room)),
    }
}

/// A room said something that its rules never say to this command.
fn unexpected(room: &RoomId) -> Problem {
    tracing::error!(%room, "a room's answer does not fit the command");
    let detail = "the room's answer does not fit the command";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}

/// There is no such thing, or not for this caller.
fn no_such(what: &str) -> Problem {
    let detail = format!("there is no such {what}");
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
}

fn unknown_method(method: &str) -> Problem {
    let detail = format!("there is no method '{method}'");
    Problem::new(StatusCode::NOT_FOUND, "unknown_method", detail)
}
