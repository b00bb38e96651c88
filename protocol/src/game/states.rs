//! The states that a client received, each put together from an earlier one and what a datagram said.

use super::bits::BitReader;
use super::delta;
use super::input::ViewTick;
use super::packet::{COUNT_BITS, Malformed, Mark, read_gap};
use super::schema::Schema;
use super::set::EntitySet;
use super::table::Table;
use crate::limits::{FIELDS_MAX, RING_TICKS};

/// The state of one tick.
#[derive(Debug, Clone)]
struct State {
    table: Table,
    /// The slots that it is right about; in the others it is as it was last known, and no baseline.
    known: EntitySet,
    came: bool,
}

/// The states of the last 64 ticks that came.
#[derive(Debug)]
pub(super) struct States {
    kept: Kept,
    /// Where the next one takes shape: what cannot be read to its end leaves no trace.
    making: State,
}

#[derive(Debug)]
struct Kept {
    ring: Box<[State]>,
    newest: Option<u32>,
}

impl States {
    pub(super) fn new(schema: &'static Schema) -> Self {
        let empty = State { table: Table::new(schema), known: EntitySet::EMPTY, came: false };
        let kept = Kept { ring: vec![empty.clone(); RING_TICKS].into(), newest: None };
        Self { kept, making: empty }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        for state in &mut self.kept.ring {
            state.came = false;
            state.table.begin(0);
        }
        self.kept.newest = None;
    }

    pub(super) fn newest(&self) -> Option<u32> {
        self.kept.newest
    }

    /// The newest state; an empty one before any came.
    pub(super) fn world(&self) -> &Table {
        &self.kept.ring[self.kept.newest.unwrap_or(0) as usize % RING_TICKS].table
    }

    /// The state of `tick`, if it came and is still here.
    pub(super) fn get(&self, tick: u32) -> Option<&Table> {
        self.kept.get(tick)
    }

    /// True if the state of `tick` came and is right about `slot`.
    pub(super) fn knows(&self, tick: u32, slot: u16) -> bool {
        self.kept.state(tick).is_some_and(|state| state.known.contains(slot))
    }

    /// Which of the 32 ticks before the newest came, the one before it in the lowest bit.
    pub(super) fn bits(&self) -> u32 {
        let Some(newest) = self.kept.newest else { return 0 };
        let came =
            |ago: &u32| newest.checked_sub(ago + 1).and_then(|tick| self.get(tick)).is_some();
        (0..32).filter(came).fold(0, |bits, ago| bits | 1 << ago)
    }

    /// The states around a moment.
    pub(super) fn between(&self, view: ViewTick) -> Option<Between<'_>> {
        let before = self.kept.before(view.tick.saturating_add(1));
        let after = self.kept.after(view.tick);
        let older = before.or(after)?;
        let newer = after.unwrap_or(older);
        let passed = view.parts().saturating_sub(u64::from(older) << 8);
        let part = passed.checked_div(u64::from(newer - older)).unwrap_or(0);
        Some(Between {
            older: self.get(older)?,
            newer: self.get(newer)?,
            part: u8::try_from(part).unwrap_or(u8::MAX),
        })
    }

    /// Reads the entities of a datagram of `tick`, which did not come yet, against the state `age` ticks before
    /// it (0: none), to the datagram's end. True if there was room for all.
    pub(super) fn take(
        &mut self,
        mut reader: BitReader<'_>,
        tick: u32,
        age: u8,
    ) -> Result<bool, Malformed> {
        let partial = reader.flag()?;
        let making = &mut self.making;
        making.table.begin(tick);
        let (told, untold) = self.kept.read_told(&mut reader, &mut making.table, age)?;
        reader.finish()?;
        if !partial {
            self.kept.fill(&mut making.table, age, &told.union(&untold))?;
        }
        let all = EntitySet::below(making.table.schema().entities_max);
        making.known = if partial { told } else { all.without(&untold) };
        self.kept.guess(&mut making.table, &all.without(&making.known));
        making.came = true;
        std::mem::swap(making, &mut self.kept.ring[tick as usize % RING_TICKS]);
        self.kept.newest = Some(self.kept.newest.map_or(tick, |newest| newest.max(tick)));
        Ok(!partial && untold.is_empty())
    }
}

impl Kept {
    fn state(&self, tick: u32) -> Option<&State> {
        let state = &self.ring[tick as usize % RING_TICKS];
        (state.came && state.table.tick() == tick).then_some(state)
    }

    fn get(&self, tick: u32) -> Option<&Table> {
        Some(&self.state(tick)?.table)
    }

    /// The tick that came last before `tick`.
    fn before(&self, tick: u32) -> Option<u32> {
        let newest = self.newest?;
        let oldest = newest.saturating_sub(RING_TICKS as u32 - 1);
        (oldest..tick.min(newest.saturating_add(1))).rev().find(|tick| self.get(*tick).is_some())
    }

    /// The tick that came first after `tick`.
    fn after(&self, tick: u32) -> Option<u32> {
        let newest = self.newest?;
        let oldest = newest.saturating_sub(RING_TICKS as u32 - 1);
        (oldest.max(tick.saturating_add(1))..=newest).find(|tick| self.get(*tick).is_some())
    }

    /// Reads the entities that a datagram mentions: the slots that it tells of, and those that it says it does
    /// not tell of.
    fn read_told(
        &self,
        reader: &mut BitReader<'_>,
        making: &mut Table,
        age: u8,
    ) -> Result<(EntitySet, EntitySet), Malformed> {
        let count = reader.read(COUNT_BITS)?;
        let (mut told, mut untold, mut next) = (EntitySet::EMPTY, EntitySet::EMPTY, 0);
        for _ in 0..count {
            let slot = next + read_gap(reader)?;
            if slot >= making.schema().entities_max {
                return Err(Malformed::Unknown);
            }
            let mark = Mark::read(reader)?;
            match mark {
                Mark::Delta => self.read_delta(reader, making, slot, age)?,
                Mark::OwnDelta(age) => self.read_delta(reader, making, slot, age)?,
                Mark::New => read_new(reader, making, slot)?,
                Mark::Gone | Mark::Untold => {}
            }
            let set = if mark == Mark::Untold { &mut untold } else { &mut told };
            set.insert(slot);
            next = slot + 1;
        }
        Ok((told, untold))
    }

    fn read_delta(
        &self,
        reader: &mut BitReader<'_>,
        making: &mut Table,
        slot: u16,
        age: u8,
    ) -> Result<(), Malformed> {
        let base = self.base(making.tick(), age)?;
        let known = base.known.contains(slot);
        let entity = base.table.get(slot).filter(|_| known).ok_or(Malformed::Unknown)?;
        let kind = &making.schema().kinds[usize::from(entity.kind)];
        let fields = making.place(slot, entity.kind, entity.generation);
        let fields = fields.ok_or(Malformed::Unknown)?;
        delta::read(reader, kind, (entity.fields, age.into()), fields)
    }

    fn base(&self, tick: u32, age: u8) -> Result<&State, Malformed> {
        let base = tick.checked_sub(age.into()).filter(|_| age > 0);
        base.and_then(|base| self.state(base)).ok_or(Malformed::Unknown)
    }

    /// Fills in what a datagram with room for all did not mention: it is as its baseline leads to expect.
    fn fill(&self, making: &mut Table, age: u8, told: &EntitySet) -> Result<(), Malformed> {
        if age > 0 {
            let base = self.base(making.tick(), age)?;
            for slot in base.table.present().intersection(&base.known).without(told).iter() {
                carry_slot(making, &base.table, slot);
            }
        }
        Ok(())
    }

    /// Fills in what is not known: it is taken to have gone on as it was.
    fn guess(&self, making: &mut Table, unknown: &EntitySet) {
        if let Some(last) = self.before(making.tick()).and_then(|last| self.get(last)) {
            for slot in last.present().intersection(unknown).iter() {
                carry_slot(making, last, slot);
            }
        }
    }
}

fn read_new(reader: &mut BitReader<'_>, making: &mut Table, slot: u16) -> Result<(), Malformed> {
    let schema = making.schema();
    let kind = reader.read(schema.kind_bits())? as u8;
    let generation = reader.read(8)? as u8;
    let about = schema.kinds.get(usize::from(kind)).ok_or(Malformed::Unknown)?;
    let fields = making.place(slot, kind, generation).ok_or(Malformed::Unknown)?;
    delta::read_whole(reader, about, fields)
}

/// Puts the entity in `slot` of `base`, an earlier tick, where it is expected now.
fn carry_slot(making: &mut Table, base: &Table, slot: u16) {
    let Some(entity) = base.get(slot) else { return };
    let ticks = making.tick() - base.tick();
    let kind = &making.schema().kinds[usize::from(entity.kind)];
    if let Some(fields) = making.place(slot, entity.kind, entity.generation) {
        delta::carry(kind, (entity.fields, ticks), fields);
    }
}

/// The two states around a moment that is shown.
#[derive(Debug, Clone, Copy)]
pub struct Between<'a> {
    /// The state before it.
    pub older: &'a Table,
    /// The state after it; the same as `older` where none came yet.
    pub newer: &'a Table,
    /// How far from the older to the newer, in 256ths.
    pub part: u8,
}

impl Between<'_> {
    /// The fields of the entity in `slot` at that moment, into `fields`, and its kind and generation; none if
    /// there is none before it. What is not there after it, or is another entity, stands still.
    pub fn fields(&self, slot: u16, fields: &mut [i32; FIELDS_MAX]) -> Option<(u8, u8)> {
        let older = self.older.get(slot)?;
        let kind = &self.older.schema().kinds[usize::from(older.kind)];
        let newer = self.newer.get(slot).filter(|newer| newer.is_same(&older)).unwrap_or(older);
        let values = older.fields.iter().zip(newer.fields);
        for ((to, field), (from, until)) in fields.iter_mut().zip(kind.fields()).zip(values) {
            *to = field.between(*from, *until, self.part);
        }
        Some((older.kind, older.generation))
    }
}
