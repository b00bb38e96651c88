//! What each end knows about the connection.

/// What the server knows about one player's connection. Counts are since the peer was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeerFigures {
    /// The smoothed round trip in microseconds; 0 before the first sample.
    pub rtt_us: u32,
    /// The shortest round trip of the last 10 to 20 s.
    pub rtt_min_us: u32,
    /// How much round trips differ from the smoothed one, on average.
    pub jitter_us: u32,
    /// How many of 1,000 datagrams to the player were lost, of the last hundred or so.
    pub loss_down_permille: u16,
    /// How many of 1,000 datagrams from the player were lost, of the last hundred or so.
    pub loss_up_permille: u16,
    /// How long before its tick closed the newest input came, in quarter ticks; negative: after it.
    pub depth_quarters: i8,
    /// A datagram goes out every so many ticks.
    pub every_ticks: u8,
    /// How many datagrams were sent.
    pub sent: u64,
    /// How many bytes they had.
    pub sent_bytes: u64,
    /// How many of them had no room for every entity.
    pub partial: u64,
    /// How many of them were full states: coded against nothing that was acknowledged.
    pub full_states: u64,
    /// How many ticks nothing was sent because the transport was still busy.
    pub choked: u64,
    /// How many datagrams of the player were taken in.
    pub received: u64,
    /// How many were dropped: malformed, replayed, of an old epoch, too many.
    pub dropped: u64,
    /// How many ticks had an input that came in time.
    pub inputs_real: u64,
    /// How many ticks had none, and the one before it went on.
    pub inputs_held: u64,
    /// How many ticks had none for longer than that.
    pub inputs_neutral: u64,
    /// How many inputs came after their tick had closed.
    pub inputs_late: u64,
    /// How many inputs were for a tick too far ahead.
    pub inputs_early: u64,
    /// How many events wait to be acknowledged.
    pub events_waiting: u16,
    /// How often waiting events gave way to a full state.
    pub resyncs: u32,
}

/// What a client knows about its connection. Counts are since the peer was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientFigures {
    /// The smoothed round trip in microseconds; 0 before the first sample.
    pub rtt_us: u32,
    /// How much states come too early or too late, on average, in microseconds.
    pub jitter_us: u32,
    /// How many of 1,000 datagrams from the server were lost, of the last hundred or so.
    pub loss_down_permille: u16,
    /// How many of 1,000 datagrams to the server were lost, of the last hundred or so.
    pub loss_up_permille: u16,
    /// How long before its tick closed the newest input reached the server, in quarter ticks.
    pub depth_quarters: i8,
    /// How long it should be.
    pub depth_wanted_quarters: i8,
    /// How many ticks behind the newest state the world is shown.
    pub shown_behind_ticks: u8,
    /// How many datagrams were taken in.
    pub received: u64,
    /// How many bytes they had.
    pub received_bytes: u64,
    /// How many were dropped.
    pub dropped: u64,
    /// How often the clock jumped instead of running faster or slower.
    pub snaps: u32,
    /// How often waiting events gave way to a full state.
    pub resyncs: u32,
}
