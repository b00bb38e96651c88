//! A second decoder of datagrams, written from `docs/wire.md` alone: slow, plain, and without any code of the crate.
//! What it makes of the golden datagrams is what stands beside them.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::game::{Field, Schema};
use serde_json::{Value, json};

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn number(&mut self, bits: u32) -> u64 {
        let mut number = 0;
        for n in 0..bits {
            number |= u64::from(self.bytes[self.at / 8] >> (self.at % 8) & 1) << n;
            self.at += 1;
        }
        number
    }

    fn flag(&mut self) -> bool {
        self.number(1) == 1
    }

    fn gap(&mut self) -> u16 {
        let gap = match (self.flag(), ()) {
            (false, ()) => 0,
            _ if !self.flag() => self.number(3) + 1,
            _ if !self.flag() => self.number(6) + 9,
            _ => self.number(10),
        };
        gap as u16
    }

    /// Less than a byte is left, and it is zeros.
    fn end(mut self) {
        let left = self.bytes.len() * 8 - self.at;
        assert!(left < 8 && self.number(left as u32) == 0, "{left} bits are left");
    }
}

fn signed(value: u64, bits: u32) -> i64 {
    if value >> (bits - 1) & 1 == 1 { value as i64 - (1 << bits) } else { value as i64 }
}

/// `value` modulo the field's bits, as the field is signed or not.
fn wrap(field: &Field, value: i64) -> i32 {
    let bits = u32::from(field.bits);
    let low = value as u64 & ((1 << bits) - 1);
    (if field.signed { signed(low, bits) } else { low as i64 }) as i32
}

fn whole_value(bits: &mut Bits<'_>, field: &Field) -> i32 {
    wrap(field, bits.number(field.bits.into()) as i64)
}

fn names(count: usize) -> u32 {
    (0..).find(|bits| 1 << bits >= count).unwrap()
}

type Entity = (u8, u8, Vec<i32>);

/// What a client knows: by tick and slot, an entity or that there is none.
pub(crate) struct Reference {
    schema: &'static Schema,
    states: BTreeMap<u32, BTreeMap<u16, Option<Entity>>>,
    /// The newest tick, for the upper bits of others.
    newest: u32,
    /// What was met, so that a test can ask for all.
    pub(crate) met: BTreeSet<&'static str>,
}

fn nearest(near: u32, low: u64) -> u32 {
    let candidates = (0..=1_u64 << 17).step_by(1 << 16).map(|high| high + low);
    candidates.min_by_key(|is| is.abs_diff(near.into())).unwrap() as u32
}

impl Reference {
    pub(crate) fn new(schema: &'static Schema) -> Self {
        Self { schema, states: BTreeMap::new(), newest: 0, met: BTreeSet::new() }
    }

    /// What is known of `tick`.
    pub(crate) fn state(&self, tick: u32) -> &BTreeMap<u16, Option<Entity>> {
        &self.states[&tick]
    }

    pub(crate) fn down(&mut self, bytes: &[u8]) -> Value {
        let mut bits = Bits { bytes, at: 0 };
        assert_eq!(bits.number(3), 1);
        let [resync, events, acks] = [bits.flag(), bits.flag(), bits.flag()];
        assert_eq!(bits.number(2), 0);
        let (epoch, number) = (bits.number(8), bits.number(4));
        let tick = nearest(self.newest, bits.number(16));
        let baseline_age = bits.number(6) as u32;
        let ack = acks.then(|| {
            let (seq, bitset) = (bits.number(16), bits.number(16));
            let (hold_ms, depth) = (bits.number(8), signed(bits.number(8), 8));
            json!({ "seq": seq, "bits": bitset, "hold_ms": hold_ms, "depth": depth })
        });
        let events = if events { self.events(&mut bits, tick) } else { Vec::new() };
        let (partial, untold) = self.entities(&mut bits, tick, baseline_age);
        bits.end();
        self.newest = self.newest.max(tick);
        for (met, what) in [(resync, "resync"), (partial, "partial"), (acks, "ack")] {
            self.met.extend(Some(what).filter(|_| met));
        }
        let known = self.states[&tick].iter();
        let entities: Vec<Value> = known
            .filter_map(|(slot, entity)| {
                let (kind, generation, fields) = entity.as_ref()?;
                Some(json!([slot, kind, generation, fields]))
            })
            .collect();
        json!({
            "resync": resync, "epoch": epoch, "number": number, "tick": tick,
            "baseline_age": baseline_age, "ack": ack, "events": events, "partial": partial,
            "untold": untold, "entities": entities,
        })
    }

    fn events(&mut self, bits: &mut Bits<'_>, tick: u32) -> Vec<Value> {
        let (count, first) = (bits.number(6), bits.number(16));
        let mut at = None;
        let mut events = Vec::new();
        for n in 0..count {
            let gap = u32::from(bits.gap());
            let now = at.map_or(tick - gap, |before: u32| before + gap);
            at = Some(now);
            let kind = bits.number(names(self.schema.events.len())) as usize;
            let fields = self.schema.events[kind].fields.iter();
            let fields: Vec<i32> = fields.map(|field| whole_value(bits, field)).collect();
            events.push(json!([(first + n) % 65_536, now, kind, fields]));
            self.met.insert("event");
        }
        events
    }

    /// Reads the entities into the state of `tick`; whether it is partial, and which slots are not told.
    fn entities(&mut self, bits: &mut Bits<'_>, tick: u32, age: u32) -> (bool, Vec<u16>) {
        let partial = bits.flag();
        let count = bits.number(10);
        let (mut known, mut untold, mut next) = (BTreeMap::new(), Vec::new(), 0);
        for _ in 0..count {
            let gap = bits.gap();
            self.met.insert(match gap {
                0 => "gap 0",
                1..=8 => "gap 1",
                9..=72 => "gap 9",
                _ => "gap 73",
            });
            let slot = next + gap;
            next = slot + 1;
            let (what, entity) = match (bits.flag(), ()) {
                (false, ()) => ("delta", Some(self.delta(bits, tick, age, slot))),
                _ if !bits.flag() => {
                    let own = bits.number(6) as u32;
                    ("own delta", Some(self.delta(bits, tick, own, slot)))
                }
                _ if !bits.flag() => ("new", Some(self.whole(bits))),
                _ if !bits.flag() => ("gone", None),
                _ => {
                    untold.push(slot);
                    self.met.insert("untold");
                    continue;
                }
            };
            self.met.insert(what);
            known.insert(slot, entity);
        }
        if !partial {
            for slot in (0..self.schema.entities_max).filter(|slot| !untold.contains(slot)) {
                let base = tick.checked_sub(age).filter(|_| age > 0);
                let was = base.and_then(|base| self.states[&base].get(&slot).cloned().flatten());
                let expected = || was.map(|was| self.carried(&was, age));
                known.entry(slot).or_insert_with(expected);
            }
        }
        self.states.insert(tick, known);
        (partial, untold)
    }

    fn whole(&self, bits: &mut Bits<'_>) -> Entity {
        let kind = bits.number(names(self.schema.kinds.len())) as u8;
        let generation = bits.number(8) as u8;
        let fields = self.schema.kinds[usize::from(kind)].fields();
        (kind, generation, fields.map(|field| whole_value(bits, field)).collect())
    }

    /// Where field `n` is expected, of which `was` are all fields before and `now` those that are known.
    fn expected(field: &Field, n: usize, was: &[i32], now: &[i32], ticks: u32) -> i32 {
        let Some(carried) = field.carried else { return was[n] };
        let [then, since] = [was, now].map(|of| i64::from(of[usize::from(carried.by)]));
        let twice = then * (i64::from(ticks) - 1) + since * (i64::from(ticks) + 1);
        let place = i64::from(was[n]) + (twice >> (carried.shift + 1));
        if field.wraps {
            wrap(field, place)
        } else {
            place.clamp(field.min().into(), field.max().into()) as i32
        }
    }

    fn carried(&self, was: &Entity, ticks: u32) -> Entity {
        let mut now = Vec::new();
        for (n, field) in self.schema.kinds[usize::from(was.0)].fields().enumerate() {
            now.push(Self::expected(field, n, &was.2, &now, ticks));
        }
        (was.0, was.1, now)
    }

    fn delta(&mut self, bits: &mut Bits<'_>, tick: u32, age: u32, slot: u16) -> Entity {
        let was = self.states[&(tick - age)][&slot].clone().expect("the baseline has it");
        let mut now = Vec::new();
        for group in self.schema.kinds[usize::from(was.0)].groups {
            let changed = bits.flag();
            for field in group.0 {
                let expected = Self::expected(field, now.len(), &was.2, &now, age);
                now.push(if changed { self.value(bits, field, expected) } else { expected });
            }
        }
        (was.0, was.1, now)
    }

    fn value(&mut self, bits: &mut Bits<'_>, field: &Field, expected: i32) -> i32 {
        let small = u32::from(field.small_bits);
        if small == 0 {
            self.met.insert("value");
            return whole_value(bits, field);
        }
        let folded = if !bits.flag() {
            self.met.insert("small");
            bits.number(small)
        } else if small + 3 < u32::from(field.bits) && !bits.flag() {
            self.met.insert("middle");
            bits.number(small + 3) + (1 << small)
        } else {
            self.met.insert("large");
            return whole_value(bits, field);
        };
        let less = if folded % 2 == 0 { folded / 2 } else { !(folded / 2) };
        wrap(field, i64::from(expected) + less as i64)
    }

    pub(crate) fn up(&mut self, bytes: &[u8]) -> Value {
        let mut bits = Bits { bytes, at: 0 };
        assert_eq!(bits.number(3), 2);
        let [acks, has_inputs] = [bits.flag(), bits.flag()];
        assert_eq!(bits.number(3), 0);
        let (epoch, seq) = (bits.number(8), bits.number(16));
        let ack = acks.then(|| {
            let (tick, bitset, hold_ms) = (bits.number(16), bits.number(32), bits.number(8));
            json!({ "tick": tick, "bits": bitset, "hold_ms": hold_ms })
        });
        let inputs = has_inputs.then(|| {
            let (tick, view_tick) = (bits.number(16), bits.number(16));
            let (view_frac, count) = (bits.number(8), bits.number(2) + 1);
            let mut inputs: Vec<u64> = Vec::new();
            for _ in 0..count {
                let input = self.input(&mut bits, inputs.last().copied());
                inputs.push(input);
            }
            json!({ "tick": tick, "view_tick": view_tick, "view_frac": view_frac,
                "newest_first": inputs.iter().map(|is| format!("{is:x}")).collect::<Vec<_>>() })
        });
        bits.end();
        json!({ "epoch": epoch, "seq": seq, "ack": ack, "inputs": inputs })
    }

    fn input(&mut self, bits: &mut Bits<'_>, newer: Option<u64>) -> u64 {
        if newer.is_some() && !bits.flag() {
            self.met.insert("same input");
            return newer.unwrap_or(0);
        }
        let (mut xor, mut at) = (0, 0);
        for field in self.schema.input {
            if newer.is_none() || bits.flag() {
                xor |= bits.number(field.bits.into()) << at;
            }
            at += u32::from(field.bits);
        }
        self.met.insert(if newer.is_some() { "other input" } else { "whole input" });
        newer.unwrap_or(0) ^ xor
    }
}
