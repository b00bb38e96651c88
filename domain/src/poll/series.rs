//! Polls in order, under one join code: who joined once is led from one to the next.

use std::time::Duration;

use playhouse_protocol::ids::{AccountId, PollId, RoomId, SeriesId};
use serde::{Deserialize, Serialize};

use super::code::{self, Ended, JoinCode, audience_of};
use super::decide::{expecting, owner, presiding};
use super::definition::TITLE_MAX;
use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules, Ticket};
use crate::rows::RowChange;
use crate::text;
use crate::time::Timestamp;
use crate::unique::Answered;

/// How many polls a series has at most. 100: more than a day of them.
pub const POLLS_MAX: usize = 100;

/// What is true of one series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    id: SeriesId,
    setup: Option<Setup>,
    duties_given: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Setup {
    title: String,
    /// Each once, one at least.
    polls: Vec<PollId>,
    /// One of the polls.
    current: Option<PollId>,
    owner: AccountId,
    created_at: Timestamp,
    code: JoinCode,
}

/// What can be asked. Those marked P are for whoever made the series, and for administrators. That
/// its polls are the caller's the edge asks the polls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Make the series. Organizers.
    Create {
        /// What it is called.
        title: String,
        /// Its polls, in order.
        polls: Vec<PollId>,
    },
    /// P. Give it another title, or other polls. It stays at its poll if that is still there.
    Update {
        /// What it is called.
        title: String,
        /// Its polls, in order.
        polls: Vec<PollId>,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// P. Go to one of its polls, or to none.
    Go(Option<PollId>),
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The series as its presenter sees it.
    Series(Box<SeriesInfo>),
}

/// A series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesInfo {
    /// Its id.
    pub id: SeriesId,
    /// What it is called.
    pub title: String,
    /// Its polls, in order; for the presenter alone.
    pub polls: Vec<PollId>,
    /// The poll that it is at.
    pub current: Option<PollId>,
    /// Which one that is, from 1.
    pub position: Option<u32>,
    /// How many polls it has.
    pub count: u32,
    /// The short code by which people join; none while it is being claimed.
    pub join_code: Option<String>,
}

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It exists.
    Created {
        /// What it is called.
        title: String,
        /// Its polls, in order.
        polls: Vec<PollId>,
        /// Whose it is.
        owner: AccountId,
        /// Under which its creation is settled.
        ticket: Ticket,
        /// The join code that it tries to get.
        code: String,
    },
    /// It has another title, or other polls.
    Updated {
        /// What it is called.
        title: String,
        /// Its polls, in order.
        polls: Vec<PollId>,
    },
    /// The room that keeps a join code answered.
    CodeAnswered(Answered),
    /// The join code was somebody's: it tries another.
    CodeDrawn(String),
    /// It is at another poll, or at none.
    Went(Option<PollId>),
}

/// A series in its owner's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SeriesRow {
    created_at: Timestamp,
    #[serde(flatten)]
    series: SeriesInfo,
}

/// The room of series `id`.
#[must_use]
pub fn room(id: SeriesId) -> RoomId {
    RoomId::of(Series::KIND, id.0)
}

fn checked(title: &str, polls: &[PollId]) -> Result<String, Refusal> {
    let title = text::line("title", title, TITLE_MAX)?;
    let mut sorted = polls.to_vec();
    sorted.sort_unstable();
    if polls.is_empty() || polls.len() > POLLS_MAX {
        let message = format!("a series has 1 to {POLLS_MAX} polls, not {}", polls.len());
        return Err(Refusal::invalid("bad_series", message));
    }
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::invalid("bad_series", "each poll can be in a series once"));
    }
    Ok(title)
}

impl Series {
    fn info(&self, presenter: bool) -> Option<SeriesInfo> {
        let setup = self.setup.as_ref()?;
        let at = setup.current.and_then(|id| setup.polls.iter().position(|poll| *poll == id));
        Some(SeriesInfo {
            id: self.id,
            title: setup.title.clone(),
            polls: if presenter { setup.polls.clone() } else { Vec::new() },
            current: setup.current,
            position: at.map(|at| at as u32 + 1),
            count: setup.polls.len() as u32,
            join_code: setup.code.won(),
        })
    }

    /// Answers with the series as it is after `events`.
    fn answering(&self, cx: &Cx<'_>, events: Vec<Event>) -> Effects<Self> {
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply(cx.now, event));
        match after.info(true) {
            Some(info) => Effects::reply(events, Reply::Series(Box::new(info))),
            None => Effects::events(events),
        }
    }

    fn create(
        &self,
        cx: &Cx<'_>,
        title: &str,
        polls: Vec<PollId>,
    ) -> Result<Effects<Self>, Refusal> {
        let owner = owner(cx)?;
        let title = checked(title, &polls)?;
        if let Some(setup) = &self.setup {
            if setup.owner != owner {
                return Err(Refusal::not_found("series"));
            }
            return Ok(match setup.code.is_won() {
                true => self.answering(cx, vec![]),
                false => Effects::later(vec![], setup.code.ticket),
            });
        }
        let (ticket, code) = (Ticket(cx.seed.uuid(0)), code::draw(&cx.seed));
        Ok(Effects::later(vec![Event::Created { title, polls, owner, ticket, code }], ticket))
    }

    fn with_code(&mut self, change: impl FnOnce(&mut JoinCode, &mut dyn FnMut() -> DutyId)) {
        let given = &mut self.duties_given;
        let mut next = || {
            *given += 1;
            DutyId(*given)
        };
        if let Some(setup) = &mut self.setup {
            change(&mut setup.code, &mut next);
        }
    }
}

impl Rules for Series {
    const KIND: &'static str = "series";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = SeriesInfo;
    type Change = SeriesInfo;

    fn new(id: &RoomId) -> Self {
        Self { id: SeriesId(id.uuid().unwrap_or_default()), setup: None, duties_given: 0 }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        if let Command::Create { title, polls } = command {
            return self.create(cx, &title, polls);
        }
        let setup = self.setup.as_ref().ok_or_else(|| Refusal::not_found("series"))?;
        presiding(cx, setup.owner)?;
        let events = match command {
            Command::Create { .. } => unreachable!("handled above"),
            Command::Update { title, polls, expect } => {
                expecting(cx, expect)?;
                let title = checked(&title, &polls)?;
                let same = title == setup.title && polls == setup.polls;
                if same { vec![] } else { vec![Event::Updated { title, polls }] }
            }
            Command::Go(to) => {
                if to.is_some_and(|poll| !setup.polls.contains(&poll)) {
                    return Err(Refusal::invalid(
                        "not_in_series",
                        "this poll is not in the series",
                    ));
                }
                if to == setup.current { vec![] } else { vec![Event::Went(to)] }
            }
        };
        Ok(self.answering(cx, events))
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Created { title, polls, owner, ticket, code } => {
                let given = &mut self.duties_given;
                let code = JoinCode::begin(code, *ticket, || {
                    *given += 1;
                    DutyId(*given)
                });
                let (title, polls, owner) = (title.clone(), polls.clone(), *owner);
                let created_at = at;
                self.setup = Some(Setup { title, polls, current: None, owner, created_at, code });
            }
            Event::Updated { title, polls } => {
                if let Some(setup) = &mut self.setup {
                    setup.title.clone_from(title);
                    setup.polls.clone_from(polls);
                    setup.current = setup.current.filter(|poll| polls.contains(poll));
                }
            }
            Event::CodeAnswered(answered) => {
                self.with_code(|code, next| code.claims.apply(answered, next));
            }
            Event::CodeDrawn(text) => self.with_code(|code, next| code.redrawn(text, next)),
            Event::Went(to) => {
                if let Some(setup) = &mut self.setup {
                    setup.current = *to;
                }
            }
        }
    }

    fn duties(&self) -> Vec<Duty> {
        self.setup.iter().flat_map(|setup| setup.code.claims.duties()).collect()
    }

    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        let Some(setup) = &self.setup else { return Effects::none() };
        let Some(ended) = setup.code.ended(&cx.seed, duty, &result) else {
            return Effects::none();
        };
        let Ended { answered, drawn, settled } = ended;
        let mut events = vec![Event::CodeAnswered(answered)];
        events.extend(drawn.map(Event::CodeDrawn));
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply(cx.now, event));
        let effects = Effects::events(events);
        match after.info(true).filter(|_| settled) {
            Some(info) => effects.settle(setup.code.ticket, Ok(Reply::Series(Box::new(info)))),
            None => effects,
        }
    }

    fn audience(&self, caller: &Caller) -> Option<Audience> {
        self.setup.as_ref().map(|setup| audience_of(setup.owner, caller))
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<SeriesInfo> {
        self.info(*audience == Audience::Presenter)
    }

    fn change(&self, _: &Event, audience: &Audience) -> Option<SeriesInfo> {
        self.info(*audience == Audience::Presenter)
    }

    /// Nobody's: whoever comes back gets the newest view.
    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn row_changes(&self, _: &Event) -> Vec<RowChange> {
        self.rows()
    }

    fn rows(&self) -> Vec<RowChange> {
        let (Some(setup), Some(series)) = (&self.setup, self.info(true)) else {
            return Vec::new();
        };
        let (owner, created_at) = (setup.owner, setup.created_at);
        let key = format!("{owner}/{created_at}/{}", self.id);
        vec![RowChange::put("series_by_owner", key, &SeriesRow { created_at, series })]
    }

    fn policy() -> Policy {
        Policy {
            retention: Retention::Records(1024),
            recovery: Recovery::NewestOnly,
            // Going on must feel like one step on all screens.
            publish_every: Duration::from_millis(50),
            ..Policy::default()
        }
    }
}

#[cfg(test)]
mod tests;
