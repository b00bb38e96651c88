//! A match that runs takes no memory: not to step, not to write its state for the wire, not to see who sees
//! what, not to log it.
//!
//! The one test of this binary, since it counts what the whole process takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use playhouse_domain::games::match_room::{Roster, Run};
use playhouse_domain::games::recording::Recording;
use playhouse_domain::games::replay::Head;
use playhouse_domain::games::{Bot, Happenings, Seat, SeatInput, Sight, find};
use playhouse_protocol::game::{EntitySet, Table, ViewTick};

struct Counting;

static TAKEN: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator as it comes.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is the one that is asked for here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often memory was taken while `what` ran.
fn taken(what: impl FnOnce()) -> u64 {
    let before = TAKEN.load(Ordering::Relaxed);
    what();
    TAKEN.load(Ordering::Relaxed) - before
}

fn head(map: &str) -> Head {
    let kind = find("arena").unwrap();
    let settings = format!(r#"{{"map":"{map}","frags":1000}}"#);
    let settings = kind.settings(Some(&settings)).unwrap();
    Head { game: "arena".into(), rules: kind.rules(), settings, seed: 9 }
}

#[test]
fn a_match_that_runs_takes_no_memory() {
    const SEATS: u16 = 100;
    let kind = find("arena").unwrap();
    for map in ["yard", "open"] {
        let people = (0..SEATS).map(|seat| (Seat(seat), 1)).collect();
        let roster = Roster { version: 1, people, bots: Vec::new() };
        let head = head(map);
        let bot = |seat| kind.bot(&head.settings, Seat(seat), 3).unwrap();
        let mut bots: Vec<Box<dyn Bot>> = (0..SEATS).map(bot).collect();
        let run = Run {
            epoch: 1,
            head,
            checkpoint: None,
            ticks: Vec::new(),
            tick: 0,
            without: None,
            roster,
            aligned: 0,
        };
        let mut recording = Recording::begin(&run).unwrap();
        let (mut table, mut happened) = (Table::new(kind.schema()), Happenings::new());
        let mut seen = vec![EntitySet::EMPTY; usize::from(SEATS)];
        let mut inputs = Vec::with_capacity(usize::from(SEATS));
        let (mut fired, mut heard) = (0, 0);
        for tick in 0..600 {
            // As the ticker does; what is taken out is taken four times a second.
            if tick % 8 == 0 {
                drop(recording.take(tick % 80 == 0));
            }
            let took = taken(|| {
                inputs.clear();
                for (at, bot) in (0..).zip(&mut bots) {
                    let sight = Sight::new(Seat(at), tick, &table, &seen[usize::from(at)]);
                    let view = ViewTick { tick: tick.saturating_sub(3), frac: 128 };
                    let input = bot.act(&sight);
                    inputs.push(SeatInput { seat: Seat(at), input, view });
                }
                happened.clear();
                recording.step(&inputs, &mut happened);
                let world = recording.world();
                world.write(&mut table);
                for (at, seen) in (0..).zip(&mut seen) {
                    seen.clear();
                    world.visible(Seat(at), seen);
                    fired += seen
                        .iter()
                        .map(|slot| u64::from(world.priority(Seat(at), slot)))
                        .sum::<u64>();
                }
                heard += happened.all().len();
            });
            assert!(took == 0 || tick < 60, "tick {tick} on {map} took memory {took} times");
        }
        assert_eq!(happened.dropped(), 0);
        assert!(fired > 0 && heard > 100, "{heard} things happened");
        let checkpoint = recording.take(true).checkpoint.unwrap();
        println!("{map}: a checkpoint of {SEATS} players has {} bytes", checkpoint.len());
        assert!(checkpoint.len() < 40 * 1024, "{} bytes", checkpoint.len());
    }
}
