//! Lives of snakes that do anything at all.

use std::collections::BTreeSet;

use playhouse_protocol::game::Input;
use proptest::prelude::*;

use super::super::*;
use super::stage::Stage;

/// After a step: every cell belongs to one snake at most, and what is eaten is gone.
fn holds(game: &Snakes) {
    let mut taken = BTreeSet::new();
    for (seat, player) in game.alive() {
        let cells: Vec<_> = player.snake.cells(game.ground(), game.moves).collect();
        assert_eq!(cells.len(), usize::from(player.snake.length), "seat {seat} is whole");
        let size = game.settings.size;
        assert!(cells.iter().all(|(x, y)| *x < size && *y < size), "seat {seat} is on the ground");
        for at in cells {
            assert!(taken.insert(at), "two share {at:?}");
        }
        assert!(player.best >= player.snake.length && player.snake.length <= LENGTH_MAX);
    }
    let mut food = BTreeSet::new();
    for lies in game.food.iter().flatten() {
        assert!(food.insert(lies.at), "food lies twice at {:?}", lies.at);
        assert!(!taken.contains(&lies.at), "a snake lies on food at {:?}", lies.at);
    }
}

fn settings(size: u8, walls: bool) -> Settings {
    Settings { size, walls, food: 60, minutes: 30, length: 96 }
}

/// What everybody does in a tick: one number for each, most of them ways that there are.
fn doings() -> impl Strategy<Value = Vec<(u16, u64)>> {
    let bits = prop_oneof![4 => 0..8_u64, 1 => any::<u64>()];
    proptest::collection::vec((0..70_u16, bits), 0..12)
}

proptest! {
    #[test]
    fn no_two_share_a_cell_whatever_anybody_does(
        size in 24..=30_u8,
        walls: bool,
        seed: u64,
        ticks in proptest::collection::vec(doings(), 60),
    ) {
        let start = Snakes::new(&settings(size, walls), seed);
        let mut games = [start.clone(), start];
        for game in &mut games {
            (0..40).for_each(|seat| game.enter(Seat(seat)));
        }
        let mut happened = Happenings::new();
        for (n, inputs) in ticks.iter().enumerate() {
            let mut inputs = inputs.clone();
            inputs.sort_unstable();
            inputs.dedup_by_key(|(seat, _)| *seat);
            for game in &mut games {
                if n % 7 == 3 {
                    game.leave(Seat(n as u16 % 40));
                } else if n % 7 == 5 {
                    game.enter(Seat((n - 2) as u16 % 40));
                }
                let input = |(seat, bits): &(u16, u64)| {
                    let (seat, input) = (Seat(*seat), Input { bits: *bits });
                    SeatInput { seat, input, view: Default::default() }
                };
                let inputs: Vec<_> = inputs.iter().map(input).collect();
                happened.clear();
                game.step(&inputs, &mut happened);
                holds(game);
            }
            prop_assert_eq!(games[0].view_hash(None), games[1].view_hash(None));
        }
    }
}

#[test]
fn a_full_ground_is_lived_on_for_minutes() {
    let mut game = Snakes::new(&settings(24, false), 3);
    (0..PLAYERS_MAX).for_each(|seat| game.enter(Seat(seat)));
    let (mut chance, mut happened, mut deaths) = (5_u64, Happenings::new(), 0);
    for _ in 0..20 * 120 {
        let mut inputs = Vec::new();
        for seat in 0..PLAYERS_MAX {
            chance = hash::of(&chance);
            let input = Input { bits: if chance % 5 == 0 { chance >> 20 & 7 } else { 0 } };
            inputs.push(SeatInput { seat: Seat(seat), input, view: Default::default() });
        }
        happened.clear();
        game.step(&inputs, &mut happened);
        deaths += happened.all().len();
        holds(&game);
    }
    assert!(deaths > 500, "{deaths} died");
    assert_eq!(happened.dropped(), 0);
}

#[test]
fn a_snake_that_only_goes_straight_stays_whole_for_thousands_of_moves() {
    let mut stage = Stage::open(1);
    stage.put(0, (10, 10), 1, 40);
    for _ in 0..2000 {
        stage.go(&[]);
        holds(&stage.game);
        assert!(stage.lives(0));
    }
    stage.go(&[(0, 0)]);
    assert_eq!(stage.cells(0).len(), 40);
}
