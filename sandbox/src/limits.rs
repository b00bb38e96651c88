//! What a job may use. Every limit has a unit, a range and a default, and none can be switched off.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One MiB in bytes.
pub const MIB: u64 = 1 << 20;

/// What one job may use. [`Limits::default`] suits a small program; [`LIMITS`] says the ranges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Processor time of all processes together, in ms. 1 s, enough for a small program.
    pub cpu_ms: u64,
    /// Time on the clock, in ms. 5 s: waiting costs little, hanging for ever costs a place.
    pub wall_ms: u64,
    /// Memory of all processes, their files in `/work` and `/tmp`, pipes and kernel objects together.
    pub memory_bytes: u64,
    /// Processes and threads together. 32, enough for a runtime with helper threads.
    pub processes: u64,
    /// Share of processors, in hundredths of one. 100: one processor's worth.
    pub cpu_percent: u64,
    /// Bytes of standard output, and as many of standard error.
    pub output_bytes: u64,
    /// Size of one file that the job writes, in bytes.
    pub file_bytes: u64,
    /// Size of `/work`, in bytes; `/tmp` has as much again. Charged to the memory limit too.
    pub work_bytes: u64,
    /// Files, directories and links in `/work`; `/tmp` has as many again.
    pub work_files: u64,
    /// Descriptors that one process may hold. 256, a quarter of what Linux gives by default.
    pub open_files: u64,
    /// Size of one result file that is handed back, in bytes.
    pub result_bytes: u64,
}

/// One row of the table of limits: what a person may set, and within which bounds.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Name of the field in [`Limits`].
    pub name: &'static str,
    /// Unit of the number.
    pub unit: &'static str,
    /// Least value.
    pub least: u64,
    /// Greatest value.
    pub most: u64,
    /// Value of [`Limits::default`].
    pub usual: u64,
    get: fn(&Limits) -> u64,
}

macro_rules! entry {
    ($field:ident, $unit:literal, $least:expr, $most:expr, $usual:expr) => {
        Entry {
            name: stringify!($field),
            unit: $unit,
            least: $least,
            most: $most,
            usual: $usual,
            get: |limits| limits.$field,
        }
    };
}

/// Every limit with its unit, range and default.
pub const LIMITS: [Entry; 11] = [
    entry!(cpu_ms, "ms", 10, 600_000, 1_000),
    entry!(wall_ms, "ms", 10, 3_600_000, 5_000),
    entry!(memory_bytes, "bytes", 4 * MIB, 16_384 * MIB, 64 * MIB),
    entry!(processes, "processes", 1, 4_096, 32),
    entry!(cpu_percent, "% of one processor", 5, 6_400, 100),
    entry!(output_bytes, "bytes", 1_024, 64 * MIB, MIB),
    entry!(file_bytes, "bytes", 4_096, 4_096 * MIB, 16 * MIB),
    entry!(work_bytes, "bytes", 64 * 1_024, 4_096 * MIB, 16 * MIB),
    entry!(work_files, "files", 8, 1_048_576, 1_024),
    entry!(open_files, "descriptors", 16, 65_536, 256),
    entry!(result_bytes, "bytes", 1, 64 * MIB, 4 * MIB),
];

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_ms: 1_000,
            wall_ms: 5_000,
            memory_bytes: 64 * MIB,
            processes: 32,
            cpu_percent: 100,
            output_bytes: MIB,
            file_bytes: 16 * MIB,
            work_bytes: 16 * MIB,
            work_files: 1_024,
            open_files: 256,
            result_bytes: 4 * MIB,
        }
    }
}

/// A limit lies outside its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value}, but must lie between {least} and {most} {unit}")]
pub struct OutOfRange {
    name: &'static str,
    value: u64,
    least: u64,
    most: u64,
    unit: &'static str,
}

impl Limits {
    /// Checks every limit against its range. Zero is in none: nothing means "without end".
    ///
    /// # Errors
    ///
    /// The first limit that lies outside its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        for entry in &LIMITS {
            let value = (entry.get)(self);
            if !(entry.least..=entry.most).contains(&value) {
                let Entry { name, least, most, unit, .. } = *entry;
                return Err(OutOfRange { name, value, least, most, unit });
            }
        }
        Ok(())
    }

    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_millis(self.cpu_ms)
    }

    pub(crate) fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, unit, least, most, usual, .. } = self;
        write!(f, "{name:<13} {least:>9} to {most:>11}   {usual:>9}   {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_stand_in_the_table_and_lie_within_their_ranges() {
        Limits::default().check().unwrap();
        for entry in &LIMITS {
            assert_eq!((entry.get)(&Limits::default()), entry.usual, "{}", entry.name);
        }
        let fields = serde_json::to_value(Limits::default()).unwrap();
        assert_eq!(fields.as_object().unwrap().len(), LIMITS.len(), "each field has a row");
    }

    #[test]
    fn no_limit_may_be_zero_or_above_its_range() {
        for entry in &LIMITS {
            for value in [0, entry.least - 1, entry.most + 1, u64::MAX] {
                let mut fields = serde_json::to_value(Limits::default()).unwrap();
                fields[entry.name] = value.into();
                let limits: Limits = serde_json::from_value(fields).unwrap();
                let told = limits.check().unwrap_err().to_string();
                assert!(told.starts_with(entry.name), "{told}");
            }
        }
    }
}
