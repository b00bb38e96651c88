//! The state of the world at one tick, and the last ticks' states.

use crate::limits::RING_TICKS;

use super::schema::{EntityKind, Schema};
use super::set::EntitySet;

/// One entity as it is at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity<'a> {
    /// Its kind's number.
    pub kind: u8,
    /// Which of the entities that had this slot it is.
    pub generation: u8,
    /// The values of its fields, by number.
    pub fields: &'a [i32],
}

impl Entity<'_> {
    /// True if `other`, of the same slot at another tick, is the same entity.
    #[must_use]
    pub fn is_same(&self, other: &Entity<'_>) -> bool {
        self.kind == other.kind && self.generation == other.generation
    }
}

/// The quantised state of every entity at one tick. Takes memory once, when it is made, and touches only as
/// much of it as the highest slot in use asks for.
#[derive(Debug, Clone)]
pub struct Table {
    schema: &'static Schema,
    tick: u32,
    stride: usize,
    present: EntitySet,
    kinds: Box<[u8]>,
    generations: Box<[u8]>,
    fields: Box<[i32]>,
}

impl Table {
    /// An empty world at tick 0.
    #[must_use]
    pub fn new(schema: &'static Schema) -> Self {
        let slots = usize::from(schema.entities_max);
        let stride = schema.fields_max();
        Self {
            schema,
            tick: 0,
            stride,
            present: EntitySet::EMPTY,
            kinds: vec![0; slots].into(),
            generations: vec![0; slots].into(),
            fields: vec![0; slots * stride].into(),
        }
    }

    /// The tick that it is the state of.
    #[must_use]
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// Which game's world it is.
    #[must_use]
    pub fn schema(&self) -> &'static Schema {
        self.schema
    }

    /// Takes every entity out, and is the state of `tick` from now on.
    pub fn begin(&mut self, tick: u32) {
        self.tick = tick;
        self.present.clear();
    }

    /// Puts an entity into `slot`, in place of any that is there. Values are brought to fit their fields
    /// ([`Field::fit`]); fields that are left out are 0. A slot or a kind that the schema does not have is
    /// left away.
    ///
    /// An entity that takes a slot over has another `generation` than any that had it within the last
    /// [`RING_TICKS`] ticks: counting up does it.
    ///
    /// [`Field::fit`]: super::Field::fit
    pub fn put(&mut self, slot: u16, kind: u8, generation: u8, values: &[i32]) {
        let Some(about) = self.schema.kinds.get(usize::from(kind)) else { return };
        let Some(fields) = self.place(slot, kind, generation) else { return };
        fields.fill(0);
        for ((to, field), value) in fields.iter_mut().zip(about.fields()).zip(values) {
            *to = field.fit(*value);
        }
    }

    /// The fields of `slot`, now taken by an entity of `kind`; as many as that has.
    pub(super) fn place(&mut self, slot: u16, kind: u8, generation: u8) -> Option<&mut [i32]> {
        let at = usize::from(slot);
        if slot >= self.schema.entities_max {
            return None;
        }
        let count = self.schema.kinds.get(usize::from(kind))?.fields_len();
        self.present.insert(slot);
        self.kinds[at] = kind;
        self.generations[at] = generation;
        Some(&mut self.fields[at * self.stride..][..count])
    }

    /// Takes the entity out of `slot`.
    pub fn remove(&mut self, slot: u16) {
        self.present.remove(slot);
    }

    /// The entity in `slot`.
    #[must_use]
    pub fn get(&self, slot: u16) -> Option<Entity<'_>> {
        if !self.present.contains(slot) {
            return None;
        }
        let at = usize::from(slot);
        let kind = self.kinds[at];
        let count = self.about(kind).fields_len();
        let fields = &self.fields[at * self.stride..][..count];
        Some(Entity { kind, generation: self.generations[at], fields })
    }

    fn about(&self, kind: u8) -> &'static EntityKind {
        &self.schema.kinds[usize::from(kind)]
    }

    /// Which slots hold an entity.
    #[must_use]
    pub fn present(&self) -> &EntitySet {
        &self.present
    }

    /// Every entity with its slot, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = (u16, Entity<'_>)> {
        self.present.iter().filter_map(|slot| Some((slot, self.get(slot)?)))
    }

    /// Takes over what `other`, a world of the same game, holds.
    pub fn copy_from(&mut self, other: &Self) {
        self.begin(other.tick);
        for slot in other.present.iter() {
            self.copy_slot(other, slot);
        }
    }

    /// Takes over what `other`, a world of the same game, holds in `slot`: an entity or none.
    pub fn copy_slot(&mut self, other: &Self, slot: u16) {
        let Some(entity) = other.get(slot) else { return self.remove(slot) };
        if let Some(fields) = self.place(slot, entity.kind, entity.generation) {
            fields.copy_from_slice(entity.fields);
        }
    }
}

/// The same entities at the same tick.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.tick == other.tick && self.iter().eq(other.iter())
    }
}

/// The states of the last [`RING_TICKS`] ticks.
#[derive(Debug, Clone)]
pub struct Ring {
    tables: Box<[Table]>,
    newest: Option<u32>,
}

impl Ring {
    /// A ring that holds no tick yet.
    #[must_use]
    pub fn new(schema: &'static Schema) -> Self {
        let mut table = Table::new(schema);
        table.tick = u32::MAX;
        Self { tables: vec![table; RING_TICKS].into(), newest: None }
    }

    /// Begins `tick`, which is later than all others: an empty table, in place of the one 64 ticks ago.
    ///
    /// # Panics
    ///
    /// If `tick` is not later: a mistake in the program.
    pub fn begin(&mut self, tick: u32) -> &mut Table {
        assert!(self.newest.is_none_or(|newest| newest < tick), "tick {tick} is not the next one");
        self.newest = Some(tick);
        let table = &mut self.tables[tick as usize % RING_TICKS];
        table.begin(tick);
        table
    }

    /// The state at `tick`, if it is held.
    #[must_use]
    pub fn get(&self, tick: u32) -> Option<&Table> {
        let newest = self.newest?;
        let table = &self.tables[tick as usize % RING_TICKS];
        let held = tick <= newest && newest - tick < RING_TICKS as u32;
        (held && table.tick == tick).then_some(table)
    }

    /// The newest state.
    #[must_use]
    pub fn newest(&self) -> Option<&Table> {
        self.get(self.newest?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{EntityKind, Field, Group};

    static SCHEMA: Schema = Schema {
        name: "two",
        tick_hz: 30,
        entities_max: 70,
        kinds: &[
            EntityKind { name: "dot", groups: &[Group(&[Field::unsigned("x", 4)])] },
            EntityKind {
                name: "arrow",
                groups: &[Group(&[Field::signed("x", 4), Field::unsigned("turn", 4).wrapping()])],
            },
        ],
        input: &[],
        events: &[],
    };
    const _: () = SCHEMA.prove();

    #[test]
    fn values_are_brought_to_fit_and_fields_left_out_are_zero() {
        let mut table = Table::new(&SCHEMA);
        table.put(69, 1, 7, &[100, 17]);
        let arrow = Entity { kind: 1, generation: 7, fields: &[7, 1] };
        assert_eq!(table.get(69), Some(arrow));
        table.put(69, 1, 8, &[-9]);
        assert_eq!(table.get(69).unwrap().fields, [-8, 0]);
        table.put(69, 0, 9, &[3, 3, 3]);
        assert_eq!(table.get(69).unwrap().fields, [3]);
    }

    #[test]
    fn a_slot_or_kind_that_there_is_not_is_left_away() {
        let mut table = Table::new(&SCHEMA);
        table.put(70, 0, 0, &[1]);
        table.put(1, 2, 0, &[1]);
        assert!(table.present().is_empty());
        assert_eq!(table.get(70), None);
    }

    #[test]
    fn a_ring_holds_the_last_64_ticks_and_no_others() {
        let mut ring = Ring::new(&SCHEMA);
        assert!(ring.newest().is_none() && ring.get(0).is_none());
        for tick in (1..=200).filter(|tick| tick % 3 != 0) {
            ring.begin(tick).put(0, 0, 0, &[tick as i32 % 16]);
        }
        assert_eq!(ring.newest().unwrap().tick(), 200);
        for tick in 0..300 {
            let held = tick % 3 != 0 && tick > 136 && tick <= 200;
            assert_eq!(ring.get(tick).is_some(), held, "tick {tick}");
            let value = ring.get(tick).map(|table| table.get(0).unwrap().fields[0]);
            assert_eq!(value, held.then_some(tick as i32 % 16));
        }
    }
}
