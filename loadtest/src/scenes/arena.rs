//! Matches of the arena: bots come over QUIC, each through a network of its own, see what a client sees, walk,
//! aim and fire until the match is over, and come back when the server was killed.
//!
//! What they are told is kept (`arena_log.rs`) and checked afterwards; the matches are played again from their
//! logs (`arena_replay.rs`). Meanwhile it is measured what crosses the wire (`arena_watch.rs`).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use playhouse_protocol::game::control::{ClientControl, Refused};
use playhouse_protocol::game::{ClientPeer, Input, Received, TimedEvent, ViewTick};
use rand::RngCore;
use serde_json::json;
use tokio::sync::OnceCell;

use super::arena_crowd::{Crowd, Seen};
use super::arena_log::{Diary, Story};
pub use super::arena_plan::{Link, Plan};
use super::arena_replay;
use super::arena_watch::{Totals, Watch};
use crate::client::ClientError;
use crate::harness::meter::{Outcome, times};
use crate::harness::stage::{Cast, Stage, Verdict};
use crate::harness::{HarnessError, Promise};
use crate::play::PlayError;
use crate::play::journey::{Journey, JourneyError, guest};
use crate::play::mind::Mind;
use crate::play::pilot::Pilot;
use crate::play::player::Player;
use crate::play::proxy::Proxy;
use crate::presenter::id_of;

/// How long a player may take to come in, and to come back. 30 s, as long as a seat is kept.
const COME_WITHIN: Duration = Duration::from_secs(30);

/// How long a match may last beyond what was asked for: its lobby, its countdown, its pauses. 60 s.
const BEYOND: Duration = Duration::from_secs(60);

/// A tick at 30 Hz, in microseconds.
const TICK_US: u64 = 33_333;

/// The most connections that one player makes. 2,000, twice as many as a run has kills.
const CONNECTIONS_MAX: usize = 2000;

/// A match, made by the first who comes to it.
#[derive(Default)]
struct Match {
    id: OnceCell<String>,
}

/// The players of all matches.
pub struct Grounds {
    stage: Arc<Stage>,
    plan: Plan,
    matches: Mutex<BTreeMap<u64, Arc<Match>>>,
    stories: Mutex<BTreeMap<u64, Story>>,
    watch: Arc<Watch>,
    watching: tokio::task::JoinHandle<()>,
    totals: Mutex<Totals>,
    crowd: Crowd,
}

/// A bot that keeps what it is told.
struct Scribe {
    pilot: Pilot,
    diary: Diary,
    /// The newest tick that it saw.
    newest: u32,
}

impl Mind for Scribe {
    fn choose(&mut self, tick: u32, peer: &ClientPeer, view: ViewTick) -> Input {
        self.pilot.choose(tick, peer, view)
    }

    fn see(&mut self, peer: &ClientPeer, received: Received) {
        self.newest = self.newest.max(received.tick);
        self.pilot.see(peer, received);
        self.diary.see(peer.world(), received);
    }

    fn hear(&mut self, event: &TimedEvent) {
        self.diary.hear(event);
    }

    fn restart(&mut self, epoch: u8, tick: u32) {
        self.pilot.restart(epoch, tick);
        self.diary.begin(epoch);
    }
}

/// How a connection's time in the match ended.
enum Ended {
    /// The match is over.
    Over,
    /// The connection is lost, since then.
    Lost(Instant),
    /// The match takes too long.
    Late,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn is_over(error: &JourneyError) -> bool {
    matches!(error, JourneyError::Play(PlayError::Refused(Refused::Over)))
}

impl Grounds {
    fn match_of(&self, nth: u64) -> Arc<Match> {
        let number = nth / u64::from(self.plan.players);
        lock(&self.matches).entry(number).or_default().clone()
    }

    /// The id of the match, which is made if nobody did.
    async fn id<'a>(&self, game: &'a Match) -> Result<&'a String, ClientError> {
        let make = async || {
            let organizer = self.stage.organizer().await?;
            let asks = json!({ "seats": self.plan.players + self.plan.bots, "bots": self.plan.bots,
                "settings": self.plan.settings(), "listed": false });
            let made = organizer.post("/api/games/arena/sessions", asks).await?;
            let id = id_of(&made).to_owned();
            self.watch.add(&id);
            self.crowd.watch(&self.stage.client.without_token(), &id, self.plan.watchers);
            Ok(id)
        };
        game.id.get_or_try_init(make).await
    }

    /// The `nth` player's whole visit.
    async fn visit(&self, nth: u64, due: Instant, diary: &mut Diary) -> Result<(), JourneyError> {
        let game = self.match_of(nth);
        let id = self.id(&game).await?;
        let client = guest(&self.stage.client.without_token()).await?;
        let mut journey = Journey::join(&client, id, Some(&format!("Bot {nth}"))).await?;
        let mut chance = self.stage.chance(nth);
        let _proxy = self.between(&mut journey, chance.next_u64()).await?;
        let pilot = Pilot::new(&self.plan.settings(), journey.way().seat, chance.next_u64());
        let scribe = Scribe { pilot, diary: Diary::default(), newest: 0 };
        let mut player = journey.come(scribe, COME_WITHIN).await?;
        self.stage.meter.note("enter", due, Outcome::Ok);
        let last = Instant::now() + Duration::from_secs(60 * u64::from(self.plan.minutes)) + BEYOND;
        let mut lost = None;
        for _ in 0..CONNECTIONS_MAX {
            player.mind.diary.seats.push(player.welcome.seat);
            let ended = self.stay(&mut player, lost, last).await;
            let Player { mind, results, .. } = player;
            *diary = mind.diary.clone();
            diary.results = results;
            match ended {
                Ended::Over => break,
                Ended::Late => {
                    diary.failed = Some(format!("player {nth} did not see the match end"));
                    break;
                }
                Ended::Lost(since) => lost = Some(since),
            }
            player = match journey.come(mind, COME_WITHIN).await {
                Ok(player) => player,
                Err(error) if is_over(&error) => return Ok(()),
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    /// Tells the meter how much of what was seen each restart took.
    fn losses(&self, id: &str, story: Option<&Story>) {
        let mut lost = times();
        for (newest, epoch) in story.into_iter().flat_map(Story::breaks) {
            if let Some(began) = self.watch.began(id, epoch) {
                let ticks = u64::from(newest.saturating_sub(began));
                lost.saturating_record((ticks * TICK_US).max(1));
            }
        }
        if !lost.is_empty() {
            self.stage.meter.add("lost", &lost);
        }
    }

    /// The network between the player and the server.
    async fn between(&self, journey: &mut Journey, seed: u64) -> Result<Option<Proxy>, PlayError> {
        let Some((link, quic)) = self.plan.link.zip(journey.way().quic.clone()) else {
            return Ok(None);
        };
        let broken = |error: &dyn std::fmt::Display| PlayError::Broken(error.to_string());
        let server: SocketAddr = quic.parse().map_err(|error| broken(&error))?;
        let (up, down) = link.paths();
        let proxy = Proxy::start(server, up, down, seed).await.map_err(|error| broken(&error))?;
        journey.set_through(proxy.addr());
        Ok(Some(proxy))
    }

    /// One connection's time in the match, after another was `lost`.
    async fn stay(
        &self,
        player: &mut Player<Scribe>,
        lost: Option<Instant>,
        last: Instant,
    ) -> Ended {
        let played = self.play(player, lost, last).await;
        let own = player.mind.pilot.own().figures();
        lock(&self.totals).own(own);
        match played {
            Ok(true) => Ended::Over,
            Ok(false) => Ended::Late,
            Err(PlayError::Closed { code: 1, .. }) => Ended::Over,
            Err(_) => Ended::Lost(Instant::now()),
        }
    }

    async fn play(
        &self,
        player: &mut Player<Scribe>,
        lost: Option<Instant>,
        last: Instant,
    ) -> Result<bool, PlayError> {
        let left = || last.saturating_duration_since(Instant::now());
        if !player.begun {
            player.connection.say(&ClientControl::Ready(true)).await?;
        }
        self.first_state(player, left()).await?;
        if let Some(lost) = lost {
            let since = lost.max(self.stage.ready_since());
            self.stage.meter.note("resume", since, Outcome::Ok);
        }
        self.watch.disturbed();
        let is_over = |player: &Player<Scribe>| player.results.is_some();
        if player.play(Duration::from_secs_f64(self.plan.settle_s), is_over).await? {
            return Ok(true);
        }
        player.measure_anew();
        let (before, tick) = (Crossed::of(player), player.mind.newest);
        let played = player.play(left(), is_over).await;
        let ticks = player.mind.newest.saturating_sub(tick);
        lock(&self.totals).crossed(ticks, Crossed::of(player).since(before));
        let mut gaps = times();
        for gap in player.gaps() {
            gaps.saturating_record(u64::try_from(gap.as_micros()).unwrap_or(u64::MAX).max(1));
        }
        self.stage.meter.add("gap", &gaps);
        played
    }

    /// Waits for the first state. Who waits in a lobby learns by other ways that the server was killed, as a
    /// page does by its live connection.
    async fn first_state(
        &self,
        player: &mut Player<Scribe>,
        within: Duration,
    ) -> Result<(), PlayError> {
        let entered = self.stage.ready_since();
        let ready = || self.stage.ready_since();
        let come = |player: &Player<Scribe>| player.states > 0 || ready() != entered;
        let came = player.play(within, come).await?;
        if came && player.states > 0 { Ok(()) } else { Err(PlayError::TimedOut) }
    }
}

/// What crossed the wire so far, in bytes: datagrams there and back, and all of UDP.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Crossed {
    pub down: u64,
    pub up: u64,
    pub udp_down: u64,
    pub udp_up: u64,
}

impl Crossed {
    fn of(player: &Player<Scribe>) -> Self {
        let (udp_down, udp_up) = player.connection.udp_bytes().unwrap_or_default();
        let down = player.peer.figures().received_bytes;
        Self { down, up: player.sent_bytes, udp_down, udp_up }
    }

    fn since(self, before: Self) -> Self {
        Self {
            down: self.down - before.down,
            up: self.up - before.up,
            udp_down: self.udp_down - before.udp_down,
            udp_up: self.udp_up - before.udp_up,
        }
    }
}

impl Cast for Grounds {
    type Plan = Plan;

    async fn prepare(stage: Arc<Stage>, plan: Plan) -> Result<Self, HarnessError> {
        let watch = Arc::new(Watch::default());
        let settle = Duration::from_secs_f64(plan.settle_s);
        let watching = tokio::spawn(watch.clone().keep_on(stage.clone(), settle));
        let (matches, stories) = (Mutex::default(), Mutex::default());
        let (totals, crowd) = (Mutex::default(), Crowd::default());
        Ok(Self { stage, plan, matches, stories, watch, watching, totals, crowd })
    }

    async fn arrive(&self, nth: u64, due: Instant) {
        let mut diary = Diary::default();
        if let Err(error) = self.visit(nth, due, &mut diary).await {
            if diary.seats.is_empty() {
                self.stage.meter.note("enter", due, Outcome::Failed);
            }
            diary.failed = Some(format!("player {nth}: {error}"));
        }
        let number = nth / u64::from(self.plan.players);
        lock(&self.stories).entry(number).or_default().diaries.push(diary);
    }

    fn word(&self) -> String {
        self.watch.word()
    }

    async fn finish(mut self) -> Result<Verdict, HarnessError> {
        self.watching.abort();
        let _ = (&mut self.watching).await;
        let stories = std::mem::take(&mut *lock(&self.stories));
        let mut verdict = Verdict::default();
        if self.plan.watchers > 0 {
            crowd(&self.crowd.finish().await, &mut verdict);
        }
        judge(&stories, &mut verdict);
        let mut ends = Ok((0, 0, 0));
        let matches = std::mem::take(&mut *lock(&self.matches));
        for (number, game) in matches {
            let (Some(id), Ok((matches, ticks, compared))) = (game.id.get(), &ends) else { break };
            self.losses(id, stories.get(&number));
            let told = stories.get(&number).and_then(|story| story.results().ok().flatten());
            ends = arena_replay::holds(&self.stage.client, id, told)
                .await?
                .map(|(more, hashes)| (matches + 1, ticks + more, compared + hashes));
        }
        let ends = ends.map(|(matches, ticks, compared)| {
            format!("{matches} matches, {ticks} ticks, {compared} hashes of the world")
        });
        let what = "each match, played again from its log, has the same hashes and comes to the same results";
        verdict.promises.push(Promise::new(what, ends));
        let gave_up: usize =
            stories.values().flat_map(|story| &story.diaries).map(Diary::gave_up).sum();
        verdict.figures.insert("told.gave_up".into(), gave_up as f64);
        lock(&self.totals).figures(&mut verdict.figures);
        self.watch.figures(&mut verdict.figures);
        Ok(verdict)
    }
}

/// What those who only watched were shown.
fn crowd(seen: &Seen, verdict: &mut Verdict) {
    let Seen { watchers, ticks, bytes, cuts, gaps, failed } = seen;
    let found = match failed {
        Some(failed) => Err(failed.clone()),
        None if *gaps > 0 => Err(format!("{gaps} ticks do not follow on the one before")),
        None => Ok(format!("{watchers} watchers, {ticks} ticks, {cuts} cuts")),
    };
    let what = "whoever watches sees every tick in order until the match is over, but for cuts";
    verdict.promises.push(Promise::new(what, found));
    let ticks = *ticks as f64;
    verdict.figures.insert("watched.cuts".into(), *cuts as f64);
    verdict.figures.insert("watched.bytes_per_tick".into(), *bytes as f64 / ticks.max(1.0));
}

/// What players were told, match by match.
fn judge(stories: &BTreeMap<u64, Story>, verdict: &mut Verdict) {
    fn all<T>(
        stories: &BTreeMap<u64, Story>,
        hold: impl Fn(&Story) -> Result<T, String>,
        mut count: impl FnMut(T),
    ) -> Result<(), String> {
        for (number, story) in stories {
            count(hold(story).map_err(|fault| format!("match {number}: {fault}"))?);
        }
        Ok(())
    }
    let diaries = || stories.values().flat_map(|story| &story.diaries);
    let failed = diaries().find_map(|diary| diary.failed.clone());
    let ended = match failed {
        Some(failed) => Err(failed),
        None => Ok(format!("{} players of {} matches", diaries().count(), stories.len())),
    };
    let mut promise = |what, found| verdict.promises.push(Promise::new(what, found));
    promise("everybody plays until the match is over", ended);
    let mut n = 0;
    let seats = all(stories, Story::seats, |more| n += more);
    let seats = seats.map(|()| format!("{n} came back"));
    promise("whoever comes back has the same seat", seats);
    let mut n = 0;
    let ticks = all(stories, Story::ticks, |more| n += more);
    let ticks = ticks.map(|()| format!("{n} stretches of play"));
    promise(
        "ticks never go back within an epoch, and by 500 ms at most from one to the next",
        ticks,
    );
    let mut n = 0;
    let kills = all(stories, Story::kills, |more| n += more);
    let kills = kills.map(|()| format!("{n} times somebody was told of one"));
    promise("every kill is told exactly once, in order, to all who are there", kills);
    let mut n = 0;
    let scores = all(stories, Story::scores, |more| n += more);
    let scores = scores.map(|()| format!("{n} scores"));
    promise("scores grow by just the kills that were told", scores);
    let mut n = 0;
    let results =
        all(stories, |story| Ok(story.results()?.is_some()), |told| n += usize::from(told));
    let results = results.map(|()| format!("{n} matches"));
    promise("all players of a match are told the same results", results);
}
