//! A game for tests: everybody has a dot that moves as told, and the rules fail where the settings or a
//! player say so. Only test builds have it (feature `drill`).

use playhouse_protocol::game::{
    EntityKind, EntitySet, EventKind, Field, Group, Input, Schema, Table, ViewTick,
};
use serde::{Deserialize, Serialize};

use super::bot::{Bot, Sight};
use super::game::{Game, Happenings, Hears, Outcome, SeatInput, Suspicion};
use super::{SEATS_MAX, Seat};
use crate::refusal::Refusal;

const PLACE: [Field; 2] = [Field::signed("x", 16).small(4), Field::signed("y", 16).small(4)];

static SCHEMA: Schema = Schema {
    name: "drill",
    tick_hz: 50,
    entities_max: SEATS_MAX,
    kinds: &[EntityKind { name: "dot", groups: &[Group(&PLACE)] }],
    input: &[
        Field::signed("dx", 4),
        Field::signed("dy", 4),
        Field::unsigned("trip", 1),
        Field::unsigned("cheat", 1),
    ],
    events: &[EventKind { name: "beat", fields: &[Field::unsigned("tick", 31)] }],
};
const _: () = SCHEMA.prove();

/// Every so many ticks everybody hears of it.
pub const BEAT: u32 = 10;

/// What goes wrong, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The tick after which it is over; 0 for never.
    pub ends_at: u32,
    /// The tick that cannot be stepped; 0 for none.
    pub fails_at: u32,
    /// The tick that nobody can be told of, nor of any later one; 0 for none.
    pub untold_from: u32,
}

/// The state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Drill {
    settings: Settings,
    tick: u32,
    /// Of everybody who has a seat, by seat.
    dots: Vec<Option<Dot>>,
    chance: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Dot {
    x: i32,
    y: i32,
    /// Whoever comes later to the same seat is another.
    generation: u8,
}

/// The input of a player who goes so far.
#[must_use]
pub fn go(dx: i32, dy: i32) -> Input {
    SCHEMA.pack_input(&[dx, dy])
}

/// The input that makes the rules panic.
#[must_use]
pub fn trip() -> Input {
    SCHEMA.pack_input(&[0, 0, 1])
}

/// The input that no honest client makes.
#[must_use]
pub fn cheat() -> Input {
    SCHEMA.pack_input(&[0, 0, 0, 1])
}

impl Game for Drill {
    const NAME: &'static str = "drill";
    const RULES: u16 = 1;
    const PLAYERS_MIN: u16 = 1;
    const PLAYERS_MAX: u16 = SEATS_MAX;
    const JOIN_LATE: bool = true;
    const SCHEMA: &'static Schema = &SCHEMA;

    type Settings = Settings;

    fn check(_: &Settings) -> Result<(), Refusal> {
        Ok(())
    }

    fn new(settings: &Settings, seed: u64) -> Self {
        let dots = vec![None; usize::from(SEATS_MAX)];
        Self { settings: settings.clone(), tick: 0, dots, chance: seed }
    }

    fn tick(&self) -> u32 {
        self.tick
    }

    fn has(&self, seat: Seat) -> bool {
        self.dots.get(seat.index()).is_some_and(Option::is_some)
    }

    fn enter(&mut self, seat: Seat) {
        let generation = self.tick as u8;
        if let Some(dot @ None) = self.dots.get_mut(seat.index()) {
            *dot = Some(Dot { generation, ..Dot::default() });
        }
    }

    fn leave(&mut self, seat: Seat) {
        if let Some(dot) = self.dots.get_mut(seat.index()) {
            *dot = None;
        }
    }

    fn step(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        self.tick += 1;
        assert_ne!(self.tick, self.settings.fails_at, "told to fail");
        for SeatInput { seat, input, view } in inputs {
            let Some(Some(dot)) = self.dots.get_mut(seat.index()) else { continue };
            let value = |at| SCHEMA.input_value(*input, at);
            assert_eq!(value(2), 0, "{seat} tripped");
            if value(3) == 1 {
                happened.suspect(*seat, Suspicion::ImpossibleInput);
            }
            dot.x = PLACE[0].fit(dot.x + value(0));
            dot.y = PLACE[1].fit(dot.y + value(1));
            self.chance = self.chance.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ view.parts();
        }
        if self.tick.is_multiple_of(BEAT) {
            happened.tell(Hears::All, 0, &[self.tick as i32]);
        }
    }

    fn write(&self, table: &mut Table) {
        for (slot, dot) in self.dots.iter().enumerate() {
            if let Some(dot) = dot {
                table.put(slot as u16, 0, dot.generation, &[dot.x, dot.y]);
            }
        }
    }

    fn visible(&self, _: Seat, seen: &mut EntitySet) {
        let untold = self.settings.untold_from != 0 && self.tick >= self.settings.untold_from;
        assert!(!untold, "told that nobody can be told");
        *seen = EntitySet::below(SEATS_MAX);
    }

    fn priority(&self, _: Seat, _: u16) -> u16 {
        1
    }

    fn view_hash(&self, _: Option<Seat>) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |value: u64| hash = (hash ^ value).wrapping_mul(0x0100_0000_01b3);
        add(u64::from(self.tick));
        add(self.chance);
        for dot in &self.dots {
            match dot {
                None => add(1),
                Some(Dot { x, y, generation }) => {
                    [*x as u64, *y as u64, u64::from(*generation)].into_iter().for_each(&mut add);
                }
            }
        }
        hash
    }

    fn outcome(&self) -> Option<Outcome> {
        let over = self.settings.ends_at != 0 && self.tick >= self.settings.ends_at;
        over.then(|| self.standings())
    }

    fn standings(&self) -> Outcome {
        let scores = self.dots.iter().enumerate();
        Outcome::by_score(scores.filter_map(|(seat, dot)| Some((Seat(seat as u16), (*dot)?.x))))
    }

    fn bot(_: &Settings, _: Seat, seed: u64) -> Box<dyn Bot> {
        Box::new(Wanderer(seed))
    }
}

/// Goes anywhere.
struct Wanderer(u64);

impl Bot for Wanderer {
    fn act(&mut self, sight: &Sight<'_>) -> Input {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(u64::from(sight.tick()));
        go((self.0 >> 60) as i32 - 8, (self.0 >> 56 & 15) as i32 - 8)
    }
}

/// An input as it comes from a player who saw nothing yet.
#[must_use]
pub fn blind(seat: Seat, input: Input) -> SeatInput {
    SeatInput { seat, input, view: ViewTick::default() }
}
