//! Ranges of versions, as npm writes them: `*`, `3`, `3.x`, `^3.1`, `~3.1`, `>=3 <4`, `1 - 2`, `3 || 4`.

/// The longest range, in bytes. 256: nobody writes longer ones, and each part is looked at once.
const RANGE_BYTES_MAX: usize = 256;

/// A version: three numbers.
type Version = [u64; 3];

/// The numbers that a part of a range names; what it leaves open is absent.
type Partial = Vec<u64>;

/// True if `version` lies in `range`. What is no range holds nothing.
pub(super) fn satisfies(version: &str, range: &str) -> bool {
    let Some(version) = exact(version) else { return false };
    let sound = range.len() <= RANGE_BYTES_MAX;
    sound && range.split("||").any(|all| within(version, all.trim()).unwrap_or(false))
}

/// Three numbers, whatever stands behind them (`1.0.0 (WASI preview 1)`).
fn exact(text: &str) -> Option<Version> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let numbers: Vec<u64> = words.into_iter().next()?.split('.').map_while(number).collect();
    Some([*numbers.first()?, *numbers.get(1)?, *numbers.get(2)?])
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Whether `version` meets every part of `all`; none if that is no range.
fn within(version: Version, all: &str) -> Option<bool> {
    if let Some((from, to)) = all.split_once(" - ") {
        return Some(version >= least(&partial(from)?) && version < behind(&partial(to)?));
    }
    // `>= 3` is `>=3`.
    let mut joined = all.to_owned();
    for sign in ["=", "<", ">", "^", "~"] {
        while joined.contains(&format!("{sign} ")) {
            joined = joined.replace(&format!("{sign} "), sign);
        }
    }
    let mut holds = true;
    for part in joined.split_whitespace() {
        holds &= meets(version, part)?;
    }
    Some(holds)
}

fn meets(version: Version, part: &str) -> Option<bool> {
    let at = part.find(|c: char| !"<>=^~".contains(c)).unwrap_or(part.len());
    let (sign, numbers) = part.split_at(at);
    let named = partial(numbers)?;
    let (least, behind) = (least(&named), behind(&named));
    Some(match sign {
        "" | "=" => version >= least && version < behind,
        ">=" => version >= least,
        ">" => version >= behind,
        "<" => version < least,
        "<=" => version < behind,
        "~" | "~>" => {
            let most = named.len().min(2);
            version >= least && version < self::behind(&named[..most])
        }
        "^" => {
            // Up to the next number that would break something: the first that is not 0.
            let first = named.iter().position(|n| *n != 0).unwrap_or(named.len().saturating_sub(1));
            let most = (first + 1).min(named.len());
            version >= least && version < self::behind(&named[..most])
        }
        _ => return None,
    })
}

/// The numbers of `text`, up to the first that is left open.
fn partial(text: &str) -> Option<Partial> {
    let text = text.trim().trim_start_matches('v');
    // What stands behind a version is no part of what is compared.
    let text = text.split(['-', '+']).next().unwrap_or_default();
    let mut numbers = Vec::new();
    if text.is_empty() {
        return Some(numbers);
    }
    let mut open = false;
    for (n, word) in text.split('.').enumerate() {
        open |= matches!(word, "*" | "x" | "X");
        if n > 2 {
            return None;
        }
        if !open {
            numbers.push(number(word).filter(|_| !word.is_empty())?);
        }
    }
    Some(numbers)
}

/// The first version that `named` may mean.
fn least(named: &[u64]) -> Version {
    let at = |n: usize| named.get(n).copied().unwrap_or_default();
    [at(0), at(1), at(2)]
}

/// The first version behind all that `named` may mean.
fn behind(named: &[u64]) -> Version {
    let mut next = least(named);
    match named.len() {
        0 => return [u64::MAX; 3],
        len => next[len - 1] = next[len - 1].saturating_add(1),
    }
    next
}

#[cfg(test)]
mod tests {
    use super::satisfies;

    #[test]
    fn a_version_is_chosen_as_npm_would() {
        for (range, holds) in [
            ("*", true),
            ("", true),
            ("x", true),
            ("3.11.2", true),
            ("=3.11.2", true),
            ("v3.11.2", true),
            ("3.11.3", false),
            ("3", true),
            ("3.x", true),
            ("3.11.*", true),
            ("3.10", false),
            ("^3", true),
            ("^3.12", false),
            ("^3.1.0", true),
            ("^2", false),
            ("~3.11", true),
            ("~3.10", false),
            ("~3", true),
            (">=3", true),
            (">= 3.11.2 <4", true),
            (">3", false),
            (">3.11.1", true),
            ("<3.11.2", false),
            ("<=3.11.2", true),
            ("<=3", true),
            ("2 - 3", true),
            ("3.12 - 4", false),
            ("2 || 3", true),
            ("1 || 2", false),
            ("latest", false),
            ("3.11.2.1", false),
            ("3..2", false),
            ("><3", false),
            ("3,4", false),
        ] {
            assert_eq!(satisfies("3.11.2", range), holds, "{range}");
        }
        assert!(satisfies("0.3.5", "^0.3") && !satisfies("0.4.0", "^0.3"));
        assert!(satisfies("0.0.3", "^0.0.3") && !satisfies("0.0.4", "^0.0.3"));
        assert!(satisfies("1.0.0 (WASI preview 1)", "1") && !satisfies("none", "*"));
        assert!(!satisfies("1.0.0", &" || ".repeat(1000)), "too long to be looked at");
    }
}
