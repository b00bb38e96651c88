//! The match as a picture of characters: a cell of the ground is four wide and two high.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use playhouse_domain::games::arena::Settings;
use playhouse_domain::games::arena::avatar::Body;
use playhouse_domain::games::arena::ground::{CELLS, Ground, cell};
use playhouse_domain::games::arena::schema::{AVATAR, ITEM, SCORE, SCORES, SHOT, avatar};
use playhouse_domain::games::arena::trig;
use playhouse_loadtest::play::player::Player;
use playhouse_protocol::game::control::Results;
use playhouse_protocol::game::{ClientPeer, ViewTick};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::hands::{Hands, News};

/// How wide and how high a character is, in centimetres.
const WIDE: i32 = 64;
const HIGH: i32 = 128;

/// How wide the column of names is, in characters.
const NAMES_WIDE: u16 = 26;

/// How far before an avatar its aim is marked, in centimetres.
const AIM_AT: i32 = 150;

/// What is known beside the state of the match.
pub(super) struct Stand {
    ground: &'static Ground,
    seat: u16,
    by: &'static str,
    frags: u16,
    names: BTreeMap<u16, String>,
    /// Why the connection was lost, while it is.
    pub(super) lost: Option<String>,
    /// Since when one comes in.
    pub(super) since: Instant,
    /// How the match ended.
    pub(super) results: Option<Results>,
}

impl Stand {
    /// Nothing is known yet.
    pub(super) fn new(settings: &Settings, seat: u16, by: &'static str) -> Self {
        Self {
            ground: settings.map.ground(),
            seat,
            by,
            frags: settings.frags,
            names: BTreeMap::new(),
            lost: None,
            since: Instant::now(),
            results: None,
        }
    }

    /// Keeps who is there, and that the connection stands once states come.
    pub(super) fn note(&mut self, player: &Player<Hands>) {
        if let Some(lobby) = &player.lobby {
            self.names = lobby.players.iter().map(|p| (p.seat, p.name.clone())).collect();
        }
        if player.states > 0 || !player.begun {
            self.lost = None;
        }
    }

    fn name(&self, seat: u16) -> String {
        self.names.get(&seat).cloned().unwrap_or_else(|| format!("seat {seat}"))
    }

    /// How the match ended, in lines.
    pub(super) fn results_lines(&self) -> Vec<String> {
        let Some(results) = &self.results else { return Vec::new() };
        let head = if results.void { "The match was broken off." } else { "The match is over." };
        let line = |standing: &playhouse_protocol::game::control::Standing| {
            let mark = if standing.seat == self.seat { '>' } else { ' ' };
            format!("{mark}{:>3}. {:<24} {:>4}", standing.place, standing.name, standing.score)
        };
        [head.to_owned()].into_iter().chain(results.standings.iter().map(line)).collect()
    }
}

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, stand: &Stand, player: Option<&mut Player<Hands>>) {
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(3), Constraint::Length(3)])
            .areas(frame.area());
    let [field, side] =
        Layout::horizontal([Constraint::Min(10), Constraint::Length(NAMES_WIDE)]).areas(middle);
    let keys = "WASD go  mouse, QE aim  Tab aims at the nearest  space fires  F both  C looks ahead  Esc leaves";
    let player = match (player, &stand.results) {
        (Some(player), None) => player,
        (_, results) => {
            let lines = if results.is_some() {
                stand.results_lines().into_iter().chain(["Press a key.".to_owned()]).collect()
            } else {
                let why = stand.lost.as_deref().unwrap_or("coming in");
                let (waits, word) = (stand.since.elapsed().as_secs_f32(), "Esc: give up");
                vec![format!("{why}; trying for {waits:.1} s"), word.to_owned()]
            };
            return centred(frame, middle, &lines);
        }
    };
    frame.render_widget(Paragraph::new(health(stand, player)), top);
    names(frame, side, stand, player);
    if player.begun {
        ground(frame, field, stand, player);
    } else {
        centred(frame, field, &lobby(stand, player));
    }
    let mut lines = connection(stand, player).map(Line::from).to_vec();
    lines.push(Line::from(keys).style(Modifier::DIM));
    frame.render_widget(Paragraph::new(lines), bottom);
}

fn centred(frame: &mut Frame<'_>, area: Rect, lines: &[String]) {
    let height = (lines.len() as u16).min(area.height);
    let inside = Rect { y: area.y + (area.height - height) / 2, height, ..area };
    let lines: Vec<Line<'_>> = lines.iter().map(|line| Line::from(line.as_str())).collect();
    frame.render_widget(Paragraph::new(lines).centered(), inside);
}

fn lobby(stand: &Stand, player: &Player<Hands>) -> Vec<String> {
    let begins = match player.begins {
        Some(at) => {
            let left = at.saturating_duration_since(Instant::now());
            format!("It begins in {:.1} s.", left.as_secs_f32())
        }
        None => "It begins when all who are there are ready, and it takes two.".to_owned(),
    };
    let players = player.lobby.iter().flat_map(|lobby| &lobby.players);
    let who = players.map(|p| {
        let ready = if p.ready { "ready" } else { "not ready" };
        format!("{} ({ready})", stand.name(p.seat))
    });
    [begins, String::new()].into_iter().chain(who).collect()
}

/// One's own fields in the newest state, if one is alive.
fn mine<'a>(stand: &Stand, peer: &'a ClientPeer) -> Option<&'a [i32]> {
    let mine = peer.world().get(stand.seat).filter(|mine| mine.kind == AVATAR)?;
    Some(mine.fields)
}

fn health(stand: &Stand, player: &Player<Hands>) -> Line<'static> {
    let score = player.peer.world().get(SCORES + stand.seat).filter(|score| score.kind == SCORE);
    let (frags, deaths) = score.map_or((0, 0), |score| (score.fields[0], score.fields[1]));
    let tally = format!("  frags {frags} of {}, deaths {deaths}", stand.frags);
    let Some(fields) = mine(stand, &player.peer) else {
        let word = if player.begun { "dead: back in a moment" } else { "" };
        return Line::from(vec![Span::from(word.to_owned()).red(), Span::from(tally)]);
    };
    let health = fields[avatar::HEALTH];
    let full = (health.max(0) as usize).div_ceil(5);
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(20usize.saturating_sub(full)));
    let colour = if health > 66 {
        Color::Green
    } else if health > 33 {
        Color::Yellow
    } else {
        Color::Red
    };
    let mut spans = vec![Span::styled(format!("{bar} {health:>3}"), colour), Span::from(tally)];
    if fields[avatar::RAPID] == 1 {
        spans.push(Span::from("  rapid").cyan());
    }
    if fields[avatar::SHIELD] == 1 {
        spans.push(Span::from("  cannot be hurt").blue());
    }
    Line::from(spans)
}

fn connection(stand: &Stand, player: &Player<Hands>) -> [String; 2] {
    let (figures, (compared, corrected)) = (player.peer.figures(), player.mind.own.figures());
    let lost = figures.loss_down_permille.max(figures.loss_up_permille);
    let link = format!(
        "{}  ping {} ms  jitter {} ms  lost {}.{} %",
        stand.by,
        figures.rtt_us / 1000,
        figures.jitter_us / 1000,
        lost / 10,
        lost % 10,
    );
    let play = format!(
        "tick {} of epoch {}  shown {} ticks behind  {corrected} of {compared} steps not as predicted",
        player.peer.world().tick(),
        player.mind.epoch,
        figures.shown_behind_ticks,
    );
    [link, play]
}

fn news_line(stand: &Stand, news: News) -> String {
    match news {
        News::Kill { by, whom } => format!("{} killed {}", stand.name(by), stand.name(whom)),
        News::Hit { whom } => format!("you hit {}", stand.name(whom)),
        News::Pick { rapid: true } => "you have a rapid weapon".to_owned(),
        News::Pick { rapid: false } => "you are whole again".to_owned(),
    }
}

/// Who stands how, and what happened last.
fn names(frame: &mut Frame<'_>, area: Rect, stand: &Stand, player: &Player<Hands>) {
    let mut scores: Vec<_> = player
        .peer
        .world()
        .iter()
        .filter(|(_, score)| score.kind == SCORE)
        .map(|(slot, score)| (slot - SCORES, score.fields[0]))
        .collect();
    scores.sort_by_key(|(seat, frags)| (std::cmp::Reverse(*frags), *seat));
    let news = player.mind.news.iter().map(|news| Line::from(news_line(stand, *news)).dim());
    let room = usize::from(area.height).saturating_sub(player.mind.news.len() + 3);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (seat, frags) in scores.into_iter().take(room) {
        let line = Line::from(format!("{frags:>4}  {}", stand.name(seat)));
        lines.push(if seat == stand.seat { line.bold() } else { line });
    }
    lines.push(Line::default());
    lines.extend(news);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title("frags")), area);
}

/// The part of the ground around the player's own avatar.
struct Window {
    area: Rect,
    /// The place of its upper left character, in characters from the ground's.
    left: i32,
    top: i32,
}

impl Window {
    fn around(area: Rect, (x, y): (i32, i32)) -> Self {
        let (wide, high) = (i32::from(area.width), i32::from(area.height));
        Self { area, left: x / WIDE - wide / 2, top: y / HIGH - high / 2 }
    }

    /// Where a place is on the screen, if it is within.
    fn at(&self, x: i32, y: i32) -> Option<(u16, u16)> {
        let (column, row) = (x.div_euclid(WIDE) - self.left, y.div_euclid(HIGH) - self.top);
        let column = u16::try_from(column).ok().filter(|column| *column < self.area.width)?;
        let row = u16::try_from(row).ok().filter(|row| *row < self.area.height)?;
        Some((self.area.x + column, self.area.y + row))
    }
}

fn put(frame: &mut Frame<'_>, at: Option<(u16, u16)>, what: &str, style: Style) {
    if let Some(cell) = at.and_then(|at| frame.buffer_mut().cell_mut(at)) {
        cell.set_symbol(what).set_style(style);
    }
}

fn walls(frame: &mut Frame<'_>, window: &Window, ground: &Ground) {
    let Rect { x, y, width, height } = window.area;
    let all = CELLS as i32;
    for row in 0..height {
        for column in 0..width {
            let place_x = (window.left + i32::from(column)) * WIDE;
            let place_y = (window.top + i32::from(row)) * HIGH;
            let (at_column, at_row) = (cell(place_x), cell(place_y));
            let is_inside = (0..all).contains(&at_column) && (0..all).contains(&at_row);
            if is_inside && ground.is_wall(at_column, at_row) {
                put(frame, Some((x + column, y + row)), "█", Style::new().fg(Color::DarkGray));
            }
        }
    }
}

/// The value of a field between two states.
fn mixed(older: i32, newer: i32, part: u8) -> i32 {
    older + (newer - older) * i32::from(part) / 256
}

fn ground(frame: &mut Frame<'_>, area: Rect, stand: &Stand, player: &mut Player<Hands>) {
    let view = player.peer.view(player.now());
    let own = player.mind.own.body().copied();
    // The dead look on from where they fell.
    let place = own.map_or(player.mind.fell, |body| (body.x, body.y));
    player.mind.fell = place;
    let window = Window::around(area, place);
    player.mind.middle = window.at(place.0, place.1).unwrap_or_default();
    walls(frame, &window, stand.ground);
    others(frame, &window, stand, &player.peer, view);
    if let Some(body) = own {
        myself(frame, &window, &body);
    }
    let behind = player.peer.world().tick().saturating_sub(view.tick);
    if player.states == 0 || Duration::from_millis(33) * behind > Duration::from_secs(1) {
        centred(frame, area, &["waiting for the server".to_owned()]);
    }
}

fn myself(frame: &mut Frame<'_>, window: &Window, body: &Body) {
    let (dx, dy) = trig::along(i32::from(body.aim), AIM_AT);
    put(frame, window.at(body.x + dx, body.y + dy), "+", Style::new().fg(Color::LightGreen));
    let style = Style::new().fg(Color::LightGreen).add_modifier(Modifier::BOLD);
    put(frame, window.at(body.x, body.y), "@", style);
}

/// Everybody and everything else, as it was at `view`.
fn others(
    frame: &mut Frame<'_>,
    window: &Window,
    stand: &Stand,
    peer: &ClientPeer,
    view: ViewTick,
) {
    let Some(between) = peer.between(view) else { return };
    for (slot, newer) in between.newer.iter().filter(|(slot, _)| *slot != stand.seat) {
        let older = between.older.get(slot).filter(|older| older.is_same(&newer)).unwrap_or(newer);
        let value = |at: usize| mixed(older.fields[at], newer.fields[at], between.part);
        match newer.kind {
            AVATAR => {
                let (x, y) = (value(avatar::X), value(avatar::Y));
                let (dx, dy) = trig::along(newer.fields[avatar::AIM], AIM_AT);
                put(frame, window.at(x + dx, y + dy), "·", Style::new().fg(Color::Red));
                let first = stand.name(slot).chars().next().unwrap_or('?').to_string();
                let style = Style::new().fg(Color::White).bg(Color::Red);
                put(frame, window.at(x, y), &first, style);
            }
            ITEM => {
                let (what, colour) = match newer.fields[2] {
                    0 => ("♥", Color::Magenta),
                    _ => ("»", Color::Cyan),
                };
                put(frame, window.at(value(0), value(1)), what, Style::new().fg(colour));
            }
            SHOT => {
                let style = Style::new().fg(Color::Yellow);
                put(frame, window.at(value(2), value(3)), "•", style);
            }
            _ => {}
        }
    }
}
