//! What each end promises to its side.

use playhouse_protocol::game::{
    Dropped, EntitySet, Event, Input, Malformed, Micros, Origin, PeerConfig, ServerPeer, ViewTick,
};
use playhouse_protocol::limits::EVENTS_WAITING_MAX;

use crate::pair::{BALL, BOX, Pair, SCHEMA, TICK_US, roll};

#[test]
fn what_rolls_on_costs_nothing() {
    let mut pair = Pair::new();
    for _ in 0..20 {
        assert!(pair.passes(roll).newest);
    }
    // The head with acknowledgements, no entity.
    assert_eq!(pair.down.len(), (93 + 11_usize).div_ceil(8));
    assert_eq!(pair.server.figures().full_states, 0);
}

#[test]
fn inputs_arrive_in_time_once_the_clock_is_right() {
    let mut pair = Pair::new();
    let mut origins = Vec::new();
    for _ in 0..60 {
        pair.client_sends();
        pair.server_receives().unwrap();
        let resolved = pair.server_ticks(roll);
        if resolved.origin == Origin::Real {
            assert_eq!(resolved.input.bits, u64::from(pair.tick % 16));
        }
        origins.push(resolved.origin);
        pair.client_receives().unwrap();
    }
    assert!(origins[10..].iter().all(|origin| *origin == Origin::Real), "{origins:?}");
}

#[test]
fn a_slot_that_is_taken_over_holds_the_new_entity_and_nothing_of_the_old() {
    let mut pair = Pair::new();
    for n in 0..200_u32 {
        // Another ball every three ticks, a box in between, and sometimes nothing.
        pair.passes(|tick, table| match n / 3 % 4 {
            0 => table.put(5, BOX, (n / 3) as u8, &[tick as i32]),
            1 => {}
            _ => table.put(5, BALL, (n / 3) as u8, &[1, tick as i32]),
        });
    }
}

#[test]
fn what_leaves_the_sight_is_gone_and_what_comes_back_is_as_it_is_then() {
    let mut pair = Pair::new();
    let mut seen = 0;
    for n in 0..300_u32 {
        pair.visible = EntitySet::below(if n % 7 < 3 { 4 } else { 8 });
        // One in eight datagrams each way is lost.
        if n % 8 != 5 {
            pair.client_sends();
            pair.server_receives().unwrap();
        }
        pair.server_ticks(roll);
        if n % 8 != 2 {
            pair.client_receives().unwrap();
            pair.agrees();
            seen += u32::from(pair.client.world().get(6).is_some());
        }
    }
    assert!(seen > 80, "{seen}");
}

#[test]
fn an_entity_is_told_again_whole_where_its_first_two_tellings_were_lost() {
    let mut pair = Pair::new();
    for _ in 0..10 {
        pair.passes(roll);
    }
    let mut lost = 2;
    let mut unknown = 0;
    for _ in 0..20 {
        pair.client_sends();
        pair.server_receives().unwrap();
        pair.server_ticks(|tick, table| {
            roll(tick, table);
            table.put(9, BOX, 1, &[77]);
        });
        if lost > 0 {
            lost -= 1;
            continue;
        }
        pair.client_receives().unwrap();
        pair.agrees();
        unknown += u32::from(!pair.client.knows(pair.tick, 9));
    }
    assert_eq!(pair.client.world().get(9).unwrap().fields, [77]);
    // It was waited for as long as an acknowledgement takes, and no longer.
    assert!((1..=6).contains(&unknown), "{unknown}");
}

#[test]
fn a_datagram_of_another_epoch_is_dropped_by_either_end() {
    let mut pair = Pair::new();
    pair.passes(roll);
    let mut next = ServerPeer::new(&SCHEMA, 4, PeerConfig::default());
    assert_eq!(next.receive(pair.now(), &pair.up), Err(Dropped::Epoch));
    pair.client_sends();
    next.close_input(pair.now(), 2);
    pair.ring.begin(2);
    let mut frame = pair.cache.begin(&pair.ring);
    next.encode(Micros(2 * TICK_US), &mut frame, &pair.visible, &|_| 1, &mut pair.down);
    assert_eq!(pair.client.receive(Micros(2 * TICK_US), &pair.down), Err(Dropped::Epoch));
    // Once the client is told of the new epoch, it takes it in, and speaks of nothing before it.
    pair.client.restart(4, 2, Micros(2 * TICK_US));
    assert!(pair.client.receive(Micros(2 * TICK_US), &pair.down).is_ok());
    assert!(pair.client.world().present().is_empty());
    pair.client_sends();
    assert_eq!(next.receive(Micros(3 * TICK_US), &pair.up), Ok(()));
}

#[test]
fn the_same_datagram_is_taken_in_once() {
    let mut pair = Pair::new();
    for _ in 0..3 {
        pair.passes(roll);
    }
    assert_eq!(pair.server_receives(), Err(Dropped::Replayed));
    assert_eq!(pair.client_receives(), Err(Dropped::Replayed));
    let figures = (pair.server.figures(), pair.client.figures());
    assert_eq!((figures.0.received, figures.0.dropped), (3, 1));
    assert_eq!((figures.1.received, figures.1.dropped), (3, 1));
}

#[test]
fn who_acknowledges_what_was_never_sent_is_not_believed() {
    let mut pair = Pair::new();
    for _ in 0..5 {
        pair.passes(roll);
    }
    // A server that has sent nothing yet hears of tick 5.
    pair.client_sends();
    let mut other = ServerPeer::new(&SCHEMA, 3, PeerConfig::default());
    let dropped = other.receive(pair.now(), &pair.up);
    assert_eq!(dropped, Err(Dropped::Malformed(Malformed::NeverSent)));
    assert_eq!(other.figures().received, 0);
}

#[test]
fn ten_times_the_rate_is_dropped_and_the_right_rate_goes_on() {
    let mut pair = Pair::new();
    let (mut taken, mut dropped) = (0, 0);
    for _ in 0..100 {
        for _ in 0..10 {
            pair.client_sends();
            match pair.server_receives() {
                Ok(()) => taken += 1,
                Err(Dropped::TooMany) => dropped += 1,
                Err(other) => panic!("{other}"),
            }
        }
        pair.server_ticks(roll);
        pair.client_receives().unwrap();
    }
    // Two a tick, and the burst that a stall of two seconds lets loose.
    assert!((200..=270).contains(&taken) && dropped > 700, "{taken} {dropped}");
    for _ in 0..60 {
        pair.client_sends();
        let _ = pair.server_receives();
        pair.server_ticks(roll);
        pair.client_receives().unwrap();
    }
    assert_eq!(pair.server_ticks(roll).origin, Origin::Real);
}

#[test]
fn nobody_claims_to_have_seen_what_did_not_come_yet() {
    let mut pair = Pair::new();
    for _ in 0..40 {
        pair.passes(roll);
    }
    let seen = pair.client.world().tick();
    let tick = pair.tick + 8;
    for view in [ViewTick { tick: tick + 30, frac: 9 }, ViewTick { tick: u32::MAX, frac: 0 }] {
        let mut pair = Pair::new();
        for _ in 0..40 {
            pair.passes(roll);
        }
        pair.client.push_input(tick, Input::NEUTRAL, view);
        pair.client.encode(pair.now(), &mut pair.up);
        pair.server_receives().unwrap();
        let resolved = loop {
            let resolved = pair.server_ticks(roll);
            if pair.tick == tick {
                break resolved;
            }
        };
        assert_eq!(resolved.origin, Origin::Real);
        assert!(resolved.view <= ViewTick { tick: seen, frac: 0 }, "{:?}", resolved.view);
    }
}

#[test]
fn too_many_events_give_way_to_a_full_state_and_the_player_is_told() {
    let mut pair = Pair::new();
    for _ in 0..10 {
        pair.passes(roll);
    }
    // The player's datagrams do not arrive while more happens than can wait.
    for n in 0..EVENTS_WAITING_MAX as i32 + 10 {
        pair.server.push_event(11, &Event::new(0, &[n]));
    }
    assert_eq!(pair.server.figures().resyncs, 1);
    pair.server_ticks(roll);
    let received = pair.client_receives().unwrap();
    assert!(received.events_lost && received.whole);
    pair.agrees();
    assert_eq!(pair.client.figures().resyncs, 1);
    for n in 0..5 {
        pair.server.push_event(pair.tick + 1, &Event::new(0, &[1_000 + n]));
        assert!(!pair.passes(roll).events_lost);
    }
    let told = std::iter::from_fn(|| pair.client.next_event(u32::MAX));
    let told: Vec<_> = told.map(|event| event.event.fields[0]).collect();
    // Those that were pushed once there was room again, in order, without a hole.
    let kept = EVENTS_WAITING_MAX as i32..EVENTS_WAITING_MAX as i32 + 10;
    assert_eq!(told, kept.chain(1_000..1_005).collect::<Vec<_>>());
}

#[test]
fn an_event_waits_for_its_tick_to_be_shown() {
    let mut pair = Pair::new();
    pair.passes(roll);
    pair.server.push_event(2, &Event::new(0, &[7]));
    pair.passes(roll);
    assert!(pair.client.next_event(1).is_none());
    assert_eq!(pair.client.next_event(2).unwrap().event.fields[0], 7);
    assert!(pair.client.next_event(2).is_none());
}

#[test]
fn between_two_states_things_are_in_between() {
    let mut pair = Pair::new();
    for _ in 0..10 {
        pair.passes(roll);
    }
    let mut fields = Default::default();
    let between = pair.client.between(ViewTick { tick: 6, frac: 128 }).unwrap();
    assert_eq!((between.older.tick(), between.newer.tick(), between.part), (6, 7, 128));
    assert_eq!(between.fields(7, &mut fields), Some((BALL, 0)));
    assert_eq!(fields[..2], [3, 3 * 6 + 1]);
    // Past the newest state the world stands still.
    let last = pair.client.between(ViewTick { tick: 99, frac: 0 }).unwrap();
    assert_eq!((last.older.tick(), last.newer.tick(), last.part), (10, 10, 0));
}

#[test]
fn without_the_ladder_every_tick_is_sent_whatever_the_transport_says() {
    for (ladder, every) in [(true, 3), (false, 1)] {
        let mut pair = Pair::with(PeerConfig { ladder, ..PeerConfig::default() });
        pair.passes(roll);
        for _ in 0..16 {
            pair.server.choke(pair.now());
        }
        assert_eq!(pair.server.figures().every_ticks, every);
        assert_eq!((1..).find(|n| pair.server.due(pair.tick + n)), Some(every.into()));
        assert_eq!(pair.server.figures().choked, 16);
    }
}
