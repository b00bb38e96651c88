//! gather: walk to the coin before the others do.

use playhouse_protocol::game::{EntityKind, Field, Group, Schema, Table};
use serde::{Deserialize, Serialize};

use super::Seat;
use super::bot::{Bot, Sight};
use super::game::{Game, Happenings, NoSettings, Outcome, SeatInput};

const PLACE: Group = Group(&[Field::unsigned("x", 4), Field::unsigned("y", 4)]);
const COINS: Group = Group(&[Field::unsigned("coins", 4)]);
static SCHEMA: Schema = Schema {
    name: "gather",
    tick_hz: 10,
    entities_max: 9,
    kinds: &[
        EntityKind { name: "player", groups: &[PLACE, COINS] },
        EntityKind { name: "coin", groups: &[PLACE] },
    ],
    input: &[Field::signed("dx", 2), Field::signed("dy", 2)],
    events: &[],
};
const _: () = SCHEMA.prove();

/// A match.
#[derive(Clone, Serialize, Deserialize)]
pub struct Gather {
    tick: u32,
    coin: [i32; 2],
    /// By seat: where they are, and how many coins they have.
    players: [Option<([i32; 2], i32)>; 8],
}

impl Game for Gather {
    const NAME: &'static str = "gather";
    const RULES: u16 = 1;
    const PLAYERS_MIN: u16 = 2;
    const PLAYERS_MAX: u16 = 8;
    const JOIN_LATE: bool = true;
    const SCHEMA: &'static Schema = &SCHEMA;
    type Settings = NoSettings;

    fn new(_: &NoSettings, seed: u64) -> Self {
        Self { tick: 0, coin: [(seed % 16) as i32, 9], players: [None; 8] }
    }

    fn tick(&self) -> u32 {
        self.tick
    }

    fn has(&self, seat: Seat) -> bool {
        self.players.get(seat.index()).is_some_and(Option::is_some)
    }

    fn enter(&mut self, seat: Seat) {
        self.players[seat.index()].get_or_insert(([2 * i32::from(seat.0), 0], 0));
    }

    fn leave(&mut self, seat: Seat) {
        self.players[seat.index()] = None;
    }

    fn step(&mut self, inputs: &[SeatInput], _: &mut Happenings) {
        self.tick += 1;
        for SeatInput { seat, input, .. } in inputs {
            let Some((place, coins)) = &mut self.players[seat.index()] else { continue };
            let by = [0, 1].map(|n| SCHEMA.input_value(*input, n).signum());
            *place = [0, 1].map(|n| (place[n] + by[n]).clamp(0, 15));
            if *place == self.coin {
                *coins += 1;
                self.coin = [(self.coin[0] * 5 + 3) % 16, (self.coin[1] * 9 + 7) % 16];
            }
        }
    }

    fn write(&self, table: &mut Table) {
        table.begin(self.tick);
        for (seat, player) in (0..).zip(&self.players) {
            let Some(([x, y], coins)) = *player else { continue };
            table.put(seat, 0, 0, &[x, y, coins]);
        }
        table.put(8, 1, 0, &self.coin);
    }

    fn outcome(&self) -> Option<Outcome> {
        let wins = |(_, coins): &([i32; 2], i32)| *coins == 10;
        self.players.iter().flatten().any(wins).then(|| self.standings())
    }

    fn standings(&self) -> Outcome {
        let players = (0..).zip(&self.players);
        Outcome::by_score(players.filter_map(|(seat, player)| Some((Seat(seat), (*player)?.1))))
    }

    fn bot(_: &NoSettings, seat: Seat, _: u64) -> Box<dyn Bot> {
        Box::new(move |sight: &Sight<'_>| {
            let place = |slot| sight.get(slot).map_or([0; 2], |it| [it.fields[0], it.fields[1]]);
            let (from, to) = (place(seat.0), place(8));
            SCHEMA.pack_input(&[0, 1].map(|n| (to[n] - from[n]).signum()))
        })
    }
}
