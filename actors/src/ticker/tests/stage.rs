//! A thread's matches without the thread: time passes as the test says, and the disk is what the test
//! makes of it.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_domain::games::match_room::{Roster, Run, Ticks};
use playhouse_domain::games::replay::{Head, Replay, Verified};
use playhouse_domain::games::{Seat, World, drill};
use playhouse_protocol::game::control::{Closed, ServerControl};
use playhouse_protocol::ids::RoomId;
use tokio::sync::mpsc;

use crate::ticker::figures::ThreadFigures;
use crate::ticker::link::Link;
use crate::ticker::pace::Stopwatch;
use crate::ticker::play::{End, Placed, Play, Reins, WORDS_MAX, Word};
use crate::ticker::port::{Hall, Port};
use crate::ticker::worker::Worker;

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The matches of one thread, and their rooms.
#[derive(Default)]
pub(super) struct Stage {
    now: Cell<Duration>,
    pub(super) worker: Worker,
    pub(super) tapes: Vec<Tape>,
}

/// What one match's room has.
pub(super) struct Tape {
    pub(super) run: Run,
    pub(super) hall: Arc<Hall>,
    pub(super) reins: Arc<Reins>,
    words: mpsc::Receiver<Word>,
    /// True while the disk takes nothing.
    pub(super) stalled: bool,
    /// Everything durable, from the first tick on.
    pub(super) log: Vec<u8>,
    /// The durable ticks.
    pub(super) tick: u32,
    pub(super) checkpoint: Option<Vec<u8>>,
    /// The log from the checkpoint on.
    pub(super) since: Vec<u8>,
    pub(super) end: Option<End>,
}

/// What a match begins as.
pub(super) fn new_run(settings: &drill::Settings, people: u16, bots: u16) -> Run {
    let settings = serde_json::to_string(settings).unwrap();
    let head = Head { game: "drill".to_owned(), rules: 1, settings, seed: 7 };
    let people = (0..people).map(|seat| (Seat(seat), 1)).collect::<Vec<_>>();
    let bots = (0..bots).map(|seat| Seat(people.len() as u16 + seat)).collect();
    let roster = Roster { version: 1, people, bots };
    let (checkpoint, ticks) = (None, Vec::new());
    Run { epoch: 1, head, checkpoint, ticks, tick: 0, without: None, roster, aligned: 0 }
}

impl Stage {
    pub(super) fn add(&mut self, run: Run) -> usize {
        self.add_to(Arc::default(), run)
    }

    /// The match that goes on in `hall`, with the connections that are there.
    pub(super) fn add_to(&mut self, hall: Arc<Hall>, run: Run) -> usize {
        let (tell, words) = mpsc::channel(WORDS_MAX);
        let reins = Arc::new(Reins::new(run.tick));
        let room = RoomId::new("game", format!("m{}", self.tapes.len())).unwrap();
        let placed = Placed { room, hall: hall.clone(), reins: reins.clone(), words: tell };
        let play = Play::new(placed, run.clone()).expect("the match can be played");
        self.worker.add(Box::new(play), self.now.get());
        let (tick, checkpoint, since) = (run.tick, run.checkpoint.clone(), run.ticks.clone());
        let (log, stalled, end) = (Vec::new(), false, None);
        let tape = Tape { run, hall, reins, words, stalled, log, tick, checkpoint, since, end };
        self.tapes.push(tape);
        self.tapes.len() - 1
    }

    pub(super) fn figures(&self) -> &ThreadFigures {
        &self.worker.tools.figures
    }

    /// Nothing is done until `time`.
    pub(super) fn hold_up_until(&self, time: Duration) {
        self.now.set(time);
    }

    /// Everything that is due up to `time` is done.
    pub(super) fn run_until(&mut self, time: Duration) {
        while let Some(due) = self.worker.due().filter(|due| *due <= time) {
            self.now.set(self.now.get().max(due));
            let now = &self.now;
            self.worker.turn(&|| now.get());
            self.tapes.iter_mut().for_each(Tape::serve);
        }
        self.now.set(self.now.get().max(time));
    }
}

impl Tape {
    /// Takes what the match says, as far as the disk does.
    pub(super) fn serve(&mut self) {
        while !self.stalled && self.end.is_none() {
            match self.words.try_recv() {
                Ok(Word::Ticks(ticks, world)) => self.keep(*ticks, world.as_deref()),
                Ok(Word::Ended(end, _)) => self.end = Some(end),
                Err(_) => return,
            }
        }
    }

    fn keep(&mut self, ticks: Ticks, world: Option<&dyn World>) {
        assert_eq!(ticks.from, self.tick, "ticks follow on each other");
        assert!(ticks.to > ticks.from);
        self.log.extend_from_slice(&ticks.packed);
        self.since.extend_from_slice(&ticks.packed);
        self.tick = ticks.to;
        if let Some(world) = world {
            assert_eq!(world.tick(), ticks.to);
            self.checkpoint = Some(world.checkpoint());
            self.since.clear();
        }
        self.reins.durable(ticks.to);
    }

    /// Plays everything durable again.
    pub(super) fn verify(&self) -> Verified {
        let verified = Replay::open(&self.run.head, &self.log).unwrap().verify().unwrap();
        assert_eq!(verified.ticks, self.tick);
        verified
    }

    /// What the next run of the match is told.
    pub(super) fn next_run(&self) -> Run {
        Run {
            epoch: self.run.epoch + 1,
            checkpoint: self.checkpoint.clone(),
            ticks: self.since.clone(),
            tick: self.tick,
            aligned: self.run.roster.version,
            ..self.run.clone()
        }
    }

    /// The world as it is on the disk.
    pub(super) fn world(&self) -> Box<dyn World> {
        let world = match &self.checkpoint {
            Some(checkpoint) => self.run.head.kind().unwrap().restore(checkpoint).unwrap(),
            None => self.run.head.open().unwrap(),
        };
        let mut replay = Replay::from(world, &self.since);
        while replay.play_tick().unwrap() {}
        replay.into_world()
    }

    pub(super) fn attach(&self, seat: u16, entry: u32) -> (Port, Arc<Heard>) {
        let heard = Arc::new(Heard::default());
        let clock = Stopwatch::start();
        let opened = Port::open(self.hall.clone(), Seat(seat), entry, heard.clone(), clock);
        (opened.unwrap().0, heard)
    }
}

/// A link that keeps what it is given.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) datagrams: Mutex<Vec<Bytes>>,
    pub(super) control: Mutex<Vec<ServerControl>>,
    pub(super) closed: Mutex<Vec<Closed>>,
    pub(super) busy: std::sync::atomic::AtomicBool,
}

impl Link for Heard {
    fn is_busy(&self) -> bool {
        self.busy.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn send(&self, datagram: Bytes) {
        self.datagrams.lock().push(datagram);
    }

    fn control(&self, message: &ServerControl) {
        self.control.lock().push(message.clone());
    }

    fn close(&self, why: Closed) {
        self.closed.lock().push(why);
    }
}
