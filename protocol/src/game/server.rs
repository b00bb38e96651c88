//! The server's end of one player's connection.

use super::Micros;
use super::bits::BitWriter;
use super::cache::Frame;
use super::down::{DownAck, DownHead};
use super::event::{Event, Outbox};
use super::figures::PeerFigures;
use super::input::{Origin, Resolved, ViewTick};
use super::inputs::{Fate, Inputs};
use super::knowledge::{Knowledge, Sent};
use super::ladder::{Ladder, Sample};
use super::packet::{DEPTH_UNKNOWN, Dropped, HOLD_MAX_MS, Malformed, expand};
use super::path::{Loss, REORDERED_MAX, RoundTrip, Window};
use super::pick::Gained;
use super::schema::Schema;
use super::set::EntitySet;
use super::snapshot::{self, Sight};
use super::table::Table;
use super::up::{Up, UpAck, UpInputs};
use crate::limits::{DATAGRAM_BYTES_MAX, RING_TICKS};

/// How many datagrams a player may have sent beyond two a tick. 64: what a stall of two seconds lets loose.
const BURST: u64 = 64;

/// The round trip that is expected before any is known. 100 ms.
const TRIP_EXPECTED_US: i64 = 100_000;

/// What may differ between players.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerConfig {
    /// The largest datagram, in bytes; at most [`DATAGRAM_BYTES_MAX`], at least 256.
    pub datagram_bytes: usize,
    /// True: the send rate follows the round trip. False where the transport paces itself (a WebSocket).
    pub ladder: bool,
}

impl Default for PeerConfig {
    fn default() -> Self {
        Self { datagram_bytes: DATAGRAM_BYTES_MAX, ladder: true }
    }
}

/// The server's end of one player's connection. Lives in the ticker, which asks each tick, in this order:
/// [`receive`](Self::receive) for each datagram, [`close_input`](Self::close_input), then after the step
/// [`push_event`](Self::push_event), and if [`due`](Self::due), [`encode`](Self::encode). Ticks count from 1.
///
/// Takes its memory when it is made, and no more later.
#[derive(Debug)]
pub struct ServerPeer {
    schema: &'static Schema,
    epoch: u8,
    config: PeerConfig,
    knowledge: Knowledge,
    gained: Gained,
    inputs: Inputs,
    outbox: Outbox,
    /// The player's datagrams; when the newest came, and how early its newest input was.
    window: Window,
    newest_at: Micros,
    depth: i8,
    /// When the newest tick closed.
    closed_at: Micros,
    trip: RoundTrip,
    loss: Loss,
    steady: Loss,
    ladder: Ladder,
    /// The newest tick that was sent; 0 for none.
    sent: u32,
    /// True until a datagram that said that events were given up is acknowledged.
    resync: bool,
    /// How many more datagrams may come, in microseconds of a tick each, and since when that grows.
    allowed_us: u64,
    allowed_at: Micros,
    figures: PeerFigures,
}

impl ServerPeer {
    /// A player that acknowledged nothing yet, of the match's `epoch`.
    #[must_use]
    pub fn new(schema: &'static Schema, epoch: u8, config: PeerConfig) -> Self {
        let datagram_bytes = config.datagram_bytes.clamp(256, DATAGRAM_BYTES_MAX);
        Self {
            schema,
            epoch,
            config: PeerConfig { datagram_bytes, ..config },
            knowledge: Knowledge::new(schema.entities_max),
            gained: Gained::new(schema.entities_max),
            inputs: Inputs::new(),
            outbox: Outbox::new(),
            window: Window::default(),
            newest_at: Micros(0),
            depth: DEPTH_UNKNOWN,
            closed_at: Micros(0),
            trip: RoundTrip::default(),
            loss: Loss::default(),
            steady: Loss::default(),
            ladder: Ladder::new(),
            sent: 0,
            resync: false,
            allowed_us: BURST * schema.tick_us(),
            allowed_at: Micros(0),
            figures: PeerFigures::default(),
        }
    }

    /// Takes in a datagram of the player.
    ///
    /// # Errors
    ///
    /// Why it was dropped; nothing changed then but a count.
    pub fn receive(&mut self, now: Micros, datagram: &[u8]) -> Result<(), Dropped> {
        let taken = self.take(now, datagram);
        match taken {
            Ok(()) => self.figures.received += 1,
            Err(_) => self.figures.dropped += 1,
        }
        taken
    }

    fn take(&mut self, now: Micros, datagram: &[u8]) -> Result<(), Dropped> {
        if !self.allow(now) {
            return Err(Dropped::TooMany);
        }
        let up = Up::read(datagram, self.schema)?;
        if up.epoch != self.epoch {
            return Err(Dropped::Epoch);
        }
        let number = self.window.number(up.seq).ok_or(Malformed::Unknown)?;
        if !self.window.is_new(number) {
            return Err(Dropped::Replayed);
        }
        let acked = match &up.ack {
            None => None,
            Some(ack) => Some(self.acked_tick(ack.tick)?),
        };
        let newest = self.window.newest().is_none_or(|newest| number > newest);
        self.window.add(number);
        if newest {
            (self.newest_at, self.depth) = (now, DEPTH_UNKNOWN);
        }
        if let (Some(ack), Some(tick)) = (&up.ack, acked) {
            self.take_acks(now, tick, ack);
        }
        if let Some(inputs) = &up.inputs {
            self.take_inputs(now, inputs, acked.unwrap_or(0), newest);
        }
        Ok(())
    }

    /// True if the player may have sent one more by `now`: two a tick, and a burst after a stall.
    fn allow(&mut self, now: Micros) -> bool {
        let tick_us = self.schema.tick_us();
        let more = now.since(self.allowed_at).saturating_mul(2);
        self.allowed_us = self.allowed_us.saturating_add(more).min(BURST * tick_us);
        self.allowed_at = self.allowed_at.max(now);
        let Some(left) = self.allowed_us.checked_sub(tick_us) else { return false };
        self.allowed_us = left;
        true
    }

    /// The tick that an acknowledgement means.
    fn acked_tick(&self, low: u16) -> Result<u32, Malformed> {
        let tick = expand(self.sent, low).ok_or(Malformed::NeverSent)?;
        let ago = self.sent.checked_sub(tick).ok_or(Malformed::NeverSent)?;
        if (ago as usize) < RING_TICKS && !self.knowledge.was_sent(tick) {
            return Err(Malformed::NeverSent);
        }
        Ok(tick)
    }

    fn take_acks(&mut self, now: Micros, tick: u32, ack: &UpAck) {
        for ago in (0..32).rev().filter(|ago| ack.bits >> ago & 1 == 1) {
            if let Some(tick) = tick.checked_sub(ago + 1) {
                self.acked(tick);
            }
        }
        if let Some(sent) = self.acked(tick)
            && ack.hold_ms < HOLD_MAX_MS
        {
            let us = now.since(sent.at).saturating_sub(u64::from(ack.hold_ms) * 1_000);
            let us = u32::try_from(us).unwrap_or(u32::MAX);
            self.trip.add(now, us);
            let tick = (self.inputs.closed().max(self.sent), self.schema.tick_us());
            let sample = Sample { tick: sent.tick, sent: sent.at, us };
            self.ladder.sample(now, sample, &mut self.trip, tick);
        }
        self.judge(now, tick);
    }

    fn acked(&mut self, tick: u32) -> Option<Sent> {
        let sent = self.knowledge.ack(tick)?;
        if let Some(end) = sent.events_end {
            self.outbox.ack(end);
        }
        self.resync &= !sent.resync;
        Some(sent)
    }

    /// Counts what came or did not, of the ticks that the acknowledgement of `tick` tells of.
    fn judge(&mut self, now: Micros, tick: u32) {
        for ago in (REORDERED_MAX..=32).rev() {
            let lost = tick.checked_sub(ago).and_then(|tick| self.knowledge.judge(tick));
            if let Some(lost) = lost {
                self.loss.add(lost);
                self.steady.add(lost);
            }
        }
        if let Some(permille) = self.steady.steady_permille()
            && self.ladder.lost(now, permille)
        {
            self.steady = Loss::default();
        }
    }

    fn take_inputs(&mut self, now: Micros, up: &UpInputs, acked: u32, newest: bool) {
        let closed = self.inputs.closed();
        let Some(tick) = expand(closed, up.tick) else { return };
        if newest && closed > 0 {
            let tick_us = self.schema.tick_us() as i64;
            let ahead_us = (i64::from(tick) - i64::from(closed)) * tick_us;
            let depth_us = ahead_us - (now.0 as i64).wrapping_sub(self.closed_at.0 as i64);
            self.depth = (depth_us * 4).div_euclid(tick_us).clamp(-127, 127) as i8;
        }
        // Nobody sees what did not come yet.
        let seen = ViewTick { tick: acked, frac: 0 };
        let view = up.view(acked).unwrap_or_default().min(seen);
        for (ago, input) in (0..).zip(&up.inputs[..up.count]) {
            let Some(tick) = tick.checked_sub(ago) else { break };
            match self.inputs.offer(tick, *input, view.back(ago)) {
                Fate::Taken | Fate::Known => {}
                Fate::Late => self.figures.inputs_late += u64::from(ago == 0),
                Fate::Early => self.figures.inputs_early += u64::from(ago == 0),
            }
        }
    }

    /// Closes the inputs of `tick`, later than all before: what the player does in it. What comes for it
    /// afterwards is dropped and counted.
    pub fn close_input(&mut self, now: Micros, tick: u32) -> Resolved {
        self.closed_at = now;
        let resolved = self.inputs.close(tick);
        match resolved.origin {
            Origin::Real => self.figures.inputs_real += 1,
            Origin::Held => self.figures.inputs_held += 1,
            Origin::Neutral => self.figures.inputs_neutral += 1,
        }
        resolved
    }

    /// Tells the player of `event` at `tick`, exactly once and in the order of calls; ticks never go back.
    /// Where [`EVENTS_WAITING_MAX`](crate::limits::EVENTS_WAITING_MAX) wait already, all of them give way to
    /// a full state.
    pub fn push_event(&mut self, tick: u32, event: &Event) {
        if self.outbox.push(self.schema, tick, event).is_err() {
            self.give_up();
            // There is room now.
            let _ = self.outbox.push(self.schema, tick, event);
        }
    }

    fn give_up(&mut self) {
        self.outbox.give_up();
        self.knowledge.forget();
        self.resync = true;
        self.figures.resyncs += 1;
    }

    /// True if a datagram is to be sent at `tick`.
    #[must_use]
    pub fn due(&self, tick: u32) -> bool {
        !self.config.ladder || self.ladder.due(tick, self.sent)
    }

    /// Says that nothing is sent at this tick, though due, because the transport is still busy.
    pub fn choke(&mut self, now: Micros) {
        self.figures.choked += 1;
        self.ladder.choked(now);
    }

    /// Encodes the `frame` for this player, who sees `visible` of it, into `out` (emptied before). `priority` says how urgent an entity is where there is not room for all: one of 200 is told
    /// twice as often as one of 100. It is asked about entities in sight only.
    /// A tick is encoded once for each player.
    pub fn encode(
        &mut self,
        now: Micros,
        frame: &mut Frame<'_>,
        visible: &EntitySet,
        priority: &dyn Fn(u16) -> u16,
        out: &mut Vec<u8>,
    ) {
        out.clear();
        let Frame { ring, cache } = frame;
        let Some(table) = ring.newest() else { return };
        let tick = table.tick();
        if self.outbox.is_stale(tick) {
            self.give_up();
        }
        let newest = self.knowledge.newest();
        let base = ring.get(newest).filter(|_| newest > 0).map(Table::tick);
        let sight = Sight { ring, table, base, visible, wait: self.wait(), known: &self.knowledge };
        let mut candidates = std::mem::take(&mut cache.candidates);
        sight.collect(cache, &mut candidates);

        let head = self.head(now, tick, base);
        let mut writer = BitWriter::new(out);
        head.write(&mut writer);
        let room = self.config.datagram_bytes as u32 * 8;
        let events_end = head.events.then(|| self.outbox.write(&mut writer, tick, room / 2));
        let left = room - writer.bits_since(0) as u32 - snapshot::HEAD_BITS;
        let all = self.gained.all(&candidates, left);
        let partial = all.is_none();
        let told = all.unwrap_or_else(|| self.gained.some(&mut candidates, left, priority));
        snapshot::write(&mut writer, cache, &candidates, (partial, &told));
        writer.finish();

        let covered = snapshot::covered(&candidates, partial, &told);
        cache.candidates = candidates;
        self.knowledge.send(table, Sent::new(tick, now, covered, (events_end, head.resync)));
        self.ladder.sent(now, tick.saturating_sub(self.sent), &self.trip);
        self.sent = tick;
        self.figures.sent += 1;
        self.figures.sent_bytes += out.len() as u64;
        self.figures.partial += u64::from(partial);
        self.figures.full_states += u64::from(base.is_none() && self.knowledge.was_met());
    }

    /// For how many ticks an acknowledgement may be on its way.
    fn wait(&self) -> u32 {
        let trip = &self.trip.smoothed;
        let us = if trip.is_some() { trip.mean + 4 * trip.deviation } else { TRIP_EXPECTED_US };
        (us as u64 / self.schema.tick_us()).min(RING_TICKS as u64 / 2) as u32 + 2
    }

    fn head(&self, now: Micros, tick: u32, base: Option<u32>) -> DownHead {
        let ack = self.window.newest().map(|seq| DownAck {
            seq: seq as u16,
            bits: self.window.bits(),
            hold_ms: (now.since(self.newest_at) / 1_000).min(HOLD_MAX_MS.into()) as u8,
            depth: self.depth,
        });
        DownHead {
            resync: self.resync,
            events: self.outbox.len() > 0,
            epoch: self.epoch,
            number: (self.figures.sent & 0xf) as u8,
            tick: tick as u16,
            baseline_age: base.map_or(0, |base| tick - base) as u8,
            ack,
        }
    }

    /// What is known about the connection.
    #[must_use]
    pub fn figures(&self) -> PeerFigures {
        let us = |us: i64| u32::try_from(us).unwrap_or(u32::MAX);
        PeerFigures {
            rtt_us: us(self.trip.smoothed.mean),
            rtt_min_us: self.trip.shortest().unwrap_or(0),
            jitter_us: us(self.trip.smoothed.deviation),
            loss_down_permille: self.loss.permille(),
            loss_up_permille: self.window.loss.permille(),
            depth_quarters: if self.depth == DEPTH_UNKNOWN { 0 } else { self.depth },
            every_ticks: if self.config.ladder { self.ladder.every_ticks() } else { 1 },
            events_waiting: self.outbox.len() as u16,
            ..self.figures
        }
    }
}
