//! What all live connections share: how many there are and of whom, who follows which channel, and
//! the administrator's figures.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use bytestring::ByteString;
use parking_lot::Mutex;
use playhouse_actors::Rooms;
use playhouse_domain::room::Caller;
use playhouse_protocol::live::reply::{self, ClientInfo};
use playhouse_protocol::live::{Disconnect, Error};
use uuid::Uuid;

use super::doors::Doors;
use super::figures;
use super::outbox::Outbox;
use super::standing::Rates;
use crate::config::Config;
use crate::http::error::Problem;

/// How often the administrator's figures are made anew.
pub(super) const FIGURES_EVERY: Duration = Duration::from_secs(1);

/// The most clients that one presence list names. 1,000, about 100 KiB; the counts have no bound.
const PRESENCE_MAX: usize = 1000;

/// What all live connections of one server share. Cheap to clone.
#[derive(Clone)]
pub struct Live(pub(super) Arc<Hub>);

pub(super) struct Hub {
    pub(super) config: Arc<Config>,
    /// How the server is reached: scheme, host and port.
    pub(super) public_url: Arc<str>,
    pub(super) rooms: Rooms,
    pub(super) doors: Arc<dyn Doors>,
    pub(super) connections: Mutex<Connections>,
    /// Who follows which channel. Bounded by connections times subscriptions of each.
    pub(super) channels: Mutex<HashMap<String, Members>>,
    overview: Mutex<Option<(Instant, ByteString)>>,
    pub(super) rates: Mutex<Rates>,
}

/// The way to the live connections for those who are made before them.
#[derive(Clone, Default)]
pub struct Link(Arc<OnceLock<Weak<Hub>>>);

impl Link {
    /// These are the live connections.
    pub fn set(&self, live: &Live) {
        // Weak: the live connections hold those who hold this.
        let _ = self.0.set(Arc::downgrade(&live.0));
    }

    /// The live connections, once they are there.
    #[must_use]
    pub fn get(&self) -> Option<Live> {
        self.0.get()?.upgrade().map(Live)
    }
}

/// Those who follow one channel, by connection.
pub(super) type Members = BTreeMap<u64, Member>;

pub(super) struct Member {
    info: ClientInfo,
    /// Where it is told who comes and goes, if it asked and may know.
    listens: Option<Arc<Outbox>>,
}

/// One open connection.
pub(super) struct Connection {
    pub(super) outbox: Arc<Outbox>,
    pub(super) opened_at: jiff::Timestamp,
    pub(super) who: Caller,
    pub(super) name: Option<String>,
}

#[derive(Default)]
pub(super) struct Connections {
    next: u64,
    pub(super) open: BTreeMap<u64, Connection>,
    by_address: HashMap<IpAddr, usize>,
    by_holder: HashMap<Uuid, Vec<u64>>,
    stopping: bool,
}

impl Live {
    /// The live connection of a server that is reached at `public_url`.
    #[must_use]
    pub fn new(
        config: Arc<Config>,
        public_url: Arc<str>,
        rooms: Rooms,
        doors: Arc<dyn Doors>,
    ) -> Self {
        figures::describe();
        Self(Arc::new(Hub {
            config,
            public_url,
            rooms,
            doors,
            connections: Mutex::default(),
            channels: Mutex::default(),
            overview: Mutex::default(),
            rates: Mutex::default(),
        }))
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.connections.lock().open.len()
    }

    /// Takes no more connections and asks all clients to connect again, elsewhere or later (code
    /// 3001). Returns when all are closed, after `within` at the latest.
    pub async fn shut_down(&self, within: Duration) {
        let open: Vec<Arc<Outbox>> = {
            let mut connections = self.0.connections.lock();
            connections.stopping = true;
            connections.open.values().map(|open| open.outbox.clone()).collect()
        };
        for outbox in open {
            outbox.cut(Disconnect::SHUTDOWN);
        }
        let deadline = Instant::now() + within;
        while self.connections() > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A place for one more connection from `address`.
    ///
    /// # Errors
    ///
    /// 503 if there are too many in all or the server stops, 429 if too many are from `address`.
    pub(super) fn open(&self, address: IpAddr) -> Result<Place, Problem> {
        let limits = &self.0.config.live;
        let mut connections = self.0.connections.lock();
        if connections.stopping {
            let detail = "the server is shutting down";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", detail)
                .retry_after(Duration::from_secs(5)));
        }
        if connections.open.len() >= limits.connections {
            let detail = format!("all {} live connections are taken", limits.connections);
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
                .retry_after(Duration::from_secs(5)));
        }
        let from_there = connections.by_address.entry(address).or_default();
        if *from_there >= limits.connections_per_address {
            let detail =
                format!("{from_there} live connections are open from this address already");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
                .retry_after(Duration::from_secs(5)));
        }
        *from_there += 1;
        connections.next += 1;
        let (id, outbox) = (connections.next, Outbox::new(limits.queue));
        let opened_at = jiff::Timestamp::now();
        let connection =
            Connection { outbox: outbox.clone(), opened_at, who: Caller::Nobody, name: None };
        connections.open.insert(id, connection);
        figures::connections(1.0);
        Ok(Place { live: self.clone(), id, address, holder: None, outbox })
    }

    /// Connection `id`, who is `info`, follows `channel` from now on. Those who listen are told.
    pub(super) fn join(
        &self,
        channel: &str,
        id: u64,
        info: ClientInfo,
        listens: Option<Arc<Outbox>>,
    ) {
        let mut channels = self.0.channels.lock();
        let members = channels.entry(channel.to_owned()).or_default();
        announce(members, channel, true, &info);
        members.insert(id, Member { info, listens });
    }

    /// Connection `id` follows `channel` no longer. Those who listen are told.
    pub(super) fn leave(&self, channel: &str, id: u64) {
        let mut channels = self.0.channels.lock();
        let Some(members) = channels.get_mut(channel) else { return };
        if let Some(member) = members.remove(&id) {
            announce(members, channel, false, &member.info);
        }
        if members.is_empty() {
            channels.remove(channel);
        }
    }

    /// The clients that follow `channel`, by name.
    ///
    /// # Errors
    ///
    /// [`Error::LIMIT_EXCEEDED`] if there are too many to name.
    pub(super) fn presence(&self, channel: &str) -> Result<BTreeMap<String, ClientInfo>, Error> {
        let channels = self.0.channels.lock();
        let Some(members) = channels.get(channel) else { return Ok(BTreeMap::new()) };
        if members.len() > PRESENCE_MAX {
            return Err(Error::LIMIT_EXCEEDED);
        }
        Ok(members.values().map(|m| (m.info.client.clone(), m.info.clone())).collect())
    }

    /// How many clients and how many different accounts follow `channel`.
    pub(super) fn presence_stats(&self, channel: &str) -> (usize, usize) {
        let channels = self.0.channels.lock();
        let Some(members) = channels.get(channel) else { return (0, 0) };
        let users: HashSet<&str> =
            members.values().map(|m| m.info.user.as_str()).filter(|u| !u.is_empty()).collect();
        (members.len(), users.len())
    }

    /// How the rooms stand, as JSON, at most a second old; made once for all who ask.
    pub(super) fn overview(&self) -> ByteString {
        let mut kept = self.0.overview.lock();
        if let Some((made, json)) = &*kept
            && made.elapsed() < FIGURES_EVERY / 2
        {
            return json.clone();
        }
        let json = ByteString::from(self.standing());
        *kept = Some((Instant::now(), json.clone()));
        json
    }
}

/// Tells those of `members` who listen. Who has no room for it misses it: the presence list is the
/// truth, and a slow organizer must not slow the hall.
fn announce(members: &Members, channel: &str, came: bool, who: &ClientInfo) {
    let mut listeners = members.values().filter_map(|m| m.listens.as_ref()).peekable();
    if listeners.peek().is_none() {
        return;
    }
    let Ok(line) = ByteString::try_from(reply::came_or_went(channel, came, who)) else { return };
    for outbox in listeners {
        let _ = outbox.line(line.clone());
    }
}

/// One connection's place in the hub; free again when dropped.
pub(super) struct Place {
    live: Live,
    pub(super) id: u64,
    address: IpAddr,
    /// Whose token it came with, account or guest.
    holder: Option<Uuid>,
    pub(super) outbox: Arc<Outbox>,
}

impl Place {
    /// The connection is that of `who`. If that makes too many, their oldest one is closed.
    pub(super) fn belongs_to(&mut self, who: &Caller, name: Option<&str>) {
        if let Some(open) = self.live.0.connections.lock().open.get_mut(&self.id) {
            open.who = who.clone();
            open.name = name.map(str::to_owned);
        }
        let holder = match who {
            Caller::Account { id, .. } => id.0,
            Caller::Guest(id) => id.0,
            _ => return,
        };
        if self.holder.replace(holder) == Some(holder) {
            return;
        }
        let most = self.live.0.config.live.connections_per_account;
        let oldest = {
            let mut connections = self.live.0.connections.lock();
            let theirs = connections.by_holder.entry(holder).or_default();
            theirs.push(self.id);
            let oldest = (theirs.len() > most).then(|| theirs.remove(0));
            oldest.and_then(|id| connections.open.get(&id)).map(|open| open.outbox.clone())
        };
        if let Some(outbox) = oldest {
            outbox.cut(Disconnect::CONNECTION_LIMIT);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.outbox.close();
        let mut connections = self.live.0.connections.lock();
        connections.open.remove(&self.id);
        if let Some(n) = connections.by_address.get_mut(&self.address) {
            *n -= 1;
            if *n == 0 {
                connections.by_address.remove(&self.address);
            }
        }
        if let Some(holder) = self.holder
            && let Some(theirs) = connections.by_holder.get_mut(&holder)
        {
            theirs.retain(|id| *id != self.id);
            if theirs.is_empty() {
                connections.by_holder.remove(&holder);
            }
        }
        figures::connections(-1.0);
    }
}
