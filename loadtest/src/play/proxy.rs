//! A stretch of network between one client and the server that loses, delays and queues as its seed says:
//! `protocol`'s link model around real UDP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_protocol::game::Micros;
use playhouse_protocol::game::link::{Link, Path};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The longest packet that passes, in bytes. 2 KiB, more than any path of the internet has.
const PACKET_BYTES_MAX: usize = 2048;

/// A stretch of network for one client, which ends with its owner.
pub struct Proxy {
    addr: SocketAddr,
    lanes: Arc<Lanes>,
    task: JoinHandle<()>,
}

struct Lanes {
    began: Instant,
    both: Mutex<Both>,
}

struct Both {
    up: Link<Bytes>,
    down: Link<Bytes>,
    /// Where the client was heard last.
    client: Option<SocketAddr>,
}

impl Lanes {
    fn now(&self) -> Micros {
        Micros(u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

impl Proxy {
    /// Stands before the server at `server`: what goes there takes the path `up`, what comes from there
    /// `down`.
    ///
    /// # Errors
    ///
    /// What the system says of the sockets.
    pub async fn start(server: SocketAddr, up: Path, down: Path, seed: u64) -> io::Result<Self> {
        let front = UdpSocket::bind("127.0.0.1:0").await?;
        let back = UdpSocket::bind("127.0.0.1:0").await?;
        back.connect(server).await?;
        let addr = front.local_addr()?;
        let both = Both { up: Link::new(up, seed), down: Link::new(down, !seed), client: None };
        let lanes = Arc::new(Lanes { began: Instant::now(), both: Mutex::new(both) });
        let task = tokio::spawn(carry(lanes.clone(), front, back));
        Ok(Self { addr, lanes, task })
    }

    /// Where the client connects to.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Changes both paths, for what is sent from now on.
    pub fn set(&self, up: Path, down: Path) {
        let mut both = self.lanes.both.lock();
        both.up.set_path(up);
        both.down.set_path(down);
    }

    /// Lets nothing pass for `time` from now on.
    pub fn go_dark(&self, time: Duration) {
        let (from, mut both) = (self.lanes.now(), self.lanes.both.lock());
        let until = from.plus(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        both.up.set_blackout(from, until);
        both.down.set_blackout(from, until);
    }

    /// For how long what the server sends now waits before the narrowest place.
    #[must_use]
    pub fn queued(&self) -> Duration {
        let now = self.lanes.now();
        Duration::from_micros(self.lanes.both.lock().down.queued_us(now))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries packets both ways, each when its time has come.
async fn carry(lanes: Arc<Lanes>, front: UdpSocket, back: UdpSocket) {
    let (mut from_client, mut from_server) = ([0; PACKET_BYTES_MAX], [0; PACKET_BYTES_MAX]);
    loop {
        let next = {
            let both = lanes.both.lock();
            [both.up.next_at(), both.down.next_at()].into_iter().flatten().min()
        };
        let due = async {
            match next {
                Some(at) => {
                    let at = lanes.began + Duration::from_micros(at.0);
                    tokio::time::sleep_until(at.into()).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            came = front.recv_from(&mut from_client) => {
                // A port that is closed on the other side is told as an error of the next call.
                let Ok((n, client)) = came else { continue };
                let (now, mut both) = (lanes.now(), lanes.both.lock());
                both.client = Some(client);
                both.up.send(now, n, Bytes::copy_from_slice(&from_client[..n]));
            }
            came = back.recv(&mut from_server) => {
                let Ok(n) = came else { continue };
                let (now, mut both) = (lanes.now(), lanes.both.lock());
                both.down.send(now, n, Bytes::copy_from_slice(&from_server[..n]));
            }
            () = due => {}
        }
        let (up, down, client) = {
            let (now, mut both) = (lanes.now(), lanes.both.lock());
            let up: Vec<_> = std::iter::from_fn(|| both.up.receive(now)).collect();
            let down: Vec<_> = std::iter::from_fn(|| both.down.receive(now)).collect();
            (up, down, both.client)
        };
        for (_, packet) in up {
            let _ = back.send(&packet).await;
        }
        if let Some(client) = client {
            for (_, packet) in down {
                let _ = front.send_to(&packet, client).await;
            }
        }
    }
}
