//! What matches cost, and how late their ticks are: arena with bots at the ends of connections.
//!
//! `cargo bench -p playhouse-actors --bench ticks -- lateness`: 100 matches of 8 for 60 s on one core, after
//! an idle run on the same core. `-- cost`: one match of 10, 32, 64 and 100 players, everybody in sight.
//! `--matches`, `--seats`, `--seconds` change the first. Matches tick on core 0; the bots, who are whole
//! clients, the rooms and the journal (in memory) are on the others. No socket and no encryption: what a
//! connection costs on top of it is the transport's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use playhouse_actors::Ticker;
use playhouse_actors::journal::memory::MemoryJournal;
use playhouse_actors::ticker::figures::{Figures, MatchFigures};
use playhouse_actors::ticker::spread::Spread;
use playhouse_domain::games::{self, Bot, Seat, Sight};
use playhouse_protocol::game::EntitySet;
use playhouse_protocol::limits::ENTITIES_MAX;

#[path = "../tests/matches/player.rs"]
mod player;
#[path = "../tests/matches/stadium.rs"]
mod stadium;

use self::player::Player;
use self::stadium::{Stadium, room, with_ticker};

/// Longer than any run.
const SETTINGS: &str = r#"{"map":"open","sight":120,"minutes":30,"frags":1000}"#;

/// How long matches run before they are measured: the clients' clocks have settled by then.
const WARM: Duration = Duration::from_secs(5);

/// This thread and those that it starts run on the first core, or on all others.
fn on_core(first: bool) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut set = CpuSet::new();
    for core in (0..cores).filter(|core| (*core == 0) == first || cores == 1) {
        set.set(core).expect("the core is within the set");
    }
    // Where it is refused, everything shares all cores, and the figures say less.
    if let Err(e) = sched_setaffinity(Pid::from_raw(0), &set) {
        println!("cores could not be told apart: {e}");
    }
}

fn bots(players: &[Player]) -> Vec<Box<dyn Bot>> {
    let kind = games::find("arena").expect("there is an arena");
    let settings = kind.settings(Some(SETTINGS)).expect("the settings are good");
    let bot = |(n, player): (usize, &Player)| {
        kind.bot(&settings, player.seat, n as u64).expect("there are bots")
    };
    players.iter().enumerate().map(bot).collect()
}

/// Plays with every player until told to stop.
fn drive(mut players: Vec<Player>, stop: &AtomicBool) {
    let mut bots = bots(&players);
    let all = EntitySet::below(ENTITIES_MAX as u16);
    while !stop.load(Ordering::Relaxed) {
        for (player, bot) in players.iter_mut().zip(&mut bots) {
            let seat: Seat = player.seat;
            player.play(|table| bot.act(&Sight::new(seat, table.tick(), table, &all)));
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Runs `matches` matches of `seats` for `seconds`, and tells the figures at their start and end.
fn measure(matches: u128, seats: u16, seconds: u64) -> (Figures, Figures, Duration) {
    on_core(true);
    let ticker = Ticker::start(1).expect("there are threads");
    on_core(false);
    with_ticker(Arc::new(MemoryJournal::new()), ticker, move |stadium: Stadium| async move {
        let mut players = Vec::new();
        for id in 0..matches {
            let (room, settings) = (room(id + 1), Some(SETTINGS.to_owned()));
            let seats = (seats, 0);
            players.extend(stadium.begin_game(&room, "arena", settings, seats, || {}).await);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let driver = std::thread::spawn({
            let stop = stop.clone();
            move || drive(players, &stop)
        });
        tokio::time::sleep(WARM).await;
        let (before, began) = (stadium.ticker.figures(), Instant::now());
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let (after, took) = (stadium.ticker.figures(), began.elapsed());
        stop.store(true, Ordering::Relaxed);
        let _ = driver.join();
        (before, after, took)
    })
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn spread(name: &str, spread: &Spread) {
    let at = |share| us(spread.quantile(share));
    println!(
        "{name}: {} ticks, late by p50 {:.0} us, p90 {:.0}, p99 {:.0}, p99.9 {:.0}, at most {:.0}",
        spread.count(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        us(spread.max()),
    );
}

fn lateness(matches: u128, seats: u16, seconds: u64) {
    let (before, after, _) = measure(1, 2, 15);
    let idle = after.threads[0].lateness.since(&before.threads[0].lateness);
    spread("idle, one match of 2", &idle);
    let (before, after, took) = measure(matches, seats, seconds);
    let (before, after) = (&before.threads[0], &after.threads[0]);
    let loaded = after.lateness.since(&before.lateness);
    spread(&format!("{matches} matches of {seats}"), &loaded);
    let busy = (after.busy - before.busy).as_secs_f64() / took.as_secs_f64();
    println!(
        "skipped {}, waited {}, faults {}, unpooled {}; the core was {:.1} % busy with ticks",
        after.skipped - before.skipped,
        after.waited - before.waited,
        after.faults - before.faults,
        after.unpooled - before.unpooled,
        busy * 100.0,
    );
    let above = us(loaded.quantile(0.99)) - us(idle.quantile(0.99));
    println!("p99 above the idle run: {above:.0} us");
}

fn bytes(figures: &MatchFigures) -> (u64, u64) {
    let peers = figures.players.iter().filter_map(|player| player.peer);
    peers.fold((0, 0), |(bytes, sent), peer| (bytes + peer.sent_bytes, sent + peer.sent))
}

fn cost() {
    println!("players | step/tick | tell/tick | us/player-tick | bytes/player-tick | players/core");
    for seats in [10, 32, 64, 100] {
        let (before, after, _) = measure(1, seats, 20);
        let (before, after) = (&before.matches[0].1, &after.matches[0].1);
        let mean = |now: &Spread, then: &Spread| {
            let since = now.since(then);
            us(since.total()) / since.count().max(1) as f64
        };
        let (step, tell) = (mean(&after.step, &before.step), mean(&after.tell, &before.tell));
        let ((now, sent), (then, sent_then)) = (bytes(after), bytes(before));
        let bytes = (now - then) as f64 / (sent - sent_then).max(1) as f64;
        let each = (step + tell) / f64::from(seats);
        let core = 1e6 / 30.0 / each;
        println!(
            "{seats:>7} | {step:>6.0} us | {tell:>6.0} us | {each:>14.2} | {bytes:>17.0} | {core:>12.0}"
        );
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str, usual: u64| {
        let at = args.iter().position(|arg| arg == name);
        at.and_then(|at| args.get(at + 1)?.parse().ok()).unwrap_or(usual)
    };
    let wants = |name: &str| args.iter().any(|arg| arg == name);
    if wants("cost") || !wants("lateness") {
        cost();
    }
    if wants("lateness") || !wants("cost") {
        let (matches, seats) = (value("--matches", 100), value("--seats", 8));
        lateness(matches.into(), seats as u16, value("--seconds", 60));
    }
}
