//! Stories and properties of a screen and its schedule.

use playhouse_protocol::ids::AccountId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::room::{Caller, Role, Seed};

fn screen() -> (RoomId, Screen) {
    let room = RoomId::of(Screen::KIND, Uuid::from_u128(1));
    let mut screen = Screen::new(&room);
    let row = RowSpec {
        row: "A".into(),
        seats: 4,
        kind: SeatKind::Standard,
        gaps: vec![],
        kinds: BTreeMap::new(),
    };
    let (name, theater) = ("One".into(), "Odeon".into());
    let details = Details { name, theater, rows: vec![row], cleaning_minutes: 15 };
    screen.apply(Timestamp::ZERO, &Event::Created(details));
    (room, screen)
}

fn plan(n: u128, starts_at: Timestamp, length: u16) -> Box<Plan> {
    Box::new(Plan {
        showing: ShowingId(Uuid::from_u128(n)),
        movie: MovieId(Uuid::from_u128(1)),
        movie_title: "Metropolis".into(),
        minutes: length,
        starts_at,
        prices: BTreeMap::from([(SeatKind::Standard, Money::from_cents(950))]),
        currency: "EUR".into(),
        terms: Terms::default(),
    })
}

/// Asks `screen` one minute after time began, as `caller`; what follows is applied.
fn ask(screen: &mut Screen, caller: &Caller, command: Command) -> Result<(), Refusal> {
    let room = RoomId::of(Screen::KIND, Uuid::from_u128(1));
    let (now, seed) = (Timestamp::from_ms(60_000), Seed::derive(&[b"any"]));
    let cx = Cx { now, room: &room, caller, seed, revision: 0 };
    let effects = screen.decide(&cx, command)?;
    effects.events.iter().for_each(|event| screen.apply(now, event));
    Ok(())
}

fn at(minute: u16) -> Timestamp {
    Timestamp::ZERO + minutes(minute)
}

#[test]
fn a_showing_may_begin_the_moment_the_screen_is_clean_and_no_sooner() {
    let (_, mut screen) = screen();
    let mut schedule = |n, start, length| {
        ask(&mut screen, &Caller::System, Command::Schedule(plan(n, at(start), length)))
    };
    schedule(1, 100, 60).unwrap();
    let refused = schedule(2, 174, 60).unwrap_err();
    assert_eq!(refused.code, "showing_overlaps");
    assert_eq!(refused.fields["conflicts"], [ShowingId(Uuid::from_u128(1)).to_string()]);
    schedule(2, 175, 60).unwrap();
    assert_eq!(schedule(3, 26, 60).unwrap_err().code, "showing_overlaps", "it cleans too");
    schedule(3, 25, 60).unwrap();
    let refused = schedule(4, 50, 200).unwrap_err();
    assert_eq!(refused.fields["conflicts"].len(), 3, "every showing in the way is named");
    assert_eq!(schedule(3, 900, 60).unwrap_err().code, "already_exists");
}

#[test]
fn what_cannot_be_shown_is_not_planned() {
    let (_, mut screen) = screen();
    let far = Timestamp::from_ms(60_001) + AHEAD_MAX;
    let unpriced = Box::new(Plan { prices: BTreeMap::new(), ..*plan(1, at(100), 60) });
    for (plan, code) in [
        (plan(1, at(1), 60), "starts_in_past"),
        (plan(1, far, 60), "starts_too_late"),
        (unpriced, "price_missing"),
    ] {
        let refused = ask(&mut screen, &Caller::System, Command::Schedule(plan));
        assert_eq!(refused.unwrap_err().code, code);
    }
    assert!(screen.slots.is_empty() && screen.duties().is_empty());
}

#[test]
fn only_organizers_make_and_plan_and_a_screen_is_made_once() {
    let (room, mut made) = screen();
    let details = made.details.clone().unwrap();
    let caller = |role| Caller::Account { id: AccountId(Uuid::from_u128(1)), role };
    let mut new = Screen::new(&room);
    let create = |details: &Details| Command::Create(details.clone());
    let refused = ask(&mut new, &caller(Role::User), create(&details)).unwrap_err();
    assert_eq!(refused.code, "forbidden");
    let refused = ask(&mut new, &caller(Role::Organizer), Command::Schedule(plan(1, at(9), 9)));
    assert_eq!(refused.unwrap_err().code, "not_found");
    ask(&mut new, &caller(Role::Organizer), create(&details)).unwrap();
    assert_eq!(new.details.as_ref(), Some(&details));
    let again = ask(&mut made, &caller(Role::Organizer), create(&details)).unwrap_err();
    assert_eq!(again.code, "already_exists");
}

#[test]
fn a_showing_that_could_not_be_opened_gives_its_slot_back() {
    let (room, mut screen) = screen();
    let planned = |n| Command::Schedule(plan(n, at(100), 60));
    ask(&mut screen, &Caller::System, planned(1)).unwrap();
    let now = at(1);
    let (caller, seed) = (&Caller::System, Seed::derive(&[b"any"]));
    let cx = Cx { now, room: &room, caller, seed, revision: 1 };
    let duty = screen.duties()[0].id;
    let no = Refusal::not_found("showing");
    let effects = screen.duty_done(&cx, duty, DutyResult::Refused(no.clone()));
    assert_eq!(effects.settled[0].1, Err(no));
    effects.events.iter().for_each(|event| screen.apply(now, event));
    ask(&mut screen, &Caller::System, planned(2)).unwrap();
}

proptest! {
    #[test]
    fn no_two_showings_overlap_cleaning_included(
        wanted in prop::collection::vec((1..3000_u16, 1..300_u16, any::<bool>()), 1..40)
    ) {
        let (room, mut screen) = screen();
        let now = Timestamp::from_ms(1);
        for (n, (start, length, opens)) in wanted.into_iter().enumerate() {
            let seed = Seed::derive(&[&n.to_le_bytes()]);
            let cx = Cx { now, room: &room, caller: &Caller::System, seed, revision: 0 };
            let plan = plan(n as u128 + 1, now + minutes(start), length);
            let Ok(effects) = screen.decide(&cx, Command::Schedule(plan)) else { continue };
            effects.events.iter().for_each(|event| screen.apply(now, event));
            let duty = screen.duties().pop().expect("the showing must be opened").id;
            let refusal = Refusal::not_found("showing");
            let result =
                if opens { DutyResult::Done(vec![]) } else { DutyResult::Refused(refusal) };
            let effects = screen.duty_done(&cx, duty, result);
            effects.events.iter().for_each(|event| screen.apply(now, event));
            prop_assert!(screen.duties().is_empty());
            let slots: Vec<&SlotInfo> = screen.slots.values().collect();
            prop_assert!(slots.windows(2).all(|pair| pair[0].clean_at <= pair[1].starts_at));
        }
    }
}
