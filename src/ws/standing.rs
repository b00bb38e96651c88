//! What administrators see of the live connections: who is slow, and how much happens a second.

use std::time::Instant;

use playhouse_domain::room::Caller;
use serde::Serialize;
use utoipa::ToSchema;

use super::figures;
use super::hub::Live;
use super::outbox::Waiting;
use crate::http::admin::overview::Standing;
use crate::http::metrics;

/// How many channels of one connection are named. 20: a page has one or two, a program many.
const CHANNELS_SHOWN: usize = 20;

/// One live connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionView {
    /// Its number, never given twice by one process.
    connection: u64,
    /// `account:` or `guest:` with an id, or `nobody`.
    who: String,
    /// The user name, if they have one.
    username: Option<String>,
    /// When it was opened.
    #[schema(format = DateTime)]
    opened_at: String,
    /// Messages that wait for it.
    pending_messages: usize,
    /// Their bytes.
    pending_bytes: usize,
    /// How many seconds ago nothing waited for it; 0 if nothing waits.
    behind_s: f64,
    /// Publications that found its queue full.
    missed: u64,
    /// What it follows, the first 20.
    channels: Vec<String>,
}

/// What happened within the last second.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct PerSecond {
    requests: f64,
    frames: f64,
    publications: f64,
}

/// Rates, taken once a second.
#[derive(Debug, Default)]
pub(super) struct Rates {
    /// When they were taken last, and what had been counted then.
    last: Option<(Instant, [u64; 3])>,
    now: PerSecond,
}

/// The object of `admin:rooms`.
#[derive(Serialize)]
struct Figures {
    #[serde(flatten)]
    standing: Standing,
    rates: PerSecond,
    connections: usize,
}

impl Live {
    /// Takes the rates of what happened since the last call. Called once a second.
    pub fn take_rates(&self) {
        let now = Instant::now();
        let frames = self.0.rooms.journal_figures().frames;
        let counted = [metrics::requests(), frames, figures::publications()];
        let mut rates = self.0.rates.lock();
        if let Some((since, before)) = rates.last.replace((now, counted)) {
            let seconds = now.duration_since(since).as_secs_f64().max(0.001);
            let [requests, frames, publications] =
                [0, 1, 2].map(|n| counted[n].saturating_sub(before[n]) as f64 / seconds);
            rates.now = PerSecond { requests, frames, publications };
        }
    }

    /// How everything stands, as JSON.
    pub(super) fn standing(&self) -> String {
        let figures = Figures {
            standing: Standing::of(&self.0.rooms),
            rates: self.0.rates.lock().now,
            connections: self.connections(),
        };
        serde_json::to_string(&figures).expect("figures of ours have a JSON form")
    }

    /// The connections with the most waiting bytes, at most `limit`, the slowest first.
    #[must_use]
    pub fn slowest(&self, limit: usize) -> Vec<ConnectionView> {
        let connections = self.0.connections.lock();
        let mut all: Vec<(Waiting, u64)> =
            connections.open.iter().map(|(id, open)| (open.outbox.waiting(), *id)).collect();
        all.sort_by_key(|(w, id)| (std::cmp::Reverse((w.bytes, w.messages, w.behind)), *id));
        all.truncate(limit);
        let view = |(waiting, id): (Waiting, u64)| {
            let open = connections.open.get(&id)?;
            Some(ConnectionView {
                connection: id,
                who: name_of(&open.who),
                username: open.name.clone(),
                opened_at: format!("{:.3}", open.opened_at),
                pending_messages: waiting.messages,
                pending_bytes: waiting.bytes,
                behind_s: waiting.behind.as_secs_f64(),
                missed: waiting.missed,
                channels: Vec::new(),
            })
        };
        let mut views: Vec<ConnectionView> = all.into_iter().filter_map(view).collect();
        drop(connections);
        let channels = self.0.channels.lock();
        let mut names: Vec<&String> = channels.keys().collect();
        names.sort_unstable();
        for view in &mut views {
            let follows = |name: &&&String| channels[**name].contains_key(&view.connection);
            let shown = names.iter().filter(follows).take(CHANNELS_SHOWN);
            view.channels = shown.map(|name| (*name).clone()).collect();
        }
        views
    }
}

fn name_of(who: &Caller) -> String {
    match who {
        Caller::Account { id, .. } => format!("account:{id}"),
        Caller::Guest(id) => format!("guest:{id}"),
        Caller::Nobody | Caller::Room(_) | Caller::System => "nobody".to_owned(),
    }
}
