//! What a room's thread spends on a snapshot: a state of some size is encoded, as for seats, votes
//! or accounts: a map of many small entries.
//!
//! `cargo bench -p playhouse-actors --bench snapshot`. The size up to which a room encodes itself
//! (`SNAPSHOT_HERE_BYTES` in `host/commit.rs`) rests on this.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use playhouse_protocol::codec;
use serde::Serialize;

#[derive(Serialize)]
struct Entry {
    id: uuid::Uuid,
    name: String,
    seats: Vec<u32>,
    until_ms: u64,
}

fn state(bytes: usize) -> BTreeMap<u64, Entry> {
    let mut state = BTreeMap::new();
    while codec::encode(&state).len() < bytes {
        let next = state.len() as u64;
        // A sixteenth at a time, or making it would take longer than measuring it.
        for n in next..next + (next / 16).max(1) {
            let entry = Entry {
                id: uuid::Uuid::from_u128(u128::from(n)),
                name: format!("visitor {n}"),
                seats: vec![n as u32; 2],
                until_ms: 1_790_000_000_000 + n,
            };
            state.insert(n, entry);
        }
    }
    state
}

fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("snapshot");
    for kib in [16, 128, 1024, 8192] {
        let state = state(kib * 1024);
        group.throughput(Throughput::Bytes(codec::encode(&state).len() as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(format!("{kib} KiB")),
            &state,
            |b, s| {
                b.iter(|| black_box(codec::encode(s)));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
