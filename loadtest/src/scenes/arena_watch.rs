//! What is measured of matches while they are played: by the server's own figures, and by its process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::arena::Crossed;
use crate::harness::machine::Reading;
use crate::harness::meter::Figures;
use crate::harness::stage::Stage;

/// How often the server is asked for the figures of its matches. Once a second: they are as old.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What crossed the wire in all, while it was measured.
#[derive(Debug, Default)]
pub(super) struct Totals {
    ticks: u64,
    crossed: Crossed,
    compared: u64,
    corrected: u64,
}

impl Totals {
    /// One player played so many ticks.
    pub(super) fn crossed(&mut self, ticks: u32, crossed: Crossed) {
        self.ticks += u64::from(ticks);
        self.crossed.down += crossed.down;
        self.crossed.up += crossed.up;
        self.crossed.udp_down += crossed.udp_down;
        self.crossed.udp_up += crossed.udp_up;
    }

    /// One player predicted itself so often, and was wrong so often.
    pub(super) fn own(&mut self, (compared, corrected): (u64, u64)) {
        self.compared += compared;
        self.corrected += corrected;
    }

    pub(super) fn figures(&self, figures: &mut Figures) {
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("down.player_ticks", self.ticks as f64);
        if self.ticks > 0 {
            let each = |bytes: u64| bytes as f64 / self.ticks as f64;
            put("down.bytes_per_tick", each(self.crossed.down));
            put("down.udp_bytes_per_tick", each(self.crossed.udp_down));
            put("up.bytes_per_tick", each(self.crossed.up));
            put("up.udp_bytes_per_tick", each(self.crossed.udp_up));
        }
        if self.compared > 0 {
            let share = self.corrected as f64 / self.compared as f64;
            put("own.corrected_percent", share * 100.0);
        }
    }
}

/// What the server says of one match at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Look {
    epoch: u64,
    began: u64,
    tick: u64,
    players: u64,
    sent: u64,
    sent_bytes: u64,
    full_states: u64,
    real: u64,
    missed: u64,
    skipped: u64,
    waited: u64,
    late_p99_us: u64,
}

impl Look {
    fn read(figures: &Value) -> Self {
        let of = |value: &Value| value.as_u64().unwrap_or_default();
        let wire = &figures["wire"];
        Self {
            epoch: of(&figures["epoch"]),
            began: of(&figures["began"]),
            tick: of(&figures["tick"]),
            players: of(&wire["players"]),
            sent: of(&wire["sent"]),
            sent_bytes: of(&wire["sent_bytes"]),
            full_states: of(&wire["full_states"]),
            real: of(&wire["inputs_real"]),
            missed: of(&wire["inputs_missed"]),
            skipped: of(&figures["skipped"]),
            waited: of(&figures["waited"]),
            late_p99_us: of(&figures["lateness_us"]["p99"]),
        }
    }
}

/// All matches and the process at one moment.
#[derive(Debug, Default)]
struct Round {
    matches: BTreeMap<String, Look>,
    process: Option<(u32, Reading)>,
}

/// Sums over all rounds between which nobody came or went and nothing broke.
#[derive(Debug, Default)]
struct Sums {
    player_ticks: u64,
    ticks: u64,
    sent: u64,
    sent_bytes: u64,
    full_states: u64,
    real: u64,
    missed: u64,
    cpu: Duration,
    /// How many player ticks the process' time is known of.
    cpu_player_ticks: u64,
    skipped: u64,
    waited: u64,
    late_p99_us: u64,
    players_max: u64,
}

#[derive(Default)]
struct State {
    ids: Vec<String>,
    disturbed: Option<Instant>,
    last: Round,
    sums: Sums,
    /// By match and epoch: the tick that it went on from.
    began: BTreeMap<(String, u64), u64>,
}

/// Watches all matches.
#[derive(Default)]
pub(super) struct Watch(Mutex<State>);

impl Watch {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// There is one more match.
    pub(super) fn add(&self, id: &str) {
        self.state().ids.push(id.to_owned());
    }

    /// Somebody came.
    pub(super) fn disturbed(&self) {
        self.state().disturbed = Some(Instant::now());
    }

    pub(super) fn word(&self) -> String {
        let state = self.state();
        let players: u64 = state.last.matches.values().map(|look| look.players).sum();
        format!("{players} play in {} matches", state.last.matches.len())
    }

    /// Looks at the matches once a second until it is ended; what is within `settle` of somebody's coming does
    /// not count.
    pub(super) async fn keep_on(self: Arc<Self>, stage: Arc<Stage>, settle: Duration) {
        let mut each = tokio::time::interval(LOOK_EVERY);
        each.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            let ids = self.state().ids.clone();
            let mut round = Round::default();
            for id in ids {
                let path = format!("/api/games/sessions/{id}/figures");
                let asked = stage.client.once(Method::GET, &path, None, None).await;
                // A match that is over, or a server that is away, has none.
                if let Ok((StatusCode::OK, figures)) = asked
                    && figures["running"].is_object()
                {
                    round.matches.insert(id, Look::read(&figures["running"]));
                }
            }
            round.process = stage.pid().zip(stage.reading());
            self.state().take(round, settle);
        }
    }

    pub(super) fn figures(&self, figures: &mut Figures) {
        let state = self.state();
        let sums = &state.sums;
        let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
        put("ticks.player_ticks", sums.player_ticks as f64);
        put("ticks.players_max", sums.players_max as f64);
        put("ticks.skipped", sums.skipped as f64);
        put("ticks.waited", sums.waited as f64);
        put("ticks.late_p99_ms", sums.late_p99_us as f64 / 1e3);
        put("sent.full_states", sums.full_states as f64);
        if sums.sent > 0 {
            put("sent.bytes_per_datagram", sums.sent_bytes as f64 / sums.sent as f64);
        }
        if sums.real + sums.missed > 0 {
            let share = sums.missed as f64 / (sums.real + sums.missed) as f64;
            put("input.missed_percent", share * 100.0);
        }
        if sums.cpu_player_ticks > 0 {
            let us = sums.cpu.as_secs_f64() * 1e6;
            put("server.cpu_us_per_player_tick", us / sums.cpu_player_ticks as f64);
        }
    }

    /// The tick that match `id` went on from in `epoch`, of which the lowest bits are known.
    pub(super) fn began(&self, id: &str, epoch: u8) -> Option<u32> {
        let state = self.state();
        let mut of = state.began.iter().filter(|((of, at), _)| of == id && *at as u8 == epoch);
        of.next_back().map(|(_, began)| u32::try_from(*began).unwrap_or(u32::MAX))
    }
}

impl State {
    fn take(&mut self, round: Round, settle: Duration) {
        for (id, look) in &round.matches {
            self.began.insert((id.clone(), look.epoch), look.began);
        }
        let quiet = self.disturbed.is_none_or(|at| at.elapsed() > settle + LOOK_EVERY);
        if quiet {
            self.add(&round);
        }
        self.last = round;
    }

    /// Adds what there was between the last round and this one.
    fn add(&mut self, round: &Round) {
        let (sums, last) = (&mut self.sums, &self.last);
        let same = |(id, now): (&String, &Look)| {
            let then = last.matches.get(id)?;
            let same = then.epoch == now.epoch && then.players == now.players;
            (same && now.tick > then.tick && now.sent >= then.sent).then_some((*then, *now))
        };
        let pairs: Option<Vec<_>> = round.matches.iter().map(same).collect();
        let Some(pairs) = pairs.filter(|pairs| pairs.len() == last.matches.len()) else { return };
        let (mut player_ticks, mut players) = (0, 0);
        for (then, now) in pairs {
            let ticks = now.tick - then.tick;
            player_ticks += ticks * now.players;
            players += now.players;
            sums.ticks += ticks;
            sums.sent += now.sent - then.sent;
            sums.sent_bytes += now.sent_bytes - then.sent_bytes;
            sums.full_states += now.full_states - then.full_states;
            sums.real += now.real.saturating_sub(then.real);
            sums.missed += now.missed.saturating_sub(then.missed);
            sums.skipped += now.skipped - then.skipped;
            sums.waited += now.waited - then.waited;
            sums.late_p99_us = sums.late_p99_us.max(now.late_p99_us);
        }
        sums.player_ticks += player_ticks;
        sums.players_max = sums.players_max.max(players);
        if let (Some((pid, then)), Some((now_pid, now))) = (last.process, round.process)
            && pid == now_pid
        {
            sums.cpu += now.cpu.saturating_sub(then.cpu);
            sums.cpu_player_ticks += player_ticks;
        }
    }
}
