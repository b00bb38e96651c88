//! Looking for a match.

use bytes::Bytes;
use playhouse_actors::handle::Rooms;
use playhouse_domain::games::find;
use playhouse_domain::games::league::Ranks;
use playhouse_domain::matchmaking::{
    self, Command, Matchmaking, Member, Region, Reply, TicketInfo, Wish,
};
use playhouse_domain::party::{self, Party};
use playhouse_protocol::ids::{AccountId, CommandKey, PartyId, RoomId, TicketId};

use super::name_of;
use super::parties;
use super::requests::{RegionRequest, TicketRequest};
use crate::accounts::Identity;
use crate::asking::{Outcome, ask, ask_now, no_such, unexpected};
use crate::games::league;
use crate::http::error::Problem;

/// The room in which people wait for a match of `game`.
fn room(game: &str) -> Result<RoomId, Problem> {
    let kind = find(game).ok_or_else(|| no_such("game"))?;
    matchmaking::room(kind.name()).ok_or_else(|| no_such("game"))
}

/// The room that has `ticket`.
fn room_of(ticket: TicketId) -> Result<RoomId, Problem> {
    let game = matchmaking::game_of(ticket).ok_or_else(|| no_such("ticket"))?;
    matchmaking::room(game).ok_or_else(|| no_such("ticket"))
}

/// Looks for a match for `who`, or for their party.
///
/// # Errors
///
/// The rooms' refusals.
pub async fn create(
    rooms: &Rooms,
    who: &Identity,
    request: TicketRequest,
    key: Option<CommandKey>,
) -> Result<Outcome<TicketInfo>, Problem> {
    let room = room(&request.game)?;
    let regions = request.regions.into_iter().map(region).collect();
    if let Some(id) = request.party {
        return for_party(rooms, who, id, (request.game, regions), key).await;
    }
    let members = members(rooms, &request.game, [(who.account, name_of(who))]).await?;
    let wish = Wish { id: None, party: None, members, regions };
    let command = Command::Queue(Box::new(wish));
    told(&room, ask_now::<Matchmaking>(rooms, who, &room, key, &command).await?.reply)
        .map(Outcome::Done)
}

/// The party's room makes the ticket, so that it knows of it when somebody goes.
async fn for_party(
    rooms: &Rooms,
    who: &Identity,
    id: PartyId,
    (game, regions): (String, Vec<Region>),
    key: Option<CommandKey>,
) -> Result<Outcome<TicketInfo>, Problem> {
    let room = party::room(id);
    let info = parties::act(rooms, who, id, &party::Command::Info, None).await?;
    let those = info.members.into_iter().map(|member| (member.account, member.name));
    let members = members(rooms, &game, those).await?;
    let command = party::Command::Search { game, members, regions };
    let look = |_| format!("/api/parties/{id}");
    match ask::<Party>(rooms, who, &room, key, &command, look).await? {
        Outcome::Pending(pending) => Ok(Outcome::Pending(pending)),
        Outcome::Done(told) => match told.reply {
            party::Reply::Ticket(info) => Ok(Outcome::Done(*info)),
            _ => Err(unexpected(&room)),
        },
    }
}

fn region(request: RegionRequest) -> Region {
    Region { name: request.region, ms: request.ms }
}

/// `those` with how well they play `game`.
async fn members(
    rooms: &Rooms,
    game: &str,
    those: impl IntoIterator<Item = (AccountId, String)>,
) -> Result<Vec<Member>, Problem> {
    let (accounts, names): (Vec<_>, Vec<_>) = those.into_iter().unzip();
    let ranks = league::ranks(rooms, game, accounts).await?;
    let all = ranks.into_iter().zip(names);
    let member = |(Ranks { account, skill, .. }, name)| Member { account, name, skill };
    Ok(all.map(member).collect())
}

fn told(room: &RoomId, reply: Reply) -> Result<TicketInfo, Problem> {
    match reply {
        Reply::Ticket(info) => Ok(*info),
        Reply::Noted => Err(unexpected(room)),
    }
}

/// A ticket of `who`.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, who: &Identity, ticket: TicketId) -> Result<TicketInfo, Problem> {
    act(rooms, who, ticket, &Command::Look { ticket }, None).await
}

/// Takes a ticket of `who` back.
///
/// # Errors
///
/// `not_found`.
pub async fn cancel(
    rooms: &Rooms,
    who: &Identity,
    ticket: TicketId,
    key: Option<CommandKey>,
) -> Result<TicketInfo, Problem> {
    act(rooms, who, ticket, &Command::Cancel { ticket }, key).await
}

async fn act(
    rooms: &Rooms,
    who: &Identity,
    ticket: TicketId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<TicketInfo, Problem> {
    let room = room_of(ticket)?;
    told(&room, ask_now::<Matchmaking>(rooms, who, &room, key, command).await?.reply)
}

/// Those who wait for a match of `game`, with the newest ticket of `who`.
///
/// # Errors
///
/// `not_found` for a game that there is not.
pub async fn queue(rooms: &Rooms, who: &Identity, game: &str) -> Result<Bytes, Problem> {
    Ok(rooms.view(&room(game)?, who.caller()).await?.json)
}
