//! Angles without fractions, the same on every machine.
//!
//! A turn has 1,024 parts: 0 looks along x, 256 along y. Sines are in 16,384ths, rounded to the nearest,
//! which is what `Math.round(Math.sin(angle * Math.PI / 512) * 16384)` is too.

/// How many parts a turn has.
pub const TURN: i32 = 1024;

/// What a sine of 1 is.
pub const ONE: i32 = 16_384;

/// The sines of a quarter of a turn, both ends included.
const QUARTER: [i32; 257] = {
    let mut sines = [0; 257];
    let mut at = 0;
    while at < sines.len() {
        sines[at] = sine(at as i64);
        at += 1;
    }
    sines
};

/// The sine of an angle of at most a quarter turn, by its series to the thirteenth power.
const fn sine(angle: i64) -> i32 {
    const BITS: u32 = 40;
    // π in 2^-40.
    let x = 3_454_217_652_358_i128 * angle as i128 / 512;
    let (mut sum, mut term, mut n) = (0, x, 1);
    while n <= 13 {
        sum += term;
        term = -((((term * x) >> BITS) * x) >> BITS) / ((n + 1) * (n + 2));
        n += 2;
    }
    // 14 bits are wanted of 40.
    ((sum + (1 << 25)) >> 26) as i32
}

/// The sine of `angle`.
#[must_use]
pub const fn sin(angle: i32) -> i32 {
    let angle = angle.rem_euclid(TURN) as usize;
    match angle / 256 {
        0 => QUARTER[angle],
        1 => QUARTER[512 - angle],
        2 => -QUARTER[angle - 512],
        _ => -QUARTER[1024 - angle],
    }
}

/// The cosine of `angle`.
#[must_use]
pub const fn cos(angle: i32) -> i32 {
    sin(angle + 256)
}

/// What is `len` long and looks along `angle`, rounded to the nearest.
#[must_use]
pub const fn along(angle: i32, len: i32) -> (i32, i32) {
    (scaled(cos(angle), len), scaled(sin(angle), len))
}

const fn scaled(sine: i32, len: i32) -> i32 {
    let size = (sine.abs() * len + ONE / 2) / ONE;
    if sine < 0 { -size } else { size }
}

/// The angle that looks from nothing to (`x`, `y`), rounded down; 0 if that is nothing.
#[must_use]
pub fn angle(x: i32, y: i32) -> i32 {
    let (quarter, along, up) = match (x, y) {
        (0, 0) => return 0,
        (1.., 0..) => (0, x, y),
        (..=0, 1..) => (256, y, -x),
        (..=-1, ..=0) => (512, -x, -y),
        _ => (768, -y, x),
    };
    let (along, up) = (i64::from(along), i64::from(up));
    // Up to there it is not past the direction.
    let is_below = |part: i32| i64::from(sin(part)) * along <= i64::from(cos(part)) * up;
    let (mut low, mut high) = (0, 256);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if is_below(middle) { low = middle } else { high = middle }
    }
    quarter + low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sines_are_the_nearest_whole_numbers() {
        for part in -2000..2000 {
            let exact = (f64::from(part) * std::f64::consts::PI / 512.0).sin() * f64::from(ONE);
            assert_eq!(sin(part), exact.round() as i32, "{part}");
        }
    }

    #[test]
    fn an_angle_looks_where_it_was_taken_from() {
        for part in 0..TURN {
            let (x, y) = along(part, 100_000);
            let found = angle(x, y);
            assert!((found - part).rem_euclid(TURN) <= 1 || found + 1 == part, "{part}: {found}");
        }
        assert_eq!(
            [angle(0, 0), angle(5, 0), angle(0, 5), angle(-5, 0), angle(0, -5)],
            [0, 0, 256, 512, 768]
        );
    }
}
