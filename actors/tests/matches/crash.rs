//! A server that is killed: at each record of the journal in turn.

use std::sync::Arc;

use playhouse_actors::journal::memory::MemoryJournal;
use playhouse_actors::journal::{Append, Frame, Index, Journal};
use playhouse_domain::games::drill::Settings;
use playhouse_domain::games::match_room::Phase;
use playhouse_protocol::ids::RoomId;

use crate::durable::with_stadium;
use crate::stadium::{Stadium, room};

/// A store that has the first records of `room` alone.
fn cut(frames: &[Frame]) -> MemoryJournal {
    let journal = MemoryJournal::new();
    for frame in frames {
        let claim = match frame.seq {
            1 => journal.claim(frame.room.shard()).unwrap(),
            _ => 1,
        };
        let (before, after) = (Index::default(), Index { wake_at: None, owes: true });
        let frame = Frame { claim, ..frame.clone() };
        journal.append(&[Append { frame, before, after, rows: vec![] }]).unwrap();
    }
    journal
}

fn frames(journal: &MemoryJournal, room: &RoomId) -> Vec<Frame> {
    let page = journal.frames(room, 1, 10_000).unwrap();
    assert!(page.unreadable.is_empty());
    assert_eq!(page.frames.len() as u64, page.newest, "all are there");
    page.frames
}

/// Goes on with the match in `journal`, to its end. The log of it ends with the hash of the world that was
/// played on, so that it plays again to the end only if that was the world that the records lead to.
fn goes_on(journal: MemoryJournal, room: &RoomId, durable: u32) {
    with_stadium(Arc::new(journal), |stadium: Stadium| {
        let room = room.clone();
        async move {
            let info = stadium.over(&room).await;
            assert_eq!(info.phase, Phase::Concluded, "after {durable} ticks: {:?}", info.ending);
            let verified = stadium.verify(&room).await;
            assert_eq!((verified.ticks, verified.compared > 0), (END, true));
        }
    });
}

/// When the match ends, in ticks: two seconds.
const END: u32 = 100;

#[test]
fn a_match_goes_on_from_every_record_in_the_world_that_it_had_there() {
    let room = room(20);
    let journal = Arc::new(MemoryJournal::new());
    with_stadium(journal.clone(), |stadium: Stadium| {
        let room = room.clone();
        async move {
            let settings = Settings { ends_at: END, ..Settings::default() };
            stadium.begin(&room, &settings, (0, 3)).await;
            stadium.over(&room).await;
        }
    });
    let frames = frames(&journal, &room);
    // It was made, counted down, began, was taken up, ticked and ended.
    assert!(frames.len() > 10, "{} records", frames.len());
    let began = 3;
    std::thread::scope(|threads| {
        for count in began..=frames.len() {
            let (journal, room) = (cut(&frames[..count]), &room);
            threads.spawn(move || goes_on(journal, room, count as u32));
        }
    });
}
