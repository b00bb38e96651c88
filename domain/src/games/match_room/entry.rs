//! Coming and going: tickets, resume tokens, connections that end.

use super::command::{Entered, Joined, Phase, Presence, Reply};
use super::decide::{Decided, over, person, system};
use super::event::{Event, Reason};
use super::player::TokenHash;
use super::{Match, Setup, TICKET_TIME};
use crate::games::{GameKind, Seat};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Cx, Effects};
use crate::text::line;

/// How many characters a player's name has at most. 24: what stands above an avatar.
pub const NAME_MAX: usize = 24;

fn refused(code: &'static str, message: &str) -> Refusal {
    Refusal::new(RefusalKind::Unauthenticated, code, message)
}

impl Match {
    /// True if somebody who has no seat may take one now.
    pub(super) fn is_open(&self) -> bool {
        let comes_late = || self.kind().is_some_and(GameKind::join_late);
        let may = match self.phase {
            Phase::Lobby | Phase::Check | Phase::Countdown => true,
            Phase::Active => comes_late(),
            Phase::Concluded | Phase::Void => false,
        };
        may && self.arranged.is_none() && self.seats.free().is_some()
    }

    pub(super) fn join(
        &self,
        cx: &Cx<'_>,
        setup: &Setup,
        ticket: TokenHash,
        name: &str,
    ) -> Decided {
        let player = person(cx)?;
        let name = line("a name", name, NAME_MAX)?;
        if self.phase.is_over() {
            return Err(over());
        }
        self.admits(player, cx.now)?;
        let own = self.seats.of(player);
        if own.is_none() && self.arranged.is_some() {
            let message = "the match was arranged for others";
            return Err(Refusal::new(RefusalKind::Forbidden, "not_invited", message));
        }
        if own.is_none() && !self.is_open() {
            let seats = setup.creation.seats;
            return Err(match self.seats.free() {
                None => Refusal::conflict("match_full", format!("all {seats} seats are taken")),
                Some(_) => {
                    Refusal::conflict("match_begun", "the match has begun, and nobody comes late")
                }
            });
        }
        let seat = own.or(self.seats.free()).ok_or_else(over)?;
        // By the name under which somebody was invited they are known to those who invited them.
        let invited = self.seats.get(seat).filter(|_| self.arranged.is_some());
        let name = invited.map_or(name, |seated| seated.name.clone());
        let until = cx.now + TICKET_TIME;
        let reserved = Event::Reserved { seat, player, name, ticket, until };
        Ok(Effects::reply(vec![reserved], Reply::Joined(Joined { seat, until })))
    }

    pub(super) fn enter(
        &self,
        cx: &Cx<'_>,
        ticket: TokenHash,
        resume: TokenHash,
        via: u64,
    ) -> Decided {
        let player = person(cx)?;
        if self.phase.is_over() {
            return Err(over());
        }
        let has = self
            .seats
            .people()
            .filter_map(|(seat, _, person)| Some((seat, person, person.ticket?)));
        let found =
            has.filter(|(_, person, (own, _))| *own == ticket && person.player == player).last();
        let Some((seat, _, (_, until))) = found else {
            return Err(refused("ticket_refused", "the ticket was used, or is none of this match"));
        };
        if until <= cx.now {
            return Err(refused("ticket_expired", "the ticket has expired"));
        }
        self.connected(cx, seat, Event::Entered { seat, resume, via })
    }

    pub(super) fn resume(
        &self,
        cx: &Cx<'_>,
        seat: Seat,
        (token, next): (TokenHash, TokenHash),
        via: u64,
    ) -> Decided {
        if self.phase.is_over() {
            return Err(over());
        }
        let newest = self.seats.get(seat).and_then(|seated| seated.person()?.resume);
        if newest != Some(token) {
            let message = "the resume token was used, or the seat was given up";
            return Err(refused("resume_refused", message));
        }
        self.connected(cx, seat, Event::Resumed { seat, next, via })
    }

    fn connected(&self, cx: &Cx<'_>, seat: Seat, event: Event) -> Decided {
        // Those whose connections ended with another run of the server are away now.
        let events = self.settled(cx.now, vec![event]);
        let phase = self.after(cx.now, &events).phase;
        let entered = Entered { seat, entry: self.entries + 1, phase, epoch: self.epoch };
        Ok(Effects::reply(events, Reply::Entered(entered)))
    }

    pub(super) fn gone(&self, cx: &Cx<'_>, seat: Seat, entry: u32) -> Decided {
        system(cx)?;
        let here = self.seats.get(seat).filter(|seated| seated.presence() == Presence::Here);
        let events = match here {
            Some(seated) if seated.entry == entry => {
                self.settled(cx.now, vec![Event::Gone { seat }])
            }
            _ => vec![],
        };
        Ok(Effects::reply(events, Reply::Noted))
    }

    pub(super) fn leave(&self, cx: &Cx<'_>) -> Decided {
        let events = match self.seats.of(person(cx)?) {
            Some(seat) => self.settled(cx.now, vec![Event::Freed { seat, why: Reason::Left }]),
            None => vec![],
        };
        Ok(Effects::reply(events, Reply::Noted))
    }
}
