//! The load-test harness at work: each scenario that comes with it, small, against the real binary that
//! is killed meanwhile. That its checks can fail is shown where they are (`loadtest`).

use std::path::Path;

use playhouse_domain::games::arena::ground::Map;
use playhouse_loadtest::harness::html;
use playhouse_loadtest::harness::report::Report;
use playhouse_loadtest::harness::run::{Options, run};
use playhouse_loadtest::harness::scenario::Scenario;
use playhouse_loadtest::harness::{HarnessError, Place};

use crate::server::seed;

/// The scenario of `name` made small, its thresholds left out: this machine tests other things too.
fn small(name: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("loadtest/scenarios");
    let mut scenario = Scenario::load(&folder.join(name)).unwrap();
    scenario.duration_s = 4.0;
    scenario.load.rate = 50.0;
    scenario.load.burst = scenario.load.burst.min(10);
    scenario.seed = Some(seed());
    scenario.thresholds.clear();
    if let Some(poll) = &mut scenario.poll {
        poll.watchers = poll.watchers.min(20);
        poll.idle_s = Some(0.0);
        poll.storm_s = poll.storm_s.map(|_| 2.0);
    }
    if let Some(seats) = &mut scenario.seats {
        seats.storm_s = seats.storm_s.map(|_| 2.0);
        seats.watchers = seats.watchers.min(20);
        (seats.showings, seats.rows, seats.buyers) = (2, 5, 6);
    }
    if let Some(contest) = &mut scenario.contest {
        // A dozen programs, each of which takes a jail some tenths of a second.
        scenario.load.rate = 3.0;
        contest.teams = Some(6);
    }
    if let Some(judge) = &mut scenario.judge {
        (scenario.load.rate, judge.bare) = (3.0, false);
    }
    if let Some(burners) = &mut scenario.burners {
        // Two minutes of one core, called off at the end.
        burners.programs = 60;
    }
    if let Some(arena) = &mut scenario.arena {
        // One match of eight, who find each other at once, to the second kill of one of them.
        (scenario.duration_s, scenario.load.rate, scenario.load.burst) = (10.0, 0.81, 8);
        (arena.players, arena.map, arena.sight) = (8, Map::Open, 120);
        (arena.frags, arena.settle_s) = (2, 0.0);
        arena.watchers = arena.watchers.min(6);
    }
    scenario
}

async fn play(scenario: &Scenario, kills: u32) -> Result<Report, HarnessError> {
    let place = Place::Own(env!("CARGO_BIN_EXE_playhouse").into());
    let report = run(scenario, &Options { place, kills, progress: false, ahead: false }).await?;
    println!("{}", report.summary());
    Ok(report)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_keeps_its_promises_through_a_kill() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("loadtest/scenarios");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let scenario = small(&name);
        let judged = scenario.contest.is_some() || scenario.judge.is_some();
        let judged = judged || scenario.burners.is_some();
        if judged && !nix::unistd::geteuid().is_root() {
            println!("left out: {name}: jails of the tier full need root");
            continue;
        }
        let report = play(&scenario, 1).await.unwrap();
        assert!(report.is_good(), "{name}: {}", report.summary());
        let done = |what: &str| report.figures.get(&format!("{what}.ok")).copied();
        let programs = ["submit", "c", "cpp"].into_iter().find_map(done);
        let many = programs.map_or(100.0, |_| 3.0);
        assert!(
            done("vote").or(done("hold")).or(done("gap")).or(programs) > Some(many),
            "{name}: {}",
            report.summary()
        );
        assert!(html::page(&report).contains("<svg"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_that_is_missed_or_was_not_measured_fails_the_run() {
    let mut scenario = small("poll.toml");
    scenario.duration_s = 1.0;
    scenario.thresholds.insert("vote.p50_ms".into(), 0.0);
    scenario.thresholds.insert("vote.p98_ms".into(), 1.0);
    let report = play(&scenario, 0).await.unwrap();
    assert!(!report.is_good());
    let missed: Vec<_> = report.missed.iter().map(|m| (&*m.figure, m.was.is_some())).collect();
    assert_eq!(missed, [("vote.p50_ms", true), ("vote.p98_ms", false)]);
    assert!(report.promises.iter().all(|promise| promise.kept), "{}", report.summary());
}
