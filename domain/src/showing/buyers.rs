//! What each account has of a showing, kept so that no command looks at every hold and booking.

use std::collections::BTreeSet;

use playhouse_protocol::ids::{AccountId, BookingId, HoldId};
use serde::{Deserialize, Serialize};

use super::Showing;

/// What one account has. One that has nothing is not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Buyer {
    /// What the limit of a buyer counts: seats that are held, that are owned, and that a charge
    /// still under way may take although their hold has ended. So late charges cannot add up to
    /// more than the limit either.
    pub(super) seats: u32,
    pub(super) holds: BTreeSet<HoldId>,
    /// Cancelled ones too.
    pub(super) bookings: BTreeSet<BookingId>,
}

impl Showing {
    /// How many seats of the limit `account` has used up.
    pub(super) fn seats_of(&self, account: AccountId) -> usize {
        self.buyers.get(&account).map_or(0, |buyer| buyer.seats as usize)
    }

    /// Counts `seats` more for `account`.
    pub(super) fn count(&mut self, account: AccountId, seats: usize) -> &mut Buyer {
        let buyer = self.buyers.entry(account).or_default();
        buyer.seats += seats as u32;
        buyer
    }

    /// Counts `seats` less for `account`, after `change` to what it has. If it waits for seats, it
    /// may be that the limit alone stood against an offer.
    pub(super) fn uncount(
        &mut self,
        account: AccountId,
        seats: usize,
        change: impl FnOnce(&mut Buyer),
    ) {
        let Some(buyer) = self.buyers.get_mut(&account) else { return };
        change(buyer);
        buyer.seats -= seats as u32;
        if *buyer == Buyer::default() {
            self.buyers.remove(&account);
        }
        self.check_waitlist |= self.is_waiting(account);
    }
}
