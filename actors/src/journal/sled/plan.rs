//! What a write changes, checked and put together before anything is written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use playhouse_domain::rows::RowChange;
use playhouse_protocol::codec::DECODE_BYTES_MAX;
use playhouse_protocol::ids::{RoomId, Shard};

use super::batch::Batch;
use super::entries::{RoomEntry, ShardEntry};
use super::keys::{self, Series};
use super::open::Open;
use super::{CHUNK_BYTES, read, store_error};
use crate::handle::Position;
use crate::journal::record::{encode_frame, encode_snapshot, time_of};
use crate::journal::{Append, Index, JournalError, Keep, Snapshot};

/// A batch of appends.
pub(super) struct Plan<'a> {
    db: &'a sled::Db,
    shards: BTreeMap<Shard, ShardEntry>,
    rooms: BTreeMap<RoomId, RoomEntry>,
    batch: Batch,
    positions: Vec<Position>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(db: &'a sled::Db) -> Self {
        Self {
            db,
            shards: BTreeMap::new(),
            rooms: BTreeMap::new(),
            batch: Batch::default(),
            positions: Vec::new(),
        }
    }

    /// Takes in one append: of the owner of its shard, and following on in its room.
    pub(super) fn add(&mut self, append: &Append) -> Result<(), JournalError> {
        let frame = &append.frame;
        let room = &frame.room;
        let shard = room.shard();
        let owner = match self.shards.entry(shard) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(self::shard(self.db, shard)?),
        };
        if frame.claim != owner.claim {
            return Err(JournalError::Fenced { shard, newer: owner.claim, own: frame.claim });
        }
        let before = match self.rooms.get(room) {
            Some(entry) => *entry,
            None => read::entry(self.db, room)?,
        };
        check(append, before)?;
        owner.frames += 1;
        self.positions.push(Position { shard, seq: owner.frames });
        put_record(&mut self.batch, Series::Frames, room, frame.seq, &encode_frame(frame));
        put_index(&mut self.batch, room, before.index, append.after);
        put_rows(&mut self.batch, &append.rows);
        self.rooms.insert(room.clone(), RoomEntry { newest: frame.seq, index: append.after });
        Ok(())
    }

    /// Takes in a snapshot of the newest record in the place of every other one of its room.
    pub(super) fn only_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), JournalError> {
        let room = &snapshot.room;
        check_size(snapshot)?;
        for key in self.db.scan_prefix(keys::records(Series::Snapshots, room)).keys() {
            self.batch.remove(key.map_err(read::failed)?);
        }
        let bytes = encode_snapshot(snapshot);
        put_record(&mut self.batch, Series::Snapshots, room, snapshot.seq, &bytes);
        Ok(())
    }

    /// All of it, and the positions in the order of the appends.
    pub(super) fn finish(mut self) -> (Batch, Vec<Position>) {
        for (room, entry) in self.rooms {
            self.batch.insert(keys::index(&room), entry.encode());
        }
        for (shard, entry) in self.shards {
            self.batch.insert(keys::shard(shard), entry.encode());
        }
        (self.batch, self.positions)
    }
}

/// A hole that is never written need not be found later.
fn check(append: &Append, before: RoomEntry) -> Result<(), JournalError> {
    let frame = &append.frame;
    let refuse = |what| JournalError::Damaged { room: frame.room.clone(), seq: frame.seq, what };
    let next = before.newest + 1;
    if frame.seq != next {
        return Err(refuse(format!("the append does not follow on, record {next} is next")));
    }
    if frame.payload.len() > DECODE_BYTES_MAX {
        return Err(refuse(format!("its payload of {} bytes is too large", frame.payload.len())));
    }
    Ok(())
}

fn put_record(batch: &mut Batch, series: Series, room: &RoomId, seq: u64, bytes: &[u8]) {
    for (n, chunk) in (0_u16..).zip(bytes.chunks(CHUNK_BYTES)) {
        batch.insert(keys::record(series, room, seq, n), chunk);
    }
}

pub(super) fn put_rows(batch: &mut Batch, rows: &[RowChange]) {
    for row in rows {
        let key = keys::row(&row.table, &row.key);
        match &row.value {
            Some(value) => batch.insert(key, value.as_bytes()),
            None => batch.remove(key),
        }
    }
}

/// Drops the first `limit` rows of all lists; how many there were.
pub(super) fn drop_rows(db: &sled::Db, limit: usize) -> Result<(Batch, usize), JournalError> {
    let mut batch = Batch::default();
    let mut rows = 0;
    for key in db.scan_prefix(keys::ROWS).keys().take(limit) {
        batch.remove(key.map_err(read::failed)?);
        rows += 1;
    }
    Ok((batch, rows))
}

/// Moves a room from where the indexes have it to where they should.
fn put_index(batch: &mut Batch, room: &RoomId, before: Index, after: Index) {
    if before.wake_at != after.wake_at {
        if let Some(at) = before.wake_at {
            batch.remove(keys::due(at, room));
        }
        if let Some(at) = after.wake_at {
            batch.insert(keys::due(at, room), &[]);
        }
    }
    match (before.owes, after.owes) {
        (false, true) => batch.insert(keys::owes(room), &[]),
        (true, false) => batch.remove(keys::owes(room)),
        _ => {}
    }
}

/// Drops record `seq`, the torn newest one of `room`.
pub(super) fn cut(
    db: &sled::Db,
    room: &RoomId,
    seq: u64,
    index: Index,
) -> Result<Batch, JournalError> {
    let mut batch = Batch::default();
    let before = read::entry(db, room)?;
    if before.newest != seq {
        return Ok(batch);
    }
    remove_record(db, &mut batch, Series::Frames, room, seq)?;
    put_index(&mut batch, room, before.index, index);
    batch.insert(keys::index(room), RoomEntry { newest: seq - 1, index }.encode());
    Ok(batch)
}

/// Stores a snapshot in the place of one of the same record.
pub(super) fn snapshot(db: &sled::Db, snapshot: &Snapshot) -> Result<Batch, JournalError> {
    let Snapshot { room, seq, .. } = snapshot;
    let refuse = |what| JournalError::Damaged { room: room.clone(), seq: *seq, what };
    let newest = read::entry(db, room)?.newest;
    if *seq > newest {
        return Err(refuse(format!("a snapshot of it was given, and {newest} is the newest")));
    }
    // One that was made slowly must not come back behind a rewrite, which dropped all before it.
    let newer = keys::record(Series::Snapshots, room, *seq + 1, 0)
        ..=keys::record(Series::Snapshots, room, u64::MAX, u16::MAX);
    if db.range(newer).keys().next().transpose().map_err(read::failed)?.is_some() {
        return Err(refuse("a snapshot of it was given, and there is a newer one".to_owned()));
    }
    check_size(snapshot)?;
    let mut batch = Batch::default();
    remove_record(db, &mut batch, Series::Snapshots, room, *seq)?;
    put_record(&mut batch, Series::Snapshots, room, *seq, &encode_snapshot(snapshot));
    Ok(batch)
}

fn check_size(snapshot: &Snapshot) -> Result<(), JournalError> {
    let Snapshot { room, seq, payload, .. } = snapshot;
    if payload.len() <= DECODE_BYTES_MAX {
        return Ok(());
    }
    let what = format!("a snapshot of {} bytes is too large", payload.len());
    Err(JournalError::Damaged { room: room.clone(), seq: *seq, what })
}

fn remove_record(
    db: &sled::Db,
    batch: &mut Batch,
    series: Series,
    room: &RoomId,
    seq: u64,
) -> Result<(), JournalError> {
    let all = keys::record(series, room, seq, 0)..=keys::record(series, room, seq, u16::MAX);
    for key in db.range(all).keys() {
        batch.remove(key.map_err(read::failed)?);
    }
    Ok(())
}

/// What a new snapshot makes obsolete: all but the two newest readable ones (with [`Keep::Nothing`]
/// all but the newest), and the oldest frames behind the oldest that stays, up to the first that
/// `keep` keeps and about `limit` pieces, whole records, so that what is left is contiguous.
pub(super) fn obsolete(
    db: &sled::Db,
    room: &RoomId,
    keep: Keep,
    limit: usize,
) -> Result<Batch, JournalError> {
    let mut batch = Batch::default();
    let kept = read::snapshots(db, room)?;
    let older = match (kept.as_slice(), keep) {
        ([.., newest], Keep::Nothing) => newest,
        ([older, _], _) => older,
        _ => return Ok(batch),
    };
    for key in db.scan_prefix(keys::records(Series::Snapshots, room)).keys() {
        let key = key.map_err(read::failed)?;
        if keys::seq(&key).is_some_and(|seq| seq < older.seq) {
            batch.remove(key);
        }
    }
    let start = keys::record(Series::Frames, room, 0, 0);
    let end = keys::record(Series::Frames, room, older.seq + 1, 0);
    let (mut dropped, mut last) = (0, None);
    for entry in db.range(start..end) {
        let (key, piece) = entry.map_err(read::failed)?;
        let seq = keys::seq(&key);
        if seq != last {
            // A record's first piece holds its time; damaged beyond that it keeps nothing.
            let kept = seq.zip(time_of(&piece)).is_some_and(|(seq, at)| keep.keeps(seq, at));
            if dropped >= limit || kept {
                break;
            }
        }
        (dropped, last) = (dropped + 1, seq);
        batch.remove(key);
    }
    Ok(batch)
}

/// The entry of `shard`.
pub(super) fn shard(db: &sled::Db, shard: Shard) -> Result<ShardEntry, JournalError> {
    let Some(bytes) = db.get(keys::shard(shard)).map_err(read::failed)? else {
        return Ok(ShardEntry::default());
    };
    ShardEntry::decode(&bytes)
        .ok_or_else(|| store_error("read", format!("the entry of shard {shard} is damaged")))
}

/// The store's generation, drawn if it has none yet.
pub(super) fn generation(open: &Open) -> Result<String, JournalError> {
    if let Some(bytes) = open.db.get(keys::GENERATION).map_err(read::failed)? {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    // A restore writes it last.
    if !open.db.is_empty() {
        let why = "a restore into it did not finish: restore again, into an empty directory";
        return Err(store_error("open", why));
    }
    let generation = new_generation();
    let mut batch = Batch::default();
    batch.insert(keys::GENERATION, generation.as_bytes());
    open.write(batch)?;
    Ok(generation)
}

/// 16 hex digits that no other store has.
pub(super) fn new_generation() -> String {
    format!("{:016x}", rand::random::<u64>())
}
