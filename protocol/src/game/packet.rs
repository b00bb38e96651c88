//! The two kinds of datagram, to the bit.

/// A datagram cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is cut off.
    #[error("the datagram is cut off")]
    Short,
    /// Something follows where it should end.
    #[error("the datagram goes on past its end")]
    LeftOver,
    /// It is not of the kind that this end reads.
    #[error("the datagram is of another kind")]
    Kind,
    /// It is longer than one may be.
    #[error("the datagram is too long")]
    Long,
    /// It acknowledges what was never sent.
    #[error("the datagram acknowledges what was never sent")]
    NeverSent,
    /// It names an entity, kind, field or baseline that there is not.
    #[error("the datagram names what there is not")]
    Unknown,
}

/// Why a datagram was dropped. None of these harms the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It belongs to another epoch of the match.
    #[error("the datagram is of another epoch")]
    Epoch,
    /// It was taken in already, or is older than what is remembered.
    #[error("the datagram came before or is too old")]
    Replayed,
    /// More came than one a tick, past what a stall explains.
    #[error("too many datagrams")]
    TooMany,
}
