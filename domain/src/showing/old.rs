//! Reading what schema 1 wrote.
//!
//! Schema 2 stores a plan as its rows alone, keeps what each buyer has, and lets one event name
//! every hold or payment whose time is over.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::codec::{self, DecodeError};
use playhouse_protocol::ids::{AccountId, BookingId, HoldId, ShowingId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::part::Reasons;
use super::plan::SeatIndex;
use super::rows::Touched;
use super::*;

/// The numbers that schema 1 gave `Expired` and `PaymentTimedOut`, each of which names one thing.
const EXPIRED: u32 = 4;
const PAYMENT_TIMED_OUT: u32 = 7;

/// Reads an event of schema 1.
pub(super) fn event_1(bytes: &[u8]) -> Result<Event, DecodeError> {
    // An event is stored as its number and its fields, and no number here is over one byte.
    match bytes.first().copied().map(u32::from) {
        Some(EXPIRED) => Ok(Event::Expired { holds: vec![field(bytes)?] }),
        Some(PAYMENT_TIMED_OUT) => Ok(Event::PaymentsTimedOut { charges: vec![field(bytes)?] }),
        _ => codec::decode(bytes),
    }
}

/// The only field of an event.
fn field<T: DeserializeOwned>(event: &[u8]) -> Result<T, DecodeError> {
    codec::decode::<(u32, T)>(event).map(|(_, field)| field)
}

/// Reads a state of schema 1.
pub(super) fn state_1(bytes: &[u8]) -> Result<Showing, String> {
    let old: Showing1 = codec::decode(bytes).map_err(|e| e.to_string())?;
    let house = match old.house {
        Some(house) => {
            let plan = SeatPlan::new(house.plan.rows).map_err(|refusal| refusal.message)?;
            Some(Box::new(House { opening: house.opening, plan }))
        }
        None => None,
    };
    let mut showing = Showing {
        id: old.id,
        house,
        seats: old.seats,
        holds: old.holds,
        bookings: old.bookings,
        buyers: BTreeMap::new(),
        waits: old.waits,
        charges: old.charges,
        refunds: old.refunds,
        tells: old.tells,
        duties_given: old.duties_given,
        waits_given: old.waits_given,
        deadlines: old.deadlines,
        check_waitlist: old.check_waitlist,
        totals: old.totals,
        free_by_kind: old.free_by_kind,
        sales: old.sales,
        touched: Touched::default(),
        reasons: Reasons::default(),
    };
    showing.buyers = showing.count_buyers();
    Ok(showing)
}

impl Showing {
    /// What every account has, counted anew.
    fn count_buyers(&self) -> BTreeMap<AccountId, Buyer> {
        let mut buyers: BTreeMap<AccountId, Buyer> = BTreeMap::new();
        for (id, hold) in &self.holds {
            let buyer = buyers.entry(hold.account).or_default();
            buyer.seats += hold.seats.len() as u32;
            buyer.holds.insert(*id);
        }
        for (id, booking) in &self.bookings {
            let buyer = buyers.entry(booking.account).or_default();
            if booking.status == BookingStatus::Paid {
                buyer.seats += booking.seats.len() as u32;
            }
            buyer.bookings.insert(*id);
        }
        for charging in self.charges.values().filter(|charging| charging.hold.is_none()) {
            buyers.entry(charging.account).or_default().seats += charging.seats.len() as u32;
        }
        buyers
    }
}

/// [`Showing`] as schema 1 stored it.
#[derive(Deserialize)]
struct Showing1 {
    id: ShowingId,
    house: Option<House1>,
    seats: Vec<Taken>,
    holds: BTreeMap<HoldId, Hold>,
    bookings: BTreeMap<BookingId, Booking>,
    waits: BTreeMap<u64, Wait>,
    charges: BTreeMap<DutyId, Charging>,
    refunds: BTreeMap<DutyId, Refunding>,
    tells: BTreeMap<DutyId, (AccountId, Notice)>,
    duties_given: u64,
    waits_given: u64,
    deadlines: BTreeSet<(Timestamp, Deadline)>,
    check_waitlist: bool,
    totals: Totals,
    free_by_kind: BTreeMap<SeatKind, u32>,
    sales: Sales,
}

#[derive(Deserialize)]
struct House1 {
    opening: Opening,
    plan: SeatPlan1,
}

/// Rows, and the index of each row's first seat.
#[derive(Deserialize)]
struct SeatPlan1 {
    rows: Vec<RowSpec>,
    #[serde(rename = "starts")]
    _starts: Vec<SeatIndex>,
}
