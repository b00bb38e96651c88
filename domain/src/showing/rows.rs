//! What lists show of a showing and its bookings.
//!
//! | table | key | row |
//! |---|---|---|
//! | `showings` | start / id | [`ShowingInfo`](super::ShowingInfo) |
//! | `showings_by_movie` | movie / start / id | the same |
//! | `showings_by_theater` | theatre / start / id | the same |
//! | `bookings` | id | [`BookingInfo`](super::BookingInfo) |
//! | `bookings_by_account` | account / time of booking / id | the same |
//! | `purchases` | id of the booking to be | [`Purchase`], while its payment is under way |

use playhouse_protocol::ids::{AccountId, BookingId, ShowingId};
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::plan::SeatIndex;
use super::{Booking, Charging, Showing};
use crate::rows::RowChange;
use crate::text::key_part;

/// A purchase whose payment is under way, for those who look up the booking to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The booking to be.
    pub id: BookingId,
    /// Whose.
    pub account_id: AccountId,
    /// The showing.
    pub showing_id: ShowingId,
}

/// What the newest event touched, for the changes and rows that follow from it. No part of the
/// state: a snapshot leaves it out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Touched {
    pub(super) seats: Vec<SeatIndex>,
    pub(super) booking: Option<BookingId>,
    /// The booking to be whose payment began or ended.
    pub(super) purchase: Option<BookingId>,
    /// Whose the booking was before, if it changed hands.
    pub(super) from: Option<AccountId>,
    /// True if the sales changed.
    pub(super) sales: bool,
}

impl PartialEq for Touched {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Touched {}

impl Showing {
    /// The seats that the newest event, `event`, made something else.
    pub(super) fn touched(&self, event: &Event) -> &[SeatIndex] {
        match event {
            Event::Opened(_) => &[],
            _ => &self.touched.seats,
        }
    }

    pub(super) fn rows_of(&self, event: &Event) -> Vec<RowChange> {
        let mut rows = Vec::new();
        if matches!(event, Event::Opened(_)) || !self.touched.seats.is_empty() {
            self.showing_rows(&mut rows);
        }
        if let Some(id) = self.touched.booking
            && let Some(booking) = self.bookings.get(&id)
        {
            if let Some(from) = self.touched.from.filter(|from| *from != booking.account) {
                let key = by_account(from, id, booking);
                rows.push(RowChange::delete("bookings_by_account", key));
            }
            self.booking_rows(id, booking, &mut rows);
        }
        if let Some(id) = self.touched.purchase {
            let charging = self.charges.values().find(|charging| charging.booking == id);
            let gone = || RowChange::delete("purchases", id.to_string());
            rows.push(charging.map_or_else(gone, |charging| self.purchase_row(charging)));
        }
        rows
    }

    pub(super) fn all_rows(&self) -> Vec<RowChange> {
        let mut rows = Vec::new();
        self.showing_rows(&mut rows);
        for (id, booking) in &self.bookings {
            self.booking_rows(*id, booking, &mut rows);
        }
        rows.extend(self.charges.values().map(|charging| self.purchase_row(charging)));
        rows
    }

    fn purchase_row(&self, charging: &Charging) -> RowChange {
        let (id, account_id) = (charging.booking, charging.account);
        let row = Purchase { id, account_id, showing_id: self.id };
        RowChange::put("purchases", id.to_string(), &row)
    }

    fn showing_rows(&self, rows: &mut Vec<RowChange>) {
        let Some(info) = self.info() else { return };
        let (start, id) = (info.starts_at, info.id);
        let row = RowChange::put("showings", format!("{start}/{id}"), &info);
        let by_movie = format!("{}/{start}/{id}", info.movie_id);
        let by_theater = format!("{}/{start}/{id}", key_part(&info.theater));
        for (table, key) in [("showings_by_movie", by_movie), ("showings_by_theater", by_theater)] {
            rows.push(RowChange { table: table.into(), key, value: row.value.clone() });
        }
        rows.push(row);
    }

    fn booking_rows(&self, id: BookingId, booking: &Booking, rows: &mut Vec<RowChange>) {
        let row = RowChange::put("bookings", id.to_string(), &self.booking_info(id, booking));
        let key = by_account(booking.account, id, booking);
        let table = "bookings_by_account".into();
        rows.push(RowChange { table, key, value: row.value.clone() });
        rows.push(row);
    }
}

fn by_account(account: AccountId, id: BookingId, booking: &Booking) -> String {
    format!("{account}/{}/{id}", booking.at)
}
