//! Who is far away hits as often as who is near.

use std::collections::VecDeque;

use playhouse_protocol::game::{Table, ViewTick};

use super::super::schema::avatar;
use super::super::*;
use super::stage::Stage;
use crate::games::game::Happening;
use crate::games::hash;

/// How many targets run about. Each is hit and comes in again all the time.
const TARGETS: u16 = 80;

/// How many aim bots there are.
const AIMERS: u16 = 20;

/// For how long they shoot: 10 min.
const TICKS: u32 = 30 * 60 * 10;

/// An aim bot at the end of a connection with that round trip.
struct Aimer {
    seat: u16,
    /// How many ticks lie between what it sees and the tick in which what it does counts: the round trip
    /// and a tick in the server's buffer, rounded up.
    behind: u32,
    /// Whether it says what it saw, or that it saw what is there now.
    says: bool,
    shots: u32,
    hits: u32,
}

impl Aimer {
    fn new(seat: u16, rtt_ms: u32, says: bool) -> Self {
        Self { seat, behind: (rtt_ms * 30).div_ceil(1000) + 1, says, shots: 0, hits: 0 }
    }

    /// What its client sends for the tick `now`, having got the state of `behind` ticks before, and
    /// knowing its own place, which it plays ahead.
    fn act(&self, now: u32, me: (i32, i32), seen: &Table) -> SeatInput {
        let targets =
            seen.iter().filter(|(slot, one)| *slot < TARGETS && one.kind == schema::AVATAR);
        let near = targets.map(|(_, one)| {
            let [vx, vy, x, y, ..] = *one.fields else { panic!("an avatar has these") };
            let can_be_hurt = one.fields[avatar::SHIELD] == 0;
            (x - me.0, y - me.1, vx, vy, can_be_hurt)
        });
        let far = |(x, y, ..): &(i32, i32, i32, i32, bool)| x * x + y * y;
        let nearest = near.filter(|target| target.4).min_by_key(far);
        let action =
            nearest.filter(|target| far(target) < 900 * 900).map_or(Action::default(), aim_at);
        let view = ViewTick { tick: now - if self.says { self.behind } else { 0 }, frac: 0 };
        SeatInput { seat: Seat(self.seat), input: action.input(), view }
    }
}

/// Aims at where shot and target meet if the target goes on as it is seen.
fn aim_at((x, y, vx, vy, _): (i32, i32, i32, i32, bool)) -> Action {
    let at = |ticks: i32| (x + vx * ticks, y + vy * ticks);
    let reach = |ticks: &i32| {
        let (x, y) = at(*ticks);
        x * x + y * y <= (shot::PACE * ticks).pow(2)
    };
    let (x, y) = at((1..18).find(reach).unwrap_or(18));
    Action { go: 0, aim: trig::angle(x, y) as u16, fire: true }
}

/// How often, in 10,000 shots, aim bots with that round trip hit targets that turn by chance.
fn rate(rtt_ms: u32, says: bool, seed: u64) -> u32 {
    let settings = Settings { map: Map::Open, minutes: 30, frags: 1000, ..Settings::default() };
    let mut stage = Stage::new(settings, TARGETS + AIMERS);
    let mut aimers: Vec<_> = (0..AIMERS).map(|n| Aimer::new(TARGETS + n, rtt_ms, says)).collect();
    let mut chance = seed;
    let mut draw = |below: u64| {
        chance = hash::of(&chance);
        (chance >> 11) % below
    };
    let mut ways = [1_u8; TARGETS as usize];
    let mut tables: VecDeque<Table> = VecDeque::from([stage.table()]);
    for _ in 0..TICKS {
        for aimer in &aimers {
            let place = i32::from(aimer.seat - TARGETS);
            stage.put(aimer.seat, 1000 + place % 5 * 1500, 1200 + place / 5 * 1800);
            let player = stage.player_mut(aimer.seat);
            (player.rapid, player.health) = (0, HEALTH);
        }
        let mut inputs = Vec::new();
        for (seat, way) in ways.iter_mut().enumerate() {
            if draw(20) == 0 {
                *way = draw(17) as u8;
            }
            let input = Action { go: *way, ..Action::default() }.input();
            inputs.push(SeatInput { seat: Seat(seat as u16), input, view: ViewTick::default() });
        }
        let now = stage.arena.tick + 1;
        for aimer in &aimers {
            // The newest state is that of the tick before this one.
            let seen = tables.get(aimer.behind as usize - 1);
            let me = (stage.player(aimer.seat).body.x, stage.player(aimer.seat).body.y);
            inputs.extend(seen.map(|seen| aimer.act(now, me, seen)));
        }
        stage.step_inputs(&inputs);
        assert_eq!(stage.happened.suspicions(), []);
        let hits = stage.events(schema::HIT);
        for aimer in &mut aimers {
            let (seat, ready) = (Seat(aimer.seat), stage.player(aimer.seat).body.ready);
            aimer.shots += u32::from(ready == now + RELOAD);
            let own = |hit: &&Happening| {
                hit.hears == Hears::One(seat) && hit.event.fields[0] == i32::from(seat.0)
            };
            aimer.hits += hits.iter().filter(own).count() as u32;
        }
        tables.push_front(stage.table());
        tables.truncate(10);
    }
    let (hits, shots) =
        aimers.iter().fold((0, 0), |(h, s), aimer| (h + aimer.hits, s + aimer.shots));
    assert!(shots > 10_000, "{shots} shots do not tell");
    hits * 10_000 / shots
}

#[test]
fn aim_bots_at_20_and_at_200_ms_hit_within_2_points_of_each_other() {
    let seed = 1;
    let hits = [(20, true), (200, true), (200, false)];
    let [near, far, unsaid] = hits.map(|(rtt_ms, says)| rate(rtt_ms, says, seed));
    println!("seed={seed}: {near} and {far} of 10,000; {unsaid} without what they saw");
    assert!(near > 2_000 && near < 9_500, "neither hopeless nor without fault: {near}");
    assert!(near.abs_diff(far) <= 200, "seed={seed}: {near} and {far} of 10,000");
    assert!(unsaid + 1_000 < near, "it is what they say they saw that does it: {unsaid}");
}
