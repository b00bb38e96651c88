//! What can be chosen when a match is made, as far as it is the same for every game.

use std::ops::RangeInclusive;

use crate::refusal::{Refusal, RefusalKind};

/// How many bytes of JSON a match's settings may be. 2 KiB: a few dozen numbers and names.
pub const SETTINGS_BYTES_MAX: usize = 2048;

/// Settings that are refused, and why.
#[must_use]
pub fn bad_settings(why: String) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "bad_settings", why)
}

/// Checks numbers that were chosen: each has its name, its value and what it may be.
///
/// # Errors
///
/// `bad_settings` with the first that is out of its bounds.
pub fn within<const N: usize>(
    chosen: [(&str, u32, RangeInclusive<u32>); N],
) -> Result<(), Refusal> {
    match chosen.iter().find(|(_, value, bounds)| !bounds.contains(value)) {
        None => Ok(()),
        Some((name, value, bounds)) => {
            let (min, max) = (bounds.start(), bounds.end());
            Err(bad_settings(format!("{name} is {min} to {max}, not {value}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_out_of_its_bounds_is_refused_with_both() {
        let check = |frags, sight| within([("frags", frags, 1..=1000), ("sight", sight, 10..=120)]);
        assert_eq!([check(1, 10), check(1000, 120)], [Ok(()), Ok(())]);
        for (frags, sight, why) in
            [(0, 200, "frags is 1 to 1000, not 0"), (1, 121, "sight is 10 to 120, not 121")]
        {
            let refusal = check(frags, sight).unwrap_err();
            assert_eq!((&*refusal.code, &*refusal.message), ("bad_settings", why));
        }
    }
}
