//! What buyers were told, and whether it holds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A seat belongs to two bookings.
    #[error("seat {seat} was sold in {first} and in {second}")]
    SoldTwice {
        /// The seat.
        seat: String,
        /// One booking.
        first: String,
        /// The other.
        second: String,
    },
    /// A booking that was acknowledged is not there, or differs.
    #[error("booking {id} was acknowledged as {told} and is {found}")]
    Lost {
        /// The booking.
        id: String,
        /// What the buyer was told.
        told: String,
        /// What is there.
        found: String,
    },
    /// A booking is there that nobody was told of: something happened twice.
    #[error("booking {id} is there and nobody was told of it: {found}")]
    Untold {
        /// The booking.
        id: String,
        /// What is there.
        found: String,
    },
    /// A sum does not add up.
    #[error("{what} is {found}, by the buyers' own logs {expected}")]
    Sum {
        /// Of what.
        what: String,
        /// What the server says.
        found: String,
        /// What it should be.
        expected: String,
    },
}

/// The buyers' own log of one showing: append-only, what was acknowledged.
#[derive(Debug, Default)]
pub struct History {
    bookings: BTreeMap<String, Value>,
    cancelled: BTreeSet<String>,
}

/// An amount as in `9.50`, in cents.
#[must_use]
pub fn cents(amount: &Value) -> u64 {
    let text = amount.as_str().unwrap_or("0");
    let (whole, rest) = text.split_once('.').unwrap_or((text, "00"));
    whole.parse::<u64>().unwrap_or_default() * 100 + rest.parse::<u64>().unwrap_or_default()
}

fn seats(booking: &Value) -> impl Iterator<Item = &str> {
    booking["seats"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

impl History {
    /// A booking was acknowledged.
    pub fn booked(&mut self, booking: Value) {
        let id = booking["id"].as_str().unwrap_or_default().to_owned();
        self.bookings.insert(id, booking);
    }

    /// A cancellation was acknowledged.
    pub fn cancelled(&mut self, id: &str) {
        self.cancelled.insert(id.to_owned());
    }

    /// How many bookings were acknowledged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bookings.len()
    }

    /// True if none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bookings.is_empty()
    }

    /// Every booking that was acknowledged and not cancelled.
    pub fn live(&self) -> impl Iterator<Item = &Value> {
        self.bookings.iter().filter(|(id, _)| !self.cancelled.contains(*id)).map(|(_, b)| b)
    }

    /// No seat was sold twice among what was acknowledged.
    ///
    /// # Errors
    ///
    /// [`Broken::SoldTwice`].
    pub fn no_seat_twice(&self) -> Result<(), Broken> {
        let mut owner: BTreeMap<&str, &str> = BTreeMap::new();
        for booking in self.live() {
            let id = booking["id"].as_str().unwrap_or_default();
            for seat in seats(booking) {
                if let Some(first) = owner.insert(seat, id) {
                    let (seat, first, second) = (seat.into(), first.into(), id.into());
                    return Err(Broken::SoldTwice { seat, first, second });
                }
            }
        }
        Ok(())
    }

    /// Each acknowledged booking is among `found`, the buyers' lists, with the same seats and price,
    /// and cancelled ones are cancelled.
    ///
    /// # Errors
    ///
    /// [`Broken::Lost`].
    pub fn all_there(&self, found: &BTreeMap<String, Value>) -> Result<(), Broken> {
        for (id, told) in &self.bookings {
            let nothing = Value::Null;
            let there = found.get(id).unwrap_or(&nothing);
            let same = told["seats"] == there["seats"] && told["price"] == there["price"];
            let paid = there["status"] == "paid";
            if !same || paid == self.cancelled.contains(id) {
                let (told, found) = (told.to_string(), there.to_string());
                return Err(Broken::Lost { id: id.clone(), told, found });
            }
        }
        Ok(())
    }

    /// Nothing is among `found` but what was acknowledged.
    ///
    /// # Errors
    ///
    /// [`Broken::Untold`].
    pub fn nothing_else(&self, found: &BTreeMap<String, Value>) -> Result<(), Broken> {
        match found.iter().find(|(id, _)| !self.bookings.contains_key(*id)) {
            Some((id, found)) => Err(Broken::Untold { id: id.clone(), found: found.to_string() }),
            None => Ok(()),
        }
    }

    /// The organizer's figures (`seats` totals and `sales`) are what the acknowledged bookings add
    /// up to.
    ///
    /// # Errors
    ///
    /// [`Broken::Sum`].
    pub fn adds_up(&self, seat_map: &Value) -> Result<(), Broken> {
        let sold: usize = self.live().map(|booking| seats(booking).count()).sum();
        let live: u64 = self.live().map(|booking| cents(&booking["price"])).sum();
        let sales = &seat_map["sales"];
        let given_back = cents(&sales["refunded"]) + cents(&sales["refunding"]);
        equal("seats sold", &seat_map["seats"]["sold"].to_string(), &sold.to_string())?;
        equal("bookings", &sales["bookings"].to_string(), &self.live().count().to_string())?;
        let kept = cents(&sales["paid"]).saturating_sub(given_back);
        equal("money kept, in cents", &kept.to_string(), &live.to_string())?;
        let states = ["free", "held", "sold", "blocked"].map(|s| seat_map["seats"][s].as_u64());
        let total: u64 = states.into_iter().flatten().sum();
        equal("all seats", &seat_map["seats"]["total"].to_string(), &total.to_string())
    }
}

fn equal(what: &str, found: &str, expected: &str) -> Result<(), Broken> {
    if found == expected {
        return Ok(());
    }
    let (what, found, expected) = (what.into(), found.into(), expected.into());
    Err(Broken::Sum { what, found, expected })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn booking(id: &str, seat: &str) -> Value {
        json!({ "id": id, "seats": [seat], "price": "9.50", "status": "paid" })
    }

    #[test]
    fn a_seat_that_was_sold_twice_is_found() {
        let mut history = History::default();
        history.booked(booking("a", "A1"));
        history.booked(booking("b", "A1"));
        assert!(matches!(history.no_seat_twice(), Err(Broken::SoldTwice { .. })));
        history.cancelled("a");
        assert_eq!(history.no_seat_twice(), Ok(()));
    }

    #[test]
    fn a_booking_that_is_lost_or_changed_is_found() {
        let mut history = History::default();
        history.booked(booking("a", "A1"));
        let there = |b: Value| BTreeMap::from([("a".to_owned(), b)]);
        assert_eq!(history.all_there(&there(booking("a", "A1"))), Ok(()));
        assert!(history.all_there(&BTreeMap::new()).is_err());
        assert!(history.all_there(&there(booking("a", "A2"))).is_err());
        history.cancelled("a");
        assert!(history.all_there(&there(booking("a", "A1"))).is_err());
    }

    #[test]
    fn money_that_does_not_add_up_is_found() {
        let mut history = History::default();
        history.booked(booking("a", "A1"));
        let map = |paid: &str| {
            json!({ "seats": { "total": 2, "free": 1, "held": 0, "sold": 1, "blocked": 0 },
                "sales": { "bookings": 1, "paid": paid, "refunding": "0.00", "refunded": "0.00" } })
        };
        assert_eq!(history.adds_up(&map("9.50")), Ok(()));
        assert!(history.adds_up(&map("19.00")).is_err());
    }

    #[test]
    fn a_booking_that_was_made_twice_is_named() {
        let mut history = History::default();
        history.booked(booking("a", "A1"));
        let once = BTreeMap::from([("a".to_owned(), booking("a", "A1"))]);
        assert_eq!(history.nothing_else(&once), Ok(()));
        let mut twice = once;
        twice.insert("b".to_owned(), booking("b", "A2"));
        assert_eq!(history.all_there(&twice), Ok(()), "nothing is lost");
        let broken = history.nothing_else(&twice).unwrap_err();
        assert!(matches!(&broken, Broken::Untold { id, .. } if id == "b"), "{broken}");
    }

    #[test]
    fn each_fault_of_a_server_is_named_with_the_booking_and_the_seat() {
        let mut history = History::default();
        history.booked(booking("a", "A1"));
        history.booked(booking("b", "A1"));
        let (seat, first, second) = ("A1".into(), "a".into(), "b".into());
        assert_eq!(history.no_seat_twice(), Err(Broken::SoldTwice { seat, first, second }));
        let only_a = BTreeMap::from([("a".to_owned(), booking("a", "A1"))]);
        let lost = history.all_there(&only_a).unwrap_err();
        assert!(matches!(&lost, Broken::Lost { id, .. } if id == "b"), "{lost}");
    }

    #[test]
    fn a_hall_that_is_oversold_is_found() {
        let mut history = History::default();
        history.booked(booking("a", "A1"));
        history.booked(booking("b", "A2"));
        let map = |total: u64, sold: u64| {
            json!({ "seats": { "total": total, "free": 0, "held": 0, "sold": sold, "blocked": 0 },
                "sales": { "bookings": 2, "paid": "19.00", "refunding": "0.00", "refunded": "0.00" } })
        };
        assert_eq!(history.adds_up(&map(2, 2)), Ok(()));
        for (total, sold, what) in [(1, 2, "all seats"), (2, 1, "seats sold")] {
            let broken = history.adds_up(&map(total, sold)).unwrap_err();
            assert!(matches!(&broken, Broken::Sum { what: w, .. } if w == what), "{broken}");
        }
    }
}
