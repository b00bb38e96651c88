//! What a player's keys and mouse come to.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use playhouse_domain::games::arena::Settings;
use playhouse_domain::games::arena::schema::{AVATAR, Action, HIT, KILL, PICK, avatar};
use playhouse_domain::games::arena::trig;
use playhouse_loadtest::play::avatar::Avatar;
use playhouse_loadtest::play::mind::Mind;
use playhouse_protocol::game::{ClientPeer, Input, Received, TimedEvent, ViewTick};
use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind,
};

/// For how long a key counts as held after it was pressed or repeated. 450 ms: terminals do not tell when a key is
/// let go, and the first repeat of one that is held comes after up to half a second.
const HELD: Duration = Duration::from_millis(450);

/// By how much a key turns, in 1,024ths of a turn. 32, a thirty-second of it.
const TURN_BY: i32 = 32;

/// How many lines of news are kept.
const NEWS_MAX: usize = 5;

/// Something that happened, for the eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// One killed another.
    Kill {
        /// By seat.
        by: u16,
        /// By seat.
        whom: u16,
    },
    /// One's own shot hit.
    Hit {
        /// By seat.
        whom: u16,
    },
    /// Something was picked up: health, or a rapid weapon.
    Pick {
        /// True for the weapon.
        rapid: bool,
    },
}

/// The player at the keys.
pub(super) struct Hands {
    seat: u16,
    /// One's own avatar, as it is played ahead.
    pub(super) own: Avatar,
    /// When each way was asked for last: up, down, left, right.
    ways: [Option<Instant>; 4],
    fires: Option<Instant>,
    /// Where to look, if it is not the way that one goes.
    aim: Option<i32>,
    looks: i32,
    /// Where on the screen one's avatar is: what the mouse aims from.
    pub(super) middle: (u16, u16),
    /// Where one was last.
    pub(super) fell: (i32, i32),
    /// What happened last, the newest first.
    pub(super) news: VecDeque<News>,
    /// The epoch of the match.
    pub(super) epoch: u8,
    /// True to aim at whom one sees.
    at_nearest: bool,
}

impl Hands {
    /// The hands of whoever has `seat`.
    pub(super) fn new(settings: &Settings, seat: u16) -> Self {
        Self {
            seat,
            own: Avatar::new(settings.map, seat),
            ways: [None; 4],
            fires: None,
            aim: None,
            looks: 0,
            middle: (0, 0),
            fell: (4096, 4096),
            news: VecDeque::new(),
            epoch: 0,
            at_nearest: false,
        }
    }

    /// Takes in a key or the mouse.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Key(KeyEvent { code, kind, .. }) if *kind != KeyEventKind::Release => {
                self.key(*code);
            }
            Event::Mouse(MouseEvent { kind, column, row, .. }) => self.mouse(*kind, *column, *row),
            _ => {}
        }
    }

    fn key(&mut self, code: KeyCode) {
        let now = Some(Instant::now());
        let letter = match code {
            KeyCode::Char(letter) => letter.to_ascii_lowercase(),
            _ => ' ',
        };
        let way = match (code, letter) {
            (KeyCode::Up, _) | (_, 'w') => Some(0),
            (KeyCode::Down, _) | (_, 's') => Some(1),
            (KeyCode::Left, _) | (_, 'a') => Some(2),
            (KeyCode::Right, _) | (_, 'd') => Some(3),
            _ => None,
        };
        if let Some(way) = way {
            self.ways[way] = now;
            // One cannot go both ways at once.
            self.ways[way ^ 1] = None;
            return;
        }
        match (code, letter) {
            (KeyCode::Char(' '), _) => self.fires = now,
            (KeyCode::Tab, _) | (_, 'f') => {
                self.at_nearest = true;
                self.fires = if letter == 'f' { now } else { self.fires };
            }
            (_, 'q') => self.turn(-TURN_BY),
            (_, 'e') => self.turn(TURN_BY),
            (_, 'c') => (self.aim, self.at_nearest) = (None, false),
            (_, 'x') => self.ways = [None; 4],
            _ => {}
        }
    }

    fn turn(&mut self, by: i32) {
        self.at_nearest = false;
        self.aim = Some((self.looks + by).rem_euclid(trig::TURN));
        self.looks = self.aim.unwrap_or_default();
    }

    fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        let x = i32::from(column) - i32::from(self.middle.0);
        // A row is twice as high as a column is wide.
        let y = 2 * (i32::from(row) - i32::from(self.middle.1));
        if (x, y) != (0, 0) {
            self.aim = Some(trig::angle(x, y));
            self.at_nearest = false;
        }
        if matches!(kind, MouseEventKind::Down(MouseButton::Left) | MouseEventKind::Drag(_)) {
            self.fires = Some(Instant::now());
        }
    }

    /// The way that the held keys name: none, or one of sixteen.
    fn go(&self) -> u8 {
        let held = |at: usize| i32::from(self.ways[at].is_some_and(|at| at.elapsed() < HELD));
        let (x, y) = (held(3) - held(2), held(1) - held(0));
        if (x, y) == (0, 0) { 0 } else { (trig::angle(x, y).rem_euclid(trig::TURN) / 64 + 1) as u8 }
    }

    /// Where the nearest player is that is shown, from where one is.
    fn nearest(&self, peer: &ClientPeer, view: ViewTick) -> Option<i32> {
        let own = self.own.body()?;
        let shown = peer.between(view)?.newer;
        let places = shown.iter().filter_map(|(slot, other)| {
            let is_other = other.kind == AVATAR && slot != self.seat;
            is_other.then(|| (other.fields[avatar::X] - own.x, other.fields[avatar::Y] - own.y))
        });
        let (x, y) = places.min_by_key(|(x, y)| x * x + y * y)?;
        Some(trig::angle(x, y))
    }
}

impl Mind for Hands {
    fn choose(&mut self, tick: u32, peer: &ClientPeer, view: ViewTick) -> Input {
        let go = self.go();
        if self.at_nearest {
            self.aim = self.nearest(peer, view).or(self.aim);
        }
        let along = (go > 0).then(|| i32::from(go - 1) * 64);
        self.looks = self.aim.or(along).unwrap_or(self.looks);
        let fire = self.fires.is_some_and(|at| at.elapsed() < HELD);
        let input = Action { go, aim: self.looks as u16, fire }.input();
        self.own.push(tick, input);
        input
    }

    fn see(&mut self, peer: &ClientPeer, received: Received) {
        self.own.see(peer, received.tick);
    }

    fn hear(&mut self, event: &TimedEvent) {
        let [first, second] = [0, 1].map(|at| event.event.fields[at] as u16);
        let news = match event.event.kind {
            KILL => News::Kill { by: first, whom: second },
            HIT if first == self.seat => News::Hit { whom: second },
            PICK => News::Pick { rapid: first == 1 },
            _ => return,
        };
        self.news.truncate(NEWS_MAX - 1);
        self.news.push_front(news);
    }

    fn restart(&mut self, epoch: u8, _: u32) {
        self.epoch = epoch;
        self.own.restart();
    }
}
