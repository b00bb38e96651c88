//! Whatever happens in whatever order, and wherever it is cut off: each ticket ends in one match, or waits,
//! or was taken back.

use std::collections::BTreeSet;
use std::time::Duration;

use playhouse_protocol::ids::TicketId;
use proptest::prelude::*;

use super::stage::*;
use crate::matchmaking::*;

/// One step.
#[derive(Debug, Clone)]
enum Step {
    /// Person so and so looks for a match, with this skill and from this region.
    Queue(u8, u8, u8),
    /// Two of them as a party.
    Party(u8, u8),
    /// Their newest ticket is taken back.
    Cancel(u8),
    /// So many ms pass, and nothing else happens.
    Time(u16),
    /// The other room does what one duty says, and what it said is lost on the way.
    Do(u8),
    /// It does, and what it said comes in.
    End(u8),
    /// The next so many rooms refuse.
    Refuse(u8),
    /// A match has seats for those who come late.
    Seats(u8, u8),
    /// A match is over.
    Over(u8, bool),
    /// The server is killed, and starts again.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..12_u8, 20..30_u8, 0..3_u8).prop_map(|(n, skill, at)| Step::Queue(n, skill, at)),
        2 => (0..6_u8, 20..30_u8).prop_map(|(n, skill)| Step::Party(n, skill)),
        2 => (0..12_u8).prop_map(Step::Cancel),
        6 => (0..12_000_u16).prop_map(Step::Time),
        3 => any::<u8>().prop_map(Step::Do),
        6 => any::<u8>().prop_map(Step::End),
        1 => (0..3_u8).prop_map(Step::Refuse),
        2 => (any::<u8>(), 0..7_u8).prop_map(|(n, free)| Step::Seats(n, free)),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(n, played)| Step::Over(n, played)),
        2 => Just(Step::Kill),
    ]
}

/// Every ticket that was given out, with who is on it.
type Given = Vec<(TicketId, Vec<u128>)>;

fn take(stage: &mut Stage, given: &mut Given, step: &Step) {
    match *step {
        Step::Queue(n, skill, at) => {
            let regions = [vec![], vec![near("eu", 20), near("us", 90)], vec![near("us", 20)]];
            let regions = regions[usize::from(at)].clone();
            let n = u128::from(n);
            if let Ok(info) = stage.queue_at(n, f64::from(skill), regions) {
                given.push((info.id, vec![n]));
            }
        }
        Step::Party(n, skill) => {
            let who = [u128::from(n) * 2, u128::from(n) * 2 + 1];
            let members = who.map(|n| member(n, f64::from(skill))).to_vec();
            if let Ok(info) = stage.queue_party(u128::from(n), members, vec![]) {
                given.push((info.id, who.to_vec()));
            }
        }
        Step::Cancel(n) => {
            let n = u128::from(n);
            let own = given.iter().rev().find(|(_, who)| who.contains(&n)).map(|(id, _)| *id);
            // One that is forgotten is not found.
            own.into_iter().for_each(|id| drop(stage.cancel(n, id)));
        }
        Step::Time(ms) => {
            stage.now = stage.now + Duration::from_millis(ms.into());
            stage.wake();
        }
        Step::Do(n) | Step::End(n) => {
            let duties = stage.rules.duties();
            let Some(duty) = duties.get(usize::from(n) % duties.len().max(1)) else { return };
            stage.do_duty(duty);
            if let Step::End(_) = step {
                stage.ends(duty.id);
            }
        }
        Step::Refuse(n) => stage.refuse = n.into(),
        Step::Seats(n, free) => {
            if let Some(match_id) = nth_match(stage, n) {
                stage.match_has_free(match_id, free.into());
            }
        }
        Step::Over(n, played) => {
            if let Some(match_id) = nth_match(stage, n) {
                stage.match_says(match_id, Command::Over { match_id, played });
            }
        }
        Step::Kill => stage.restart(),
    }
}

fn nth_match(stage: &Stage, n: u8) -> Option<playhouse_protocol::ids::MatchId> {
    let all: Vec<_> = stage.seats.keys().copied().collect();
    all.get(usize::from(n) % all.len().max(1)).copied()
}

/// Each ticket is where it says, and nowhere else.
fn holds(stage: &mut Stage, given: &Given) {
    let now = stage.now;
    let mut seated: BTreeSet<(playhouse_protocol::ids::MatchId, u128)> = BTreeSet::new();
    for (id, who) in given {
        let Some(no) = stage.rules.line.by_id.get(id).copied() else { continue };
        let Some(info) = stage.rules.info(now, no) else { continue };
        if let Stands::Matched | Stands::CalledOff = info.state {
            let of = info.session.expect("it says which");
            for n in who {
                assert!(stage.seats[&of].contains(&account(*n)), "they have a seat there");
                assert!(seated.insert((of, *n)), "one ticket, one match");
            }
        } else {
            assert_eq!(info.session, None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn each_ticket_ends_in_one_match_or_waits(
        game in prop_oneof![Just("duel"), Just("crowd")],
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let (mut stage, mut given) = (Stage::new(game), Given::new());
        for step in &steps {
            take(&mut stage, &mut given, step);
        }
        stage.restart();
        holds(&mut stage, &given);
        // Whatever was lost on the way is made up for.
        stage.refuse = 0;
        stage.do_duties();
        holds(&mut stage, &given);
        prop_assert!(stage.rules.placing.is_empty() && stage.rules.telling.is_empty());
        // Nobody has more seats than tickets that were matched, ever.
        let seats: usize = stage.seats.values().map(Vec::len).sum();
        let people: usize = given.iter().map(|(_, who)| who.len()).sum();
        prop_assert!(seats <= people, "{seats} seats for {people}");
        // And nobody is left for ever.
        stage.pass(WAIT_MAX + Duration::from_secs(60));
        prop_assert!(stage.rules.line.waiting.is_empty());
    }
}
