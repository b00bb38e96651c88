//! Group commit: frames a second at 1, 16, 128 and 512 frames to one sync of the disk.
//!
//! `cargo bench -p playhouse-actors --bench journal`. The directory is `TMPDIR`'s: on a tmpfs the
//! figures say nothing, because a sync costs nothing there.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use playhouse_actors::journal::sled::SledJournal;
use playhouse_actors::journal::{Append, Frame, Index, Journal};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};

/// Over how many rooms the frames are spread.
const ROOMS: usize = 64;

/// What a frame carries: a small command's events.
const PAYLOAD_BYTES: usize = 128;

struct Writer {
    journal: SledJournal,
    claims: Vec<u64>,
    rooms: Vec<(RoomId, u64)>,
    next: usize,
}

impl Writer {
    fn new(dir: &std::path::Path) -> Self {
        let journal = SledJournal::open(dir).expect("an empty directory opens");
        let claims =
            Shard::all().map(|shard| journal.claim(shard).expect("a shard can be claimed"));
        let claims = claims.collect();
        let room = |n| format!("poll:bench-{n}").parse().expect("a room's name");
        Self { journal, claims, rooms: (0..ROOMS).map(|n| (room(n), 0)).collect(), next: 0 }
    }

    fn batch(&mut self, frames: usize) -> Vec<Append> {
        (0..frames).map(|_| self.append()).collect()
    }

    fn append(&mut self) -> Append {
        self.next = (self.next + 1) % ROOMS;
        let (room, seq) = &mut self.rooms[self.next];
        *seq += 1;
        let frame = Frame {
            room: room.clone(),
            claim: self.claims[usize::from(room.shard().0)],
            seq: *seq,
            schema: 1,
            at: Timestamp::from_ms(1),
            payload: vec![7; PAYLOAD_BYTES],
        };
        Append { frame, before: Index::default(), after: Index::default(), rows: Vec::new() }
    }
}

fn group_commit(c: &mut Criterion) {
    let mut group = c.benchmark_group("group_commit");
    for frames in [1, 16, 128, 512] {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let mut writer = Writer::new(dir.path());
        group.throughput(Throughput::Elements(frames as u64));
        group.bench_function(BenchmarkId::from_parameter(frames), |b| {
            b.iter(|| {
                let batch = writer.batch(frames);
                black_box(writer.journal.append(&batch).expect("the batch is written"));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, group_commit);
criterion_main!(benches);
