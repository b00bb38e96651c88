//! The built-in test provider: no money moves, and what happens is chosen by the payment token.
//!
//! | token | what happens |
//! |---|---|
//! | `ok` | the charge succeeds |
//! | `declined`, and any token that is not listed | it is declined for good |
//! | `hang` | it never answers; each attempt runs into its time limit |
//! | `late:N` | it succeeds N seconds (1 to 60) after it was first asked |
//! | `flaky` | it fails twice in a way that may pass, then succeeds |

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use playhouse_actors::performer::TryAgain;
use playhouse_domain::money::Money;
use playhouse_domain::payment::{Charge, Charged, Refund, Refunded};
use tokio::time::Instant;
use uuid::Uuid;

use super::{ChargeError, Paying, Payments};

/// How many keys the ledger knows. 10,000, about 1 MiB. A key that fell out and is asked again gets
/// the same answer, since ids derive from keys; only the sums would count it twice.
const KEYS_MAX: usize = 10_000;

/// The longest `late:N`, in seconds. 60: past every wait of the server, short enough for a test.
const LATE_MAX_S: u64 = 60;

/// How often a `flaky` charge fails before it succeeds.
const FLAKY_FAILURES: u32 = 2;

/// A provider that moves no money. Cheap to clone; clones share one ledger.
#[derive(Debug, Clone, Default)]
pub struct TestPayments(Arc<Mutex<Ledger>>);

/// What a provider did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many charges succeeded.
    pub charges: u64,
    /// Their sum.
    pub charged: Money,
    /// How many refunds succeeded.
    pub refunds: u64,
    /// Their sum.
    pub refunded: Money,
}

#[derive(Debug, Default)]
struct Ledger {
    entries: HashMap<Uuid, Entry>,
    /// The keys in `entries`, oldest first.
    order: VecDeque<Uuid>,
    totals: Totals,
}

/// One key.
#[derive(Debug, Clone, Copy)]
struct Entry {
    first: Instant,
    attempts: u32,
    done: bool,
}

impl Ledger {
    /// Counts one more attempt under `key`.
    fn attempt(&mut self, key: Uuid) -> Entry {
        if !self.entries.contains_key(&key) {
            self.order.push_back(key);
        }
        if self.order.len() > KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        let fresh = Entry { first: Instant::now(), attempts: 0, done: false };
        let entry = self.entries.entry(key).or_insert(fresh);
        entry.attempts += 1;
        *entry
    }

    /// True if `key` is done only now.
    fn finish(&mut self, key: Uuid) -> bool {
        self.entries.get_mut(&key).is_none_or(|entry| !std::mem::replace(&mut entry.done, true))
    }
}

impl TestPayments {
    /// What was charged and refunded so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.0.lock().totals
    }

    fn charged(&self, key: Uuid, amount: Money) -> Charged {
        let mut ledger = self.0.lock();
        if ledger.finish(key) {
            ledger.totals.charges += 1;
            ledger.totals.charged += amount;
        }
        Charged { charge: format!("test_charge_{}", key.simple()) }
    }
}

/// What a token makes happen.
#[derive(Debug, PartialEq, Eq)]
enum Behaviour {
    Succeed,
    Decline,
    Hang,
    Late(Duration),
    Flaky,
}

fn behaviour(token: &str) -> Behaviour {
    let late = |text: &str| text.parse().ok().filter(|s| (1..=LATE_MAX_S).contains(s));
    match (token, token.strip_prefix("late:").and_then(late)) {
        ("ok", _) => Behaviour::Succeed,
        ("hang", _) => Behaviour::Hang,
        ("flaky", _) => Behaviour::Flaky,
        (_, Some(seconds)) => Behaviour::Late(Duration::from_secs(seconds)),
        _ => Behaviour::Decline,
    }
}

impl Payments for TestPayments {
    fn charge(&self, key: Uuid, charge: Charge) -> Paying<Result<Charged, ChargeError>> {
        let this = self.clone();
        Box::pin(async move {
            let Entry { first, attempts, .. } = this.0.lock().attempt(key);
            match behaviour(&charge.token) {
                Behaviour::Succeed => {}
                Behaviour::Decline => {
                    let reason = "the test provider declines this token".to_owned();
                    return Err(ChargeError::Declined { reason });
                }
                Behaviour::Hang => std::future::pending().await,
                Behaviour::Late(wait) => tokio::time::sleep_until(first + wait).await,
                Behaviour::Flaky if attempts > FLAKY_FAILURES => {}
                Behaviour::Flaky => {
                    let reason = format!("the test provider fails attempt {attempts} in passing");
                    return Err(TryAgain { reason }.into());
                }
            }
            Ok(this.charged(key, charge.amount))
        })
    }

    fn refund(&self, key: Uuid, refund: Refund) -> Paying<Result<Refunded, TryAgain>> {
        let this = self.clone();
        Box::pin(async move {
            let mut ledger = this.0.lock();
            ledger.attempt(key);
            if ledger.finish(key) {
                ledger.totals.refunds += 1;
                ledger.totals.refunded += refund.amount;
            }
            Ok(Refunded { refund: format!("test_refund_{}", key.simple()) })
        })
    }
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::ids::BookingId;

    use super::*;

    const KEY: Uuid = Uuid::from_u128(7);

    fn charge(token: &str) -> Charge {
        Charge {
            booking: BookingId(Uuid::from_u128(1)),
            amount: Money::from_cents(950),
            currency: "EUR".to_owned(),
            token: token.to_owned(),
        }
    }

    #[test]
    fn every_token_has_one_meaning_and_unknown_ones_are_declined() {
        assert_eq!(behaviour("ok"), Behaviour::Succeed);
        assert_eq!(behaviour("hang"), Behaviour::Hang);
        assert_eq!(behaviour("flaky"), Behaviour::Flaky);
        assert_eq!(behaviour("late:60"), Behaviour::Late(Duration::from_secs(60)));
        for token in ["declined", "", "OK", "late:", "late:0", "late:61", "late:-1", "tok_visa"] {
            assert_eq!(behaviour(token), Behaviour::Decline, "{token}");
        }
    }

    #[tokio::test]
    async fn one_key_is_charged_once_also_after_a_restart() {
        let payments = TestPayments::default();
        let first = payments.charge(KEY, charge("ok")).await.unwrap();
        assert_eq!(payments.charge(KEY, charge("ok")).await.unwrap(), first);
        let totals = payments.totals();
        assert_eq!((totals.charges, totals.charged), (1, Money::from_cents(950)));
        let restarted = TestPayments::default();
        assert_eq!(restarted.charge(KEY, charge("ok")).await.unwrap(), first);
    }

    #[tokio::test]
    async fn one_key_is_refunded_once() {
        let payments = TestPayments::default();
        let refund = Refund {
            charge: "test_charge_1".to_owned(),
            amount: Money::from_cents(950),
            currency: "EUR".to_owned(),
        };
        let first = payments.refund(KEY, refund.clone()).await.unwrap();
        assert_eq!(payments.refund(KEY, refund).await.unwrap(), first);
        let totals = payments.totals();
        assert_eq!((totals.refunds, totals.refunded), (1, Money::from_cents(950)));
    }

    #[tokio::test]
    async fn a_flaky_charge_succeeds_at_the_third_attempt() {
        let payments = TestPayments::default();
        for _ in 0..FLAKY_FAILURES {
            let failed = payments.charge(KEY, charge("flaky")).await;
            assert!(matches!(failed, Err(ChargeError::TryAgain(_))));
        }
        assert!(payments.charge(KEY, charge("flaky")).await.is_ok());
    }

    #[tokio::test]
    async fn a_late_charge_counts_from_when_it_was_first_asked() {
        let payments = TestPayments::default();
        let first = Instant::now() - Duration::from_secs(39);
        payments.0.lock().attempt(KEY);
        payments.0.lock().entries.get_mut(&KEY).unwrap().first = first;
        assert!(payments.charge(KEY, charge("late:40")).await.is_ok());
        assert!(first.elapsed() >= Duration::from_secs(40));
    }

    #[tokio::test]
    async fn a_charge_that_hangs_takes_no_money() {
        let payments = TestPayments::default();
        let attempt = payments.charge(KEY, charge("hang"));
        assert!(tokio::time::timeout(Duration::from_millis(50), attempt).await.is_err());
        assert_eq!(payments.totals(), Totals::default());
    }

    #[tokio::test]
    async fn the_ledger_is_bounded() {
        let payments = TestPayments::default();
        for n in 0..=KEYS_MAX as u128 {
            payments.charge(Uuid::from_u128(n), charge("ok")).await.unwrap();
        }
        let ledger = payments.0.lock();
        assert_eq!((ledger.entries.len(), ledger.order.len()), (KEYS_MAX, KEYS_MAX));
    }
}
