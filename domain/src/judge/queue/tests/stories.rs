//! Stories: who comes, who starts, and in which order.

use super::super::*;
use super::stage::*;
use crate::duty::DutyResult;
use crate::refusal::RefusalKind;

use Lane::{Batch, Interactive, Piston};

#[test]
fn a_job_starts_at_once_where_there_is_a_slot_and_waits_where_there_is_none() {
    let mut stage = Stage::new(2);
    assert_eq!((stage.join(1, 1, Batch), stage.join(2, 1, Batch)), (None, None));
    assert_eq!((stage.join(3, 1, Batch), stage.join(4, 1, Batch)), (Some(1), Some(2)));
    assert_eq!(stage.join(4, 1, Batch), Some(2), "said again, it is known");
    assert_eq!(stage.owes().len(), 2);
    stage.wants(1, true);
    assert_eq!(stage.owes().len(), 1);
    stage.leave(1);
    assert_eq!((stage.position(3), stage.position(4)), (None, Some(1)));
    stage.restart();
    assert_eq!(stage.drain(), [1, 2, 3, 4]);
}

#[test]
fn nobody_waits_behind_all_the_jobs_of_one_account() {
    let mut stage = Stage::new(1);
    for n in 1..=20 {
        stage.join(n, 1, Batch);
    }
    assert_eq!(stage.join(100, 2, Batch), Some(1), "whoever has none running is next");
    assert_eq!(stage.join(101, 2, Batch), Some(3), "and then they take turns");
    assert_eq!(stage.drain()[..5], [1, 100, 2, 101, 3]);
}

#[test]
fn whoever_comes_again_and_again_does_not_pass_those_who_wait() {
    let mut stage = Stage::new(1);
    for n in 1..=5 {
        stage.join(n, 1, Batch);
    }
    for n in 100..110 {
        stage.join(n, n, Batch);
    }
    let mut order = Vec::new();
    for n in 200..230 {
        let running = stage.started.last().unwrap().0.as_u128();
        order.push(running);
        stage.leave(running);
        // Person 9 hands in one job at a time, as soon as one may start.
        stage.join(n, 9, Batch);
    }
    let at = |job: u128| order.iter().position(|n| *n == job).expect("it started");
    assert!(at(5) < 30, "the last job of person 1 had its turn: {order:?}");
    assert!((100..110).all(|n| at(n) < 15), "{order:?}");
}

#[test]
fn what_somebody_looks_at_goes_first_and_after_three_the_others_are_due() {
    let mut stage = Stage::new(1);
    stage.join(1, 1, Batch);
    stage.join_each(11..=13, Batch);
    stage.join_each(21..=26, Interactive);
    assert_eq!(stage.position(21), Some(1));
    assert_eq!(stage.position(11), Some(4));
    assert_eq!(stage.drain(), [1, 21, 22, 23, 11, 24, 25, 26, 12, 13]);
}

#[test]
fn interactive_jobs_count_in_a_row_only_while_others_wait() {
    let mut stage = Stage::new(1);
    stage.join_each(1..=6, Interactive);
    (1..=5).for_each(|n| stage.leave(n));
    stage.join_each(11..=13, Interactive);
    stage.join(20, 20, Batch);
    assert_eq!(stage.drain()[6..], [11, 12, 13, 20]);
}

#[test]
fn pistons_lane_has_one_slot_at_most_and_takes_turns_with_the_batch() {
    let mut stage = Stage::new(3);
    (1..=4).for_each(|n| assert_eq!(stage.join(n, 0, Piston).is_none(), n == 1));
    assert_eq!(stage.started, [job(1)]);
    assert_eq!(stage.position(2), Some(1), "nobody else waits, and still no slot is for it");
    stage.join(11, 11, Batch);
    stage.join(12, 12, Batch);
    assert_eq!(stage.started.len(), 3);
    stage.join(13, 13, Batch);
    stage.join(14, 14, Batch);
    assert_eq!((stage.position(13), stage.position(14)), (Some(1), Some(2)));
    stage.leave(1);
    assert_eq!(stage.started[3], job(2), "after a batch job one of Piston's is due");
    stage.leave(11);
    assert_eq!(stage.started[4], job(13));
    stage.restart();
}

#[test]
fn a_slot_whose_job_is_not_there_or_over_is_given_to_the_next() {
    let mut stage = Stage::new(1);
    stage.join(1, 1, Batch);
    stage.join(2, 1, Batch);
    stage.join(3, 1, Batch);
    stage.answers(1, DutyResult::Refused(Refusal::not_found("job")));
    assert_eq!(stage.started, [job(1), job(2)]);
    stage.wants(2, false);
    assert_eq!(stage.started.last(), Some(&job(3)));
    stage.wants(3, true);
    stage.leave(3);
    assert_eq!(stage.rules.seen(&Audience::Public).running, 0);
}

#[test]
fn a_job_that_waits_can_leave_and_those_behind_it_move_up() {
    let mut stage = Stage::new(1);
    (1..=4).for_each(|n| assert_eq!(stage.join(n, 1, Batch).is_none(), n == 1));
    stage.leave(3);
    stage.leave(3);
    assert_eq!((stage.position(2), stage.position(3), stage.position(4)), (Some(1), None, Some(2)));
    assert_eq!(stage.drain(), [1, 2, 4]);
}

#[test]
fn the_queue_and_each_account_have_their_bounds() {
    let mut stage = Stage::new(1);
    for n in 0..PER_ACCOUNT_MAX as u128 {
        stage.join(n, 1, Batch);
    }
    let refused = stage.join_with(999, 1, Batch, 1).unwrap_err();
    assert_eq!((refused.code.as_ref(), refused.kind), ("too_many_jobs", RefusalKind::TooMany));
    stage.leave(7);
    stage.join(999, 1, Batch);
    for n in 0..PISTON_WAITING_MAX as u128 {
        stage.join(1000 + n, 0, Piston);
    }
    assert_eq!(stage.join_with(1999, 0, Piston, 1).unwrap_err().code, "queue_full");
    let left = WAITING_MAX - stage.rules.waiting.len();
    for n in 0..left as u128 {
        stage.join(2000 + n, 100 + n / 40, Batch);
    }
    assert_eq!(stage.join_with(9999, 9999, Interactive, 1).unwrap_err().code, "queue_full");
    let room = |bytes| Command::Room { account: account(5), lane: Batch, bytes };
    assert_eq!(stage.ask(&Caller::System, room(1)).unwrap_err().code, "queue_full");
    stage.leave(2000);
    assert_eq!(stage.ask(&Caller::System, room(1)), Ok(Reply::There));
    let heavy = stage.ask(&Caller::System, room(BYTES_MAX)).unwrap_err();
    assert_eq!(heavy.code, "queue_full");
}

#[test]
fn without_slots_everybody_waits_until_there_are_some() {
    let mut stage = Stage::new(0);
    stage.join(1, 1, Batch);
    stage.join(2, 2, Interactive);
    assert!(stage.started.is_empty());
    stage.slots(1);
    assert_eq!(stage.started, [job(2)]);
    stage.slots(0);
    stage.leave(2);
    assert_eq!(stage.started.len(), 1);
    stage.slots(u16::MAX);
    assert_eq!(stage.rules.seen(&Audience::Public).slots, SLOTS_MAX);
    assert_eq!(stage.started.len(), 2);
}

#[test]
fn a_job_whose_room_says_nothing_more_gives_its_slot_back_after_an_hour() {
    let mut stage = Stage::new(1);
    stage.join(1, 1, Batch);
    stage.wants(1, true);
    stage.join(2, 1, Batch);
    stage.after(RUNNING_MAX - std::time::Duration::from_secs(1));
    assert_eq!(stage.started.len(), 1);
    stage.after(std::time::Duration::from_secs(2));
    assert_eq!(stage.started, [job(1), job(2)]);
}

#[test]
fn everybody_sees_how_many_wait_and_their_own_places_alone() {
    let mut stage = Stage::new(1);
    stage.join(1, 1, Batch);
    stage.join(2, 1, Batch);
    stage.join(3, 2, Batch);
    let all = stage.rules.seen(&Audience::Public);
    assert_eq!((all.slots, all.running, all.waiting, all.jobs), (1, 1, 2, None));
    let own = stage.rules.seen(&Audience::Own(account(1))).jobs.unwrap();
    let own: Vec<_> = own.iter().map(|place| (place.job, place.position)).collect();
    assert_eq!(own, [(job(1), None), (job(2), Some(2))]);
    let other = stage.rules.seen(&Audience::Own(account(2))).jobs.unwrap();
    assert_eq!(other.len(), 1);
    assert_eq!(stage.rules.seen(&Audience::Own(account(3))).jobs, Some(vec![]));
}

#[test]
fn there_is_one_queue() {
    let other = Queue::new(&RoomId::new(Queue::KIND, "other").unwrap());
    let now = crate::time::Timestamp::ZERO;
    assert_eq!(other.view(now, &Audience::Public), None);
    let (caller, room) = (Caller::System, RoomId::new(Queue::KIND, "other").unwrap());
    let seed = crate::room::Seed([0; 32]);
    let cx = Cx { now, room: &room, caller: &caller, seed, revision: 0 };
    assert!(other.decide(&cx, Command::Slots(1)).is_err());
}

#[test]
fn only_rooms_of_jobs_and_the_server_are_heard() {
    let mut stage = Stage::new(1);
    let caller = Caller::Account { id: account(1), role: crate::room::Role::Admin };
    let join = Command::Join { account: account(1), lane: Batch, bytes: 1 };
    for command in [join.clone(), Command::Slots(5), Command::Left { job: job(1) }] {
        assert_eq!(stage.ask(&caller, command).unwrap_err().kind, RefusalKind::NotFound);
    }
    let other = Caller::Room(RoomId::new("party", uuid::Uuid::nil()).unwrap());
    assert_eq!(stage.ask(&other, join).unwrap_err().kind, RefusalKind::NotFound);
    stage.join(1, 1, Batch);
    let other = Caller::Room(crate::judge::job::room(job(2)));
    let taken = stage.ask(&other, Command::Left { job: job(1) });
    assert_eq!(taken.unwrap_err().kind, RefusalKind::NotFound, "no job leaves for another");
}
