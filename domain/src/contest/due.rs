//! What time leads to, and what is owed to the judge.

use playhouse_protocol::codec;

use super::command::ToJudge;
use super::event::Event;
use super::outcome::Outcome;
use super::view::Phase;
use super::{AGAIN_AT_ONCE_MAX, AT_ONCE_MAX, Contest, JUDGE};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::time::Timestamp;

/// How many duties a program can have: more than it is judged.
const PER_SUBMISSION: u64 = 1 << 16;

impl Contest {
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let creation = &self.setup.as_deref()?.creation;
        match self.phase {
            Phase::Scheduled => Some(creation.starts_at),
            Phase::Running => {
                let freeze = creation.freeze_at.filter(|_| !self.frozen);
                Some(freeze.map_or(creation.ends_at, |at| at.min(creation.ends_at)))
            }
            Phase::Over => None,
        }
    }

    pub(super) fn due(&self, now: Timestamp) -> Vec<Event> {
        let Some(setup) = self.setup.as_deref() else { return vec![] };
        let creation = &setup.creation;
        if self.phase == Phase::Over || creation.starts_at > now {
            return vec![];
        }
        let began = (self.phase == Phase::Scheduled).then_some(Event::Began);
        let freezes = !self.frozen && creation.freeze_at.is_some_and(|at| at <= now);
        let frozen = freezes.then_some(Event::Frozen);
        let ended = (creation.ends_at <= now).then_some(Event::Ended);
        [began, frozen, ended].into_iter().flatten().collect()
    }

    /// Programs that are to be judged now: of those that never were and of those that are judged again the first that
    /// were sent in.
    pub(super) fn owed(&self) -> Vec<Duty> {
        let first = |number: &u32| self.submissions[*number as usize].judgings == 1;
        let all = || self.judging.iter().copied();
        let new = all().filter(first).take(AT_ONCE_MAX - AGAIN_AT_ONCE_MAX);
        let again = all().filter(|number| !first(number)).take(AGAIN_AT_ONCE_MAX);
        let mut owed: Vec<_> = new.chain(again).map(|number| self.duty(number)).collect();
        owed.sort_unstable_by_key(|duty| duty.id);
        owed
    }

    fn duty_id(&self, number: u32) -> DutyId {
        let judging = self.submissions[number as usize].judgings;
        DutyId(u64::from(number) * PER_SUBMISSION + u64::from(judging))
    }

    fn duty(&self, number: u32) -> Duty {
        let one = &self.submissions[number as usize];
        let problem = self.problems.get(&one.letter);
        let to_judge = ToJudge {
            contest: self.id,
            submission: one.id,
            judging: one.judgings,
            account: self.team(one.team).account,
            language: one.language.clone(),
            program: one.program,
            problem: problem.map(|problem| problem.paper).unwrap_or_default(),
        };
        Duty::external(self.duty_id(number), JUDGE, &to_judge)
    }

    /// What came of a program. Of one that the judge refuses nothing came; it can be judged again.
    pub(super) fn judged(&self, duty: DutyId, result: &DutyResult) -> Vec<Event> {
        let number = u32::try_from(duty.0 / PER_SUBMISSION).ok();
        let owed = |number: &u32| self.judging.contains(number) && self.duty_id(*number) == duty;
        let Some(submission) = number.filter(owed) else { return vec![] };
        let outcome = match result {
            DutyResult::Done(bytes) => codec::decode(bytes).unwrap_or(Outcome::FAILED),
            DutyResult::Refused(_) => Outcome::FAILED,
        };
        vec![Event::Judged { submission, outcome }]
    }
}
