//! What comes over the network: datagrams in both directions and control messages. The first byte says which, the
//! next ones how the rest is cut into pieces.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use playhouse_domain::games::find;
use playhouse_protocol::game::control::{ClientControl, ServerControl, decode, read_hello};
use playhouse_protocol::game::film::Projector;
use playhouse_protocol::game::frames::Frames;
use playhouse_protocol::game::{ClientPeer, Micros, PeerConfig, Schema, ServerPeer};

static SCHEMA: LazyLock<&'static Schema> =
    LazyLock::new(|| find("arena").expect("arena is a game").schema());

/// Cuts `bytes` into datagrams: each begins with its length.
fn datagrams(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first()?;
        let (datagram, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        bytes = rest;
        Some(datagram)
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 5 {
        0 => {
            let mut server = ServerPeer::new(&SCHEMA, 3, PeerConfig::default());
            for (tick, datagram) in (1..).zip(datagrams(bytes)) {
                let now = Micros(u64::from(tick) * 33_333);
                let _ = server.receive(now, datagram);
                let _ = server.close_input(now, tick);
            }
        }
        1 => {
            let mut client = ClientPeer::new(&SCHEMA, 3, 0, Micros(0));
            for (n, datagram) in (1_u64..).zip(datagrams(bytes)) {
                let _ = client.receive(Micros(n * 33_333), datagram);
            }
        }
        2 => {
            let _ = read_hello(bytes);
            let _ = decode::<ClientControl>(bytes);
            let _ = decode::<ServerControl>(bytes);
        }
        3 => {
            let mut frames = Frames::default();
            for piece in datagrams(bytes) {
                frames.push(piece);
                while let Ok(Some(message)) = frames.next_message() {
                    assert!(message.len() <= data.len(), "no more than came");
                }
            }
        }
        _ => {
            let mut projector = Projector::new(&SCHEMA);
            let mut film = bytes;
            while let Ok(Some(rest)) = projector.show(film) {
                assert!(rest.len() < film.len(), "it comes to an end");
                film = rest;
            }
        }
    }
});
