//! Tournaments by REST: making them, taking part, deciding what is disputed. No rules.

pub mod requests;
pub mod shapes;

use actix_web::http::header::EntityTag;
use bytes::{Bytes, BytesMut};
use playhouse_actors::handle::Rooms;
use playhouse_domain::games::match_room::NAME_MAX;
use playhouse_domain::games::skill::Skill;
use playhouse_domain::games::tournament::{self, Command, Entry, Reply, Tournament, TournamentRow};
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{AccountId, CommandKey, TournamentId};

use self::requests::{AddRequest, State, TournamentRequest};
use crate::accounts::{Bearer, Identity};
use crate::app::App;
use crate::asking::{Tagged, ask_now, invalid, new_id, server_time, unexpected};
use crate::games::league;
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

/// Gives `command` to a tournament, which answers how it stands then.
///
/// # Errors
///
/// The room's refusal.
pub async fn act(
    rooms: &Rooms,
    who: &Identity,
    id: TournamentId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<TournamentRow, Problem> {
    let room = tournament::room(id);
    match ask_now::<Tournament>(rooms, who, &room, key, command).await?.reply {
        Reply::Tournament(row) => Ok(*row),
        Reply::Noted => Err(unexpected(&room)),
    }
}

/// Makes a tournament.
///
/// # Errors
///
/// `bad_tournament`, `bad_text`, `bad_settings`, `unknown_game`, `forbidden`.
pub async fn create(
    rooms: &Rooms,
    who: &Identity,
    request: TournamentRequest,
    key: Option<CommandKey>,
) -> Result<TournamentRow, Problem> {
    let id = TournamentId(new_id(who, "tournament", key.as_ref()));
    act(rooms, who, id, &Command::Create(Box::new(request.creation()?)), key).await
}

/// A tournament as `who` may see it.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, id: TournamentId, who: Option<&Bearer>) -> Result<Tagged, Problem> {
    let room = tournament::room(id);
    let seen = rooms.view(&room, who.map_or(Caller::Nobody, Bearer::caller)).await?;
    let mut json = BytesMut::from(seen.json.strip_suffix(b"}").ok_or_else(|| unexpected(&room))?);
    json.extend_from_slice(format!(",\"server_time\":\"{}\"}}", server_time()).as_bytes());
    // What is seen depends on the reader, so the tag names them.
    let reader = who.map(|who| who.id().simple().to_string()).unwrap_or_default();
    let mut tagged = Tagged::new(seen);
    tagged.tag = EntityTag::new_weak(format!("{}.{reader}", tagged.tag.tag()));
    Ok(Tagged { json: json.freeze(), ..tagged })
}

/// The tournaments in `state`: those to come and those that are played by their beginning, the first first;
/// those that are over by their end, the last first.
///
/// # Errors
///
/// The store's problem.
pub async fn list(rooms: &Rooms, state: State, page: &Page) -> Result<Bytes, Problem> {
    let (table, descending) = match state {
        State::Upcoming => ("tournaments", false),
        State::Running => ("tournaments_running", false),
        State::Over => ("tournaments_over", true),
    };
    lists::page(rooms, Range { table, descending, ..Range::default() }, page).await
}

/// The tournaments that `who` registered for, the last first.
///
/// # Errors
///
/// The store's problem.
pub async fn own(rooms: &Rooms, who: &Identity, page: &Page) -> Result<Bytes, Problem> {
    let (table, prefix) = ("tournaments_by_player", format!("{}/", who.account));
    lists::page(rooms, Range { table, prefix, descending: true, ..Range::default() }, page).await
}

/// Lets `who` take part, under `name` or the user name.
///
/// # Errors
///
/// The room's refusal.
pub async fn register(
    rooms: &Rooms,
    who: &Identity,
    id: TournamentId,
    name: Option<String>,
    key: Option<CommandKey>,
) -> Result<TournamentRow, Problem> {
    let name = name.unwrap_or_else(|| short(&who.username));
    let entry = Entry { name, rating: rating(rooms, id, who.account).await };
    act(rooms, who, id, &Command::Register(entry), key).await
}

/// Lets somebody else take part, for its organizer.
///
/// # Errors
///
/// `no_such_user`; the room's refusal.
pub async fn add(
    app: &App,
    who: &Identity,
    id: TournamentId,
    request: AddRequest,
    key: Option<CommandKey>,
) -> Result<TournamentRow, Problem> {
    let AddRequest { username, name } = request;
    let found = app.accounts.find(&username).await?;
    let Some(account) = found.filter(|_| !username.contains('@')) else {
        let detail = format!("nobody has the user name '{username:.40}'");
        return Err(invalid("no_such_user", detail));
    };
    let name = name.unwrap_or_else(|| short(&username));
    let entry = Entry { name, rating: rating(&app.rooms, id, account).await };
    act(&app.rooms, who, id, &Command::Add { account, entry }, key).await
}

/// A user name as it is shown in matches.
fn short(username: &str) -> String {
    username.chars().take(NAME_MAX).collect()
}

/// What the leaderboard of the tournament's game counts `account` for; none for whoever has not played, or where
/// that cannot be found out now: then they are seeded as somebody new.
async fn rating(rooms: &Rooms, id: TournamentId, account: AccountId) -> Option<i32> {
    #[derive(serde::Deserialize)]
    struct Known {
        game: String,
    }
    let seen = rooms.view(&tournament::room(id), Caller::Nobody).await.ok()?;
    let Known { game } = serde_json::from_slice(&seen.json).ok()?;
    let ranks = league::ranks(rooms, &game, vec![account]).await.ok()?;
    let skill = ranks.first()?.skill;
    (skill != Skill::default()).then(|| skill.points())
}
