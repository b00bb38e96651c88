//! What one connection may use and how it behaves, and why.

use std::sync::Arc;
use std::time::Duration;

use quinn::{AckFrequencyConfig, IdleTimeout, TransportConfig, VarInt};

use super::congestion::Floored;

/// How long a connection may be silent before it is given up. 10 s: a phone that changes networks is
/// back within it; whoever is gone longer comes back with a resume token.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// How often a silent peer is asked whether it is there. 2.5 s, so that three lost packets are
/// forgiven.
const KEEP_ALIVE: Duration = Duration::from_millis(2500);

/// What a round trip is taken for until it was measured. 100 ms: the library's 333 ms make each
/// handshake packet that is lost cost a second.
const INITIAL_RTT: Duration = Duration::from_millis(100);

/// Bytes of datagrams that wait to be sent to one client. 4,096, three full ticks: what is older is
/// of no use, and the oldest goes first.
const DATAGRAMS_OUT: usize = 4096;

/// Bytes of datagrams that wait to be read from one client. 64 KiB: at 60 a second and 100 bytes each
/// that is ten seconds; the oldest goes first.
const DATAGRAMS_IN: usize = 64 << 10;

/// Streams that a client may have open, of each direction. 8: natively one is used; a browser has
/// three of its own beside it.
const STREAMS: u32 = 8;

/// Bytes of one stream that may wait to be read. 64 KiB: the longest control message, and some.
const STREAM_WINDOW: u32 = 64 << 10;

/// Bytes of all streams of a connection that may wait to be read. 256 KiB.
const WINDOW: u32 = 256 << 10;

/// Bytes of streams that may be under way to one client. 1 MiB: results and replays.
const SEND_WINDOW: u64 = 1 << 20;

/// Bytes of the handshake that may wait. 16 KiB: a long chain of certificates.
const HANDSHAKE_BYTES: usize = 16 << 10;

/// The behaviour of every connection.
pub(super) fn transport() -> Arc<TransportConfig> {
    let mut acks = AckFrequencyConfig::default();
    // Acknowledgements ride on the packets of the game, which tell themselves what arrived.
    acks.ack_eliciting_threshold(VarInt::from_u32(4));
    acks.max_ack_delay(Some(Duration::from_millis(50)));
    let idle = u32::try_from(IDLE_MAX.as_millis()).unwrap_or(u32::MAX);
    let mut config = TransportConfig::default();
    config
        .initial_rtt(INITIAL_RTT)
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(idle))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .datagram_send_buffer_size(DATAGRAMS_OUT)
        .datagram_receive_buffer_size(Some(DATAGRAMS_IN))
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS))
        .max_concurrent_uni_streams(VarInt::from_u32(STREAMS))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(WINDOW))
        .send_window(SEND_WINDOW)
        .crypto_buffer_size(HANDSHAKE_BYTES)
        .ack_frequency_config(Some(acks))
        .congestion_controller_factory(Arc::new(Floored))
        // One packet a tick and client leaves nothing to be sent together, and some network cards
        // lose the first packets of a connection over it.
        .enable_segmentation_offload(false)
        // It tells whoever looks on the round trip, and nobody here reads it.
        .allow_spin(false);
    Arc::new(config)
}
