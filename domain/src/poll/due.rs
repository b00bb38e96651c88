//! What time and the ends of duties lead to: closing, join codes, the room of questions.

use super::chain::RecordKind;
use super::choice::Marks;
use super::code::Ended;
use super::command::Reply;
use super::definition::Kind;
use super::event::Event;
use super::questions::{self, Questions};
use super::runoff;
use super::{Poll, Setup};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::room::{Cx, Effects};

impl Poll {
    /// Voting ends, with the tallies as they are.
    pub(super) fn closing(&self) -> Vec<Event> {
        let Some(asks) = self.asks() else { return Vec::new() };
        let runoff = (asks.kind == Kind::Ranked).then(|| {
            let rankings =
                self.ballots.values().filter_map(|number| match &self.log.vote(*number)?.marks {
                    Marks::Options(ranking) => Some((&**ranking, 1)),
                    Marks::Words(_) => None,
                });
            Box::new(runoff::count(rankings, asks.options.len(), &self.log.head()))
        });
        let body = self.tally.body(asks, runoff.as_deref());
        let act = Box::new(self.log.act(RecordKind::Closed, body, self.log.salt()));
        vec![Event::Closed { act, runoff }]
    }

    /// Everything owed: a join code's next step, and that the room of questions is told.
    pub(super) fn owed(&self) -> Vec<Duty> {
        let Some(setup) = self.setup.as_deref() else { return Vec::new() };
        let telling = self.telling.map(|id| self.tell_questions(setup, id));
        let mut owed: Vec<Duty> = setup.code.claims.duties().chain(telling).collect();
        owed.sort_unstable_by_key(|duty| duty.id);
        owed
    }

    fn tell_questions(&self, setup: &Setup, id: DutyId) -> Duty {
        let asks = &setup.definition;
        let configure = questions::Command::Configure {
            // Duties are numbered upwards, so a later one is a newer version.
            version: id.0,
            owner: setup.owner,
            voters: asks.voters,
            mode: asks.questions,
        };
        Duty::tell::<Questions>(id, questions::room(self.id), &configure)
    }

    pub(super) fn ended(&self, cx: &Cx<'_>, duty: DutyId, result: &DutyResult) -> Effects<Self> {
        if self.telling == Some(duty) {
            return Effects::events(vec![Event::QuestionsTold(duty)]);
        }
        let Some(setup) = self.setup.as_deref() else { return Effects::none() };
        let Some(ended) = setup.code.ended(&cx.seed, duty, result) else { return Effects::none() };
        let Ended { answered, drawn, settled } = ended;
        let mut events = vec![Event::CodeAnswered(answered)];
        events.extend(drawn.map(Event::CodeDrawn));
        let mut effects = Effects::events(events);
        if settled {
            let mut after = self.without_ballots();
            effects.events.iter().for_each(|event| after.apply_event(cx.now, event));
            if let Some(info) = after.info(true) {
                let reply = Reply::Poll(Box::new(info));
                effects = effects.settle(setup.code.ticket, Ok(reply));
            }
        }
        effects
    }
}
