//! The two halves of the protocol over paths in numbers, on virtual time: what players notice.

use playhouse_protocol::game::scenario::{Play, Report, Shooter, play};

/// What the first play of a kind is seeded with; `PLAYHOUSE_TEST_SEED` is not asked, so that figures stay put.
const SEED: u64 = 5;

fn shooter(how: Play) -> Report {
    let report = play(&mut Shooter::new(how.players, how.seed), how);
    println!("seed={} players={} {}", how.seed, how.players, report.line());
    report
}

#[test]
fn look() {
    for players in [32] {
        shooter(Play { players, ..Play::new(SEED) });
    }
    for ppm in [50_000, 100_000, 200_000] {
        let report = shooter(Play::new(SEED).lossy(ppm));
        println!("{:#?} {:#?}", report.peers[0], report.clients[0]);
    }
}
