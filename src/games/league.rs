//! Leaderboards, players and friends by REST: what the league of a game says, as JSON.

use actix_web::http::StatusCode;
use playhouse_actors::handle::Rooms;
use playhouse_domain::games::friends::{self, Friends};
use playhouse_domain::games::league::{self, Command, League, Ranks, Reply};
use playhouse_domain::games::{find, kinds};
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{AccountId, CommandKey, RoomId};

use super::requests::LeaderboardQuery;
use super::shapes::league::{Friend, FriendList, Leaderboard, Player, PlayerGame, Seasons};
use crate::accounts::Identity;
use crate::asking::{ask_now, invalid, no_such, unexpected};
use crate::http::error::Problem;

/// How many places are shown where nothing else is asked for. 20.
const SHOWN: u16 = 20;

/// The league of `game`.
fn room(game: &str) -> Result<RoomId, Problem> {
    let kind = find(game).ok_or_else(|| no_such("game"))?;
    league::room(kind.name()).ok_or_else(|| no_such("game"))
}

async fn look(rooms: &Rooms, room: &RoomId, command: &Command) -> Result<Reply, Problem> {
    Ok(ask_now::<League>(rooms, Caller::System, room, None, command).await?.reply)
}

/// A part of the leaderboard of `game`, as `who` asks for it.
///
/// # Errors
///
/// `not_found` for a game that there is not, `not_logged_in` for one's own place without an account,
/// `invalid_query` for two questions in one.
pub async fn leaderboard(
    rooms: &Rooms,
    who: Option<&Identity>,
    game: &str,
    query: &LeaderboardQuery,
) -> Result<Leaderboard, Problem> {
    let room = room(game)?;
    let count = query.limit.unwrap_or(SHOWN);
    if count == 0 || usize::from(count) > league::PAGE_MAX {
        let detail = format!("limit is 1 to {}, not {count}", league::PAGE_MAX);
        return Err(invalid("invalid_query", detail));
    }
    let asked = [query.from.is_some(), query.around.is_some(), query.friends];
    if asked.iter().filter(|asked| **asked).count() > 1 {
        let detail = "ask for one of from, around and friends";
        return Err(invalid("invalid_query", detail));
    }
    let command = match (query.around.as_deref(), query.friends) {
        (Some(around), _) => Command::Around { account: named(who, around)?, count },
        (None, true) => Command::Among(with_friends(rooms, who.ok_or_else(nobody)?).await?),
        (None, false) => Command::Page { from: place(query.from)?, count },
    };
    match look(rooms, &room, &command).await? {
        Reply::Page(part) => Ok(Leaderboard::of(game, part)),
        _ => Err(unexpected(&room)),
    }
}

/// The place that is asked for; the first, if none is.
fn place(from: Option<u32>) -> Result<u32, Problem> {
    let (from, last) = (from.unwrap_or(1), league::PLAYERS_MAX as u32);
    match from {
        0 => Err(invalid("invalid_query", "from is 1 or more, not 0")),
        _ if from > last => Err(invalid("invalid_query", format!("from is at most {last}"))),
        _ => Ok(from),
    }
}

/// The account that `around` names: `me`, or an id.
fn named(who: Option<&Identity>, around: &str) -> Result<AccountId, Problem> {
    if around == "me" {
        return Ok(who.ok_or_else(nobody)?.account);
    }
    around.parse().map_err(|_| invalid("invalid_query", "around is me, or the id of an account"))
}

fn nobody() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not_logged_in", "log in to see your own place")
}

/// `who` and their friends.
async fn with_friends(rooms: &Rooms, who: &Identity) -> Result<Vec<AccountId>, Problem> {
    let list = friend_ids(rooms, who, friends::Command::List, None).await?;
    Ok(std::iter::once(who.account).chain(list).collect())
}

async fn friend_ids(
    rooms: &Rooms,
    who: &Identity,
    command: friends::Command,
    key: Option<CommandKey>,
) -> Result<Vec<AccountId>, Problem> {
    let room = friends::room(who.account);
    Ok(ask_now::<Friends>(rooms, who, &room, key, &command).await?.reply)
}

/// The past seasons of `game`, the newest first.
///
/// # Errors
///
/// `not_found` for a game that there is not.
pub async fn seasons(rooms: &Rooms, game: &str) -> Result<Seasons, Problem> {
    let room = room(game)?;
    match look(rooms, &room, &Command::Seasons).await? {
        Reply::Seasons(past) => Ok(Seasons::of(game, past)),
        _ => Err(unexpected(&room)),
    }
}

/// Ends the season of `game` and begins the next one.
///
/// # Errors
///
/// `forbidden` for whoever does not administer; `not_found` for a game that there is not.
pub async fn begin_season(
    rooms: &Rooms,
    who: &Identity,
    game: &str,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    ask_now::<League>(rooms, who, &room(game)?, key, &Command::BeginSeason).await?;
    Ok(())
}

/// How good `accounts` are thought to be at `game`, as they are given.
///
/// # Errors
///
/// `not_found` for a game that there is not.
pub async fn ranks(
    rooms: &Rooms,
    game: &str,
    accounts: Vec<AccountId>,
) -> Result<Vec<Ranks>, Problem> {
    let room = room(game)?;
    match look(rooms, &room, &Command::Ranks(accounts)).await? {
        Reply::Ranks(ranks) => Ok(ranks),
        _ => Err(unexpected(&room)),
    }
}

/// What the leagues say of a player: nothing of whoever played no match that counts in this season, be it an
/// account or not.
///
/// # Errors
///
/// The store's problem.
pub async fn player(rooms: &Rooms, id: AccountId) -> Result<Player, Problem> {
    let mut games = Vec::new();
    let mut name = None;
    for kind in kinds() {
        for Ranks { skill, ranked, .. } in ranks(rooms, kind.name(), vec![id]).await? {
            let Some(ranked) = ranked else { continue };
            name.get_or_insert_with(|| ranked.name.clone());
            games.push(PlayerGame::of(kind.name(), skill, ranked));
        }
    }
    Ok(Player { id: id.to_string(), name, games })
}

/// Does something to the friends of `who`, which answers who they are then.
///
/// # Errors
///
/// The room's refusal.
pub async fn befriend(
    rooms: &Rooms,
    who: &Identity,
    command: friends::Command,
    key: Option<CommandKey>,
) -> Result<FriendList, Problem> {
    let ids = friend_ids(rooms, who, command, key).await?;
    Ok(FriendList { items: ids.iter().map(|id| Friend { id: id.to_string() }).collect() })
}
