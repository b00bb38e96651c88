//! Each entity is encoded once for each baseline, however many players are sent it.

use super::schema::Schema;

/// The encoded entities of one tick. One for each thread that encodes is enough: [`Cache::begin`] empties it.
#[derive(Debug)]
pub struct Cache {
    schema: &'static Schema,
    stamp: u32,
}

impl Cache {
    /// An empty cache for any game of `schema`'s size.
    #[must_use]
    pub fn new(schema: &'static Schema) -> Self {
        Self { schema, stamp: 0 }
    }

    /// Empties it, before the first player of a tick is encoded.
    pub fn begin(&mut self) {
        self.stamp += 1;
    }

    /// The game whose entities it holds.
    #[must_use]
    pub fn schema(&self) -> &'static Schema {
        self.schema
    }
}
