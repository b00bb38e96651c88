//! What the server's own players are worth.

use std::collections::BTreeSet;

use super::super::ground::cell;
use super::super::*;
use super::secrecy::{fight, inputs};
use super::stage::Stage;

#[test]
fn bots_find_each_other_and_fight() {
    let stage = fight(10, 5, 30 * 120);
    let frags: Vec<_> = (0..10).map(|seat| stage.player(seat).frags).collect();
    assert!(frags.iter().sum::<u16>() > 60, "{frags:?}");
    assert!(frags.iter().filter(|frags| **frags > 0).count() >= 8, "{frags:?}");
}

#[test]
fn a_bot_alone_walks_all_over_the_yard_and_never_stands_at_a_wall() {
    let mut stage = Stage::new(Settings::default(), 1);
    let mut bots = [Arena::bot(&Settings::default(), Seat(0), 4)];
    let (mut cells, mut stood) = (BTreeSet::new(), 0);
    for _ in 0..30 * 240 {
        let inputs = inputs(&stage, &mut bots);
        stage.step_inputs(&inputs);
        let body = stage.player(0).body;
        cells.insert((cell(body.x) / 4, cell(body.y) / 4));
        stood += u32::from((body.vx, body.vy) == (0, 0));
    }
    assert!(cells.len() > 40, "{} of 64 parts of the yard", cells.len());
    assert!(stood < 30 * 24, "it stood for {stood} ticks");
}

#[test]
fn every_place_of_a_ground_can_be_reached_from_every_other() {
    for map in Map::ALL {
        let ground = map.ground();
        let floor = (0..1024).filter(|at| !ground.is_wall(at % 32, at / 32));
        let mut reached = BTreeSet::from([(cell(ground.spawn(0).0), cell(ground.spawn(0).1))]);
        let mut next: Vec<_> = reached.iter().copied().collect();
        while let Some((column, row)) = next.pop() {
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                let to = (column + dx, row + dy);
                if !ground.is_wall(to.0, to.1) && reached.insert(to) {
                    next.push(to);
                }
            }
        }
        assert_eq!(reached.len(), floor.count(), "{map:?}");
    }
}
