//! What the computer is worth.

use playhouse_protocol::game::{EntitySet, Table, ViewTick};
use proptest::prelude::*;

use super::super::search::Search;
use super::super::*;
use super::rows::played;
use crate::games::bot::{Bot, Sight};

/// What a bot in `seat` does in a match, which it sees as a client does: the column, within its time.
fn answer(bot: &mut dyn Bot, game: &FourInARow, seat: u16) -> Action {
    let mut table = Table::new(&schema::SCHEMA);
    game.write(&mut table);
    let seen = EntitySet::below(schema::SCHEMA.entities_max);
    for _ in 0..30 {
        let action = Action::of(bot.act(&Sight::new(Seat(seat), table.tick(), &table, &seen)));
        if action != Action::default() {
            return action;
        }
    }
    panic!("it does not move within a second and a half");
}

/// A match with these discs in, in which seat 0 began.
fn with(board: Board) -> FourInARow {
    let mut game = FourInARow::new(&Settings::default(), 1);
    (0..2).for_each(|seat| game.enter(Seat(seat)));
    (game.first, game.board) = (0, board);
    game
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
    #[test]
    fn the_computer_misses_no_win_in_one_and_fails_to_block_none(
        columns in proptest::collection::vec(0..COLUMNS, 3..40),
        level in 1..=3_u8,
        seed: u64,
    ) {
        let (board, slow) = played(&columns);
        let mover = slow_mover(&board);
        let winning = |of: u8, column: &u8| {
            let mut with = slow.clone();
            // A disc of `of` there, whosever turn it is.
            if of != mover { with = with.after_skip(); }
            with.has_room(*column) && with.after(*column).has_four(of)
        };
        if board.is_won() || board.is_full() {
            return Ok(());
        }
        let wins: Vec<_> = (0..COLUMNS).filter(|column| winning(mover, column)).collect();
        let blocks: Vec<_> = (0..COLUMNS).filter(|column| winning(3 - mover, column)).collect();
        let wanted = if wins.is_empty() { blocks } else { wins };
        let game = with(board);
        let seat = game.turn();
        let mut bot = computer::Computer::new(level, Seat(seat.into()), seed);
        let action = answer(&mut bot, &game, seat.into());
        let column = action.drop.expect("it drops a disc");
        prop_assert!(board.has_room(column));
        prop_assert!(wanted.is_empty() || wanted.contains(&column), "{column} of {wanted:?}");
        prop_assert_eq!(action.at, board.discs());
    }
}

fn slow_mover(board: &Board) -> u8 {
    1 + board.discs() % 2
}

/// Two play a match to its end; who is none drops by chance. The winner's seat, and how it ended.
fn matched(bots: &mut [Option<Box<dyn Bot>>; 2], mut chance: u64) -> End {
    let mut game = FourInARow::new(&Settings::default(), chance);
    (0..2).for_each(|seat| game.enter(Seat(seat)));
    let mut happened = Happenings::new();
    while game.end.is_none() {
        let seat = game.turn();
        let action = match &mut bots[usize::from(seat)] {
            Some(bot) => answer(&mut **bot, &game, seat.into()),
            None => loop {
                chance = hash::of(&chance);
                let column = (chance >> 20) as u8 % COLUMNS;
                if game.board.has_room(column) {
                    let at = game.board.discs();
                    break Action { at, drop: Some(column), say: Say::Nothing };
                }
            },
        };
        let (seat, input) = (Seat(seat.into()), action.input());
        game.step(&[SeatInput { seat, input, view: ViewTick::default() }], &mut happened);
        assert_eq!(happened.suspicions(), []);
    }
    game.end.unwrap()
}

fn level(level: u8, seat: u16, seed: u64) -> Option<Box<dyn Bot>> {
    Some(Box::new(computer::Computer::new(level, Seat(seat), seed)))
}

#[test]
fn the_computer_beats_whoever_drops_by_chance() {
    for seed in 0..8 {
        let end = matched(&mut [level(2, 0, seed), None], seed);
        assert_eq!(end.winner, Some(0), "seed={seed}: {end:?}");
    }
}

#[test]
fn the_third_level_beats_the_first() {
    let mut won = [0; 2];
    for seed in 0..6 {
        let best = seed as u16 % 2;
        let mut bots = [level(1, 0, seed), level(1, 1, seed)];
        bots[usize::from(best)] = level(3, best, seed);
        if let Some(winner) = matched(&mut bots, seed).winner {
            won[usize::from(u16::from(winner) == best)] += 1;
        }
    }
    assert!(won[1] >= 5 && won[0] == 0, "lost and won: {won:?}");
}

#[test]
fn the_same_seed_thinks_the_same() {
    let [one, two] = [0, 1].map(|_| {
        let mut bots = [level(3, 0, 5), level(2, 1, 6)];
        (
            matched(&mut bots, 3),
            answer(&mut **bots[0].as_mut().unwrap(), &with(Board::default()), 0),
        )
    });
    assert_eq!(one, two);
}

#[test]
fn a_search_that_stops_and_goes_on_finds_what_one_in_a_piece_finds() {
    for columns in [&[][..], &[3, 3, 3, 2, 2], &[0, 1, 2, 3, 4, 5, 6, 3, 3, 2]] {
        let (board, _) = played(columns);
        let found = [7, 1_000_000].map(|positions| {
            let mut search = Search::new(4);
            search.begin(board, 8);
            while !search.run(positions) {}
            search.found()
        });
        assert!(found[0].is_some() && found[0] == found[1], "{columns:?}: {found:?}");
    }
}

#[test]
fn near_the_end_it_knows_how_it_ends() {
    // Whoever is to move wins by force, and says so: 4 in the middle row of three, open on both sides.
    let (board, _) = played(&[2, 2, 3, 3]);
    let mut search = Search::new(0);
    search.begin(board, 12);
    while !search.run(10_000) {}
    let (column, value) = search.found().unwrap();
    assert!((column == 1 || column == 4) && value > 500, "{column}, {value}");
}

#[test]
fn a_tick_of_thought_is_short() {
    let (board, _) = played(&[3, 3, 3, 3, 2, 4]);
    let game = with(board);
    let mut table = Table::new(&schema::SCHEMA);
    game.write(&mut table);
    let seen = EntitySet::below(schema::SCHEMA.entities_max);
    let mut bot = computer::Computer::new(3, Seat(0), 1);
    let mut ticks = 0;
    while bot.act(&Sight::new(Seat(0), 1, &table, &seen))
        == playhouse_protocol::game::Input::NEUTRAL
    {
        ticks += 1;
    }
    // Neither at once nor longer than a second.
    assert!((7..=20).contains(&ticks), "{ticks} ticks");
}

#[test]
fn it_agrees_to_a_draw_where_it_does_not_win() {
    let columns: Vec<u8> = [[0, 1], [2, 3], [4, 5]]
        .into_iter()
        .flat_map(|[a, b]| [a, b, a, b, b, a, b, a, a, b, a, b])
        .collect();
    let (board, _) = played(&columns);
    let mut game = with(board);
    let mut bot = computer::Computer::new(3, Seat(0), 1);
    assert_eq!(answer(&mut bot, &game, 0).say, Say::Nothing);
    game.offer = Some(1);
    assert_eq!(answer(&mut bot, &game, 0).say, Say::Accept);
    // At the beginning it plays on.
    let mut game = with(Board::default());
    game.offer = Some(1);
    let mut bot = computer::Computer::new(1, Seat(0), 1);
    assert_eq!(answer(&mut bot, &game, 0).say, Say::Nothing);
}
