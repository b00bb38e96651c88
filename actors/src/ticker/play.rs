//! One match that runs: its world, its players, and what each tick does.
//!
//! A panic while the world is stepped leaves the ticks before it, which are handed over to be made durable
//! still. A panic while players are told of a tick takes back all that is not durable: if it comes again
//! with every tick it is then at the same tick, and so comes to an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use playhouse_domain::games::match_room::{Finished, Roster, Run, TICKS_AT_ONCE_MAX, Ticks};
use playhouse_domain::games::recording::Recording;
use playhouse_domain::games::replay::{Head, ReplayError};
use playhouse_domain::games::{Bot, GameKind, Happenings, Hears, Seat, SeatInput, World};
use playhouse_protocol::game::{EntitySet, Ring, Schema};
use playhouse_protocol::ids::RoomId;
use tokio::sync::mpsc;

use super::chair::Chairs;
use super::figures::MatchFigures;
use super::gallery::Reel;
use super::pace::micros;
use super::port::Hall;
use super::pulse::Pulse;
use super::worker::Tools;

/// A part of a second after which ticks are made durable: a quarter. At four frames a second a match
/// costs the journal little, and a crash takes less than a second of play.
const FLUSHES_PER_SECOND: u32 = 4;

/// A part of a second that a match may be ahead of the disk: half, the bound of the volatile tier. Then
/// it waits; also where that many ticks had no room in one command.
const AHEAD_PER_SECOND: u32 = 2;

/// How many seconds of ticks lie between checkpoints. 4: at most so much is played again after a crash,
/// at a few microseconds a tick.
const CHECKPOINT_SECONDS: u32 = 4;

/// How a match stops running.
#[derive(Debug)]
pub(crate) enum End {
    /// It was played to its end.
    Over(Finished),
    /// It panicked.
    Fault {
        /// At which tick.
        tick: u32,
        /// What the panic said.
        what: String,
    },
    /// It was told to.
    Stopped,
}

/// What a running match tells its run. The queue has room for all that can be under way at once.
pub(crate) enum Word {
    /// Make these durable, now and then with a checkpoint that is to be made of this copy of the world.
    Ticks(Box<Ticks>, Option<Box<dyn World>>),
    /// The last word. What is left of the match is dropped where it holds nobody up.
    Ended(End, Option<Box<Play>>),
}

/// How many words may be under way: ticks on their way to the disk, the last ticks, the end. One more
/// for what never should be.
pub(crate) const WORDS_MAX: usize = 4;

/// What a run tells its match while it runs.
#[derive(Default)]
pub(crate) struct Reins {
    /// The newest durable tick.
    durable: AtomicU32,
    stop: AtomicBool,
    conclude: AtomicBool,
    has_roster: AtomicBool,
    roster: Mutex<Option<Roster>>,
}

impl Reins {
    pub(crate) fn new(durable: u32) -> Self {
        Self { durable: AtomicU32::new(durable), ..Self::default() }
    }

    pub(crate) fn durable(&self, tick: u32) {
        self.durable.store(tick, Ordering::Release);
    }

    /// Have what was played made durable, and end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// End with the standings as they are.
    pub(crate) fn conclude(&self) {
        self.conclude.store(true, Ordering::Release);
    }

    pub(crate) fn roster(&self, roster: Roster) {
        *self.roster.lock() = Some(roster);
        self.has_roster.store(true, Ordering::Release);
    }

    fn take_roster(&self) -> Option<Roster> {
        if !self.has_roster.swap(false, Ordering::Acquire) {
            return None;
        }
        self.roster.lock().take()
    }
}

/// One match that runs.
pub(crate) struct Play {
    room: RoomId,
    head: Head,
    kind: &'static dyn GameKind,
    schema: &'static Schema,
    recording: Recording,
    /// True while the world is stepped.
    stepping: bool,
    chairs: Chairs,
    pulse: Pulse,
    ring: Ring,
    inputs: Vec<SeatInput>,
    happened: Happenings,
    reel: Reel,
    /// The newest tick that is done.
    tick: u32,
    /// The newest tick that was handed over to be made durable.
    sent: u32,
    checkpointed: u32,
    /// True once everybody who is connected was told that it runs.
    begun: bool,
    hall: Arc<Hall>,
    reins: Arc<Reins>,
    words: mpsc::Sender<Word>,
    figures: MatchFigures,
}

/// What a run gives to a match besides what it is.
pub(crate) struct Placed {
    pub(crate) room: RoomId,
    pub(crate) hall: Arc<Hall>,
    pub(crate) reins: Arc<Reins>,
    pub(crate) words: mpsc::Sender<Word>,
}

impl Play {
    /// The match that goes on as `run` says. Takes all the memory that its ticks need.
    ///
    /// # Errors
    ///
    /// If it cannot be brought to where it was.
    pub(crate) fn new(placed: Placed, run: Run) -> Result<Self, ReplayError> {
        let recording = Recording::begin(&run)?;
        let Placed { room, hall, reins, words } = placed;
        let world = recording.world();
        let (kind, tick, seats) = (world.kind(), world.tick(), world.kind().players_max());
        let schema = kind.schema();
        let mut ring = Ring::new(schema);
        world.write(ring.begin(tick));
        let (epoch, tick_hz) = (run.epoch, schema.tick_hz);
        let players = Vec::with_capacity(usize::from(seats));
        let mut play = Self {
            room,
            head: run.head,
            kind,
            schema,
            recording,
            stepping: false,
            chairs: Chairs::new(seats),
            pulse: Pulse::new(tick_hz, Duration::ZERO),
            ring,
            inputs: Vec::with_capacity(usize::from(seats)),
            happened: Happenings::new(),
            reel: Reel::default(),
            tick,
            sent: tick,
            checkpointed: tick,
            begun: false,
            hall,
            reins,
            words,
            figures: MatchFigures {
                epoch,
                began: tick,
                tick,
                tick_hz,
                players,
                ..MatchFigures::default()
            },
        };
        play.seat(&run.roster);
        Ok(play)
    }

    /// Takes over who plays.
    fn seat(&mut self, roster: &Roster) {
        let (kind, head) = (self.kind, &self.head);
        self.chairs.seat(roster, |seat| bot(kind, head, seat));
    }

    pub(crate) fn tick_hz(&self) -> u16 {
        self.schema.tick_hz
    }

    pub(crate) fn due(&self) -> Duration {
        self.pulse.due()
    }

    /// The first tick is due at `at`.
    pub(crate) fn begin(&mut self, at: Duration) {
        self.pulse = Pulse::new(self.schema.tick_hz, at);
    }

    /// What is due: a tick, or waiting with it. How the match ended, if it did.
    pub(crate) fn turn(&mut self, clock: &dyn Fn() -> Duration, tools: &mut Tools) -> Option<End> {
        if self.reins.stop.load(Ordering::Acquire) {
            self.flush(true);
            return Some(End::Stopped);
        }
        if !self.begun {
            self.begun = true;
            self.hall.begin(self.figures.epoch, self.tick);
            // Its last tick was on the disk, and its end was not.
            if self.is_over() {
                return Some(End::Over(self.recording.finished()));
            }
        }
        let now = clock();
        let skipped = self.pulse.skip(now);
        self.figures.skipped += skipped;
        tools.figures.skipped += skipped;
        if let Some(roster) = self.reins.take_roster() {
            self.recording.align(&roster);
            self.seat(&roster);
        }
        self.chairs.meet(&self.hall, self.schema, self.figures.epoch);
        self.chairs.hear();
        let late = now.saturating_sub(self.pulse.due());
        self.pulse.beaten();
        let ahead = self.tick.saturating_sub(self.reins.durable.load(Ordering::Acquire));
        if ahead >= self.part(AHEAD_PER_SECOND).min(TICKS_AT_ONCE_MAX) {
            self.figures.waited += 1;
            tools.figures.waited += 1;
            return None;
        }
        self.figures.lateness.add(late);
        tools.figures.lateness.add(late);
        self.tick(now, clock, tools);
        self.keep()
    }

    /// So many ticks as there are in the part of a second.
    fn part(&self, parts: u32) -> u32 {
        (u32::from(self.schema.tick_hz) / parts).max(1)
    }

    fn tick(&mut self, now: Duration, clock: &dyn Fn() -> Duration, tools: &mut Tools) {
        let (tick, world) = (self.tick + 1, self.recording.world());
        if let Some(table) = self.ring.newest() {
            self.chairs.close_inputs(micros(now), tick, world, table, &mut self.inputs);
        }
        self.happened.clear();
        self.stepping = true;
        self.recording.step(&self.inputs, &mut self.happened);
        self.stepping = false;
        self.recording.world().write(self.ring.begin(tick));
        let stepped = clock();
        self.figures.step.add(stepped.saturating_sub(now));
        self.tell(stepped, tick, tools);
        if let Some(table) = self.ring.newest() {
            self.reel.tick(&self.hall.gallery, self.schema, table, self.happened.all());
        }
        self.figures.tell.add(clock().saturating_sub(stepped));
        self.tick = tick;
        self.hall.ticked(tick);
    }

    /// Everybody hears what happened and sees what there is.
    fn tell(&mut self, now: Duration, tick: u32, tools: &mut Tools) {
        self.figures.unheard += u64::from(self.happened.dropped());
        for (seat, of) in self.happened.suspicions() {
            tools.figures.suspicions += 1;
            self.chairs.suspect(self.room.as_str(), *seat, *of, tick);
        }
        let world = self.recording.world();
        let Tools { cache, out, slabs, .. } = tools;
        let mut frame = cache.begin(&self.ring);
        for chair in &mut self.chairs.all {
            let (seat, Some(connected)) = (chair.seat, chair.connected.as_mut()) else { continue };
            if !world.has(seat) {
                continue;
            }
            for happening in self.happened.all() {
                if matches!(happening.hears, Hears::All) || happening.hears == Hears::One(seat) {
                    connected.peer.push_event(tick, &happening.event);
                }
            }
            if !connected.peer.due(tick) {
                continue;
            }
            if connected.link.is_busy() {
                connected.peer.choke(micros(now));
                continue;
            }
            let mut seen = EntitySet::EMPTY;
            world.visible(seat, &mut seen);
            let priority = |slot| world.priority(seat, slot);
            connected.peer.encode(micros(now), &mut frame, &seen, &priority, out);
            connected.link.send(slabs.datagram(out));
        }
    }

    /// What follows a tick: the end, ticks made durable, figures.
    fn keep(&mut self) -> Option<End> {
        if self.tick.is_multiple_of(u32::from(self.schema.tick_hz)) {
            self.publish();
        }
        if self.reins.conclude.load(Ordering::Acquire) || self.is_over() {
            self.flush(true);
            self.publish();
            return Some(End::Over(self.recording.finished()));
        }
        let durable = self.reins.durable.load(Ordering::Acquire);
        // One part at a time is on its way: where the disk is slow the parts get larger, not more.
        if self.sent == durable && self.tick - self.sent >= self.part(FLUSHES_PER_SECOND) {
            self.flush(false);
        }
        None
    }

    fn is_over(&self) -> bool {
        self.recording.world().outcome().is_some()
    }

    /// Hands over what is not durable yet, now and then with a copy of the world, and always if it is the
    /// `last` of it: then nothing has to be played again, and the log ends with the world's hash.
    fn flush(&mut self, last: bool) {
        if self.tick == self.sent {
            return;
        }
        let every = CHECKPOINT_SECONDS * u32::from(self.schema.tick_hz);
        let (ticks, world) = if last || self.tick - self.checkpointed >= every {
            self.checkpointed = self.tick;
            let (ticks, world) = self.recording.take_and_fork();
            (ticks, Some(world))
        } else {
            (self.recording.take(false), None)
        };
        self.sent = ticks.to;
        // If nobody takes it any more, the run is gone, and the match ends with its next turn.
        if self.words.try_send(Word::Ticks(Box::new(ticks), world)).is_err() {
            self.reins.stop();
        }
    }

    fn publish(&mut self) {
        self.figures.tick = self.tick;
        self.figures.durable = self.reins.durable.load(Ordering::Acquire);
        self.chairs.figures(&mut self.figures.players);
        if let Some(mut figures) = self.hall.figures.try_lock() {
            figures.copy_from(&self.figures);
        }
    }

    /// Ends it, and says so.
    pub(crate) fn end(self: Box<Self>, end: End) {
        self.hall.end();
        let words = self.words.clone();
        // If nobody hears it, the run is gone, and what is left goes with the error.
        drop(words.try_send(Word::Ended(end, Some(self))));
    }

    /// Ends it after a panic.
    pub(crate) fn break_off(self: Box<Self>, what: String) {
        self.hall.end();
        let tick = self.tick + 1;
        let Self { recording, stepping, words, .. } = *self;
        if stepping && recording.waiting() > 0 {
            drop(words.try_send(Word::Ticks(Box::new(recording.salvage()), None)));
        }
        drop(words.try_send(Word::Ended(End::Fault { tick, what }, None)));
    }
}

/// A bot for `seat`. None where the settings cannot be read, which the world could.
fn bot(kind: &dyn GameKind, head: &Head, seat: Seat) -> Option<Box<dyn Bot>> {
    // Another chance for each seat, by a step that leads to every number (the golden ratio's).
    let chance = u64::from(seat.0 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    kind.bot(&head.settings, seat, head.seed.wrapping_add(chance)).ok()
}
