//! Bookings: one's own, by list and by id, and what can be done with them.

use bytes::Bytes;
use playhouse_actors::handle::{AskError, Rooms};
use playhouse_actors::journal::RowQuery;
use playhouse_domain::account::{Account, names};
use playhouse_domain::room::{Audience, Role, Rules};
use playhouse_domain::showing::{BookingInfo, Command, Purchase, Reply, Showing};
use playhouse_domain::unique::View;
use playhouse_protocol::ids::{AccountId, BookingId, CommandKey, ShowingId};
use serde::de::DeserializeOwned;

use super::requests::TransferRequest;
use super::shapes::Booking;
use super::showings::room;
use crate::asking::{Outcome, Pending, ask_now, invalid, no_such, unexpected};
use crate::http::auth::Identity;
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

/// One's own bookings, newest first.
///
/// # Errors
///
/// The store's problem.
pub async fn mine(rooms: &Rooms, who: &Identity, page: &Page) -> Result<Bytes, Problem> {
    let range = Range {
        table: "bookings_by_account",
        prefix: format!("{}/", who.account),
        descending: true,
        ..Range::default()
    };
    lists::page(rooms, range, page).await
}

/// The row `key` of `table`.
async fn row<T: DeserializeOwned>(
    rooms: &Rooms,
    table: &str,
    key: BookingId,
) -> Result<Option<T>, Problem> {
    let (table, prefix) = (table.to_owned(), key.to_string());
    let query = RowQuery { table, prefix, after: None, before: None, descending: false, limit: 1 };
    let row = rooms.rows(query).await?.pop();
    Ok(row.and_then(|row| serde_json::from_str(&row.value).ok()))
}

/// A booking that is the caller's, or any for organizers.
async fn find(
    rooms: &Rooms,
    who: &Identity,
    booking: BookingId,
) -> Result<Option<BookingInfo>, Problem> {
    let found: Option<BookingInfo> = row(rooms, "bookings", booking).await?;
    let may = |info: &BookingInfo| info.account_id == who.account || who.role >= Role::Organizer;
    Ok(found.filter(may))
}

/// One booking, or how its payment stands.
///
/// # Errors
///
/// `not_found`, also for other people's and once a payment has failed.
pub async fn one(
    rooms: &Rooms,
    who: &Identity,
    booking: BookingId,
) -> Result<Outcome<Booking>, Problem> {
    // In this order: a purchase that goes through in between is found as a booking.
    let purchase: Option<Purchase> = row(rooms, "purchases", booking).await?;
    if purchase.is_some_and(|purchase| purchase.account_id == who.account) {
        return Ok(Outcome::Pending(Pending::new(booking)));
    }
    let found = find(rooms, who, booking).await?.ok_or_else(|| no_such("booking"))?;
    Ok(Outcome::Done(found.into()))
}

async fn change(
    rooms: &Rooms,
    who: &Identity,
    showing: ShowingId,
    key: Option<CommandKey>,
    command: &Command,
) -> Result<Booking, Problem> {
    let room = room(showing);
    match ask_now::<Showing>(rooms, who, &room, key, command).await?.reply {
        Reply::Booking(booking) => Ok(booking.into()),
        _ => Err(unexpected(&room)),
    }
}

/// Which showing a booking belongs to. The rules decide whether the caller may change it: a repeat
/// of a transfer must find its answer although the booking is another's by now.
async fn showing_of(rooms: &Rooms, booking: BookingId) -> Result<ShowingId, Problem> {
    let found: Option<BookingInfo> = row(rooms, "bookings", booking).await?;
    found.map(|info| info.showing_id).ok_or_else(|| no_such("booking"))
}

/// Cancels a booking.
///
/// # Errors
///
/// The room's refusal.
pub async fn cancel(
    rooms: &Rooms,
    who: &Identity,
    booking: BookingId,
    expect: Option<u64>,
    key: Option<CommandKey>,
) -> Result<Booking, Problem> {
    let showing = showing_of(rooms, booking).await?;
    change(rooms, who, showing, key, &Command::Cancel { booking, expect }).await
}

/// Passes a booking on to another name, and to another account if one is named.
///
/// # Errors
///
/// `no_such_user`, and the room's refusal.
pub async fn transfer(
    rooms: &Rooms,
    who: &Identity,
    booking: BookingId,
    request: TransferRequest,
    key: Option<CommandKey>,
) -> Result<Booking, Problem> {
    let TransferRequest { name: to, username, expect } = request;
    let showing = showing_of(rooms, booking).await?;
    let to_account = match username {
        Some(username) => Some(account_of(rooms, &username).await?),
        None => None,
    };
    let command = Command::Transfer { booking, to, to_account, expect };
    change(rooms, who, showing, key, &command).await
}

/// The account that has the user name `username`.
pub(crate) async fn account_of(rooms: &Rooms, username: &str) -> Result<AccountId, Problem> {
    let nobody = || {
        let shown: String = username.chars().take(32).collect();
        invalid("no_such_user", format!("nobody has the user name '{shown}'"))
    };
    let username = names::username(username).map_err(|_| nobody())?;
    let seen = match rooms.view(&names::username_room(&username), Audience::Public).await {
        Ok(seen) => seen,
        Err(AskError::NoSuchRoom) => return Err(nobody()),
        Err(error) => return Err(error.into()),
    };
    let owner = serde_json::from_slice::<View>(&seen.json).ok().map(|view| view.owner);
    let account = owner.filter(|owner| owner.kind() == Account::KIND).and_then(|o| o.uuid());
    account.map(AccountId).ok_or_else(nobody)
}
