//! Payment providers: the trait [`Payments`], and the performers that give the rooms' duties
//! `charge` and `refund` to one.
//!
//! A room owes a charge or a refund under one idempotency key and asks again, after a pause or a
//! restart, until it has an answer. So a provider may be slow, fail in passing or forget to answer;
//! it must not do a thing twice for one key.

mod test;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::performer::{Attempt, Performer, Performing, TryAgain};
use playhouse_domain::duty::DutyResult;
use playhouse_domain::payment::{Charge, Charged, Refund, Refunded};
use playhouse_domain::refusal::{Refusal, RefusalKind};
use playhouse_protocol::codec;
use uuid::Uuid;

pub use self::test::{TestPayments, Totals};

/// How many charges, and how many refunds, run at once. 256: an attempt that hangs keeps its turn
/// for `cinema.payment_attempt`, so a few that hang must not hold up the others.
pub const PARALLEL: usize = 256;

/// The future of one call to a provider.
pub type Paying<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Somebody who moves money.
pub trait Payments: Send + Sync + 'static {
    /// Takes money. However often it is called with one `key`, money is taken at most once, and
    /// every call that succeeds names the same charge.
    fn charge(&self, key: Uuid, charge: Charge) -> Paying<Result<Charged, ChargeError>>;

    /// Gives money back. However often it is called with one `key`, it is given back at most once.
    /// What is owed stays owed: an error leads to another attempt, later.
    fn refund(&self, key: Uuid, refund: Refund) -> Paying<Result<Refunded, TryAgain>>;
}

/// Why no money was taken.
#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    /// The provider said no for good.
    #[error("the payment was declined: {reason}")]
    Declined {
        /// What the provider said, for the buyer.
        reason: String,
    },
    /// Nobody knows, or it may work in a moment: the same charge is tried again.
    #[error(transparent)]
    TryAgain(#[from] TryAgain),
}

/// Performs duties of kind [`playhouse_domain::payment::CHARGE`].
pub struct Charges {
    /// Who takes the money.
    pub provider: Arc<dyn Payments>,
    /// How long one attempt may take: `cinema.payment_attempt`.
    pub attempt: Duration,
}

/// Performs duties of kind [`playhouse_domain::payment::REFUND`].
pub struct Refunds {
    /// Who gives the money back.
    pub provider: Arc<dyn Payments>,
    /// How long one attempt may take: `cinema.payment_attempt`.
    pub attempt: Duration,
}

impl Performer for Charges {
    fn parallel(&self) -> usize {
        PARALLEL
    }

    fn attempt_timeout(&self) -> Duration {
        self.attempt
    }

    fn perform(&self, attempt: Attempt) -> Performing {
        let provider = self.provider.clone();
        Box::pin(async move {
            let charge: Charge = match codec::decode(&attempt.payload) {
                Ok(charge) => charge,
                Err(error) => return Ok(DutyResult::Refused(unreadable(&error.to_string()))),
            };
            match provider.charge(attempt.key, charge).await {
                Ok(charged) => Ok(DutyResult::Done(codec::encode(&charged))),
                Err(ChargeError::TryAgain(again)) => Err(again),
                Err(declined @ ChargeError::Declined { .. }) => {
                    let kind = RefusalKind::PaymentRequired;
                    let refusal = Refusal::new(kind, "payment_declined", declined.to_string());
                    Ok(DutyResult::Refused(refusal))
                }
            }
        })
    }
}

impl Performer for Refunds {
    fn parallel(&self) -> usize {
        PARALLEL
    }

    fn attempt_timeout(&self) -> Duration {
        self.attempt
    }

    fn perform(&self, attempt: Attempt) -> Performing {
        let provider = self.provider.clone();
        Box::pin(async move {
            let refund: Refund = codec::decode(&attempt.payload)
                .map_err(|e| TryAgain { reason: format!("the refund cannot be read: {e}") })?;
            let refunded = provider.refund(attempt.key, refund).await?;
            Ok(DutyResult::Done(codec::encode(&refunded)))
        })
    }
}

fn unreadable(why: &str) -> Refusal {
    let message = format!("the charge cannot be read: {why}");
    Refusal::new(RefusalKind::PaymentRequired, "payment_declined", message)
}

#[cfg(test)]
mod tests {
    use playhouse_domain::money::Money;
    use playhouse_protocol::ids::BookingId;

    use super::*;

    fn charging(provider: Arc<dyn Payments>) -> Charges {
        Charges { provider, attempt: Duration::from_secs(30) }
    }

    fn attempt(token: &str) -> Attempt {
        let charge = Charge {
            booking: BookingId(Uuid::from_u128(1)),
            amount: Money::from_cents(1900),
            currency: "EUR".to_owned(),
            token: token.to_owned(),
        };
        Attempt { key: Uuid::from_u128(7), number: 1, payload: codec::encode(&charge) }
    }

    #[tokio::test]
    async fn a_declined_charge_is_refused_for_good_and_says_so() {
        let charges = charging(Arc::new(TestPayments::default()));
        let Ok(DutyResult::Refused(refusal)) = charges.perform(attempt("declined")).await else {
            panic!("a declined charge must be refused");
        };
        assert_eq!(
            (&*refusal.code, refusal.kind),
            ("payment_declined", RefusalKind::PaymentRequired)
        );
    }

    #[tokio::test]
    async fn a_charge_that_cannot_be_read_takes_no_money() {
        let provider = Arc::new(TestPayments::default());
        let broken = Attempt { payload: vec![1], ..attempt("ok") };
        let result = charging(provider.clone()).perform(broken).await;
        assert!(matches!(result, Ok(DutyResult::Refused(_))));
        assert_eq!(provider.totals(), Totals::default());
    }

    #[tokio::test]
    async fn a_charge_answers_with_what_the_room_can_read() {
        let charges = charging(Arc::new(TestPayments::default()));
        let Ok(DutyResult::Done(bytes)) = charges.perform(attempt("ok")).await else {
            panic!("the charge must work");
        };
        assert!(codec::decode::<Charged>(&bytes).unwrap().charge.starts_with("test_charge_"));
    }
}
