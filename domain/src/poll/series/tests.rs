//! A series in the hand of a test.

use playhouse_protocol::codec;
use proptest::prelude::*;
use uuid::Uuid;

use super::super::tests::{person, presenter, stage_cx};
use super::*;
use crate::room::Reply as Answer;

fn poll(n: u128) -> PollId {
    PollId(Uuid::from_u128(n))
}

struct Stage {
    rules: Series,
    settled: Vec<SeriesInfo>,
}

impl Stage {
    fn empty() -> Self {
        let rules = Series::new(&room(SeriesId(Uuid::from_u128(7))));
        Self { rules, settled: Vec::new() }
    }

    fn new(polls: &[u128]) -> Self {
        let mut stage = Self::empty();
        let made = stage.ask(&presenter(), create(polls)).unwrap();
        assert!(made.is_none(), "the code comes first");
        while let Some(duty) = stage.rules.duties().into_iter().next() {
            stage.end(duty.id, DutyResult::Done(vec![]));
        }
        assert_eq!(stage.settled.len(), 1);
        stage
    }

    fn take(&mut self, effects: Effects<Series>) -> Option<SeriesInfo> {
        for event in effects.events {
            let event: Event = codec::decode(&codec::encode(&event)).unwrap();
            self.rules.apply(Timestamp::ZERO, &event);
            assert_eq!(self.rules.row_changes(&event), self.rules.rows());
        }
        for (_, outcome) in effects.settled {
            let Reply::Series(info) = outcome.unwrap();
            self.settled.push(*info);
        }
        match effects.reply {
            Answer::Now(Reply::Series(info)) => Some(*info),
            _ => None,
        }
    }

    fn end(&mut self, duty: DutyId, result: DutyResult) {
        let room = room(self.rules.id);
        let effects = self.rules.duty_done(&stage_cx(&room, &Caller::System), duty, result);
        self.take(effects);
    }

    fn ask(&mut self, who: &Caller, command: Command) -> Result<Option<SeriesInfo>, String> {
        let room = room(self.rules.id);
        let effects = self.rules.decide(&stage_cx(&room, who), command);
        effects.map(|effects| self.take(effects)).map_err(|refused| refused.code.into_owned())
    }

    fn go(&mut self, to: Option<u128>) -> Result<Option<SeriesInfo>, String> {
        self.ask(&presenter(), Command::Go(to.map(poll)))
    }
}

fn create(polls: &[u128]) -> Command {
    let polls = polls.iter().map(|n| poll(*n)).collect();
    Command::Create { title: "Evening".into(), polls }
}

#[test]
fn a_series_goes_from_poll_to_poll_under_one_code() {
    let mut stage = Stage::new(&[1, 2, 3]);
    let code = stage.settled[0].join_code.clone().unwrap();
    assert_eq!((stage.settled[0].current, stage.settled[0].position), (None, None));
    let info = stage.go(Some(2)).unwrap().unwrap();
    assert_eq!((info.current, info.position, info.count), (Some(poll(2)), Some(2), 3));
    assert_eq!(info.join_code, Some(code));
    assert_eq!(stage.go(Some(4)), Err("not_in_series".into()));
    assert_eq!(stage.go(None).unwrap().unwrap().current, None);
}

#[test]
fn everybody_sees_where_it_is_and_its_maker_what_comes() {
    let mut stage = Stage::new(&[1, 2]);
    stage.go(Some(1)).unwrap();
    let seen = |caller: &Caller| {
        let audience = stage.rules.audience(caller).unwrap();
        stage.rules.view(Timestamp::ZERO, &audience).unwrap()
    };
    assert_eq!(seen(&presenter()).polls, [poll(1), poll(2)]);
    for caller in [person(1), Caller::Nobody] {
        let info = seen(&caller);
        assert_eq!((info.polls.len(), info.count, info.current), (0, 2, Some(poll(1))));
    }
}

#[test]
fn only_its_maker_changes_a_series_and_it_stays_at_its_poll() {
    let mut stage = Stage::new(&[1, 2]);
    stage.go(Some(2)).unwrap();
    let update = |polls: &[u128], expect| {
        let polls = polls.iter().map(|n| poll(*n)).collect();
        Command::Update { title: "Evening".into(), polls, expect }
    };
    assert_eq!(stage.ask(&person(1), update(&[1], None)), Err("forbidden".into()));
    assert_eq!(stage.ask(&presenter(), update(&[1], Some(9))), Err("stale_revision".into()));
    let info = stage.ask(&presenter(), update(&[3, 2, 1], Some(1))).unwrap().unwrap();
    assert_eq!((info.current, info.position), (Some(poll(2)), Some(2)));
    let info = stage.ask(&presenter(), update(&[3, 1], None)).unwrap().unwrap();
    assert_eq!((info.current, info.position), (None, None), "it is gone");
}

#[test]
fn a_series_that_does_not_hold_together_is_refused() {
    let many: Vec<u128> = (0..=POLLS_MAX as u128).collect();
    for polls in [&[][..], &[1, 1], &many] {
        assert_eq!(Stage::empty().ask(&presenter(), create(polls)), Err("bad_series".into()));
    }
    assert_eq!(Stage::empty().ask(&person(1), create(&[1])), Err("forbidden".into()));
    assert_eq!(Stage::empty().go(None), Err("not_found".into()));
}

#[test]
fn a_join_code_that_somebody_has_is_drawn_anew() {
    let mut stage = Stage::empty();
    stage.ask(&presenter(), create(&[1])).unwrap();
    let duty = stage.rules.duties()[0].id;
    let taken = Refusal::new(crate::refusal::RefusalKind::Conflict, "name_taken", "taken");
    stage.end(duty, DutyResult::Refused(taken));
    assert!(stage.settled.is_empty() && stage.rules.duties().len() == 1, "it tries another");
    while let Some(duty) = stage.rules.duties().into_iter().next() {
        stage.end(duty.id, DutyResult::Done(vec![]));
    }
    assert!(stage.settled[0].join_code.is_some());
}

proptest! {
    #[test]
    fn wherever_it_goes_it_is_at_one_of_its_polls(
        steps in prop::collection::vec((any::<bool>(), prop::collection::vec(0..5_u128, 0..5)), 0..30),
    ) {
        let mut stage = Stage::new(&[1, 2]);
        for (go, polls) in steps {
            let _ = match go {
                true => stage.go(polls.first().copied()),
                false => stage.ask(&presenter(), Command::Update {
                    title: "Evening".into(),
                    polls: polls.into_iter().map(poll).collect(),
                    expect: None,
                }),
            };
            let info = stage.rules.info(true).unwrap();
            let place = info.position.map(|position| info.polls[position as usize - 1]);
            prop_assert_eq!(place, info.current);
            let bytes = codec::encode(&stage.rules);
            prop_assert_eq!(&codec::decode::<Series>(&bytes).unwrap(), &stage.rules);
        }
    }
}
