//! Runs a game, its players and the paths between them on virtual time.

use super::{Report, Stage};
use crate::game::link::{Link, Path};
use crate::game::random::Random;
use crate::game::{
    Cache, ClientPeer, Dropped, EntitySet, Event, Micros, Origin, PeerConfig, Received, Resolved,
    Ring, ServerPeer, TimedEvent, ViewTick,
};
use crate::limits::RING_TICKS;

/// How a scenario is played.
#[derive(Debug, Clone, Copy)]
pub struct Play {
    /// How many players.
    pub players: u16,
    /// How many of them have a connection, which they make within the first second; the others act as if they
    /// sat at the server.
    pub connected: u16,
    /// For how many ticks; then four seconds follow in which nothing new is told.
    pub ticks: u32,
    /// What everything follows from.
    pub seed: u64,
    /// The way from the players.
    pub up: Path,
    /// The way to the players.
    pub down: Path,
    /// From when to when nothing passes, either way.
    pub blackout: Option<(Micros, Micros)>,
    /// For how many ticks nothing is measured.
    pub warm_up_ticks: u32,
    /// The server's ends.
    pub config: PeerConfig,
    /// The seat whose datagrams go into [`Report::stream`].
    pub recorded: Option<u16>,
}

impl Play {
    /// 32 players for 20 s after a warm-up of 5 s, at a round trip of 100 ms without loss.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let path = Path { delay_us: 50_000, ..Path::PERFECT };
        Self {
            players: 32,
            connected: u16::MAX,
            ticks: 750,
            seed,
            up: path,
            down: path,
            blackout: None,
            warm_up_ticks: 150,
            config: PeerConfig::default(),
            recorded: None,
        }
    }

    /// The same where so many of a million are lost, both ways.
    #[must_use]
    pub fn lossy(mut self, ppm: u32) -> Self {
        (self.up.loss_ppm, self.down.loss_ppm) = (ppm, ppm);
        self
    }
}

/// One player, both ends, and the paths between.
struct Player {
    seat: u16,
    joins: Micros,
    ends: Option<(ServerPeer, ClientPeer)>,
    up: Link<Vec<u8>>,
    down: Link<Vec<u8>>,
    /// What it sees, by tick.
    seen: Box<[EntitySet]>,
    /// When it last was told of each slot, or the slot was empty.
    told_of: Box<[u32]>,
    told: Vec<TimedEvent>,
    taken: Vec<TimedEvent>,
}

/// Everything that plays.
struct Match<'a, S> {
    stage: &'a mut S,
    how: Play,
    tick_us: u64,
    tick: u32,
    ring: Ring,
    cache: Cache,
    players: Vec<Player>,
    report: Report,
}

/// Plays `stage`.
///
/// # Panics
///
/// If a player's whole state of a tick is not just what the server's was, or a datagram is refused that should
/// not be: what the play is there to find.
pub fn play<S: Stage>(stage: &mut S, how: Play) -> Report {
    let mut game = Match::new(stage, how);
    let quiet_ticks = 4 * u32::from(game.stage.schema().tick_hz);
    let mut ms = 0;
    while game.tick < how.ticks + quiet_ticks {
        game.pass(Micros::from_ms(ms));
        ms += 1;
    }
    game.end()
}

impl<'a, S: Stage> Match<'a, S> {
    fn new(stage: &'a mut S, how: Play) -> Self {
        let (schema, mut random) = (stage.schema(), Random::new(how.seed));
        let player = |seat: u16| {
            let mut link = |path| {
                let mut link = Link::new(path, random.next_u64());
                if let Some((from, until)) = how.blackout {
                    link.set_blackout(from, until);
                }
                link
            };
            let (up, down) = (link(how.up), link(how.down));
            Player {
                seat,
                joins: Micros(random.below(1_000_000)),
                ends: None,
                up,
                down,
                seen: vec![EntitySet::EMPTY; RING_TICKS].into(),
                told_of: vec![0; schema.entities_max.into()].into(),
                told: Vec::new(),
                taken: Vec::new(),
            }
        };
        let players = (0..how.players).map(player).collect();
        Self {
            stage,
            how,
            tick_us: schema.tick_us(),
            tick: 0,
            ring: Ring::new(schema),
            cache: Cache::new(),
            players,
            report: Report::default(),
        }
    }

    /// One millisecond.
    fn pass(&mut self, now: Micros) {
        for at in 0..self.players.len() {
            self.join(now, at);
            self.server_receives(now, at);
            self.client_receives(now, at);
        }
        if now.0 >= u64::from(self.tick + 1) * self.tick_us {
            self.server_ticks(now);
        }
        for at in 0..self.players.len() {
            self.client_sends(now, at);
        }
    }

    fn join(&mut self, now: Micros, at: usize) {
        let (schema, tick) = (self.stage.schema(), self.tick);
        let player = &mut self.players[at];
        let connects = player.seat < self.how.connected;
        if connects && player.ends.is_none() && player.joins <= now {
            let server = ServerPeer::new(schema, 1, self.how.config);
            player.ends = Some((server, ClientPeer::new(schema, 1, tick, now)));
        }
    }

    fn server_receives(&mut self, now: Micros, at: usize) {
        let player = &mut self.players[at];
        let Some((server, _)) = &mut player.ends else { return };
        while let Some((at, datagram)) = player.up.receive(now) {
            let taken = server.receive(at, &datagram);
            assert!(matches!(taken, Ok(()) | Err(Dropped::Replayed)), "{taken:?}");
        }
    }

    fn client_receives(&mut self, now: Micros, at: usize) {
        let player = &mut self.players[at];
        let Some((_, client)) = &mut player.ends else { return };
        while let Some((at, datagram)) = player.down.receive(now) {
            let before = client.world().tick();
            let received = match client.receive(at, &datagram) {
                Ok(received) => received,
                Err(Dropped::Replayed) => continue,
                Err(dropped) => panic!("seat {}: {dropped}", player.seat),
            };
            let of = (&*player.seen, &mut *player.told_of);
            compare(&self.ring, of, client, received, &mut self.report);
            if received.newest {
                if before > self.how.warm_up_ticks && received.tick <= self.how.ticks {
                    self.report.gaps.push(received.tick - before);
                }
                self.report.fresh.push((player.seat, at.0, received.tick));
            }
            while let Some(event) = client.next_event(received.tick) {
                let late = at.since(Micros(u64::from(event.tick) * self.tick_us));
                self.report.events_late_us.push(late);
                player.taken.push(event);
            }
        }
    }

    fn server_ticks(&mut self, now: Micros) {
        self.tick += 1;
        let tick = self.tick;
        let measured = tick > self.how.warm_up_ticks && tick <= self.how.ticks;
        let mut inputs = Vec::new();
        for player in &mut self.players {
            let Some((server, _)) = &mut player.ends else {
                let world = self.ring.newest().filter(|_| player.seat >= self.how.connected);
                let input = world.map(|world| self.stage.act(player.seat, tick, world));
                let (input, view) = (input.unwrap_or_default(), ViewTick { tick, frac: 0 });
                inputs.push(Resolved { input, view, origin: Origin::Real });
                continue;
            };
            let resolved = server.close_input(now, tick);
            if measured && resolved.origin == Origin::Real {
                self.report.inputs_real += 1;
            } else if measured {
                self.report.inputs_missed += 1;
            }
            inputs.push(resolved);
        }
        let mut happened = Vec::new();
        self.stage.step(&inputs, &mut happened);
        self.stage.write(self.ring.begin(tick));
        if tick <= self.how.ticks {
            self.tell(&happened);
        }
        self.server_sends(now, measured);
    }

    fn tell(&mut self, happened: &[(u16, Event)]) {
        for player in &mut self.players {
            let Some((server, _)) = &mut player.ends else { continue };
            for (_, event) in happened.iter().filter(|(seat, _)| *seat == player.seat) {
                server.push_event(self.tick, event);
                player.told.push(TimedEvent { tick: self.tick, event: *event });
            }
        }
    }

    fn server_sends(&mut self, now: Micros, measured: bool) {
        let Self { stage, how, ring, cache, players, report, tick, .. } = self;
        let (mut frame, mut datagram) = (cache.begin(ring), Vec::new());
        for player in players {
            let Some((server, _)) = &mut player.ends else { continue };
            let (seat, seen) = (player.seat, &mut player.seen[*tick as usize % RING_TICKS]);
            stage.visible(seat, seen);
            if !server.due(*tick) {
                continue;
            }
            let priority = |slot| stage.priority(seat, slot);
            server.encode(now, &mut frame, seen, &priority, &mut datagram);
            report.bytes_max = report.bytes_max.max(datagram.len() as u32);
            if measured {
                report.bytes.push(datagram.len() as u32);
            }
            if how.down.bottleneck.is_some() {
                report.queued_us.push((now.0, player.down.queued_us(now)));
            }
            if how.recorded == Some(seat) {
                report.stream.push(datagram.clone());
            }
            player.down.send(now, datagram.len(), datagram.clone());
        }
    }

    fn client_sends(&mut self, now: Micros, at: usize) {
        let player = &mut self.players[at];
        let Some((_, client)) = &mut player.ends else { return };
        let mut any = false;
        while let Some(tick) = client.input_due(now) {
            let input = self.stage.act(player.seat, tick, client.world());
            let view = client.view(now);
            client.push_input(tick, input, view);
            any = true;
        }
        if any {
            let mut datagram = Vec::new();
            client.encode(now, &mut datagram);
            if self.tick > self.how.warm_up_ticks {
                self.report.bytes_up.push(datagram.len() as u32);
            }
            player.up.send(now, datagram.len(), datagram);
        }
    }

    fn end(mut self) -> Report {
        let joined = self.players.iter().filter_map(|player| player.ends.as_ref());
        (self.report.peers, self.report.clients) =
            joined.map(|(server, client)| (server.figures(), client.figures())).unzip();
        self.report.full_states = self.report.peers.iter().map(|peer| peer.full_states).sum();
        self.report.events = self.players.iter().map(|player| player.told.len() as u64).sum();
        self.report.events_whole = self.players.iter().all(|player| player.told == player.taken);
        self.report
    }
}

/// Compares what a player was told of a tick with what the server had then, within the player's sight.
fn compare(
    ring: &Ring,
    (seen, told_of): (&[EntitySet], &mut [u32]),
    client: &ClientPeer,
    received: Received,
    report: &mut Report,
) {
    let tick = received.tick;
    let (Some(truth), Some(told)) = (ring.get(tick), client.state(tick)) else { return };
    let seen = &seen[tick as usize % RING_TICKS];
    for (slot, told_of) in (0..).zip(told_of) {
        let is = truth.get(slot).filter(|_| seen.contains(slot));
        let known = client.knows(tick, slot);
        if known {
            assert_eq!(told.get(slot), is, "slot {slot} at tick {tick}");
        } else {
            assert!(!received.whole, "slot {slot} at tick {tick} is not known");
        }
        if known || is.is_none() || *told_of == 0 {
            *told_of = tick.max(*told_of);
        }
        report.untold_max = report.untold_max.max(tick.saturating_sub(*told_of));
    }
    report.states_compared += 1;
    report.states_whole += u64::from(received.whole);
}
