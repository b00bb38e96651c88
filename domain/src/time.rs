//! Points in time.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. In JSON an RFC 3339 text with
/// milliseconds and `Z`, in records a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

/// A text is not a point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time as in 2027-05-01T20:00:00Z, between 1970 and 9999")]
pub struct BadTimestamp(String);

impl Timestamp {
    /// The first representable moment.
    pub const ZERO: Self = Self(0);

    /// The latest representable moment: 9999-12-30T22:00:00Z, where the calendar library ends.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// `ms` milliseconds after 1970-01-01T00:00:00Z, at most [`Self::MAX`].
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        if ms > Self::MAX.0 { Self::MAX } else { Self(ms) }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; nothing if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self::from_ms(self.0.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = i64::try_from(self.0).expect("a timestamp ends with MAX");
        let time = jiff::Timestamp::from_millisecond(ms).expect("a timestamp ends with MAX");
        write!(f, "{time:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;

    fn from_str(text: &str) -> Result<Self, BadTimestamp> {
        let bad = || BadTimestamp(text.chars().take(40).collect());
        let time: jiff::Timestamp = text.parse().map_err(|_| bad())?;
        let ms = u64::try_from(time.as_millisecond()).map_err(|_| bad())?;
        if ms > Self::MAX.0 { Err(bad()) } else { Ok(Self(ms)) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            u64::deserialize(deserializer).map(Self::from_ms)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_rfc_3339_and_read_back() {
        let time: Timestamp = "2027-05-01T22:00:00+02:00".parse().unwrap();
        assert_eq!(time.to_string(), "2027-05-01T20:00:00.000Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2027-05-01T20:00:00.000Z\"");
    }

    #[test]
    fn time_does_not_run_past_its_ends() {
        assert_eq!(Timestamp::MAX + Duration::from_secs(1), Timestamp::MAX);
        assert_eq!(Timestamp::ZERO - Duration::from_secs(1), Timestamp::ZERO);
        assert!(Timestamp::MAX.to_string().starts_with("9999-12-30T22:00:00"));
        assert!("1969-12-31T23:59:59Z".parse::<Timestamp>().is_err());
    }
}
