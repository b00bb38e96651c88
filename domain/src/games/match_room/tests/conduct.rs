//! What people say, and what may be done about it.

use super::super::*;
use super::stage::{Stage, creation, person, second};
use crate::games::Seat;
use crate::room::Role;

fn say(stage: &mut Stage, who: u128, text: &str) -> Result<Reply, Refusal> {
    stage.ask(&person(who), Command::Say { text: text.into() })
}

fn code(refused: Result<Reply, Refusal>) -> String {
    refused.unwrap_err().code.into_owned()
}

/// Persons 1 (the host), 2 (a guest) and 3 are there.
fn three() -> Stage {
    let mut stage = Stage::new(creation());
    [1, 2, 3].iter().for_each(|who| drop(stage.come(*who).unwrap()));
    stage
}

#[test]
fn everybody_who_plays_may_speak_and_everybody_sees_it() {
    let mut stage = three();
    say(&mut stage, 2, "  hello  ").unwrap();
    say(&mut stage, 3, "hi").unwrap();
    let said = stage.rules.beside().said;
    let lines: Vec<_> =
        said.iter().map(|line| (line.number, line.seat.0, line.text.as_str())).collect();
    assert_eq!(lines, [(1, 1, "hello"), (2, 2, "hi")]);
    assert_eq!(code(say(&mut stage, 5, "me too")), "no_seat");
    for bad in ["", "   ", "two\nlines", "\u{202e}nuf", &"a".repeat(SAID_MAX + 1)] {
        assert_eq!(code(say(&mut stage, 2, bad)), "bad_text", "{bad:?}");
    }
}

#[test]
fn whoever_speaks_too_much_waits_and_only_the_newest_lines_are_kept() {
    let mut stage = three();
    for n in 0..40_u32 {
        for who in [2, 3] {
            for line in 0..LINES_IN_WINDOW {
                say(&mut stage, who, &format!("{n} {line}")).unwrap();
            }
            assert_eq!(code(say(&mut stage, who, "more")), "too_talkative");
        }
        stage.now = stage.now + TALK_WINDOW;
        if n % 8 == 7 {
            // The lobby does not wait for ever.
            assert!(!stage.rules.phase.is_over());
        }
    }
    let said = stage.rules.beside().said;
    assert_eq!(said.len(), LINES_KEPT);
    assert_eq!(said.last().unwrap().number, 40 * 2 * u32::from(LINES_IN_WINDOW));
}

#[test]
fn whoever_speaks_too_much_waits_also_with_a_new_ticket_a_new_name_and_a_resumed_connection() {
    let mut stage = three();
    for line in 0..LINES_IN_WINDOW {
        say(&mut stage, 3, &format!("{line}")).unwrap();
    }
    let token = *stage.tokens[&3].last().unwrap();
    stage.resume(3, token).unwrap();
    assert_eq!(code(say(&mut stage, 3, "more")), "too_talkative");
    stage.ask(&person(3), Command::Leave).unwrap();
    let ticket = stage.draw();
    let renamed = Command::Join { ticket, name: "Somebody else".into() };
    stage.ask(&person(3), renamed).unwrap();
    stage.enter(3, ticket).unwrap();
    assert_eq!(code(say(&mut stage, 3, "more")), "too_talkative");
    stage.pass(TALK_WINDOW);
    say(&mut stage, 3, "at last").unwrap();
}

#[test]
fn a_mute_holds_against_a_new_name_a_new_ticket_and_a_resumed_connection() {
    let mut stage = three();
    let mute = |muted| Command::Mute { seat: Seat(2), muted };
    assert_eq!(code(stage.ask(&person(2), mute(true))), "not_the_host");
    stage.ask(&person(1), mute(true)).unwrap();
    assert_eq!(stage.rules.beside().muted, [Seat(2)]);
    assert_eq!(code(say(&mut stage, 3, "no")), "muted");
    let token = *stage.tokens[&3].last().unwrap();
    stage.resume(3, token).unwrap();
    assert_eq!(code(say(&mut stage, 3, "no")), "muted");
    stage.ask(&person(3), Command::Leave).unwrap();
    let ticket = stage.draw();
    let renamed = Command::Join { ticket, name: "Somebody else".into() };
    stage.ask(&person(3), renamed).unwrap();
    stage.enter(3, ticket).unwrap();
    assert_eq!(code(say(&mut stage, 3, "no")), "muted");
    stage.ask(&person(1), mute(false)).unwrap();
    say(&mut stage, 3, "at last").unwrap();
}

/// What keeps somebody out holds whatever they come back with: `who` has been shut out, with `code`.
fn stays_out(stage: &mut Stage, who: u128, refusal: &str) {
    let (ticket, token) =
        (*stage.tickets[&who].last().unwrap(), *stage.tokens[&who].last().unwrap());
    assert_eq!(code(stage.enter(who, ticket)), "ticket_refused");
    assert_eq!(code(stage.resume(who, token)), "resume_refused");
    assert_eq!(code(stage.join(who)), refusal);
    let ticket = stage.draw();
    let renamed = Command::Join { ticket, name: "Somebody else".into() };
    assert_eq!(code(stage.ask(&person(who), renamed)), refusal);
}

#[test]
fn a_ban_holds_against_rejoining_a_new_name_and_a_resumed_token_until_the_match_is_over() {
    let mut stage = three();
    let remove = |seat, ban| Command::Remove { seat: Seat(seat), ban };
    assert_eq!(code(stage.ask(&person(3), remove(1, true))), "not_the_host");
    assert_eq!(code(stage.ask(&person(1), remove(3, true))), "nobody_there", "a bot is no person");
    stage.ask(&person(1), remove(1, true)).unwrap();
    stays_out(&mut stage, 2, "banned_from_match");
    stage.now = stage.now + REMOVED_FOR;
    assert_eq!(code(stage.join(2)), "banned_from_match");
}

#[test]
fn a_removal_holds_against_rejoining_a_new_name_and_a_resumed_token_for_a_while() {
    let mut stage = three();
    stage.ask(&person(1), Command::Remove { seat: Seat(1), ban: false }).unwrap();
    stays_out(&mut stage, 2, "removed_from_match");
    stage.now = stage.now + (REMOVED_FOR - second(1));
    let refused = stage.join(2).unwrap_err();
    assert!(refused.message.ends_with("come back in 1 s"), "{refused}");
    stage.now = stage.now + second(1);
    stage.come(2).unwrap();
    // Removed again they stay away anew.
    stage.ask(&person(1), Command::Remove { seat: Seat(1), ban: false }).unwrap();
    stays_out(&mut stage, 2, "removed_from_match");
}

#[test]
fn organizers_keep_order_in_any_match() {
    let mut stage = three();
    let Caller::Account { id, .. } = person(9) else { panic!("an account") };
    let organizer = Caller::Account { id, role: Role::Organizer };
    stage.ask(&organizer, Command::Remove { seat: Seat(0), ban: true }).unwrap();
    assert_eq!(code(stage.join(1)), "banned_from_match", "also the host");
}
