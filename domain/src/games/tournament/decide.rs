//! What a command leads to. Nothing here changes the state.

use playhouse_protocol::ids::AccountId;

use super::command::{Command, Creation, Format, FormatKind, Phase, Reply, Seeding};
use super::event::{Event, Why};
use super::{
    AHEAD_MAX, CHECK_IN_MINUTES_MAX, DISPUTE_MINUTES_MAX, Entrant, PLAYERS_MAX, RATING_DEFAULT,
    ROUND_ROBIN_MAX, ROUNDS_MAX, Setup, TITLE_MAX, Tournament,
};
use crate::games::find;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Cx, Effects};
use crate::text::line;

pub(super) type Decided = Result<Effects<Tournament>, Refusal>;

pub(super) fn over() -> Refusal {
    Refusal::new(RefusalKind::Gone, "tournament_over", "the tournament is over")
}

pub(super) fn begun() -> Refusal {
    Refusal::conflict("tournament_begun", "the tournament has begun")
}

/// The account that asks.
pub(super) fn account(cx: &Cx<'_>) -> Result<AccountId, Refusal> {
    cx.caller.account().ok_or_else(|| {
        let message = "a tournament is for accounts: log in";
        Refusal::new(RefusalKind::Unauthenticated, "not_logged_in", message)
    })
}

impl Tournament {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        if let Command::Create(creation) = command {
            return self.create(cx, *creation);
        }
        let setup = self.setup.as_deref().ok_or_else(|| Refusal::not_found("tournament"))?;
        if let Command::Result { match_id, outcome } = command {
            return self.result(cx, match_id, &outcome);
        }
        if self.phase.is_over() {
            return Err(over());
        }
        let events = match command {
            Command::Create(_) | Command::Result { .. } => unreachable!("handled above"),
            Command::Register(entry) => self.register(setup, account(cx)?, entry)?,
            Command::Withdraw => self.withdraw(account(cx)?)?,
            Command::CheckIn => self.check_in(account(cx)?)?,
            Command::Dispute { pairing, text } => self.dispute(cx, pairing, &text)?,
            Command::Accept { pairing } => self.accept(cx, pairing)?,
            presided => self.preside(cx, setup, presided)?,
        };
        self.answering(cx, self.settled(cx.now, events))
    }

    /// What only its organizer and administrators may ask.
    fn preside(&self, cx: &Cx<'_>, setup: &Setup, command: Command) -> Result<Vec<Event>, Refusal> {
        if !cx.caller.administers() && cx.caller.account() != Some(setup.organizer) {
            let message = "only whoever made the tournament may do this";
            return Err(Refusal::forbidden("forbidden", message));
        }
        match command {
            Command::Start => self.start(cx),
            Command::Add { account, entry } => self.register(setup, account, entry),
            Command::Drop { account } => self.withdraw(account),
            Command::Decide { pairing, ruling } => self.rule(setup, pairing, ruling),
            _ => Ok(vec![Event::Cancelled(Why::Organizer)]),
        }
    }

    /// Answers with the tournament as it is after `events`.
    fn answering(&self, cx: &Cx<'_>, events: Vec<Event>) -> Decided {
        let row =
            self.after(cx.now, &events).row().ok_or_else(|| Refusal::not_found("tournament"))?;
        Ok(Effects::reply(events, Reply::Tournament(Box::new(row))))
    }

    fn create(&self, cx: &Cx<'_>, creation: Creation) -> Decided {
        if !cx.caller.organizes() {
            return Err(Refusal::forbidden("forbidden", "only organizers may make a tournament"));
        }
        let organizer = account(cx)?;
        if let Some(setup) = &self.setup {
            let again = checked(creation, None)?;
            if setup.creation != again || setup.organizer != organizer {
                return Err(Refusal::conflict("already_exists", "the tournament was made before"));
            }
            return self.answering(cx, vec![]);
        }
        let creation = Box::new(checked(creation, Some(cx))?);
        self.answering(cx, vec![Event::Created { creation, organizer }])
    }

    fn start(&self, cx: &Cx<'_>) -> Result<Vec<Event>, Refusal> {
        if !self.phase.is_before() {
            return Err(begun());
        }
        self.begins(cx).ok_or_else(|| {
            let message = format!("it takes 2 players, and {} are there", self.present().count());
            Refusal::conflict("too_few_players", message).with("players_min", [2])
        })
    }

    /// Who takes part if it begins now: whoever checked in, or everybody if nobody needs to.
    pub(super) fn present(&self) -> impl Iterator<Item = &Entrant> {
        let everybody = self.phase == Phase::Registration;
        self.entrants.iter().filter(move |entrant| everybody || entrant.checked_in)
    }

    /// It begins now, with those who are there, if they are enough.
    pub(super) fn begins(&self, cx: &Cx<'_>) -> Option<Vec<Event>> {
        let seeding = self.setup.as_deref()?.creation.seeding;
        let mut present: Vec<(u64, &Entrant)> = (0..).zip(self.present()).collect();
        match seeding {
            Seeding::AsEntered => {}
            Seeding::ByRating => present.sort_by_key(|(_, one)| {
                std::cmp::Reverse(one.entry.rating.unwrap_or(RATING_DEFAULT))
            }),
            Seeding::Random => present.sort_by_key(|(entered, _)| cx.seed.uuid(*entered)),
        }
        let field: Vec<AccountId> = present.into_iter().map(|(_, one)| one.account).collect();
        (field.len() >= 2).then(|| vec![Event::Started { field }])
    }
}

/// `creation` with settings that are whole, if there can be such a tournament; its times as of `now`, which
/// is none where it was made before.
fn checked(creation: Creation, now: Option<&Cx<'_>>) -> Result<Creation, Refusal> {
    let kind = find(&creation.game).ok_or_else(|| {
        let name: String = creation.game.chars().take(40).collect();
        Refusal::invalid("unknown_game", format!("there is no game '{name}'"))
    })?;
    if !(kind.players_min()..=kind.players_max()).contains(&2) {
        let message = format!("{} is not for two, and a pairing is", kind.name());
        return Err(Refusal::invalid("bad_tournament", message));
    }
    let settings = Some(kind.settings(creation.settings.as_deref())?);
    let title = line("a title", &creation.title, TITLE_MAX)?;
    bounds(&creation)?;
    if let Some(cx) = now
        && (creation.starts_at <= cx.now || creation.starts_at > cx.now + AHEAD_MAX)
    {
        let message =
            format!("it must begin within 366 days from now, not at {}", creation.starts_at);
        return Err(Refusal::invalid("bad_tournament", message));
    }
    Ok(Creation { title, settings, ..creation })
}

fn bounds(creation: &Creation) -> Result<(), Refusal> {
    let most = match creation.format.kind() {
        FormatKind::RoundRobin => ROUND_ROBIN_MAX,
        FormatKind::Elimination | FormatKind::Swiss => PLAYERS_MAX,
    };
    let rounds = match creation.format {
        Format::Swiss { rounds: Some(rounds) } => rounds,
        _ => 1,
    };
    let within = [
        ("players_max", creation.players_max, 2, most),
        ("rounds", rounds, 1, ROUNDS_MAX),
        ("check_in_minutes", creation.check_in_minutes, 0, CHECK_IN_MINUTES_MAX),
        ("dispute_minutes", creation.dispute_minutes, 0, DISPUTE_MINUTES_MAX),
    ];
    for (name, is, least, most) in within {
        if !(least..=most).contains(&is) {
            let message = format!("{name} is {least} to {most}, not {is}");
            return Err(Refusal::invalid("bad_tournament", message));
        }
    }
    Ok(())
}
