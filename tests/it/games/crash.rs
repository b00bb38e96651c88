//! A server that is killed in the middle of a match: the same match goes on.

use std::time::{Duration, Instant};

use playhouse_loadtest::play::player::Player;
use playhouse_loadtest::play::{Connection, Way};

use super::{By, House, WITHIN, begin, connect, player, resume, schema};

/// How soon everybody plays again once the server is back. 2 s, as is promised.
const BACK_WITHIN: Duration = Duration::from_secs(2);

/// Comes back into the seat that `before` had.
async fn come_back(by: By, way: &Way, before: &Player) -> Player {
    let connection: Connection = connect(by, way).await;
    let choose = Box::new(|tick: u32, _: &_| playhouse_protocol::game::Input {
        bits: u64::from(tick / 16 % 4),
    });
    let entry = resume(&before.welcome);
    Player::enter(connection, schema(), entry, choose).await.expect("the seat is still theirs")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_goes_on_after_a_kill_with_the_same_seats_and_less_than_a_second_lost() {
    let mut house = House::open().await;
    let bob = house.server.person("bob").await;
    let ways = [house.seat(&house.ann).await, house.seat(&bob).await];
    let by = [By::Native, By::Web];
    let mut players = vec![player(by[0], &ways[0]).await, player(by[1], &ways[1]).await];
    begin(&mut players).await;
    for round in 0..3 {
        for player in &mut players {
            player.measure_anew();
            assert!(player.play(WITHIN, |p| p.states >= 60).await.unwrap());
        }
        let tick = players.iter().map(|p| p.peer.world().tick()).max().unwrap();
        house.server.kill();
        house.server.run();
        let back = Instant::now();
        let mut again = Vec::new();
        for ((player, way), by) in players.iter().zip(&ways).zip(by) {
            again.push(come_back(by, way, player).await);
        }
        for (player, way) in again.iter_mut().zip(&ways) {
            assert_eq!(player.welcome.seat, way.seat);
            assert!(player.play(WITHIN, |p| p.states >= 1).await.unwrap(), "no state comes");
        }
        let took = back.elapsed();
        println!("round {round}: everybody played again {took:?} after the server was back");
        assert!(took < BACK_WITHIN, "it took {took:?}");
        let first = again[0].peer.world().tick();
        assert!(first + 30 + 60 > tick, "more than a second was lost: {first} after {tick}");
        players = again;
    }
    house.server.saw_no_panic();
}
