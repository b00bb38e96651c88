//! Stories: who comes, who waits, who plays with whom.

use std::time::Duration;

use super::stage::*;
use crate::games::skill::Skill;
use crate::matchmaking::*;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn two_of_a_kind_are_matched_within_a_second() {
    let mut stage = Stage::new("duel");
    let (ann, bob) = (stage.queue(1, 25.0).unwrap(), stage.queue(2, 25.5).unwrap());
    assert_eq!((ann.state, ann.waiting, bob.waiting), (Stands::Waiting, 1, 2));
    stage.pass(seconds(1));
    let of = stage.match_of(1).unwrap();
    assert_eq!(stage.match_of(2), Some(of));
    let ann = stage.look(1, ann.id).unwrap();
    assert_eq!((ann.state, ann.session), (Stands::Matched, Some(of)));
    let arranged = &stage.arranged[&of];
    assert_eq!((arranged.creation.seats, arranged.rated), (2, true));
    stage.restart();
}

#[test]
fn both_must_accept_and_waiting_widens_what_is_accepted() {
    let mut stage = Stage::new("duel");
    stage.queue(1, 25.0).unwrap();
    stage.pass(seconds(12));
    // Ann accepts 2.8 points by now, who comes accepts 1.
    stage.queue(2, 27.0).unwrap();
    stage.pass(seconds(2));
    assert_eq!(stage.match_of(1), None);
    stage.pass(seconds(6));
    assert!(stage.match_of(1).is_some(), "7 s later both accept 2");
}

#[test]
fn nobody_starves() {
    let mut stage = Stage::new("duel");
    stage.queue(1, 60.0).unwrap();
    // Others come all the time, and would rather play with each other.
    for n in 0..80 {
        stage.queue(10 + n, 25.0 + (n % 5) as f64 / 10.0).unwrap();
        stage.pass(Duration::from_millis(400));
    }
    assert!(stage.match_of(1).is_some(), "after {OVERDUE:?} whoever is there is taken");
}

#[test]
fn one_region_must_be_near_enough_for_all() {
    let mut stage = Stage::new("duel");
    stage.queue_at(1, 25.0, vec![near("eu", 20), near("us", 110)]).unwrap();
    stage.queue_at(2, 25.0, vec![near("us", 15), near("eu", 130)]).unwrap();
    stage.pass(seconds(5));
    assert_eq!(stage.match_of(1), None);
    stage.pass(seconds(7));
    let of = stage.match_of(1).expect("110 ms are near enough after 10 s");
    let ticket = stage.rules.seen(stage.now, &Audience::Own(account(2))).unwrap().ticket.unwrap();
    assert_eq!((ticket.session, ticket.region.as_deref()), (Some(of), Some("us")));
}

#[test]
fn who_shares_no_region_is_told_that_nobody_came() {
    let mut stage = Stage::new("duel");
    let ann = stage.queue_at(1, 25.0, vec![near("eu", 20)]).unwrap();
    stage.queue_at(2, 25.0, vec![near("us", 20)]).unwrap();
    stage.pass(WAIT_MAX + seconds(1));
    assert_eq!(stage.look(1, ann.id).unwrap().state, Stands::Expired);
    assert!(stage.seats.is_empty());
    stage.queue(1, 25.0).unwrap();
}

#[test]
fn a_full_match_is_worth_some_seconds_and_a_small_one_is_better_than_none() {
    let mut stage = Stage::new("crowd");
    for n in 1..=3 {
        stage.queue(n, 25.0).unwrap();
    }
    stage.pass(seconds(10));
    assert_eq!(stage.match_of(1), None, "more may come");
    stage.pass(seconds(9));
    let of = stage.match_of(1).unwrap();
    assert_eq!(stage.seats[&of].len(), 3);
    assert_eq!(stage.arranged[&of].creation.seats, 8, "others may come late");

    stage.match_says(of, Command::Over { match_id: of, played: true });
    for n in 11..=18 {
        stage.queue(n, 25.0).unwrap();
    }
    stage.pass(seconds(1));
    assert_eq!(stage.seats[&stage.match_of(11).unwrap()].len(), 8);
}

#[test]
fn seats_that_are_free_in_a_match_are_filled_first() {
    let mut stage = Stage::new("crowd");
    (1..=3).for_each(|n| drop(stage.queue(n, 25.0).unwrap()));
    stage.pass(seconds(20));
    let of = stage.match_of(1).unwrap();
    assert_eq!(stage.rules.running[&of].free, 5, "nobody was invited to these");
    stage.match_has_free(of, 3);
    stage.queue(4, 25.3).unwrap();
    stage.queue_party(1, vec![member(5, 25.0), member(6, 25.0), member(7, 24.0)], vec![]).unwrap();
    stage.pass(seconds(2));
    assert_eq!(stage.match_of(4), Some(of));
    assert_eq!(stage.match_of(5), None, "two seats are too few for three who stay together");
    stage.queue(8, 40.0).unwrap();
    stage.pass(seconds(2));
    assert_eq!(stage.match_of(8), None, "out of reach");
    stage.restart();
}

#[test]
fn whoever_comes_too_late_waits_as_before() {
    let mut stage = Stage::new("crowd");
    (1..=2).for_each(|n| drop(stage.queue(n, 25.0).unwrap()));
    stage.pass(seconds(25));
    let of = stage.match_of(1).unwrap();
    stage.match_has_free(of, 0);
    let cat = stage.queue(3, 25.0).unwrap();
    stage.pass(seconds(8));
    stage.match_has_free(of, 1);
    stage.refuse = 1;
    stage.pass(seconds(1));
    let again = stage.look(3, cat.id).unwrap();
    assert_eq!((again.state, again.since), (Stands::Waiting, cat.since));
    stage.queue(4, 25.0).unwrap();
    stage.pass(seconds(8));
    assert_eq!(stage.match_of(3), stage.match_of(4));
    assert_ne!(stage.match_of(3), Some(of), "nobody is sent there again until it says so");
    stage.match_says(of, Command::Over { match_id: of, played: true });
    stage.match_has_free(of, 5);
    assert!(stage.rules.line.open.is_empty(), "it is over");
}

#[test]
fn a_seat_is_filled_once_whatever_the_match_and_its_matchmaking_hear_first() {
    // The match had taken in who is on their way when it said what is free; or it had not.
    for taken_in in [true, false] {
        let mut stage = Stage::new("crowd");
        (1..=2).for_each(|n| drop(stage.queue(n, 25.0).unwrap()));
        stage.pass(seconds(25));
        let of = stage.match_of(1).unwrap();
        stage.match_has_free(of, 0);
        stage.match_has_free(of, 1);
        stage.queue(3, 25.0).unwrap();
        while stage.rules.placing.is_empty() {
            stage.now = stage.now + seconds(1);
            stage.wake();
        }
        // One more leaves meanwhile.
        let duty = stage.rules.duties().into_iter().next().unwrap();
        if taken_in {
            stage.do_duty(&duty);
            stage.match_has_free(of, 1);
        } else {
            stage.match_has_free(of, 2);
            stage.do_duty(&duty);
        }
        assert_eq!(stage.rules.running[&of].room(), 1, "one is on their way to one of two");
        stage.restart();
        stage.do_duties();
        assert_eq!(stage.match_of(3), Some(of));
        assert_eq!(stage.rules.running[&of].room(), 1, "the other one is still to be filled");
        stage.queue(4, 25.0).unwrap();
        stage.queue(5, 25.0).unwrap();
        stage.pass(seconds(8));
        let there = [4, 5].map(|n| stage.match_of(n) == Some(of));
        assert_eq!(there, [true, false], "and is filled once");
        stage.restart();
    }
}

#[test]
fn parties_stay_whole_and_sides_are_even() {
    let mut stage = Stage::new("fives");
    let strong: Vec<_> = (1..=3).map(|n| member(n, 25.6)).collect();
    stage.queue_party(1, strong, vec![]).unwrap();
    stage.queue_party(2, vec![member(4, 25.4), member(5, 25.2)], vec![]).unwrap();
    for n in 6..=10 {
        stage.queue(n, 25.0).unwrap();
    }
    stage.pass(seconds(1));
    let of = stage.match_of(1).unwrap();
    let seats = &stage.seats[&of];
    let side = |n: u128| seats.iter().position(|seat| *seat == account(n)).unwrap() / 5;
    assert_eq!(seats.len(), 10);
    assert!(side(1) == side(2) && side(2) == side(3) && side(4) == side(5));
    assert_ne!(side(1), side(4), "even sides");
}

#[test]
fn fewer_sides_are_enough_after_a_while() {
    let mut stage = Stage::new("trios");
    for party in 0..2 {
        let members = (1..=3).map(|n| member(10 * party + n, 25.0)).collect();
        stage.queue_party(party, members, vec![]).unwrap();
    }
    stage.pass(seconds(10));
    assert_eq!(stage.match_of(1), None);
    stage.pass(seconds(12));
    assert_eq!(stage.seats[&stage.match_of(1).unwrap()].len(), 6);
}

#[test]
fn a_match_among_friends_alone_counts_for_nothing() {
    let mut stage = Stage::new("duel");
    stage.queue_party(1, vec![member(1, 25.0), member(2, 40.0)], vec![]).unwrap();
    stage.pass(seconds(1));
    assert!(!stage.arranged[&stage.match_of(1).unwrap()].rated);
    let [(_, _, crate::party::Ended::Matched(of))] = stage.told[..] else { panic!() };
    assert_eq!(stage.match_of(2), Some(of));
}

#[test]
fn what_is_taken_back_waits_no_more() {
    let mut stage = Stage::new("duel");
    let ann = stage.queue(1, 25.0).unwrap();
    assert_eq!(stage.queue(1, 25.0).unwrap_err().code, "already_waiting");
    assert_eq!(stage.cancel(2, ann.id).unwrap_err().code, "not_found");
    assert_eq!(stage.cancel(1, ann.id).unwrap().state, Stands::Cancelled);
    assert_eq!(stage.cancel(1, ann.id).unwrap().state, Stands::Cancelled, "as often as one likes");
    stage.queue(2, 25.0).unwrap();
    stage.pass(seconds(40));
    assert_eq!(stage.match_of(2), None);
    stage.pass(KEPT);
    stage.queue(3, 90.0).unwrap();
    assert_eq!(stage.look(1, ann.id).unwrap_err().code, "not_found", "forgotten");
}

#[test]
fn what_is_taken_back_while_its_match_is_made_never_waits_again() {
    let mut stage = Stage::new("duel");
    let (ann, bob) = (stage.queue(1, 25.0).unwrap(), stage.queue(2, 25.0).unwrap());
    stage.now = stage.now + seconds(1);
    stage.wake();
    assert_eq!(stage.cancel(1, ann.id).unwrap().state, Stands::Placing);
    stage.refuse = 1;
    stage.do_duties();
    assert_eq!(stage.look(1, ann.id).unwrap().state, Stands::Cancelled);
    let bob = stage.look(2, bob.id).unwrap();
    assert_eq!((bob.state, bob.since), (Stands::Waiting, start()));
}

#[test]
fn who_came_to_a_match_in_vain_stands_in_front_next_time() {
    let mut stage = Stage::new("duel");
    let ann = stage.queue(1, 25.0).unwrap();
    stage.pass(seconds(10));
    stage.queue(2, 25.0).unwrap();
    stage.pass(seconds(2));
    let of = stage.match_of(1).unwrap();
    stage.pass(seconds(30));
    stage.match_says(of, Command::Over { match_id: of, played: false });
    assert_eq!(stage.look(1, ann.id).unwrap().state, Stands::CalledOff);
    let again = stage.queue(1, 25.0).unwrap();
    assert_eq!(again.since, ann.since);
}

#[test]
fn a_match_that_can_never_be_made_does_not_hold_them_for_ever() {
    let mut stage = Stage::new("duel");
    let ann = stage.queue(1, 25.0).unwrap();
    stage.queue(2, 25.0).unwrap();
    stage.refuse = 3;
    stage.pass(seconds(5));
    assert_eq!(stage.look(1, ann.id).unwrap().state, Stands::Failed);
    assert!(stage.rules.line.waiting.is_empty());
}

#[test]
fn nonsense_is_refused_with_a_code() {
    let mut stage = Stage::new("duel");
    let wish = |members, regions| {
        Command::Queue(Box::new(Wish { id: None, party: None, members, regions }))
    };
    let two = vec![member(1, 1.0), member(2, 1.0)];
    let mad = vec![Member { skill: Skill { mean: f64::NAN, deviation: 1.0 }, ..member(1, 0.0) }];
    let far = vec![near("eu", LATENCY_MAX + 1)];
    let odd = vec![near("E U", 1)];
    let twice = vec![near("eu", 1), near("eu", 2)];
    for (command, code) in [
        (wish(two, vec![]), "forbidden"),
        (wish(vec![member(2, 1.0)], vec![]), "forbidden"),
        (wish(mad, vec![]), "bad_skill"),
        (wish(vec![member(1, 1.0)], far), "bad_regions"),
        (wish(vec![member(1, 1.0)], odd), "bad_regions"),
        (wish(vec![member(1, 1.0)], twice), "bad_regions"),
    ] {
        assert_eq!(stage.ask(&person(1), command).unwrap_err().code, code);
    }
    let three = (1..=3).map(|n| member(n, 1.0)).collect();
    assert_eq!(stage.queue_party(1, three, vec![]).unwrap_err().code, "party_too_large");
    let of = playhouse_protocol::ids::MatchId(uuid::Uuid::nil());
    let seats = Command::Seats { match_id: of, free: 9, invited: 0 };
    assert_eq!(stage.ask(&person(1), seats).unwrap_err().code, "not_found");
    let mut none = Stage::new("chess");
    assert_eq!(none.queue(1, 25.0).unwrap_err().code, "unknown_game");
    assert_eq!(none.rules.view(none.now, &Audience::Own(account(1))), None);
}

#[test]
fn the_line_has_an_end() {
    let mut stage = Stage::new("duel");
    stage.strict = false;
    for n in 0..WAITING_MAX as u128 {
        let wish = Wish {
            id: None,
            party: None,
            members: vec![member(n, n as f64 / 4.0)],
            regions: vec![],
        };
        stage.ask_asleep(&person(n), Command::Queue(Box::new(wish))).unwrap();
    }
    let last = Wish { id: None, party: None, members: vec![member(1 << 40, 1.0)], regions: vec![] };
    let refused = stage.ask_asleep(&person(1 << 40), Command::Queue(Box::new(last))).unwrap_err();
    assert_eq!(refused.code, "matchmaking_full");
}

#[test]
fn a_ticket_says_of_itself_which_game_it_is_of() {
    let seed = crate::room::Seed([7; 32]);
    let id = ticket_id("arena", &seed);
    assert_eq!(game_of(id), Some("arena"));
    assert_eq!(game_of(playhouse_protocol::ids::TicketId(seed.uuid(0))), None);
}
