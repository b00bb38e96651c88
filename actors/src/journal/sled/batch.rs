//! What is written at once, such that whoever reads afterwards writes nothing.
//!
//! sled splits and merges its pages not where they are written, but where somebody next goes through them, be it to
//! read. Once a write has failed, nothing can be written any more, so such a read fails, whatever it wanted to know:
//! rooms that were on the disk long before could not be read any more. So the ways to all that was written are gone
//! once before it is flushed. That costs about as much as writing it to memory did, and nothing beside the sync.

use sled::IVec;

/// What is written at once.
#[derive(Default)]
pub(super) struct Batch {
    of: sled::Batch,
    keys: Vec<IVec>,
}

impl Batch {
    pub(super) fn insert(&mut self, key: impl Into<IVec>, value: impl Into<IVec>) {
        let key = key.into();
        self.keys.push(key.clone());
        self.of.insert(key, value.into());
    }

    pub(super) fn remove(&mut self, key: impl Into<IVec>) {
        let key = key.into();
        self.keys.push(key.clone());
        self.of.remove(key);
    }

    /// Applies it in memory, and leaves nothing to be done by whoever reads it.
    ///
    /// # Errors
    ///
    /// sled's, which stays failed until it is opened anew.
    pub(super) fn apply(self, db: &sled::Db) -> Result<(), sled::Error> {
        db.apply_batch(self.of)?;
        for key in self.keys {
            db.get(key)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where record `n` of some room lies.
    fn key(n: u32) -> Vec<u8> {
        format!("f/{}/{n:08}", n % 7).into_bytes()
    }

    #[test]
    fn who_reads_what_was_written_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let db = sled::Config::new().path(folder.path()).flush_every_ms(None).open().unwrap();
        for n in 0..600 {
            let mut batch = Batch::default();
            (0..3).for_each(|part| batch.insert(key(3 * n + part), vec![n as u8; 400]));
            // And the oldest go, as with each snapshot.
            if n % 50 == 49 {
                (3 * (n - 49)..3 * n).for_each(|old| batch.remove(key(old)));
            }
            batch.apply(&db).unwrap();
            db.flush().unwrap();
            assert!(db.iter().all(|entry| entry.is_ok()));
            assert!((0..3 * n).all(|n| db.get(key(n)).is_ok()));
            assert_eq!(db.flush().unwrap(), 0, "to read after batch {n} wrote something");
        }
    }
}
