//! Paper: the kind of room that keeps what is too large for the contest's own.
//!
//! The tests of a problem and the programs that are sent in are kept under the hash of what they are: whoever puts
//! the same again finds it there, and nothing is ever another than it was. It is written in parts, since a command has
//! a bound. The server alone writes and reads; who may is decided by the contest.

use playhouse_protocol::ids::RoomId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::judge::Blob;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Audience, Caller, Cx, Effects, Policy, Retention, Rules, Seed};
use crate::time::Timestamp;

/// How many bytes a part has, the last of them fewer. 48 KiB: three quarters of the largest command.
pub const PART_BYTES: usize = 48 * 1024;

/// How many parts there are at most. 44: 2 MiB and a bit, for statement and tests of a problem.
pub const PARTS_MAX: usize = 44;

/// What is on paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    parts: Vec<Blob>,
    of: u16,
}

/// What can be asked. For the server alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Write part `part`. What is there already stays.
    Write {
        /// Which part, from 0: the first that is missing, or one that is there.
        part: u16,
        /// Of how many.
        of: u16,
        /// What it says.
        bytes: Blob,
    },
    /// Read all of it.
    Read,
}

/// What became true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The next part is there.
    Written {
        /// Of how many.
        of: u16,
        /// What it says.
        bytes: Blob,
    },
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It is written.
    Noted,
    /// All of it.
    Whole(Blob),
}

/// Under which id `bytes` are kept for `of`, a contest or somebody in it.
#[must_use]
pub fn id(of: Uuid, bytes: &[u8]) -> Uuid {
    Seed::derive(&[b"paper", of.as_bytes(), bytes]).uuid(0)
}

/// The room of paper `id`.
#[must_use]
pub fn room(id: Uuid) -> RoomId {
    RoomId::of(Paper::KIND, id)
}

/// The commands that write `bytes`. None of more than [`PARTS_MAX`] parts.
#[must_use]
pub fn writing(bytes: &[u8]) -> Option<Vec<Command>> {
    let of = bytes.len().div_ceil(PART_BYTES).max(1);
    if of > PARTS_MAX {
        return None;
    }
    let part = |part: usize| {
        let end = bytes.len().min((part + 1) * PART_BYTES);
        let bytes = Blob(bytes[part * PART_BYTES..end].to_vec());
        Command::Write { part: part as u16, of: of as u16, bytes }
    };
    Some((0..of).map(part).collect())
}

impl Paper {
    fn write(&self, part: u16, of: u16, bytes: Blob) -> Result<Effects<Self>, Refusal> {
        let (at, of_all) = (usize::from(part), usize::from(of));
        let fits = bytes.len() <= PART_BYTES && of_all <= PARTS_MAX && at < of_all;
        let same = self.parts.is_empty() || self.of == of;
        if let Some(there) = self.parts.get(at) {
            if same && *there == bytes {
                return Ok(Effects::reply(vec![], Reply::Noted));
            }
        } else if fits && same && at == self.parts.len() {
            return Ok(Effects::reply(vec![Event::Written { of, bytes }], Reply::Noted));
        }
        let message = format!("part {part} of {of} is not what is missing");
        Err(Refusal::new(RefusalKind::Conflict, "bad_part", message))
    }
}

impl Rules for Paper {
    const KIND: &'static str = "paper";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = ();
    type Change = ();

    fn new(_: &RoomId) -> Self {
        Self { parts: Vec::new(), of: 0 }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        if *cx.caller != Caller::System {
            return Err(Refusal::not_found("paper"));
        }
        match command {
            Command::Write { part, of, bytes } => self.write(part, of, bytes),
            Command::Read if self.of == 0 || self.parts.len() < usize::from(self.of) => {
                Err(Refusal::not_found("paper"))
            }
            Command::Read => {
                let whole = self.parts.iter().flat_map(|part| part.0.iter().copied()).collect();
                Ok(Effects::reply(vec![], Reply::Whole(Blob(whole))))
            }
        }
    }

    fn apply(&mut self, _: Timestamp, event: &Event) {
        let Event::Written { of, bytes } = event;
        self.of = *of;
        self.parts.push(bytes.clone());
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<()> {
        None
    }

    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn redact(command: &Command) -> String {
        format!("{command:?}")
    }

    /// What is on paper is no inspector's business.
    fn inspect(event: &Event) -> serde_json::Value {
        let Event::Written { of, bytes } = event;
        serde_json::json!({ "of": of, "bytes": bytes.len() })
    }

    fn policy() -> Policy {
        Policy {
            // It is what it is; once it sleeps its state says all of it.
            retention: Retention::Nothing,
            ..Policy::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cx(caller: &Caller) -> Cx<'_> {
        static ROOM: std::sync::LazyLock<RoomId> = std::sync::LazyLock::new(|| room(Uuid::nil()));
        let now = Timestamp::from_ms(5);
        Cx { now, room: &ROOM, caller, seed: Seed([0; 32]), revision: 0 }
    }

    fn tell(paper: &mut Paper, command: Command) -> Result<Reply, String> {
        let effects = paper.decide(&cx(&Caller::System), command);
        let effects = effects.map_err(|refusal| refusal.code.into_owned())?;
        effects.events.iter().for_each(|event| paper.apply(Timestamp::from_ms(5), event));
        match effects.reply {
            crate::room::Reply::Now(reply) => Ok(reply),
            _ => panic!("it answers"),
        }
    }

    #[test]
    fn what_is_written_in_parts_is_read_whole_and_never_changes() {
        let bytes: Vec<u8> = (0..PART_BYTES * 2 + 100).map(|n| n as u8).collect();
        let mut paper = Paper::new(&room(Uuid::nil()));
        let parts = writing(&bytes).unwrap();
        assert_eq!(parts.len(), 3);
        assert_eq!(tell(&mut paper, parts[1].clone()), Err("bad_part".into()), "not in order");
        for part in &parts {
            assert_eq!(tell(&mut paper, Command::Read), Err("not_found".into()), "not yet");
            assert_eq!(tell(&mut paper, part.clone()), Ok(Reply::Noted));
            assert_eq!(tell(&mut paper, part.clone()), Ok(Reply::Noted), "again is no harm");
        }
        assert_eq!(tell(&mut paper, Command::Read), Ok(Reply::Whole(Blob(bytes))));
        let other = Command::Write { part: 0, of: 3, bytes: "other".into() };
        assert_eq!(tell(&mut paper, other), Err("bad_part".into()));
    }

    #[test]
    fn nobody_but_the_server_reads_paper() {
        let mut paper = Paper::new(&room(Uuid::nil()));
        tell(&mut paper, Command::Write { part: 0, of: 1, bytes: "secret".into() }).unwrap();
        for caller in [Caller::Nobody, Caller::Room(room(Uuid::nil()))] {
            assert!(paper.decide(&cx(&caller), Command::Read).is_err());
            assert_eq!(paper.audience(&caller), None);
        }
        assert!(!format!("{paper:?}").contains("secret"));
    }

    #[test]
    fn what_is_too_much_for_paper_is_not_written() {
        assert!(writing(&vec![0; PART_BYTES * PARTS_MAX]).is_some());
        assert!(writing(&vec![0; PART_BYTES * PARTS_MAX + 1]).is_none());
        assert_eq!(writing(b"").unwrap().len(), 1);
    }
}
