//! In the steady state nothing asks for memory.

use playhouse_protocol::game::random::Random;
use playhouse_protocol::game::scenario::{Shooter, Stage};
use playhouse_protocol::game::{
    Cache, ClientPeer, EntitySet, Micros, PeerConfig, Ring, ServerPeer,
};

use crate::counting::allocations;

const PLAYERS: u16 = 32;

#[test]
fn a_tick_of_32_players_allocates_nothing_at_either_end() {
    let mut stage = Shooter::new(PLAYERS, 3);
    let schema = stage.schema();
    let mut random = Random::new(3);
    let (mut ring, mut cache) = (Ring::new(schema), Cache::new());
    let mut peers: Vec<_> = (0..PLAYERS)
        .map(|_| {
            let server = ServerPeer::new(schema, 0, PeerConfig::default());
            (server, ClientPeer::new(schema, 0, 0, Micros(0)))
        })
        .collect();
    let (mut inputs, mut happened) = (Vec::with_capacity(64), Vec::with_capacity(4_096));
    let (mut down, mut up) = (Vec::with_capacity(1_200), Vec::with_capacity(1_200));
    let mut seen = EntitySet::EMPTY;
    let mut asked = Vec::new();
    for tick in 1..=500_u32 {
        let now = Micros(u64::from(tick) * schema.tick_us());
        inputs.clear();
        happened.clear();
        let close = || {
            for (server, _) in &mut peers {
                inputs.push(server.close_input(now, tick));
            }
        };
        let mut sum = allocations(close).1;
        stage.step(&inputs, &mut happened);
        sum += allocations(|| stage.write(ring.begin(tick))).1;
        let mut frame = cache.begin(&ring);
        for (seat, (server, client)) in (0..).zip(&mut peers) {
            stage.visible(seat, &mut seen);
            let lost = [random.happens(100_000), random.happens(100_000)];
            let exchange = || {
                for (_, event) in happened.iter().filter(|(told, _)| *told == seat) {
                    server.push_event(tick, event);
                }
                server.encode(now, &mut frame, &seen, &|_| 1, &mut down);
                if !lost[0] {
                    client.receive(now, &down).unwrap();
                }
                while client.next_event(tick).is_some() {}
                while let Some(due) = client.input_due(now) {
                    let (view, input) = (client.view(now), stage.act(seat, due, client.world()));
                    client.push_input(due, input, view);
                }
                client.encode(now, &mut up);
                if !lost[1] {
                    server.receive(now, &up).unwrap();
                }
                let _ = (server.figures(), client.figures());
            };
            sum += allocations(exchange).1;
        }
        asked.push(sum);
    }
    // The cache's buffer may grow while all is new.
    assert!(asked[..10].iter().sum::<u64>() <= 4, "{asked:?}");
    assert!(asked[10..].iter().all(|asked| *asked == 0), "{asked:?}");
}
