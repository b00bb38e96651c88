//! A tournament in the hand of a test: every event goes through the codec, and what must hold is checked after
//! each. Duties are done at once, and the matches that are owed are remembered.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, MatchId, RoomId, TournamentId};
use serde_json::Value;
use uuid::Uuid;

use super::super::pairing::Stage as PairingStage;
use super::super::*;
use crate::duty::Work;
use crate::games::match_room::{self, Arrangement};
use crate::room::{Reply as Answer, Role, Seed};

pub(super) struct Stage {
    pub(super) room: RoomId,
    pub(super) rules: Tournament,
    pub(super) now: Timestamp,
    revision: u64,
    /// Every event with its time, as it is stored.
    log: Vec<(Timestamp, Vec<u8>)>,
    rows: BTreeMap<(String, String), String>,
    /// What those who watch have, by whether they preside.
    seen: [Option<Value>; 2],
    /// The matches of each pairing, the newest last, with who is invited.
    pub(super) matches: BTreeMap<u16, Vec<(MatchId, Arrangement)>>,
    /// False: duties stay owed.
    pub(super) arranges: bool,
    /// True: what is seen and listed is not compared after every record, which takes its time.
    quiet: bool,
    /// What changed and was not taken in yet.
    untold: [Option<Change>; 2],
}

/// After how many records what is seen and listed is compared, where that is not done after each. 512: it takes
/// as long as hundreds of records.
const COMPARED_EVERY: u64 = 512;

pub(super) fn start() -> Timestamp {
    Timestamp::from_ms(1_000_000_000)
}

pub(super) fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub(super) fn person(n: u128) -> Caller {
    Caller::Account { id: account(n), role: Role::User }
}

pub(super) fn organizer() -> Caller {
    Caller::Account { id: account(1000), role: Role::Organizer }
}

pub(super) fn entry(n: u128) -> Entry {
    Entry { name: format!("P{n}"), rating: None }
}

/// An hour from now, with a check-in of 15 minutes and 5 minutes to dispute.
pub(super) fn creation(format: Format) -> Creation {
    Creation {
        game: "arena".into(),
        title: "Friday".into(),
        format,
        settings: None,
        rated: true,
        starts_at: start() + minutes(60),
        check_in_minutes: 15,
        dispute_minutes: 5,
        players_max: 64,
        seeding: Seeding::AsEntered,
    }
}

pub(super) const ELIMINATION: Format = Format::Elimination { third_place: true };

impl Stage {
    pub(super) fn empty() -> Self {
        let room = room(TournamentId(Uuid::from_u128(7)));
        Self {
            rules: Tournament::new(&room),
            room,
            now: start(),
            revision: 0,
            log: Vec::new(),
            rows: BTreeMap::new(),
            seen: [None, None],
            matches: BTreeMap::new(),
            arranges: true,
            quiet: false,
            untold: [None, None],
        }
    }

    pub(super) fn new(creation: Creation) -> Self {
        let mut stage = Self::empty();
        stage.ask(&organizer(), Command::Create(Box::new(creation))).unwrap();
        stage
    }

    /// One that has begun, with `n` players by seed.
    pub(super) fn begun(creation: Creation, n: u16) -> Self {
        Self::new(creation).begins(n)
    }

    /// As [`Self::begun`]; what is seen and listed is compared now and then.
    pub(super) fn begun_quietly(creation: Creation, n: u16) -> Self {
        let mut stage = Self::new(creation);
        stage.quiet = true;
        stage.begins(n)
    }

    fn begins(mut self, n: u16) -> Self {
        for who in 1..=u128::from(n) {
            self.ask(&person(who), Command::Register(entry(who))).unwrap();
        }
        self.ask(&organizer(), Command::Start).unwrap();
        self
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    /// Takes in one record, as the host does.
    fn take(&mut self, effects: Effects<Tournament>) -> Answer<Reply> {
        if !effects.events.is_empty() {
            assert!(!self.rules.phase.is_over(), "nothing happens after the end");
            self.revision += 1;
        }
        let mut changes = std::mem::take(&mut self.untold);
        for event in effects.events {
            let bytes = codec::encode(&event);
            assert!(bytes.len() < 64 * 1024, "an event of {} bytes", bytes.len());
            let event: Event = codec::decode(&bytes).unwrap();
            self.rules.apply(self.now, &event);
            self.log.push((self.now, bytes));
            for (audience, change) in
                [Audience::Public, Audience::Presenter].iter().zip(&mut changes)
            {
                match (change, self.rules.change(&event, audience)) {
                    (Some(change), Some(next)) => Tournament::merge(change, next),
                    (change, next) => *change = next,
                }
            }
            for row in self.rules.row_changes(&event) {
                let key = (row.table, row.key);
                match row.value {
                    Some(value) => drop(self.rows.insert(key, value)),
                    None => assert!(self.rows.remove(&key).is_some(), "{key:?} was there"),
                }
            }
        }
        if self.quiet && !self.revision.is_multiple_of(COMPARED_EVERY) {
            self.untold = changes;
        } else {
            self.follow(changes);
            self.check();
        }
        effects.reply
    }

    /// Those who watch take in what changed, and have what there is.
    fn follow(&mut self, changes: [Option<Change>; 2]) {
        for (at, change) in changes.into_iter().enumerate() {
            let audience = [Audience::Public, Audience::Presenter][at].clone();
            let Some(info) = self.rules.view(self.now, &audience) else { continue };
            let info = serde_json::to_value(info).unwrap();
            match (&mut self.seen[at], change) {
                (Some(seen), Some(change)) => {
                    take_in(seen, serde_json::to_value(change).unwrap());
                    assert_eq!(sorted(seen.clone()), sorted(info), "what is seen is what is");
                }
                (seen, _) => *seen = Some(info),
            }
        }
    }

    /// What must hold whatever happened.
    fn check(&self) {
        let rules = &self.rules;
        let rows = rules.rows().into_iter().map(|row| ((row.table, row.key), row.value.unwrap()));
        assert_eq!(rows.collect::<BTreeMap<_, _>>(), self.rows, "lists show what is");
        let accounts: BTreeSet<_> = rules.entrants.iter().map(|one| one.account).collect();
        assert_eq!(accounts.len(), rules.entrants.len(), "everybody once");
        let playing: Vec<_> = rules.pairings.iter().filter(|one| one.stage.is_playing()).collect();
        assert!(playing.len() <= AT_ONCE_MAX);
        let mut busy = BTreeSet::new();
        for one in &playing {
            for player in one.players().expect("two who are known play") {
                assert!(busy.insert(player), "nobody plays two matches at once");
                assert!(!rules.is_out(player));
            }
        }
        for one in &rules.pairings {
            assert_eq!(one.match_id.is_some(), one.matches > 0);
            assert!(one.over().is_none() || one.is_known());
        }
        let ids: BTreeSet<_> = rules.pairings.iter().filter_map(|one| one.match_id).collect();
        let had = rules.pairings.iter().filter(|one| one.match_id.is_some()).count();
        assert_eq!(ids.len(), had, "a match belongs to one pairing");
    }

    pub(super) fn wake(&mut self) {
        for round in 0.. {
            assert!(round < 64, "time moves on");
            if self.rules.wake_at().is_none_or(|at| at > self.now) {
                break;
            }
            let effects = self.rules.wake(&self.cx(&Caller::System));
            assert!(!effects.events.is_empty(), "whoever is woken has something to do");
            self.take(effects);
            self.arrange();
        }
    }

    /// Time goes on to `at`, and everything in between happens when it is due.
    pub(super) fn until(&mut self, at: Timestamp) {
        while let Some(due) = self.rules.wake_at().filter(|due| *due <= at) {
            self.now = self.now.max(due);
            self.wake();
        }
        self.now = at;
    }

    /// Does what is owed.
    pub(super) fn arrange(&mut self) {
        while self.arranges
            && let Some(duty) = self.rules.duties().into_iter().next()
        {
            self.remember(&duty);
            let effects =
                self.rules.duty_done(&self.cx(&Caller::System), duty.id, DutyResult::Done(vec![]));
            self.take(effects);
        }
    }

    fn remember(&mut self, duty: &Duty) {
        let Work::Tell { room, command } = &duty.work else { panic!("{duty:?}") };
        let match_room::Command::Arrange(arrangement) = codec::decode(command).unwrap() else {
            panic!("{duty:?}")
        };
        let id = MatchId(room.uuid().unwrap());
        assert_eq!(*room, match_room::room(id));
        let of = self.rules.pairings.iter().position(|one| one.match_id == Some(id)).unwrap();
        let before = self.matches.entry(of as u16).or_default();
        assert!(before.iter().all(|(other, _)| *other != id), "each match once");
        before.push((id, *arrangement));
    }

    /// The duty that is owed first comes to nothing.
    pub(super) fn refuse_duty(&mut self) {
        let Some(duty) = self.rules.duties().into_iter().next() else { return };
        let no = Refusal::new(crate::refusal::RefusalKind::Conflict, "no", "no");
        let effects =
            self.rules.duty_done(&self.cx(&Caller::System), duty.id, DutyResult::Refused(no));
        self.take(effects);
    }

    pub(super) fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        self.wake();
        let effects = self
            .rules
            .decide(&self.cx(caller), codec::decode(&codec::encode(&command)).unwrap())?;
        let answer = self.take(effects);
        self.arrange();
        self.wake();
        match answer {
            Answer::Now(reply) => {
                assert!(codec::encode(&reply).len() < 400, "a reply is small");
                Ok(reply)
            }
            other => panic!("answered at once: {other:?}"),
        }
    }

    /// The room of match `id` tells how it came out.
    pub(super) fn tell(&mut self, id: MatchId, outcome: MatchOutcome) -> Result<Reply, Refusal> {
        let caller = Caller::Room(match_room::room(id));
        self.ask(&caller, Command::Result { match_id: id, outcome })
    }

    /// The accounts of both sides of `pairing`.
    pub(super) fn sides(&self, pairing: u16) -> [AccountId; 2] {
        let players = self.rules.pairings[usize::from(pairing)].players().expect("two meet");
        players.map(|player| self.rules.entrants[usize::from(player)].account)
    }

    /// The newest match of `pairing` comes out as `how`: `a`, `b`, `draw`, `a only`, `b only`, `none`, `void`,
    /// `left` (both, before the end), `a left`.
    pub(super) fn plays(&mut self, pairing: u16, how: &str) -> Result<Reply, Refusal> {
        let id = self.rules.pairings[usize::from(pairing)].match_id.expect("it is played");
        let outcome = outcome(self.sides(pairing), how);
        self.tell(id, outcome)
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.wake();
    }

    /// The pairings that are played now.
    pub(super) fn playing(&self) -> Vec<u16> {
        let all = (0..).zip(&self.rules.pairings);
        all.filter(|(_, one)| matches!(one.stage, PairingStage::Playing { .. }))
            .map(|(no, _)| no)
            .collect()
    }

    /// Holds at the end of any story.
    pub(super) fn end(mut self) {
        let untold = std::mem::take(&mut self.untold);
        self.follow(untold);
        self.check();
        let mut again = Tournament::new(&self.room);
        for (at, bytes) in &self.log {
            let event: Event = codec::decode(bytes).unwrap();
            again.apply(*at, &event);
        }
        assert_eq!(again, self.rules, "a rebuild leads to the same state");
        let saved = codec::encode(&self.rules);
        assert_eq!(codec::decode::<Tournament>(&saved).unwrap(), self.rules, "so does a snapshot");
    }
}

/// What a match's room tells where the match between `sides` came out as `how`.
pub(super) fn outcome([a, b]: [AccountId; 2], how: &str) -> MatchOutcome {
    let (came, places, void) = match how {
        "a" => (vec![a, b], [Some(1), Some(2)], false),
        "b" => (vec![a, b], [Some(2), Some(1)], false),
        "draw" => (vec![a, b], [Some(1), Some(1)], false),
        "left" => (vec![a, b], [None, None], false),
        "a left" => (vec![a, b], [None, Some(1)], false),
        "a only" => (vec![a], [Some(1), None], false),
        "b only" => (vec![b], [None, Some(1)], true),
        "none" => (vec![], [None, None], true),
        "void" => (vec![a, b], [None, None], true),
        other => panic!("no match comes out as {other}"),
    };
    MatchOutcome { came, placings: vec![(a, places[0]), (b, places[1])], void }
}

/// Takes `change` into `seen` as a page does.
fn take_in(seen: &mut Value, change: Value) {
    let Value::Object(change) = change else { panic!("{change}") };
    for (name, value) in change {
        match name.as_str() {
            "players" => replace(&mut seen["players"], &value, "account"),
            "pairings" => replace(&mut seen["pairings"], &value, "pairing"),
            "gone" => {
                let gone = value.as_array().unwrap();
                seen["players"]
                    .as_array_mut()
                    .unwrap()
                    .retain(|one| !gone.contains(&one["account"]));
            }
            "table" if value.as_array().unwrap().is_empty() => {}
            "table" => {
                if seen["table"].is_null() {
                    seen["table"] = Value::Array(vec![]);
                }
                replace(&mut seen["table"], &value, "seed");
            }
            _ => seen[name] = value,
        }
    }
}

fn replace(all: &mut Value, changed: &Value, key: &str) {
    let all = all.as_array_mut().unwrap();
    for one in changed.as_array().unwrap() {
        match all.iter_mut().find(|old| old[key] == one[key]) {
            Some(old) => *old = one.clone(),
            None => all.push(one.clone()),
        }
    }
}

/// In an order that does not depend on how it came to be.
fn sorted(mut seen: Value) -> Value {
    for (list, key) in [("players", "account"), ("pairings", "pairing"), ("table", "seed")] {
        if let Some(list) = seen[list].as_array_mut() {
            list.sort_by_key(|one| (one[key].as_u64(), one[key].to_string()));
        }
    }
    seen
}
