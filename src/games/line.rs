//! A player's connection as its match and its lobby see it.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_actors::ticker::Link;
use playhouse_protocol::game::PeerConfig;
use playhouse_protocol::game::control::{Closed, ServerControl, Welcome};
use tokio::sync::watch;

use super::carrier::{CONTROLS_OUT, Carrier};
use super::ending::End;

/// A player's connection.
pub(super) struct Line {
    carrier: Arc<dyn Carrier>,
    /// What the match said before the client was welcomed; none once it was.
    early: Mutex<Option<Vec<ServerControl>>>,
    end: watch::Sender<Option<End>>,
}

impl Line {
    pub(super) fn new(carrier: Arc<dyn Carrier>) -> Arc<Self> {
        let early = Mutex::new(Some(Vec::new()));
        Arc::new(Self { carrier, early, end: watch::Sender::new(None) })
    }

    /// Tells the client that it is in, and then what was said meanwhile.
    pub(super) fn welcome(&self, welcome: Welcome) {
        let mut early = self.early.lock();
        self.say(&ServerControl::Welcome(welcome));
        for message in early.take().unwrap_or_default() {
            self.say(&message);
        }
    }

    fn say(&self, message: &ServerControl) {
        if !self.carrier.control(message) {
            self.end(End::Slow);
        }
    }

    /// The connection is to end; the first reason counts.
    pub(super) fn end(&self, end: End) {
        self.end.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(end);
            }
            first
        });
    }

    /// Why the connection is to end, once it is.
    pub(super) async fn ended(&self) -> End {
        let mut end = self.end.subscribe();
        match end.wait_for(Option::is_some).await {
            Ok(end) => end.unwrap_or(End::Gone),
            Err(_) => End::Gone,
        }
    }
}

impl Link for Line {
    fn config(&self) -> PeerConfig {
        self.carrier.config()
    }

    fn is_busy(&self) -> bool {
        self.carrier.is_busy()
    }

    fn send(&self, datagram: Bytes) {
        self.carrier.datagram(datagram);
    }

    fn control(&self, message: &ServerControl) {
        let mut early = self.early.lock();
        match early.as_mut() {
            Some(waiting) if waiting.len() < CONTROLS_OUT => waiting.push(message.clone()),
            Some(_) => self.end(End::Slow),
            // Under the lock, so that nothing overtakes what waited.
            None => self.say(message),
        }
    }

    fn close(&self, why: Closed) {
        self.end(End::Closed(why));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;

    use super::*;

    /// Keeps what it is told, up to a bound.
    #[derive(Default)]
    struct Kept(Mutex<Vec<ServerControl>>);

    impl Carrier for Kept {
        fn config(&self) -> PeerConfig {
            PeerConfig::default()
        }

        fn is_busy(&self) -> bool {
            false
        }

        fn datagram(&self, _: Bytes) {}

        fn control(&self, message: &ServerControl) -> bool {
            let mut kept = self.0.lock();
            let room = kept.len() < 4;
            if room {
                kept.push(message.clone());
            }
            room
        }

        fn finish(&self, _: End) -> BoxFuture<'static, ()> {
            Box::pin(std::future::ready(()))
        }

        fn gone(&self) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }

    fn welcome() -> Welcome {
        use playhouse_protocol::game::control::Bounds;
        Welcome {
            version: 1,
            seat: 0,
            tick_hz: 30,
            epoch: 0,
            server_tick: 0,
            schema_hash: 0,
            resume: String::new(),
            limits: Bounds { datagram_bytes: 1100, input_ahead_ticks: 16, reconnect_ms: 30_000 },
        }
    }

    #[tokio::test]
    async fn the_welcome_comes_first_and_the_first_reason_to_end_counts() {
        let kept = Arc::new(Kept::default());
        let line = Line::new(kept.clone());
        line.control(&ServerControl::Begun { tick: 1 });
        assert!(kept.0.lock().is_empty());
        line.welcome(welcome());
        line.control(&ServerControl::Countdown(None));
        let said = std::mem::take(&mut *kept.0.lock());
        assert!(matches!(
            said[..],
            [
                ServerControl::Welcome(_),
                ServerControl::Begun { tick: 1 },
                ServerControl::Countdown(None)
            ]
        ));
        line.close(Closed::Replaced);
        line.close(Closed::Over);
        assert_eq!(line.ended().await, End::Closed(Closed::Replaced));
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_let_go() {
        let line = Line::new(Arc::new(Kept::default()));
        line.welcome(welcome());
        for _ in 0..4 {
            line.control(&ServerControl::Countdown(None));
        }
        assert_eq!(line.ended().await, End::Slow);
        let line = Line::new(Arc::new(Kept::default()));
        for _ in 0..=CONTROLS_OUT {
            line.control(&ServerControl::Countdown(None));
        }
        assert_eq!(line.ended().await, End::Slow, "not even before it is welcomed");
    }
}
