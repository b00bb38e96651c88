//! What a player does not see changes nothing of what they are told.

use playhouse_protocol::game::{EntitySet, Table, ViewTick};
use proptest::prelude::*;

use super::super::schema::avatar;
use super::super::*;
use super::stage::Stage;
use crate::games::bot::Sight;
use crate::games::hash;

/// A fight of bots on the yard, after some seconds.
pub(super) fn fight(seats: u16, seed: u64, ticks: u32) -> Stage {
    let settings = Settings { frags: 1000, ..Settings::default() };
    let mut stage = Stage::new(settings, seats);
    stage.arena.seed = seed;
    let mut bots: Vec<_> = (0..seats).map(|seat| Arena::bot(&settings, Seat(seat), seed)).collect();
    for _ in 0..ticks {
        let inputs = inputs(&stage, &mut bots);
        stage.step_inputs(&inputs);
    }
    stage
}

/// What the bots do, each having seen what its seat sees.
pub(super) fn inputs(stage: &Stage, bots: &mut [Box<dyn Bot>]) -> Vec<SeatInput> {
    let (table, tick) = (stage.table(), stage.arena.tick);
    let view = ViewTick { tick, frac: 0 };
    let act = |(seat, bot): (u16, &mut Box<dyn Bot>)| {
        let seen = stage.seen(seat);
        let input = bot.act(&Sight::new(Seat(seat), tick, &table, &seen));
        SeatInput { seat: Seat(seat), input, view }
    };
    (0..).zip(bots).map(act).collect()
}

/// What is told to `seat`, with everything that it follows from.
fn told(stage: &Stage, seat: u16) -> (EntitySet, u64, Vec<u16>) {
    let (table, seen): (Table, _) = (stage.table(), stage.seen(seat));
    let priorities = seen.iter().map(|slot| stage.arena.priority(Seat(seat), slot)).collect();
    (seen, hash::of_seen(&table, &seen), priorities)
}

/// Changes everything about `player` that the wire tells of, but for the score.
fn change(player: &mut Player, place: (i32, i32), by: u8) {
    (player.body.x, player.body.y) = place;
    player.body.aim = (player.body.aim + u16::from(by)) % 1024;
    player.health = 1 + by % 100;
    player.rapid += u32::from(by);
    player.shield += u32::from(by);
    player.life += 1;
    player.body.ready += u32::from(by);
    player.past = Past::default();
}

#[test]
fn a_wall_hides_and_its_end_does_not() {
    let mut stage = Stage::new(Settings::default(), 2);
    // The block of walls from (3, 3) to (4, 4), that is from 768 to 1,279 each way.
    stage.put(0, 640, 700);
    stage.put(1, 1664, 900);
    assert!(!stage.seen(0).contains(1) && !stage.seen(1).contains(0));
    assert!(stage.seen(0).contains(0), "one sees oneself");
    // The middle of the other is still behind the wall, the edge is not.
    stage.put(1, 1664, 840);
    assert!(!stage.arena.ground().is_clear((640, 700), (1664, 840)));
    assert!(stage.seen(0).contains(1));
    stage.put(1, 640 + 3001, 700);
    assert!(!stage.seen(0).contains(1), "too far away");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whoever is hidden may be anywhere that is hidden too, and be in any state.
    #[test]
    fn a_hidden_player_who_is_changed_changes_nothing_that_the_blind_are_told(
        seed in 0..1000_u64, viewer in 0..12_u16, place in (300..7900_i32, 300..7900_i32), by in any::<u8>(),
    ) {
        let stage = fight(12, seed, 200);
        let before = told(&stage, viewer);
        for hidden in (0..12).filter(|seat| *seat != viewer && !before.0.contains(*seat)) {
            let mut other = Stage { arena: stage.arena.clone(), happened: Happenings::new() };
            change(other.player_mut(hidden), place, by);
            if other.seen(viewer).contains(hidden) {
                continue;
            }
            prop_assert_eq!(told(&other, viewer), before.clone(), "seed={}", seed);
        }
    }

    /// The same for as long as they stay hidden: two matches in which only somebody unseen goes other ways.
    /// Whom shots hit and who takes what others want are no secrets, so there are none.
    #[test]
    fn where_a_hidden_player_goes_moves_nothing_for_the_blind(seed in 0..1000_u64, viewer in 0..12_u16) {
        let mut one = fight(12, seed, 150);
        one.arena.items = [u32::MAX; ITEMS_MAX as usize];
        one.arena.players.iter_mut().for_each(|(_, player)| player.shots = [None; 3]);
        let seen = one.seen(viewer);
        let hidden = (0..12).filter(|seat| *seat != viewer && !seen.contains(*seat));
        if let Some(hidden) = hidden.into_iter().find(|seat| one.player(*seat).is_alive()) {
            let mut two = Stage { arena: one.arena.clone(), happened: Happenings::new() };
            for tick in 0..40_u32 {
                let own = |way: u8| Action { go: way, aim: u16::from(way) * 60, fire: false };
                let common = |seat: u16| Action { go: (seat + tick as u16 / 8) as u8 % 17, ..Action::default() };
                let of = |way: u8| (0..12)
                    .map(|seat| (seat, if seat == hidden { own(way) } else { common(seat) }))
                    .collect::<Vec<_>>();
                one.step(&of(3));
                two.step(&of(12));
                if one.seen(viewer).contains(hidden) || two.seen(viewer).contains(hidden) {
                    break;
                }
                prop_assert_eq!(told(&one, viewer), told(&two, viewer), "seed={} hidden={}", seed, hidden);
            }
        }
    }
}

#[test]
fn a_sight_has_nothing_that_is_not_seen() {
    let stage = fight(12, 3, 200);
    let (table, seen) = (stage.table(), stage.seen(0));
    let sight = Sight::new(Seat(0), stage.arena.tick, &table, &seen);
    let (mut told, mut hidden) = (0, 0);
    for slot in 0..table.schema().entities_max {
        match seen.contains(slot) {
            true => told += usize::from(sight.get(slot).is_some()),
            false => {
                hidden += usize::from(table.get(slot).is_some());
                assert_eq!(sight.get(slot), None);
            }
        }
    }
    assert_eq!(sight.entities().count(), told);
    assert!(told > 12 && hidden > 3, "{told} seen, {hidden} hidden");
    assert!(sight.get(0).is_some_and(|me| me.fields.len() == avatar::SHIELD + 1));
}
