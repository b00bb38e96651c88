//! The rules, as stories.

use playhouse_protocol::game::{Input, ViewTick};

use super::super::*;
use crate::games::find;

/// A match in the hand of a test.
struct Stage {
    game: FourInARow,
    happened: Happenings,
}

const BEGAN: Action = Action { at: 0, drop: None, say: Say::Nothing };

impl Stage {
    /// Seat 0 begins.
    fn new(settings: Settings) -> Self {
        let mut game = FourInARow::new(&settings, 1);
        (0..2).for_each(|seat| game.enter(Seat(seat)));
        game.first = 0;
        Self { game, happened: Happenings::new() }
    }

    fn tick(&mut self, inputs: &[(u16, Input)]) {
        let input = |(seat, input): &(u16, Input)| SeatInput {
            seat: Seat(*seat),
            input: *input,
            view: ViewTick::default(),
        };
        let inputs: Vec<_> = inputs.iter().map(input).collect();
        self.happened.clear();
        self.game.step(&inputs, &mut self.happened);
    }

    fn wait(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| self.tick(&[]));
    }

    fn act(&mut self, seat: u16, action: Action) {
        let at = self.game.board.discs();
        self.tick(&[(seat, Action { at, ..action }.input())]);
    }

    fn say(&mut self, seat: u16, say: Say) {
        self.act(seat, Action { say, ..BEGAN });
    }

    /// Whoever is to move drops into each column, from 1.
    fn drops(&mut self, columns: &[u8]) {
        for column in columns {
            let (turn, drop) = (self.game.turn(), Some(column - 1));
            self.act(turn.into(), Action { drop, ..BEGAN });
            assert_eq!(self.happened.suspicions(), []);
        }
    }

    fn end(&self) -> Option<(How, Option<u8>)> {
        self.game.end.map(|end| (end.how, end.winner))
    }

    fn seconds(&self) -> [u32; 2] {
        self.game.players.map(|player| player.left / FourInARow::HZ)
    }
}

fn stage() -> Stage {
    Stage::new(Settings::default())
}

#[test]
fn four_in_a_row_win_in_every_direction_for_either_player() {
    let stories: [(&[u8], u8); 8] = [
        (&[1, 1, 2, 2, 3, 3, 4], 0),
        (&[7, 1, 1, 2, 2, 3, 3, 4], 1),
        (&[5, 1, 5, 1, 5, 1, 5], 0),
        (&[1, 5, 1, 5, 2, 5, 2, 5], 1),
        // Rising to the right.
        (&[1, 2, 2, 3, 3, 4, 3, 4, 4, 6, 4], 0),
        (&[7, 1, 2, 2, 3, 3, 4, 3, 4, 4, 6, 4], 1),
        // Falling to the right.
        (&[7, 6, 6, 5, 5, 4, 5, 4, 4, 2, 4], 0),
        (&[1, 7, 6, 6, 5, 5, 4, 5, 4, 4, 2, 4], 1),
    ];
    for (columns, winner) in stories {
        let mut stage = stage();
        let (last, before) = columns.split_last().unwrap();
        stage.drops(before);
        assert_eq!(stage.end(), None, "{columns:?} before the last");
        stage.drops(&[*last]);
        assert_eq!(stage.end(), Some((How::Four, Some(winner))), "{columns:?}");
        let scores = stage.game.outcome().unwrap().standings;
        let of = |at: usize| (scores[at].seat.0, scores[at].place, scores[at].score);
        assert_eq!([of(0), of(1)], [(winner.into(), 1, 2), (1 - u16::from(winner), 2, 0)]);
    }
}

#[test]
fn a_row_does_not_go_on_from_the_top_of_a_column_into_the_next() {
    let mut stage = stage();
    // Three at the top of the first column, and the lowest of the second.
    stage.drops(&[1, 7, 7, 1, 7, 1, 1, 7, 1, 7, 1, 7, 2]);
    assert_eq!(stage.end(), None);
}

#[test]
fn a_full_board_is_a_draw() {
    let mut stage = stage();
    for columns in [[1, 2], [3, 4], [5, 6]] {
        let [a, b] = columns;
        stage.drops(&[a, b, a, b, b, a, b, a, a, b, a, b]);
    }
    stage.drops(&[7, 7, 7, 7, 7]);
    assert_eq!(stage.end(), None);
    stage.drops(&[7]);
    assert_eq!(stage.end(), Some((How::Full, None)));
    let scores = stage.game.outcome().unwrap().standings;
    assert!(scores.iter().all(|standing| (standing.place, standing.score) == (1, 1)));
}

#[test]
fn a_disc_that_is_late_out_of_turn_or_has_no_room_changes_nothing() {
    let mut stage = stage();
    stage.drops(&[4]);
    let after = stage.game.board;
    // As it goes on for some ticks where none came: it was meant for the move before.
    let late = Action { at: 0, drop: Some(3), say: Say::Nothing }.input();
    for _ in 0..3 {
        stage.tick(&[(0, late)]);
        assert_eq!((stage.game.board, stage.happened.suspicions()), (after, &[][..]));
    }
    // The other's turn.
    stage.tick(&[(0, Action { at: 1, drop: Some(3), say: Say::Nothing }.input())]);
    assert_eq!(stage.happened.suspicions(), [(Seat(0), Suspicion::ImpossibleInput)]);
    // A move that is not due yet.
    stage.tick(&[(1, Action { at: 2, drop: Some(3), say: Say::Nothing }.input())]);
    assert_eq!(stage.happened.suspicions(), [(Seat(1), Suspicion::SawTheFuture)]);
    assert_eq!(stage.game.board, after);
    stage.drops(&[4, 4, 4, 4, 4]);
    stage.act(0, Action { drop: Some(3), ..BEGAN });
    assert_eq!(stage.happened.suspicions(), [(Seat(0), Suspicion::ImpossibleInput)]);
    assert_eq!(stage.game.board.discs(), 6);
}

#[test]
fn every_input_that_there_is_is_harmless() {
    let mut stage = stage();
    for bits in (0..1 << 11).chain([u64::MAX]) {
        let mut other = Stage { game: stage.game.clone(), happened: Happenings::new() };
        for seat in [0, 1, 2, 77] {
            other.tick(&[(seat, Input { bits })]);
            assert!(other.game.board.discs() <= 2);
        }
    }
    stage.tick(&[(2, Input { bits: u64::MAX })]);
    assert_eq!((stage.end(), stage.happened.suspicions()), (None, &[][..]));
}

#[test]
fn clocks_run_for_whoever_is_to_move_and_a_move_adds_the_increment() {
    let settings = Settings { minutes: 1, increment: 10, ..Settings::default() };
    let mut stage = Stage::new(settings);
    stage.wait(20 * 15);
    assert_eq!(stage.seconds(), [45, 60]);
    stage.drops(&[4]);
    assert_eq!(stage.seconds(), [55, 60]);
    stage.wait(20 * 59);
    assert_eq!((stage.seconds(), stage.end()), ([55, 1], None));
    stage.wait(20);
    assert_eq!(stage.end(), Some((How::Late, Some(0))));
}

#[test]
fn no_clock_runs_until_both_are_there() {
    let mut game = FourInARow::new(&Settings::default(), 1);
    game.enter(Seat(0));
    let mut happened = Happenings::new();
    (0..100).for_each(|_| game.step(&[], &mut happened));
    game.leave(Seat(0));
    game.enter(Seat(0));
    assert_eq!((game.tick, game.end, game.players[0].left), (100, None, 6000));
    game.enter(Seat(1));
    game.step(&[], &mut happened);
    assert_eq!(game.players.map(|player| player.left).iter().sum::<u32>(), 11_999);
}

#[test]
fn who_resigns_or_leaves_has_lost_whosever_turn_it_is() {
    for seat in [0, 1] {
        let mut stage = stage();
        stage.drops(&[4]);
        // It was said before the other's disc was seen.
        stage.tick(&[(seat, Action { at: 0, drop: None, say: Say::Resign }.input())]);
        let other = Some(1 - seat as u8);
        assert_eq!(stage.end(), Some((How::Resigned, other)));
        let mut stage = self::stage();
        stage.game.leave(Seat(seat));
        assert_eq!(stage.end(), Some((How::Left, other)));
        let left = stage.game.outcome().unwrap().standings;
        assert_eq!(left.iter().map(|s| (s.seat.0, s.score)).collect::<Vec<_>>(), [(1 - seat, 2)]);
    }
}

#[test]
fn a_draw_is_offered_and_accepted() {
    let mut stage = stage();
    stage.say(0, Say::Offer);
    assert_eq!((stage.game.offer, stage.end()), (Some(0), None));
    // Nobody accepts what they offer.
    stage.say(0, Say::Accept);
    assert_eq!(stage.end(), None);
    stage.say(1, Say::Accept);
    assert_eq!(stage.end(), Some((How::Agreed, None)));
    // Two who offer agree.
    let mut stage = self::stage();
    stage.say(0, Say::Offer);
    stage.say(1, Say::Offer);
    assert_eq!(stage.end(), Some((How::Agreed, None)));
}

#[test]
fn an_offer_stands_until_the_other_moves_and_there_is_one_a_move() {
    let mut stage = stage();
    stage.say(0, Say::Offer);
    stage.drops(&[4]);
    assert_eq!(stage.game.offer, Some(0), "one's own move takes nothing back");
    stage.drops(&[4]);
    assert_eq!(stage.game.offer, None);
    stage.say(1, Say::Accept);
    assert_eq!(stage.end(), None, "it is too late");
    stage.say(1, Say::Offer);
    stage.drops(&[3]);
    assert_eq!(stage.game.offer, None);
    stage.say(1, Say::Offer);
    assert_eq!(stage.game.offer, Some(1));
    stage.game.offer = None;
    stage.say(1, Say::Offer);
    assert_eq!(stage.game.offer, None, "a second one for the same move is none");
}

#[test]
fn after_its_end_nothing_changes() {
    let mut stage = stage();
    stage.say(1, Say::Resign);
    let before = stage.game.clone();
    stage.act(0, Action { drop: Some(3), ..BEGAN });
    stage.say(0, Say::Resign);
    stage.wait(30_000);
    stage.game.leave(Seat(0));
    assert_eq!((stage.game.board, stage.game.end), (before.board, before.end));
    assert_eq!(stage.game.players[0].left, before.players[0].left);
}

#[test]
fn chance_says_who_begins() {
    let began = |seed| usize::from(FourInARow::new(&Settings::default(), seed).first);
    let mut count = [0; 2];
    (0..200).for_each(|seed| count[began(seed)] += 1);
    assert!(count.iter().all(|count| *count > 70), "{count:?}");
}

#[test]
fn what_is_told_is_what_there_is_and_a_running_clock_is_foreseen() {
    let mut stage = stage();
    stage.drops(&[4, 4, 2]);
    stage.say(1, Say::Offer);
    let mut table = Table::new(&schema::SCHEMA);
    let mut left = None;
    for _ in 0..5 {
        stage.wait(1);
        stage.game.write(&mut table);
        let clock = table.get(CLOCKS + 1).unwrap().fields;
        assert_eq!(clock[0], -1);
        assert_eq!(left.unwrap_or(clock[1]), clock[1]);
        left = Some(clock[1] - 1);
    }
    assert_eq!(Board::of(table.get(0).unwrap().fields), stage.game.board);
    assert_eq!(table.get(0).unwrap().fields, [1, 2, 1, 0b101, 1, 1, 1]);
    assert_eq!(table.get(1).unwrap().fields, [3, 0, 2, 0, 0]);
    stage.say(0, Say::Resign);
    stage.game.write(&mut table);
    assert_eq!(table.get(1).unwrap().fields, [3, 0, 2, How::Resigned as i32, 2]);
}

#[test]
fn a_match_goes_on_from_its_checkpoint() {
    let kind = find("fourinarow").unwrap();
    let settings = kind.settings(Some(r#"{"minutes":2}"#)).unwrap();
    let mut world = kind.open(&settings, 9).unwrap();
    (0..2).for_each(|seat| world.enter(Seat(seat)));
    let mut happened = Happenings::new();
    let drop = |at, drop| Action { at, drop: Some(drop), say: Say::Nothing }.input();
    let inputs =
        |input| [0, 1].map(|seat| SeatInput { seat: Seat(seat), input, view: ViewTick::default() });
    world.step(&inputs(drop(0, 3)), &mut happened);
    let mut other = kind.restore(&world.checkpoint()).unwrap();
    for world in [&mut world, &mut other] {
        world.step(&inputs(drop(1, 2)), &mut happened);
    }
    assert_eq!(world.hash(), other.hash());
}

#[test]
fn settings_are_held_to_their_bounds() {
    let kind = find("fourinarow").unwrap();
    for bad in [r#"{"minutes":0}"#, r#"{"minutes":11}"#, r#"{"increment":31}"#, r#"{"level":4}"#] {
        assert_eq!(kind.settings(Some(bad)).unwrap_err().code, "bad_settings", "{bad}");
    }
    assert!(kind.settings(Some(r#"{"minutes":10,"increment":0,"level":1}"#)).is_ok());
}
