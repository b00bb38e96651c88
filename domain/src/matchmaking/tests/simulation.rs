//! Ten thousand tickets, and how good their matches are.
//!
//! Prints its seed and figures: `cargo test -p playhouse-domain ten_thousand -- --nocapture`.
//! How long a pass takes, `cargo bench -p playhouse-domain --bench matchmaking` says.

use std::time::Duration;

use super::crowd::{Lot, comers};
use super::stage::{Stage, start};
use crate::matchmaking::*;

/// What came of an evening.
struct Evening {
    tickets: usize,
    matches: usize,
    waits: Vec<f64>,
    party_waits: Vec<f64>,
    /// The first side's predicted chance, where there are two.
    chances: Vec<f64>,
    /// How many were matched within what they were told when they came, of those who were told.
    within: (usize, usize, usize),
    /// How many were left when nobody came any more.
    left: usize,
    people: usize,
}

/// What the evening is drawn from. Another number is another evening.
const SEED: u64 = 1;

/// `total` tickets come to `game`, `each_second` on average; then time passes until nobody waits.
fn evening(game: &str, total: usize, each_second: f64) -> Evening {
    let (mut lot, mut stage) = (Lot(SEED), Stage::new(game));
    stage.strict = false;
    let party_max = super::plays(game).unwrap().shape.party_max();
    let mut told = Vec::new();
    let (mut came, mut next, mut people) = (0, start(), 0_u128);
    // Whoever is left when nobody comes any more may have nobody to play with.
    let few = u32::from(super::plays(game).unwrap().shape.people());
    while came < total || stage.rules.line.people >= few {
        while came < total && next <= stage.now {
            let who = comers(&mut lot, people, party_max);
            people += who.members.len() as u128;
            let info = match who.members.len() {
                1 => {
                    let (n, mean) = (who.members[0].account.0.as_u128(), who.members[0].skill);
                    stage.queue_skilled(n, mean, who.regions).unwrap()
                }
                _ => stage.queue_party(people, who.members, who.regions).unwrap(),
            };
            told.push((info.id, info.estimate));
            came += 1;
            let gap = -(1.0 - lot.part()).ln() * 1000.0 / each_second;
            next = next + Duration::from_millis(gap as u64);
        }
        stage.now = stage.now + Duration::from_millis(20);
        stage.wake();
        stage.do_duties();
        assert!(stage.now.since(start()) < Duration::from_secs(3600), "nobody starves");
    }
    let mut evening = told.into_iter().fold(
        Evening {
            tickets: total,
            matches: stage.arranged.len(),
            waits: Vec::new(),
            party_waits: Vec::new(),
            chances: stage.chances.clone(),
            within: (0, 0, 0),
            left: 0,
            people: people as usize,
        },
        |mut evening, (id, estimate)| {
            let Some((waited, party)) = stage.waited.get(&id).copied() else {
                evening.left += 1;
                return evening;
            };
            evening.waits.push(waited);
            evening.party_waits.extend(party.then_some(waited));
            if let Some(Estimate { expected_seconds, likely_within_seconds }) = estimate {
                evening.within.0 += 1;
                evening.within.1 += usize::from(waited <= f64::from(expected_seconds));
                evening.within.2 += usize::from(waited <= f64::from(likely_within_seconds));
            }
            evening
        },
    );
    evening.waits.sort_by(f64::total_cmp);
    evening.party_waits.sort_by(f64::total_cmp);
    evening.tell(game);
    evening
}

fn at(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part) as usize).copied().unwrap_or(0.0)
}

impl Evening {
    fn even(&self) -> f64 {
        let even = self.chances.iter().filter(|chance| (0.45..=0.55).contains(*chance)).count();
        even as f64 / self.chances.len().max(1) as f64
    }

    fn tell(&self, game: &str) {
        let (waits, parties) = (&self.waits, &self.party_waits);
        println!(
            "{game} seed={SEED}: {} tickets of {} people in {} matches, {} left; wait p50 {:.1} p95 {:.1} max {:.1} s, \
             parties p95 {:.1} s; even {:.1} %; within estimate {:?}",
            self.tickets,
            self.people,
            self.matches,
            self.left,
            at(waits, 0.5),
            at(waits, 0.95),
            at(waits, 1.0),
            at(parties, 0.95),
            100.0 * self.even(),
            self.within,
        );
    }

    /// What is promised of every evening that is busy.
    fn holds(&self) {
        assert!(self.left < 10, "nobody starves");
        assert!(at(&self.waits, 0.95) < 20.0, "p95 of all");
        assert!(at(&self.party_waits, 0.95) < 20.0, "p95 of parties");
        assert!(at(&self.waits, 1.0) < 60.0, "nobody starves");
        let (told, half, most) = self.within;
        assert!(told > self.tickets / 2, "an estimate is known");
        let part = |n: usize| n as f64 / told as f64;
        assert!((0.4..=0.85).contains(&part(half)), "half of them wait as long: {}", part(half));
        assert!(part(most) >= 0.8, "nine of ten do not wait longer: {}", part(most));
    }
}

#[test]
fn ten_thousand_tickets_are_matched_one_against_one() {
    let evening = evening("duel", 10_000, 40.0);
    evening.holds();
    assert!(evening.even() >= 0.9);
}

#[test]
fn ten_thousand_tickets_are_matched_five_against_five() {
    let evening = evening("fives", 10_000, 40.0);
    evening.holds();
    assert!(evening.even() >= 0.9);
}

#[test]
fn ten_thousand_tickets_are_matched_each_against_all() {
    evening("crowd", 10_000, 40.0).holds();
}
