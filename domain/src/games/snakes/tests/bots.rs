//! What the server's own players are worth.

use playhouse_protocol::game::{EntitySet, Table, ViewTick};

use super::super::*;
use crate::games::bot::{Bot, Sight};

/// Bots play for so many ticks. What is told is what there is.
fn played(settings: Settings, seats: u16, seed: u64, ticks: u32) -> Snakes {
    let mut game = Snakes::new(&settings, seed);
    (0..seats).for_each(|seat| game.enter(Seat(seat)));
    let bot = |seat| Snakes::bot(&settings, Seat(seat), seed);
    let mut bots: Vec<Box<dyn Bot>> = (0..seats).map(bot).collect();
    let (mut table, mut happened) = (Table::new(&schema::SCHEMA), Happenings::new());
    let seen = EntitySet::below(schema::SCHEMA.entities_max);
    for tick in 0..ticks {
        let act = |(seat, bot): (u16, &mut Box<dyn Bot>)| {
            let input = bot.act(&Sight::new(Seat(seat), tick, &table, &seen));
            SeatInput { seat: Seat(seat), input, view: ViewTick::default() }
        };
        let inputs: Vec<_> = (0..).zip(&mut bots).map(act).collect();
        happened.clear();
        game.step(&inputs, &mut happened);
        assert_eq!(happened.suspicions(), []);
        game.write(&mut table);
        as_told(&game, &table, &seen);
        if game.outcome().is_some() {
            break;
        }
    }
    game
}

/// The cells that follow from what is told are those of the match.
fn as_told(game: &Snakes, table: &Table, seen: &EntitySet) {
    let sight = Sight::new(Seat(0), table.tick(), table, seen);
    for (seat, player) in game.alive() {
        let head = table.get(seat.0).expect("whoever lives is told of");
        let told = bot::body(game.ground(), &sight, seat.0, head).expect("it has a place");
        let is = player.snake.cells(game.ground(), game.moves);
        assert!(told.eq(is), "seat {seat} at tick {}", table.tick());
    }
}

#[test]
fn a_bot_alone_lives_and_grows() {
    for walls in [true, false] {
        let settings = Settings { walls, minutes: 30, ..Settings::default() };
        let bests = [0, 1, 2, 3].map(|seed| {
            let game = played(settings, 1, seed, 20 * 150);
            game.players.get(Seat(0)).map_or(0, |player| player.best)
        });
        println!("alone for two and a half minutes, walls {walls}: {bests:?} long");
        assert!(bests.iter().filter(|best| **best >= 40).count() >= 3, "{bests:?}");
    }
}

#[test]
fn bots_among_themselves_live_eat_and_die_of_each_other() {
    let settings = Settings { length: 96, ..Settings::default() };
    let game = played(settings, 12, 5, 20 * 120);
    let of =
        |what: fn(&Player) -> u32| game.players.iter().map(|(_, player)| what(player)).sum::<u32>();
    let (best, kills, deaths) =
        (of(|p| p.best.into()) / 12, of(|p| p.kills.into()), of(|p| p.deaths.into()));
    println!("12 bots for two minutes: {best} long in the mean, {kills} kills, {deaths} deaths");
    assert!(best >= 15, "the mean of the best is {best}");
    assert!(kills > 0 && deaths < 12 * 12, "{kills} kills, {deaths} deaths");
}
