//! Lists made anew from what the rooms are.
//!
//! Rows are written with the frames that change them, so this is for what that cannot cover: rules
//! that give other rows than before, and rows that were damaged.

use std::collections::BTreeMap;

use playhouse_domain::rows::RowChange;
use tracing::warn;

use crate::host::kind::Kind;
use crate::host::rows_of;
use crate::journal::committer::chain;
use crate::journal::{Journal, JournalError};

/// How many rooms are named at once. 500: their names take less than a frame.
const ROOMS_AT_ONCE: usize = 500;

/// How many rows are written with one sync, about. 1,000: a few hundred KiB.
const ROWS_AT_ONCE: usize = 1000;

/// What a rebuild of the lists did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// Rooms that were read.
    pub rooms: u64,
    /// Rows that were written.
    pub rows: u64,
    /// Rooms that could not be read, with the reason: they have no rows now.
    pub left_out: Vec<(String, String)>,
}

/// What lists are called that the rules of `kinds` made.
pub(crate) fn name(kinds: &BTreeMap<&'static str, Kind>) -> String {
    kinds.values().map(|kind| format!("{}/{} ", kind.name, kind.lists)).collect()
}

/// Drops every row and writes those that each room gives. The name of the lists goes first and
/// comes back last, so that a rebuild that was cut off is seen at the next start.
pub(crate) fn rebuild(
    journal: &dyn Journal,
    kinds: &BTreeMap<&'static str, Kind>,
) -> Result<Rebuilt, JournalError> {
    journal.clear_lists()?;
    let (mut done, mut rows, mut after) = (Rebuilt::default(), Vec::new(), None);
    loop {
        let rooms = journal.rooms(None, after.as_ref(), ROOMS_AT_ONCE)?;
        for room in &rooms {
            let Some(kind) = kinds.get(room.kind()) else { continue };
            let stored = journal.load(room).map_err(|e| chain(&e));
            match stored.and_then(|stored| rows_of(kind, room, &stored)) {
                Ok(more) => {
                    done.rooms += 1;
                    rows.extend(more);
                }
                Err(reason) => {
                    warn!(%room, reason, "a room is left out of the lists");
                    done.left_out.push((room.to_string(), reason));
                }
            }
            if rows.len() >= ROWS_AT_ONCE {
                done.rows += write(journal, &mut rows)?;
            }
        }
        after = rooms.last().cloned();
        if rooms.len() < ROOMS_AT_ONCE {
            break;
        }
    }
    done.rows += write(journal, &mut rows)?;
    journal.name_lists(&name(kinds))?;
    Ok(done)
}

fn write(journal: &dyn Journal, rows: &mut Vec<RowChange>) -> Result<u64, JournalError> {
    let rows = std::mem::take(rows);
    if !rows.is_empty() {
        journal.put_rows(&rows)?;
    }
    Ok(rows.len() as u64)
}
