//! How far a ticket reaches, and how that widens while it waits.
//!
//! All of it is counted in whole milliseconds and thousandths of a skill point, so that it is the same
//! wherever it is worked out.

use std::time::Duration;

use crate::games::Shape;

/// When a ticket takes whoever can be taken at all. 30 s: past that a match of any sort is better than
/// none, and nobody else's wishes stand against it.
pub const OVERDUE: Duration = Duration::from_secs(30);

/// How far apart two levels may be at first, in thousandths of a skill point. 1.0: between two people who
/// have played a few matches, the weaker one wins 46 times in 100.
const REACH: u64 = 1000;

/// How much that grows each second. 0.15: 4 points after 20 s, where the weaker one wins one in three.
const REACH_EACH_SECOND: u64 = 150;

/// How long the way to a region may take at first, in milliseconds. 60: what shooting games are made for.
const LATENCY: u64 = 60;

/// How much that grows each second. 5 ms: 160 ms after 20 s.
const LATENCY_EACH_SECOND: u64 = 5;

/// How long the way may take for a ticket that is overdue, in milliseconds. 400: past that no game that
/// ticks can be played, so it is not acceptable at all.
const LATENCY_OVERDUE: u64 = 400;

/// How much worse than a ticket's own nearest region another may be in any case, in milliseconds. 20: so
/// that somebody far from everywhere is not left out.
pub(super) const LATENCY_SPARE: u16 = 20;

/// For how long only full matches are formed. 5 s: while people come, waiting for a full one costs little.
const FULL_FOR: Duration = Duration::from_secs(5);

/// When the fewest that a game takes are enough. 20 s: between the two it falls in equal steps.
const FEWEST_AT: Duration = Duration::from_secs(20);

/// How far from even a match may be at first: a side's chance to win, as a part of the even one. 0.1: with two
/// sides 0.45 to 0.55.
const UNEVEN: f64 = 0.1;

/// For how long it stays so. 12 s: by then most have found an even one.
const EVEN_FOR: Duration = Duration::from_secs(12);

/// How much it grows each second from then on. 0.02: after 20 s two sides may have 0.37 and 0.63.
const UNEVEN_EACH_SECOND: f64 = 0.02;

fn ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 1_000_000)
}

/// How far apart levels may be, in thousandths of a skill point.
pub(super) fn reach(wait: Duration) -> i32 {
    if wait >= OVERDUE {
        return i32::MAX;
    }
    (REACH + ms(wait) * REACH_EACH_SECOND / 1000) as i32
}

/// How long the way to a region may take, in milliseconds.
pub(super) fn latency(wait: Duration) -> u16 {
    if wait >= OVERDUE {
        return LATENCY_OVERDUE as u16;
    }
    (LATENCY + ms(wait) * LATENCY_EACH_SECOND / 1000) as u16
}

/// How many sides are enough.
pub(super) fn least_teams(shape: Shape, wait: Duration) -> u16 {
    if wait <= FULL_FOR {
        return shape.teams;
    }
    let (gone, whole) = (ms(wait - FULL_FOR), ms(FEWEST_AT - FULL_FOR));
    let spare = u64::from(shape.teams - shape.min_teams);
    shape.teams - (spare * gone.min(whole) / whole) as u16
}

/// How far from even a match may be, as a part of the even chance. None: any match will do.
pub(super) fn uneven(wait: Duration) -> Option<f64> {
    let past = wait.saturating_sub(EVEN_FOR).as_secs_f64();
    (wait < OVERDUE).then_some(UNEVEN + UNEVEN_EACH_SECOND * past)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { teams: 8, team_size: 1, min_teams: 2 };

    #[test]
    fn bounds_only_ever_widen() {
        let waits: Vec<_> = (0..60_000).step_by(250).map(Duration::from_millis).collect();
        for pair in waits.windows(2) {
            assert!(reach(pair[0]) <= reach(pair[1]));
            assert!(latency(pair[0]) <= latency(pair[1]));
            assert!(least_teams(SHAPE, pair[0]) >= least_teams(SHAPE, pair[1]));
            if let (Some(earlier), Some(later)) = (uneven(pair[0]), uneven(pair[1])) {
                assert!(earlier <= later);
            }
        }
    }

    #[test]
    fn they_begin_narrow_and_end_open() {
        let second = Duration::from_secs;
        assert_eq!((reach(second(0)), reach(second(20))), (1000, 4000));
        assert_eq!((latency(second(0)), latency(second(20))), (60, 160));
        assert_eq!(least_teams(SHAPE, second(5)), 8);
        assert_eq!(least_teams(SHAPE, second(20)), 2);
        assert_eq!((reach(OVERDUE), uneven(OVERDUE)), (i32::MAX, None));
    }
}
