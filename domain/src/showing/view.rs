//! What is seen of a showing, as JSON.

use std::collections::BTreeMap;

use playhouse_protocol::ids::{AccountId, BookingId, HoldId, MovieId, ScreenId, ShowingId};
use serde::{Deserialize, Serialize};

use super::command::{BookingInfo, HoldInfo, WaitInfo};
use super::event::Event;
use super::plan::{SeatIndex, SeatKind};
use super::{Booking, Hold, Showing, Taken, Wait};
use crate::money::Money;
use crate::room::Audience;
use crate::time::Timestamp;

/// How many seats are what. They always add up to the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All seats.
    pub total: u32,
    /// On sale.
    pub free: u32,
    /// On hold.
    pub held: u32,
    /// Sold.
    pub sold: u32,
    /// Off sale.
    pub blocked: u32,
}

impl Totals {
    pub(super) fn of(&mut self, taken: Taken) -> &mut u32 {
        match taken {
            Taken::Free => &mut self.free,
            Taken::Held(_) => &mut self.held,
            Taken::Sold(_) => &mut self.sold,
            Taken::Blocked => &mut self.blocked,
        }
    }
}

/// What was earned. `paid` less `refunded` less `refunding` is what the live bookings cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sales {
    /// Bookings that are not cancelled.
    pub bookings: u32,
    /// Everything that was ever charged.
    pub paid: Money,
    /// What is being given back.
    pub refunding: Money,
    /// What was given back.
    pub refunded: Money,
}

/// A showing in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowingInfo {
    /// Its id.
    pub id: ShowingId,
    /// The movie.
    pub movie_id: MovieId,
    /// Its title.
    pub movie_title: String,
    /// The screen.
    pub screen_id: ScreenId,
    /// Its name.
    pub screen_name: String,
    /// The theatre.
    pub theater: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When the movie is over.
    pub ends_at: Timestamp,
    /// The price of each kind of seat.
    pub prices: BTreeMap<SeatKind, Money>,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// How many seats are what.
    pub seats: Totals,
    /// How many seats of each kind are free.
    pub free_by_kind: BTreeMap<SeatKind, u32>,
}

/// What an audience sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum View {
    /// What everybody sees.
    Public(SeatMap),
    /// What organizers see.
    Presenter {
        /// What everybody sees.
        #[serde(flatten)]
        map: SeatMap,
        /// What was earned.
        sales: Sales,
    },
    /// What one account sees of its own.
    Own(Mine),
}

/// The seat map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatMap {
    /// The showing.
    pub showing: ShowingInfo,
    /// Its rows from the front.
    pub rows: Vec<RowView>,
    /// How many seats are what.
    pub seats: Totals,
}

/// A row of the seat map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowView {
    /// Its name.
    pub row: String,
    /// Its seats by number.
    pub seats: Vec<SeatView>,
}

/// A seat of the seat map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatView {
    /// Its name.
    pub id: String,
    /// Its number in the row.
    pub number: u16,
    /// Its place in the row; an aisle takes a place too.
    pub x: u16,
    /// Its kind.
    pub kind: SeatKind,
    /// What it costs.
    pub price: Money,
    /// What it is now.
    pub state: SeatState,
}

/// What a seat is, for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeatState {
    /// On sale.
    Free,
    /// On hold; it may come back.
    Held,
    /// Sold.
    Sold,
    /// Off sale.
    Blocked,
}

impl From<Taken> for SeatState {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Free => Self::Free,
            Taken::Held(_) => Self::Held,
            Taken::Sold(_) => Self::Sold,
            Taken::Blocked => Self::Blocked,
        }
    }
}

/// What one account has here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mine {
    /// Its holds.
    pub holds: Vec<HoldInfo>,
    /// Its bookings, cancelled ones too.
    pub bookings: Vec<BookingInfo>,
    /// Its places on the wait list.
    pub waits: Vec<WaitInfo>,
}

/// What changed for everybody: the seats that are something else now, and the new totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What changed seats are now, by name.
    pub seats: BTreeMap<String, SeatState>,
    /// How many seats are what.
    pub totals: Totals,
    /// How many seats of each kind are free.
    pub free_by_kind: BTreeMap<SeatKind, u32>,
    /// For organizers: what was earned, if that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sales: Option<Sales>,
    /// The whole map, where the showing has just gone on sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<Box<SeatMap>>,
}

impl Change {
    pub(super) fn merge(&mut self, next: Self) {
        self.seats.extend(next.seats);
        self.totals = next.totals;
        self.free_by_kind = next.free_by_kind;
        self.sales = next.sales.or(self.sales.take());
        self.opened = next.opened.or(self.opened.take());
    }
}

impl Showing {
    pub(super) fn view_for(&self, audience: &Audience) -> Option<View> {
        match audience {
            Audience::Public => self.map().map(View::Public),
            Audience::Presenter => self.map().map(|map| View::Presenter { map, sales: self.sales }),
            Audience::Own(account) => self.house.as_ref().map(|_| View::Own(self.mine(*account))),
        }
    }

    pub(super) fn info(&self) -> Option<ShowingInfo> {
        let opening = &self.house.as_ref()?.opening;
        Some(ShowingInfo {
            id: self.id,
            movie_id: opening.movie,
            movie_title: opening.movie_title.clone(),
            screen_id: opening.screen,
            screen_name: opening.screen_name.clone(),
            theater: opening.theater.clone(),
            starts_at: opening.starts_at,
            ends_at: opening.ends_at,
            prices: opening.prices.clone(),
            currency: opening.currency.clone(),
            seats: self.totals,
            free_by_kind: self.free_by_kind.clone(),
        })
    }

    fn map(&self) -> Option<SeatMap> {
        let house = self.house.as_ref()?;
        let seat = |seat: &super::plan::Seat| SeatView {
            id: format!("{}{}", house.plan.rows()[seat.row].row, seat.number),
            number: seat.number,
            x: seat.x,
            kind: seat.kind,
            price: house.opening.prices.get(&seat.kind).copied().unwrap_or_default(),
            state: self.seats[usize::from(seat.index)].into(),
        };
        let rows = (0..house.plan.rows().len()).map(|row| RowView {
            row: house.plan.rows()[row].row.clone(),
            seats: house.plan.seats_of(row).iter().map(seat).collect(),
        });
        Some(SeatMap { showing: self.info()?, rows: rows.collect(), seats: self.totals })
    }

    fn mine(&self, account: AccountId) -> Mine {
        let waits = (1..).zip(self.waits.values()).filter(|(_, w)| w.account == account);
        let waits = waits.map(|(position, wait)| self.wait_info(wait, position)).collect();
        let Some(buyer) = self.buyers.get(&account) else {
            return Mine { waits, ..Mine::default() };
        };
        let hold = |id: &HoldId| self.holds.get(id).map(|hold| self.hold_info(*id, hold));
        let booking = |id: &BookingId| self.bookings.get(id).map(|b| self.booking_info(*id, b));
        Mine {
            holds: buyer.holds.iter().filter_map(hold).collect(),
            bookings: buyer.bookings.iter().filter_map(booking).collect(),
            waits,
        }
    }

    pub(super) fn hold_info(&self, id: HoldId, hold: &Hold) -> HoldInfo {
        let paying = hold.paying.and_then(|duty| self.charges.get(&duty));
        HoldInfo {
            hold_id: id,
            showing_id: self.id,
            seats: self.names(&hold.seats),
            until: paying.map_or(hold.until, |charging| charging.until),
            latest: hold.latest,
            extended: hold.extended,
            offer: hold.offer.is_some(),
            paying: hold.paying.is_some(),
            price: hold.price,
            currency: self.house.as_ref().map_or_else(String::new, |h| h.opening.currency.clone()),
        }
    }

    pub(super) fn booking_info(&self, id: BookingId, booking: &Booking) -> BookingInfo {
        let opening = &self.house.as_ref().expect("a showing with bookings was opened").opening;
        BookingInfo {
            id,
            account_id: booking.account,
            showing_id: self.id,
            movie_title: opening.movie_title.clone(),
            screen_name: opening.screen_name.clone(),
            theater: opening.theater.clone(),
            starts_at: opening.starts_at,
            seats: self.names(&booking.seats),
            price: booking.price,
            currency: opening.currency.clone(),
            name: booking.name.clone(),
            status: booking.status,
            booked_at: booking.at,
            cancel_until: opening.starts_at - opening.terms.cancel_before,
        }
    }

    pub(super) fn wait_info(&self, wait: &Wait, position: u32) -> WaitInfo {
        WaitInfo {
            wait_id: wait.id,
            showing_id: self.id,
            count: wait.count,
            kind: wait.kind,
            position,
            offered: wait.offered,
        }
    }

    /// What `event`, just applied, changed for `audience`. What one account has of its own is told
    /// to that account as news.
    pub(super) fn change_of(&self, event: &Event, audience: &Audience) -> Option<Change> {
        let sales = match audience {
            Audience::Public => None,
            Audience::Presenter => self.touched.sales.then_some(self.sales),
            Audience::Own(_) => return None,
        };
        let opened = match event {
            Event::Opened(_) => self.map().map(Box::new),
            _ => None,
        };
        let touched = self.touched(event);
        if touched.is_empty() && opened.is_none() && sales.is_none() {
            return None;
        }
        let state = |seat: &SeatIndex| {
            let taken = self.seats.get(usize::from(*seat)).copied().unwrap_or(Taken::Blocked);
            taken.into()
        };
        let names = self.names(touched);
        Some(Change {
            seats: names.into_iter().zip(touched.iter().map(state)).collect(),
            totals: self.totals,
            free_by_kind: self.free_by_kind.clone(),
            sales,
            opened,
        })
    }
}
