//! Snakes on the wire: what it costs.

use std::cell::RefCell;

use playhouse_protocol::game::scenario::{Play, Stage as Scene, play};
use playhouse_protocol::game::{EntitySet, Event, Input, Resolved};

use super::super::*;
use crate::games::bot::Sight;

/// A match with a bot at the end of each connection.
struct Scenery {
    game: Snakes,
    happened: Happenings,
    bots: RefCell<Vec<Box<dyn Bot>>>,
}

impl Scenery {
    fn new(players: u16) -> Self {
        let settings = Settings { size: 64, food: 96, minutes: 30, length: 96, walls: false };
        let mut game = Snakes::new(&settings, 5);
        (0..players).for_each(|seat| game.enter(Seat(seat)));
        let bots = (0..players).map(|seat| Snakes::bot(&settings, Seat(seat), 5)).collect();
        Self { game, happened: Happenings::new(), bots: RefCell::new(bots) }
    }
}

impl Scene for Scenery {
    fn schema(&self) -> &'static Schema {
        Snakes::SCHEMA
    }

    fn step(&mut self, inputs: &[Resolved], happened: &mut Vec<(u16, Event)>) {
        let input = |(seat, resolved): (u16, &Resolved)| {
            let Resolved { input, view, .. } = *resolved;
            SeatInput { seat: Seat(seat), input, view }
        };
        let inputs: Vec<_> = (0..).zip(inputs).map(input).collect();
        self.happened.clear();
        self.game.step(&inputs, &mut self.happened);
        assert_eq!(self.happened.suspicions(), [], "honest clients are not suspected");
        for one in self.happened.all() {
            happened.extend((0..inputs.len() as u16).map(|seat| (seat, one.event)));
        }
    }

    fn write(&self, table: &mut Table) {
        self.game.write(table);
    }

    fn visible(&self, seat: u16, seen: &mut EntitySet) {
        self.game.visible(Seat(seat), seen);
    }

    fn priority(&self, seat: u16, slot: u16) -> u16 {
        self.game.priority(Seat(seat), slot)
    }

    fn act(&self, seat: u16, _: u32, world: &Table) -> Input {
        let sight = Sight::new(Seat(seat), world.tick(), world, world.present());
        self.bots.borrow_mut()[usize::from(seat)].act(&sight)
    }
}

#[test]
fn what_a_player_is_told_a_tick_fits_its_budget() {
    for (players, most) in [(10, 60.0), (64, 240.0)] {
        let mut scene = Scenery::new(players);
        let report = play(&mut scene, Play { players, ..Play::new(1) });
        let mean = report.bytes_mean();
        let best: u32 = scene.game.players.iter().map(|(_, p)| u32::from(p.best)).sum();
        let best = best / u32::from(players);
        println!(
            "{players} players: {mean:.0} bytes a tick, at most {}, {best} long",
            report.bytes_max
        );
        assert!(best >= 5, "they grow: {best}");
        assert!(mean <= most && report.bytes_max <= 1_100, "{players}: {mean:.0} bytes a tick");
        assert!(report.events_whole);
    }
}
