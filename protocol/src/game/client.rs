//! The player's end of the connection.

use super::Micros;
use super::bits::{BitReader, BitWriter};
use super::clock::{InputClock, ViewClock};
use super::down::{DownAck, DownHead, NUMBER_BITS};
use super::event::{self, Inbox, TimedEvent};
use super::figures::ClientFigures;
use super::input::{Input, ViewTick};
use super::packet::{DEPTH_UNKNOWN, Dropped, HOLD_MAX_MS, Malformed, expand, whole};
use super::path::{Loss, REORDERED_MAX, RoundTrip, Window};
use super::schema::Schema;
use super::states::{Between, States};
use super::table::Table;
use super::up::{Up, UpAck, UpInputs};
use crate::limits::{INPUTS_REPEATED, RING_TICKS};

/// How many datagrams are remembered until they are answered. 64, two seconds at 30 Hz.
const SENT_KEPT: usize = 64;

/// By how many inputs a client that was slow to ask catches up; further back they would be late. 4: as many as
/// one datagram holds.
const CATCH_UP: u32 = 1 + INPUTS_REPEATED as u32;

/// The loss that is expected before any is known, of 1,000.
const LOSS_EXPECTED: u16 = 50;

/// What a datagram brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The tick whose state it held.
    pub tick: u32,
    /// True if it is the newest so far.
    pub newest: bool,
    /// True if it told of every entity in sight; else see [`ClientPeer::knows`].
    pub whole: bool,
    /// True if events were given up for it: too many waited. The state is whole all the same.
    pub events_lost: bool,
}

/// The player's end of the connection. Whenever [`input_due`](Self::input_due) names a tick:
/// [`push_input`](Self::push_input); when it names no more, [`encode`](Self::encode) and send. A new connection
/// is a new peer.
#[derive(Debug)]
pub struct ClientPeer {
    schema: &'static Schema,
    epoch: u8,
    server_tick: u32,
    states: States,
    /// When the newest state came.
    newest_at: Micros,
    inbox: Inbox,
    /// The newest inputs, the newest first.
    inputs: [Option<(u32, Input, ViewTick)>; 1 + INPUTS_REPEATED],
    clock: InputClock,
    view: ViewClock,
    /// How many datagrams were sent, and when the last of them.
    sent: u32,
    sent_at: [Micros; SENT_KEPT],
    /// The newest datagram that was answered.
    answered: Option<u32>,
    depth: i8,
    trip: RoundTrip,
    loss_up: Loss,
    /// The server's datagrams by their number.
    window: Window,
    figures: ClientFigures,
}

impl ClientPeer {
    /// The end of a client whose match runs: `epoch` and `server_tick` are as the server said `now`.
    #[must_use]
    pub fn new(schema: &'static Schema, epoch: u8, server_tick: u32, now: Micros) -> Self {
        Self {
            schema,
            epoch,
            server_tick,
            states: States::new(schema),
            newest_at: now,
            inbox: Inbox::new(),
            inputs: Default::default(),
            clock: InputClock::new(schema.tick_us(), now, server_tick),
            view: ViewClock::new(schema.tick_us(), now, server_tick),
            sent: 0,
            sent_at: [now; SENT_KEPT],
            answered: None,
            depth: DEPTH_UNKNOWN,
            trip: RoundTrip::default(),
            loss_up: Loss::default(),
            window: Window::default(),
            figures: ClientFigures::default(),
        }
    }

    /// Starts anew in another epoch, from `tick`: states, events and inputs of the old one are void.
    pub fn restart(&mut self, epoch: u8, tick: u32, now: Micros) {
        self.states.clear();
        (self.epoch, self.server_tick) = (epoch, tick);
        (self.inbox, self.inputs) = (Inbox::new(), Default::default());
        self.clock = InputClock::new(self.schema.tick_us(), now, tick);
        self.view = ViewClock::new(self.schema.tick_us(), now, tick);
        (self.answered, self.depth) = (None, DEPTH_UNKNOWN);
        self.window = Window::default();
    }

    /// Takes in a datagram of the server.
    ///
    /// # Errors
    ///
    /// Why it was dropped; nothing changed then but a count.
    pub fn receive(&mut self, now: Micros, datagram: &[u8]) -> Result<Received, Dropped> {
        let taken = self.take(now, datagram);
        match taken {
            Ok(_) => {
                self.figures.received += 1;
                self.figures.received_bytes += datagram.len() as u64;
            }
            Err(_) => self.figures.dropped += 1,
        }
        taken
    }

    fn take(&mut self, now: Micros, datagram: &[u8]) -> Result<Received, Dropped> {
        let mut reader = whole(datagram)?;
        let head = DownHead::read(&mut reader)?;
        if head.epoch != self.epoch {
            return Err(Dropped::Epoch);
        }
        let before = self.states.newest();
        let near = before.unwrap_or(self.server_tick);
        let tick = expand(near, head.tick).ok_or(Malformed::Unknown)?;
        let ago = before.unwrap_or(0).saturating_sub(tick);
        if ago >= RING_TICKS as u32 || self.states.get(tick).is_some() {
            return Err(Dropped::Replayed);
        }
        let answered = head.ack.map(|ack| self.answered(&ack)).transpose()?;
        let events = reader.clone();
        if head.events {
            event::read(&mut reader, self.schema, tick, |_, _| ())?;
        }
        let whole = self.states.take(reader, tick, head.baseline_age)?;
        // From here on it is whole.
        let events_lost = head.events && self.take_events(events, tick, head.resync);
        let newest = before.is_none_or(|before| before < tick);
        self.count(head.number, newest);
        if newest {
            self.newest_at = now;
            self.view.sample(now, tick, before);
        }
        if let (Some(ack), Some(Some(number))) = (head.ack, answered) {
            self.take_answer(now, number, &ack);
        }
        Ok(Received { tick, newest, whole, events_lost })
    }

    /// The datagram that is answered, if that is news.
    fn answered(&self, ack: &DownAck) -> Result<Option<u32>, Malformed> {
        let newest = self.sent.checked_sub(1).ok_or(Malformed::NeverSent)?;
        let number = expand(newest, ack.seq).ok_or(Malformed::NeverSent)?;
        if number > newest {
            return Err(Malformed::NeverSent);
        }
        let is_news = self.answered.is_none_or(|answered| answered < number);
        Ok(is_news.then_some(number))
    }

    fn take_events(&mut self, mut reader: BitReader<'_>, tick: u32, given_up: bool) -> bool {
        let mut whole = true;
        let inbox = &mut self.inbox;
        // It was read before, so it can be read.
        let _ = event::read(&mut reader, self.schema, tick, |number, event| {
            whole &= inbox.push(number, event, given_up);
        });
        self.figures.resyncs += u32::from(!whole);
        !whole
    }

    /// Counts datagram `low` (the lowest bits of its number) among those that came.
    fn count(&mut self, low: u8, newest: bool) {
        let last = self.window.newest().unwrap_or(1 << 16);
        let mask = (1 << NUMBER_BITS) - 1;
        let number = if newest {
            last + 1 + (u32::from(low).wrapping_sub(last + 1) & mask)
        } else {
            last - (last.wrapping_sub(low.into()) & mask)
        };
        if self.window.is_new(number) {
            self.window.add(number);
        }
    }

    fn take_answer(&mut self, now: Micros, number: u32, ack: &DownAck) {
        if ack.hold_ms < HOLD_MAX_MS && self.sent - number <= SENT_KEPT as u32 {
            let sent_at = self.sent_at[number as usize % SENT_KEPT];
            let us = now.since(sent_at).saturating_sub(u64::from(ack.hold_ms) * 1_000);
            self.trip.add(now, u32::try_from(us).unwrap_or(u32::MAX));
        }
        let from = self.answered.map_or(number, |answered| answered + 1);
        // Those are judged that are just beyond the reach of reordering, as far as the bits reach.
        for next in from.max(number.saturating_sub(8)).max(REORDERED_MAX)..=number {
            let ago = number - (next - REORDERED_MAX);
            self.loss_up.add(ack.bits >> (ago - 1) & 1 == 0);
        }
        self.answered = Some(number);
        if ack.depth != DEPTH_UNKNOWN {
            self.depth = ack.depth;
            let loss = self.loss_up_permille();
            self.clock.sample(now, (number, self.sent - 1), ack.depth, loss);
        }
    }

    /// The loss on the way to the server; what is expected, until there is a measure.
    fn loss_up_permille(&self) -> u16 {
        if self.loss_up.count() < 64 { LOSS_EXPECTED } else { self.loss_up.permille() }
    }

    /// The newest state. An entity that a datagram did not tell of is taken to have gone on as it was last known.
    #[must_use]
    pub fn world(&self) -> &Table {
        self.states.world()
    }

    /// The state of `tick`, if it came and is among the last 64.
    #[must_use]
    pub fn state(&self, tick: u32) -> Option<&Table> {
        self.states.get(tick)
    }

    /// True if the state of `tick` came and the server told of `slot` in it: only then is it the server's word.
    #[must_use]
    pub fn knows(&self, tick: u32, slot: u16) -> bool {
        self.states.knows(tick, slot)
    }

    /// The moment that is to be shown `now`: so far behind the newest state that there are two to mix, and
    /// never after it.
    #[must_use]
    pub fn view(&self, now: Micros) -> ViewTick {
        let newest = ViewTick { tick: self.states.newest().unwrap_or(0), frac: 0 };
        self.view.view(now).min(newest)
    }

    /// The states around a moment, if any came.
    #[must_use]
    pub fn between(&self, view: ViewTick) -> Option<Between<'_>> {
        self.states.between(view)
    }

    /// The next event, in the order of ticks, of `until` or before: what is shown, or the newest state's tick.
    /// What is not taken stays, up to [`EVENTS_WAITING_MAX`](crate::limits::EVENTS_WAITING_MAX).
    pub fn next_event(&mut self, until: u32) -> Option<TimedEvent> {
        self.inbox.next(until)
    }

    /// The tick whose input is to be given now, if one is.
    #[must_use]
    pub fn input_due(&self, now: Micros) -> Option<u32> {
        let due = self.clock.tick(now);
        let Some((last, ..)) = self.inputs[0] else { return Some(due).filter(|due| *due > 0) };
        let missing = due.checked_sub(last).filter(|missing| *missing > 0)?;
        Some(if missing <= CATCH_UP { last + 1 } else { due })
    }

    /// Gives the input of `tick`, later than all before, chosen while `view` was shown.
    pub fn push_input(&mut self, tick: u32, input: Input, view: ViewTick) {
        if self.inputs[0].is_some_and(|(last, ..)| tick <= last) {
            return;
        }
        self.inputs.rotate_right(1);
        self.inputs[0] = Some((tick, self.schema.known_bits(input), view));
    }

    /// Encodes the newest inputs and what was received into `out` (emptied before).
    pub fn encode(&mut self, now: Micros, out: &mut Vec<u8>) {
        out.clear();
        let ack = self.states.newest().map(|newest| UpAck {
            tick: newest as u16,
            bits: self.states.bits(),
            hold_ms: (now.since(self.newest_at) / 1_000).min(HOLD_MAX_MS.into()) as u8,
        });
        let up = Up { epoch: self.epoch, seq: self.sent as u16, ack, inputs: self.up_inputs() };
        let mut writer = BitWriter::new(out);
        up.write(&mut writer, self.schema);
        writer.finish();
        self.sent_at[self.sent as usize % SENT_KEPT] = now;
        self.sent += 1;
    }

    fn up_inputs(&self) -> Option<UpInputs> {
        let (tick, _, view) = self.inputs[0]?;
        let mut up = UpInputs {
            tick: tick as u16,
            view_tick: view.tick as u16,
            view_frac: view.frac,
            inputs: [Input::NEUTRAL; 1 + INPUTS_REPEATED],
            count: 0,
        };
        for (ago, (at, input, _)) in (0..).zip(self.inputs.iter().flatten()) {
            if tick.checked_sub(ago) != Some(*at) {
                break;
            }
            up.inputs[up.count] = *input;
            up.count += 1;
        }
        Some(up)
    }

    /// What is known about the connection.
    #[must_use]
    pub fn figures(&self) -> ClientFigures {
        let wanted = self.clock.wanted(self.loss_up_permille());
        ClientFigures {
            rtt_us: u32::try_from(self.trip.smoothed.mean).unwrap_or(u32::MAX),
            jitter_us: self.view.jitter_us(),
            loss_down_permille: self.window.loss.permille(),
            loss_up_permille: self.loss_up.permille(),
            depth_quarters: if self.depth == DEPTH_UNKNOWN { 0 } else { self.depth },
            depth_wanted_quarters: i8::try_from(wanted).unwrap_or(i8::MAX),
            shown_behind_ticks: self.view.delay_ticks(),
            snaps: self.clock.snaps,
            ..self.figures
        }
    }
}
