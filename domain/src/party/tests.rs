//! Stories of a party: every event goes through the codec, and rows and views are checked after each.

use std::collections::BTreeMap;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, MatchId, PartyId};
use uuid::Uuid;

use super::*;
use crate::duty::Work;
use crate::games::skill::Skill;
use crate::matchmaking::{self, TicketInfo};
use crate::refusal::RefusalKind;
use crate::room::{Reply as Answer, Role, Seed};
use crate::unique::{self, UniqueName};

struct Stage {
    room: RoomId,
    rules: Party,
    now: Timestamp,
    revision: u64,
    log: Vec<(Timestamp, Vec<u8>)>,
    rows: BTreeMap<String, String>,
    settled: BTreeMap<Ticket, Result<Reply, Refusal>>,
}

fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

fn person(n: u128) -> Caller {
    Caller::Account { id: account(n), role: Role::User }
}

fn member(n: u128) -> Member {
    Member { account: account(n), name: format!("P{n}"), skill: Skill::default() }
}

impl Stage {
    fn empty() -> Self {
        let room = room(PartyId(Uuid::from_u128(7)));
        Self {
            rules: Party::new(&room),
            room,
            now: Timestamp::from_ms(1_000_000_000),
            revision: 0,
            log: Vec::new(),
            rows: BTreeMap::new(),
            settled: BTreeMap::new(),
        }
    }

    /// A party that person 1 leads, with its code.
    fn new() -> (Self, String) {
        let mut stage = Self::empty();
        let ticket = stage.later(&person(1), Command::Create { name: "P1".into() });
        stage.do_duties();
        let Ok(Reply::Party(info)) = &stage.settled[&ticket] else { panic!("it is made") };
        let code = info.code.clone().expect("with a code");
        (stage, code)
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    fn take(&mut self, effects: Effects<Party>) -> Answer<Reply> {
        self.revision += u64::from(!effects.events.is_empty());
        for event in effects.events {
            let bytes = codec::encode(&event);
            let event = codec::decode(&bytes).unwrap();
            self.rules.apply(self.now, &event);
            self.log.push((self.now, bytes));
            for row in self.rules.row_changes(&event) {
                match row.value {
                    Some(value) => drop(self.rows.insert(row.key, value)),
                    None => drop(self.rows.remove(&row.key)),
                }
            }
            let rows = self.rules.rows().into_iter().map(|row| (row.key, row.value.unwrap()));
            assert_eq!(rows.collect::<BTreeMap<_, _>>(), self.rows, "lists show what is");
            assert!(self.rules.members.len() <= MEMBERS_MAX);
            let leads = self.rules.members.iter().any(|m| Some(m.account) == self.rules.leader);
            assert!(leads || self.rules.is_over(), "whoever leads is in it");
        }
        self.settled.extend(effects.settled);
        effects.reply
    }

    fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        self.wake();
        let effects = self.rules.decide(&self.cx(caller), command)?;
        match self.take(effects) {
            Answer::Now(reply) => Ok(reply),
            other => panic!("answered at once: {other:?}"),
        }
    }

    fn later(&mut self, caller: &Caller, command: Command) -> Ticket {
        let effects = self.rules.decide(&self.cx(caller), command).unwrap();
        match self.take(effects) {
            Answer::Later(ticket) => ticket,
            other => panic!("answered later: {other:?}"),
        }
    }

    fn refused(&mut self, n: u128, command: Command) -> String {
        self.ask(&person(n), command).unwrap_err().code.into_owned()
    }

    fn wake(&mut self) {
        while self.rules.wake_at().is_some_and(|at| at <= self.now) {
            let effects = self.rules.wake(&self.cx(&Caller::System));
            assert!(!effects.events.is_empty());
            self.take(effects);
        }
    }

    /// What the party owes to the room of matchmaking.
    fn owes(&self) -> Option<(DutyId, matchmaking::Command)> {
        self.rules.duties().into_iter().find_map(|Duty { id, work }| match work {
            Work::Tell { room, command } if room.kind() == "matchmaking" => {
                Some((id, codec::decode(&command).unwrap()))
            }
            _ => None,
        })
    }

    /// The rooms of codes do as they are told.
    fn do_duties(&mut self) {
        loop {
            let of_code = |duty: &Duty| matches!(&duty.work, Work::Tell { room, .. } if room.kind() == UniqueName::KIND);
            let Some(duty) = self.rules.duties().into_iter().find(of_code) else { return };
            self.end(duty.id, DutyResult::Done(codec::encode(&())));
        }
    }

    fn end(&mut self, duty: DutyId, result: DutyResult) {
        let effects = self.rules.duty_done(&self.cx(&Caller::System), duty, result);
        assert!(!effects.events.is_empty(), "it takes note");
        self.take(effects);
    }

    /// Person `n` comes by the code.
    fn come(&mut self, n: u128, code: &str) -> Result<Reply, Refusal> {
        let code = Some(code.to_lowercase());
        self.ask(&person(n), Command::Join { name: format!("P{n}"), code })
    }

    /// They look for a match; the room of matchmaking has the ticket.
    fn search(&mut self, members: &[u128]) -> TicketId {
        let members = members.iter().map(|n| member(*n)).collect();
        let command = Command::Search { game: "arena".into(), members, regions: vec![] };
        let ticket = self.later(&person(1), command);
        let (duty, matchmaking::Command::Queue(wish)) = self.owes().unwrap() else { panic!() };
        self.end(duty, DutyResult::Done(codec::encode(&told(&wish, self.now))));
        assert!(matches!(self.settled[&ticket], Ok(Reply::Ticket(_))));
        wish.id.unwrap()
    }

    fn ended(&mut self, ticket: TicketId, ended: Ended) {
        let by = Caller::Room(matchmaking::room("arena").unwrap());
        self.ask(&by, Command::Ended { ticket, game: "arena".into(), ended }).unwrap();
    }

    fn seen(&self, n: u128) -> Option<PartyInfo> {
        self.rules.view(self.now, &Audience::Own(account(n)))
    }

    fn rebuilt(&self) {
        let mut again = Party::new(&self.room);
        for (at, bytes) in &self.log {
            again.apply(*at, &codec::decode(bytes).unwrap());
        }
        assert_eq!(again, self.rules, "rebuilt from its events");
        assert_eq!(codec::decode::<Party>(&codec::encode(&again)).unwrap(), again);
    }
}

fn told(wish: &matchmaking::Wish, since: Timestamp) -> matchmaking::Reply {
    matchmaking::Reply::Ticket(Box::new(TicketInfo {
        id: wish.id.unwrap(),
        game: "arena".into(),
        state: matchmaking::Stands::Waiting,
        since,
        ended_at: None,
        members: Vec::new(),
        party: wish.party,
        session: None,
        region: None,
        estimate: None,
        waiting: 1,
    }))
}

#[test]
fn people_come_by_invitation_or_by_the_code() {
    let (mut stage, code) = Stage::new();
    let invite = Command::Invite { account: account(2), name: "P2".into() };
    stage.ask(&person(1), invite).unwrap();
    assert!(stage.seen(2).unwrap().code.is_none(), "who was asked in sees no code");
    stage.ask(&person(2), Command::Join { name: "P2".into(), code: None }).unwrap();
    stage.come(3, &code).unwrap();
    let info = stage.seen(3).unwrap();
    assert_eq!(
        info.members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(),
        ["P1", "P2", "P3"]
    );
    assert_eq!((info.code, info.invited), (Some(code), vec![]));
    assert_eq!(stage.seen(4), None);
    assert_eq!(stage.come(4, "222222").unwrap_err().code, "not_found");
    stage.rebuilt();
}

#[test]
fn an_invitation_runs_out() {
    let (mut stage, _) = Stage::new();
    let invite = Command::Invite { account: account(2), name: "P2".into() };
    stage.ask(&person(1), invite).unwrap();
    stage.now = stage.now + INVITED_FOR;
    assert_eq!(stage.refused(2, Command::Join { name: "P2".into(), code: None }), "not_found");
    assert_eq!(stage.seen(2), None);
}

#[test]
fn the_leader_alone_rules_it() {
    let (mut stage, code) = Stage::new();
    stage.come(2, &code).unwrap();
    let two = account(2);
    for command in [
        Command::Invite { account: account(3), name: "P3".into() },
        Command::Remove { account: account(1) },
        Command::HandOver { account: two },
    ] {
        assert_eq!(stage.refused(2, command), "not_the_leader");
    }
    stage.ask(&person(1), Command::HandOver { account: two }).unwrap();
    stage.ask(&person(2), Command::Remove { account: account(1) }).unwrap();
    assert_eq!(stage.seen(1), None);
    assert_eq!(stage.come(1, &code).unwrap_err().code, "removed_from_party");
    let invite = Command::Invite { account: account(1), name: "P1".into() };
    stage.ask(&person(2), invite).unwrap();
    stage.come(1, &code).unwrap();
    stage.rebuilt();
}

#[test]
fn whoever_is_sent_away_is_told_that_and_no_more() {
    let (mut stage, code) = Stage::new();
    stage.come(2, &code).unwrap();
    let effects =
        stage.rules.decide(&stage.cx(&person(1)), Command::Remove { account: account(2) });
    stage.take(effects.unwrap());
    let event = codec::decode(&stage.log.last().unwrap().1).unwrap();
    let told = stage.rules.change(&event, &Audience::Own(account(2))).unwrap();
    assert_eq!((told.open, told.code, told.members), (false, None, vec![]));
    assert_eq!(stage.rules.change(&event, &Audience::Own(account(9))), None);
    assert_eq!(stage.rules.audience(&person(2)), None);
}

#[test]
fn when_the_leader_goes_the_oldest_leads_and_the_last_puts_out_the_light() {
    let (mut stage, code) = Stage::new();
    stage.come(2, &code).unwrap();
    stage.come(3, &code).unwrap();
    stage.ask(&person(1), Command::Leave).unwrap();
    assert_eq!(stage.seen(2).unwrap().leader, account(2));
    stage.ask(&person(2), Command::Leave).unwrap();
    stage.ask(&person(3), Command::Leave).unwrap();
    let owed = stage.rules.duties();
    let [Duty { work: Work::Tell { command, .. }, .. }] = &owed[..] else { panic!("{owed:?}") };
    let command: unique::Command = codec::decode(command).unwrap();
    assert_eq!(command, unique::Command::Release, "the code is free again");
    stage.do_duties();
    assert!(stage.rules.duties().is_empty() && stage.rows.is_empty());
    assert_eq!(stage.come(4, &code).unwrap_err().code, "not_found");
    stage.rebuilt();
}

#[test]
fn a_party_in_which_nothing_happens_ends() {
    let (mut stage, code) = Stage::new();
    stage.come(2, &code).unwrap();
    stage.now = stage.now + IDLE_MAX;
    stage.wake();
    stage.do_duties();
    assert!(stage.rules.is_over() && stage.rows.is_empty() && stage.rules.wake_at().is_none());
    stage.rebuilt();
}

#[test]
fn the_leader_looks_for_a_match_for_all() {
    let (mut stage, code) = Stage::new();
    stage.come(2, &code).unwrap();
    let search = |members: &[u128]| Command::Search {
        game: "arena".into(),
        members: members.iter().map(|n| member(*n)).collect(),
        regions: vec![],
    };
    assert_eq!(stage.refused(2, search(&[1, 2])), "not_the_leader");
    assert_eq!(stage.refused(1, search(&[1])), "party_changed");
    let ticket = stage.search(&[1, 2]);
    assert_eq!(stage.seen(2).unwrap().search.unwrap().ticket, ticket);
    assert_eq!(stage.refused(1, search(&[1, 2])), "already_waiting");
    let of = MatchId(Uuid::from_u128(9));
    stage.ended(ticket, Ended::Matched(of));
    let info = stage.seen(2).unwrap();
    assert_eq!((info.search, info.found.unwrap().session), (None, of));
    stage.search(&[1, 2]);
    stage.rebuilt();
}

#[test]
fn whoever_comes_or_goes_takes_the_ticket_back() {
    let leave = |stage: &mut Stage| drop(stage.ask(&person(2), Command::Leave).unwrap());
    let remove = |stage: &mut Stage| {
        stage.ask(&person(1), Command::Remove { account: account(2) }).unwrap();
    };
    let come = |stage: &mut Stage| {
        let code = stage.seen(1).unwrap().code.unwrap();
        stage.come(3, &code).unwrap();
    };
    for change in [leave as fn(&mut Stage), remove, come] {
        let (mut stage, code) = Stage::new();
        stage.come(2, &code).unwrap();
        let ticket = stage.search(&[1, 2]);
        change(&mut stage);
        let (duty, command) = stage.owes().unwrap();
        assert_eq!(command, matchmaking::Command::Cancel { ticket });
        assert_eq!(stage.seen(1).unwrap().search, None);
        // What it says and that the ticket is over come in whatever order.
        stage.ended(ticket, Ended::Cancelled);
        assert!(stage.rules.search.is_some(), "until nothing is owed");
        stage.end(duty, DutyResult::Done(Vec::new()));
        assert_eq!(stage.rules.search, None);
        stage.rebuilt();
    }
}

#[test]
fn a_ticket_that_is_being_made_is_taken_back_once_it_is() {
    let (mut stage, code) = Stage::new();
    stage.come(2, &code).unwrap();
    let members = vec![member(1), member(2)];
    let settles =
        stage.later(&person(1), Command::Search { game: "arena".into(), members, regions: vec![] });
    stage.ask(&person(2), Command::Leave).unwrap();
    let (duty, matchmaking::Command::Queue(wish)) = stage.owes().unwrap() else { panic!() };
    stage.end(duty, DutyResult::Done(codec::encode(&told(&wish, stage.now))));
    assert!(stage.settled.contains_key(&settles));
    let (duty, command) = stage.owes().unwrap();
    assert_eq!(command, matchmaking::Command::Cancel { ticket: wish.id.unwrap() });
    stage.end(duty, DutyResult::Done(Vec::new()));
    stage.ended(wish.id.unwrap(), Ended::Cancelled);
    assert_eq!(stage.rules.search, None);
    stage.rebuilt();
}

#[test]
fn what_matchmaking_refuses_the_leader_is_told() {
    let (mut stage, _) = Stage::new();
    let command =
        Command::Search { game: "arena".into(), members: vec![member(1)], regions: vec![] };
    let settles = stage.later(&person(1), command);
    let (duty, _) = stage.owes().unwrap();
    let refusal = Refusal::new(RefusalKind::Conflict, "matchmaking_full", "20000 wait already");
    stage.end(duty, DutyResult::Refused(refusal.clone()));
    assert_eq!(stage.settled[&settles], Err(refusal));
    assert_eq!(stage.rules.search, None);
    let other = Caller::Room(matchmaking::room("chess").unwrap());
    let ended = Command::Ended {
        ticket: TicketId(Uuid::nil()),
        game: "arena".into(),
        ended: Ended::Expired,
    };
    assert_eq!(stage.ask(&other, ended).unwrap_err().code, "not_found");
}

#[test]
fn a_party_is_full_at_eight() {
    let (mut stage, code) = Stage::new();
    (2..=8).for_each(|n| drop(stage.come(n, &code).unwrap()));
    assert_eq!(stage.come(9, &code).unwrap_err().code, "party_full");
}
