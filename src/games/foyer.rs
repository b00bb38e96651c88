//! What all connections of one match are told of it beside its ticks: who is there, when it begins, how
//! it ended. One for each match that somebody of this server is connected to.
//!
//! It follows the match's room as anybody may and reads what is durable, so that nobody is told of a
//! start or a result that a crash could take back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_actors::Rooms;
use playhouse_actors::handle::AskError;
use playhouse_actors::ticker::Link;
use playhouse_actors::watch::{Publication, Sink, SinkFull, WatchEnd};
use playhouse_domain::games::Seat;
use playhouse_domain::games::match_room::{
    Ending, Entered, MatchInfo, Phase, Placing, PlayerInfo, Presence,
};
use playhouse_domain::room::Audience;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::game::control::{
    Closed, Lobby, LobbyPlayer, Results, ServerControl, Standing,
};
use playhouse_protocol::ids::MatchId;
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::line::Line;
use super::run;
use crate::asking::server_time;

/// How long a room that cannot be followed now is left alone. 500 ms: it is being rebuilt, or the server
/// stops.
const FOLLOW_AGAIN: Duration = Duration::from_millis(500);

/// How a match stands with one of its records.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Seen {
    /// How it stands.
    #[serde(alias = "change", alias = "view")]
    pub(super) info: MatchInfo,
    /// The newest record that is in it.
    #[serde(rename = "to")]
    pub(super) record: u64,
}

/// The matches that somebody is connected to.
#[derive(Default)]
pub(super) struct Foyers(Mutex<HashMap<MatchId, Weak<Foyer>>>);

impl Foyers {
    /// That of the match which stands as `seen` says; made if it is not there.
    pub(super) fn of(&self, rooms: &Rooms, seen: &Seen) -> Arc<Foyer> {
        let id = seen.info.id;
        let mut foyers = self.0.lock();
        if let Some(foyer) = foyers.get(&id).and_then(Weak::upgrade) {
            return foyer;
        }
        // Those of matches that nobody is connected to any more.
        foyers.retain(|_, foyer| foyer.strong_count() > 0);
        let foyer = Foyer::open(rooms.clone(), seen);
        foyers.insert(id, Arc::downgrade(&foyer));
        foyer
    }
}

/// What all connections of one match share.
pub(super) struct Foyer {
    state: Mutex<State>,
    over: watch::Sender<bool>,
    following: Mutex<Option<AbortHandle>>,
}

#[derive(Default)]
struct State {
    next: u64,
    /// The newest record that is known.
    record: u64,
    /// Bounded by the seats of a match, and those who are being replaced in them.
    guests: Vec<Guest>,
    countdown_until: Option<Timestamp>,
    lobby: Option<Lobby>,
    results: Option<Results>,
}

/// A connection that is told.
struct Guest {
    number: u64,
    seat: Seat,
    /// The number of the connection within the match.
    entry: u32,
    /// The record with which it entered.
    since: u64,
    /// True once it was told how the match stands with itself in it.
    knows: bool,
    line: Arc<Line>,
}

/// A connection's place among those who are told; given up when dropped.
pub(super) struct Place {
    foyer: Arc<Foyer>,
    number: u64,
}

impl Foyer {
    fn open(rooms: Rooms, seen: &Seen) -> Arc<Self> {
        let foyer = Arc::new(Self {
            state: Mutex::default(),
            over: watch::Sender::new(false),
            following: Mutex::default(),
        });
        foyer.learn(seen, server_time());
        let follow = follow(rooms, seen.info.id, Arc::downgrade(&foyer));
        *foyer.following.lock() = Some(tokio::spawn(follow).abort_handle());
        foyer
    }

    /// From now on `line`, which entered with record `since`, is told: first how the match stands with that
    /// record.
    pub(super) fn come(self: &Arc<Self>, entered: &Entered, since: u64, line: Arc<Line>) -> Place {
        let mut state = self.state.lock();
        state.next += 1;
        let (number, Entered { seat, entry, .. }) = (state.next, *entered);
        let knows = since <= state.record;
        if knows {
            let standing = state.standing(server_time());
            standing.iter().for_each(|message| line.control(message));
        }
        state.guests.push(Guest { number, seat, entry, since, knows, line });
        Place { foyer: self.clone(), number }
    }

    /// Returns once everybody was told how the match ended.
    pub(super) async fn over(&self) {
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    /// Takes in how the match stands, and tells everybody what changed.
    fn learn(&self, Seen { info, record }: &Seen, now: Timestamp) {
        let mut state = self.state.lock();
        let changes = state.learn(info, *record, now);
        let whole = state.standing(now);
        let is_over = info.phase.is_over();
        // Who entered later is not in it yet.
        for guest in state.guests.iter_mut().filter(|guest| guest.since <= *record || is_over) {
            let news = if guest.knows { &changes } else { &whole };
            guest.knows = true;
            news.iter().for_each(|message| guest.line.control(message));
            match is_over {
                true => guest.line.close(Closed::Over),
                false => guest.look_for_the_seat(info),
            }
        }
        if is_over {
            self.over.send_replace(true);
        }
    }
}

impl Guest {
    /// Lets go of a connection whose seat is somebody else's, or nobody's.
    fn look_for_the_seat(&self, info: &MatchInfo) {
        let entry = info.players.iter().find(|player| player.seat == self.seat).map(|p| p.entry);
        match entry {
            Some(entry) if entry == self.entry => {}
            Some(entry) if entry > self.entry => self.line.close(Closed::Replaced),
            _ => self.line.close(Closed::Removed),
        }
    }
}

impl Drop for Foyer {
    fn drop(&mut self) {
        if let Some(following) = self.following.lock().take() {
            following.abort();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.foyer.state.lock().guests.retain(|guest| guest.number != self.number);
    }
}

impl State {
    /// Everything that there is to know.
    fn standing(&self, now: Timestamp) -> Vec<ServerControl> {
        let countdown = self.countdown_until.map(|until| countdown(until, now));
        let lobby = self.lobby.clone().map(ServerControl::Lobby);
        let results = self.results.clone().map(ServerControl::Concluded);
        [lobby, countdown, results].into_iter().flatten().collect()
    }

    /// What there is to say once the match stands as `info` says, with `record`.
    fn learn(&mut self, info: &MatchInfo, record: u64, now: Timestamp) -> Vec<ServerControl> {
        let mut said = Vec::new();
        self.record = record;
        let lobby = lobby(info);
        if self.lobby.as_ref() != Some(&lobby) {
            said.push(ServerControl::Lobby(lobby.clone()));
            self.lobby = Some(lobby);
        }
        let until = info.until.filter(|_| info.phase == Phase::Countdown);
        match (self.countdown_until, until) {
            (was, Some(until)) if was != Some(until) => said.push(countdown(until, now)),
            (Some(_), None) if matches!(info.phase, Phase::Lobby | Phase::Check) => {
                said.push(ServerControl::Countdown(None));
            }
            _ => {}
        }
        self.countdown_until = until;
        if let (None, Some(ending)) = (&self.results, &info.ending) {
            let results = results(ending);
            said.push(ServerControl::Concluded(results.clone()));
            self.results = Some(results);
        }
        said
    }
}

fn countdown(until: Timestamp, now: Timestamp) -> ServerControl {
    let left = until.since(now).as_millis();
    ServerControl::Countdown(Some(u32::try_from(left).unwrap_or(u32::MAX)))
}

fn lobby(info: &MatchInfo) -> Lobby {
    let player = |player: &PlayerInfo| LobbyPlayer {
        seat: player.seat.0,
        name: player.name.clone(),
        ready: player.ready || player.state == Presence::Bot,
        present: matches!(player.state, Presence::Bot | Presence::Here),
    };
    Lobby { host: info.host.map(|seat| seat.0), players: info.players.iter().map(player).collect() }
}

fn results(ending: &Ending) -> Results {
    match ending {
        Ending::Void(_) => Results { void: true, tick: 0, standings: Vec::new() },
        Ending::Concluded { ticks, results } => {
            // Who left before the end stands behind everybody who stayed.
            let last = u16::try_from(results.len()).unwrap_or(u16::MAX);
            let standing = |placing: &Placing| Standing {
                seat: placing.seat.map_or(u16::MAX, |seat| seat.0),
                name: placing.name.clone(),
                place: placing.place.unwrap_or(last),
                score: i64::from(placing.score),
            };
            let standings = results.iter().map(standing).collect();
            Results { void: false, tick: *ticks, standings }
        }
    }
}

/// Follows the room of match `id` for as long as `foyer` is there.
async fn follow(rooms: Rooms, id: MatchId, foyer: Weak<Foyer>) {
    loop {
        let bell = Arc::new(Bell::default());
        let watching = rooms.watch(&run::room(id), Audience::Public, None, bell.clone()).await;
        let gone = matches!(watching, Err(AskError::NoSuchRoom));
        if let Ok(watching) = watching {
            let mut json = watching.view;
            loop {
                let Some(foyer) = foyer.upgrade() else { return };
                if let Some(seen) = json.take().and_then(|json| read(&json)) {
                    foyer.learn(&seen, server_time());
                    if seen.info.phase.is_over() {
                        return;
                    }
                }
                drop(foyer);
                match bell.next().await {
                    Some(newest) => json = Some(newest),
                    None => break,
                }
            }
            drop(watching.guard);
        }
        if gone || foyer.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(FOLLOW_AGAIN).await;
    }
}

/// How a match stands, as its room says it.
fn read(json: &[u8]) -> Option<Seen> {
    let seen = serde_json::from_slice(json);
    if let Err(error) = &seen {
        tracing::error!(%error, "a match said something else than how it stands");
    }
    seen.ok()
}

/// Keeps the newest that a room said: whatever came before it is of no interest any more.
#[derive(Default)]
struct Bell {
    newest: Mutex<Option<Bytes>>,
    ended: AtomicBool,
    rung: Notify,
}

impl Bell {
    /// The newest, once there is one that was not taken; none once the watch has ended.
    async fn next(&self) -> Option<Bytes> {
        loop {
            if let Some(newest) = self.newest.lock().take() {
                return Some(newest);
            }
            if self.ended.load(Ordering::Acquire) {
                return None;
            }
            // What is rung between the look and the wait is kept.
            self.rung.notified().await;
        }
    }
}

impl Sink for Bell {
    fn publish(&self, publication: &Arc<Publication>) -> Result<(), SinkFull> {
        *self.newest.lock() = Some(publication.json.clone());
        self.rung.notify_one();
        Ok(())
    }

    fn ended(&self, _: WatchEnd) {
        self.ended.store(true, Ordering::Release);
        self.rung.notify_one();
    }
}
