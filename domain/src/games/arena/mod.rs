//! arena: everybody against everybody, seen from above, in real time.
//!
//! - [`schema`]: what there is on the wire, and in which slot. [`trig`], [`ground`]: angles, walls.
//! - [`avatar`]: one player's step, which clients play ahead ([`own`]). [`shot`], [`past`]: what flies, and where
//!   whom it meets was when the shooter saw them.
//! - this file: the match. `sight`: who sees what. `bots`: players of the server's own. `settings`: what can be chosen.
//!
//! A place is in centimetres, a tick is a thirtieth of a second. A player goes 5.4 m/s, fires 2.5 shots a
//! second (5 with a rapid weapon) that fly 18 m at 30 m/s, and dies of three. The dead come in again after
//! 3 s somewhere that nobody can foresee or bring about, and cannot be hurt until they fire, for 1.5 s.
//!
//! The server decides everything: a client says where it goes, where it looks, whether it fires, and what
//! it saw while it did. Nothing that it can say makes it faster than [`avatar::PACE`], fire sooner than
//! [`avatar::RELOAD`], reach further than a shot flies, or meet somebody where they were more than
//! [`past::REWIND_MAX`] ago.

pub mod avatar;
mod bots;
pub mod ground;
pub mod own;
pub mod past;
pub mod schema;
mod settings;
pub mod shot;
mod sight;
#[cfg(test)]
mod tests;
pub mod trig;

use playhouse_protocol::game::{EntitySet, Input, Schema, Table, ViewTick};
use serde::{Deserialize, Serialize};

use self::avatar::{Body, RELOAD, RELOAD_RAPID, STEPS};
use self::ground::{Ground, Item, Map, RADIUS, What};
use self::past::{Past, REWIND_MAX};
use self::schema::{Action, ITEMS_MAX, PLAYERS_MAX, SHOTS_EACH};
pub use self::settings::Settings;
use self::shot::Shot;
use super::game::input_of;
use super::{Bot, BySeat, Game, Happenings, Hears, Outcome, Seat, SeatInput, Suspicion, hash};
use crate::refusal::Refusal;

const HEALTH: u8 = 100;
/// What a shot takes: three kill.
const DAMAGE: u8 = 34;
/// How long the dead wait: 3 s.
const RESPAWN: u32 = 90;
/// How long whoever comes in cannot be hurt: 1.5 s.
const SHIELD: u32 = 45;
/// How long a rapid weapon lasts: 10 s.
const RAPID: u32 = 300;
/// How long until something comes again that was picked up: 15 s.
const ITEM_AGAIN: u32 = 450;
/// From how far something is picked up, in centimetres.
const PICK_REACH: i32 = RADIUS + 40;
/// A view that is this old, in 256ths of a tick, is no view of somebody who plays: 2 s.
const VIEW_OLD: u64 = 60 * 256;

/// A match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arena {
    settings: Settings,
    seed: u64,
    tick: u32,
    players: BySeat<Player>,
    /// By number: the tick from which on it lies there.
    items: [u32; ITEMS_MAX as usize],
    over: bool,
}

/// Somebody in a seat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Player {
    body: Body,
    past: Past,
    shots: [Option<Shot>; SHOTS_EACH as usize],
    /// 0: dead.
    health: u8,
    entered: u32,
    /// When the life began, or the next one does.
    life: u32,
    /// Until when.
    shield: u32,
    /// Until when.
    rapid: u32,
    frags: u16,
    deaths: u16,
}

impl Player {
    fn is_alive(&self) -> bool {
        self.health > 0
    }

    /// Begins a life.
    fn come_in(&mut self, tick: u32, (x, y): (i32, i32)) {
        self.body = Body { x, y, aim: self.body.aim, ready: tick, ..Body::default() };
        (self.past, self.health, self.life) = (Past::default(), HEALTH, tick);
        (self.shield, self.rapid) = (tick + SHIELD, 0);
    }

    fn die(&mut self, tick: u32) {
        (self.body.vx, self.body.vy) = (0, 0);
        self.deaths += 1;
        (self.health, self.life) = (0, tick + RESPAWN);
    }

    /// True if it picks `item` up where it is.
    fn takes(&self, item: &Item) -> bool {
        let (x, y) = (self.body.x - item.x, self.body.y - item.y);
        let needs = item.what == What::Rapid || self.health < HEALTH;
        self.is_alive() && needs && x * x + y * y <= PICK_REACH * PICK_REACH
    }
}

impl Arena {
    fn ground(&self) -> &'static Ground {
        self.settings.map.ground()
    }

    /// The dead whose time has come begin another life, at a place that follows from nothing that others
    /// do and so tells nothing of them.
    fn come_in(&mut self) {
        let (seed, tick, ground) = (self.seed, self.tick, self.ground());
        for (seat, player) in self.players.iter_mut() {
            if !player.is_alive() && player.life <= tick {
                let life = (seed, u64::from(seat.0), player.entered, player.deaths);
                player.come_in(tick, ground.spawn(hash::of(&life)));
            }
        }
    }

    /// Everybody moves, and fires where they saw what they saw.
    fn act(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        let (ground, tick) = (self.ground(), self.tick);
        let mut fires = [None; PLAYERS_MAX as usize];
        for (seat, player) in self.players.iter_mut().filter(|(_, player)| player.is_alive()) {
            let SeatInput { input, view, .. } = input_of(inputs, seat);
            let action = Action::of(input);
            if usize::from(action.go) >= STEPS.len() {
                happened.suspect(seat, Suspicion::ImpossibleInput);
            }
            let reload = if player.rapid > tick { RELOAD_RAPID } else { RELOAD };
            if player.body.step(ground, action, tick, reload) {
                fires[seat.index()] = Some(rewind(tick, view, seat, happened));
                player.shield = 0;
            }
            player.past.note(tick, player.body.x, player.body.y);
        }
        for seat in self.players.in_turn(tick) {
            (0..SHOTS_EACH.into()).for_each(|shot| self.fly(seat, shot, 0, happened));
        }
        for seat in self.players.in_turn(tick) {
            if let Some(back) = fires[seat.index()] {
                self.fire(seat, back, happened);
            }
        }
    }

    /// The player in `seat` fires, having seen what was `back` 256ths of a tick ago: the shot flies until
    /// now at once, and meets whom it would have met.
    fn fire(&mut self, seat: Seat, back: u64, happened: &mut Happenings) {
        let player = &mut self.players[seat];
        let Some(free) = player.shots.iter().position(Option::is_none) else { return };
        player.shots[free] = Some(Shot::new(&player.body, self.tick, back as u8));
        (0..back >> 8).rev().for_each(|ago| self.fly(seat, free, ago, happened));
    }

    /// A shot flies for a tick, as it was `ago` ticks ago, among those who are where its shooter saw them.
    fn fly(&mut self, seat: Seat, shot: usize, ago: u64, happened: &mut Happenings) {
        let Some(player) = self.players.get_mut(seat) else { return };
        let Some(mut flies) = player.shots[shot].take() else { return };
        let (way, back) = (flies.fly(self.ground()), (ago << 8) + u64::from(flies.behind));
        let may = |(whom, player): &(Seat, &Player)| {
            *whom != seat && player.is_alive() && way.is_near(&player.body)
        };
        let met = |(whom, player): (Seat, &Player)| {
            Some((way.meets(player.past.at(self.tick, back)?)?, whom))
        };
        match self.players.iter().filter(may).filter_map(met).min() {
            Some((_, whom)) => self.hit(seat, whom, trig::angle(flies.by.0, flies.by.1), happened),
            None if flies.left > 0 => self.players[seat].shots[shot] = Some(flies),
            None => {}
        }
    }

    fn hit(&mut self, by: Seat, whom: Seat, along: i32, happened: &mut Happenings) {
        let (tick, seats) = (self.tick, [by.0.into(), whom.0.into()]);
        let victim = &mut self.players[whom];
        if victim.shield > tick {
            return;
        }
        victim.health = victim.health.saturating_sub(DAMAGE);
        for seat in [by, whom] {
            happened.tell(Hears::One(seat), schema::HIT, &[seats[0], seats[1], along]);
        }
        if !victim.is_alive() {
            victim.die(tick);
            self.players[by].frags += 1;
            happened.tell(Hears::All, schema::KILL, &seats);
        }
    }

    /// Whoever is near enough has what lies there.
    fn pick_up(&mut self, happened: &mut Happenings) {
        for (at, item) in self.ground().items() {
            if self.items[at] > self.tick {
                continue;
            }
            let takes = |seat: &Seat| self.players.get(*seat).is_some_and(|one| one.takes(item));
            let Some(seat) = self.players.in_turn(self.tick).find(takes) else { continue };
            self.items[at] = self.tick + ITEM_AGAIN;
            match item.what {
                What::Health => self.players[seat].health = HEALTH,
                What::Rapid => self.players[seat].rapid = self.tick + RAPID,
            }
            happened.tell(Hears::One(seat), schema::PICK, &[item.what as i32]);
        }
    }
}

/// How far back the view of a shooter is followed, in 256ths of a tick.
fn rewind(tick: u32, view: ViewTick, seat: Seat, happened: &mut Happenings) -> u64 {
    let back = (u64::from(tick) << 8).checked_sub(view.parts());
    match back {
        None => happened.suspect(seat, Suspicion::SawTheFuture),
        Some(..=VIEW_OLD) => {}
        Some(_) => happened.suspect(seat, Suspicion::SawThePast),
    }
    back.unwrap_or_default().min(REWIND_MAX)
}

impl Game for Arena {
    const NAME: &'static str = "arena";
    const RULES: u16 = 1;
    const PLAYERS_MIN: u16 = 2;
    const PLAYERS_MAX: u16 = PLAYERS_MAX;
    const JOIN_LATE: bool = true;
    const SCHEMA: &'static Schema = &schema::SCHEMA;

    type Settings = Settings;

    fn check(settings: &Settings) -> Result<(), Refusal> {
        settings.check()
    }

    fn new(settings: &Settings, seed: u64) -> Self {
        let (players, items) = (BySeat::default(), [0; ITEMS_MAX as usize]);
        Self { settings: *settings, seed, tick: 0, players, items, over: false }
    }

    fn tick(&self) -> u32 {
        self.tick
    }

    fn has(&self, seat: Seat) -> bool {
        self.players.has(seat)
    }

    /// The first life begins as every other one does.
    fn enter(&mut self, seat: Seat) {
        if seat.0 < PLAYERS_MAX {
            let (entered, life) = (self.tick, self.tick + 1);
            self.players.enter(seat, Player { entered, life, ..Player::default() });
        }
    }

    fn leave(&mut self, seat: Seat) {
        self.players.leave(seat);
    }

    /// Only a shot that goes off rests on what was seen.
    fn looks(&self, seat: Seat, input: Input) -> bool {
        let Some(player) = self.players.get(seat) else { return false };
        let ready = if player.is_alive() { player.body.ready } else { player.life };
        ready <= self.tick + 1 && Action::of(input).fire
    }

    fn step(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        self.tick += 1;
        if self.over {
            return;
        }
        self.come_in();
        self.act(inputs, happened);
        self.pick_up(happened);
        let wins = |(_, player): (_, &Player)| player.frags >= self.settings.frags;
        self.over = self.tick >= self.settings.ticks() || self.players.iter().any(wins);
    }

    fn write(&self, table: &mut Table) {
        self.write_table(table);
    }

    fn visible(&self, seat: Seat, seen: &mut EntitySet) {
        self.seen_by(seat, seen);
    }

    fn priority(&self, seat: Seat, slot: u16) -> u16 {
        self.urgency(seat, slot)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.over.then(|| self.standings())
    }

    fn standings(&self) -> Outcome {
        Outcome::by_score(self.players.iter().map(|(seat, player)| (seat, player.frags.into())))
    }

    /// The text of each ground.
    fn scenery() -> serde_json::Value {
        Map::ALL.iter().map(|map| (map.name(), map.text())).collect()
    }

    fn bot(settings: &Settings, seat: Seat, seed: u64) -> Box<dyn Bot> {
        Box::new(bots::Rover::new(settings.map.ground(), seat, seed))
    }
}
