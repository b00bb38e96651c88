//! Amounts of money.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of the house's one currency in its minor unit (cents). In JSON a text with two
/// decimals (`"9.50"`), so that no reader turns it into a binary fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(u64);

/// The largest amount: 10 million units, far above any booking, so that sums of a million bookings
/// still fit 64 bits.
pub const MONEY_MAX: Money = Money(1_000_000_000);

/// A text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an amount as in 9.50, between 0.00 and {MONEY_MAX}")]
pub struct BadMoney(String);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many cents.
    #[must_use]
    pub const fn from_cents(cents: u64) -> Self {
        Self(cents)
    }

    /// The amount in cents.
    #[must_use]
    pub const fn cents(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl FromStr for Money {
    type Err = BadMoney;

    fn from_str(text: &str) -> Result<Self, BadMoney> {
        let bad = || BadMoney(text.chars().take(24).collect());
        let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(cents) || whole.len() > 8 || cents.len() > 2 {
            return Err(bad());
        }
        let scale = if cents.len() == 1 { 10 } else { 1 };
        let number = |part: &str| part.parse::<u64>().map_err(|_| bad());
        let amount = Self(number(whole)? * 100 + number(cents)? * scale);
        if amount > MONEY_MAX { Err(bad()) } else { Ok(amount) }
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            u64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_with_two_decimals() {
        for (text, cents) in [("9.50", 950), ("9.5", 950), ("9", 900), ("0.01", 1), ("0", 0)] {
            assert_eq!(text.parse::<Money>().unwrap().cents(), cents, "{text}");
        }
        assert_eq!(Money::from_cents(950).to_string(), "9.50");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in
            ["", ".", "9.", ".5", "-1", "+1", "1e3", "9.505", "9,50", "99999999.00", " 1", "٣"]
        {
            assert!(text.parse::<Money>().is_err(), "{text:?}");
        }
    }
}
