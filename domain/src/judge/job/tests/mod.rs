//! Stories of a job.

mod stage;

use playhouse_protocol::codec;
use uuid::Uuid;

use self::stage::*;
use super::*;
use crate::duty::Work as Owed;
use crate::judge::queue;
use crate::judge::submission::Webhook;
use crate::judge::{Blob, Checker, Verdict};
use crate::refusal::RefusalKind;

#[test]
fn a_job_waits_runs_is_judged_and_gives_its_slot_back() {
    let mut stage = Stage::new();
    let ticket = stage.submit(tested());
    assert_eq!((stage.phase(), stage.owes()), (Phase::Queued, vec!["queue".to_owned()]));
    stage.ends("queue", DutyResult::Done(codec::encode(&joined(Some(3)))));
    let accepted = Accepted { position: Some(3), waiting: 3 };
    assert_eq!(stage.settled[&ticket], Ok(Reply::Accepted(accepted)));
    assert_eq!(stage.owes(), [""; 0], "whoever waits owes nothing, and sleeps");

    assert_eq!(stage.start(), Reply::Started(true));
    assert_eq!(stage.start(), Reply::Started(true), "said again, it is known");
    assert_eq!(stage.owes(), [RUN]);
    let work = stage.take_up().unwrap();
    assert_eq!((work.attempt, work.submission), (1, tested()));
    stage.system(Command::Compiled { attempt: 1, compile: None }).unwrap();
    assert_eq!(stage.phase(), Phase::Running);
    stage.system(case(0, "a", Verdict::Accepted)).unwrap();
    stage.system(case(1, "b", Verdict::WrongAnswer)).unwrap();
    stage.ends(RUN, end(Verdict::WrongAnswer));

    let seen = stage.seen();
    assert_eq!((seen.phase, seen.verdict), (Phase::Judged, Some(Verdict::WrongAnswer)));
    assert_eq!((seen.score, seen.max_score, seen.tests), (5, 10, 2), "the points are counted here");
    assert_eq!(seen.tier.as_deref(), Some("full"));
    assert_eq!(stage.owes(), ["queue"]);
    stage.ends("queue", DutyResult::Done(codec::encode(&queue::Reply::Noted)));
    assert_eq!(stage.owes(), [""; 0]);
    let kept = stage.rules.submission.as_ref().unwrap();
    assert!(kept.tests.iter().all(|test| test.stdin.is_empty() && test.expected.is_empty()));
    assert!(!kept.files[0].content.is_empty(), "the program is kept, its tests are not");
    let source = Source { language: "c".into(), files: tested().files };
    let read = stage.ask(&person(1), Command::Read);
    assert_eq!(read, Ok(Reply::Source(Box::new(source))), "its owner can read it");
    assert_eq!(stage.changes.cases.len(), 2, "whoever watched saw every step");
    assert_eq!(stage.changes.verdict, Some(Verdict::WrongAnswer));
}

#[test]
fn a_full_queue_refuses_a_job_and_nothing_of_it_is_left() {
    let mut stage = Stage::new();
    let ticket = stage.submit(tested());
    let full = Refusal::new(RefusalKind::TooMany, "queue_full", "1000 jobs wait");
    stage.ends("queue", DutyResult::Refused(full.clone()));
    assert_eq!(stage.settled[&ticket], Err(full));
    assert!(stage.rules.is_spent() && stage.rows.is_empty());
    assert_eq!(stage.rules.view(stage.now, &Audience::Presenter), None);
    assert_eq!(stage.start(), Reply::Started(false), "it wants no slot");
}

#[test]
fn a_slot_may_come_before_the_queues_answer() {
    let mut stage = Stage::new();
    let ticket = stage.submit(tested());
    assert_eq!(stage.start(), Reply::Started(true));
    stage.take_up().unwrap();
    stage.ends("queue", DutyResult::Done(codec::encode(&joined(None))));
    assert_eq!(stage.phase(), Phase::Compiling);
    let accepted = Accepted { position: None, waiting: 3 };
    assert_eq!(stage.settled[&ticket], Ok(Reply::Accepted(accepted)));
}

#[test]
fn whoever_calls_a_job_off_before_the_queue_has_it_leaves_no_place_behind() {
    let mut stage = Stage::new();
    stage.submit(tested());
    stage.ask(&person(1), Command::Cancel).unwrap();
    assert_eq!(stage.owes(), ["queue"], "to join, whose outcome is not known");
    stage.ends("queue", DutyResult::Done(codec::encode(&joined(Some(1)))));
    assert_eq!(stage.owes(), ["queue"], "to leave");
    assert_eq!(stage.start(), Reply::Started(false));
    stage.ends("queue", DutyResult::Done(codec::encode(&queue::Reply::Noted)));
    assert_eq!((stage.owes(), stage.seen().verdict), (vec![], Some(Verdict::Cancelled)));
}

#[test]
fn a_job_that_runs_is_called_off_at_once_and_its_attempt_is_over() {
    let mut stage = Stage::running(tested());
    stage.system(case(0, "a", Verdict::Accepted)).unwrap();
    let stranger = stage.ask(&person(2), Command::Cancel).unwrap_err();
    assert_eq!(stranger.kind, RefusalKind::NotFound, "it is nobody else's to know of");
    stage.ask(&person(1), Command::Cancel).unwrap();
    stage.ask(&person(1), Command::Cancel).unwrap();
    let seen = stage.seen();
    assert_eq!((seen.verdict, seen.score), (Some(Verdict::Cancelled), 5));
    assert_eq!(stage.system(case(1, "b", Verdict::Accepted)).unwrap_err().code, "attempt_over");
    assert_eq!(stage.take_up(), None);
    assert_eq!(stage.owes(), ["queue"]);
}

#[test]
fn after_a_crash_it_runs_from_its_start_and_what_the_old_attempt_says_is_refused() {
    let mut stage = Stage::running(tested());
    stage.system(Command::Compiled { attempt: 1, compile: None }).unwrap();
    stage.system(case(0, "a", Verdict::Accepted)).unwrap();
    let work = stage.take_up().unwrap();
    assert_eq!((work.attempt, work.submission), (2, tested()));
    let seen = stage.seen();
    assert_eq!((seen.phase, seen.attempt, seen.score), (Phase::Compiling, 2, 0));
    assert!(seen.cases.is_empty() && stage.changes.restarted && stage.changes.cases.is_empty());
    assert_eq!(stage.system(case(1, "b", Verdict::Accepted)).unwrap_err().code, "attempt_over");
}

#[test]
fn what_fails_three_times_is_judged_with_its_reason() {
    let mut stage = Stage::running(tested());
    stage.take_up().unwrap();
    assert_eq!(stage.take_up().unwrap().attempt, 3);
    let reason = "failed at the step 'mount proc'".to_owned();
    stage.system(Command::Trouble { attempt: 3, reason }).unwrap();
    assert_eq!(stage.take_up(), None);
    let seen = stage.seen();
    assert_eq!(seen.verdict, Some(Verdict::InternalError));
    let said = "it was tried 3 times; the last time: failed at the step 'mount proc'";
    assert_eq!(seen.message.as_deref(), Some(said));
    assert_eq!(stage.owes(), ["queue"]);
}

#[test]
fn a_server_that_stops_in_peace_takes_no_attempt_away() {
    let mut stage = Stage::running(tested());
    for attempt in 1..20 {
        stage.system(Command::LetGo { attempt }).unwrap();
        assert_eq!(stage.take_up().unwrap().attempt, attempt + 1);
    }
}

#[test]
fn what_it_prints_is_kept_up_to_a_bound() {
    let mut submission = tested();
    submission.tests.clear();
    let mut stage = Stage::running(submission);
    let print = |at: u32, n: usize, stream| Command::Printed {
        attempt: 1,
        stream,
        at,
        bytes: Blob(vec![b'x'; n]),
    };
    stage.system(print(0, 10, Stream::Stdout)).unwrap();
    stage.system(print(5, SHOWN_BYTES_MAX, Stream::Stdout)).unwrap();
    let before = stage.revision;
    stage.system(print(SHOWN_BYTES_MAX as u32, 100, Stream::Stdout)).unwrap();
    assert_eq!(stage.revision, before, "what is not kept is no record");
    stage.system(print(0, 3, Stream::Stderr)).unwrap();
    let seen = stage.seen();
    assert_eq!((seen.stdout.len(), seen.stderr.len()), (SHOWN_BYTES_MAX, 3));
    assert_eq!(stage.changes.stdout.len(), SHOWN_BYTES_MAX);
}

#[test]
fn what_is_told_again_is_known() {
    let mut stage = Stage::running(tested());
    let print = |at, text: &str| Command::Printed {
        attempt: 1,
        stream: Stream::Stdout,
        at,
        bytes: text.into(),
    };
    for command in [print(0, "abc"), print(0, "abc"), print(1, "bcd"), print(4, "e")] {
        stage.system(command).unwrap();
    }
    stage.system(case(0, "a", Verdict::Accepted)).unwrap();
    stage.system(case(0, "a", Verdict::Accepted)).unwrap();
    let seen = stage.seen();
    assert_eq!((seen.stdout.as_str(), seen.cases.len()), ("abcde", 1));
}

#[test]
fn no_more_tests_are_told_of_than_there_are() {
    let mut stage = Stage::running(tested());
    stage.system(case(0, "a", Verdict::Accepted)).unwrap();
    stage.system(case(1, "b", Verdict::Accepted)).unwrap();
    assert_eq!(stage.system(case(2, "c", Verdict::Accepted)).unwrap_err().code, "attempt_over");
}

#[test]
fn nobody_else_sees_a_job_hands_in_for_another_or_speaks_for_the_judge() {
    let mut stage = Stage::new();
    let submission = Box::new(tested());
    let command = Command::Submit { owner: Some(account(1)), submission: submission.clone() };
    for caller in [person(2), Caller::Nobody] {
        let refusal = stage.ask(&caller, command.clone()).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Unauthenticated);
    }
    stage.submit(tested());
    let again = stage.ask(&person(2), Command::Submit { owner: Some(account(2)), submission });
    assert_eq!(again.unwrap_err().code, "already_exists");
    assert_eq!(stage.rules.audience(&person(2)), None);
    assert_eq!(stage.rules.audience(&person(1)), Some(Audience::Own(account(1))));
    assert_eq!(stage.rules.view(stage.now, &Audience::Own(account(2))), None);
    for caller in [person(2), Caller::Nobody] {
        assert_eq!(stage.ask(&caller, Command::Read).unwrap_err().kind, RefusalKind::NotFound);
    }
    for command in
        [Command::TakeUp, Command::Delete, case(0, "a", Verdict::Accepted), Command::Start]
    {
        let refusal = stage.ask(&person(1), command).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::NotFound);
    }
}

#[test]
fn a_bad_submission_is_refused_before_anything_is_stored() {
    let mut stage = Stage::new();
    let mut submission = tested();
    submission.files[0].name = "../main.c".into();
    let owner = Some(account(1));
    let command = Command::Submit { owner, submission: Box::new(submission) };
    assert_eq!(stage.ask(&person(1), command).unwrap_err().code, "bad_submission");
    assert_eq!(stage.rules, Job::new(&stage.room));
}

#[test]
fn whoever_is_to_be_told_is_told_once_it_is_judged() {
    let mut submission = tested();
    let url = "https://example.org/hook".to_owned();
    submission.webhook = Some(Webhook { url, secret: Some("hush".into()) });
    let mut stage = Stage::running(submission);
    assert_eq!(stage.owes(), [RUN]);
    stage.ends(RUN, end(Verdict::Accepted));
    assert_eq!(stage.owes(), ["queue", WEBHOOK]);
    let Owed::External { payload, .. } = stage.rules.duties()[1].work.clone() else { panic!() };
    let told: Told = codec::decode(&payload).unwrap();
    let body: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(
        (body["verdict"].as_str(), body["phase"].as_str()),
        (Some("accepted"), Some("judged"))
    );
    assert_eq!(stage.system(Command::Delete).unwrap_err().code, "not_judged", "it owes something");
    stage.ends(WEBHOOK, DutyResult::Done(vec![]));
    stage.ends("queue", DutyResult::Done(codec::encode(&queue::Reply::Noted)));
    stage.system(Command::Delete).unwrap();
    assert!(stage.rules.is_spent() && stage.rows.is_empty());
}

#[test]
fn no_program_is_shown_in_a_log_or_to_an_inspector() {
    let secret = "the program's text";
    let mut submission = tested();
    submission.files[0].content = secret.into();
    submission.checker = Checker::Program { language: "c".into(), source: secret.into() };
    let submission = Box::new(submission);
    let command = Command::Submit { owner: None, submission: submission.clone() };
    assert!(!Job::redact(&command).contains(secret));
    let event = Event::Submitted { owner: None, submission, settles: Ticket(Uuid::nil()) };
    let shown = Job::inspect(&event).to_string();
    assert!(!shown.contains(secret) && shown.len() < 500, "{shown}");
}

#[test]
fn a_job_that_its_judge_cannot_end_says_so() {
    let mut stage = Stage::running(tested());
    stage.ends(RUN, DutyResult::Refused(Refusal::not_found("jail")));
    let seen = stage.seen();
    assert_eq!(seen.verdict, Some(Verdict::InternalError));
    assert_eq!(seen.message.as_deref(), Some("there is no such jail"));
}
