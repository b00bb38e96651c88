//! Random lives of a showing: whatever is asked in whatever order, the invariants hold.

use std::collections::BTreeMap;

use playhouse_protocol::ids::{BookingId, HoldId};
use proptest::prelude::*;
use uuid::Uuid;

use super::super::*;
use super::stage::{Stage, account, opening, organizer, person, row, second};
use crate::room::Caller;

/// One step of a life. People are 1 to 4; holds and bookings are picked by number from all there are,
/// so that others' are tried too.
#[derive(Debug, Clone)]
enum Step {
    Hold(u128, Vec<u8>),
    Best(u128, u8, Option<SeatKind>),
    Extend(u128, u8),
    Release(u128, u8),
    Buy(u128, u8),
    Cancel(u128, u8),
    Transfer(u128, u8, u128),
    Block(Vec<u8>),
    Unblock(Vec<u8>),
    Wait(u128, u8, Option<SeatKind>),
    Leave(u128),
    Pay,
    Decline,
    Refund,
    Hear,
    Pass(u64),
    /// The next command comes with a key that was used before.
    Repeat(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 1..5_u128;
    let seats = || prop::collection::vec(0..9_u8, 1..4);
    let kind = || prop::option::weighted(0.3, prop::sample::select(SeatKind::ALL.to_vec()));
    prop_oneof![
        3 => (who(), seats()).prop_map(|(w, s)| Step::Hold(w, s)),
        3 => (who(), 1..5_u8, kind()).prop_map(|(w, n, k)| Step::Best(w, n, k)),
        1 => (who(), any::<u8>()).prop_map(|(w, n)| Step::Extend(w, n)),
        2 => (who(), any::<u8>()).prop_map(|(w, n)| Step::Release(w, n)),
        6 => (who(), any::<u8>()).prop_map(|(w, n)| Step::Buy(w, n)),
        3 => (who(), any::<u8>()).prop_map(|(w, n)| Step::Cancel(w, n)),
        1 => (who(), any::<u8>(), who()).prop_map(|(w, n, t)| Step::Transfer(w, n, t)),
        1 => seats().prop_map(Step::Block),
        1 => seats().prop_map(Step::Unblock),
        3 => (who(), 1..5_u8, kind()).prop_map(|(w, n, k)| Step::Wait(w, n, k)),
        1 => who().prop_map(Step::Leave),
        4 => Just(Step::Pay),
        1 => Just(Step::Decline),
        2 => Just(Step::Refund),
        2 => Just(Step::Hear),
        3 => (0..400_u64).prop_map(Step::Pass),
        1 => any::<u8>().prop_map(Step::Repeat),
    ]
}

/// A house of nine seats of every kind, with an aisle, that starts after 4,000 s.
fn house() -> Opening {
    let mut first = row("A", 5, SeatKind::Standard);
    first.gaps = vec![2];
    first.kinds = BTreeMap::from([(4, SeatKind::Companion), (5, SeatKind::Accessible)]);
    let opening = opening();
    Opening {
        starts_at: opening.starts_at - second(6000),
        rows: vec![first, row("B", 4, SeatKind::Premium)],
        ..opening
    }
}

impl Stage {
    fn seats_named(&self, seats: &[u8]) -> Vec<String> {
        seats.iter().map(|seat| self.house().plan.name(u16::from(*seat))).collect()
    }

    fn some_hold(&self, n: u8) -> HoldId {
        let holds: Vec<_> = self.rules.holds.keys().collect();
        holds.get(usize::from(n) % holds.len().max(1)).map_or(HoldId(Uuid::nil()), |id| **id)
    }

    fn some_booking(&self, n: u8) -> BookingId {
        let all: Vec<_> = self.rules.bookings.keys().collect();
        all.get(usize::from(n) % all.len().max(1)).map_or(BookingId(Uuid::nil()), |id| **id)
    }

    fn live(&mut self, step: Step) {
        match step {
            Step::Pay => drop(self.pay()),
            Step::Decline => drop(self.decline()),
            Step::Refund => drop(self.refund()),
            Step::Hear => drop(self.hear()),
            Step::Pass(n) => self.pass(second(n)),
            Step::Repeat(n) => self.key = Some(n % 4),
            asked => {
                let (who, command) = self.command_of(asked);
                // A refusal is part of life; what must hold is checked after whatever happened.
                let _ = self.ask(&who, command);
            }
        }
    }

    fn command_of(&self, step: Step) -> (Caller, Command) {
        let (expect, name) = (None, "Ann".to_owned());
        match step {
            Step::Hold(who, seats) => {
                let seats = Want::Named(self.seats_named(&seats));
                (person(who), Command::Hold { seats, expect, name })
            }
            Step::Best(who, count, kind) => {
                let seats = Want::Best { count, kind };
                (person(who), Command::Hold { seats, expect, name })
            }
            Step::Extend(who, n) => {
                (person(who), Command::Extend { hold: self.some_hold(n), expect })
            }
            Step::Release(who, n) => {
                (person(who), Command::Release { hold: self.some_hold(n), expect: None })
            }
            Step::Buy(who, n) => {
                let (hold, payment_token) = (self.some_hold(n), "ok".into());
                (person(who), Command::Purchase { hold, payment_token, name: None, expect })
            }
            Step::Cancel(who, n) => {
                (person(who), Command::Cancel { booking: self.some_booking(n), expect })
            }
            Step::Transfer(who, n, to) => {
                let (booking, to_account) = (self.some_booking(n), Some(account(to)));
                (person(who), Command::Transfer { booking, to: name, to_account, expect })
            }
            Step::Block(seats) => {
                let (seats, reason) = (self.seats_named(&seats), "house".into());
                (organizer(), Command::Block { seats, reason, expect })
            }
            Step::Unblock(seats) => {
                (organizer(), Command::Unblock { seats: self.seats_named(&seats), expect })
            }
            Step::Wait(who, count, kind) => {
                (person(who), Command::JoinWaitlist { count, kind, name })
            }
            Step::Leave(who) => (person(who), Command::LeaveWaitlist { wait: self.wait_of(who) }),
            other => unreachable!("{other:?} is no command"),
        }
    }
}

proptest! {
    #[test]
    fn any_sequence_of_commands_keeps_the_invariants(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut stage = Stage::new(house());
        for step in steps {
            stage.live(step);
        }
        stage.finish();
    }

    #[test]
    fn a_refused_best_means_that_there_was_none(
        steps in prop::collection::vec(step(), 0..30),
        count in 1..5_u8,
        kind in prop::option::of(prop::sample::select(SeatKind::ALL.to_vec())),
    ) {
        let mut stage = Stage::new(house());
        for step in steps {
            stage.live(step);
        }
        let free = |seat| stage.rules.is_free(seat);
        let exists = best::best(&stage.house().plan, free, count, kind).is_some();
        let on_sale = stage.now < stage.house().opening.starts_at;
        let seats = Want::Best { count, kind };
        // Nobody else's seats count towards this buyer's limit.
        let asked =
            stage.ask(&person(5), Command::Hold { seats, expect: None, name: "Eve".into() });
        prop_assert_eq!(asked.is_ok(), exists && on_sale, "{:?}", asked);
    }
}
