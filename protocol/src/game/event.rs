//! What happened at a tick: told exactly once, in order, within the datagrams.
//!
//! Each datagram holds the oldest events that were not acknowledged yet, one after the other, as many as half
//! of it has room for. So whoever has one of a certain number has all before it, and the acknowledgement of a
//! datagram is that of its events.
//!
//! The section is a count (6 bits), the number of the first event (16 bits), and for each its ticks (a gap as
//! between entities: for the first one back from the datagram's tick, for others on from the event before), its
//! kind and its fields.

use super::bits::{BitReader, BitWriter};
use super::delta::read_raw;
use super::packet::{Malformed, gap_bits, read_gap, write_gap};
use super::schema::{Schema, raw};
use crate::limits::{EVENT_BITS_MAX, EVENTS_WAITING_MAX, FIELDS_MAX};

/// Something that happened, as a kind of the schema says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The kind's number.
    pub kind: u8,
    /// The values of its fields, the rest 0.
    pub fields: [i32; FIELDS_MAX],
}

impl Event {
    /// An event of these values; what is past the number of fields is left away.
    #[must_use]
    pub fn new(kind: u8, values: &[i32]) -> Self {
        let mut fields = [0; FIELDS_MAX];
        for (field, value) in fields.iter_mut().zip(values) {
            *field = *value;
        }
        Self { kind, fields }
    }
}

/// An event and its tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedEvent {
    /// When it happened.
    pub tick: u32,
    /// What happened.
    pub event: Event,
}

/// The most events in one datagram: what the count can say.
const TOLD_MAX: usize = 63;

/// The furthest that an event's tick may be from the one before it, and the first from its datagram's. An event
/// that waits for longer (34 s at 30 Hz) gives way to a full state.
const TICKS_APART_MAX: u32 = 1_023;

/// An event's kind and fields, packed once.
#[derive(Debug, Clone, Copy)]
struct Packed {
    tick: u32,
    bits: u16,
    bytes: [u8; PACKED_BYTES],
}

const PACKED_BYTES: usize = (EVENT_BITS_MAX as usize + 8) / 8;

/// The events that wait for one player's acknowledgement, at most [`EVENTS_WAITING_MAX`].
#[derive(Debug)]
pub(super) struct Outbox {
    waiting: Box<[Packed]>,
    /// The number of the oldest that waits.
    first: u16,
    len: usize,
    /// Where a packed event takes shape.
    packing: Vec<u8>,
}

/// Waiting events are given up: there are too many, or they are too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GivenUp;

impl Outbox {
    pub(super) fn new() -> Self {
        let empty = Packed { tick: 0, bits: 0, bytes: [0; PACKED_BYTES] };
        Self {
            waiting: vec![empty; EVENTS_WAITING_MAX].into(),
            first: 0,
            len: 0,
            packing: Vec::with_capacity(PACKED_BYTES),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn get(&self, at: usize) -> &Packed {
        &self.waiting[(usize::from(self.first) + at) % EVENTS_WAITING_MAX]
    }

    /// Puts `event` of `tick` last. A kind that the schema does not have is left away.
    pub(super) fn push(
        &mut self,
        schema: &Schema,
        tick: u32,
        event: &Event,
    ) -> Result<(), GivenUp> {
        let Some(kind) = schema.events.get(usize::from(event.kind)) else { return Ok(()) };
        if self.len == EVENTS_WAITING_MAX || self.is_stale(tick) {
            self.first = self.first.wrapping_add(self.len as u16);
            self.len = 0;
            return Err(GivenUp);
        }
        self.packing.clear();
        let mut writer = BitWriter::new(&mut self.packing);
        writer.write(event.kind.into(), schema.event_bits());
        for (field, value) in kind.fields.iter().zip(event.fields) {
            writer.write(raw(field, field.fit(value)), u32::from(field.bits));
        }
        let bits = writer.bits_since(0) as u16;
        writer.finish();
        let at = (usize::from(self.first) + self.len) % EVENTS_WAITING_MAX;
        let packed = &mut self.waiting[at];
        (packed.tick, packed.bits) = (tick, bits);
        packed.bytes[..self.packing.len()].copy_from_slice(&self.packing);
        self.len += 1;
        Ok(())
    }

    /// True if the oldest has waited for so long that its tick cannot be told any more.
    pub(super) fn is_stale(&self, tick: u32) -> bool {
        self.len > 0 && tick.saturating_sub(self.get(0).tick) > TICKS_APART_MAX
    }

    /// Gives up all that wait.
    pub(super) fn give_up(&mut self) {
        self.first = self.first.wrapping_add(self.len as u16);
        self.len = 0;
    }

    /// Takes in that the player has every event before number `end`.
    pub(super) fn ack(&mut self, end: u16) {
        let acked = usize::from(end.wrapping_sub(self.first));
        if acked <= self.len {
            self.first = end;
            self.len -= acked;
        }
    }

    /// Writes the section, at most `room` bits of it, for a datagram of `tick`. The number behind its last event.
    pub(super) fn write(&self, writer: &mut BitWriter<'_>, tick: u32, room: u32) -> u16 {
        let (mut count, mut bits, mut before) = (0, 22, tick);
        while count < self.len.min(TOLD_MAX) {
            let packed = self.get(count);
            bits += gap_bits(packed.tick.abs_diff(before) as u16) + u32::from(packed.bits);
            if bits > room {
                break;
            }
            before = packed.tick;
            count += 1;
        }
        writer.write(count as u64, 6);
        writer.write(self.first.into(), 16);
        before = tick;
        for packed in (0..count).map(|at| self.get(at)) {
            write_gap(writer, packed.tick.abs_diff(before) as u16);
            writer.copy(&packed.bytes, packed.bits.into());
            before = packed.tick;
        }
        self.first.wrapping_add(count as u16)
    }
}

/// Reads what [`Outbox::write`] wrote: each event with its number.
pub(super) fn read(
    reader: &mut BitReader<'_>,
    schema: &Schema,
    tick: u32,
    mut each: impl FnMut(u16, TimedEvent),
) -> Result<(), Malformed> {
    let count = reader.read(6)? as u16;
    let first = reader.read(16)? as u16;
    let mut before: Option<u32> = None;
    for number in 0..count {
        let gap = u32::from(read_gap(reader)?);
        let at = match before {
            None => tick.checked_sub(gap),
            Some(before) => before.checked_add(gap).filter(|at| *at <= tick),
        };
        let at = at.ok_or(Malformed::Unknown)?;
        let kind = reader.read(schema.event_bits())? as u8;
        let about = schema.events.get(usize::from(kind)).ok_or(Malformed::Unknown)?;
        let mut fields = [0; FIELDS_MAX];
        for (value, field) in fields.iter_mut().zip(about.fields) {
            *value = read_raw(reader, field)?;
        }
        each(first.wrapping_add(number), TimedEvent { tick: at, event: Event { kind, fields } });
        before = Some(at);
    }
    Ok(())
}

/// The events that arrived and were not taken yet, at most [`EVENTS_WAITING_MAX`].
#[derive(Debug)]
pub(super) struct Inbox {
    waiting: Box<[TimedEvent]>,
    /// The number of the oldest that was not taken.
    first: u16,
    len: usize,
}

impl Inbox {
    pub(super) fn new() -> Self {
        let empty = TimedEvent { tick: 0, event: Event { kind: 0, fields: [0; FIELDS_MAX] } };
        Self { waiting: vec![empty; EVENTS_WAITING_MAX].into(), first: 0, len: 0 }
    }

    /// Takes in event `number`: the next one, or one that is here already. One further on is taken only if
    /// those before it were `given_up`. False if events were lost: given up, or never taken by the player's
    /// side, which then finds only what comes from now on.
    pub(super) fn push(&mut self, number: u16, event: TimedEvent, given_up: bool) -> bool {
        let next = self.first.wrapping_add(self.len as u16);
        let further = number.wrapping_sub(next) as i16;
        if further < 0 || (further > 0 && !given_up) {
            return true;
        }
        let full = self.len == EVENTS_WAITING_MAX;
        if further > 0 || full {
            (self.first, self.len) = (number, 0);
        }
        let at = (usize::from(self.first) + self.len) % EVENTS_WAITING_MAX;
        self.waiting[at] = event;
        self.len += 1;
        further == 0 && !full
    }

    /// Takes the oldest out, if it is of `until` or before.
    pub(super) fn next(&mut self, until: u32) -> Option<TimedEvent> {
        let event = self.waiting[usize::from(self.first) % EVENTS_WAITING_MAX];
        if self.len == 0 || event.tick > until {
            return None;
        }
        self.first = self.first.wrapping_add(1);
        self.len -= 1;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{EntityKind, EventKind, Field, Group};

    static SCHEMA: Schema = Schema {
        name: "events",
        tick_hz: 30,
        entities_max: 1,
        kinds: &[EntityKind { name: "dot", groups: &[Group(&[Field::unsigned("x", 4)])] }],
        input: &[],
        events: &[
            EventKind { name: "hit", fields: &[Field::signed("by", 9), Field::unsigned("at", 31)] },
            EventKind { name: "over", fields: &[] },
            EventKind { name: "won", fields: &[Field::unsigned("who", 3)] },
        ],
    };
    const _: () = SCHEMA.prove();

    fn told(outbox: &Outbox, tick: u32, room: u32) -> (Vec<(u16, TimedEvent)>, u16) {
        let (mut bytes, mut read_back) = (Vec::new(), Vec::new());
        let mut writer = BitWriter::new(&mut bytes);
        let end = outbox.write(&mut writer, tick, room);
        assert!(writer.bits_since(0) <= room as usize);
        writer.finish();
        let mut reader = BitReader::new(&bytes);
        read(&mut reader, &SCHEMA, tick, |number, event| read_back.push((number, event))).unwrap();
        reader.finish().unwrap();
        (read_back, end)
    }

    fn hit(by: i32) -> Event {
        Event::new(0, &[by, 1 << 30])
    }

    #[test]
    fn events_are_told_until_they_are_acknowledged() {
        let mut outbox = Outbox::new();
        let events = [(10, hit(-1)), (10, Event::new(1, &[])), (40, Event::new(2, &[5]))];
        for (tick, event) in events {
            outbox.push(&SCHEMA, tick, &event).unwrap();
        }
        for tick in 40..50 {
            let (told, end) = told(&outbox, tick, 1_000);
            let numbered = (0..).zip(events);
            let expected = numbered.map(|(n, (tick, event))| (n, TimedEvent { tick, event }));
            assert_eq!((told, end), (expected.collect(), 3));
        }
        outbox.ack(1);
        outbox.ack(0);
        assert_eq!((outbox.len(), told(&outbox, 50, 1_000).0[0].0), (2, 1));
        outbox.ack(3);
        outbox.ack(9);
        assert_eq!(outbox.len(), 0);
    }

    #[test]
    fn the_oldest_are_told_where_there_is_no_room_for_all() {
        let mut outbox = Outbox::new();
        for by in 0..100 {
            outbox.push(&SCHEMA, 7, &hit(by)).unwrap();
        }
        let (some, end) = told(&outbox, 8, 22 + 5 * 47);
        assert_eq!((some.len(), end), (5, 5));
        let (most, end) = told(&outbox, 8, 100_000);
        assert_eq!((most.len(), end), (TOLD_MAX, TOLD_MAX as u16));
        assert_eq!(told(&outbox, 8, 22).0.len(), 0);
    }

    #[test]
    fn what_cannot_wait_is_given_up_as_a_whole() {
        let mut outbox = Outbox::new();
        for n in 0..EVENTS_WAITING_MAX {
            outbox.push(&SCHEMA, 1 + n as u32 / 100, &hit(0)).unwrap();
        }
        assert_eq!(outbox.push(&SCHEMA, 9, &hit(0)), Err(GivenUp));
        assert_eq!(outbox.len(), 0);
        outbox.push(&SCHEMA, 9, &hit(0)).unwrap();
        assert!(!outbox.is_stale(9 + 1_023) && outbox.is_stale(9 + 1_024));
        assert_eq!(outbox.push(&SCHEMA, 9 + 1_024, &hit(0)), Err(GivenUp));
    }

    #[test]
    fn every_event_is_taken_once_however_often_it_comes_and_past_a_wrap_of_numbers() {
        let (mut inbox, mut taken) = (Inbox::new(), Vec::new());
        let event = |tick| TimedEvent { tick, event: Event::new(1, &[]) };
        for tick in 0..70_000_u32 {
            for again in (0..3).rev().filter(|again| *again <= tick) {
                assert!(inbox.push((tick - again) as u16, event(tick - again), false));
            }
            // What comes too early is not taken.
            assert!(inbox.push((tick + 2) as u16, event(tick + 2), false));
            assert_eq!(inbox.next(tick.saturating_sub(1)).is_some(), tick == 0);
            taken.extend(inbox.next(tick));
        }
        assert!(inbox.next(u32::MAX).is_none());
        assert!(taken.iter().map(|event| event.tick).eq(1..70_000));
    }

    #[test]
    fn given_up_events_are_jumped_over_and_it_is_said() {
        let mut inbox = Inbox::new();
        let event = |tick| TimedEvent { tick, event: Event::new(1, &[]) };
        assert!(inbox.push(0, event(1), false));
        assert!(!inbox.push(300, event(9), true));
        assert!(inbox.push(301, event(9), true));
        assert_eq!(inbox.next(9), Some(event(9)));
        // A side that never takes any finds the newest.
        for n in 0..EVENTS_WAITING_MAX as u16 - 1 {
            assert!(inbox.push(302 + n, event(10), false));
        }
        assert!(!inbox.push(301 + EVENTS_WAITING_MAX as u16, event(11), false));
        assert_eq!((inbox.next(99), inbox.next(99)), (Some(event(11)), None));
    }

    #[test]
    fn an_event_of_the_future_or_of_no_kind_is_malformed() {
        let write = |fields: &[(u64, u32)]| {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            fields.iter().for_each(|(value, bits)| writer.write(*value, *bits));
            writer.finish();
            read(&mut BitReader::new(&bytes), &SCHEMA, 5, |_, _| ())
        };
        let head = [(1, 6), (0, 16)];
        assert_eq!(write(&[head[0], head[1], (0, 1), (3, 2)]), Err(Malformed::Unknown));
        assert_eq!(write(&[head[0], head[1], (0b011, 9), (1, 2)]), Err(Malformed::Unknown));
        let two = [(2, 6), (0, 16), (0, 1), (1, 2), (0b0_0001, 5), (1, 2)];
        assert_eq!(write(&two), Err(Malformed::Unknown));
    }
}
