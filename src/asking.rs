//! Asking rooms on behalf of those who came in through REST or the live connection: callers and
//! keys go in, and what the rooms say comes out as answers or problems. No rules.

use std::time::SystemTime;

use actix_web::http::StatusCode;
use actix_web::http::header::EntityTag;
use bytes::Bytes;
use playhouse_actors::handle::{Answer, Rooms, Seen};
use playhouse_domain::room::{Caller, Rules, Seed, Ticket};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{CommandKey, RoomId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::Identity;
use crate::http::error::Problem;

/// A purchase whose payment is not through yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// `pending`.
    pub status: String,
    /// What the outcome is filed under.
    #[schema(format = "uuid")]
    pub ticket: String,
    /// Where to look: `202` while it is open, `200` with the booking once it is through.
    pub location: String,
}

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
    #[must_use]
    pub fn new(seen: Seen) -> Self {
        let tag = format!("{}.{}", seen.position.offset, seen.position.epoch);
        Self { tag: EntityTag::new_weak(tag), json: seen.json }
    }
}

/// A room's answer with the revision that holds it.
pub struct Told<T> {
    /// What it said.
    pub reply: T,
    /// The room's revision then.
    pub revision: u64,
}

/// The server's time, as clients are told it.
#[must_use]
pub fn server_time() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::ZERO + since
}

/// The id of a new thing of `kind`. With a key it derives from caller and key, so that a repeat
/// finds the same room.
#[must_use]
pub fn new_id(who: &Identity, kind: &'static str, key: Option<&CommandKey>) -> Uuid {
    key.map_or_else(Uuid::now_v7, |key| {
        let caller = who.account.0;
        Seed::derive(&[caller.as_bytes(), kind.as_bytes(), key.as_str().as_bytes()]).uuid(0)
    })
}

/// Gives `command` to `room` for `who`. `look` makes the address of an outcome that does not come
/// in time.
///
/// # Errors
///
/// The room's refusal, or why it could not be asked.
pub async fn ask<R: Rules>(
    rooms: &Rooms,
    who: impl Into<Caller>,
    room: &RoomId,
    key: Option<CommandKey>,
    command: &R::Command,
    look: impl FnOnce(Ticket) -> String,
) -> Result<Outcome<Told<R::Reply>>, Problem> {
    match rooms.ask::<R>(room, who.into(), key, command).await? {
        Answer::Done { reply, revision, .. } => Ok(Outcome::Done(Told { reply, revision })),
        Answer::Accepted { ticket } => Ok(Outcome::Pending(Pending {
            status: "pending".to_owned(),
            ticket: ticket.0.to_string(),
            location: look(ticket),
        })),
    }
}

/// Gives a command whose outcome never waits.
///
/// # Errors
///
/// As [`ask`].
pub async fn ask_now<R: Rules>(
    rooms: &Rooms,
    who: impl Into<Caller>,
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
#[must_use]
pub fn unexpected(room: &RoomId) -> Problem {
    tracing::error!(%room, "a room's answer does not fit the command");
    let detail = "the room's answer does not fit the command";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}

/// There is no such thing, or not for this caller.
#[must_use]
pub fn no_such(what: &str) -> Problem {
    let detail = format!("there is no such {what}");
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
}

/// What was sent cannot mean anything: 422 with a code.
#[must_use]
pub fn invalid(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}
