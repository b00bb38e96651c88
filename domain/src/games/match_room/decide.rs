//! What a command leads to. Nothing here changes the state.

use super::command::{Command, Creation, Phase, ReplayPage, Reply};
use super::ending::PlayerId;
use super::event::Event;
use super::player::Player;
use super::{CHECK_TIME, COUNTDOWN, Match, Setup};
use crate::games::replay::Head;
use crate::games::{GameKind, find};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects};
use crate::text::line;

/// How many characters what a match is called has at most. 60: one line of a list.
pub const TITLE_MAX: usize = 60;

/// How many bytes of the log one answer holds at most. 256 KiB: the replay of ten minutes in one.
pub const REPLAY_PAGE_BYTES: usize = 256 * 1024;

pub(super) type Decided = Result<Effects<Match>, Refusal>;

pub(super) fn over() -> Refusal {
    Refusal::new(RefusalKind::Gone, "match_over", "the match is over")
}

fn deleted() -> Refusal {
    let message = "the match was over for long, and is deleted";
    Refusal::new(RefusalKind::Gone, "match_deleted", message)
}

/// Refuses everybody but the server itself.
pub(super) fn system(cx: &Cx<'_>) -> Result<(), Refusal> {
    if *cx.caller == Caller::System {
        return Ok(());
    }
    Err(Refusal::new(RefusalKind::Forbidden, "forbidden", "only the server itself may do this"))
}

/// The person who asks.
pub(super) fn person(cx: &Cx<'_>) -> Result<Player, Refusal> {
    Player::of(cx.caller).ok_or_else(|| {
        let message = "a seat belongs to a person: log in, or play as a guest";
        Refusal::new(RefusalKind::Unauthenticated, "not_logged_in", message)
    })
}

impl Match {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        if self.is_deleted() && command != Command::Delete {
            return Err(deleted());
        }
        if let Command::Create(creation) = command {
            return self.create(cx, *creation);
        }
        if let Command::Arrange(arrangement) = command {
            return self.arrange(cx, *arrangement);
        }
        let setup = self.setup.as_deref().ok_or_else(|| Refusal::not_found("match"))?;
        match command {
            Command::Create(_) | Command::Arrange(_) => unreachable!("handled above"),
            Command::Join { ticket, name } => self.join(cx, setup, ticket, &name),
            Command::Enter { ticket, resume, via } => self.enter(cx, ticket, resume, via),
            Command::Resume { seat, token, next, via } => self.resume(cx, seat, (token, next), via),
            Command::Gone { seat, entry } => self.gone(cx, seat, entry),
            Command::Ready(ready) => self.ready(cx, ready),
            Command::Start => self.start(cx, setup),
            Command::Leave => self.leave(cx),
            Command::TakeUp { via } => self.take_up(cx, setup, via),
            Command::Ticks(ticks) => self.ticks(cx, *ticks),
            Command::Fault { epoch, tick } => self.fault(cx, epoch, tick),
            Command::Info => self.with_info(cx, vec![]),
            Command::Replay { after } => self.replay(cx, setup, after),
            Command::Invite(invited) => self.invite(cx, invited),
            Command::Say { text } => self.say(cx, &text),
            Command::Mute { seat, muted } => self.mute(cx, seat, muted),
            Command::Remove { seat, ban } => self.remove(cx, seat, ban),
            Command::Delete => self.delete(cx),
            Command::Judge { account, tick } => self.judge(cx, account, tick),
        }
    }

    /// Answers with the match as it is after `events`.
    pub(super) fn with_info(&self, cx: &Cx<'_>, events: Vec<Event>) -> Decided {
        let info = self.after(cx.now, &events).info();
        let info = info.ok_or_else(|| Refusal::not_found("match"))?;
        Ok(Effects::reply(events, Reply::Match(Box::new(info))))
    }

    fn create(&self, cx: &Cx<'_>, creation: Creation) -> Decided {
        let host = match cx.caller {
            Caller::System => None,
            _ => Some(person(cx)?),
        };
        let created = self.creates(cx, creation, host)?;
        if let Some(setup) = &self.setup {
            let same =
                matches!(&created, Event::Created { creation, .. } if **creation == setup.creation);
            if !same || setup.house != host.is_none() {
                return Err(Refusal::conflict("already_exists", "the match was made before"));
            }
            return self.with_info(cx, vec![]);
        }
        self.with_info(cx, vec![created])
    }

    /// The making of a match that `host` runs, or the server if nobody does.
    pub(super) fn creates(
        &self,
        cx: &Cx<'_>,
        creation: Creation,
        host: Option<Player>,
    ) -> Result<Event, Refusal> {
        let (kind, creation) = checked(creation, host.is_none())?;
        let seed =
            u64::from_le_bytes(cx.seed.uuid(0).into_bytes()[..8].try_into().expect("8 of 16"));
        Ok(Event::Created { creation: Box::new(creation), host, rules: kind.rules(), seed })
    }

    fn ready(&self, cx: &Cx<'_>, ready: bool) -> Decided {
        if self.phase.is_over() {
            return Err(over());
        }
        let seat = self.seats.of(person(cx)?).ok_or_else(no_seat)?;
        let is = self.seats.get(seat).is_some_and(|seated| seated.ready);
        if is == ready || self.phase == Phase::Active {
            return self.with_info(cx, vec![]);
        }
        let mut events = vec![Event::Ready { seat, ready }];
        if self.phase == Phase::Countdown {
            events.push(Event::CalledOff);
        }
        self.with_info(cx, self.settled(cx.now, events))
    }

    fn start(&self, cx: &Cx<'_>, setup: &Setup) -> Decided {
        match self.phase {
            Phase::Concluded | Phase::Void => return Err(over()),
            Phase::Lobby => {}
            _ => return self.with_info(cx, vec![]),
        }
        let asks = Player::of(cx.caller);
        if *cx.caller != Caller::System && (asks.is_none() || asks != setup.host) {
            let message = "only the host may start the match";
            return Err(Refusal::new(RefusalKind::Forbidden, "not_the_host", message));
        }
        let (playing, least) = (self.seats.playing(), usize::from(self.players_min()));
        if playing < least {
            let message = format!("it takes {least} players, and {playing} are there");
            return Err(Refusal::conflict("too_few_players", message).with("players_min", [least]));
        }
        // Who starts it is ready.
        let own = asks.and_then(|host| self.seats.of(host));
        let own = own.filter(|seat| self.seats.get(*seat).is_some_and(|own| !own.ready));
        let mut events: Vec<_> =
            own.into_iter().map(|seat| Event::Ready { seat, ready: true }).collect();
        let ready = self.after(cx.now, &events).seats.all_ready();
        events.push(match ready {
            true => Event::CountdownBegan { until: cx.now + COUNTDOWN },
            false => Event::CheckBegan { until: cx.now + CHECK_TIME },
        });
        self.with_info(cx, self.settled(cx.now, events))
    }

    fn replay(&self, cx: &Cx<'_>, setup: &Setup, after: u32) -> Decided {
        if !self.phase.is_over() && *cx.caller != Caller::System {
            let message = "a match can be watched again once it is over";
            return Err(Refusal::conflict("match_not_over", message));
        }
        let log = &self.course.log;
        let from = (after as usize).min(log.len());
        let to = (from + REPLAY_PAGE_BYTES).min(log.len());
        let page = ReplayPage {
            head: self.head(setup),
            ticks: self.course.tick,
            bytes: log[from..to].to_vec(),
            next: to as u32,
            total: log.len() as u32,
            names: self.names(),
        };
        Ok(Effects::reply(vec![], Reply::Replay(Box::new(page))))
    }

    fn delete(&self, cx: &Cx<'_>) -> Decided {
        system(cx)?;
        if !self.phase.is_over() {
            return Err(Refusal::conflict("match_not_over", "a match is deleted once it is over"));
        }
        if !self.reports().is_empty() {
            return Err(Refusal::conflict(
                "match_not_told",
                "it has yet to tell others how it came out",
            ));
        }
        let account = |(id, _): (PlayerId, _)| match id {
            PlayerId::Account(account) => Some(account),
            PlayerId::Guest(_) => None,
        };
        let deleted = Event::Deleted { accounts: self.placed().filter_map(account).collect() };
        let events = if self.is_deleted() { vec![] } else { vec![deleted] };
        Ok(Effects::reply(events, Reply::Noted))
    }

    pub(super) fn head(&self, setup: &Setup) -> Head {
        Head {
            game: setup.creation.game.clone(),
            rules: setup.rules,
            settings: setup.settings(),
            seed: setup.seed,
        }
    }

    pub(super) fn kind(&self) -> Option<&'static dyn GameKind> {
        find(&self.setup.as_deref()?.creation.game)
    }

    /// How many it takes to begin.
    pub(super) fn players_min(&self) -> u16 {
        self.kind().map_or(1, GameKind::players_min)
    }
}

pub(super) fn no_seat() -> Refusal {
    Refusal::conflict("no_seat", "you have no seat in this match")
}

/// `creation` with settings that are whole, if there can be such a match.
fn checked(creation: Creation, house: bool) -> Result<(&'static dyn GameKind, Creation), Refusal> {
    let kind = find(&creation.game).ok_or_else(|| {
        let name: String = creation.game.chars().take(40).collect();
        Refusal::invalid("unknown_game", format!("there is no game '{name}'"))
    })?;
    let settings = kind.settings(creation.settings.as_deref())?;
    let (least, most) = (kind.players_min(), kind.players_max());
    if !(least..=most).contains(&creation.seats) {
        let message =
            format!("{} has {least} to {most} seats, not {}", kind.name(), creation.seats);
        return Err(Refusal::invalid("bad_seats", message));
    }
    if creation.bots > creation.seats || creation.bots == creation.seats && !house {
        let message = format!("{} bots leave no seat of {}", creation.bots, creation.seats);
        return Err(Refusal::invalid("bad_seats", message));
    }
    let title = creation.title.map(|title| line("a title", &title, TITLE_MAX)).transpose()?;
    Ok((kind, Creation { title, settings: Some(settings), ..creation }))
}
