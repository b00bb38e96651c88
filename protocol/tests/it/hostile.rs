//! Datagrams that nobody's program sends.

use playhouse_protocol::game::random::Random;
use playhouse_protocol::game::{Dropped, Micros, PeerConfig, ServerPeer};
use proptest::prelude::*;

use crate::counting::allocations;
use crate::pair::{Pair, SCHEMA, TICK_US, roll};

fn seed() -> u64 {
    let seed = std::env::var("PLAYHOUSE_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(11);
    println!("seed={seed}");
    seed
}

/// Something that is much like `datagram`, or nothing like it.
fn twisted(random: &mut Random, datagram: &[u8]) -> Vec<u8> {
    let mut twisted = datagram.to_vec();
    match random.below(5) {
        0 => twisted.truncate(random.below(datagram.len() as u64) as usize),
        1 => {
            for _ in 0..=random.below(8) {
                let bit = random.below(twisted.len() as u64 * 8) as usize;
                twisted[bit / 8] ^= 1 << (bit % 8);
            }
        }
        2 => {
            // Everything after the epoch is noise.
            let keep = 2.min(twisted.len());
            twisted.truncate(keep);
            let more = random.below(1_200);
            twisted.extend((0..more).map(|_| random.next_u64() as u8));
        }
        3 => twisted.extend_from_slice(datagram),
        _ => twisted = (0..random.below(60)).map(|_| random.next_u64() as u8).collect(),
    }
    twisted
}

#[test]
fn twisted_datagrams_harm_neither_the_server_nor_another_player() {
    let mut random = Random::new(seed());
    let mut pair = Pair::new();
    // Two more players at the same server, of which the one is attacked and the other is not.
    let mut quiet = ServerPeer::new(&SCHEMA, 3, PeerConfig::default());
    let mut attacked = ServerPeer::new(&SCHEMA, 3, PeerConfig::default());
    let (mut to_quiet, mut to_attacked) = (Vec::new(), Vec::with_capacity(1_100));
    let mut refused = 0;
    for _ in 0..2_000 {
        pair.passes(roll);
        let now = pair.now();
        for _ in 0..3 {
            let datagram = twisted(&mut random, &pair.up);
            let (taken, asked) = allocations(|| attacked.receive(now, &datagram));
            refused += u32::from(taken.is_err());
            assert_eq!(asked, 0, "{datagram:?}");
        }
        attacked.close_input(now, pair.tick);
        quiet.close_input(now, pair.tick);
        let mut frame = pair.cache.begin(&pair.ring);
        attacked.encode(now, &mut frame, &pair.visible, &|_| 1, &mut to_attacked);
        quiet.encode(now, &mut frame, &pair.visible, &|_| 1, &mut to_quiet);
        // Who never answered is told everything anew, from nothing.
        assert!(to_quiet.len() > 40 && to_attacked.len() <= 1_100);
    }
    assert!(refused > 3_000, "{refused}");
    assert_eq!(pair.server.figures().dropped, 0);
}

#[test]
fn twisted_datagrams_do_not_break_the_client() {
    let mut random = Random::new(seed());
    let mut pair = Pair::new();
    for n in 0..2_000_u32 {
        pair.client_sends();
        let _ = pair.server_receives();
        pair.server_ticks(roll);
        if n % 3 > 0 {
            let datagram = twisted(&mut random, &pair.down);
            let now = pair.now();
            let (_, asked) = allocations(|| pair.client.receive(now, &datagram));
            assert_eq!(asked, 0, "{datagram:?}");
        }
        let _ = pair.client_receives();
        for (_, entity) in pair.client.world().iter() {
            let kind = &SCHEMA.kinds[usize::from(entity.kind)];
            assert!(kind.fields().zip(entity.fields).all(|(field, is)| field.fit(*is) == *is));
        }
        while pair.client.next_event(u32::MAX).is_some() {}
    }
}

#[test]
fn old_datagrams_in_any_order_change_nothing() {
    let mut random = Random::new(seed());
    let mut pair = Pair::new();
    let (mut ups, mut downs) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        pair.passes(roll);
        ups.push(pair.up.clone());
        downs.push(pair.down.clone());
        let at = random.below(ups.len() as u64) as usize;
        let (server, client) = (pair.server.figures(), pair.client.world().clone());
        let replayed = pair.server.receive(pair.now(), &ups[at]);
        assert!(matches!(replayed, Err(Dropped::Replayed | Dropped::TooMany)), "{replayed:?}");
        let now = pair.now();
        assert_eq!(pair.client.receive(now, &downs[at]), Err(Dropped::Replayed));
        assert_eq!(pair.client.world(), &client);
        let after = pair.server.figures();
        assert_eq!((after.received, after.inputs_late), (server.received, server.inputs_late));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_either_end_panic(
        datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..12),
        marked: bool,
    ) {
        let mut pair = Pair::new();
        for _ in 0..4 {
            pair.passes(roll);
        }
        for (n, mut datagram) in datagrams.into_iter().enumerate() {
            let now = Micros((10 + n as u64) * TICK_US);
            // With the right kind, flags that are in use, and epoch, more of it is read.
            if let (true, [kind, epoch, ..]) = (marked, &mut datagram[..]) {
                (*kind, *epoch) = (*kind & 0b0011_1000 | 0b001, 3);
            }
            let _ = pair.client.receive(now, &datagram);
            if let (true, Some(kind)) = (marked, datagram.first_mut()) {
                *kind = *kind & 0b0001_1000 | 0b010;
            }
            let _ = pair.server.receive(now, &datagram);
            pair.server_ticks(roll);
        }
    }
}
