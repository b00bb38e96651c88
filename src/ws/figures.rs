//! What is counted of the live connection.

use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

/// Says what each figure is.
pub(super) fn describe() {
    describe_gauge!("playhouse_live_connections", Unit::Count, "Open WebSocket connections.");
    describe_gauge!(
        "playhouse_live_subscriptions",
        Unit::Count,
        "Subscriptions of all connections, by kind of channel."
    );
    describe_counter!("playhouse_live_publications_total", Unit::Count, "Publications written.");
    describe_counter!(
        "playhouse_live_lagging_total",
        Unit::Count,
        "Publications that found a client's queue full; it gets the newest view later."
    );
    describe_counter!("playhouse_live_slow_total", Unit::Count, "Clients cut off as too slow.");
    describe_counter!("playhouse_live_closed_total", Unit::Count, "Closed by the server, by code.");
    describe_counter!(
        "playhouse_live_sent_bytes_total",
        Unit::Bytes,
        "Text written to clients, in steps of 64 KiB."
    );
    describe_counter!(
        "playhouse_live_received_bytes_total",
        Unit::Bytes,
        "Text from clients, in steps of 64 KiB."
    );
}

pub(super) fn connections(change: f64) {
    gauge!("playhouse_live_connections").increment(change);
}

pub(super) fn subscriptions(kind: &'static str, change: f64) {
    gauge!("playhouse_live_subscriptions", "kind" => kind).increment(change);
}

/// Publications written, for rates.
static PUBLISHED: AtomicU64 = AtomicU64::new(0);

/// Publications written by this process.
pub(super) fn publications() -> u64 {
    PUBLISHED.load(Ordering::Relaxed)
}

pub(super) fn published() {
    PUBLISHED.fetch_add(1, Ordering::Relaxed);
    counter!("playhouse_live_publications_total").increment(1);
}

pub(super) fn lagging() {
    counter!("playhouse_live_lagging_total").increment(1);
}

pub(super) fn slow() {
    counter!("playhouse_live_slow_total").increment(1);
}

pub(super) fn closed(code: u16) {
    counter!("playhouse_live_closed_total", "code" => code.to_string()).increment(1);
}

/// In which steps bytes are counted. 64 KiB, the largest message: the figures may be read by others than
/// those who may read what is said, and the length of one message (a vote, a word) is not to show in them.
const STEP: u64 = 64 << 10;

/// Text written to clients, and text from them.
static SENT: AtomicU64 = AtomicU64::new(0);
static RECEIVED: AtomicU64 = AtomicU64::new(0);

/// Adds `bytes` to `total`; by how many bytes its whole steps grew.
fn steps(total: &AtomicU64, bytes: usize) -> u64 {
    let before = total.fetch_add(bytes as u64, Ordering::Relaxed);
    ((before + bytes as u64) / STEP - before / STEP) * STEP
}

pub(super) fn sent(bytes: usize) {
    counter!("playhouse_live_sent_bytes_total").increment(steps(&SENT, bytes));
}

pub(super) fn received(bytes: usize) {
    counter!("playhouse_live_received_bytes_total").increment(steps(&RECEIVED, bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_in_whole_steps_and_none_gets_lost() {
        let total = AtomicU64::new(0);
        assert_eq!(steps(&total, 65_535), 0);
        assert_eq!(steps(&total, 1), STEP);
        assert_eq!(steps(&total, 5), 0);
        assert_eq!(steps(&total, 131_072), 2 * STEP);
        assert_eq!(steps(&total, 65_531), STEP);
    }
}
