//! Reading the store.

use std::time::{Duration, Instant};

use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;
use tracing::warn;

use super::entries::RoomEntry;
use super::keys::{self, Series};
use super::{Report, store_error};
use crate::journal::record::{RecordError, decode_frame, decode_snapshot};
use crate::journal::{
    Frame, FramePage, Index, JournalError, Rewrite, Row, RowQuery, Salvage, Snapshot, Stored,
};

pub(super) fn failed(error: sled::Error) -> JournalError {
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

/// The two newest snapshots that can be read, oldest first.
pub(super) fn snapshots(db: &sled::Db, room: &RoomId) -> Result<Vec<Snapshot>, JournalError> {
    snapshots_up_to(db, room, u64::MAX)
}

/// As [`snapshots`], of no record past `newest`.
fn snapshots_up_to(
    db: &sled::Db,
    room: &RoomId,
    newest: u64,
) -> Result<Vec<Snapshot>, JournalError> {
    let mut readable = Vec::new();
    for record in records(db, Series::Snapshots, room, 0) {
        let (seq, bytes) = record?;
        if seq > newest {
            break;
        }
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

/// The entry of `room`; nothing if it was never written.
pub(super) fn entry(db: &sled::Db, room: &RoomId) -> Result<RoomEntry, JournalError> {
    let Some(bytes) = db.get(keys::index(room)).map_err(failed)? else {
        return Ok(RoomEntry::default());
    };
    RoomEntry::decode(&bytes).ok_or_else(|| damaged(room, 0, "the room's entry is damaged"))
}

/// A last record that ends before it should.
pub(super) struct Torn {
    pub(super) seq: u64,
    pub(super) what: String,
}

impl Torn {
    /// What the indexes should say without the record is not known, so the room is marked due at
    /// once and owing: its host looks and writes what is true.
    pub(super) fn index_without(&self, stored: &Stored) -> Index {
        let last = stored.frames.last().map(|frame| frame.at);
        let at = last.or(stored.snapshot.as_ref().map(|snapshot| snapshot.at));
        Index { wake_at: Some(at.unwrap_or_default()), owes: true }
    }
}

/// What `room` is rebuilt from, and its last record if that is torn (and left out).
pub(super) fn load(db: &sled::Db, room: &RoomId) -> Result<(Stored, Option<Torn>), JournalError> {
    let RoomEntry { newest, index } = entry(db, room)?;
    let part = Part { to: newest, newest, without: None, whole: true };
    let (stored, torn) = load_part(db, room, part, snapshots(db, room)?)?;
    Ok((Stored { index, ..stored }, torn))
}

/// What `room` was with record `newest`, whatever lies behind it. What the indexes said then is not known.
pub(super) fn load_up_to(
    db: &sled::Db,
    room: &RoomId,
    newest: u64,
) -> Result<Stored, JournalError> {
    let part = Part { to: newest, newest, without: None, whole: false };
    match load_part(db, room, part, snapshots_up_to(db, room, newest)?)? {
        (stored, None) => Ok(stored),
        (_, Some(torn)) => Err(damaged(room, torn.seq, torn.what)),
    }
}

fn load_part(
    db: &sled::Db,
    room: &RoomId,
    part: Part,
    snapshots: Vec<Snapshot>,
) -> Result<(Stored, Option<Torn>), JournalError> {
    let mut snapshots = snapshots.into_iter();
    let (older, newer) = (snapshots.next(), snapshots.next());
    let stored = |snapshot, frames| Stored { snapshot, frames, ..Stored::default() };
    let error = match behind(db, room, part, older.as_ref()) {
        // One that a snapshot contains is not needed.
        Ok((_, Some(torn))) if newer.as_ref().is_some_and(|s| s.seq >= torn.seq) => {
            damaged(room, torn.seq, torn.what)
        }
        Ok((frames, torn)) => return Ok((stored(older, frames), torn)),
        Err(error) => error,
    };
    let Some(newer) = newer else { return Err(error) };
    let (frames, torn) = behind(db, room, part, Some(&newer))?;
    warn!(%room, %error, seq = newer.seq, "rebuilt from the newer snapshot alone");
    Ok((stored(Some(newer), frames), torn))
}

/// What `rewrite` of `room` starts from.
pub(super) fn salvage(
    db: &sled::Db,
    room: &RoomId,
    rewrite: Rewrite,
) -> Result<Salvage, JournalError> {
    let RoomEntry { newest, index } = entry(db, room)?;
    let (to, without) = match rewrite {
        Rewrite::Rewind(to) => (to, None),
        Rewrite::Skip(seq) => (newest, Some(seq)),
    };
    if to > newest || without.is_some_and(|seq| seq == 0 || seq > newest) {
        let seq = without.unwrap_or(to);
        return Err(damaged(room, seq, format!("there is no such record, {newest} is the newest")));
    }
    let snapshot = snapshots(db, room)?.into_iter().rfind(|s| s.seq <= rewrite.base());
    let (frames, torn) =
        behind(db, room, Part { to, newest, without, whole: false }, snapshot.as_ref())?;
    if let Some(torn) = torn {
        return Err(damaged(room, torn.seq, torn.what));
    }
    let first = without.unwrap_or(to + 1);
    let last = without.unwrap_or(newest);
    let left_out = records(db, Series::Frames, room, first)
        .map_while(|record| record.ok().filter(|(seq, _)| *seq <= last))
        .map_while(|(seq, bytes)| decode_frame(&bytes).ok().filter(|frame| frame.seq == seq))
        .collect();
    let kept = Stored { snapshot, frames, index, doubt: None };
    Ok(Salvage { kept, left_out, newest })
}

/// Which of a room's records are wanted.
#[derive(Clone, Copy)]
struct Part {
    /// The last one.
    to: u64,
    /// The newest there is.
    newest: u64,
    /// But not this one.
    without: Option<u64>,
    /// True if there must be none behind it. A room that works writes while it is read.
    whole: bool,
}

/// Every frame of `part` behind `snapshot`: contiguous, of non-falling claims.
fn behind(
    db: &sled::Db,
    room: &RoomId,
    part: Part,
    snapshot: Option<&Snapshot>,
) -> Result<(Vec<Frame>, Option<Torn>), JournalError> {
    let mut next = snapshot.map_or(1, |s| s.seq + 1);
    let mut claim = 0;
    let mut frames: Vec<Frame> = Vec::new();
    for record in records(db, Series::Frames, room, next) {
        let (seq, bytes) = record?;
        if seq > part.to && !part.whole {
            break;
        }
        if part.without == Some(next) {
            next += 1;
        }
        if part.without == Some(seq) {
            continue;
        }
        if seq != next {
            return Err(damaged(room, next, format!("missing, record {seq} is the next there is")));
        }
        let frame = match decode_frame(&bytes) {
            Ok(frame) => frame,
            Err(error @ RecordError::Length { len, expected })
                if len < expected && seq == part.newest =>
            {
                return Ok((frames, Some(Torn { seq, what: error.to_string() })));
            }
            Err(error) => return Err(damaged(room, seq, error)),
        };
        if frame.room != *room || frame.seq != seq {
            let what = format!("record {} of {} lies in its place", frame.seq, frame.room);
            return Err(damaged(room, seq, what));
        }
        if frame.claim < claim {
            let what = format!("its claim epoch falls from {claim} to {}", frame.claim);
            return Err(damaged(room, seq, what));
        }
        if seq > part.newest {
            let what = format!("the room's entry says that {} is the newest", part.newest);
            return Err(damaged(room, seq, what));
        }
        (claim, next) = (frame.claim, seq + 1);
        frames.push(frame);
    }
    if part.without == Some(next) {
        next += 1;
    }
    if next <= part.to {
        let what = format!("missing, and the room's entry says that {} is the newest", part.newest);
        return Err(damaged(room, next, what));
    }
    Ok((frames, None))
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
    let newest = entry(db, room)?.newest;
    let mut page = FramePage { frames: Vec::new(), unreadable: Vec::new(), oldest: None, newest };
    if let Some(key) = db.scan_prefix(keys::records(Series::Frames, room)).keys().next() {
        page.oldest = keys::seq(&key.map_err(failed)?);
    }
    let mut next = from.max(page.oldest.unwrap_or(1));
    for record in records(db, Series::Frames, room, next).take(limit) {
        let (seq, bytes) = record?;
        if seq > next {
            page.unreadable.push((next, format!("missing, record {seq} is the next there is")));
        }
        match decode_frame(&bytes) {
            Ok(frame) => page.frames.push(frame),
            Err(error) => page.unreadable.push((seq, error.to_string())),
        }
        next = seq + 1;
    }
    Ok(page)
}

/// Reads every stored room and then all the rest, for the check; once `budget` is spent the rooms that
/// are left are only counted.
pub(super) fn verify(db: &sled::Db, budget: Duration) -> Result<Report, JournalError> {
    let began = Instant::now();
    let mut report = Report::default();
    for room in rooms(db, None, None, usize::MAX)? {
        if began.elapsed() >= budget {
            report.unread += 1;
            continue;
        }
        report.rooms += 1;
        match load(db, &room) {
            Ok((stored, torn)) => {
                report.records += stored.frames.len() as u64;
                report.torn += usize::from(torn.is_some());
            }
            Err(error @ JournalError::Damaged { .. }) => {
                report.damaged.insert(room, error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    // Lists, indexes and the past behind the snapshots: that every page can be read.
    for entry in db.iter().take_while(|_| began.elapsed() < budget) {
        entry.map_err(failed)?;
    }
    Ok(report)
}
