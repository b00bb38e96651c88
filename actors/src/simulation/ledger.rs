//! What the disk holds, followed record by record: after every step of the world each new record is held to
//! those before it.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_domain::poll::Poll;
use playhouse_domain::room::Rules;
use playhouse_domain::showing::Showing;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;

use super::Counts;
use super::books::{Seats, Votes};
use super::people;
use crate::host::record::Record;
use crate::journal::Frame;
use crate::journal::memory::MemoryJournal;

/// All rooms that people use.
pub(super) struct Ledger {
    /// How often the disk had changed at the last look.
    changes: u64,
    rooms: BTreeMap<RoomId, Room>,
}

/// The records of one room.
struct Room {
    newest: u64,
    claim: u64,
    at: Timestamp,
    /// The keys of the commands that were done.
    done: BTreeSet<[u8; 32]>,
    book: Book,
}

/// What the rules and the books make of them.
enum Book {
    Seats(Box<Showing>, Seats),
    Votes(Box<Poll>, Votes),
}

impl Ledger {
    pub(super) fn new() -> Self {
        let room =
            |book| Room { newest: 0, claim: 0, at: Timestamp::ZERO, done: BTreeSet::new(), book };
        let showings = people::showings().map(|id| {
            let book = Book::Seats(Box::new(Showing::new(&id)), Seats::default());
            (id, room(book))
        });
        let polls = people::polls().map(|id| {
            let book = Book::Votes(Box::new(Poll::new(&id)), Votes::default());
            (id, room(book))
        });
        Self { changes: 0, rooms: showings.into_iter().chain(polls).collect() }
    }

    /// Takes in what came to the disk since the last look, as far as a crash would leave it.
    pub(super) fn follow(&mut self, disk: &MemoryJournal, counts: &mut Counts) {
        let changes = disk.changes();
        if std::mem::replace(&mut self.changes, changes) == changes {
            return;
        }
        for (id, room) in &mut self.rooms {
            let newest = disk.synced(id);
            assert!(newest >= room.newest, "{id} had {} on the disk, now {newest}", room.newest);
            for frame in disk.synced_frames(id, room.newest + 1) {
                room.take(id, &frame, counts);
                counts.add("records that were followed", 1);
            }
        }
    }

    /// True if the command whose key has this scope is on the disk.
    pub(super) fn has_done(&self, id: &RoomId, scope: &[u8; 32]) -> bool {
        self.rooms.get(id).is_some_and(|room| room.done.contains(scope))
    }

    /// When each hold that lasts ends, in all showings.
    pub(super) fn holds(&self) -> impl Iterator<Item = Timestamp> {
        self.rooms.values().flat_map(|room| match &room.book {
            Book::Seats(_, seats) => Some(seats.ends()).into_iter().flatten(),
            Book::Votes(..) => None.into_iter().flatten(),
        })
    }
}

impl Room {
    fn take(&mut self, id: &RoomId, frame: &Frame, counts: &mut Counts) {
        assert_eq!(frame.seq, self.newest + 1, "{id} has no hole");
        assert!(frame.claim >= self.claim, "claims never fall");
        assert!(frame.at >= self.at, "time never falls");
        (self.newest, self.claim, self.at) = (frame.seq, frame.claim, frame.at);
        let record: Record = codec::decode(&frame.payload).expect("a record");
        if let Some(remember) = &record.remember {
            let new = self.done.insert(remember.scope);
            assert!(new, "the command of record {} of {id} was done before", frame.seq);
        }
        match &mut self.book {
            Book::Seats(rules, seats) => {
                for event in &record.events {
                    let event = codec::decode(event).expect("a fact");
                    seats.take(frame.at, rules, &event, counts);
                    rules.apply(frame.at, &event);
                }
                seats.agrees(rules);
            }
            Book::Votes(rules, votes) => {
                for event in &record.events {
                    let event = codec::decode(event).expect("a fact");
                    votes.take(&event);
                    rules.apply(frame.at, &event);
                }
                votes.agrees(rules);
            }
        }
    }
}
