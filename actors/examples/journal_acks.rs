//! Appends frames through the committer and prints each acknowledgement, so that `strace` shows
//! the order of write, sync and answer (`docs/journal.md`).
//!
//! `cargo run -p playhouse-actors --example journal_acks -- DIR [COUNT]`

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use playhouse_actors::journal::committer::Committer;
use playhouse_actors::journal::sled::SledJournal;
use playhouse_actors::journal::{Append, Frame, Index, Journal};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("usage: journal_acks DIR [COUNT]")?;
    let count: u64 = args.next().map_or(Ok(3), |text| text.parse())?;
    let journal = Arc::new(SledJournal::open(Path::new(&dir))?);
    let room: RoomId = "poll:strace".parse()?;
    let claim = journal.claim(room.shard())?;
    let before = journal.frames(&room, 0, 0)?.newest;
    let committer = Committer::start(journal);
    for seq in before + 1..=before + count {
        let frame = Frame {
            room: room.clone(),
            claim,
            seq,
            schema: 1,
            at: Timestamp::ZERO,
            payload: vec![7; 100],
        };
        let append =
            Append { frame, before: Index::default(), after: Index::default(), rows: Vec::new() };
        let (tell, told) = channel();
        committer.append(append, Box::new(move |result| drop(tell.send(result))))?;
        let position = told.recv()??;
        println!("acknowledged record {seq} at position {}", position.seq);
    }
    committer.stop();
    Ok(())
}
