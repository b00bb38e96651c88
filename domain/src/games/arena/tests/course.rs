//! What a tick leads to stays as it is for as long as [`Arena::RULES`] does: matches that were begun before, and logs
//! of those that are over, are played on by it.

use super::super::*;
use super::stage::Stage;

const SEATS: u16 = 60;

/// Sixty who go, look, fire and see by chance, some of them as no client does, and who come and leave. The hash of
/// the match after a minute with all that happened in it, and how many died.
fn played(map: Map, seed: u64) -> (u64, u32) {
    let settings = Settings { map, frags: 1000, ..Settings::default() };
    let mut stage = Stage::new(settings, SEATS);
    let (mut chance, mut all, mut deaths) = (seed, 0, 0);
    let mut draw = |below: u64| {
        chance = hash::of(&chance);
        (chance >> 11) % below
    };
    for _ in 0..1800 {
        let tick = stage.arena.tick + 1;
        let input = |seat| {
            let go = hash::of(&(seed, seat, tick / 20)) % 18;
            let action = Action { go: go as u8, aim: draw(1024) as u16, fire: draw(3) > 0 };
            let ago = if draw(40) == 0 { 70 } else { draw(12) as u32 };
            let view = ViewTick { tick: (tick + 1).saturating_sub(ago), frac: draw(256) as u8 };
            SeatInput { seat: Seat(seat), input: action.input(), view }
        };
        let inputs: Vec<_> = (0..SEATS).map(input).collect();
        stage.step_inputs(&inputs);
        for one in stage.happened.all() {
            all = hash::of(&(all, one.event.kind, one.event.fields));
            deaths += u32::from(one.event.kind == schema::KILL);
        }
        all = hash::of(&(all, stage.happened.suspicions().len() as u32));
        let seat = Seat(draw(u64::from(SEATS) * 40) as u16);
        if stage.arena.has(seat) {
            stage.arena.leave(seat);
        } else {
            stage.arena.enter(Seat(seat.0 % SEATS));
        }
    }
    (hash::of(&(all, &stage.arena)), deaths)
}

#[test]
fn a_tick_leads_to_what_it_always_led_to_under_these_rules() {
    assert_eq!(Arena::RULES, 1, "other rules: what they lead to is to be written down anew");
    let led_to = [(Map::Yard, 1), (Map::Open, 2)].map(|(map, seed)| played(map, seed));
    assert_eq!(led_to, [(15_568_618_183_633_528_012, 196), (4_872_658_963_370_532_364, 220)]);
}
