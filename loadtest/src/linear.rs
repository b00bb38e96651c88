//! Is what buyers were told of one seat the story of one seat? A check of linearizability.
//!
//! Each thing that somebody did took effect at one moment between its call and its answer; a thing
//! without an answer took effect at some moment after its call, or never. The check looks for an order
//! of these moments in which every answer was right (Wing and Gong's search, with Lowe's memory of what
//! was tried). The search is exponential in how much overlaps, so it is made for each seat by itself,
//! and gives up past a bound rather than run on.

use std::collections::HashSet;

/// How many steps a search may take. 1,000,000, about a second; a seat's usual story takes as many
/// steps as it has answers.
const STEPS_MAX: usize = 1_000_000;

/// How a seat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seat {
    /// Anybody's.
    Free,
    /// Held, by the hold of this number.
    Held(u32),
    /// Sold, by way of the hold of this number.
    Sold(u32),
}

/// What happened to a seat, or was said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The hold of this number took it.
    Hold(u32),
    /// The hold was given back.
    Release(u32),
    /// The hold was bought.
    Buy(u32),
    /// What was bought by way of this hold was given back.
    Cancel(u32),
    /// The hold's time was over. Nobody is told, so it has no answer.
    Expire(u32),
    /// Somebody was refused, since it was not free.
    Taken,
    /// Somebody was refused, since this hold was over.
    Ended(u32),
    /// It was seen free (0), held (1) or sold (2).
    Seen(u8),
}

/// One thing that happened, and when as its client knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// What.
    pub what: What,
    /// When it was asked for, in microseconds.
    pub call: u64,
    /// When it was answered; none if it may have happened or not.
    pub answer: Option<u64>,
}

/// Why a history is not that of one seat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no order in which every answer was right.
    #[error("no order of events explains {first:?}, with the seat {state:?} before it")]
    NoOrder {
        /// The earliest answer that the best attempt could not explain.
        first: Op,
        /// How the seat stood in that attempt.
        state: Seat,
    },
    /// Too much overlaps to be decided within the bound.
    #[error("undecided after {STEPS_MAX} steps")]
    Undecided,
}

impl Seat {
    /// How the seat stands after `what`; none if that could not happen.
    fn after(self, what: What) -> Option<Self> {
        let stays = |is: bool| is.then_some(self);
        match what {
            What::Hold(hold) => (self == Self::Free).then_some(Self::Held(hold)),
            What::Release(hold) | What::Expire(hold) => {
                (self == Self::Held(hold)).then_some(Self::Free)
            }
            What::Buy(hold) => (self == Self::Held(hold)).then_some(Self::Sold(hold)),
            What::Cancel(hold) => (self == Self::Sold(hold)).then_some(Self::Free),
            What::Taken => stays(self != Self::Free),
            What::Ended(hold) => stays(self != Self::Held(hold)),
            What::Seen(0) => stays(self == Self::Free),
            What::Seen(1) => stays(matches!(self, Self::Held(_))),
            What::Seen(_) => stays(matches!(self, Self::Sold(_))),
        }
    }
}

/// Which of the events took effect already.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Done(Vec<u64>);

impl Done {
    fn has(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }

    fn with(&self, at: usize) -> Self {
        let mut done = self.clone();
        done.0[at / 64] |= 1 << (at % 64);
        done
    }
}

/// Checks the history of one seat, which was free in the beginning.
///
/// # Errors
///
/// [`Fault`].
pub fn check(history: &[Op]) -> Result<(), Fault> {
    let mut ops = history.to_vec();
    ops.sort_by_key(|op| op.call);
    let answered = ops.iter().filter(|op| op.answer.is_some()).count();
    let mut tried = HashSet::new();
    let mut stack = vec![(Done(vec![0; ops.len().div_ceil(64)]), Seat::Free, 0)];
    let mut best: Option<(usize, Op, Seat)> = None;
    while let Some((done, state, explained)) = stack.pop() {
        if explained == answered {
            return Ok(());
        }
        if !tried.insert((done.clone(), state)) {
            continue;
        }
        if tried.len() > STEPS_MAX {
            return Err(Fault::Undecided);
        }
        let open = ops.iter().enumerate().filter(|(at, op)| !done.has(*at) && op.answer.is_some());
        let Some((_, first)) = open.min_by_key(|(_, op)| op.answer) else { continue };
        if best.is_none_or(|(most, ..)| explained > most) {
            best = Some((explained, *first, state));
        }
        // Whatever was called before the earliest open answer may be next; what was answered first is
        // tried first, and what nobody was told of last.
        let before = ops.iter().enumerate().take_while(|(_, op)| Some(op.call) <= first.answer);
        let mut next: Vec<(usize, &Op)> = before.filter(|(at, _)| !done.has(*at)).collect();
        next.sort_by_key(|(_, op)| std::cmp::Reverse(op.answer.unwrap_or(u64::MAX)));
        for (at, op) in next {
            if let Some(state) = state.after(op.what) {
                let explained = explained + usize::from(op.answer.is_some());
                stack.push((done.with(at), state, explained));
            }
        }
    }
    match best {
        Some((_, first, state)) => Err(Fault::NoOrder { first, state }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(what: What, call: u64, answer: u64) -> Op {
        Op { what, call, answer: Some(answer) }
    }

    fn maybe(what: What, call: u64) -> Op {
        Op { what, call, answer: None }
    }

    #[test]
    fn the_story_of_one_seat_is_accepted_also_where_calls_overlap() {
        let story = [
            op(What::Hold(1), 0, 10),
            op(What::Taken, 5, 6),
            op(What::Release(1), 20, 40),
            op(What::Hold(2), 30, 35),
            op(What::Buy(2), 50, 60),
            op(What::Taken, 55, 56),
            op(What::Cancel(2), 70, 80),
            op(What::Seen(0), 90, 91),
        ];
        assert_eq!(check(&story), Ok(()));
    }

    #[test]
    fn a_seat_that_two_held_at_once_is_found() {
        let twice = [op(What::Hold(1), 0, 10), op(What::Hold(2), 20, 30), op(What::Buy(1), 40, 50)];
        let Err(Fault::NoOrder { first, state }) = check(&twice) else { panic!("it is accepted") };
        assert_eq!((first.what, state), (What::Hold(2), Seat::Held(1)));
    }

    #[test]
    fn a_refusal_of_a_free_seat_and_a_sale_that_vanished_are_found() {
        assert!(check(&[op(What::Taken, 0, 10)]).is_err());
        let lost = [op(What::Hold(1), 0, 1), op(What::Buy(1), 2, 3), op(What::Seen(0), 4, 5)];
        assert!(check(&lost).is_err());
        let late = [op(What::Hold(1), 0, 1), op(What::Ended(1), 2, 3), op(What::Buy(1), 4, 5)];
        assert!(check(&late).is_err(), "a hold that was over was bought");
    }

    #[test]
    fn a_hold_may_end_by_itself_after_its_time_and_not_before() {
        let again = |expires: u64| {
            [op(What::Hold(1), 0, 1), maybe(What::Expire(1), expires), op(What::Hold(2), 10, 20)]
        };
        assert_eq!(check(&again(15)), Ok(()));
        assert!(check(&again(25)).is_err());
    }

    #[test]
    fn what_had_no_answer_may_have_happened_or_not() {
        let sold = [op(What::Hold(1), 0, 1), maybe(What::Buy(1), 2), op(What::Seen(2), 5, 6)];
        assert_eq!(check(&sold), Ok(()));
        let held = [op(What::Hold(1), 0, 1), maybe(What::Buy(1), 2), op(What::Seen(1), 5, 6)];
        assert_eq!(check(&held), Ok(()));
    }

    #[test]
    fn a_long_story_takes_no_longer_than_its_length() {
        let mut story = Vec::new();
        for n in 0..500 {
            let at = u64::from(n) * 100;
            story.extend([op(What::Hold(n), at, at + 60), op(What::Taken, at + 50, at + 61)]);
            story.push(op(What::Release(n), at + 70, at + 130));
        }
        assert_eq!(check(&story), Ok(()));
    }
}
