//! A match as a film: the whole state of every tick, one after the other, for whoever watches it later.
//!
//! Nobody acknowledges anything here and nothing is lost, so each frame is the difference to the one before it;
//! every so many ticks one stands for itself, so that a film can be entered there. A frame is its length
//! (`u32`, the lowest byte first) and so many bytes, bits as in a datagram:
//!
//! ```text
//! 1 bit        set: a frame that stands for itself; its tick follows (32 bits). Else it is the next tick
//! 10 bits      how many events, and for each its kind and its fields
//! 11 bits      how many entities are told, and for each, lowest slot first:
//!   gap        how many slots are left out, as in a datagram
//!   mark       0: the difference to the frame before; 110: kind, generation and every field; 1110: gone
//! ```
//!
//! What is not told is as the frame before leads to expect, in a frame that stands for itself: not there.

use super::bits::{BitReader, BitWriter};
use super::delta;
use super::event::Event;
use super::packet::{self, Malformed, Mark};
use super::schema::{Schema, raw};
use super::table::{Entity, Table};
use crate::limits::FIELDS_MAX;

/// How many bits say how many events a frame has; what is more is left away.
const EVENTS_BITS: u32 = 10;

/// How many bits say how many entities a frame tells of.
const TOLD_BITS: u32 = 11;

/// Makes a film of the states that it is shown.
#[derive(Debug)]
pub struct Camera {
    schema: &'static Schema,
    key_every: u32,
    /// The frame before; none before the first.
    before: Option<Table>,
    since_key: u32,
}

impl Camera {
    /// A camera that has seen nothing yet. Every `key_every` frames one stands for itself.
    #[must_use]
    pub fn new(schema: &'static Schema, key_every: u32) -> Self {
        Self { schema, key_every: key_every.max(1), before: None, since_key: 0 }
    }

    /// Writes a frame behind what `film` holds: the state `table`, and what `happened` at its tick.
    pub fn frame<'a>(
        &mut self,
        table: &Table,
        happened: impl IntoIterator<Item = &'a Event>,
        film: &mut Vec<u8>,
    ) {
        let start = film.len();
        film.extend_from_slice(&[0; 4]);
        let before = self.before.take();
        let follows = |before: &Table| before.tick().checked_add(1) == Some(table.tick());
        let base = before.as_ref().filter(|b| follows(b) && self.since_key < self.key_every);
        let mut writer = BitWriter::new(film);
        writer.flag(base.is_none());
        if base.is_none() {
            writer.write(table.tick().into(), 32);
        }
        self.write_events(&mut writer, happened);
        write_told(&mut writer, self.schema, base, table);
        writer.finish();
        self.since_key = if base.is_some() { self.since_key + 1 } else { 1 };
        let len = (film.len() - start - 4) as u32;
        film[start..start + 4].copy_from_slice(&len.to_le_bytes());
        let mut kept = before.unwrap_or_else(|| Table::new(self.schema));
        kept.copy_from(table);
        self.before = Some(kept);
    }

    fn write_events<'a>(
        &self,
        writer: &mut BitWriter<'_>,
        happened: impl IntoIterator<Item = &'a Event>,
    ) {
        let known = |event: &&Event| usize::from(event.kind) < self.schema.events.len();
        let most = (1 << EVENTS_BITS) - 1;
        let events: Vec<_> = happened.into_iter().filter(known).take(most).collect();
        writer.write(events.len() as u64, EVENTS_BITS);
        for event in events {
            writer.write(event.kind.into(), self.schema.event_bits());
            let fields = self.schema.events[usize::from(event.kind)].fields;
            for (field, value) in fields.iter().zip(&event.fields) {
                writer.write(raw(field, field.fit(*value)), field.bits.into());
            }
        }
    }
}

/// What is to be said of a slot: none if nothing.
fn mark(schema: &Schema, was: Option<Entity<'_>>, is: Option<Entity<'_>>) -> Option<Mark> {
    match (was, is) {
        (None, None) => None,
        (Some(_), None) => Some(Mark::Gone),
        (Some(was), Some(is)) if was.is_same(&is) => {
            let mut expected = [0; FIELDS_MAX];
            let kind = &schema.kinds[usize::from(is.kind)];
            delta::carry(kind, (was.fields, 1), &mut expected);
            (&expected[..is.fields.len()] != is.fields).then_some(Mark::Delta)
        }
        (_, Some(_)) => Some(Mark::New),
    }
}

fn write_told(writer: &mut BitWriter<'_>, schema: &Schema, base: Option<&Table>, table: &Table) {
    let was = |slot| base.and_then(|base| base.get(slot));
    let told = || {
        (0..schema.entities_max)
            .filter_map(|slot| Some((slot, mark(schema, was(slot), table.get(slot))?)))
    };
    writer.write(told().count() as u64, TOLD_BITS);
    let mut next = 0;
    for (slot, mark) in told() {
        packet::write_gap(writer, slot - next);
        next = slot + 1;
        mark.write(writer);
        let Some(is) = table.get(slot) else { continue };
        let kind = &schema.kinds[usize::from(is.kind)];
        if let (Mark::Delta, Some(was)) = (mark, was(slot)) {
            delta::write(writer, kind, (was.fields, 1), is.fields);
        } else {
            writer.write(is.kind.into(), schema.kind_bits());
            writer.write(is.generation.into(), 8);
            delta::write_whole(writer, kind, is.fields);
        }
    }
}

/// Shows a film again, frame by frame.
#[derive(Debug)]
pub struct Projector {
    schema: &'static Schema,
    shown: Option<Table>,
    making: Table,
    happened: Vec<Event>,
}

impl Projector {
    /// A projector without a film.
    #[must_use]
    pub fn new(schema: &'static Schema) -> Self {
        Self { schema, shown: None, making: Table::new(schema), happened: Vec::new() }
    }

    /// Shows the frame that `film` begins with, and gives what follows it; none if it is not whole.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is no frame, or not one that follows the last.
    pub fn show<'a>(&mut self, film: &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
        let Some((len, rest)) = film.split_first_chunk::<4>() else { return Ok(None) };
        let len = u32::from_le_bytes(*len) as usize;
        let Some((frame, rest)) = rest.split_at_checked(len) else { return Ok(None) };
        let mut reader = BitReader::new(frame);
        let is_key = reader.flag()?;
        let tick = match (is_key, &self.shown) {
            (true, _) => reader.read(32)? as u32,
            (false, Some(shown)) => shown.tick().checked_add(1).ok_or(Malformed::Unknown)?,
            (false, None) => return Err(Malformed::Unknown),
        };
        self.read_events(&mut reader)?;
        self.making.begin(tick);
        if let Some(shown) = self.shown.as_ref().filter(|_| !is_key) {
            carry_all(&mut self.making, shown);
        }
        self.read_told(&mut reader, is_key)?;
        reader.finish()?;
        let next = self.shown.take().unwrap_or_else(|| Table::new(self.schema));
        self.shown = Some(std::mem::replace(&mut self.making, next));
        Ok(Some(rest))
    }

    fn read_events(&mut self, reader: &mut BitReader<'_>) -> Result<(), Malformed> {
        self.happened.clear();
        for _ in 0..reader.read(EVENTS_BITS)? {
            let kind = reader.read(self.schema.event_bits())? as u8;
            let about = self.schema.events.get(usize::from(kind)).ok_or(Malformed::Unknown)?;
            let mut fields = [0; FIELDS_MAX];
            for (value, field) in fields.iter_mut().zip(about.fields) {
                *value = delta::read_raw(reader, field)?;
            }
            self.happened.push(Event { kind, fields });
        }
        Ok(())
    }

    fn read_told(&mut self, reader: &mut BitReader<'_>, is_key: bool) -> Result<(), Malformed> {
        let mut next = 0;
        for _ in 0..reader.read(TOLD_BITS)? {
            let slot = next + packet::read_gap(reader)?;
            if slot >= self.schema.entities_max {
                return Err(Malformed::Unknown);
            }
            match Mark::read(reader)? {
                Mark::Delta if !is_key => self.read_delta(reader, slot)?,
                Mark::New => self.read_new(reader, slot)?,
                Mark::Gone => self.making.remove(slot),
                Mark::Delta | Mark::OwnDelta(_) | Mark::Untold => return Err(Malformed::Unknown),
            }
            next = slot + 1;
        }
        Ok(())
    }

    fn read_delta(&mut self, reader: &mut BitReader<'_>, slot: u16) -> Result<(), Malformed> {
        let was = self.shown.as_ref().and_then(|shown| shown.get(slot));
        let was = was.ok_or(Malformed::Unknown)?;
        let kind = &self.schema.kinds[usize::from(was.kind)];
        let fields = self.making.place(slot, was.kind, was.generation);
        delta::read(reader, kind, (was.fields, 1), fields.ok_or(Malformed::Unknown)?)
    }

    fn read_new(&mut self, reader: &mut BitReader<'_>, slot: u16) -> Result<(), Malformed> {
        let kind = reader.read(self.schema.kind_bits())? as u8;
        let generation = reader.read(8)? as u8;
        let about = self.schema.kinds.get(usize::from(kind)).ok_or(Malformed::Unknown)?;
        let fields = self.making.place(slot, kind, generation).ok_or(Malformed::Unknown)?;
        delta::read_whole(reader, about, fields)
    }

    /// The state that is shown; none before the first frame.
    #[must_use]
    pub fn state(&self) -> Option<&Table> {
        self.shown.as_ref()
    }

    /// What happened at its tick.
    #[must_use]
    pub fn happened(&self) -> &[Event] {
        &self.happened
    }
}

/// Puts everything that `shown` has where it is expected a tick later.
fn carry_all(making: &mut Table, shown: &Table) {
    for (slot, entity) in shown.iter() {
        let kind = &shown.schema().kinds[usize::from(entity.kind)];
        if let Some(fields) = making.place(slot, entity.kind, entity.generation) {
            delta::carry(kind, (entity.fields, 1), fields);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::game::random::Random;
    use crate::game::{EntityKind, EventKind, Field, Group};

    static SCHEMA: Schema = Schema {
        name: "film",
        tick_hz: 30,
        entities_max: 80,
        kinds: &[
            EntityKind {
                name: "mover",
                groups: &[
                    Group(&[Field::signed("vx", 8).small(3)]),
                    Group(&[Field::unsigned("x", 14).small(4).carried(0, 2)]),
                ],
            },
            EntityKind { name: "sign", groups: &[Group(&[Field::unsigned("all", 31)])] },
        ],
        input: &[],
        events: &[
            EventKind { name: "hit", fields: &[Field::signed("by", 9)] },
            EventKind { name: "over", fields: &[] },
        ],
    };
    const _: () = SCHEMA.prove();

    /// A world of chance, at every tick but those that are left out.
    fn world(seed: u64, ticks: u32) -> Vec<(Table, Vec<Event>)> {
        let mut random = Random::new(seed);
        let mut table = Table::new(&SCHEMA);
        let mut all = Vec::new();
        for tick in 1..=ticks {
            let mut next = Table::new(&SCHEMA);
            next.begin(tick);
            for slot in 0..80 {
                match table.get(slot).filter(|_| !random.happens(20_000)) {
                    Some(was) if was.kind == 0 => {
                        let vx = was.fields[0] + i32::from(random.happens(200_000));
                        next.put(slot, 0, was.generation, &[vx, was.fields[1] + (vx >> 2)]);
                    }
                    Some(was) => next.put(slot, 1, was.generation, was.fields),
                    None if random.happens(30_000) => {
                        let values = [random.below(99) as i32, random.below(9_999) as i32];
                        next.put(slot, random.below(2) as u8, tick as u8, &values);
                    }
                    None => {}
                }
            }
            // The third is none that the schema knows.
            let event = |number: u64| match number % 3 {
                0 => Event::new(0, &[number as i32]),
                kind => Event::new(kind as u8, &[]),
            };
            let events = (0..random.below(4)).map(event);
            if !random.happens(10_000) {
                all.push((next.clone(), events.collect()));
            }
            table = next;
        }
        all
    }

    fn film(world: &[(Table, Vec<Event>)], key_every: u32) -> Vec<u8> {
        let (mut camera, mut film) = (Camera::new(&SCHEMA, key_every), Vec::new());
        for (table, events) in world {
            camera.frame(table, events, &mut film);
        }
        film
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_was_filmed_is_shown_and_can_be_entered_where_a_frame_stands_for_itself(seed: u64) {
            let world = world(seed, 200);
            let film = film(&world, 30);
            let mut projector = Projector::new(&SCHEMA);
            let (mut rest, mut entered) = (&film[..], 0);
            for (table, events) in &world {
                // Whoever comes in here.
                let mut late = Projector::new(&SCHEMA);
                if late.show(rest).is_ok() {
                    prop_assert_eq!(late.state(), Some(table));
                    entered += 1;
                }
                rest = projector.show(rest).unwrap().unwrap();
                prop_assert_eq!(projector.state(), Some(table));
                let known: Vec<_> = events.iter().filter(|event| event.kind < 2).copied().collect();
                prop_assert_eq!(projector.happened(), known);
            }
            prop_assert!(rest.is_empty() && entered >= 6, "{} entered", entered);
        }

        #[test]
        fn bytes_from_outside_never_panic(bytes: Vec<u8>) {
            let film = film(&world(1, 3), 30);
            let mut projector = Projector::new(&SCHEMA);
            projector.show(&film).unwrap();
            let mut frame = (bytes.len() as u32).to_le_bytes().to_vec();
            frame.extend_from_slice(&bytes);
            let _ = projector.show(&frame);
            let _ = projector.show(&bytes);
        }
    }

    #[test]
    fn a_frame_that_is_not_whole_waits() {
        let film = film(&world(2, 2), 30);
        for len in 0..film.len() {
            let mut projector = Projector::new(&SCHEMA);
            let first = u32::from_le_bytes(film[..4].try_into().unwrap()) as usize + 4;
            assert_eq!(projector.show(&film[..len]).unwrap().is_some(), len >= first, "{len}");
        }
    }

    #[test]
    fn what_goes_as_expected_costs_next_to_nothing() {
        let (mut camera, mut film) = (Camera::new(&SCHEMA, 1_000), Vec::new());
        let mut table = Table::new(&SCHEMA);
        for tick in 1..=100 {
            table.begin(tick);
            (0..80).for_each(|slot| table.put(slot, 0, 1, &[8, 2 * tick as i32]));
            camera.frame(&table, [], &mut film);
        }
        // Length, flag, and twice "none".
        assert!(film.len() < 600 + 100 * 8, "{} bytes", film.len());
    }
}
