//! The simulation can fail: each of the mistakes that somebody could make is found by it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use playhouse_domain::bug::{self, Bug};

use super::world::World;

/// Within how many seeds each mistake must be found. 100: a tenth of what each test run tries.
const WITHIN: u64 = 100;

#[test]
fn every_seeded_bug_is_found_within_a_tenth_of_the_seeds() {
    // What is found ends in a panic, and these are wanted.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut found = Vec::new();
    for seeded in Bug::ALL {
        bug::switch(Some(seeded));
        let seed =
            (0..WITHIN).find(|seed| catch_unwind(AssertUnwindSafe(|| World::run(*seed))).is_err());
        bug::switch(None);
        found.push((seeded, seed));
    }
    std::panic::set_hook(hook);
    println!("{found:#?}");
    let missed: Vec<_> = found.iter().filter(|(_, seed)| seed.is_none()).collect();
    assert!(missed.is_empty(), "nobody notices {missed:?}");
}
