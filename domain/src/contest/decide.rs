//! What a command leads to: making a contest, changing it, taking part. Nothing here changes the state.

use playhouse_protocol::ids::AccountId;

use super::command::{Command, Creation, Patch, Problem, Reply};
use super::event::Event;
use super::letter::Letter;
use super::view::Phase;
use super::{
    AHEAD_MAX, Contest, LANGUAGE_MAX, LANGUAGES_MAX, LASTS_MAX, LASTS_MIN, POINTS_MAX, Setup,
    TEAMS_MAX, TEXT_MAX, TITLE_MAX,
};
use crate::games::match_room::NAME_MAX;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects};
use crate::text::{line, lines};
use crate::time::Timestamp;

pub(super) type Decided = Result<Effects<Contest>, Refusal>;

pub(super) fn too_many(code: &'static str, message: String, max: usize) -> Refusal {
    let refusal = Refusal::new(RefusalKind::TooMany, code, message);
    refusal.with("max", [max])
}

fn no_contest() -> Refusal {
    Refusal::not_found("contest")
}

/// The account that asks.
fn person(cx: &Cx<'_>) -> Result<AccountId, Refusal> {
    cx.caller.account().ok_or_else(|| {
        let message = "a contest is of people who are logged in";
        Refusal::new(RefusalKind::Unauthenticated, "not_logged_in", message)
    })
}

impl Contest {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        match command {
            Command::Create(creation) => self.create(cx, *creation),
            Command::Change(patch) => self.patch(cx, *patch),
            Command::MayPrepare => {
                self.prepares(cx)?;
                Ok(Effects::reply(vec![], Reply::Noted))
            }
            Command::SetProblem { letter, problem } => self.set_problem(cx, letter, *problem),
            Command::RemoveProblem { letter } => self.remove_problem(cx, letter),
            Command::ReadProblem { letter } => self.read_problem(cx, letter),
            Command::Register { name } => self.register(cx, &name),
            Command::Leave => self.leave(cx),
            Command::MaySubmit { letter, language } => {
                self.may_submit(cx, letter, &language)?;
                Ok(Effects::reply(vec![], Reply::Noted))
            }
            Command::Submit { letter, language, program, bytes } => {
                self.submit(cx, letter, language, program, bytes)
            }
            Command::Rejudge(again) => self.rejudge(cx, again),
            Command::Reveal(reveal) => self.reveal(cx, reveal),
            Command::Say { letter, text } => match self.presides(cx.caller) {
                true => self.announce(cx, letter, &text),
                false => self.question(cx, letter, &text),
            },
            Command::Answer { id, text, to_all } => self.answer(cx, id, &text, to_all),
            Command::ReadSubmission { submission } => self.read_submission(cx, submission),
            Command::Submissions { before, limit } => self.list_submissions(cx, before, limit),
        }
    }

    /// Answers with the contest as it is after `events`.
    fn with_row(&self, cx: &Cx<'_>, events: Vec<Event>) -> Decided {
        let row = self.after(cx.now, &events).row().ok_or_else(no_contest)?;
        Ok(Effects::reply(events, Reply::Contest(Box::new(row))))
    }

    pub(super) fn after(&self, now: Timestamp, events: &[Event]) -> Self {
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply_event(now, event));
        after
    }

    pub(super) fn made(&self) -> Result<&Setup, Refusal> {
        self.setup.as_deref().ok_or_else(no_contest)
    }

    pub(super) fn presides(&self, caller: &Caller) -> bool {
        let own = |setup: &Setup| caller.account() == Some(setup.organizer);
        caller.administers() || self.setup.as_deref().is_some_and(own)
    }

    pub(super) fn presided(&self, cx: &Cx<'_>) -> Result<&Setup, Refusal> {
        let setup = self.made()?;
        let message = "only whoever made the contest may do this";
        let no = || Refusal::new(RefusalKind::Forbidden, "not_the_organizer", message);
        self.presides(cx.caller).then_some(setup).ok_or_else(no)
    }

    /// As [`Self::presided`], while it is not over.
    fn prepares(&self, cx: &Cx<'_>) -> Result<&Setup, Refusal> {
        let setup = self.presided(cx)?;
        self.open()?;
        Ok(setup)
    }

    fn open(&self) -> Result<(), Refusal> {
        let over = || Refusal::conflict("contest_over", "the contest is over");
        (self.phase != Phase::Over).then_some(()).ok_or_else(over)
    }

    /// The team whose account asks, by number.
    pub(super) fn participant(&self, cx: &Cx<'_>) -> Result<u16, Refusal> {
        self.made()?;
        let account = person(cx)?;
        let message = "the caller does not take part in the contest";
        let no = || Refusal::conflict("not_registered", message);
        self.team_of(account).ok_or_else(no)
    }

    fn create(&self, cx: &Cx<'_>, creation: Creation) -> Decided {
        let organizer = person(cx)?;
        if !cx.caller.organizes() {
            let message = "only organizers make contests";
            return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
        }
        if let Some(setup) = self.setup.as_deref() {
            return match setup.organizer == organizer {
                true => self.with_row(cx, vec![]),
                false => Err(Refusal::conflict("already_exists", "the contest was made before")),
            };
        }
        if creation.starts_at < cx.now {
            return Err(bad_times(format!(
                "it cannot begin at {}, which is over",
                creation.starts_at
            )));
        }
        let creation = Box::new(checked(cx.now, creation)?);
        self.with_row(cx, vec![Event::Created { creation, organizer }])
    }

    fn patch(&self, cx: &Cx<'_>, patch: Patch) -> Decided {
        let was = &self.prepares(cx)?.creation;
        let creation = Creation {
            title: patch.title.unwrap_or_else(|| was.title.clone()),
            description: patch.description.unwrap_or_else(|| was.description.clone()),
            scoring: was.scoring,
            starts_at: patch.starts_at.unwrap_or(was.starts_at),
            ends_at: patch.ends_at.unwrap_or(was.ends_at),
            freeze_at: patch.freeze_at.unwrap_or(was.freeze_at),
            languages: patch.languages.unwrap_or_else(|| was.languages.clone()),
        };
        if creation.starts_at != was.starts_at {
            if self.phase != Phase::Scheduled {
                return Err(Refusal::conflict("contest_began", "the contest has begun"));
            }
            if creation.starts_at < cx.now {
                let message = format!("it cannot begin at {}, which is over", creation.starts_at);
                return Err(bad_times(message));
            }
        }
        if creation.freeze_at != was.freeze_at {
            if self.frozen {
                return Err(Refusal::conflict("contest_frozen", "the board is frozen"));
            }
            // Else results would be hidden that everybody has seen.
            if let Some(at) = creation.freeze_at.filter(|at| *at < cx.now) {
                return Err(bad_times(format!("it cannot freeze at {at}, which is over")));
            }
        }
        let creation = checked(cx.now, creation)?;
        let events =
            if creation == *was { vec![] } else { vec![Event::Changed(Box::new(creation))] };
        self.with_row(cx, events)
    }

    fn set_problem(&self, cx: &Cx<'_>, letter: Letter, mut problem: Problem) -> Decided {
        self.prepares(cx)?;
        problem.title = line("a title", &problem.title, TITLE_MAX)?;
        if !(1..=POINTS_MAX).contains(&problem.points) {
            let message = format!("a problem has 1 to {POINTS_MAX} points, not {}", problem.points);
            return Err(Refusal::invalid("bad_problem", message));
        }
        if problem.cases == 0 {
            return Err(Refusal::invalid("bad_problem", "a problem has at least one test"));
        }
        let same = self.problems.get(&letter) == Some(&problem);
        let set = Event::ProblemSet { letter, problem: Box::new(problem) };
        self.with_problem(cx, letter, if same { vec![] } else { vec![set] })
    }

    fn with_problem(&self, cx: &Cx<'_>, letter: Letter, events: Vec<Event>) -> Decided {
        let after = self.after(cx.now, &events);
        let problem = after.problems.get(&letter).ok_or_else(no_problem)?;
        let info = Box::new(after.problem_info(letter, problem));
        Ok(Effects::reply(events, Reply::Problem(info, problem.paper)))
    }

    fn remove_problem(&self, cx: &Cx<'_>, letter: Letter) -> Decided {
        self.prepares(cx)?;
        if self.submissions.iter().any(|one| one.letter == letter) {
            let message = format!("programs were sent in for problem {letter}");
            return Err(Refusal::conflict("problem_tried", message));
        }
        let there = self.problems.contains_key(&letter);
        self.with_row(cx, if there { vec![Event::ProblemRemoved(letter)] } else { vec![] })
    }

    fn read_problem(&self, cx: &Cx<'_>, letter: Letter) -> Decided {
        self.made()?;
        if self.phase == Phase::Scheduled && !self.presides(cx.caller) {
            return Err(no_problem());
        }
        self.with_problem(cx, letter, vec![])
    }

    fn register(&self, cx: &Cx<'_>, name: &str) -> Decided {
        let setup = self.made()?;
        let account = person(cx)?;
        let name = line("a name", name, NAME_MAX)?;
        self.open()?;
        if setup.organizer == account {
            let message = "whoever made the contest cannot take part in it";
            return Err(Refusal::conflict("organizer_cannot_take_part", message));
        }
        let own = self.team_of(account);
        let alike = |team: &&super::Team| team.name.to_lowercase() == name.to_lowercase();
        let mut others = self.teams.iter().filter(|team| !team.gone && team.account != account);
        if others.any(|team| alike(&team)) {
            return Err(Refusal::conflict(
                "name_taken",
                format!("a team is called {name} already"),
            ));
        }
        if own.is_none() && !self.by_account.contains_key(&account) && self.teams.len() >= TEAMS_MAX
        {
            let message = format!("{TEAMS_MAX} teams take part, which is as many as may");
            return Err(Refusal::conflict("contest_full", message).with("max", [TEAMS_MAX]));
        }
        let same = own.is_some_and(|team| self.team(team).name == name);
        self.with_row(cx, if same { vec![] } else { vec![Event::Registered { account, name }] })
    }

    fn leave(&self, cx: &Cx<'_>) -> Decided {
        self.made()?;
        let Some(team) = self.team_of(person(cx)?) else { return self.with_row(cx, vec![]) };
        self.open()?;
        if self.submissions.iter().any(|one| one.team == team) {
            let message = "whoever sent something in cannot leave the contest";
            return Err(Refusal::conflict("already_submitted", message));
        }
        self.with_row(cx, vec![Event::Left(team)])
    }
}

pub(super) fn no_problem() -> Refusal {
    Refusal::not_found("problem")
}

fn bad_times(message: String) -> Refusal {
    Refusal::invalid("bad_times", message)
}

fn checked(now: Timestamp, mut creation: Creation) -> Result<Creation, Refusal> {
    creation.title = line("a title", &creation.title, TITLE_MAX)?;
    creation.description = lines("a description", &creation.description, TEXT_MAX)?;
    let Creation { starts_at, ends_at, freeze_at, .. } = creation;
    if ends_at <= now {
        return Err(bad_times(format!("it cannot end at {ends_at}, which is over")));
    }
    let lasts = ends_at.since(starts_at);
    if !(LASTS_MIN..=LASTS_MAX).contains(&lasts) {
        let message = format!("it lasts 1 s to 31 days, not from {starts_at} to {ends_at}");
        return Err(bad_times(message));
    }
    if starts_at > now + AHEAD_MAX {
        return Err(bad_times(format!("it cannot begin at {starts_at}, more than a year ahead")));
    }
    if let Some(at) = freeze_at.filter(|at| !(starts_at..=ends_at).contains(at)) {
        return Err(bad_times(format!("it cannot freeze at {at}, which is not while it lasts")));
    }
    creation.languages.sort();
    creation.languages.dedup();
    if creation.languages.len() > LANGUAGES_MAX {
        let message = format!("at most {LANGUAGES_MAX} languages are named");
        return Err(Refusal::invalid("bad_languages", message));
    }
    if let Some(bad) = creation.languages.iter().find(|id| !is_language(id)) {
        let shown: String = bad.chars().take(LANGUAGE_MAX).collect();
        return Err(Refusal::invalid("bad_languages", format!("{shown:?} is no language's id")));
    }
    Ok(creation)
}

/// True if `id` looks like one of the judge's languages. Which there are the rules cannot know.
pub(super) fn is_language(id: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+#-_.".contains(&b);
    (1..=LANGUAGE_MAX).contains(&id.len()) && id.bytes().all(fits)
}
