//! How good a player is thought to be, and what a result says about it.
//!
//! The Bayesian approximation of R. C. Weng and C.-J. Lin, "A Bayesian Approximation Method for Online
//! Ranking", JMLR 12 (2011), algorithm 1 (Bradley-Terry, full pairs), as the crate `skillratings` has it:
//! any number of teams of any size, draws included. What is decided is stored, so that a rebuilt room
//! computes nothing again.

use serde::{Deserialize, Serialize};
use skillratings::MultiTeamOutcome;
use skillratings::weng_lin::{
    WengLinConfig, WengLinRating, expected_score_multi_team, weng_lin_multi_team,
};

/// A player's skill as a normal distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Skill {
    /// Its mean. 25 at first.
    pub mean: f64,
    /// Its standard deviation: how little is known. 25/3 at first; falls with each result.
    pub deviation: f64,
}

impl Default for Skill {
    fn default() -> Self {
        Self { mean: 25.0, deviation: 25.0 / 3.0 }
    }
}

/// How much one point of a leaderboard is of a skill: a hundredth.
const POINTS: f64 = 100.0;

/// How many deviations below the mean a leaderboard counts. 3: it is better than that with 99.9 %.
const CAUTION: f64 = 3.0;

/// How much of what is known a new season keeps. 3/4 of the distance from the first mean.
const KEPT: f64 = 0.75;

/// How much is forgotten at a new season: half of the first deviation, added as variances are.
const FORGOTTEN: f64 = 25.0 / 6.0;

impl Skill {
    /// What a leaderboard counts: a hundred times what the skill is at least. 0 at first; up to some
    /// thousands, and below 0 for whoever loses from the first match on.
    #[must_use]
    pub fn points(self) -> i32 {
        ((self.mean - CAUTION * self.deviation) * POINTS).round() as i32
    }

    /// The same with so many points more, or fewer.
    #[must_use]
    pub fn with_points(self, points: i32) -> Self {
        Self { mean: self.mean + f64::from(points) / POINTS, ..self }
    }

    /// What is left of it in the next season: nearer to the first mean, and less certain.
    #[must_use]
    pub fn next_season(self) -> Self {
        let first = Self::default();
        let mean = first.mean + (self.mean - first.mean) * KEPT;
        let deviation = self.deviation.hypot(FORGOTTEN).min(first.deviation);
        Self { mean, deviation }
    }
}

/// The skills after a match: `teams` with the place of each, 1 for the best; equal places are a draw.
/// In the order given.
#[must_use]
pub fn rated(teams: &[(Vec<Skill>, u16)]) -> Vec<Vec<Skill>> {
    let ratings: Vec<_> = teams.iter().map(|(team, place)| (inner(team), *place)).collect();
    let outcomes: Vec<_> = ratings
        .iter()
        .map(|(team, place)| (team.as_slice(), MultiTeamOutcome::new(usize::from(*place))))
        .collect();
    let after = weng_lin_multi_team(&outcomes, &WengLinConfig::new());
    after.into_iter().map(|team| team.into_iter().map(Skill::from).collect()).collect()
}

/// How likely each of `teams` is to come first. They add up to 1.
#[must_use]
pub fn win_chances(teams: &[Vec<Skill>]) -> Vec<f64> {
    let ratings: Vec<_> = teams.iter().map(|team| inner(team)).collect();
    let slices: Vec<_> = ratings.iter().map(Vec::as_slice).collect();
    expected_score_multi_team(&slices, &WengLinConfig::new())
}

fn inner(team: &[Skill]) -> Vec<WengLinRating> {
    team.iter()
        .map(|skill| WengLinRating { rating: skill.mean, uncertainty: skill.deviation })
        .collect()
}

impl From<WengLinRating> for Skill {
    fn from(rating: WengLinRating) -> Self {
        Self { mean: rating.rating, deviation: rating.uncertainty }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skill(mean: f64, deviation: f64) -> Skill {
        Skill { mean, deviation }
    }

    fn assert_near(found: &[Vec<Skill>], expected: &[(f64, f64)]) {
        let found: Vec<_> = found.iter().flatten().collect();
        assert_eq!(found.len(), expected.len());
        for (found, (mean, deviation)) in found.iter().zip(expected) {
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(near(found.mean, *mean), "mean {} is {mean}", found.mean);
            assert!(near(found.deviation, *deviation), "{} is {deviation}", found.deviation);
        }
    }

    /// Reference: the package `openskill` 6.2.0 of PyPI, `BradleyTerryFull(tau=0.0)`, which follows the
    /// same paper.
    #[test]
    fn ratings_are_those_of_the_reference() {
        let first = Skill::default();
        let duel = rated(&[(vec![first], 1), (vec![first], 2)]);
        let (won, lost) = (27.63523138347365, 22.36476861652635);
        assert_near(&duel, &[(won, 8.065506316323548), (lost, 8.065506316323548)]);

        let draw = rated(&[(vec![skill(30.0, 5.0)], 1), (vec![skill(20.0, 4.0)], 1)]);
        let expected =
            [(29.254867678066578, 4.912573602984704), (20.47688468603739, 3.9643443043391042)];
        assert_near(&draw, &expected);

        let all = [(25.0, 8.0, 2), (28.0, 3.0, 1), (22.0, 5.0, 4), (31.0, 2.0, 3)];
        let all = all.map(|(mean, deviation, place)| (vec![skill(mean, deviation)], place));
        let expected = [
            (28.91612606889241, 6.615176026975669),
            (29.516546522928493, 2.9456962296773153),
            (19.275882536717447, 4.701162753705797),
            (30.517080237962325, 1.9895148569984327),
        ];
        assert_near(&rated(&all), &expected);

        let teams = [
            (vec![skill(25.0, 8.0), skill(30.0, 4.0)], 1),
            (vec![skill(28.0, 3.0), skill(22.0, 6.0)], 2),
            (vec![skill(20.0, 7.0), skill(26.0, 5.0)], 2),
        ];
        let expected = [
            (28.63009602299544, 7.513754113452959),
            (30.907524005748858, 3.9406257504157196),
            (27.655420192452503, 2.97755280331432),
            (20.621680769810016, 5.818344364542156),
            (19.096753351263818, 6.675906320414199),
            (25.539159873093784, 4.883261461651362),
        ];
        assert_near(&rated(&teams), &expected);
    }

    #[test]
    fn points_begin_at_nothing_and_the_better_one_has_the_better_chance() {
        assert_eq!(Skill::default().points(), 0);
        let chances = win_chances(&[vec![skill(30.0, 4.0)], vec![skill(25.0, 8.0)]]);
        assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(chances[0] > 0.5);
        let even = win_chances(&[vec![Skill::default()], vec![Skill::default()]]);
        assert_eq!(even, [0.5, 0.5]);
    }

    #[test]
    fn a_new_season_brings_everybody_nearer_together_and_forgets_a_part() {
        let best = skill(45.0, 1.0).next_season();
        assert!((best.mean - 40.0).abs() < 1e-12);
        assert!(best.deviation > 4.0 && best.deviation < 5.0);
        assert_eq!(Skill::default().next_season(), Skill::default());
    }
}
