//! What people live through, each story named after what is promised.

use playhouse_protocol::ids::HoldId;
use uuid::Uuid;

use super::super::*;
use super::script::{check, check_in};
use super::stage::{Stage, account, opening, organizer, person, row, second};
use crate::room::{Caller, Reply as Answer};

/// A house with one row of `seats` standard seats.
fn one_row(seats: u16) -> Opening {
    Opening { rows: vec![row("A", seats, SeatKind::Standard)], ..opening() }
}

#[test]
fn a_hold_is_all_or_nothing_and_the_refusal_names_every_seat_that_is_not_free() {
    check(
        "
        0s  ann   hold A1 A2     -> held A1 A2 until 120s
        1s  bob   hold A4 A2 A1  -> refused: seat_taken A1 A2
        1s  wall  A4             -> free
        1s  bob   hold A3 X9 A0  -> refused: no_such_seat X9 A0
        1s  bob   hold A3 a3     -> refused: seat_named_twice
        1s  bob   hold           -> refused: no_seats
        ",
    );
}

#[test]
fn a_hold_that_ran_out_can_be_taken_by_another_and_not_a_moment_sooner() {
    check(
        "
        0s    ann  hold A1 A2  -> held A1 A2 until 120s
        119s  bob  hold A2     -> refused: seat_taken A2
        120s  bob  hold A2     -> held A2 until 240s
        121s  ann  buy         -> refused: hold_ended
        ",
    );
}

#[test]
fn a_hold_is_extended_once_and_never_outlives_ten_minutes() {
    check(
        "
        0s    ann  hold A1   -> held A1 until 120s
        90s   ann  extend    -> extended A1 until 240s
        91s   ann  extend    -> refused: hold_extended_before
        239s  ann  buy       -> paying until 299s
        250s  bank declines  -> refused: payment_declined
        279s  ann  buy       -> paying until 339s
        338s  bank declines  -> refused: payment_declined
        367s  ann  buy       -> paying until 427s
        426s  bank declines  -> refused: payment_declined
        455s  ann  buy       -> paying until 515s
        514s  bank declines  -> refused: payment_declined
        543s  ann  buy       -> paying until 600s
        590s  bank declines  -> refused: payment_declined
        599s  ann  buy       -> paying until 600s
        600s  wall A1        -> free
        601s  bank pays      -> booked A1 for ann
        ",
    );
}

#[test]
fn a_hold_lasts_as_long_as_its_payment_and_a_minute_at_most_past_its_own_time() {
    check(
        "
        0s    ann   hold A1   -> held A1 until 120s
        110s  ann   buy       -> paying until 170s
        111s  ann   buy       -> refused: payment_pending
        111s  ann   release   -> refused: payment_pending
        111s  ann   extend    -> refused: payment_pending
        169s  wall  A1        -> held
        170s  wall  A1        -> free
        ",
    );
}

#[test]
fn a_payment_that_goes_through_sells_and_one_that_is_refused_leaves_the_hold() {
    check(
        "
        0s   ann   hold A1        -> held A1 until 120s
        5s   ann   buy            -> paying until 120s
        6s   bank  declines       -> refused: payment_declined
        6s   ann   has            -> hold A1 until 120s
        7s   ann   buy            -> paying until 120s
        8s   bank  pays           -> booked A1 for ann
        8s   wall  A1             -> sold
        8s   bank  pays           -> nothing is owed
        9s   house sales          -> 1: 9.50 - 0.00 - 0.00
        ",
    );
}

#[test]
fn a_charge_that_comes_late_takes_its_seats_if_they_are_free() {
    check(
        "
        0s    ann   hold A1  -> held A1 until 120s
        1s    ann   buy      -> paying until 120s
        130s  wall  A1       -> free
        131s  bank  pays     -> booked A1 for ann
        132s  wall  A1       -> sold
        ",
    );
}

#[test]
fn a_charge_that_comes_after_its_seats_are_gone_is_given_back() {
    check(
        "
        0s    ann   hold A1 A2  -> held A1 A2 until 120s
        1s    ann   buy         -> paying until 120s
        125s  bob   hold A2     -> held A2 until 245s
        131s  bank  pays        -> refused: paid_too_late
        131s  wall  A1 A2       -> free held
        131s  house sales       -> 0: 19.00 - 19.00 - 0.00
        140s  bank  refunds     -> done
        140s  house sales       -> 0: 19.00 - 0.00 - 19.00
        140s  bank  refunds     -> nothing is owed
        ",
    );
}

#[test]
fn a_charge_that_comes_after_the_start_is_given_back() {
    check(
        "
        9990s   ann   hold A1  -> held A1 until 10000s
        9991s   ann   buy      -> paying until 10000s
        10000s  bank  pays     -> refused: paid_too_late
        10001s  bank  refunds  -> done
        ",
    );
}

#[test]
fn a_charge_that_hangs_counts_towards_the_limit_until_it_has_ended() {
    check(
        "
        0s    ann   hold A1 A2 A3 A4  -> held A1 A2 A3 A4 until 120s
        1s    ann   buy               -> paying until 120s
        120s  ann   hold B1 B2 B3     -> refused: too_many_seats
        120s  ann   hold B1 B2        -> held B1 B2 until 240s
        121s  bank  declines          -> refused: payment_declined
        122s  ann   hold A1 A2 A3 A4  -> held A1 A2 A3 A4 until 242s
        ",
    );
}

#[test]
fn a_buyer_has_no_more_seats_than_the_limit_however_they_come() {
    check(
        "
        0s  ann   hold A1 A2 A3 A4  -> held A1 A2 A3 A4 until 120s
        0s  ann   hold B1 B2 B3     -> refused: too_many_seats
        0s  ann   best 3            -> refused: too_many_seats
        0s  ann   buy               -> paying until 120s
        1s  bank  pays              -> booked A1 A2 A3 A4 for ann
        2s  bob   hold B1 B2 B3     -> held B1 B2 B3 until 122s
        3s  ann   give bob          -> refused: too_many_seats
        4s  bob   release           -> released
        5s  ann   give bob          -> booked A1 A2 A3 A4 for bob
        6s  ann   hold B1 B2 B3 B4  -> held B1 B2 B3 B4 until 126s
        ",
    );
}

#[test]
fn a_cancelled_booking_frees_its_seats_once_and_is_refunded_once() {
    check(
        "
        0s  ann   hold B1 B2  -> held B1 B2 until 120s
        1s  ann   buy         -> paying until 120s
        2s  bank  pays        -> booked B1 B2 for ann
        3s  ann   cancel      -> refunding B1 B2 for ann
        3s  ann   cancel      -> refused: already_cancelled
        3s  wall  B1 B2       -> free free
        4s  bob   hold B1     -> held B1 until 124s
        5s  bank  refunds     -> done
        5s  bank  refunds     -> nothing is owed
        5s  ann   has         -> refunded B1 B2 for ann
        5s  house sales       -> 0: 27.00 - 0.00 - 27.00
        ",
    );
}

#[test]
fn a_booking_can_be_cancelled_up_to_the_cut_off_and_nothing_is_sold_past_the_start() {
    check(
        "
        0s      ann  hold A1    -> held A1 until 120s
        0s      ann  buy        -> paying until 120s
        0s      bank pays       -> booked A1 for ann
        1s      bob  hold B1    -> held B1 until 121s
        1s      bob  buy        -> paying until 121s
        1s      bank pays       -> booked B1 for bob
        8200s   ann  cancel     -> refunding A1 for ann
        8201s   bob  cancel     -> refused: cancel_too_late
        9950s   bob  hold A2    -> held A2 until 10000s
        10000s  bob  buy        -> refused: hold_ended
        10000s  bob  hold A2    -> refused: sale_ended
        10000s  bob  wait 2     -> refused: sale_ended
        ",
    );
}

#[test]
fn a_booking_is_passed_on_when_the_showing_is_sold_out_and_no_count_changes() {
    check(
        "
        0s  ann   hold A1 A2 A3 A4  -> held A1 A2 A3 A4 until 120s
        0s  ann   buy               -> paying until 120s
        0s  bank  pays              -> booked A1 A2 A3 A4 for ann
        1s  bob   hold B1 B2 B3 B4  -> held B1 B2 B3 B4 until 121s
        1s  bob   buy               -> paying until 121s
        1s  bank  pays              -> booked B1 B2 B3 B4 for bob
        2s  cid   best 1            -> refused: sold_out
        2s  ann   give cid          -> booked A1 A2 A3 A4 for cid
        2s  ann   has               -> nothing
        2s  cid   has               -> booked A1 A2 A3 A4 for cid
        2s  wall  A1 B1             -> sold sold
        2s  house sales             -> 2: 92.00 - 0.00 - 0.00
        ",
    );
}

#[test]
fn what_costs_nothing_is_booked_at_once_and_needs_no_refund() {
    let free = Opening { rows: vec![row("A", 3, SeatKind::Companion)], ..opening() };
    check_in(
        free,
        "
        0s  ann   hold A1  -> held A1 until 120s
        1s  ann   buy      -> booked A1 for ann
        2s  ann   cancel   -> refunded A1 for ann
        2s  bank  refunds  -> nothing is owed
        2s  wall  A1       -> free
        ",
    );
}

#[test]
fn other_peoples_holds_and_bookings_are_as_if_they_were_not_there() {
    let mut stage = Stage::new(opening());
    let seats = Want::Named(vec!["A1".into()]);
    let hold = Command::Hold { seats, expect: None, name: "Ann".into() };
    stage.ask(&person(1), hold).unwrap();
    let (hold, expect, payment_token) = (stage.hold_of(1), None, "ok".to_owned());
    let refused = |stage: &mut Stage, command| stage.ask(&person(2), command).unwrap_err().code;
    assert_eq!(refused(&mut stage, Command::Release { hold, expect: None }), "not_found");
    assert_eq!(refused(&mut stage, Command::Extend { hold, expect }), "not_found");
    let buy = Command::Purchase { hold, payment_token, name: None, expect };
    assert_eq!(refused(&mut stage, buy.clone()), "not_found");
    stage.ask(&person(1), buy).unwrap();
    stage.pay();
    let booking = stage.booking_of(1);
    assert_eq!(refused(&mut stage, Command::Cancel { booking, expect }), "not_found");
    let take = Command::Transfer { booking, to: "Bob".into(), to_account: None, expect };
    assert_eq!(refused(&mut stage, take), "not_found");
    assert_eq!(
        stage.rules.view(stage.now, &Audience::Own(account(2))),
        Some(View::Own(view::Mine::default()))
    );
}

#[test]
fn best_available_is_chosen_in_the_same_step_as_it_is_held() {
    let rows = vec![row("A", 5, SeatKind::Standard), row("B", 5, SeatKind::Standard)];
    check_in(
        Opening { rows, ..opening() },
        "
        0s  ann  best 2         -> held A1 A2 until 120s
        0s  bob  best 2         -> held B1 B2 until 120s
        0s  cid  best 3         -> held A3 A4 A5 until 120s
        0s  dora best 4         -> refused: no_seats_together
        0s  dora best 2         -> held B3 B4 until 120s
        0s  ann  best 2         -> refused: no_seats_together
        0s  dora best 1 premium -> refused: no_seats_together
        0s  dora best 0         -> refused: bad_count
        ",
    );
}

#[test]
fn seats_that_come_back_are_offered_in_order_before_they_are_on_sale() {
    check_in(
        one_row(2),
        "
        0s    ann   hold A1 A2  -> held A1 A2 until 120s
        1s    bob   wait 2      -> waits as 1
        2s    cid   wait 1      -> waits as 2
        3s    cid   wait 1      -> refused: wait_listed_before
        4s    ann   release     -> released
        4s    dora  hold A1     -> refused: seat_taken A1
        4s    bob   has         -> offer A1 A2 until 304s
        4s    cid   has         -> place 2
        304s  cid   has         -> offer A1 until 604s
        304s  bob   has         -> nothing
        305s  dora  hold A2     -> held A2 until 425s
        306s  cid   buy         -> paying until 604s
        307s  bank  pays        -> booked A1 for cid
        307s  cid   has         -> booked A1 for cid
        ",
    );
}

#[test]
fn a_declined_offer_goes_to_the_next_and_who_leaves_is_asked_no_more() {
    check_in(
        one_row(1),
        "
        0s  ann   hold A1  -> held A1 until 120s
        1s  bob   wait 1   -> waits as 1
        1s  cid   wait 1   -> waits as 2
        1s  dora  wait 1   -> waits as 3
        2s  cid   leave    -> left
        3s  ann   release  -> released
        3s  bob   has      -> offer A1 until 303s
        4s  bob   release  -> released
        4s  dora  has      -> offer A1 until 304s
        5s  dora  leave    -> left
        5s  wall  A1       -> free
        ",
    );
}

#[test]
fn a_place_that_needs_more_than_comes_back_keeps_its_turn_and_holds_up_nobody() {
    check_in(
        one_row(4),
        "
        0s  ann   hold A1        -> held A1 until 120s
        0s  bob   hold A2 A3 A4  -> held A2 A3 A4 until 120s
        1s  cid   wait 3         -> waits as 1
        2s  dora  wait 1         -> waits as 2
        3s  ann   release        -> released
        3s  dora  has            -> offer A1 until 303s
        4s  bob   release        -> released
        4s  cid   has            -> offer A2 A3 A4 until 304s
        ",
    );
}

#[test]
fn a_place_is_refused_where_seats_are_free_and_where_there_never_will_be_any() {
    check_in(
        one_row(4),
        "
        0s  ann   hold A2          -> held A2 until 120s
        1s  bob   wait 2           -> refused: seats_available
        1s  bob   wait 3           -> waits as 1
        1s  cid   wait 5           -> refused: no_seats_together
        1s  cid   wait 1 premium   -> refused: no_such_seat
        1s  cid   wait 7           -> refused: too_many_seats
        1s  cid   wait 21          -> refused: bad_count
        ",
    );
}

#[test]
fn an_offer_waits_until_the_limit_of_a_buyer_allows_it() {
    check(
        "
        0s  ann   hold A1 A2 A3 A4  -> held A1 A2 A3 A4 until 120s
        0s  bob   hold B1 B2        -> held B1 B2 until 120s
        0s  cid   hold B3 B4        -> held B3 B4 until 120s
        1s  bob   wait 4            -> waits as 1
        2s  cid   release           -> released
        3s  bob   hold B3 B4        -> held B3 B4 until 123s
        4s  ann   release           -> released
        4s  bob   has               -> hold B1 B2 until 120s, hold B3 B4 until 123s, place 1
        5s  bob   release           -> released
        5s  bob   has               -> hold B1 B2 until 120s, offer A1 A2 A3 A4 until 305s
        ",
    );
}

#[test]
fn house_seats_are_off_sale_until_the_organizer_gives_them_back() {
    check(
        "
        0s  house block A1 A2    -> A1 A2
        0s  house block A2 A3    -> refused: seat_taken A2
        0s  ann   hold A1        -> refused: seat_taken A1
        0s  ann   block A3       -> refused: forbidden
        1s  house unblock A2 A3  -> refused: seat_not_blocked A3
        1s  house unblock A1 A2  -> A1 A2
        1s  ann   hold A1        -> held A1 until 121s
        ",
    );
}

#[test]
fn a_command_on_an_old_revision_is_refused() {
    let mut stage = Stage::new(opening());
    let seen = Some(stage.revision);
    let hold = |seat: &str, expect| {
        let seats = Want::Named(vec![seat.into()]);
        Command::Hold { seats, expect, name: "Ann".into() }
    };
    let answer = stage.ask(&person(1), hold("A1", seen)).unwrap();
    let Answer::Now(Reply::Hold(held)) = answer else { panic!("{answer:?}") };
    let release = Command::Release { hold: held.hold_id, expect: seen };
    for (who, command) in [(2, hold("A2", seen)), (1, release)] {
        let refusal = stage.ask(&person(who), command).unwrap_err();
        assert_eq!((&*refusal.code, &*refusal.fields["revision"][0]), ("stale_revision", "2"));
    }
}

#[test]
fn a_showing_is_opened_once_by_its_screen_alone() {
    let mut stage = Stage::new(opening());
    let open = |opening| Command::Open(Box::new(opening));
    let again = stage.ask(&Caller::System, open(opening()));
    assert_eq!(again, Ok(Answer::Now(Reply::Opened)), "the screen asks again, to no effect");
    let other = stage.ask(&Caller::System, open(one_row(3))).unwrap_err();
    assert_eq!(other.code, "already_opened");
    let stranger = stage.ask(&organizer(), open(opening())).unwrap_err();
    assert_eq!(stranger.code, "not_found");
}

#[test]
fn a_command_whose_outcome_was_forgotten_finds_what_it_made() {
    let mut stage = Stage::new(opening());
    let expect = None;
    let best =
        || Command::Hold { seats: Want::Best { count: 2, kind: None }, expect, name: "Ann".into() };
    let mut ask = |command| {
        stage.key = Some(1);
        let answer = stage.ask(&person(1), command);
        (answer, stage.rules.totals)
    };
    let (first, totals) = ask(best());
    assert_eq!(ask(best()), (first.clone(), totals), "the same hold, and no second one");
    let Ok(Answer::Now(Reply::Hold(HoldInfo { hold_id: hold, .. }))) = first else { panic!() };
    let buy = || Command::Purchase { hold, payment_token: "ok".into(), name: None, expect };
    let (waits, _) = ask(buy());
    assert!(matches!(waits, Ok(Answer::Later(_))));
    assert_eq!(ask(buy()).0, waits, "the same payment, and no second one");
    stage.pay();
    stage.key = Some(1);
    let bought = stage.ask(&person(1), buy()).unwrap();
    assert!(
        matches!(bought, Answer::Now(Reply::Booking(BookingInfo { id, .. })) if id == stage.booking_of(1))
    );
    stage.finish();
}

#[test]
fn a_key_that_was_forgotten_cannot_take_a_booking_from_its_new_owner() {
    let mut stage = Stage::new(opening());
    let expect = None;
    let best = || {
        let seats = Want::Best { count: 1, kind: None };
        Command::Hold { seats, expect, name: "Ann".into() }
    };
    let buy = |stage: &mut Stage| {
        stage.ask(&person(1), best()).unwrap();
        let hold = stage.hold_of(1);
        stage.key = Some(1);
        let payment_token = "ok".into();
        stage.ask(&person(1), Command::Purchase { hold, payment_token, name: None, expect })
    };
    buy(&mut stage).unwrap();
    stage.pay();
    let (booking, to_account) = (stage.booking_of(1), Some(account(2)));
    let give = Command::Transfer { booking, to: "Bob".into(), to_account, expect };
    stage.ask(&person(1), give).unwrap();
    assert_eq!(buy(&mut stage).unwrap_err().code, "already_exists");
    assert_eq!(stage.booking_of(2), booking);
    stage.finish();
}

#[test]
fn news_reaches_those_it_concerns() {
    let mut stage = Stage::new(one_row(1));
    let seats = Want::Named(vec!["A1".into()]);
    stage.ask(&person(1), Command::Hold { seats, expect: None, name: "Ann".into() }).unwrap();
    let wait = |n| (person(n), Command::JoinWaitlist { count: 1, kind: None, name: "Bob".into() });
    for (who, command) in [wait(2), wait(3)] {
        stage.ask(&who, command).unwrap();
    }
    stage.pass(second(120));
    stage.pass(second(300));
    let news = |(to, notice): &(AccountId, Notice)| (*to, notice.kind);
    let news: Vec<_> = stage.rules.tells.values().map(news).collect();
    use crate::notice::NoticeKind::{OfferExpired, Offered};
    let expected = [(account(2), Offered), (account(2), OfferExpired), (account(3), Offered)];
    assert_eq!(news, expected);
    while stage.hear() {}
    assert_eq!(stage.rules.duties(), []);
}

#[test]
fn nobody_is_shown_a_payment_token() {
    let (hold, secret) = (HoldId(Uuid::nil()), "tok-secret");
    let buy = |hold| {
        let payment_token = secret.to_owned();
        Command::Purchase { hold, payment_token, name: None, expect: None }
    };
    assert!(!Showing::redact(&buy(hold)).contains(secret));
    let mut stage = Stage::new(opening());
    let seats = Want::Named(vec!["A1".into()]);
    stage.ask(&person(1), Command::Hold { seats, expect: None, name: "Ann".into() }).unwrap();
    let hold = stage.hold_of(1);
    stage.ask(&person(1), buy(hold)).unwrap();
    for (_, event) in &stage.log {
        let shown = Showing::inspect(&playhouse_protocol::codec::decode(event).unwrap());
        assert!(!shown.to_string().contains(secret), "{shown}");
    }
}

#[test]
fn a_seat_says_whose_it_is_and_why_it_is_off_sale() {
    let mut stage = Stage::new(opening());
    let seat = |stage: &Stage, name: &str| {
        stage
            .rules
            .part(name)
            .map(|mut seat| ["state", "by", "reason"].map(|field| seat[field].take()))
    };
    let json = |value: &str| serde_json::Value::from(value);
    let null = serde_json::Value::Null;
    assert_eq!(seat(&stage, "A1"), Some([json("free"), null.clone(), null.clone()]));
    assert_eq!((seat(&stage, "A9"), seat(&stage, "")), (None, None));
    let hold =
        Command::Hold { seats: Want::Named(vec!["A1".into()]), expect: None, name: "Ann".into() };
    stage.ask(&person(1), hold).unwrap();
    let ann = serde_json::to_value(account(1)).unwrap();
    assert_eq!(seat(&stage, "A1"), Some([json("held"), ann, null.clone()]));
    let block = Command::Block { seats: vec!["A2".into()], reason: "press".into(), expect: None };
    stage.ask(&organizer(), block).unwrap();
    assert_eq!(seat(&stage, "A2"), Some([json("blocked"), null, json("press")]));
}
