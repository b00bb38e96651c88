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

/// A game with its settings, for how many, and how much happens in it at least.
const CASES: [(&str, &str, u16, usize); 4] = [
    ("arena", r#"{"map":"yard","frags":1000}"#, 100, 100),
    ("arena", r#"{"map":"open","frags":1000}"#, 100, 100),
    ("snakes", r#"{"size":64,"food":96,"length":96}"#, 64, 10),
    ("fourinarow", "{}", 2, 0),
];

fn run(game: &str, settings: &str, seats: u16) -> Run {
    let kind = find(game).unwrap();
    let settings = kind.settings(Some(settings)).unwrap();
    let head = Head { game: game.to_owned(), rules: kind.rules(), settings, seed: 9 };
    let people = (0..seats).map(|seat| (Seat(seat), 1)).collect();
    let roster = Roster { version: 1, people, bots: Vec::new() };
    let (checkpoint, ticks, without) = (None, Vec::new(), None);
    Run { epoch: 1, head, checkpoint, ticks, tick: 0, without, roster, aligned: 0 }
}

#[test]
fn a_match_that_runs_takes_no_memory() {
    for (game, settings, seats, happens) in CASES {
        let (kind, run) = (find(game).unwrap(), run(game, settings, seats));
        let bot = |seat| kind.bot(&run.head.settings, Seat(seat), 3).unwrap();
        let mut bots: Vec<Box<dyn Bot>> = (0..seats).map(bot).collect();
        let mut recording = Recording::begin(&run).unwrap();
        let (mut table, mut happened) = (Table::new(kind.schema()), Happenings::new());
        let mut seen = vec![EntitySet::EMPTY; usize::from(seats)];
        let mut inputs = Vec::with_capacity(usize::from(seats));
        let (mut urgent, mut heard) = (0, 0);
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
                    let priority = |slot| u64::from(world.priority(Seat(at), slot));
                    urgent += seen.iter().map(priority).sum::<u64>();
                }
                heard += happened.all().len();
            });
            assert!(took == 0 || tick < 60, "{game}: tick {tick} took memory {took} times");
        }
        assert_eq!(happened.dropped(), 0);
        assert!(urgent > 0 && heard >= happens, "{game}: {heard} things happened");
        let checkpoint = recording.take(true).checkpoint.unwrap();
        println!("{game}: a checkpoint of {seats} players has {} bytes", checkpoint.len());
        assert!(checkpoint.len() < 40 * 1024, "{game}: {} bytes", checkpoint.len());
    }
}
