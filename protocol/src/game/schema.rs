//! What a game's entities, inputs and events consist of, to the bit.
//!
//! A schema is data: both ends encode any game from it. It is written once as constants and proved while
//! the game compiles:
//!
//! ```
//! use playhouse_protocol::game::{EntityKind, EventKind, Field, Group, Schema};
//!
//! const SPEED: [Field; 2] = [Field::signed("vx", 9).small(4), Field::signed("vy", 9).small(4)];
//! const PLACE: [Field; 2] =
//!     [Field::signed("x", 16).small(4).carried(0, 3), Field::signed("y", 16).small(4).carried(1, 3)];
//!
//! pub static SCHEMA: Schema = Schema {
//!     name: "tag",
//!     tick_hz: 30,
//!     entities_max: 100,
//!     kinds: &[EntityKind { name: "runner", groups: &[Group(&SPEED), Group(&PLACE)] }],
//!     input: &[Field::signed("turn", 2), Field::unsigned("run", 1)],
//!     events: &[EventKind { name: "caught", fields: &[Field::unsigned("who", 7)] }],
//! };
//! const _: () = SCHEMA.prove();
//! ```
//!
//! What things cost: an entity that changed costs 2 to 4 bits and its changed groups; one that moved just as
//! its `carried` fields said costs nothing. A new entity costs its full width in *each* packet until one is
//! acknowledged (a round trip and a tick: 4 or 5 packets), and so does an event. What lives for less than a
//! second (a shot, a hit spark) is therefore better a counter or flag in its owner's state.

use serde::Serialize;

use crate::limits::{ENTITIES_MAX, EVENT_BITS_MAX, FIELDS_MAX, KINDS_MAX};

use super::input::Input;

/// One number of an entity, an input or an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// How many bits hold it, 1 to 31.
    pub bits: u8,
    /// True if it may be negative (two's complement in its bits).
    pub signed: bool,
    /// True if its greatest value is next to its least, as with an angle. What does not fit is then taken
    /// modulo its bits, else brought to the nearest that fits; and it is interpolated the short way round.
    pub wraps: bool,
    /// How many bits a usual change takes. 0: as many as the field has, which costs no mark.
    pub small_bits: u8,
    /// What moves it between ticks, if something does.
    pub carried: Option<Carried>,
}

/// A field moves by another one each tick, `shift` bits to the right: a place by its speed. Only what differs from
/// that is sent. Where the speed itself changed, it is taken to have changed evenly, and the place to move by
/// it each tick after it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// The other field, by its number among all fields of the entity; one before this field.
    pub by: u8,
    /// How many bits finer the other field is, 0 to 15. The shift rounds down.
    pub shift: u8,
}

impl Field {
    const fn new(name: &'static str, bits: u8, signed: bool) -> Self {
        Self { name, bits, signed, wraps: false, small_bits: 0, carried: None }
    }

    /// A number from 0 to 2^bits - 1.
    #[must_use]
    pub const fn unsigned(name: &'static str, bits: u8) -> Self {
        Self::new(name, bits, false)
    }

    /// A number from -2^(bits - 1) to 2^(bits - 1) - 1.
    #[must_use]
    pub const fn signed(name: &'static str, bits: u8) -> Self {
        Self::new(name, bits, true)
    }

    /// The same, where a usual change fits in so many bits.
    #[must_use]
    pub const fn small(mut self, small_bits: u8) -> Self {
        self.small_bits = small_bits;
        self
    }

    /// The same, where the greatest value is next to the least.
    #[must_use]
    pub const fn wrapping(mut self) -> Self {
        self.wraps = true;
        self
    }

    /// The same, moved by field number `by`; see [`Carried`].
    #[must_use]
    pub const fn carried(mut self, by: u8, shift: u8) -> Self {
        self.carried = Some(Carried { by, shift });
        self
    }

    /// The least value.
    #[must_use]
    pub const fn min(&self) -> i32 {
        if self.signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    /// The greatest value.
    #[must_use]
    pub const fn max(&self) -> i32 {
        ((1_u32 << (self.bits - self.signed as u8)) - 1) as i32
    }

    /// `value` modulo the field's bits.
    #[must_use]
    pub const fn wrap(&self, value: i64) -> i32 {
        let unused = 64 - self.bits as u32;
        if self.signed {
            ((value << unused) >> unused) as i32
        } else {
            (((value as u64) << unused) >> unused) as i32
        }
    }

    /// `value` as the field can hold it: modulo its bits if it wraps, else the nearest.
    #[must_use]
    pub const fn fit(&self, value: i32) -> i32 {
        self.settle(value as i64)
    }

    /// [`fit`](Self::fit) for a value that is still wider.
    pub(super) const fn settle(&self, value: i64) -> i32 {
        if self.wraps {
            self.wrap(value)
        } else if value < self.min() as i64 {
            self.min()
        } else if value > self.max() as i64 {
            self.max()
        } else {
            value as i32
        }
    }

    /// The value `part` / 256 of the way from `from` to `to`.
    #[must_use]
    pub const fn between(&self, from: i32, to: i32, part: u8) -> i32 {
        let whole = if self.wraps {
            let unused = 64 - self.bits as u32;
            ((to as i64 - from as i64) << unused) >> unused
        } else {
            to as i64 - from as i64
        };
        self.wrap(from as i64 + ((whole * part as i64) >> 8))
    }
}

/// Fields that change together: one bit says whether any did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Group(pub &'static [Field]);

/// A kind of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EntityKind {
    /// What it is called.
    pub name: &'static str,
    /// Its fields, in groups; they are numbered through all groups.
    pub groups: &'static [Group],
}

impl EntityKind {
    /// All its fields in the order of their numbers.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + '_ {
        self.groups.iter().flat_map(|group| group.0)
    }

    /// How many fields it has.
    #[must_use]
    pub const fn fields_len(&self) -> usize {
        let (mut len, mut at) = (0, 0);
        while at < self.groups.len() {
            len += self.groups[at].0.len();
            at += 1;
        }
        len
    }
}

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EventKind {
    /// What it is called.
    pub name: &'static str,
    /// What it says.
    pub fields: &'static [Field],
}

/// What a game consists of. See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// The game's name.
    pub name: &'static str,
    /// How many ticks a second, 1 to 240.
    pub tick_hz: u16,
    /// How many slots for entities, up to [`ENTITIES_MAX`].
    pub entities_max: u16,
    /// The kinds of entities, by number.
    pub kinds: &'static [EntityKind],
    /// What a player does in a tick: at most 64 bits in all. All zero is to do nothing.
    pub input: &'static [Field],
    /// The kinds of events, by number.
    pub events: &'static [EventKind],
}

impl Schema {
    /// How long a tick is, in microseconds, rounded down.
    #[must_use]
    pub const fn tick_us(&self) -> u64 {
        1_000_000 / self.tick_hz as u64
    }

    /// The most fields that an entity has.
    #[must_use]
    pub fn fields_max(&self) -> usize {
        self.kinds.iter().map(EntityKind::fields_len).max().unwrap_or(0)
    }

    /// How many bits name a kind of entity.
    #[must_use]
    pub const fn kind_bits(&self) -> u32 {
        bits_for(self.kinds.len())
    }

    /// How many bits name a kind of event.
    #[must_use]
    pub const fn event_bits(&self) -> u32 {
        bits_for(self.events.len())
    }

    /// An input of these values, in the order of [`Schema::input`]; what does not fit is brought to fit, and
    /// values that are left out are 0.
    #[must_use]
    pub fn pack_input(&self, values: &[i32]) -> Input {
        let (mut bits, mut at) = (0, 0);
        for (field, value) in self.input.iter().zip(values) {
            bits |= raw(field, field.fit(*value)) << at;
            at += u32::from(field.bits);
        }
        Input { bits }
    }

    /// `input` without what is past the schema's bits.
    #[must_use]
    pub fn known_bits(&self, input: Input) -> Input {
        let known: u32 = self.input.iter().map(|field| u32::from(field.bits)).sum();
        Input { bits: input.bits & 1_u64.checked_shl(known).map_or(u64::MAX, |past| past - 1) }
    }

    /// The value of field number `at` of an input; 0 if it has none.
    #[must_use]
    pub fn input_value(&self, input: Input, at: usize) -> i32 {
        let Some(field) = self.input.get(at) else { return 0 };
        let before: u32 = self.input[..at].iter().map(|field| u32::from(field.bits)).sum();
        field.wrap((input.bits >> before) as i64)
    }

    /// A number that two schemas share only if they are the same (but for one chance in four thousand
    /// million): FNV-1a (32 bits) of all that is in it.
    #[must_use]
    pub fn hash(&self) -> u32 {
        let mut hash = Hash(0x811c_9dc5);
        hash.text(self.name);
        hash.bytes(&self.tick_hz.to_le_bytes());
        hash.bytes(&self.entities_max.to_le_bytes());
        hash.bytes(&[self.kinds.len() as u8]);
        for kind in self.kinds {
            hash.text(kind.name);
            hash.bytes(&[kind.groups.len() as u8]);
            for group in kind.groups {
                hash.fields(group.0);
            }
        }
        hash.fields(self.input);
        hash.bytes(&[self.events.len() as u8]);
        for event in self.events {
            hash.text(event.name);
            hash.fields(event.fields);
        }
        hash.0
    }

    /// Proves that the schema keeps to its bounds: `const _: () = SCHEMA.prove();`.
    ///
    /// # Panics
    ///
    /// If it does not, with the bound; in a constant, while the game compiles.
    pub const fn prove(&self) {
        assert!(self.tick_hz >= 1 && self.tick_hz <= 240, "a tick rate is 1 to 240 Hz");
        assert!(self.entities_max as usize <= ENTITIES_MAX, "too many entities");
        assert!(
            !self.kinds.is_empty() && self.kinds.len() <= KINDS_MAX,
            "1 to 32 kinds of entities"
        );
        let mut at = 0;
        while at < self.kinds.len() {
            prove_kind(&self.kinds[at]);
            at += 1;
        }
        assert!(bits_of(self.input) <= 64, "an input has at most 64 bits");
        assert!(self.input.len() <= FIELDS_MAX, "an input has at most 24 fields");
        assert!(self.events.len() <= KINDS_MAX, "at most 32 kinds of events");
        let mut at = 0;
        while at < self.events.len() {
            let fields = self.events[at].fields;
            assert!(fields.len() <= FIELDS_MAX, "an event has at most 24 fields");
            assert!(bits_of(fields) <= EVENT_BITS_MAX, "an event has at most 256 bits");
            at += 1;
        }
    }
}

const fn prove_kind(kind: &EntityKind) {
    assert!(kind.fields_len() <= FIELDS_MAX, "an entity has at most 24 fields");
    let (mut group, mut number) = (0, 0);
    while group < kind.groups.len() {
        assert!(!kind.groups[group].0.is_empty(), "a group has a field");
        bits_of(kind.groups[group].0);
        let mut at = 0;
        while at < kind.groups[group].0.len() {
            if let Some(carried) = kind.groups[group].0[at].carried {
                assert!((carried.by as usize) < number, "a field is carried by one before it");
                assert!(carried.shift <= 15, "a field is carried by one at most 15 bits finer");
            }
            (at, number) = (at + 1, number + 1);
        }
        group += 1;
    }
}

/// How many bits `fields` have in all, each of which has 1 to 31.
const fn bits_of(fields: &[Field]) -> u32 {
    let (mut bits, mut at) = (0, 0);
    while at < fields.len() {
        let field = &fields[at];
        assert!(field.bits >= 1 && field.bits <= 31, "a field has 1 to 31 bits");
        assert!(
            field.small_bits < field.bits,
            "a usual change takes fewer bits than the field has"
        );
        bits += field.bits as u32;
        at += 1;
    }
    bits
}

/// How many bits tell `count` things apart.
const fn bits_for(count: usize) -> u32 {
    if count <= 1 { 0 } else { usize::BITS - (count - 1).leading_zeros() }
}

/// The bits of `value`, which fits `field`.
pub(super) const fn raw(field: &Field, value: i32) -> u64 {
    value as u32 as u64 & ((1 << field.bits) - 1)
}

/// FNV-1a.
struct Hash(u32);

impl Hash {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0]);
    }

    fn fields(&mut self, fields: &[Field]) {
        self.bytes(&[fields.len() as u8]);
        for field in fields {
            self.text(field.name);
            let carried = field.carried.map_or([0xff, 0], |carried| [carried.by, carried.shift]);
            let [by, shift] = carried;
            let (signed, wraps) = (u8::from(field.signed), u8::from(field.wraps));
            self.bytes(&[field.bits, signed, wraps, field.small_bits, by, shift]);
        }
    }
}
