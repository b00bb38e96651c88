//! Ballots: who may cast one, and when it counts.

use playhouse_protocol::ids::{AccountId, CommandKey, GuestId};

use super::choice::{self, Choice};
use super::command::{Mine, MyVote, Phase, Receipt, Reply, Score};
use super::decide::{Decided, closed, not_open};
use super::definition::{Kind, Voters};
use super::event::Event;
use super::log::Vote;
use super::quiz;
use super::voter::{Digest16, Voter};
use super::{Poll, Setup};
use crate::bug::{self, Bug};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects, Seed};

/// How many ballots one round may have. 50,000: a full stadium; with everything that can hang on them
/// they take a little over half of what a snapshot may hold.
pub(super) const BALLOTS_MAX: usize = 50_000;

/// How often one vote can be changed. 20: nobody who means it needs more, and each is a record.
pub(super) const CHANGES_EACH_MAX: usize = 20;

/// How many changed votes one round may have in all. 20,000, apart from the ballots, so that those
/// who change their minds leave room for those who have not voted.
pub(super) const CHANGES_MAX: u32 = 20_000;

/// Half of the hash of `key`: enough to tell one voter's few votes apart.
fn key_digest(key: &CommandKey) -> u64 {
    let Digest16(bytes) = Digest16::of(key.as_str().as_bytes());
    u64::from_le_bytes(bytes[..8].try_into().expect("16 bytes hold 8"))
}

/// Where anyone may vote each vote is somebody's of its own, also that of a browser that joined or of an
/// account: the same key makes a repeat the same vote.
fn unnamed(cx: &Cx<'_>, voter: Voter, key: Option<&CommandKey>) -> Voter {
    let (Voter::Device(GuestId(id)) | Voter::Account(AccountId(id))) = voter else { return voter };
    Voter::Anyone(match key {
        Some(key) => Seed::derive(&[b"anyone", id.as_bytes(), key.as_str().as_bytes()]).uuid(0),
        None => cx.seed.uuid(0),
    })
}

impl Poll {
    pub(super) fn vote(
        &self,
        cx: &Cx<'_>,
        setup: &Setup,
        voter: Voter,
        (choice, name): (Choice, Option<String>),
        key: Option<&CommandKey>,
    ) -> Decided {
        let asks = &setup.definition;
        let voter = if asks.voters == Voters::Anyone { unnamed(cx, voter, key) } else { voter };
        self.admit(cx, setup, &voter)?;
        let choice = choice.checked(asks)?;
        let name = choice::name(asks, name.as_deref())?;
        let key = key.map(key_digest);
        if let Some(receipt) = self.repeated(setup, &voter, &choice, name.as_deref(), key)? {
            return Ok(Effects::reply(vec![], Reply::Voted(receipt)));
        }
        match self.phase {
            Phase::Draft => return Err(not_open()),
            Phase::Open => {}
            Phase::Closed => return Err(closed()),
        }
        let changes = self.room_for(setup, &voter)?;
        if let Choice::Words(words) = &choice
            && !self.tally.cloud.fits(words)
        {
            let message = "the poll has as many different words as it can keep";
            return Err(Refusal::conflict("too_many_words", message));
        }
        let elapsed_ms = match (asks.secret, self.opened_at) {
            (false, Some(opened_at)) => {
                u32::try_from(cx.now.since(opened_at).as_millis()).unwrap_or(u32::MAX)
            }
            _ => 0,
        };
        let hash = self.log.vote_hash(changes, elapsed_ms, &choice.body(name.as_deref()));
        let number = self.log.newest() + 1;
        let ballot = changes.unwrap_or(number);
        let receipt = Receipt { round: self.round, number, ballot, hash };
        let event = Event::Voted { voter, choice, name, key, elapsed_ms, hash };
        Ok(Effects::reply(vec![event], Reply::Voted(receipt)))
    }

    /// Refuses a voter that this poll does not let vote, or that somebody else claims to be.
    fn admit(&self, cx: &Cx<'_>, setup: &Setup, voter: &Voter) -> Result<(), Refusal> {
        let asks = &setup.definition;
        match (asks.secret, voter) {
            (true, Voter::Ballot(_)) if *cx.caller == Caller::Nobody => Ok(()),
            // The journal names the caller beside the vote, so that this must not come to pass even
            // if the edge is mistaken.
            (true, Voter::Ballot(_)) => {
                let message = "a secret ballot is cast without a name: send no token with it";
                Err(Refusal::forbidden("ballot_with_name", message))
            }
            (true, _) => Err(Refusal::forbidden(
                "ballot_needed",
                "a vote in a secret poll is cast with a ballot",
            )),
            (false, _) => self.identify(cx, setup, voter),
        }
    }

    /// Refuses a voter of another sort than the poll's, or that the caller is not.
    fn identify(&self, cx: &Cx<'_>, setup: &Setup, voter: &Voter) -> Result<(), Refusal> {
        let wants = setup.definition.voters;
        let fits = match (wants, voter) {
            (Voters::Anyone, Voter::Anyone(_)) => true,
            (Voters::Device, Voter::Device(guest)) => *cx.caller == Caller::Guest(*guest),
            (Voters::Account, Voter::Account(account)) => cx.caller.account() == Some(*account),
            (Voters::Code, Voter::Code(code)) if self.codes.contains(code) => true,
            (Voters::Code, Voter::Code(_)) => {
                return Err(Refusal::forbidden("unknown_code", "this is no code of the poll"));
            }
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let message = match wants {
            Voters::Anyone => "this poll takes votes without a name",
            Voters::Device => "this poll takes one vote from each browser that joined it",
            Voters::Code => "this poll takes one vote with each personal code",
            Voters::Account => "this poll takes one vote from each account: log in",
        };
        Err(Refusal::forbidden("wrong_voter", message).with("voters", [wants.name()]))
    }

    /// The receipt of the same vote, if it came before: under the same key, or as the newest choice.
    fn repeated(
        &self,
        setup: &Setup,
        voter: &Voter,
        choice: &Choice,
        name: Option<&str>,
        key: Option<u64>,
    ) -> Result<Option<Receipt>, Refusal> {
        let key = key.filter(|_| !bug::is(Bug::VoteKeyForgotten));
        let known = key.and_then(|key| self.history(voter).find(|(_, vote)| vote.key == Some(key)));
        match known {
            Some((number, vote)) if self.says(vote, choice, name) => Ok(self.receipt(number)),
            Some(_) => {
                Err(Refusal::invalid("key_reused", "the key was used before with another vote"))
            }
            // A key must be known when it comes again after a later vote, so that it undoes none.
            None if key.is_some()
                && self.phase == Phase::Open
                && self.room_for(setup, voter).is_ok() =>
            {
                Ok(None)
            }
            None => {
                let newest = self.history(voter).next();
                let newest = newest.filter(|(_, vote)| self.says(vote, choice, name));
                Ok(newest.and_then(|(number, _)| self.receipt(number)))
            }
        }
    }

    fn says(&self, vote: &Vote, choice: &Choice, name: Option<&str>) -> bool {
        vote.marks.choice(&self.tally.cloud) == *choice && vote.name.as_deref() == name
    }

    /// A voter's records, newest first.
    fn history(&self, voter: &Voter) -> impl Iterator<Item = (u32, &Vote)> {
        let mut next = self.ballots.get(voter).copied();
        std::iter::from_fn(move || {
            let number = next?;
            let vote = self.log.vote(number)?;
            next = vote.before;
            Some((number, vote))
        })
    }

    fn receipt(&self, number: u32) -> Option<Receipt> {
        let (vote, hash) = (self.log.vote(number)?, self.log.entry(number)?.hash);
        Some(Receipt { round: self.round, number, ballot: vote.ballot, hash })
    }

    /// The ballot that a vote of `voter` changes, if it changes one; refused if it may not, or if
    /// there is no room for another.
    fn room_for(&self, setup: &Setup, voter: &Voter) -> Result<Option<u32>, Refusal> {
        let full = || Refusal::conflict("poll_full", "the poll has as many votes as it can keep");
        let Some((number, vote)) = self.history(voter).next() else {
            if self.ballots.len() >= BALLOTS_MAX {
                return Err(full());
            }
            return Ok(None);
        };
        if !setup.definition.change {
            let message = "you have voted, and this poll's votes cannot be changed";
            return Err(Refusal::conflict("voted_before", message).with("number", [number]));
        }
        if self.history(voter).count() > CHANGES_EACH_MAX {
            let message = format!("a vote can be changed {CHANGES_EACH_MAX} times");
            return Err(Refusal::new(RefusalKind::TooMany, "changed_too_often", message));
        }
        if self.changes >= CHANGES_MAX {
            return Err(full());
        }
        Ok(Some(vote.ballot))
    }

    /// Tells whether `voter` may be given a ballot now. It leads to no event, so no journal has who
    /// asked; who was given one is on the [roll](super::roll).
    pub(super) fn admits(&self, cx: &Cx<'_>, setup: &Setup, voter: Voter) -> Decided {
        if !setup.definition.secret {
            return Err(Refusal::conflict(
                "poll_not_secret",
                "only a secret poll gives out ballots",
            ));
        }
        self.identify(cx, setup, &voter)?;
        match self.phase {
            Phase::Draft => Err(not_open()),
            Phase::Open => Ok(Effects::reply(vec![], Reply::Admitted)),
            Phase::Closed => Err(closed()),
        }
    }

    pub(super) fn mine(&self, cx: &Cx<'_>, setup: &Setup, voter: Voter) -> Decided {
        if !matches!(voter, Voter::Ballot(_)) || !setup.definition.secret {
            self.identify(cx, setup, &voter)?;
        }
        Ok(Effects::reply(vec![], Reply::Mine(self.of(setup, &voter))))
    }

    /// What the room has of `voter`.
    pub(super) fn of(&self, setup: &Setup, voter: &Voter) -> Mine {
        let newest = self.history(voter).next();
        let vote = newest.and_then(|(number, vote)| {
            let (choice, words) = match vote.marks.choice(&self.tally.cloud) {
                Choice::Options(marks) => (Some(marks), None),
                Choice::Words(words) => (None, Some(words)),
            };
            Some(MyVote {
                receipt: self.receipt(number)?,
                choice,
                words,
                name: vote.name.as_deref().map(str::to_owned),
                score: self.score(setup, vote).filter(|_| self.tells_right(setup)),
            })
        });
        Mine { vote }
    }

    fn score(&self, setup: &Setup, vote: &Vote) -> Option<Score> {
        let points = points(setup, vote)?;
        Some(Score { points, place: self.tally.scores.place(points) })
    }
}

/// The points of `vote`, if the poll is a quiz.
pub(super) fn points(setup: &Setup, vote: &Vote) -> Option<u16> {
    let Kind::Quiz { right } = setup.definition.kind else { return None };
    let is_right = match &vote.marks {
        super::choice::Marks::Options(marks) => **marks == [right],
        super::choice::Marks::Words(_) => false,
    };
    let limit_ms = setup.definition.seconds.unwrap_or_default().saturating_mul(1000);
    Some(quiz::points(is_right, vote.elapsed_ms, limit_ms))
}
