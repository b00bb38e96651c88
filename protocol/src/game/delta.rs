//! An entity as the difference to an earlier state of it.
//!
//! What the schema says about a field predicts it: a field that is carried by another is expected where that
//! one takes it, any other where it was. With `then` and `since` as the carrying field was and is, it is expected
//! to have moved by `(then * (ticks - 1) + since * (ticks + 1)) >> (shift + 1)`: `since * ticks` for a steady
//! speed, and just as far as a body moves whose speed changes evenly and which moves after its speed changed. One bit for each group says whether any of its fields is not as
//! expected; if so, each field of the group follows, as its value less the expected one (modulo the field's
//! bits, then folded so that 0, -1, 1, -2 become 0, 1, 2, 3):
//!
//! ```text
//! 0  + small_bits        the folded difference
//! 10 + small_bits + 3    the folded difference less 2^small_bits, where that is shorter than the field
//! 11 + bits              the value itself (1 + bits where there is no middle form)
//! bits                   the value itself, where small_bits is 0
//! ```

use super::bits::{BitReader, BitWriter};
use super::packet::Malformed;
use super::schema::{EntityKind, Field, raw};

/// How many bits the middle form of a difference has beyond the small one.
const MIDDLE_MORE: u32 = 3;

/// Where a field of `base` is expected `ticks` ticks later; of `now`, what comes before it is known.
fn expected(field: &Field, at: usize, (base, ticks): (&[i32], u32), now: &[i32]) -> i32 {
    let Some(carried) = field.carried else { return base[at] };
    let by = usize::from(carried.by);
    let (Some(then), Some(since)) = (base.get(by), now.get(by)) else { return base[at] };
    // A speed that changed is taken to have changed evenly, and to move a tick after it changed.
    let ticks = i64::from(ticks);
    let twice = i64::from(*then) * (ticks - 1) + i64::from(*since) * (ticks + 1);
    field.settle(i64::from(base[at]) + (twice >> (carried.shift + 1)))
}

/// The fields `base` as they are expected after `ticks` ticks, into `now`.
pub(super) fn carry(kind: &EntityKind, base: (&[i32], u32), now: &mut [i32]) {
    for (at, field) in kind.fields().enumerate() {
        now[at] = expected(field, at, base, now);
    }
}

/// Writes what differs between `now` and what `base` (the fields, and how many ticks ago) leads to expect: one
/// bit for each group at least. True if nothing differs.
pub(super) fn write(
    writer: &mut BitWriter<'_>,
    kind: &EntityKind,
    base: (&[i32], u32),
    now: &[i32],
) -> bool {
    let (mut first, mut same) = (0, true);
    for group in kind.groups {
        let expected = |(n, field)| expected(field, first + n, base, now);
        let mut values = group.0.iter().enumerate().zip(&now[first..]);
        let changed = values.any(|(field, now)| expected(field) != *now);
        writer.flag(changed);
        if changed {
            same = false;
            for (field, now) in group.0.iter().enumerate().zip(&now[first..]) {
                write_value(writer, field.1, expected(field), *now);
            }
        }
        first += group.0.len();
    }
    same
}

/// Reads what [`write`] wrote, into `now`.
pub(super) fn read(
    reader: &mut BitReader<'_>,
    kind: &EntityKind,
    base: (&[i32], u32),
    now: &mut [i32],
) -> Result<(), Malformed> {
    let mut at = 0;
    for group in kind.groups {
        let changed = reader.flag()?;
        for field in group.0 {
            let expected = expected(field, at, base, now);
            now[at] = if changed { read_value(reader, field, expected)? } else { expected };
            at += 1;
        }
    }
    Ok(())
}

/// Writes every field as it is.
pub(super) fn write_whole(writer: &mut BitWriter<'_>, kind: &EntityKind, now: &[i32]) {
    for (field, now) in kind.fields().zip(now) {
        writer.write(raw(field, *now), u32::from(field.bits));
    }
}

/// Reads what [`write_whole`] wrote.
pub(super) fn read_whole(
    reader: &mut BitReader<'_>,
    kind: &EntityKind,
    now: &mut [i32],
) -> Result<(), Malformed> {
    for (field, now) in kind.fields().zip(now) {
        *now = read_raw(reader, field)?;
    }
    Ok(())
}

/// Reads a value of `field` as it is.
pub(super) fn read_raw(reader: &mut BitReader<'_>, field: &Field) -> Result<i32, Malformed> {
    Ok(field.wrap(reader.read(u32::from(field.bits))? as i64))
}

/// The bits of the small and of the middle form; none where there is none.
fn forms(field: &Field) -> (Option<u32>, Option<u32>) {
    let bits = u32::from(field.bits);
    let small = Some(u32::from(field.small_bits)).filter(|small| *small > 0);
    let middle = small.map(|small| small + MIDDLE_MORE).filter(|middle| *middle < bits);
    (small, middle)
}

fn write_value(writer: &mut BitWriter<'_>, field: &Field, expected: i32, now: i32) {
    let unused = 64 - u32::from(field.bits);
    let less = ((i64::from(now) - i64::from(expected)) << unused) >> unused;
    let folded = ((less << 1) ^ (less >> 63)) as u64;
    let whole = (raw(field, now), u32::from(field.bits));
    match forms(field) {
        (Some(small), _) if folded < 1 << small => {
            writer.flag(false);
            writer.write(folded, small);
        }
        (Some(small), Some(middle)) => {
            let rest = folded - (1 << small);
            let fits = rest < 1 << middle;
            writer.write(if fits { 0b01 } else { 0b11 }, 2);
            let (value, bits) = if fits { (rest, middle) } else { whole };
            writer.write(value, bits);
        }
        (Some(_), None) => {
            writer.flag(true);
            writer.write(whole.0, whole.1);
        }
        (None, _) => writer.write(whole.0, whole.1),
    }
}

fn read_value(reader: &mut BitReader<'_>, field: &Field, expected: i32) -> Result<i32, Malformed> {
    let (Some(small), middle) = forms(field) else { return read_raw(reader, field) };
    let folded = if !reader.flag()? {
        reader.read(small)?
    } else if let Some(middle) = middle {
        if reader.flag()? {
            return read_raw(reader, field);
        }
        reader.read(middle)? + (1 << small)
    } else {
        return read_raw(reader, field);
    };
    let less = (folded >> 1) as i64 ^ -((folded & 1) as i64);
    Ok(field.wrap(i64::from(expected) + less))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::game::Group;

    static KIND: EntityKind = EntityKind {
        name: "all",
        groups: &[
            Group(&[
                Field::signed("vx", 9).small(4),
                Field::unsigned("turn", 10).small(6).wrapping(),
            ]),
            Group(&[
                Field::signed("x", 16).small(4).carried(0, 3),
                Field::unsigned("y", 31).small(9),
            ]),
            Group(&[Field::unsigned("flag", 1), Field::signed("odd", 5).small(3)]),
        ],
    };

    fn fields() -> impl Strategy<Value = Vec<i32>> {
        let of = |field: &'static Field| prop_oneof![field.min()..=field.max(), 0..=1_i32];
        KIND.fields().map(of).collect::<Vec<_>>()
    }

    proptest! {
        #[test]
        fn what_was_written_against_a_baseline_is_read_against_it(
            base in fields(), now in fields(), ticks in 0_u32..64, near in any::<bool>(),
        ) {
            let mut to = vec![0; base.len()];
            carry(&KIND, (&base, ticks), &mut to);
            for ((to, field), now) in to.iter_mut().zip(KIND.fields()).zip(&now) {
                let value = if near { to.wrapping_add(now % 40) } else { *now };
                *to = field.fit(value);
            }
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            write(&mut writer, &KIND, (&base, ticks), &to);
            writer.finish();
            let mut read_back = vec![0; base.len()];
            let mut reader = BitReader::new(&bytes);
            read(&mut reader, &KIND, (&base, ticks), &mut read_back).unwrap();
            reader.finish().unwrap();
            prop_assert_eq!(read_back, to);
        }

        #[test]
        fn what_was_written_whole_is_read_whole(now in fields()) {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            write_whole(&mut writer, &KIND, &now);
            writer.finish();
            let mut read_back = vec![0; now.len()];
            read_whole(&mut BitReader::new(&bytes), &KIND, &mut read_back).unwrap();
            prop_assert_eq!(read_back, now);
        }

        #[test]
        fn whatever_is_read_fits_its_field(bytes: Vec<u8>, base in fields(), ticks in 0_u32..64) {
            let mut now = vec![0; base.len()];
            if read(&mut BitReader::new(&bytes), &KIND, (&base, ticks), &mut now).is_ok() {
                prop_assert!(KIND.fields().zip(&now).all(|(field, now)| field.fit(*now) == *now));
            }
        }
    }

    #[test]
    fn what_moves_as_expected_costs_one_bit_a_group() {
        let base = [-20, 3, 100, 7, 1, 0];
        let mut now = base;
        carry(&KIND, (&base, 4), &mut now);
        assert_eq!(now, [-20, 3, 90, 7, 1, 0]);
        let mut bytes = Vec::new();
        let mut writer = BitWriter::new(&mut bytes);
        assert!(write(&mut writer, &KIND, (&base, 4), &now));
        writer.finish();
        assert_eq!(bytes, [0]);
    }

    #[test]
    fn a_speed_that_changed_evenly_leads_to_the_right_place() {
        // Eighths: from -20, by 5 a tick, each before the place moves by it.
        let (mut speed, mut place) = (-20, 100 * 8);
        for _ in 0..6 {
            speed += 5;
            place += speed;
        }
        let base = [-20, 3, 100, 7, 1, 0];
        let now = [speed, 3, place / 8, 7, 1, 0];
        let mut bytes = Vec::new();
        let mut writer = BitWriter::new(&mut bytes);
        write(&mut writer, &KIND, (&base, 6), &now);
        // The speed's group, and a bit for each of the others.
        assert_eq!(writer.bits_since(0), 1 + 9 + 7 + 2);
    }
}
