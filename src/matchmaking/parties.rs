//! Parties: people who want to play together.

use actix_web::http::StatusCode;
use bytes::Bytes;
use playhouse_actors::handle::{AskError, Rooms};
use playhouse_domain::party::{self, Command, Party, PartyInfo, Reply};
use playhouse_domain::poll::code;
use playhouse_domain::room::{Audience, Rules};
use playhouse_domain::unique;
use playhouse_protocol::ids::{CommandKey, PartyId};

use super::{name_of, shown};
use crate::accounts::Identity;
use crate::asking::{Outcome, Tagged, ask, ask_now, new_id, unexpected};
use crate::cinema::bookings::account_of;
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

/// Makes a party that `who` leads.
///
/// # Errors
///
/// The room's refusal.
pub async fn create(
    rooms: &Rooms,
    who: &Identity,
    key: Option<CommandKey>,
) -> Result<Outcome<PartyInfo>, Problem> {
    let id = PartyId(new_id(who, "party", key.as_ref()));
    let room = party::room(id);
    let command = Command::Create { name: name_of(who) };
    let look = |_| format!("/api/parties/{id}");
    match ask::<Party>(rooms, who, &room, key, &command, look).await? {
        Outcome::Pending(pending) => Ok(Outcome::Pending(pending)),
        Outcome::Done(told) => match told.reply {
            Reply::Party(info) => Ok(Outcome::Done(*info)),
            _ => Err(unexpected(&room)),
        },
    }
}

/// The parties that `who` is in or was asked into.
///
/// # Errors
///
/// The store's problem.
pub async fn mine(rooms: &Rooms, who: &Identity, page: &Page) -> Result<Bytes, Problem> {
    let (table, prefix) = ("parties_by_account", format!("{}/", who.account));
    lists::page(rooms, Range { table, prefix, ..Range::default() }, page).await
}

/// A party as `who` sees it.
///
/// # Errors
///
/// `not_found`, also for those who have no part in it.
pub async fn get(rooms: &Rooms, who: &Identity, id: PartyId) -> Result<Tagged, Problem> {
    Ok(Tagged::new(rooms.view(&party::room(id), who.caller()).await?))
}

/// Does something to a party, which answers how it is then.
///
/// # Errors
///
/// The room's refusal.
pub async fn act(
    rooms: &Rooms,
    who: &Identity,
    id: PartyId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<PartyInfo, Problem> {
    let room = party::room(id);
    match ask_now::<Party>(rooms, who, &room, key, command).await?.reply {
        Reply::Party(info) => Ok(*info),
        _ => Err(unexpected(&room)),
    }
}

/// Asks whoever has the user name `username` in.
///
/// # Errors
///
/// `no_such_user`, and the room's refusal.
pub async fn invite(
    rooms: &Rooms,
    who: &Identity,
    id: PartyId,
    username: &str,
    key: Option<CommandKey>,
) -> Result<PartyInfo, Problem> {
    let account = account_of(rooms, username).await?;
    let command = Command::Invite { account, name: shown(username) };
    act(rooms, who, id, &command, key).await
}

/// Comes in, having been asked.
///
/// # Errors
///
/// The room's refusal.
pub async fn accept(
    rooms: &Rooms,
    who: &Identity,
    id: PartyId,
    key: Option<CommandKey>,
) -> Result<PartyInfo, Problem> {
    act(rooms, who, id, &Command::Join { name: name_of(who), code: None }, key).await
}

/// Comes in by a code.
///
/// # Errors
///
/// `unknown_code`, and the room's refusal.
pub async fn join(
    rooms: &Rooms,
    who: &Identity,
    typed: &str,
    key: Option<CommandKey>,
) -> Result<PartyInfo, Problem> {
    let id = by_code(rooms, typed).await?;
    let command = Command::Join { name: name_of(who), code: Some(typed.to_owned()) };
    match act(rooms, who, id, &command, key).await {
        // It was given back just now.
        Err(problem) if problem.code() == "not_found" => Err(unknown_code()),
        joined => joined,
    }
}

fn unknown_code() -> Problem {
    let detail = "no party has this code: look at it again";
    Problem::new(StatusCode::NOT_FOUND, "unknown_code", detail)
}

async fn by_code(rooms: &Rooms, typed: &str) -> Result<PartyId, Problem> {
    let name = code::room(typed).ok_or_else(unknown_code)?;
    let seen = match rooms.view(&name, Audience::Public).await {
        Err(AskError::NoSuchRoom) => return Err(unknown_code()),
        seen => seen?,
    };
    let view: unique::View = serde_json::from_slice(&seen.json).map_err(|_| unexpected(&name))?;
    let party = view.owner.uuid().filter(|_| view.owner.kind() == Party::KIND);
    party.map(PartyId).ok_or_else(unknown_code)
}

/// Goes, or says no to an invitation.
///
/// # Errors
///
/// The room's refusal.
pub async fn leave(
    rooms: &Rooms,
    who: &Identity,
    id: PartyId,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    let room = party::room(id);
    match ask_now::<Party>(rooms, who, &room, key, &Command::Leave).await?.reply {
        Reply::Noted => Ok(()),
        _ => Err(unexpected(&room)),
    }
}
