//! Reading the store.

use std::collections::BTreeMap;

use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;
use tracing::warn;

use super::keys::{self, Series};
use super::store_error;
use crate::journal::record::{RecordError, decode_frame, decode_snapshot};
use crate::journal::{Frame, FramePage, Index, JournalError, Row, RowQuery, Snapshot, Stored};

fn failed(error: sled::Error) -> JournalError {
    store_error("read", error)
}

fn damaged(room: &RoomId, seq: u64, what: impl ToString) -> JournalError {
    JournalError::Damaged { room: room.clone(), seq, what: what.to_string() }
}

/// The records of a series from `from` on, each whole, as bytes.
fn records(
    db: &sled::Db,
    series: Series,
    room: &RoomId,
    from: u64,
) -> impl Iterator<Item = Result<(u64, Vec<u8>), JournalError>> {
    let start = keys::record(series, room, from, 0);
    let end = keys::record(series, room, u64::MAX, u16::MAX);
    let mut chunks = db.range(start..=end).peekable();
    std::iter::from_fn(move || {
        let (key, value) = match chunks.next()? {
            Ok(entry) => entry,
            Err(e) => return Some(Err(failed(e))),
        };
        let seq = keys::seq(&key).unwrap_or_default();
        let mut bytes = value.to_vec();
        while let Some(Ok((_, more))) =
            chunks.next_if(|next| next.as_ref().is_ok_and(|(k, _)| keys::seq(k) == Some(seq)))
        {
            bytes.extend_from_slice(&more);
        }
        Some(Ok((seq, bytes)))
    })
}

/// The two newest snapshots that can be read, oldest first, and how many there are in all.
fn snapshots(db: &sled::Db, room: &RoomId) -> Result<Vec<Snapshot>, JournalError> {
    let mut readable = Vec::new();
    for record in records(db, Series::Snapshots, room, 0) {
        let (seq, bytes) = record?;
        match decode_snapshot(&bytes) {
            Ok(snapshot) if snapshot.seq == seq && snapshot.room == *room => {
                readable.push(snapshot);
            }
            Ok(_) => warn!(%room, seq, "a snapshot lies under another's key, left out"),
            Err(error) => warn!(%room, seq, %error, "a snapshot cannot be read, left out"),
        }
    }
    Ok(readable.split_off(readable.len().saturating_sub(2)))
}

pub(super) fn load(db: &sled::Db, room: &RoomId) -> Result<Stored, JournalError> {
    let snapshot = snapshots(db, room)?.into_iter().next();
    let mut next = snapshot.as_ref().map_or(1, |s| s.seq + 1);
    let mut claim = 0;
    let mut frames: Vec<Frame> = Vec::new();
    let mut stored = records(db, Series::Frames, room, next).peekable();
    while let Some(record) = stored.next() {
        let (seq, bytes) = record?;
        let frame = match decode_frame(&bytes) {
            Ok(frame) => frame,
            Err(RecordError::Length { len, expected })
                if len < expected && stored.peek().is_none() =>
            {
                warn!(%room, seq, len, expected, "journal tail cut short, dropping the torn record");
                remove(db, room, seq)?;
                break;
            }
            Err(error) => return Err(damaged(room, seq, error)),
        };
        if seq != next || frame.seq != seq {
            return Err(damaged(room, next, format!("found record {} in its place", frame.seq)));
        }
        if frame.room != *room {
            return Err(damaged(room, seq, format!("it belongs to {}", frame.room)));
        }
        if frame.claim < claim {
            return Err(damaged(
                room,
                seq,
                "it was written under an older claim than the one before",
            ));
        }
        (claim, next) = (frame.claim, seq + 1);
        frames.push(frame);
    }
    let index = db.get(keys::index(room)).map_err(failed)?;
    let index = index.map_or(Index::default(), |bytes| Index::read(&bytes));
    // The frame that an index entry speaks of lies in the same batch: an index without any frame
    // means that frames are gone.
    if snapshot.is_none() && frames.is_empty() && index != Index::default() {
        return Err(damaged(room, 1, "its records are gone"));
    }
    Ok(Stored { snapshot, frames, index })
}

fn remove(db: &sled::Db, room: &RoomId, seq: u64) -> Result<(), JournalError> {
    let (start, end) = (
        keys::record(Series::Frames, room, seq, 0),
        keys::record(Series::Frames, room, seq, u16::MAX),
    );
    for key in db.range(start..=end).keys() {
        db.remove(key.map_err(failed)?).map_err(failed)?;
    }
    Ok(())
}

/// What a new snapshot makes obsolete: snapshots older than the two newest, and frames that are
/// both behind the older of them and below `keep_from`.
pub(super) fn obsolete(
    db: &sled::Db,
    room: &RoomId,
    keep_from: u64,
    limit: usize,
) -> Result<sled::Batch, JournalError> {
    let mut batch = sled::Batch::default();
    let kept = snapshots(db, room)?;
    let [older, _] = kept.as_slice() else { return Ok(batch) };
    let prefix = keys::records(Series::Snapshots, room);
    for key in db.scan_prefix(prefix).keys() {
        let key = key.map_err(failed)?;
        if keys::seq(&key).is_some_and(|seq| seq < older.seq) {
            batch.remove(key);
        }
    }
    let start = keys::record(Series::Frames, room, 0, 0);
    let end = keys::record(Series::Frames, room, keep_from.min(older.seq + 1), 0);
    for key in db.range(start..end).keys().take(limit) {
        batch.remove(key.map_err(failed)?);
    }
    Ok(batch)
}

pub(super) fn due(db: &sled::Db) -> Result<Vec<(Timestamp, RoomId)>, JournalError> {
    let mut due = Vec::new();
    for key in db.scan_prefix(b"t").keys() {
        let key = key.map_err(failed)?;
        let Some((at, name)) = key[1..].split_first_chunk::<8>() else { continue };
        if let Some(room) = room_name(name) {
            due.push((Timestamp::from_ms(u64::from_be_bytes(*at)), room));
        }
    }
    Ok(due)
}

pub(super) fn owing(db: &sled::Db) -> Result<Vec<RoomId>, JournalError> {
    let keys = db.scan_prefix(b"o").keys();
    keys.filter_map(|key| match key {
        Ok(key) => room_name(&key[1..]).map(Ok),
        Err(e) => Some(Err(failed(e))),
    })
    .collect()
}

pub(super) fn rooms(
    db: &sled::Db,
    kind: Option<&str>,
    after: Option<&RoomId>,
    limit: usize,
) -> Result<Vec<RoomId>, JournalError> {
    let prefix = kind.map_or(b"i".to_vec(), |kind| [b"i", kind.as_bytes(), b":"].concat());
    let past = after.map(keys::index);
    let start = past.clone().map_or(prefix.clone(), |past| past.max(prefix.clone()));
    let mut rooms = Vec::new();
    for key in db.range(start..).keys() {
        let key = key.map_err(failed)?;
        if !key.starts_with(&prefix) || rooms.len() >= limit {
            break;
        }
        if past.as_deref() != Some(&*key) {
            rooms.extend(room_name(&key[1..]));
        }
    }
    Ok(rooms)
}

fn room_name(bytes: &[u8]) -> Option<RoomId> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

pub(super) fn rows(db: &sled::Db, query: &RowQuery) -> Result<Vec<Row>, JournalError> {
    let table = keys::table(&query.table);
    let prefix = [table.as_slice(), query.prefix.as_bytes()].concat();
    let full = |key: &String| [table.as_slice(), key.as_bytes()].concat();
    let mut start = prefix.clone();
    // Past the last key with this prefix: no key holds 0xff, which is no UTF-8.
    let mut end = [prefix.as_slice(), &[0xff]].concat();
    if let Some(before) = query.before.as_ref().map(full) {
        end = end.min(before);
    }
    match query.after.as_ref().map(full) {
        Some(after) if query.descending => end = end.min(after),
        Some(after) => start = start.max([after.as_slice(), &[0]].concat()),
        None => {}
    }
    if start >= end {
        return Ok(Vec::new());
    }
    let range = db.range(start..end);
    let read = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
        let (key, value) = entry.map_err(failed)?;
        Ok(Row {
            key: String::from_utf8_lossy(&key[table.len()..]).into_owned(),
            value: String::from_utf8_lossy(&value).into_owned(),
        })
    };
    if query.descending {
        range.rev().take(query.limit).map(read).collect()
    } else {
        range.take(query.limit).map(read).collect()
    }
}

pub(super) fn frames(
    db: &sled::Db,
    room: &RoomId,
    from: u64,
    limit: usize,
) -> Result<FramePage, JournalError> {
    let mut page = FramePage { frames: Vec::new(), oldest: None, newest: 0 };
    let prefix = keys::records(Series::Frames, room);
    let mut ends = db.scan_prefix(&prefix).keys();
    let seq = |key: sled::Result<sled::IVec>| key.map_err(failed).map(|k| keys::seq(&k));
    page.oldest = db.scan_prefix(&prefix).keys().next().map(seq).transpose()?.flatten();
    page.newest = ends.next_back().map(seq).transpose()?.flatten().unwrap_or_default();
    for record in records(db, Series::Frames, room, from).take(limit) {
        let (seq, bytes) = record?;
        page.frames.push(decode_frame(&bytes).map_err(|e| damaged(room, seq, e))?);
    }
    Ok(page)
}

/// Every stored room with what is wrong with it, for the check.
pub(super) fn verify(
    db: &sled::Db,
) -> Result<(usize, u64, BTreeMap<RoomId, String>), JournalError> {
    let (mut count, mut records, mut wrong) = (0, 0, BTreeMap::new());
    for room in rooms(db, None, None, usize::MAX)? {
        count += 1;
        match load(db, &room) {
            Ok(stored) => records += stored.frames.len() as u64,
            Err(error @ JournalError::Damaged { .. }) => {
                wrong.insert(room, error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok((count, records, wrong))
}
