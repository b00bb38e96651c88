//! What a command leads to. Nothing here changes the state.

use std::collections::BTreeSet;

use playhouse_protocol::ids::AccountId;

use super::chain::RecordKind;
use super::choice::json;
use super::code::{self, audience_of};
use super::command::{Command, Phase, Reply};
use super::definition::Definition;
use super::event::Event;
use super::export::{PAGE_MAX, Page};
use super::voter::Digest16;
use super::{Poll, Setup, words};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Audience, Cx, Effects, Seed, Ticket};

/// How many personal codes a poll may have. 20,000: nobody hands out more, and each is looked for
/// among them with every vote.
pub(super) const CODES_MAX: usize = 20_000;

/// How many personal codes one command may bring. 1,000: it stays well within the bound of a command.
pub(super) const CODES_AT_ONCE_MAX: usize = 1000;

/// How many words may be out of sight. 1,000.
pub(super) const HIDDEN_MAX: usize = 1000;

pub(super) type Decided = Result<Effects<Poll>, Refusal>;

/// Whose it is to be, if the caller may make polls.
pub(super) fn owner(cx: &Cx<'_>) -> Result<AccountId, Refusal> {
    if !cx.caller.organizes() {
        let message = "only organizers may do this";
        return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
    }
    cx.caller.account().ok_or_else(|| {
        let message = "a poll belongs to an account: log in";
        Refusal::new(RefusalKind::Unauthenticated, "not_logged_in", message)
    })
}

/// Refuses whoever does not run what `owner` made.
pub(super) fn presiding(cx: &Cx<'_>, owner: AccountId) -> Result<(), Refusal> {
    if audience_of(owner, cx.caller) == Audience::Presenter {
        return Ok(());
    }
    let message = "only whoever made the poll may do this";
    Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message))
}

/// Refuses a change that rests on another revision than the newest.
pub(super) fn expecting(cx: &Cx<'_>, expect: Option<u64>) -> Result<(), Refusal> {
    let Some(seen) = expect.filter(|seen| *seen != cx.revision) else { return Ok(()) };
    let message = format!("it is at revision {}, not {seen}", cx.revision);
    Err(Refusal::new(RefusalKind::Stale, "stale_revision", message).with("revision", [cx.revision]))
}

fn done() -> Decided {
    Ok(Effects::none())
}

impl Poll {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        if let Command::Create(definition) = command {
            return self.create(cx, *definition);
        }
        let setup = self.setup.as_deref().ok_or_else(|| Refusal::not_found("poll"))?;
        match command {
            Command::Vote { voter, choice, name, key } => {
                return self.vote(cx, setup, voter, (choice, name), key.as_ref());
            }
            Command::Admit { voter } => return self.admits(cx, setup, voter),
            Command::Mine { voter } => return self.mine(cx, setup, voter),
            Command::Export { round, after } => return self.export(cx, setup, round, after),
            _ => self.presiding(cx, setup)?,
        }
        let effects = match command {
            Command::Update { definition, expect } => self.update(cx, setup, *definition, expect),
            Command::Open => self.open(cx, setup),
            Command::Close => self.close(),
            Command::Reset => self.reset(),
            Command::Show(shown) => self.show(setup, shown),
            Command::AddCodes(codes) => return self.add_codes(codes),
            Command::HideWord { word, hidden } => self.hide_word(&word, hidden),
            Command::HideName { ballot, hidden } => self.hide_name(ballot, hidden),
            Command::Preside => return Ok(Effects::reply(vec![], Reply::Presides)),
            _ => unreachable!("handled above"),
        }?;
        Ok(self.with_poll(cx, effects))
    }

    /// Answers with the poll as it is after the events of `effects`.
    fn with_poll(&self, cx: &Cx<'_>, effects: Effects<Self>) -> Effects<Self> {
        let mut after;
        let after = match &effects.events[..] {
            [] => self,
            events => {
                after = self.without_ballots();
                events.iter().for_each(|event| after.apply_event(cx.now, event));
                &after
            }
        };
        match after.info(true) {
            Some(info) => Effects::reply(effects.events, Reply::Poll(Box::new(info))),
            None => effects,
        }
    }

    fn create(&self, cx: &Cx<'_>, definition: Definition) -> Decided {
        let owner = owner(cx)?;
        let definition = definition.checked()?;
        if let Some(setup) = &self.setup {
            if setup.owner != owner || setup.definition != definition {
                return Err(Refusal::conflict("already_exists", "the poll was made before"));
            }
            return Ok(match setup.code.is_won() {
                true => self.with_poll(cx, Effects::none()),
                false => Effects::later(vec![], setup.code.ticket),
            });
        }
        let ticket = Ticket(cx.seed.uuid(0));
        let (definition, code) = (Box::new(definition), code::draw(&cx.seed));
        let created = Event::Created { definition, owner, ticket, code };
        Ok(Effects::later(vec![created], ticket))
    }

    /// Refuses whoever does not run the poll.
    fn presiding(&self, cx: &Cx<'_>, setup: &Setup) -> Result<(), Refusal> {
        presiding(cx, setup.owner)
    }

    fn update(
        &self,
        cx: &Cx<'_>,
        setup: &Setup,
        definition: Definition,
        expect: Option<u64>,
    ) -> Decided {
        expecting(cx, expect)?;
        if self.phase != Phase::Draft {
            let message = "what is asked is fixed once voting has begun; reset the poll first";
            return Err(Refusal::conflict("poll_frozen", message));
        }
        let definition = definition.checked()?;
        let who = |d: &Definition| (d.secret, d.voters, d.ballot_key.clone());
        // Ballots may have been given out, which this room does not know.
        if setup.definition.secret && who(&definition) != who(&setup.definition) {
            let message = "who may vote in a secret poll, and how, is fixed once it was made";
            return Err(Refusal::conflict("poll_frozen", message));
        }
        if definition == setup.definition {
            return done();
        }
        Ok(Effects::events(vec![Event::Updated(Box::new(definition))]))
    }

    fn open(&self, cx: &Cx<'_>, setup: &Setup) -> Decided {
        match self.phase {
            Phase::Open => return done(),
            Phase::Closed => return Err(closed()),
            Phase::Draft => {}
        }
        let asks = &setup.definition;
        let Seed(salt) = Seed::derive(&[b"poll salt", &cx.seed.0]);
        let body = format!(r#"{{"poll":"{}","asks":{}}}"#, self.id, json(asks));
        let act = Box::new(self.log.act(RecordKind::Opened, body, &salt));
        let limit = asks.seconds.map(|seconds| std::time::Duration::from_secs(seconds.into()));
        let closes_at = limit.map(|limit| cx.now + limit);
        Ok(Effects::events(vec![Event::Opened { closes_at, salt, act }]))
    }

    fn close(&self) -> Decided {
        match self.phase {
            Phase::Draft => Err(not_open()),
            Phase::Open => Ok(Effects::events(self.closing())),
            Phase::Closed => done(),
        }
    }

    fn reset(&self) -> Decided {
        if self.phase == Phase::Draft {
            return done();
        }
        let act = self.log.act(RecordKind::Reset, "{}".into(), self.log.salt());
        Ok(Effects::events(vec![Event::Reset { act: Box::new(act) }]))
    }

    fn show(&self, setup: &Setup, shown: bool) -> Decided {
        if shown && self.phase == Phase::Draft {
            return Err(not_open());
        }
        if shown && self.phase == Phase::Open && setup.definition.secret {
            let message = "a secret poll shows no results while it is open";
            return Err(Refusal::conflict("poll_secret", message));
        }
        if self.shown == Some(shown) {
            return done();
        }
        Ok(Effects::events(vec![Event::Shown(shown)]))
    }

    fn add_codes(&self, codes: Vec<Digest16>) -> Decided {
        let too_many = |max: usize| {
            let message = format!("a poll has at most {max} personal codes");
            Refusal::conflict("too_many_codes", message).with("max", [max])
        };
        if codes.len() > CODES_AT_ONCE_MAX {
            return Err(too_many(CODES_AT_ONCE_MAX));
        }
        let new: BTreeSet<_> = codes.into_iter().filter(|c| !self.codes.contains(c)).collect();
        let count = self.codes.len() + new.len();
        if count > CODES_MAX {
            return Err(too_many(CODES_MAX));
        }
        let events = match new.is_empty() {
            true => vec![],
            false => vec![Event::CodesAdded(new.into_iter().collect())],
        };
        Ok(Effects::reply(events, Reply::Codes(count as u32)))
    }

    fn hide_word(&self, word: &str, hidden: bool) -> Decided {
        let word = words::normalised(word)?;
        if self.tally.cloud.is_hidden(&word) == hidden {
            return done();
        }
        if hidden && self.tally.cloud.hidden().len() >= HIDDEN_MAX {
            let message = format!("at most {HIDDEN_MAX} words can be out of sight");
            return Err(Refusal::conflict("too_many_hidden", message).with("max", [HIDDEN_MAX]));
        }
        Ok(Effects::events(vec![Event::WordHidden { word, hidden }]))
    }

    fn hide_name(&self, ballot: u32, hidden: bool) -> Decided {
        let named = self.log.vote(ballot).is_some_and(|vote| vote.name.is_some());
        if !named {
            return Err(Refusal::not_found("name"));
        }
        if self.hidden_names.contains(&ballot) == hidden {
            return done();
        }
        Ok(Effects::events(vec![Event::NameHidden { ballot, hidden }]))
    }

    fn export(
        &self,
        cx: &Cx<'_>,
        setup: &Setup,
        round: Option<u32>,
        after: Option<u32>,
    ) -> Decided {
        let presides = self.presiding(cx, setup).is_ok();
        let secret = setup.definition.secret && self.phase != Phase::Closed;
        let public = self.phase == Phase::Closed && self.is_shown(setup);
        if secret || !presides && !public {
            let message = "the log is not told as long as the results are not";
            return Err(Refusal::new(RefusalKind::Forbidden, "results_hidden", message));
        }
        if round.is_some_and(|round| round != self.round) {
            let message = "the poll was reset since the log's first page";
            return Err(Refusal::new(RefusalKind::Gone, "poll_reset", message));
        }
        let start = self.log.start();
        let from = after.unwrap_or(start.0).max(start.0);
        let to = self.log.newest().min(from.saturating_add(PAGE_MAX.into()));
        let rows = (from + 1..=to).filter_map(|n| self.log.row(n, &self.tally.cloud)).collect();
        let next = (to < self.log.newest()).then_some(to);
        let start = after.is_none().then_some(start);
        let page = Page { round: self.round, start, rows, next };
        Ok(Effects::reply(vec![], Reply::Page(Box::new(page))))
    }
}

pub(super) fn not_open() -> Refusal {
    Refusal::conflict("poll_not_open", "the poll is not open yet")
}

pub(super) fn closed() -> Refusal {
    Refusal::new(RefusalKind::Gone, "poll_closed", "the poll is closed")
}
