//! One showing's seats: the map, and every command about them.

use actix_web::http::header::EntityTag;
use bytes::{BufMut, Bytes, BytesMut};
use playhouse_actors::handle::{Rooms, Seen};
use playhouse_domain::room::{Audience, Role, Ticket};
use playhouse_domain::showing::view::Mine;
use playhouse_domain::showing::{Command, Reply, Showing, Want};
use playhouse_protocol::ids::{CommandKey, HoldId, ShowingId, WaitId};

use super::requests::{
    BlockRequest, HoldRequest, PurchaseRequest, SEAT_CHARS_MAX, SEATS_MAX, UnblockRequest,
    WaitRequest,
};
use super::shapes;
use super::showings::room;
use crate::asking::{Outcome, Tagged, Told, ask, ask_now, invalid, server_time, unexpected};
use crate::http::auth::Identity;
use crate::http::error::Problem;

/// A showing's seats as `who` may see them: with the own part of whoever is logged in, and the
/// sales for organizers.
///
/// # Errors
///
/// `not_found`.
pub async fn map(
    rooms: &Rooms,
    showing: ShowingId,
    who: Option<&Identity>,
) -> Result<Tagged, Problem> {
    let room = room(showing);
    let organizes = who.is_some_and(|who| who.role >= Role::Organizer);
    let audience = if organizes { Audience::Presenter } else { Audience::Public };
    let seen = rooms.view(&room, audience).await?;
    let Some(who) = who else {
        let json = with_rest(&seen, None).ok_or_else(|| unexpected(&room))?;
        return Ok(Tagged { json, ..Tagged::new(seen) });
    };
    let own = rooms.view(&room, Audience::Own(who.account)).await?;
    let mine: Mine = serde_json::from_slice(&own.json).map_err(|_| unexpected(&room))?;
    let mine = shapes::Mine::new(mine, own.position.offset);
    let json = with_rest(&seen, Some(&mine)).ok_or_else(|| unexpected(&room))?;
    // What is seen depends on the reader too, and the own part may be newer than the map.
    let position = &seen.position;
    let (offset, epoch) = (position.offset, &position.epoch);
    let reader = format!("{}-{}", who.account.0.simple(), u8::from(organizes));
    let tag = format!("{offset}.{epoch}.{}.{reader}", own.position.offset);
    Ok(Tagged { tag: EntityTag::new_weak(tag), json })
}

/// The room's own JSON, with what it does not know added to the end.
fn with_rest(seen: &Seen, mine: Option<&shapes::Mine>) -> Option<Bytes> {
    let map = seen.json.strip_suffix(b"}")?;
    let mut json = BytesMut::with_capacity(seen.json.len() + 512);
    json.put_slice(map);
    json.put_slice(format!(",\"revision\":{}", seen.position.offset).as_bytes());
    if let Some(mine) = mine {
        json.put_slice(b",\"mine\":");
        json.put_slice(&serde_json::to_vec(mine).ok()?);
    }
    json.put_slice(format!(",\"server_time\":\"{}\"}}", server_time()).as_bytes());
    Some(json.freeze())
}

/// Keeps a request small before it reaches the room.
fn check_seats(seats: &[String]) -> Result<(), Problem> {
    if seats.len() > SEATS_MAX {
        let detail = format!("name at most {SEATS_MAX} seats at once, not {}", seats.len());
        return Err(invalid("bad_count", detail));
    }
    let long: Vec<String> = seats
        .iter()
        .filter(|seat| seat.chars().count() > SEAT_CHARS_MAX)
        .map(|seat| seat.chars().take(SEAT_CHARS_MAX).collect())
        .collect();
    if long.is_empty() {
        return Ok(());
    }
    let detail = format!("a seat's name has at most {SEAT_CHARS_MAX} characters");
    Err(invalid("no_such_seat", detail).with("seats", long))
}

async fn tell(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    key: Option<CommandKey>,
    command: Command,
) -> Result<Told<Reply>, Problem> {
    ask_now::<Showing>(rooms, who, &room(showing), key, &command).await
}

fn hold_of(showing: ShowingId, told: Told<Reply>) -> Result<shapes::Hold, Problem> {
    match told.reply {
        Reply::Hold(hold) => Ok(shapes::Hold::new(hold, told.revision)),
        _ => Err(unexpected(&room(showing))),
    }
}

/// Sets seats aside.
///
/// # Errors
///
/// `invalid_body` if not exactly one of `seats` and `best` is given, and the room's refusal.
pub async fn hold(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    request: HoldRequest,
    key: Option<CommandKey>,
) -> Result<shapes::Hold, Problem> {
    let HoldRequest { seats, best, kind, expect } = request;
    let seats = match (seats, best) {
        (Some(seats), None) if kind.is_none() => Want::Named(seats),
        (None, Some(count)) => Want::Best { count, kind },
        _ => {
            let detail = "give either seats, or best and perhaps kind";
            return Err(invalid("invalid_body", detail));
        }
    };
    if let Want::Named(seats) = &seats {
        check_seats(seats)?;
    }
    let command = Command::Hold { seats, expect, name: who.username.clone() };
    hold_of(showing, tell(rooms, who, showing, key, command).await?)
}

/// Gives held seats back.
///
/// # Errors
///
/// The room's refusal.
pub async fn release(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    hold: HoldId,
    expect: Option<u64>,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    tell(rooms, who, showing, key, Command::Release { hold, expect }).await.map(drop)
}

/// Moves a hold's deadline on.
///
/// # Errors
///
/// The room's refusal.
pub async fn extend(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    hold: HoldId,
    expect: Option<u64>,
    key: Option<CommandKey>,
) -> Result<shapes::Hold, Problem> {
    let command = Command::Extend { hold, expect };
    hold_of(showing, tell(rooms, who, showing, key, command).await?)
}

/// Buys held seats.
///
/// # Errors
///
/// The room's refusal, `payment_declined` among them.
pub async fn purchase(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    hold: HoldId,
    request: PurchaseRequest,
    key: Option<CommandKey>,
) -> Result<Outcome<shapes::Booking>, Problem> {
    let PurchaseRequest { payment_token, name, expect } = request;
    let command = Command::Purchase { hold, payment_token, name, expect };
    let room = room(showing);
    // The booking to be has the id of the ticket.
    let look = |Ticket(booking): Ticket| format!("/api/bookings/{booking}");
    match ask::<Showing>(rooms, who, &room, key, &command, look).await? {
        Outcome::Done(Told { reply: Reply::Booking(booking), .. }) => {
            Ok(Outcome::Done(booking.into()))
        }
        Outcome::Done(_) => Err(unexpected(&room)),
        Outcome::Pending(pending) => Ok(Outcome::Pending(pending)),
    }
}

/// Keeps seats for the house.
///
/// # Errors
///
/// The room's refusal.
pub async fn block(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    request: BlockRequest,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    let BlockRequest { seats, reason, expect } = request;
    check_seats(&seats)?;
    tell(rooms, who, showing, key, Command::Block { seats, reason, expect }).await.map(drop)
}

/// Gives seats of the house back to the sale.
///
/// # Errors
///
/// The room's refusal.
pub async fn unblock(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    request: UnblockRequest,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    let UnblockRequest { seats, expect } = request;
    check_seats(&seats)?;
    tell(rooms, who, showing, key, Command::Unblock { seats, expect }).await.map(drop)
}

/// Joins the wait list.
///
/// # Errors
///
/// The room's refusal.
pub async fn join(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    request: WaitRequest,
    key: Option<CommandKey>,
) -> Result<shapes::Wait, Problem> {
    let WaitRequest { count, kind } = request;
    let command = Command::JoinWaitlist { count, kind, name: who.username.clone() };
    match tell(rooms, who, showing, key, command).await?.reply {
        Reply::Wait(wait) => Ok(wait.into()),
        _ => Err(unexpected(&room(showing))),
    }
}

/// Leaves the wait list.
///
/// # Errors
///
/// The room's refusal.
pub async fn leave(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    wait: WaitId,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    tell(rooms, who, showing, key, Command::LeaveWaitlist { wait }).await.map(drop)
}
