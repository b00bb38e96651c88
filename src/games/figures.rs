//! What is counted of those who play.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};
use playhouse_actors::ticker::figures::Figures;
use playhouse_actors::ticker::spread::Spread;

use super::ending::End;

/// Says what each figure is.
pub(super) fn describe() {
    describe_gauge!(
        "playhouse_games_joining",
        Unit::Count,
        "Connections of players that are not in a match yet."
    );
    describe_gauge!(
        "playhouse_games_connections",
        Unit::Count,
        "Connections of players, by what they came by: native, webtransport, websocket."
    );
    describe_gauge!(
        "playhouse_games_watchers",
        Unit::Count,
        "Connections that watch a match without playing; they are among the connections."
    );
    describe_counter!(
        "playhouse_games_ended_total",
        Unit::Count,
        "Connections of players that ended, by why."
    );
    describe_counter!(
        "playhouse_games_dropped_total",
        Unit::Count,
        "Datagrams of players that were not looked at: before a seat (early), too large (size), too many (rate)."
    );
    describe_gauge!("playhouse_games_running", Unit::Count, "Matches that tick.");
    describe_gauge!(
        "playhouse_ticks_late_seconds",
        Unit::Seconds,
        "How much later than due ticks began, since the start: by share of all of them."
    );
    for (name, what) in [
        ("playhouse_ticks_total", "Ticks of all matches."),
        ("playhouse_ticks_skipped_total", "Ticks left out because a thread was behind."),
        ("playhouse_ticks_waited_total", "Times that a match waited for the disk."),
        ("playhouse_ticks_faults_total", "Times that the rules of a match panicked."),
        ("playhouse_games_suspicions_total", "Times that a player did what no honest client does."),
    ] {
        describe_counter!(name, Unit::Count, what);
    }
}

/// So many more watch.
pub(super) fn watchers(more: f64) {
    gauge!("playhouse_games_watchers").increment(more);
}

/// Tells how the matches tick, whenever figures are read.
pub(super) fn ticks(figures: &Figures) {
    let mut late = Spread::default();
    let (mut running, mut skipped, mut waited, mut faults, mut suspicions) = (0, 0, 0, 0, 0);
    for thread in &figures.threads {
        late.merge(&thread.lateness);
        running += thread.matches;
        skipped += thread.skipped;
        waited += thread.waited;
        faults += thread.faults;
        suspicions += thread.suspicions;
    }
    gauge!("playhouse_games_running").set(running as f64);
    for (share, name) in [(0.5, "0.5"), (0.99, "0.99"), (1.0, "1")] {
        let quantile = late.quantile(share).as_secs_f64();
        gauge!("playhouse_ticks_late_seconds", "share" => name).set(quantile);
    }
    counter!("playhouse_ticks_total").absolute(late.count());
    counter!("playhouse_ticks_skipped_total").absolute(skipped);
    counter!("playhouse_ticks_waited_total").absolute(waited);
    counter!("playhouse_ticks_faults_total").absolute(faults);
    counter!("playhouse_games_suspicions_total").absolute(suspicions);
}

pub(super) fn joining(change: f64) {
    gauge!("playhouse_games_joining").increment(change);
}

pub(super) fn connections(by: &'static str, change: f64) {
    gauge!("playhouse_games_connections", "by" => by).increment(change);
}

pub(super) fn ended(by: &'static str, end: End) {
    counter!("playhouse_games_ended_total", "by" => by, "why" => end.name()).increment(1);
}

pub(super) fn datagram_dropped(why: &'static str) {
    counter!("playhouse_games_dropped_total", "why" => why).increment(1);
}
