//! What happened at a tick, told exactly once.

use crate::limits::FIELDS_MAX;

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
