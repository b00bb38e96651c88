//! The reference scenario: a shooter from above in which everyone moves, turns and fires, all in view.

use super::Stage;
use crate::game::random::Random;
use crate::game::{
    EntityKind, EntitySet, Event, EventKind, Field, Group, Input, Resolved, Schema, Table,
};

/// The world is a square of so many centimetres a side.
const SIDE: i32 = 12_000;

/// How fast a player walks and a rocket flies, in centimetres a tick.
const WALK: i32 = 18;
const FLIGHT: i32 = 60;

/// How fast a player gathers speed, in centimetres a tick for each tick.
const GATHER: i32 = 2;

const PICK_UPS: u16 = 16;
const ROCKETS: u16 = 64;
const PLAYERS_MAX: u16 = 100;

const SPEED: [Field; 2] = [Field::signed("vx", 7).small(3), Field::signed("vy", 7).small(3)];
const PLACE: [Field; 2] = [
    Field::unsigned("x", 14).small(2).carried(0, 0),
    Field::unsigned("y", 14).small(2).carried(1, 0),
];
const AIM: [Field; 1] = [Field::unsigned("aim", 10).small(7).wrapping()];
const FIRE: [Field; 2] =
    [Field::unsigned("shots", 4).small(2).wrapping(), Field::unsigned("arm", 2)];
const BODY: [Field; 2] =
    [Field::unsigned("health", 7).small(5), Field::unsigned("score", 8).small(1)];

static SCHEMA: Schema = Schema {
    name: "shooter",
    tick_hz: 30,
    entities_max: PLAYERS_MAX + PICK_UPS + ROCKETS,
    kinds: &[
        EntityKind {
            name: "player",
            groups: &[Group(&SPEED), Group(&PLACE), Group(&AIM), Group(&FIRE), Group(&BODY)],
        },
        EntityKind {
            name: "pick-up",
            groups: &[
                Group(&[Field::unsigned("x", 14), Field::unsigned("y", 14)]),
                Group(&[Field::unsigned("taken", 1)]),
            ],
        },
        EntityKind { name: "rocket", groups: &[Group(&SPEED), Group(&PLACE)] },
    ],
    input: &[
        Field::signed("right", 2),
        Field::signed("down", 2),
        Field::unsigned("aim", 10).wrapping(),
        Field::unsigned("fire", 2),
    ],
    events: &[
        EventKind { name: "hit", fields: &[Field::unsigned("by", 7), Field::unsigned("harm", 5)] },
        EventKind {
            name: "killed",
            fields: &[Field::unsigned("by", 7), Field::unsigned("who", 7)],
        },
    ],
};
const _: () = SCHEMA.prove();

#[derive(Debug, Clone, Default)]
struct Player {
    place: [i32; 2],
    speed: [i32; 2],
    aim: i32,
    shots: i32,
    arm: i32,
    health: i32,
    score: i32,
    lives: u8,
}

#[derive(Debug, Clone, Default)]
struct Rocket {
    place: [i32; 2],
    speed: [i32; 2],
    ticks_left: u32,
    flown: u8,
}

/// The reference scenario's world.
#[derive(Debug, Clone)]
pub struct Shooter {
    seed: u64,
    random: Random,
    tick: u32,
    players: Vec<Player>,
    taken: [bool; PICK_UPS as usize],
    rockets: Vec<Rocket>,
    /// What nobody but the players of even seats sees: slots.
    hidden_from_odd: EntitySet,
    schema: &'static Schema,
}

impl Shooter {
    /// A world of so many players, at most 100.
    #[must_use]
    pub fn new(players: u16, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut player =
            || Player { place: anywhere(&mut random), health: 100, ..Player::default() };
        let players = (0..players.min(PLAYERS_MAX)).map(|_| player()).collect();
        Self {
            seed,
            random,
            tick: 0,
            players,
            taken: [false; PICK_UPS as usize],
            rockets: vec![Rocket::default(); ROCKETS.into()],
            hidden_from_odd: EntitySet::EMPTY,
            schema: &SCHEMA,
        }
    }

    /// The same world at so many ticks a second.
    ///
    /// # Panics
    ///
    /// If it is not 30 or 60.
    #[must_use]
    pub fn at_hz(mut self, tick_hz: u16) -> Self {
        static FAST: Schema = Schema { tick_hz: 60, ..SCHEMA };
        self.schema = match tick_hz {
            30 => &SCHEMA,
            60 => &FAST,
            other => panic!("a shooter of {other} Hz"),
        };
        self
    }

    /// The slots that the players of odd seats do not see.
    pub fn hide_from_odd(&mut self, slots: EntitySet) {
        self.hidden_from_odd = slots;
    }

    /// Changes everything about a player but its place in the table.
    pub fn disturb(&mut self, seat: u16, by: i32) {
        if let Some(player) = self.players.get_mut(usize::from(seat)) {
            player.place[0] = (player.place[0] + by).rem_euclid(SIDE);
            player.score = (player.score + by).rem_euclid(200);
            player.lives = player.lives.wrapping_add(1);
        }
    }

    fn fire(&mut self, seat: usize, happened: &mut Vec<(u16, Event)>) {
        self.players[seat].shots = (self.players[seat].shots + 1) % 16;
        let target = self.random.below(self.players.len() as u64) as usize;
        if target == seat || !self.random.happens(150_000) {
            return;
        }
        let harm = 5 + self.random.below(20) as i32;
        self.players[target].health -= harm;
        let hit = Event::new(0, &[seat as i32, harm]);
        happened.extend([(target as u16, hit), (seat as u16, hit)]);
        if self.players[target].health <= 0 {
            self.players[seat].score = (self.players[seat].score + 1) % 200;
            let killed = Event::new(1, &[seat as i32, target as i32]);
            happened.extend((0..self.players.len()).map(|told| (told as u16, killed)));
            let lives = self.players[target].lives.wrapping_add(1);
            let place = anywhere(&mut self.random);
            self.players[target] = Player { place, lives, health: 100, ..Player::default() };
        }
    }

    fn launch(&mut self, seat: usize) {
        let player = &self.players[seat];
        let Some(rocket) = self.rockets.iter_mut().find(|rocket| rocket.ticks_left == 0) else {
            return;
        };
        let flown = rocket.flown.wrapping_add(1);
        // An eighth of a turn is near enough to the aim.
        let [right, down] = EIGHTHS[(player.aim / 128) as usize % 8];
        let speed = [right * FLIGHT, down * FLIGHT];
        *rocket = Rocket { place: player.place, speed, ticks_left: 30, flown };
    }
}

const EIGHTHS: [[i32; 2]; 8] =
    [[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]];

fn anywhere(random: &mut Random) -> [i32; 2] {
    [0; 2].map(|_| random.below(SIDE as u64) as i32)
}

impl Stage for Shooter {
    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn step(&mut self, inputs: &[Resolved], happened: &mut Vec<(u16, Event)>) {
        self.tick += 1;
        for (seat, resolved) in inputs.iter().enumerate() {
            let value = |at| SCHEMA.input_value(resolved.input, at);
            let player = &mut self.players[seat];
            for axis in 0..2 {
                let wanted = value(axis).clamp(-1, 1) * WALK;
                let more = (wanted - player.speed[axis]).clamp(-GATHER, GATHER);
                player.speed[axis] += more;
                let place = player.place[axis] + player.speed[axis];
                player.place[axis] = place.clamp(0, SIDE - 1);
                if place != player.place[axis] {
                    player.speed[axis] = 0;
                }
            }
            player.aim = value(2);
            match value(3) {
                1 => self.fire(seat, happened),
                2 => self.launch(seat),
                _ => {}
            }
        }
        for rocket in self.rockets.iter_mut().filter(|rocket| rocket.ticks_left > 0) {
            rocket.ticks_left -= 1;
            for axis in 0..2 {
                rocket.place[axis] += rocket.speed[axis];
                if !(0..SIDE).contains(&rocket.place[axis]) {
                    rocket.ticks_left = 0;
                }
            }
        }
        if self.random.happens(30_000) {
            let at = self.random.below(PICK_UPS.into()) as usize;
            self.taken[at] = !self.taken[at];
        }
    }

    fn write(&self, table: &mut Table) {
        for (slot, player) in (0..).zip(&self.players) {
            let ([x, y], [vx, vy]) = (player.place, player.speed);
            let rest = [player.aim, player.shots, player.arm, player.health, player.score];
            let [aim, shots, arm, health, score] = rest;
            table.put(slot, 0, player.lives, &[vx, vy, x, y, aim, shots, arm, health, score]);
        }
        for (at, taken) in (0..).zip(self.taken) {
            let place = i32::from(at) * (SIDE / i32::from(PICK_UPS));
            table.put(PLAYERS_MAX + at, 1, 0, &[place, SIDE - 1 - place, taken.into()]);
        }
        for (at, rocket) in (0..).zip(&self.rockets).filter(|(_, rocket)| rocket.ticks_left > 0) {
            let ([x, y], [vx, vy]) = (rocket.place, rocket.speed);
            table.put(PLAYERS_MAX + PICK_UPS + at, 2, rocket.flown, &[vx, vy, x, y]);
        }
    }

    fn visible(&self, seat: u16, seen: &mut EntitySet) {
        *seen = EntitySet::below(SCHEMA.entities_max);
        if seat % 2 == 1 {
            *seen = seen.without(&self.hidden_from_odd);
        }
    }

    fn act(&self, seat: u16, tick: u32, _world: &Table) -> Input {
        let of = |period: u32, salt: u64| {
            // Each player changes its mind at another tick.
            let phase = (tick + u32::from(seat) * 7) / period;
            Random::new(self.seed ^ salt << 48 ^ u64::from(seat) << 32 ^ u64::from(phase))
        };
        let way = |salt| of(20, salt).below(3) as i32 - 1;
        let turn = of(20, 3).below(41) as i32 - 20;
        let aim = of(20, 4).below(1_024) as i32 + turn * (tick % 20) as i32;
        let fires = of(40, 5).happens(700_000) && tick % 4 == u32::from(seat) % 4;
        let launches = tick % 90 == u32::from(seat) * 11 % 90;
        let fire = if launches { 2 } else { i32::from(fires) };
        SCHEMA.pack_input(&[way(1), way(2), aim, fire])
    }
}
