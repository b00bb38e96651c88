//! What holds whatever happens: never more than the slots run, nobody starves, places are true, each job starts
//! once or leaves. The stage checks most of it after each event.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::*;
use super::stage::*;

/// Something that happens to a queue.
#[derive(Debug, Clone)]
enum Step {
    /// The next job comes.
    Join {
        of: u128,
        lane: Lane,
    },
    /// The so-manieth of those that run is judged.
    Ends(usize),
    /// The so-manieth of those that wait is called off.
    CalledOff(usize),
    /// The so-manieth of those that were not told is told, and wants its slot or does not.
    Told(usize, bool),
    Slots(u16),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lane = prop_oneof![Just(Lane::Interactive), Just(Lane::Batch), Just(Lane::Piston)];
    let step = prop_oneof![
        6 => (0..5_u128, lane).prop_map(|(of, lane)| Step::Join { of, lane }),
        4 => (0..8_usize).prop_map(Step::Ends),
        1 => (0..20_usize).prop_map(Step::CalledOff),
        2 => (0..8_usize, any::<bool>()).prop_map(|(n, wants)| Step::Told(n, wants)),
        1 => (0..5_u16).prop_map(Step::Slots),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..120)
}

fn nth<T: Copy>(of: impl ExactSizeIterator<Item = T>, n: usize) -> Option<T> {
    let len = of.len();
    of.into_iter().nth(n.checked_rem(len)?)
}

fn number(job: JobId) -> u128 {
    job.0.as_u128()
}

/// Does one step, and says which jobs left.
fn step(stage: &mut Stage, next: &mut u128, step: &Step) -> Option<JobId> {
    match *step {
        Step::Join { of, lane } => {
            *next += 1;
            let joined = stage.join_with(*next, of, lane, 1000);
            return joined.err().map(|_| job(*next));
        }
        Step::Ends(n) => {
            let of = nth(stage.rules.running.keys().copied(), n)?;
            stage.leave(number(of));
            return Some(of);
        }
        Step::CalledOff(n) => {
            let jobs: Vec<_> = stage.rules.waiting.values().map(|one| one.job).collect();
            let of = nth(jobs.into_iter(), n)?;
            stage.leave(number(of));
            return Some(of);
        }
        Step::Told(n, wants) => {
            let of = nth(stage.owes().into_keys(), n)?;
            stage.wants(number(of), wants);
            return (!wants).then_some(of);
        }
        Step::Slots(slots) => stage.slots(slots),
        Step::Restart => stage.restart(),
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn each_job_starts_once_or_leaves_and_none_is_lost(all in steps()) {
        let (mut stage, mut next) = (Stage::new(2), 0);
        let mut left = BTreeSet::new();
        for one in &all {
            left.extend(step(&mut stage, &mut next, one));
            let running: BTreeSet<_> = stage.rules.running.keys().copied().collect();
            let waiting: BTreeSet<_> = stage.rules.places.keys().copied().collect();
            for n in 1..=next {
                let places = [&running, &waiting, &left].iter().filter(|s| s.contains(&job(n))).count();
                prop_assert_eq!(places, 1, "job {} runs, waits or left", n);
            }
        }
        // Whatever state it is in: with a slot that comes free again and again, everybody has their turn.
        stage.slots(1);
        let mut turns = 0;
        while !stage.rules.waiting.is_empty() || !stage.rules.running.is_empty() {
            let of = *stage.rules.running.keys().next().expect("somebody runs while somebody waits");
            stage.leave(number(of));
            turns += 1;
            prop_assert!(turns <= next, "it comes to an end");
        }
    }

    #[test]
    fn places_are_the_order_in_which_slots_that_come_free_are_given(all in steps()) {
        let (mut stage, mut next) = (Stage::new(2), 0);
        for one in &all {
            step(&mut stage, &mut next, one);
        }
        let mut by_place: Vec<_> = stage.rules.places.iter().map(|(job, place)| (*place, *job)).collect();
        by_place.sort_unstable();
        // Those of Piston's lane that no slot is for stand last.
        let before = stage.started.len();
        stage.slots(SLOTS_MAX);
        let started = &stage.started[before..];
        let expected: Vec<_> = by_place.iter().map(|(_, job)| *job).take(started.len()).collect();
        prop_assert_eq!(started, &expected[..]);
    }

    #[test]
    fn nobody_starves_whoever_else_comes(lanes in prop::collection::vec(0..3_u8, 40)) {
        let mut stage = Stage::new(1);
        stage.join(1, 1, Lane::Batch);
        stage.join(2, 1, Lane::Batch);
        for (n, lane) in lanes.iter().enumerate() {
            let n = 100 + n as u128;
            let lane = [Lane::Interactive, Lane::Batch, Lane::Piston][usize::from(*lane)];
            stage.join(n, n, lane);
            let running = *stage.rules.running.keys().next().expect("somebody runs");
            stage.leave(number(running));
        }
        // Of four that start one is none that is looked at, of two of those one is of the batch.
        let turn = stage.started.iter().position(|one| *one == job(2));
        prop_assert!(turn.is_some_and(|turn| turn <= 12), "its turn was {:?}", turn);
    }
}
