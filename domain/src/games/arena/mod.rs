//! arena: everybody against everybody, seen from above, in real time.
//!
//! - [`schema`]: what there is on the wire, and in which slot. [`trig`], [`ground`]: angles, walls.
//! - [`avatar`]: one player's step, which clients play ahead ([`own`]). [`shot`], [`past`]: what flies, and where
//!   whom it meets was when the shooter saw them.
//! - this file: the match. `sight`: who sees what. `bots`: players of the server's own.
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
pub mod shot;
mod sight;
#[cfg(test)]
mod tests;
pub mod trig;

use playhouse_protocol::game::{EntitySet, Input, Schema, Table, ViewTick};
use serde::{Deserialize, Serialize};

use self::avatar::{Body, RELOAD, RELOAD_RAPID};
use self::ground::{Ground, Map, RADIUS, What};
use self::past::{Past, REWIND_MAX};
use self::schema::{Action, ITEMS_MAX, PLAYERS_MAX, SHOTS_EACH};
use self::shot::Shot;
use super::bot::Bot;
use super::game::{Game, Happenings, Hears, Outcome, SeatInput, Suspicion};
use super::{Seat, hash};
use crate::refusal::{Refusal, RefusalKind};

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

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The ground.
    pub map: Map,
    /// How long it lasts, in minutes: 1 to 30.
    pub minutes: u8,
    /// Whoever kills so many ends it: 1 to 1,000.
    pub frags: u16,
    /// How far one sees, in metres: 10 to 120.
    pub sight: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { map: Map::Yard, minutes: 10, frags: 50, sight: 30 }
    }
}

/// A match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arena {
    settings: Settings,
    seed: u64,
    tick: u32,
    /// By seat; as long as the highest seat that was ever taken.
    players: Vec<Option<Player>>,
    /// By number: the tick from which on it lies there.
    items: [u32; ITEMS_MAX as usize],
    over: bool,
}

/// Somebody in a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        let aim = self.body.aim;
        self.body = Body { x, y, aim, ready: tick, ..Body::default() };
        self.past = Past::default();
        (self.health, self.life) = (HEALTH, tick);
        (self.shield, self.rapid) = (tick + SHIELD, 0);
    }

    fn die(&mut self, tick: u32) {
        (self.body.vx, self.body.vy) = (0, 0);
        self.deaths = self.deaths.saturating_add(1);
        (self.health, self.life) = (0, tick + RESPAWN);
    }
}

impl Arena {
    fn ground(&self) -> &'static Ground {
        self.settings.map.ground()
    }

    fn player(&mut self, seat: usize) -> Option<&mut Player> {
        self.players.get_mut(seat)?.as_mut()
    }

    /// Every seat once, from another one in each tick, so that none is always the first.
    fn in_turn(&self) -> impl Iterator<Item = usize> + use<> {
        let (count, first) = (self.players.len(), self.tick as usize);
        (0..count).map(move |at| (first + at) % count)
    }

    /// The dead whose time has come begin another life, at a place that follows from nothing that others
    /// do and so tells nothing of them.
    fn come_in(&mut self) {
        let (seed, tick, ground) = (self.seed, self.tick, self.ground());
        for (seat, player) in self.players.iter_mut().enumerate() {
            let Some(player) = player.as_mut().filter(|player| !player.is_alive()) else {
                continue;
            };
            if player.life <= tick {
                let life = (seed, seat as u64, player.entered, player.deaths);
                player.come_in(tick, ground.spawn(hash::of(&life)));
            }
        }
    }

    /// Everybody moves, and fires where they saw what they saw.
    fn act(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        let (ground, tick) = (self.ground(), self.tick);
        let mut fires = [None; PLAYERS_MAX as usize];
        let mut inputs = inputs.iter().peekable();
        for (at, player) in self.players.iter_mut().enumerate() {
            while inputs.next_if(|input| input.seat.index() < at).is_some() {}
            let input = inputs.next_if(|input| input.seat.index() == at);
            let Some(player) = player.as_mut().filter(|player| player.is_alive()) else { continue };
            let (action, view) =
                input.map_or_else(Default::default, |input| (Action::of(input.input), input.view));
            let seat = Seat(at as u16);
            if usize::from(action.go) >= avatar::STEPS.len() {
                happened.suspect(seat, Suspicion::ImpossibleInput);
            }
            let reload = if player.rapid > tick { RELOAD_RAPID } else { RELOAD };
            if player.body.step(ground, action, tick, reload) {
                fires[at] = Some(rewind(tick, view, seat, happened));
                player.shield = 0;
            }
            player.past.note(tick, player.body.x, player.body.y);
        }
        for seat in self.in_turn() {
            (0..SHOTS_EACH.into()).for_each(|shot| self.fly(seat, shot, None, happened));
        }
        for seat in self.in_turn() {
            if let Some(back) = fires[seat] {
                self.fire(seat, back, happened);
            }
        }
    }

    /// The player in `seat` fires, having seen what was `back` 256ths of a tick ago: the shot flies until
    /// now at once, and meets whom it would have met.
    fn fire(&mut self, seat: usize, back: u64, happened: &mut Happenings) {
        let tick = self.tick;
        let Some(player) = self.player(seat) else { return };
        let Some(free) = player.shots.iter().position(Option::is_none) else { return };
        player.shots[free] = Some(Shot::new(&player.body, tick, back as u8));
        for ticks in 1..=back >> 8 {
            self.fly(seat, free, Some(back - (ticks << 8)), happened);
        }
    }

    /// A shot flies for a tick, among those who are where they were `back` 256ths of a tick ago.
    fn fly(&mut self, seat: usize, shot: usize, back: Option<u64>, happened: &mut Happenings) {
        let (ground, tick) = (self.ground(), self.tick);
        let Some(flies) = self.player(seat).and_then(|player| player.shots[shot].as_mut()) else {
            return;
        };
        let (way, along) = (flies.fly(ground), (flies.vx, flies.vy));
        let back = back.unwrap_or(flies.behind.into());
        let met = |(whom, player): (usize, &Option<Player>)| {
            let player = player.as_ref().filter(|player| whom != seat && player.is_alive())?;
            if !way.is_near((player.body.x, player.body.y)) {
                return None;
            }
            Some((way.meets(player.past.at(tick, back)?)?, whom))
        };
        let nearest = self.players.iter().enumerate().filter_map(met).min();
        let Some(shooter) = self.player(seat) else { return };
        if nearest.is_some() || shooter.shots[shot].is_some_and(|shot| shot.left == 0) {
            shooter.shots[shot] = None;
        }
        if let Some((_, whom)) = nearest {
            self.hit(seat, whom, trig::angle(along.0, along.1), happened);
        }
    }

    fn hit(&mut self, by: usize, whom: usize, along: i32, happened: &mut Happenings) {
        let tick = self.tick;
        let Some(victim) = self.player(whom).filter(|victim| victim.shield <= tick) else { return };
        victim.health = victim.health.saturating_sub(DAMAGE);
        let dies = !victim.is_alive();
        if dies {
            victim.die(tick);
        }
        let (killer, seats) =
            (self.player(by).expect("a shot is a player's"), [by as i32, whom as i32]);
        for seat in [by, whom] {
            happened.tell(Hears::One(Seat(seat as u16)), schema::HIT, &[seats[0], seats[1], along]);
        }
        if dies {
            killer.frags = killer.frags.saturating_add(1);
            happened.tell(Hears::All, schema::KILL, &seats);
        }
    }

    /// Whoever is near enough has what lies there.
    fn pick_up(&mut self, happened: &mut Happenings) {
        let (ground, tick) = (self.ground(), self.tick);
        for (at, item) in ground.items() {
            if self.items[at] > tick {
                continue;
            }
            let wants = |player: &Player| {
                let (x, y) = (player.body.x - item.x, player.body.y - item.y);
                let needs = item.what == What::Rapid || player.health < HEALTH;
                player.is_alive() && needs && x * x + y * y <= PICK_REACH * PICK_REACH
            };
            let takes = |seat: &usize| self.players[*seat].as_ref().is_some_and(wants);
            let Some(seat) = self.in_turn().find(takes) else { continue };
            self.items[at] = tick + ITEM_AGAIN;
            let Some(player) = self.player(seat) else { continue };
            match item.what {
                What::Health => player.health = HEALTH,
                What::Rapid => player.rapid = tick + RAPID,
            }
            happened.tell(Hears::One(Seat(seat as u16)), schema::PICK, &[item.what as i32]);
        }
    }
}

/// How far back the view of a shooter is followed, in 256ths of a tick.
fn rewind(tick: u32, view: ViewTick, seat: Seat, happened: &mut Happenings) -> u64 {
    let Some(back) = (u64::from(tick) << 8).checked_sub(view.parts()) else {
        happened.suspect(seat, Suspicion::SawTheFuture);
        return 0;
    };
    if back > VIEW_OLD {
        happened.suspect(seat, Suspicion::SawThePast);
    }
    back.min(REWIND_MAX)
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
        let bounds = [
            ("minutes", u16::from(settings.minutes), 1, 30),
            ("frags", settings.frags, 1, 1000),
            ("sight", settings.sight.into(), 10, 120),
        ];
        match bounds.iter().find(|(_, value, min, max)| !(min..=max).contains(&value)) {
            None => Ok(()),
            Some((what, value, min, max)) => {
                let message = format!("{what} is {min} to {max}, not {value}");
                Err(Refusal::new(RefusalKind::Invalid, "bad_settings", message))
            }
        }
    }

    fn new(settings: &Settings, seed: u64) -> Self {
        let (settings, players, items) = (*settings, Vec::new(), [0; ITEMS_MAX as usize]);
        Self { settings, seed, tick: 0, players, items, over: false }
    }

    fn tick(&self) -> u32 {
        self.tick
    }

    fn has(&self, seat: Seat) -> bool {
        self.players.get(seat.index()).is_some_and(Option::is_some)
    }

    fn enter(&mut self, seat: Seat) {
        if seat.0 >= PLAYERS_MAX || self.has(seat) {
            return;
        }
        if self.players.len() <= seat.index() {
            self.players.resize(seat.index() + 1, None);
        }
        let (life, shots) = (self.tick + 1, [None; SHOTS_EACH as usize]);
        self.players[seat.index()] = Some(Player {
            body: Body::default(),
            past: Past::default(),
            shots,
            health: 0,
            entered: self.tick,
            life,
            shield: 0,
            rapid: 0,
            frags: 0,
            deaths: 0,
        });
    }

    fn leave(&mut self, seat: Seat) {
        if let Some(player) = self.players.get_mut(seat.index()) {
            *player = None;
        }
    }

    /// Only a shot that goes off rests on what was seen.
    fn looks(&self, seat: Seat, input: Input) -> bool {
        let Some(Some(player)) = self.players.get(seat.index()) else { return false };
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
        let ends = |player: &Player| player.frags >= self.settings.frags;
        let last = u32::from(self.settings.minutes) * 60 * u32::from(Self::SCHEMA.tick_hz);
        self.over = self.tick >= last || self.players.iter().flatten().any(ends);
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
        let score = |(seat, player): (usize, &Option<Player>)| {
            Some((Seat(seat as u16), i32::from(player.as_ref()?.frags)))
        };
        Outcome::by_score(self.players.iter().enumerate().filter_map(score))
    }

    /// The text of each ground.
    fn scenery() -> serde_json::Value {
        Map::ALL.iter().map(|map| (map.name(), map.text())).collect()
    }

    fn bot(settings: &Settings, seat: Seat, seed: u64) -> Box<dyn Bot> {
        Box::new(bots::Rover::new(settings.map.ground(), seat, seed))
    }
}
