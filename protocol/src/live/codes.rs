//! The numbers of the protocol: errors in replies, and why a subscription or a connection ends.

use std::borrow::Cow;

use serde::Serialize;

/// What a reply says instead of a result.
///
/// Below 400 the numbers are the protocol's own. From 1000 on they are this server's: 1000 plus the
/// HTTP status that the same refusal has in REST.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Error {
    /// The number.
    pub code: u32,
    /// For people; from code 1000 on it starts with the problem's stable code and a colon.
    pub message: Cow<'static, str>,
    /// True if the same may work later: the SDKs try again by themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
    /// From code 1000 on: the whole problem as REST would answer it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<serde_json::Value>,
}

impl Error {
    const fn known(code: u32, message: &'static str, temporary: bool) -> Self {
        Self { code, message: Cow::Borrowed(message), temporary, problem: None }
    }

    /// Something failed inside; try again.
    pub const INTERNAL: Self = Self::known(100, "internal server error", true);
    /// The connection is nobody's in particular, and this asks for somebody.
    pub const UNAUTHORIZED: Self = Self::known(101, "unauthorized", false);
    /// There is no such channel.
    pub const UNKNOWN_CHANNEL: Self = Self::known(102, "unknown channel", false);
    /// Not for this account.
    pub const PERMISSION_DENIED: Self = Self::known(103, "permission denied", false);
    /// There is no such command or RPC method.
    pub const METHOD_NOT_FOUND: Self = Self::known(104, "method not found", false);
    /// This connection follows the channel already.
    pub const ALREADY_SUBSCRIBED: Self = Self::known(105, "already subscribed", false);
    /// A bound of the connection is reached.
    pub const LIMIT_EXCEEDED: Self = Self::known(106, "limit exceeded", false);
    /// The command makes no sense.
    pub const BAD_REQUEST: Self = Self::known(107, "bad request", false);
    /// The server does not offer this.
    pub const NOT_AVAILABLE: Self = Self::known(108, "not available", false);
    /// The token is past its time: the SDKs fetch a new one and try again.
    pub const TOKEN_EXPIRED: Self = Self::known(109, "token expired", false);
    /// Too many commands are under way on this connection; try again.
    pub const TOO_MANY_REQUESTS: Self = Self::known(111, "too many requests", true);
    /// What lies between the given position and now cannot be told, or the position is of another
    /// stream.
    pub const UNRECOVERABLE_POSITION: Self = Self::known(112, "unrecoverable position", false);
}

/// Why the server closes a connection: code and reason of the WebSocket close frame.
///
/// 3000 to 3499 and 4000 to 4499: the SDKs connect again. 3500 to 3999 and 4500 to 4999: they do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect {
    /// The number.
    pub code: u16,
    /// For people. Under 124 bytes, which is all that a close frame holds.
    pub reason: &'static str,
}

impl Disconnect {
    const fn known(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }

    /// The server shuts down; connect again.
    pub const SHUTDOWN: Self = Self::known(3001, "shutdown");
    /// The token was not refreshed in time; connect again with a new one.
    pub const EXPIRED: Self = Self::known(3005, "connection expired");
    /// The client reads too slowly; connect again and recover.
    pub const SLOW: Self = Self::known(3008, "slow");
    /// A ping was not answered in time; connect again.
    pub const NO_PONG: Self = Self::known(3012, "no pong");
    /// The token is not one of ours, or its session is over: logged out, banned, another password
    /// or another role.
    pub const INVALID_TOKEN: Self = Self::known(3500, "invalid token");
    /// The client does not speak the protocol: a malformed frame, or commands in the wrong order.
    pub const BAD_REQUEST: Self = Self::known(3501, "bad request");
    /// The client did not say who it is in time.
    pub const STALE: Self = Self::known(3502, "stale");
    /// The account opened a newer connection and has too many of them.
    pub const CONNECTION_LIMIT: Self = Self::known(3504, "connection limit");

    /// True if the SDKs connect again after it.
    #[must_use]
    pub fn reconnects(self) -> bool {
        !matches!(self.code, 3500..=3999 | 4500..=4999)
    }
}

/// Why the server ends a subscription. From 2500 on the SDKs subscribe again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Unsubscribe {
    /// The number.
    pub code: u32,
    /// For people.
    pub reason: &'static str,
}

impl Unsubscribe {
    /// The stream went on without this subscriber; subscribe again and recover.
    pub const INSUFFICIENT: Self = Self { code: 2500, reason: "insufficient state" };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdks_come_back_after_what_passes_and_stay_away_after_what_does_not() {
        for passing in
            [Disconnect::SHUTDOWN, Disconnect::EXPIRED, Disconnect::SLOW, Disconnect::NO_PONG]
        {
            assert!(passing.reconnects(), "{passing:?}");
        }
        for lasting in [
            Disconnect::INVALID_TOKEN,
            Disconnect::BAD_REQUEST,
            Disconnect::STALE,
            Disconnect::CONNECTION_LIMIT,
        ] {
            assert!(!lasting.reconnects(), "{lasting:?}");
        }
    }

    #[test]
    fn an_error_says_no_more_than_it_must() {
        assert_eq!(
            serde_json::to_string(&Error::PERMISSION_DENIED).unwrap(),
            r#"{"code":103,"message":"permission denied"}"#
        );
        assert_eq!(
            serde_json::to_string(&Error::INTERNAL).unwrap(),
            r#"{"code":100,"message":"internal server error","temporary":true}"#
        );
    }
}
