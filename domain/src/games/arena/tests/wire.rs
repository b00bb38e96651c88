//! The arena on the wire: what it costs, that clients are told what is, and that the blind are not told a bit.

use std::cell::RefCell;

use playhouse_protocol::game::predict::{Predicted, Prediction, Reconciled};
use playhouse_protocol::game::scenario::{Play, Report, Stage as Scene, play};
use playhouse_protocol::game::{
    Cache, ClientPeer, EntitySet, Event, Input, Micros, Origin, PeerConfig, Resolved, Ring,
    ServerPeer, ViewTick,
};

use super::super::own::Own;
use super::super::*;
use super::secrecy::fight;
use super::stage::Stage;
use crate::games::bot::Sight;
use crate::games::hash;

/// An arena with a bot at the end of each connection.
struct Scenery {
    arena: Arena,
    happened: Happenings,
    bots: RefCell<Vec<Box<dyn Bot>>>,
}

impl Scenery {
    /// Everybody moves, turns and fires, all in view.
    fn open(players: u16) -> Self {
        let settings = Settings { map: Map::Open, minutes: 30, frags: 1000, sight: 120 };
        let mut arena = Arena::new(&settings, 5);
        (0..players).for_each(|seat| arena.enter(Seat(seat)));
        let bots = (0..players).map(|seat| Arena::bot(&settings, Seat(seat), 5)).collect();
        Self { arena, happened: Happenings::new(), bots: RefCell::new(bots) }
    }
}

impl Scene for Scenery {
    fn schema(&self) -> &'static Schema {
        Arena::SCHEMA
    }

    fn step(&mut self, inputs: &[Resolved], happened: &mut Vec<(u16, Event)>) {
        let input = |(seat, resolved): (u16, &Resolved)| {
            let Resolved { input, view, .. } = *resolved;
            SeatInput { seat: Seat(seat), input, view }
        };
        let inputs: Vec<_> = (0..).zip(inputs).map(input).collect();
        self.happened.clear();
        self.arena.step(&inputs, &mut self.happened);
        assert_eq!(self.happened.suspicions(), [], "honest clients are not suspected");
        for one in self.happened.all() {
            match one.hears {
                Hears::One(seat) => happened.push((seat.0, one.event)),
                Hears::All => {
                    happened.extend((0..inputs.len() as u16).map(|seat| (seat, one.event)));
                }
            }
        }
    }

    fn write(&self, table: &mut Table) {
        self.arena.write(table);
    }

    fn visible(&self, seat: u16, seen: &mut EntitySet) {
        seen.clear();
        self.arena.visible(Seat(seat), seen);
    }

    fn priority(&self, seat: u16, slot: u16) -> u16 {
        self.arena.priority(Seat(seat), slot)
    }

    fn act(&self, seat: u16, _: u32, world: &Table) -> Input {
        // Whatever reached a client is what it sees.
        let sight = Sight::new(Seat(seat), world.tick(), world, world.present());
        self.bots.borrow_mut()[usize::from(seat)].act(&sight)
    }
}

fn played(players: u16) -> (Report, Arena) {
    let mut scene = Scenery::open(players);
    let report = play(&mut scene, Play { players, ..Play::new(1) });
    (report, scene.arena)
}

#[test]
fn what_a_player_is_told_a_tick_fits_its_budget() {
    for (players, most) in [(10, 90.0), (32, 270.0), (100, 820.0)] {
        let (report, arena) = played(players);
        let mean = report.bytes_mean();
        let frags: u32 = arena.players.iter().map(|(_, player)| u32::from(player.frags)).sum();
        println!(
            "{players} players: {mean:.0} bytes a tick, at most {}, {frags} frags",
            report.bytes_max
        );
        assert!(frags > u32::from(players) / 4, "they fight");
        assert!(
            mean <= most && report.bytes_max <= 1_100,
            "{players} players: {mean:.0} bytes a tick"
        );
        assert!(report.events > 100 && report.events_whole);
    }
}

/// One player's own movement, played ahead by 6 ticks, against what the server says.
#[test]
fn a_client_predicts_its_own_way_without_a_single_mistake() {
    let settings = Settings { frags: 1000, ..Settings::default() };
    let mut stage = Stage::new(settings, 1);
    let own = |stage: &Stage| stage.table().get(0).and_then(|entity| Own::of(Map::Yard, entity));
    let mut prediction = Prediction::new(stage.arena.tick, own(&stage).unwrap());
    let (mut chance, mut action, mut sent) = (11_u64, Action::default(), Vec::new());
    for _ in 0..3000 {
        chance = hash::of(&chance);
        if chance % 9 == 0 {
            action = Action {
                go: (chance >> 8) as u8 % 17,
                aim: (chance >> 16) as u16 % 1024,
                fire: false,
            };
        }
        sent.push(action);
        prediction.advance(prediction.tick() + 1, action.input());
        if sent.len() > 6 {
            let arrived = sent[sent.len() - 7];
            stage.step(&[(0, arrived)]);
            let said = prediction.reconcile(stage.arena.tick, own(&stage).unwrap());
            assert_eq!(said, Reconciled::Agreed, "tick {}", stage.arena.tick);
        }
    }
    let mut other = own(&stage).unwrap();
    other.step(Action { go: 1, ..Action::default() }.input(), Origin::Real);
    assert!(Own::of(Map::Yard, stage.table().get(schema::SCORES).unwrap()).is_none());
    assert_eq!(other.body().ready, 0);
}

/// A server's ends for everybody in a match, who see what they see, and share one cache.
struct Ends {
    ring: Ring,
    cache: Cache,
    peers: Vec<ServerPeer>,
}

impl Ends {
    fn new(players: u16) -> Self {
        let peer = |_| ServerPeer::new(Arena::SCHEMA, 1, PeerConfig::default());
        Self {
            ring: Ring::new(Arena::SCHEMA),
            cache: Cache::new(),
            peers: (0..players).map(peer).collect(),
        }
    }

    /// What each is sent after a tick.
    fn tick(&mut self, now: Micros, stage: &Stage) -> Vec<Vec<u8>> {
        stage.arena.write(self.ring.begin(stage.arena.tick));
        let mut frame = self.cache.begin(&self.ring);
        let mut sent = Vec::new();
        for (seat, peer) in (0..).zip(&mut self.peers) {
            let _ = peer.close_input(now, stage.arena.tick);
            for one in stage.happened.all() {
                if [Hears::All, Hears::One(Seat(seat))].contains(&one.hears) {
                    peer.push_event(stage.arena.tick, &one.event);
                }
            }
            let (mut out, seen) = (Vec::new(), stage.seen(seat));
            let priority = |slot| stage.arena.priority(Seat(seat), slot);
            peer.encode(now, &mut frame, &seen, &priority, &mut out);
            sent.push(out);
        }
        sent
    }
}

#[test]
fn a_hidden_player_who_is_elsewhere_and_otherwise_alters_not_a_byte_for_the_blind() {
    let (mut compared, mut others_differ) = (0, 0);
    for seed in 0..60 {
        let mut one = fight(12, seed, 150);
        // Whom shots hit and who takes what others want are no secrets, so there are none.
        one.arena.items = [u32::MAX; ITEMS_MAX as usize];
        one.arena.players.iter_mut().for_each(|(_, player)| player.shots = [None; 3]);
        one.happened.clear();
        let mut two = Stage { arena: one.arena.clone(), happened: Happenings::new() };
        let viewer = (seed % 12) as u16;
        let seen = one.seen(viewer);
        let hidden = (0..12).find(|seat| !seen.contains(*seat) && one.player(*seat).is_alive());
        let Some(hidden) = hidden else { continue };
        let (mut ends, mut other_ends) = (Ends::new(12), Ends::new(12));
        let mut client = ClientPeer::new(Arena::SCHEMA, 1, one.arena.tick, Micros(0));
        for tick in 1..=60_u32 {
            let now = Micros::from_ms(u64::from(tick) * 33);
            let own = |way: u8| Action { go: way, aim: u16::from(way) * 60, fire: false };
            let common = |seat: u16| Action {
                go: ((u32::from(seat) + tick / 8) % 17) as u8,
                aim: (tick * 7 % 1024) as u16,
                fire: false,
            };
            let of = |way: u8| -> Vec<_> {
                (0..12)
                    .map(|seat| (seat, if seat == hidden { own(way) } else { common(seat) }))
                    .collect()
            };
            one.step(&of(3));
            two.step(&of(12));
            two.player_mut(hidden).health = 1 + (tick % 100) as u8;
            if one.seen(viewer).contains(hidden) || two.seen(viewer).contains(hidden) {
                break;
            }
            let (sent, other) = (ends.tick(now, &one), other_ends.tick(now, &two));
            let at = usize::from(viewer);
            assert_eq!(sent[at], other[at], "seed={seed} tick {tick}");
            others_differ += u32::from(sent != other);
            compared += 1;
            // What comes back acknowledges it, so that the next is a difference.
            client.receive(now, &sent[at]).unwrap();
            while let Some(tick) = client.input_due(now) {
                client.push_input(tick, Input::NEUTRAL, ViewTick::default());
            }
            let mut up = Vec::new();
            client.encode(now, &mut up);
            for ends in [&mut ends, &mut other_ends] {
                ends.peers[at].receive(now, &up).unwrap();
            }
        }
    }
    assert!(
        compared > 500 && others_differ > 200,
        "{compared} compared, {others_differ} differ for others"
    );
}
