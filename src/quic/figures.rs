//! What is counted of the game transport.

use std::time::Duration;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::By;

/// Says what each figure is.
pub(super) fn describe() {
    describe_gauge!(
        "playhouse_quic_connections",
        Unit::Count,
        "Open QUIC connections, native and WebTransport."
    );
    describe_counter!(
        "playhouse_quic_incoming_total",
        Unit::Count,
        "Attempts to connect, by what was done with them: entered, retry, ignored, refused."
    );
    describe_counter!(
        "playhouse_quic_failed_total",
        Unit::Count,
        "Handshakes that failed or took too long, by their step."
    );
    describe_histogram!(
        "playhouse_quic_handshake_seconds",
        Unit::Seconds,
        "From the first packet to the open connection, WebTransport's request included."
    );
}

pub(super) fn incoming(verdict: &'static str) {
    counter!("playhouse_quic_incoming_total", "verdict" => verdict).increment(1);
}

pub(super) fn failed(step: &'static str) {
    counter!("playhouse_quic_failed_total", "step" => step).increment(1);
}

pub(super) fn opened(by: By, took: Duration) {
    histogram!("playhouse_quic_handshake_seconds", "by" => by.name()).record(took.as_secs_f64());
}

pub(super) fn connections(by: By, change: f64) {
    gauge!("playhouse_quic_connections", "by" => by.name()).increment(change);
}
