//! What is seen of a poll, as JSON.
//!
//! What moves with every vote (the tallies) stands apart from what does not (the question), so that
//! a change is small whatever the question is.

use serde::Serialize;

use super::chain::Hash;
use super::command::{Mine, Phase, PollInfo};
use super::definition::{Kind, Results};
use super::event::Event;
use super::runoff::Runoff;
use super::voter::Voter;
use super::{Poll, Setup};
use crate::room::Audience;

/// How many words everybody sees. 50: what a cloud can draw.
pub const WORDS_SHOWN: usize = 50;

/// How many words the presenter sees. 200: what can be moderated by hand.
pub const WORDS_PRESENTED: usize = 200;

/// What an audience sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// The poll.
    pub poll: PollInfo,
    /// The tallies.
    pub tally: TallyView,
    /// For the presenter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageView>,
    /// For one account: its own vote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mine: Option<Mine>,
}

/// What changed: each part that did, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Change {
    /// The poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<Box<PollInfo>>,
    /// The tallies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tally: Option<TallyView>,
    /// For the presenter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageView>,
}

/// The tallies. Where the results are hidden there is how many voted and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TallyView {
    /// How many ballots count.
    pub ballots: u32,
    /// How many for each option; for a rating, each of 1 to 5; of rankings, the first places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Vec<u32>>,
    /// The words that were said most often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<WordView>>,
    /// How many different words were said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct: Option<usize>,
    /// How a ranked poll came out, once it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runoff: Option<Box<Runoff>>,
    /// The best of a quiz, once it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<Vec<PlaceView>>,
}

/// A word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordView {
    /// The word.
    pub word: String,
    /// How many ballots have it.
    pub count: u32,
    /// True if it is out of sight; the presenter alone sees it then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// One of the best of a quiz.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceView {
    /// 1 for the best. Equal points share a place.
    pub place: u32,
    /// The ballot's number.
    pub ballot: u32,
    /// The name, if one was given and is not out of sight.
    pub name: Option<String>,
    /// The points.
    pub points: u16,
}

/// What the presenter alone sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageView {
    /// How many records the log has, over all rounds.
    pub records: u32,
    /// The hash of the newest record.
    pub head: Hash,
    /// How many personal codes may vote.
    pub codes: usize,
    /// How many words are out of sight.
    pub hidden_words: usize,
    /// The ballots whose names are out of sight, at most 100.
    pub hidden_names: Vec<u32>,
}

impl Change {
    /// Takes in `next`, which follows.
    pub fn merge(&mut self, next: Self) {
        let Self { poll, tally, stage } = next;
        self.poll = poll.or(self.poll.take());
        self.tally = tally.or(self.tally.take());
        self.stage = stage.or(self.stage.take());
    }
}

impl Poll {
    /// True if everybody sees the results.
    pub(super) fn is_shown(&self, setup: &Setup) -> bool {
        let by_rule = match setup.definition.results {
            Results::Live => self.phase != Phase::Draft,
            Results::AfterClose => self.phase == Phase::Closed,
            Results::Presenter => false,
        };
        self.shown.unwrap_or(by_rule)
    }

    /// True if everybody may know the right answer and who has which points.
    pub(super) fn tells_right(&self, setup: &Setup) -> bool {
        self.phase == Phase::Closed && self.is_shown(setup)
    }

    /// The poll as everybody, or its presenter, sees it.
    pub(super) fn info(&self, presenter: bool) -> Option<PollInfo> {
        let setup = self.setup.as_deref()?;
        let asks = &setup.definition;
        let told = presenter || self.phase != Phase::Draft;
        let right = match asks.kind {
            Kind::Quiz { right } => Some(right).filter(|_| presenter || self.tells_right(setup)),
            _ => None,
        };
        let closing = (self.phase == Phase::Closed).then(|| self.closing_hash()).flatten();
        Some(PollInfo {
            id: self.id,
            kind: asks.kind.name().to_owned(),
            title: told.then(|| asks.title.clone()),
            options: if told { asks.options.clone() } else { Vec::new() },
            max: if told { asks.kind.max(asks.options.len()) as u32 } else { 0 },
            voters: asks.voters,
            results: asks.results,
            change: asks.change,
            secret: asks.secret,
            ballot_key: asks.ballot_key.clone(),
            questions: asks.questions,
            seconds: asks.seconds,
            phase: self.phase,
            round: self.round,
            opened_at: self.opened_at,
            closes_at: self.closes_at,
            closed_at: self.closed_at,
            shown: self.is_shown(setup),
            right,
            join_code: setup.code.won(),
            closing,
        })
    }

    fn closing_hash(&self) -> Option<Hash> {
        (self.log.newest() > 0).then(|| self.log.head())
    }

    /// The tallies as everybody, or the presenter, sees them. Those of a secret poll are seen by
    /// nobody while it is open: a bar that moves as somebody taps tells what was tapped.
    fn tally_view(&self, setup: &Setup, presenter: bool) -> TallyView {
        let (asks, tally) = (&setup.definition, &self.tally);
        let hidden = TallyView { ballots: tally.ballots, ..TallyView::default() };
        let sealed = asks.secret && self.phase != Phase::Closed;
        if sealed || !presenter && !self.is_shown(setup) {
            return hidden;
        }
        let closed = self.phase == Phase::Closed;
        match asks.kind {
            Kind::Words { .. } => TallyView {
                words: Some(self.words(presenter)),
                distinct: Some(tally.cloud.distinct()),
                ..hidden
            },
            Kind::Ranked => TallyView {
                counts: Some(tally.counts.clone()),
                runoff: self.runoff.clone(),
                ..hidden
            },
            Kind::Quiz { .. } => TallyView {
                counts: Some(tally.counts.clone()),
                best: closed.then(|| self.best()),
                ..hidden
            },
            _ => TallyView { counts: Some(tally.counts.clone()), ..hidden },
        }
    }

    fn words(&self, presenter: bool) -> Vec<WordView> {
        let cloud = &self.tally.cloud;
        let words = cloud.said().map(|(word, count)| WordView {
            word: word.to_owned(),
            count,
            hidden: cloud.is_hidden(word),
        });
        match presenter {
            true => words.take(WORDS_PRESENTED).collect(),
            false => words.filter(|word| !word.hidden).take(WORDS_SHOWN).collect(),
        }
    }

    fn best(&self) -> Vec<PlaceView> {
        let name = |ballot: u32| {
            let name = self.log.vote(ballot).and_then(|vote| vote.name.as_deref());
            name.filter(|_| !self.hidden_names.contains(&ballot)).map(str::to_owned)
        };
        let best = self.tally.scores.best();
        best.map(|(place, ballot, points)| PlaceView { place, ballot, name: name(ballot), points })
            .collect()
    }

    fn stage(&self) -> StageView {
        StageView {
            records: self.log.newest(),
            head: self.log.head(),
            codes: self.codes.len(),
            hidden_words: self.tally.cloud.hidden().len(),
            hidden_names: self.hidden_names.iter().copied().take(100).collect(),
        }
    }

    pub(super) fn view_for(&self, audience: &Audience) -> Option<View> {
        let setup = self.setup.as_deref()?;
        let presenter = *audience == Audience::Presenter;
        let mine = match audience {
            Audience::Own(account) => Some(self.of(setup, &Voter::Account(*account))),
            _ => None,
        };
        Some(View {
            poll: self.info(presenter)?,
            tally: self.tally_view(setup, presenter),
            stage: presenter.then(|| self.stage()),
            mine,
        })
    }

    /// What `event`, just applied, changed for `audience`. One account's own part is told to it in
    /// the answers to its votes.
    pub(super) fn change_of(&self, event: &Event, audience: &Audience) -> Option<Change> {
        let setup = self.setup.as_deref()?;
        let presenter = match audience {
            Audience::Public => false,
            Audience::Presenter => true,
            Audience::Own(_) => return None,
        };
        let tally = || Some(self.tally_view(setup, presenter));
        let stage = presenter.then(|| self.stage());
        match event {
            Event::Created { .. }
            | Event::Updated(_)
            | Event::CodeAnswered(_)
            | Event::CodeDrawn(_)
            | Event::Opened { .. }
            | Event::Closed { .. }
            | Event::Reset { .. }
            | Event::Shown(_) => {
                let poll = self.info(presenter).map(Box::new);
                Some(Change { poll, tally: tally(), stage })
            }
            Event::Voted { .. } => self.vote_change(setup, presenter),
            Event::WordHidden { .. } | Event::NameHidden { .. } => {
                let shown = presenter || self.is_shown(setup);
                shown.then(|| Change { poll: None, tally: tally(), stage })
            }
            Event::CodesAdded(_) => {
                let stage = Some(stage?);
                Some(Change { poll: None, tally: None, stage })
            }
            Event::QuestionsTold(_) => None,
        }
    }

    /// What a vote changed. Where the results are hidden a changed vote changes nothing.
    fn vote_change(&self, setup: &Setup, presenter: bool) -> Option<Change> {
        let newest = self.log.newest();
        let changed = self.log.vote(newest).is_some_and(|vote| vote.ballot != newest);
        if !presenter && changed && !self.is_shown(setup) {
            return None;
        }
        let tally = Some(self.tally_view(setup, presenter));
        Some(Change { poll: None, tally, stage: presenter.then(|| self.stage()) })
    }
}
