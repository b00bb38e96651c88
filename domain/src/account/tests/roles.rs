//! Who may ask what of an account, and what it shows to whom.

use playhouse_protocol::ids::{BookingId, ShowingId};
use uuid::Uuid;

use super::rig::{account_room, person, registered};
use crate::account::{Account, Command, NOTICES_MAX, View};
use crate::notice::{Notice, NoticeKind};
use crate::room::{Audience, Caller, Role, Rules};
use crate::time::Timestamp;

fn notice(n: u64) -> Notice {
    Notice {
        at: Timestamp::from_ms(n),
        kind: NoticeKind::Booked,
        showing_id: ShowingId(Uuid::from_u128(1)),
        title: "Metropolis".into(),
        seats: vec!["A1".into()],
        booking_id: Some(BookingId(Uuid::from_u128(2))),
        hold_id: None,
        until: None,
        amount: None,
    }
}

#[test]
fn only_the_server_may_ask_about_passwords_and_sessions() {
    let mut room = registered("ann", Role::User);
    let (checked, password) = (String::new(), String::new());
    for command in [
        Command::ReadCredentials,
        Command::LogOutAll,
        Command::ChangePassword { checked, password },
    ] {
        for caller in [Caller::Nobody, person(Role::Admin), Caller::Room(account_room(7))] {
            let refused = room.ask(Timestamp::ZERO, &caller, command.clone());
            assert_eq!(refused.unwrap_err().code, "not_found", "{command:?} {caller:?}");
        }
    }
}

#[test]
fn only_administrators_give_roles_and_shut_out() {
    let mut room = registered("ann", Role::User);
    for command in [Command::SetRole(Role::Admin), Command::SetBanned(true)] {
        for caller in [Caller::Nobody, person(Role::User), person(Role::Organizer)] {
            let refused = room.ask(Timestamp::ZERO, &caller, command.clone());
            assert_eq!(refused.unwrap_err().code, "forbidden", "{command:?} {caller:?}");
        }
        room.ask(Timestamp::ZERO, &person(Role::Admin), command).unwrap();
    }
    let info = room.rules.info().unwrap();
    assert_eq!((info.role, info.banned), (Role::Admin, true));
}

#[test]
fn news_comes_from_rooms_alone_and_the_newest_are_kept() {
    let mut room = registered("ann", Role::User);
    for caller in [Caller::System, Caller::Nobody, person(Role::Admin)] {
        let refused = room.ask(Timestamp::ZERO, &caller, Command::Notify(notice(0)));
        assert_eq!(refused.unwrap_err().code, "not_found");
    }
    for n in 0..60 {
        let news = Command::Notify(notice(n));
        room.ask(Timestamp::ZERO, &Caller::Room(account_room(7)), news).unwrap();
    }
    let own = Audience::Own(room.rules.id);
    let Some(View::Own { notices, .. }) = room.rules.view(Timestamp::ZERO, &own) else {
        panic!("the owner sees the news")
    };
    assert_eq!(notices.len(), NOTICES_MAX);
    assert_eq!((notices[0].at.ms(), notices[NOTICES_MAX - 1].at.ms()), (59, 10));
}

#[test]
fn no_view_row_or_inspection_shows_a_secret() {
    let room = registered("ann", Role::User);
    let mut shown = vec![Account::redact(&super::rig::registration("ann", "ann@example.org"))];
    for audience in [Audience::Own(room.rules.id), Audience::Presenter] {
        let view = room.rules.view(Timestamp::ZERO, &audience).unwrap();
        shown.push(serde_json::to_string(&view).unwrap());
    }
    shown.extend(room.rules.rows().into_iter().filter_map(|row| row.value));
    let password = String::from("hash of ann");
    for event in [
        crate::account::Event::PasswordChanged { password: password.clone() },
        crate::account::Event::Registering {
            username: "ann".into(),
            email: "ann@example.org".into(),
            password,
            role: Role::User,
            ticket: crate::room::Ticket(Uuid::nil()),
        },
    ] {
        shown.push(Account::inspect(&event).to_string());
    }
    assert_eq!(shown.len(), 6);
    for text in shown {
        assert!(!text.contains("hash of"), "{text}");
    }
}

#[test]
fn an_account_that_nobody_registered_is_not_there() {
    let mut room = super::rig::Room::<Account>::new(account_room(5));
    let news = Command::Notify(notice(0));
    for (caller, command) in [
        (Caller::System, Command::ReadCredentials),
        (Caller::Room(account_room(7)), news),
        (person(Role::Admin), Command::SetBanned(true)),
    ] {
        let refused = room.ask(Timestamp::ZERO, &caller, command);
        assert_eq!(refused.unwrap_err().code, "not_found");
    }
    assert!(room.rules.view(Timestamp::ZERO, &Audience::Presenter).is_none());
    assert!(room.rules.rows().is_empty());
}
