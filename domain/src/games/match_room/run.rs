//! While it is played: what the ticker asks and tells.

use std::time::Duration;

use playhouse_protocol::codec;

use super::command::{Phase, Reply, Roster, Run, Ticked};
use super::decide::{Decided, over, system};
use super::ending::{Ending, Placing, Why};
use super::event::Event;
use super::seats::Holder;
use super::ticks::{Finished, RunMatch, Ticks, Verdict};
use super::{Match, RUN, Setup, TAKE_UPS_MAX, room};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::games::Standing;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Cx, Effects};

/// The one duty of a match. It is owed once, so it has one number.
const DUTY: DutyId = DutyId(1);

/// How long a match is played at most; then it is concluded as it stands. 45 min.
pub const PLAY_TIME_MAX: Duration = Duration::from_secs(45 * 60);

/// With this code whoever performs the duty refuses a match that was never played: as many run as can.
pub const NO_ROOM: &str = "no_room";

impl Match {
    pub(super) fn owed(&self) -> Vec<Duty> {
        let played = self.epoch > 0;
        let run = || RunMatch { room: room(self.id).as_str().to_owned(), played };
        let is_owed = self.phase == Phase::Active;
        let run = is_owed.then(|| Duty::external(DUTY, RUN, &run()));
        run.into_iter().chain(self.vacancy()).chain(self.reports()).collect()
    }

    /// Refuses what is not for a match that is played now.
    fn active(&self, cx: &Cx<'_>) -> Result<(), Refusal> {
        system(cx)?;
        match self.phase {
            Phase::Active => Ok(()),
            Phase::Concluded | Phase::Void => Err(over()),
            _ => Err(Refusal::conflict("match_not_begun", "the match has not begun")),
        }
    }

    /// Refuses what an older epoch tells.
    fn current(&self, epoch: u32) -> Result<(), Refusal> {
        if epoch == self.epoch {
            return Ok(());
        }
        let message = format!("the match is in epoch {}, not {epoch}", self.epoch);
        Err(Refusal::new(RefusalKind::Stale, "old_epoch", message).with("epoch", [self.epoch]))
    }

    pub(super) fn take_up(&self, cx: &Cx<'_>, setup: &Setup, via: u64) -> Decided {
        self.active(cx)?;
        if self.epoch >= TAKE_UPS_MAX {
            let message = format!("the match was taken up {TAKE_UPS_MAX} times and never ended");
            return Err(Refusal::conflict("taken_up_too_often", message));
        }
        let run = Run {
            epoch: self.epoch + 1,
            head: self.head(setup),
            checkpoint: self.course.checkpoint.clone(),
            ticks: self.course.since().to_vec(),
            tick: self.course.tick,
            without: self.course.faults.without,
            roster: self.roster(),
            aligned: self.course.aligned,
        };
        Ok(Effects::reply(vec![Event::TakenUp { via }], Reply::Run(Box::new(run))))
    }

    pub(super) fn ticks(&self, cx: &Cx<'_>, ticks: Ticks) -> Decided {
        self.active(cx)?;
        self.current(ticks.epoch)?;
        let tick = self.course.tick;
        // The same again, as its answer was lost.
        if ticks.to <= tick {
            return Ok(Effects::reply(vec![], self.ticked(cx, tick, ticks.roster)));
        }
        if ticks.from != tick {
            let message = format!("ticks after {} do not follow on {tick}", ticks.from);
            return Err(Refusal::conflict("ticks_apart", message).with("tick", [tick]));
        }
        if !self.course.fits(&ticks) {
            return Err(Refusal::invalid(
                "ticks_too_large",
                "so many ticks have no room in the log",
            ));
        }
        let Ticks { to, packed, checkpoint, roster, .. } = ticks;
        let reply = self.ticked(cx, to, roster);
        let ticked = Event::Ticked { to, packed, checkpoint, roster };
        Ok(Effects::reply([vec![ticked], self.settled(cx.now, self.late(cx.now))].concat(), reply))
    }

    fn ticked(&self, cx: &Cx<'_>, tick: u32, known: u32) -> Reply {
        let roster = (known != self.roster).then(|| self.roster());
        let hz = self.kind().map_or(1, |kind| kind.schema().tick_hz);
        let longest = PLAY_TIME_MAX.as_secs() as u32 * u32::from(hz);
        let late = self.until.is_some_and(|until| until <= cx.now);
        let conclude = self.course.is_full() || tick >= longest || late;
        Reply::Ticked(Ticked { tick, roster, conclude })
    }

    pub(super) fn roster(&self) -> Roster {
        let mut roster = Roster { version: self.roster, ..Roster::default() };
        for (seat, seated) in self.seats.iter() {
            match seated.holder {
                Holder::Bot => roster.bots.push(seat),
                Holder::Person(_) if seated.came > 0 => roster.people.push((seat, seated.came)),
                Holder::Person(_) => {}
            }
        }
        roster
    }

    pub(super) fn fault(&self, cx: &Cx<'_>, epoch: u32, tick: u32) -> Decided {
        self.active(cx)?;
        self.current(epoch)?;
        let verdict = self.course.faults.after(tick).verdict();
        let mut events = vec![Event::Faulted { tick }];
        if verdict == Verdict::Void {
            events.push(Event::Ended(Ending::Void(Why::Faulty)));
        }
        Ok(Effects::reply(events, Reply::Fault(verdict)))
    }

    pub(super) fn ran(&self, _: &Cx<'_>, duty: DutyId, result: &DutyResult) -> Effects<Self> {
        if duty != DUTY {
            return Effects::events(self.reported(duty, result));
        }
        if self.phase != Phase::Active {
            return Effects::none();
        }
        let finished = match result {
            DutyResult::Done(bytes) => codec::decode::<Finished>(bytes).ok(),
            DutyResult::Refused(why) if why.code == NO_ROOM && self.epoch == 0 => {
                return Effects::events(vec![Event::Ended(Ending::Void(Why::NoRoom))]);
            }
            DutyResult::Refused(_) => None,
        };
        let ending = match finished {
            Some(Finished { ticks, outcome }) if ticks == self.course.tick => {
                Ending::Concluded { ticks, results: self.results(&outcome.standings) }
            }
            _ => Ending::Void(Why::Unsound),
        };
        Effects::events(vec![Event::Ended(ending)])
    }

    /// Everybody who played, the best first; those without a standing, and those who left, at last.
    fn results(&self, standings: &[Standing]) -> Vec<Placing> {
        let mut results = Vec::with_capacity(standings.len() + self.left.len());
        for Standing { seat, place, score } in standings {
            let Some(seated) = self.seats.get(*seat).filter(|seated| seated.came > 0) else {
                continue;
            };
            let player = seated.person().map(|person| person.player.into());
            let (name, place, bot) = (seated.name.clone(), Some(*place), player.is_none());
            results.push(Placing { seat: Some(*seat), player, bot, name, place, score: *score });
        }
        let others = self.seats.people().filter(|(seat, seated, _)| {
            seated.came > 0 && !standings.iter().any(|standing| standing.seat == *seat)
        });
        let others = others.map(|(seat, seated, person)| (Some(seat), person.player, &seated.name));
        let gone = self.left.iter().filter(|(player, _)| self.seats.of(*player).is_none());
        for (seat, player, name) in others.chain(gone.map(|(player, name)| (None, *player, name))) {
            let (player, name) = (Some(player.into()), name.clone());
            results.push(Placing { seat, player, bot: false, name, place: None, score: 0 });
        }
        results
    }
}
