//! Matchmaking in the hand of a test: every event goes through the codec, what must hold is checked after
//! each, and duties are done exactly once, whatever is lost on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, MatchId, PartyId, TicketId};
use uuid::Uuid;

use super::super::line::Line;
use super::super::ticket::State;
use super::super::*;
use crate::duty::Work;
use crate::games::match_room::{self, Arrangement, Command as MatchCommand, Invited};
use crate::games::skill::{Skill, win_chances};
use crate::party;
use crate::refusal::RefusalKind;
use crate::room::{Reply as Answer, Role, Seed};

pub(super) struct Stage {
    pub(super) room: RoomId,
    pub(super) rules: Matchmaking,
    pub(super) now: Timestamp,
    pub(super) revision: u64,
    /// Every event with its time, as it is stored.
    pub(super) log: Vec<(Timestamp, Vec<u8>)>,
    /// What other rooms did, by duty: asked again they say the same.
    did: BTreeMap<DutyId, (Vec<u8>, DutyResult)>,
    /// Who has a seat in which match, as the matches' rooms know it.
    pub(super) seats: BTreeMap<MatchId, Vec<AccountId>>,
    /// The newest arrangement.
    pub(super) arranged: BTreeMap<MatchId, Arrangement>,
    /// What parties were told.
    pub(super) told: Vec<(PartyId, TicketId, party::Ended)>,
    /// The next so many matches refuse.
    pub(super) refuse: u32,
    /// True to check everything after every event, which takes time with many tickets.
    pub(super) strict: bool,
    /// The first side's chance in each match of two sides.
    pub(super) chances: Vec<f64>,
    /// How long each matched ticket waited, in seconds, and whether it was a party's.
    pub(super) waited: BTreeMap<TicketId, (f64, bool)>,
    noted: DutyId,
}

pub(super) fn start() -> Timestamp {
    Timestamp::from_ms(1_000_000_000)
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub(super) fn person(n: u128) -> Caller {
    Caller::Account { id: account(n), role: Role::User }
}

pub(super) fn member(n: u128, mean: f64) -> Member {
    Member { account: account(n), name: format!("P{n}"), skill: Skill { mean, deviation: 2.0 } }
}

pub(super) fn near(name: &str, ms: u16) -> Region {
    Region { name: name.into(), ms }
}

impl Stage {
    pub(super) fn new(game: &str) -> Self {
        let room = room(game).unwrap();
        Self {
            rules: Matchmaking::new(&room),
            room,
            now: start(),
            revision: 0,
            log: Vec::new(),
            did: BTreeMap::new(),
            seats: BTreeMap::new(),
            arranged: BTreeMap::new(),
            told: Vec::new(),
            refuse: 0,
            strict: true,
            chances: Vec::new(),
            waited: BTreeMap::new(),
            noted: DutyId(0),
        }
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    fn take(&mut self, effects: Effects<Matchmaking>) -> Answer<Reply> {
        self.revision += u64::from(!effects.events.is_empty());
        for event in effects.events {
            let bytes = codec::encode(&event);
            assert!(bytes.len() < 64 * 1024, "an event of {} bytes", bytes.len());
            self.rules.apply(self.now, &codec::decode(&bytes).unwrap());
            if let Event::Passed { .. } = event {
                self.note_matches();
            }
            if self.strict {
                self.log.push((self.now, bytes));
                self.check();
            }
        }
        effects.reply
    }

    /// What must hold whatever happened.
    pub(super) fn check(&self) {
        let rules = &self.rules;
        let mut line = rules.line.clone();
        line.touched.clear();
        assert_eq!(line, Line::of(&rules.tickets, &rules.regions, &rules.running));
        let mut live = BTreeSet::new();
        for (no, entry) in &rules.tickets {
            let placing = rules.placing.iter().filter(|(_, placing)| placing.tickets.contains(no));
            let placing: Vec<_> = placing.map(|(duty, _)| *duty).collect();
            match &entry.state {
                State::Placing { duty, .. } => assert_eq!(placing, [*duty], "in one match"),
                _ => assert_eq!(placing, [], "in no match"),
            }
            let waits = rules.line.waiting.contains_key(&(entry.ticket.since, *no));
            assert_eq!(waits, entry.state == State::Waiting, "in the line while it waits");
            for member in entry.ticket.members.iter().filter(|_| entry.is_live()) {
                assert!(live.insert(member.account), "one ticket for each account");
            }
        }
        assert!(rules.duties().len() <= OWED_MAX);
        assert!(rules.duties().is_sorted_by_key(|duty| duty.id));
    }

    /// Forgets what is in memory, and reads back what is stored.
    pub(super) fn restart(&mut self) {
        let mut again = Matchmaking::new(&self.room);
        for (at, bytes) in &self.log {
            again.apply(*at, &codec::decode(bytes).unwrap());
        }
        // Whose tickets the newest event changed is told once, and not read back.
        again.line.touched.clear();
        self.rules.line.touched.clear();
        assert_eq!(again, self.rules, "rebuilt from its events");
        let stored: Matchmaking = codec::decode(&codec::encode(&again)).unwrap();
        assert_eq!(stored, again, "and from a snapshot");
        self.rules = stored;
    }

    /// Time wakes the room, as the host does it.
    pub(super) fn wake(&mut self) {
        for round in 0.. {
            assert!(round < 64, "time moves on");
            if self.rules.wake_at().is_none_or(|at| at > self.now) {
                break;
            }
            let effects = self.rules.wake(&self.cx(&Caller::System));
            assert!(!effects.events.is_empty(), "whoever is woken has something to do");
            self.take(effects);
        }
    }

    pub(super) fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        self.wake();
        let bytes = codec::encode(&command);
        let effects = self.rules.decide(&self.cx(caller), codec::decode(&bytes).unwrap())?;
        match self.take(effects) {
            Answer::Now(reply) => Ok(reply),
            other => panic!("answered at once: {other:?}"),
        }
    }

    fn ticket(&mut self, caller: &Caller, command: Command) -> Result<TicketInfo, Refusal> {
        match self.ask(caller, command)? {
            Reply::Ticket(info) => Ok(*info),
            Reply::Noted => panic!("no ticket"),
        }
    }

    /// Person `n` of this skill looks for a match.
    pub(super) fn queue(&mut self, n: u128, mean: f64) -> Result<TicketInfo, Refusal> {
        self.queue_at(n, mean, vec![])
    }

    pub(super) fn queue_at(
        &mut self,
        n: u128,
        mean: f64,
        regions: Vec<Region>,
    ) -> Result<TicketInfo, Refusal> {
        let wish = Wish { id: None, party: None, members: vec![member(n, mean)], regions };
        self.ticket(&person(n), Command::Queue(Box::new(wish)))
    }

    /// Party `n` looks for a match.
    pub(super) fn queue_party(
        &mut self,
        n: u128,
        members: Vec<Member>,
        regions: Vec<Region>,
    ) -> Result<TicketInfo, Refusal> {
        let seed = Seed::derive(&[b"party", &n.to_le_bytes(), &self.revision.to_le_bytes()]);
        let (id, party) = (ticket_id(&self.rules.game, &seed), PartyId(Uuid::from_u128(n)));
        let wish = Wish { id: Some(id), party: Some(party), members, regions };
        self.ticket(&Caller::Room(party::room(party)), Command::Queue(Box::new(wish)))
    }

    pub(super) fn cancel(&mut self, n: u128, ticket: TicketId) -> Result<TicketInfo, Refusal> {
        self.ticket(&person(n), Command::Cancel { ticket })
    }

    pub(super) fn look(&mut self, n: u128, ticket: TicketId) -> Result<TicketInfo, Refusal> {
        self.ticket(&person(n), Command::Look { ticket })
    }

    pub(super) fn match_says(&mut self, id: MatchId, command: Command) {
        self.ask(&Caller::Room(match_room::room(id)), command).unwrap();
    }

    /// The match says that it has so many seats, now that it has those who have seats there.
    pub(super) fn match_has_free(&mut self, match_id: MatchId, free: u16) {
        let invited = self.seats.get(&match_id).map_or(0, Vec::len) as u16;
        self.match_says(match_id, Command::Seats { match_id, free, invited });
    }

    /// Time passes, in steps of 20 ms while there is something to do; duties are done as they come.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.wake();
            self.do_duties();
            let next = self.rules.wake_at().filter(|at| *at <= end);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
        }
        self.now = end;
    }

    pub(super) fn do_duties(&mut self) {
        while let Some(duty) = self.rules.duties().into_iter().next() {
            self.do_duty(&duty);
            self.ends(duty.id);
        }
    }

    /// The other room does what it is told, once.
    pub(super) fn do_duty(&mut self, duty: &Duty) {
        let Work::Tell { room, command } = &duty.work else { panic!("{duty:?}") };
        if let Some((before, _)) = self.did.get(&duty.id) {
            assert_eq!(before, command, "a duty stays what it is");
            return;
        }
        let result = match room.kind() {
            "game" => self.by_match(MatchId(room.uuid().unwrap()), command),
            "party" => self.by_party(PartyId(room.uuid().unwrap()), command),
            other => panic!("nothing is owed to {other}"),
        };
        self.did.insert(duty.id, (command.clone(), result));
    }

    /// What the other room said comes in.
    pub(super) fn ends(&mut self, duty: DutyId) {
        let Some((_, result)) = self.did.get(&duty) else { return };
        let effects = self.rules.duty_done(&self.cx(&Caller::System), duty, result.clone());
        self.take(effects);
    }

    fn by_match(&mut self, id: MatchId, command: &[u8]) -> DutyResult {
        if self.refuse > 0 {
            self.refuse -= 1;
            let refusal = Refusal::new(RefusalKind::Gone, "match_over", "the match is over");
            return DutyResult::Refused(refusal);
        }
        let invited = match codec::decode(command).unwrap() {
            MatchCommand::Arrange(arrangement) => {
                assert!(!self.seats.contains_key(&id), "a match is made once");
                let invited = arrangement.invited.clone();
                assert!(invited.len() <= usize::from(arrangement.creation.seats));
                self.arranged.insert(id, *arrangement);
                invited
            }
            MatchCommand::Invite(invited) => invited,
            other => panic!("a match is told {other:?}"),
        };
        let seats = self.seats.entry(id).or_default();
        for Invited { account, .. } in invited {
            assert!(!seats.contains(&account), "one seat for each");
            seats.push(account);
        }
        DutyResult::Done(Vec::new())
    }

    fn by_party(&mut self, id: PartyId, command: &[u8]) -> DutyResult {
        let party::Command::Ended { ticket, ended, .. } = codec::decode(command).unwrap() else {
            panic!("parties are told ends alone")
        };
        assert!(self.told.iter().all(|(_, told, _)| *told != ticket), "told once");
        self.told.push((id, ticket, ended));
        DutyResult::Done(Vec::new())
    }

    /// The match in which person `n` has a seat.
    pub(super) fn match_of(&self, n: u128) -> Option<MatchId> {
        let mut has = self.seats.iter().filter(|(_, seats)| seats.contains(&account(n)));
        has.next().map(|(id, _)| *id)
    }
}

impl Stage {
    /// Asks without waking the room before.
    pub(super) fn ask_asleep(&mut self, caller: &Caller, command: Command) -> Result<(), Refusal> {
        let effects = self.rules.decide(&self.cx(caller), command)?;
        self.take(effects);
        Ok(())
    }
}

/// For the simulation.
impl Stage {
    pub(super) fn queue_skilled(
        &mut self,
        n: u128,
        skill: Skill,
        regions: Vec<Region>,
    ) -> Result<TicketInfo, Refusal> {
        let members = vec![Member { skill, ..member(n, 0.0) }];
        let wish = Wish { id: None, party: None, members, regions };
        self.ticket(&person(n), Command::Queue(Box::new(wish)))
    }

    /// Takes note of the matches that were just found: how long their tickets waited, and how even they are.
    fn note_matches(&mut self) {
        let rules = &self.rules;
        let shape = plays(&rules.game).unwrap().shape;
        for (duty, placing) in rules.placing.range(self.noted..) {
            self.noted = DutyId(duty.0 + 1);
            let tickets: Vec<_> =
                placing.tickets.iter().map(|no| &rules.tickets[no].ticket).collect();
            for ticket in &tickets {
                let waited = placing.at.since(ticket.since).as_secs_f64();
                self.waited.insert(ticket.id, (waited, ticket.party.is_some()));
            }
            let skills: Vec<_> =
                tickets.iter().flat_map(|t| t.members.iter().map(|m| m.skill)).collect();
            let sides: Vec<_> =
                skills.chunks(usize::from(shape.team_size)).map(<[_]>::to_vec).collect();
            // Friends who play each other chose so.
            if let ([_, _], true) = (&sides[..], tickets.len() > 1) {
                self.chances.push(win_chances(&sides)[0]);
            }
        }
    }
}
