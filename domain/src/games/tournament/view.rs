//! What is seen of a tournament, and what each event changes of it.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::ids::{AccountId, MatchId, TournamentId};
use serde::{Serialize, Serializer};

use super::command::{Format, FormatKind, Phase, Seeding};
use super::draw::Side;
use super::event::{Event, Why};
use super::pairing::{By, Pairing, Stage, Winner};
use super::table::Line;
use super::{Setup, Tournament};
use crate::time::Timestamp;

/// A tournament as it is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TournamentInfo {
    /// What it is and where it stands.
    #[serde(flatten)]
    pub head: Head,
    /// Who registered: those who take part by seed, then the others.
    pub players: Vec<PlayerInfo>,
    /// Every pairing, by number.
    pub pairings: Vec<PairingInfo>,
    /// How everybody stands, the best first; none of an elimination, and before it has begun.
    pub table: Option<Vec<Line>>,
}

/// What a tournament is and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Its id.
    pub id: TournamentId,
    /// What it is called.
    pub title: String,
    /// The game's name.
    pub game: String,
    /// The settings of each match, whole, as JSON text.
    pub settings: String,
    /// How it is played.
    pub format: FormatKind,
    /// True if the third place is played for.
    pub third_place: bool,
    /// How many rounds there are or will be; none where that depends on how many come.
    pub rounds: Option<u16>,
    /// True if its matches count for ratings.
    pub rated: bool,
    /// Who is taken to be how good.
    pub seeding: Seeding,
    /// For how many minutes one can check in.
    pub check_in_minutes: u16,
    /// For how many minutes a result can be disputed.
    pub dispute_minutes: u16,
    /// How many can take part.
    pub players_max: u16,
    /// Who made it.
    pub organizer: AccountId,
    /// Where it stands.
    pub phase: Phase,
    /// When it was made.
    pub created_at: Timestamp,
    /// When check-in opens or has opened; none if nobody needs to check in.
    pub check_in_at: Option<Timestamp>,
    /// When it begins or was to begin.
    pub starts_at: Timestamp,
    /// When it began.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it was called off.
    pub why: Option<Why>,
}

/// Somebody who registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlayerInfo {
    /// Who.
    pub account: AccountId,
    /// The name to show.
    pub name: String,
    /// The rating at the time of registering, if it was known.
    pub rating: Option<i32>,
    /// The seed, from 1, once it has begun; none for whoever does not take part.
    pub seed: Option<u16>,
    /// True if they said that they are there.
    pub checked_in: bool,
    /// True if they withdrew after it had begun.
    pub out: bool,
    /// The place, once it is concluded.
    pub place: Option<u16>,
}

/// Two who meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairingInfo {
    /// Its number, from 0.
    pub pairing: u16,
    /// Its round, from 1.
    pub round: u16,
    /// The seed of the first side; 0: nobody; none: not known yet.
    pub a: Option<u16>,
    /// The seed of the second side.
    pub b: Option<u16>,
    /// Where it stands.
    pub state: State,
    /// The newest match.
    pub match_id: Option<MatchId>,
    /// How many matches there were.
    pub matches: u8,
    /// Who has won, where there is a result.
    pub winner: Option<Winner>,
    /// By what.
    pub by: Option<By>,
    /// Until when the result can be disputed, or a dispute waits for a decision.
    pub until: Option<Timestamp>,
    /// Which sides have said that the result is right.
    pub accepted: [bool; 2],
    /// Who disputes the result; why is told to those who may decide it.
    pub dispute: Option<DisputeInfo>,
}

/// Where a pairing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for its players, its round, its turn or its match.
    Waiting,
    /// The match is there: it can be entered.
    Playing,
    /// There is a result, which can be disputed.
    Reported,
    /// It is disputed.
    Disputed,
    /// It is over.
    Over,
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisputeInfo {
    /// Who.
    pub by: AccountId,
    /// Why.
    pub text: Option<String>,
}

/// What changed. What is named replaces what was there; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What the tournament is and where it stands, always.
    #[serde(flatten)]
    pub head: Head,
    /// Players who are new or changed.
    #[serde(serialize_with = "values")]
    pub players: BTreeMap<AccountId, PlayerInfo>,
    /// Players who are gone.
    pub gone: BTreeSet<AccountId>,
    /// Pairings that are new or changed.
    #[serde(serialize_with = "values")]
    pub pairings: BTreeMap<u16, PairingInfo>,
    /// Lines of the table that changed, in no order: the table is sorted anew.
    #[serde(serialize_with = "values")]
    pub table: BTreeMap<u16, Line>,
}

fn values<K, V: Serialize, S: Serializer>(
    map: &BTreeMap<K, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map.values())
}

impl Change {
    /// Takes in `next`, which follows.
    pub(super) fn merge(&mut self, next: Self) {
        self.head = next.head;
        self.gone.retain(|account| !next.players.contains_key(account));
        self.players.retain(|account, _| !next.gone.contains(account));
        self.players.extend(next.players);
        self.gone.extend(next.gone);
        self.pairings.extend(next.pairings);
        self.table.extend(next.table);
    }
}

impl Tournament {
    /// The tournament as it is seen.
    pub(super) fn info(&self, presides: bool) -> Option<TournamentInfo> {
        let head = self.head(self.setup.as_deref()?);
        let players = (0..self.entrants.len()).filter_map(|at| self.player_info(at));
        let pairings = 0..self.pairings.len() as u16;
        let pairings = pairings.filter_map(|no| self.pairing_info(no, presides));
        let table = self.table().filter(|_| self.field > 0);
        Some(TournamentInfo {
            head,
            players: players.collect(),
            pairings: pairings.collect(),
            table,
        })
    }

    fn head(&self, setup: &Setup) -> Head {
        let creation = &setup.creation;
        let third_place = matches!(creation.format, Format::Elimination { third_place: true });
        let asked = match creation.format {
            Format::Swiss { rounds } => rounds,
            Format::Elimination { .. } | Format::RoundRobin => None,
        };
        Head {
            id: self.id,
            title: creation.title.clone(),
            game: creation.game.clone(),
            settings: creation.settings.clone().unwrap_or_default(),
            format: creation.format.kind(),
            third_place,
            rounds: if self.field > 0 { Some(self.rounds(setup)) } else { asked },
            rated: creation.rated,
            seeding: creation.seeding,
            check_in_minutes: creation.check_in_minutes,
            dispute_minutes: creation.dispute_minutes,
            players_max: creation.players_max,
            organizer: setup.organizer,
            phase: self.phase,
            created_at: setup.created_at,
            check_in_at: setup.check_in_at(),
            starts_at: self.starts_at,
            began_at: self.began_at,
            ended_at: self.ended_at,
            why: self.why,
        }
    }

    fn player_info(&self, at: usize) -> Option<PlayerInfo> {
        let entrant = self.entrants.get(at)?;
        Some(PlayerInfo {
            account: entrant.account,
            name: entrant.entry.name.clone(),
            rating: entrant.entry.rating,
            seed: (at < usize::from(self.field)).then_some(at as u16 + 1),
            checked_in: entrant.checked_in,
            out: entrant.out,
            place: entrant.place,
        })
    }

    fn pairing_info(&self, no: u16, presides: bool) -> Option<PairingInfo> {
        let one = self.pairings.get(usize::from(no))?;
        let outcome = one.stage.outcome();
        let [a, b] = one.sides.map(seed);
        let (state, accepted, dispute) = match &one.stage {
            Stage::Waiting | Stage::Playing { arranged: false, .. } => {
                (State::Waiting, [false; 2], None)
            }
            Stage::Playing { .. } => (State::Playing, [false; 2], None),
            Stage::Reported { accepted, .. } => (State::Reported, *accepted, None),
            Stage::Disputed { by, text, .. } => {
                let text = presides.then(|| text.clone());
                (State::Disputed, [false; 2], Some(DisputeInfo { by: *by, text }))
            }
            Stage::Over(_) => (State::Over, [false; 2], None),
        };
        Some(PairingInfo {
            pairing: no,
            round: one.round,
            a,
            b,
            state,
            match_id: one.match_id,
            matches: one.matches,
            winner: outcome.map(|outcome| outcome.winner),
            by: outcome.map(|outcome| outcome.by),
            until: one.until().filter(|_| !one.stage.is_playing()),
            accepted,
            dispute,
        })
    }

    /// What `event`, just applied, changed.
    pub(super) fn changed(&self, event: &Event, presides: bool) -> Option<Change> {
        let head = self.head(self.setup.as_deref()?);
        let info = |no| Some((no, self.pairing_info(no, presides)?));
        let mut change = Change {
            head,
            players: BTreeMap::new(),
            gone: BTreeSet::new(),
            pairings: self.touched(event).into_iter().filter_map(info).collect(),
            table: BTreeMap::new(),
        };
        let all = (0..self.entrants.len()).filter_map(|at| self.player_info(at));
        match event {
            Event::Registered { account, .. }
            | Event::CheckedIn { account }
            | Event::Withdrew { account } => {
                let own = all.filter(|info| info.account == *account);
                change.players = own.map(|info| (info.account, info)).collect();
                change.gone.extend(change.players.is_empty().then_some(*account));
            }
            Event::Started { .. } | Event::Concluded { .. } => {
                change.players = all.map(|info| (info.account, info)).collect();
            }
            _ => {}
        }
        change.table = self.lines_of(event);
        Some(change)
    }

    /// The pairings that `event` changed.
    fn touched(&self, event: &Event) -> Vec<u16> {
        match event {
            Event::Drawn { .. } => (0..self.pairings.len() as u16).collect(),
            Event::Settled { pairing, .. } => {
                let next = self.goes(*pairing).into_iter().flatten().map(|(to, _)| to);
                next.chain([*pairing]).collect()
            }
            Event::Began { pairing }
            | Event::Arranged { pairing }
            | Event::Again { pairing, .. }
            | Event::Reported { pairing, .. }
            | Event::Accepted { pairing, .. }
            | Event::Disputed { pairing, .. } => vec![*pairing],
            Event::Created { .. }
            | Event::Registered { .. }
            | Event::Withdrew { .. }
            | Event::CheckInOpened { .. }
            | Event::CheckedIn { .. }
            | Event::Started { .. }
            | Event::Concluded { .. }
            | Event::Cancelled(_) => vec![],
        }
    }

    /// The lines of the table that `event` changed: those of who met, and of whom they met before.
    fn lines_of(&self, event: &Event) -> BTreeMap<u16, Line> {
        let lines = |is: &dyn Fn(u16) -> bool| -> BTreeMap<u16, Line> {
            let Some(table) = self.table() else { return BTreeMap::new() };
            let changed = table.into_iter().filter(|line| is(line.seed - 1));
            changed.map(|line| (line.seed, line)).collect()
        };
        match event {
            Event::Started { .. } => lines(&|_| true),
            Event::Settled { pairing, .. } => {
                let Some(one) = self.pairings.get(usize::from(*pairing)) else {
                    return BTreeMap::new();
                };
                let met: BTreeSet<Side> =
                    one.sides.into_iter().flat_map(|s| self.met_by(s)).collect();
                lines(&|no| met.contains(&Side::Player(no)))
            }
            _ => BTreeMap::new(),
        }
    }

    /// `side`, and everybody they met in pairings that are over.
    fn met_by(&self, side: Side) -> impl Iterator<Item = Side> {
        let own = move |one: &&Pairing| one.over().is_some() && one.sides.contains(&side);
        self.pairings.iter().filter(own).flat_map(|one| one.sides).chain([side])
    }
}

/// The seed as it is shown: 0 for nobody, none for whoever is not known.
fn seed(side: Side) -> Option<u16> {
    match side {
        Side::Unknown => None,
        Side::Nobody => Some(0),
        Side::Player(no) => Some(no + 1),
    }
}
