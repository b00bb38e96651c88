//! What rooms and payment providers tell each other: the payloads of the duties [`CHARGE`] and
//! [`REFUND`]. The duty's idempotency key makes each happen once, however often it is asked.

use playhouse_protocol::ids::BookingId;
use serde::{Deserialize, Serialize};

use crate::money::Money;

/// The performer that charges. Payload [`Charge`], answer [`Charged`], or a refusal of kind
/// `PaymentRequired`.
pub const CHARGE: &str = "charge";

/// The performer that refunds. Payload [`Refund`], answer [`Refunded`].
pub const REFUND: &str = "refund";

/// Take money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// For which booking-to-be.
    pub booking: BookingId,
    /// How much.
    pub amount: Money,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// What the provider gave the buyer's browser in place of card data.
    pub token: String,
}

/// Money was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charged {
    /// The provider's name for the charge.
    pub charge: String,
}

/// Give money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The charge it came from.
    pub charge: String,
    /// How much.
    pub amount: Money,
    /// ISO 4217 code of the currency.
    pub currency: String,
}

/// Money was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    /// The provider's name for the refund.
    pub refund: String,
}
