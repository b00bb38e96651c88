//! Matches by REST: making them, taking a seat, getting ready, leaving.

use actix_web::http::StatusCode;
use bytes::Bytes;
use playhouse_actors::handle::{Answer, AskError, Rooms};
use playhouse_domain::games::match_room::{
    self, Command, Creation, Joined, Match, MatchInfo, Player, Reply, TICKET_TIME,
};
use playhouse_domain::games::{GameKind, find, kinds};
use playhouse_domain::room::Caller;
use playhouse_domain::text::key_part;
use playhouse_protocol::ids::{AccountId, CommandKey, GuestId, MatchId, RoomId};

use super::Stage;
use super::foyer::Seen;
use super::requests::{SeatRequest, SessionRequest};
use super::shapes::{Game, Games, GuestToken, Replay, SeatTaken};
use super::tokens;
use crate::accounts::{Accounts, Bearer, Identity};
use crate::asking::{Tagged, Told, new_id, no_such, server_time, unexpected};
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

/// The path at which a match is played over WebSocket.
pub const WEBSOCKET: &str = "/ws/play";

/// The room of match `id`.
#[must_use]
pub fn room(id: MatchId) -> RoomId {
    match_room::room(id)
}

/// Gives `command` to a match.
///
/// # Errors
///
/// See [`AskError`].
pub(super) async fn ask(
    rooms: &Rooms,
    room: &RoomId,
    caller: Caller,
    key: Option<CommandKey>,
    command: &Command,
) -> Result<Told<Reply>, AskError> {
    match rooms.ask::<Match>(room, caller, key, command).await? {
        Answer::Done { reply, revision, .. } => Ok(Told { reply, revision }),
        // Nothing that is asked of a match waits for a duty.
        Answer::Accepted { .. } => Err(AskError::OutcomeUnknown),
    }
}

/// How match `id` stands.
///
/// # Errors
///
/// See [`AskError`].
pub(super) async fn seen(rooms: &Rooms, id: MatchId) -> Result<Seen, AskError> {
    let told = ask(rooms, &room(id), Caller::System, None, &Command::Info).await?;
    match told.reply {
        Reply::Match(info) => Ok(Seen { info: *info, record: told.revision }),
        _ => Err(AskError::Failed),
    }
}

/// The games that there are, and where they are played.
#[must_use]
pub fn games(stage: &Stage, asked: Option<&str>, websocket: String) -> Games {
    let reach = stage.reach();
    Games {
        games: kinds().iter().map(|kind| game_of(*kind)).collect(),
        quic: reach.contact(asked).map(|contact| contact.to_string()),
        webtransport: reach.webtransport(asked),
        certificate_hash: reach.certificate_hash(),
        websocket,
    }
}

/// A game as lists have it.
pub(super) fn game_of(kind: &dyn GameKind) -> Game {
    Game {
        game: kind.name().to_owned(),
        rules: kind.rules(),
        players_min: kind.players_min(),
        players_max: kind.players_max(),
        join_late: kind.join_late(),
        tick_hz: kind.schema().tick_hz,
        schema_hash: kind.schema().hash(),
    }
}

/// Somebody without an account, known by a signed token from now on.
#[must_use]
pub fn guest(accounts: &Accounts) -> GuestToken {
    let id = GuestId(uuid::Uuid::from_bytes(rand::random()));
    let (guest_token, lasts) = accounts.voter_token(id);
    let token_type = "Bearer".to_owned();
    GuestToken { guest_token, token_type, expires_in: lasts.as_secs() }
}

/// Makes a match of `game`. Whoever makes it is its host.
///
/// # Errors
///
/// `not_found` for a game that there is not; the room's refusal.
pub async fn create(
    rooms: &Rooms,
    who: &Identity,
    game: &str,
    request: SessionRequest,
    key: Option<CommandKey>,
) -> Result<MatchInfo, Problem> {
    let kind = find(game).ok_or_else(|| no_such("game"))?;
    let settings = request.settings.map(|map| serde_json::Value::from(map).to_string());
    let creation = Creation {
        game: kind.name().to_owned(),
        title: request.title,
        settings,
        seats: request.seats.unwrap_or(kind.players_max()),
        bots: request.bots,
        listed: request.listed.unwrap_or(true),
    };
    let id = MatchId(new_id(who, "match", key.as_ref()));
    act(rooms, who.caller(), id, &Command::Create(Box::new(creation)), key).await
}

/// Does something to a match, which answers how it stands then.
///
/// # Errors
///
/// The room's refusal.
pub async fn act(
    rooms: &Rooms,
    caller: Caller,
    id: MatchId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<MatchInfo, Problem> {
    match ask(rooms, &room(id), caller, key, command).await?.reply {
        Reply::Match(info) => Ok(*info),
        _ => Err(unexpected(&room(id))),
    }
}

/// A match as everybody may know it.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, id: MatchId) -> Result<Tagged, Problem> {
    Ok(Tagged::new(rooms.view(&room(id), Caller::Nobody).await?))
}

/// The matches that are listed, by game and the newest first: those that are not over, or those that
/// were concluded.
///
/// # Errors
///
/// The store's problem.
pub async fn list(
    rooms: &Rooms,
    game: Option<&str>,
    over: bool,
    page: &Page,
) -> Result<Bytes, Problem> {
    let table = if over { "matches_over" } else { "matches" };
    let prefix = game.map(|game| format!("{}/", key_part(game))).unwrap_or_default();
    lists::page(rooms, Range { table, prefix, descending: true, ..Range::default() }, page).await
}

/// The matches that `account` played to their end, the newest first.
///
/// # Errors
///
/// The store's problem.
pub async fn played(rooms: &Rooms, account: AccountId, page: &Page) -> Result<Bytes, Problem> {
    let (table, prefix) = ("matches_by_player", format!("{account}/"));
    lists::page(rooms, Range { table, prefix, descending: true, ..Range::default() }, page).await
}

/// A part of what is needed to play a match again, once it is over.
///
/// # Errors
///
/// The room's refusal.
pub async fn replay(rooms: &Rooms, id: MatchId, after: u32) -> Result<Replay, Problem> {
    let command = Command::Replay { after };
    let told = ask(rooms, &room(id), Caller::Nobody, None, &command).await?;
    match told.reply {
        Reply::Replay(page) => Ok((*page).into()),
        _ => Err(unexpected(&room(id))),
    }
}

/// Takes a seat for `who`, or another ticket for the seat that they have.
///
/// # Errors
///
/// The room's refusal.
pub async fn join(
    stage: &Stage,
    who: &Bearer,
    id: MatchId,
    request: SeatRequest,
    (asked, websocket): (Option<&str>, String),
) -> Result<SeatTaken, Problem> {
    let player = Player::of(&who.caller()).ok_or_else(|| unexpected(&room(id)))?;
    let name = request.name.unwrap_or_else(|| name_of(who));
    let now = server_time();
    let (ticket, hash) = stage.accounts().with_keys(|keys| tokens::ticket(keys, id, player, now));
    let command = Command::Join { ticket: hash, name };
    let told = ask(stage.rooms(), &room(id), who.caller(), None, &command).await?;
    let Reply::Joined(Joined { seat, .. }) = told.reply else { return Err(unexpected(&room(id))) };
    let reach = stage.reach();
    Ok(SeatTaken {
        session_id: id.to_string(),
        seat: seat.0,
        ticket,
        expires_in: TICKET_TIME.as_secs(),
        quic: reach.contact(asked).map(|contact| contact.to_string()),
        webtransport: reach.webtransport(asked),
        certificate_hash: reach.certificate_hash(),
        websocket,
    })
}

/// The name of somebody who says none.
fn name_of(who: &Bearer) -> String {
    match who {
        Bearer::Account(who) => who.username.chars().take(match_room::NAME_MAX).collect(),
        Bearer::Guest(guest) => format!("guest {}", &guest.id.0.simple().to_string()[..4]),
    }
}

/// Does something to a match that answers nothing.
///
/// # Errors
///
/// The room's refusal.
pub async fn tell(
    rooms: &Rooms,
    who: &Bearer,
    id: MatchId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    match ask(rooms, &room(id), who.caller(), key, command).await?.reply {
        Reply::Noted => Ok(()),
        _ => Err(unexpected(&room(id))),
    }
}

/// Somebody must be known to take a seat.
#[must_use]
pub fn nobody() -> Problem {
    let detail = "log in, or get a guest's token: POST /api/games/guests";
    Problem::new(StatusCode::UNAUTHORIZED, "not_logged_in", detail)
}
