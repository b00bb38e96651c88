//! That a tick takes no memory: counted on the thread on which matches tick.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use playhouse_actors::journal::memory::MemoryJournal;
use playhouse_domain::games::{self, Seat, Sight};
use playhouse_protocol::game::EntitySet;
use playhouse_protocol::limits::ENTITIES_MAX;

use crate::durable::with_stadium;
use crate::stadium::{Stadium, room, until};

thread_local! {
    /// How often this thread took memory.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    // A thread that is ending has nothing to count in any more.
    let _ = TAKEN.try_with(|taken| taken.set(taken.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came; counting takes no memory.
#[expect(unsafe_code, reason = "an allocator that counts")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many datagrams are looked at.
const MARKS: usize = 800;

/// What the ticking thread had taken by each datagram, of all players one after the other.
static MARKED: [AtomicUsize; MARKS] = [const { AtomicUsize::new(0) }; MARKS];
static NEXT: AtomicUsize = AtomicUsize::new(0);

fn mark() {
    let at = NEXT.fetch_add(1, Ordering::Relaxed);
    if let Some(mark) = MARKED.get(at) {
        mark.store(TAKEN.with(Cell::get), Ordering::Relaxed);
    }
}

const PLAYERS: usize = 4;

/// Datagrams at the start that are not looked at: three seconds of four players at 30 Hz, in which
/// every list gets as long as it will be.
const WARM: usize = 3 * 30 * PLAYERS;

/// How many ticks lie between two that are made durable, at least.
const APART: usize = 7;

#[test]
fn a_tick_takes_no_memory_unless_it_is_one_that_makes_the_ticks_before_it_durable() {
    with_stadium(Arc::new(MemoryJournal::new()), |stadium: Stadium| async move {
        let room = room(1);
        let seats = (PLAYERS as u16, 4);
        let mut players = stadium.begin_game(&room, "arena", None, seats, mark).await;
        let kind = games::find("arena").unwrap();
        let settings = kind.settings(None).unwrap();
        let bot = |seat| kind.bot(&settings, Seat(seat), 7).unwrap();
        let mut bots: Vec<_> = (0..PLAYERS as u16).map(bot).collect();
        let all = EntitySet::below(ENTITIES_MAX as u16);
        let played = until("the players to have played", async || {
            for (player, bot) in players.iter_mut().zip(&mut bots) {
                let seat = player.seat;
                player.play(|table| bot.act(&Sight::new(seat, table.tick(), table, &all)));
            }
            (NEXT.load(Ordering::Relaxed) >= MARKS).then_some(())
        });
        played.await;
    });
    let marks: Vec<usize> = MARKED.iter().map(|mark| mark.load(Ordering::Relaxed)).collect();
    let took: Vec<usize> = (WARM..MARKS - 1).filter(|at| marks[*at] != marks[*at + 1]).collect();
    assert!(!took.is_empty(), "what is made durable is packed into new memory");
    for pair in took.windows(2) {
        let ticks = (pair[1] - pair[0]) / PLAYERS;
        assert!(ticks + 1 >= APART, "memory was taken {ticks} ticks apart: {took:?}");
    }
}
