//! The shape of a load: how many people arrive when. Arrivals are fixed before the run, so that a
//! slow server is asked as much as a fast one, and its queue is seen.

use std::time::Duration;

use serde::Deserialize;

use super::scenario::ScenarioError;

/// The most arrivals a second. 100,000; one machine's client cannot make more.
const RATE_MAX: f64 = 100_000.0;

/// How the rate goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Always `rate`.
    #[default]
    Constant,
    /// Evenly from `from` to `rate`.
    Ramp,
    /// From `from` to `rate` in `steps` equal steps of equal length.
    Steps,
    /// `rate`, but `peak` during the middle fifth.
    Spike,
}

/// The table `[load]` of a scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// How the rate goes. Default `constant`.
    #[serde(default)]
    pub shape: Form,
    /// Arrivals a second, 0.01 to 100,000.
    pub rate: f64,
    /// Arrivals a second at the start of a ramp or of steps. Default 0; steps then begin at one step.
    #[serde(default)]
    pub from: f64,
    /// How many steps, 1 to 1,000. Default 5.
    #[serde(default = "five")]
    pub steps: u32,
    /// Arrivals a second at the height of a spike. Default ten times `rate`.
    pub peak: Option<f64>,
    /// How many arrive at the same moment, 1 to 10,000. Default 1. The rate stays what it is.
    #[serde(default = "one")]
    pub burst: u32,
}

fn five() -> u32 {
    5
}

fn one() -> u32 {
    1
}

/// A piece of the load: from one rate to another, evenly.
#[derive(Debug, Clone, Copy)]
struct Piece {
    starts: f64,
    lasts: f64,
    from: f64,
    to: f64,
}

impl Piece {
    fn arrivals(&self) -> f64 {
        (self.from + self.to) / 2.0 * self.lasts
    }

    /// When the `nth` of this piece arrives, in seconds from the run's start.
    fn moment(&self, nth: f64) -> f64 {
        let slope = (self.to - self.from) / self.lasts;
        let within = if slope.abs() < 1e-9 {
            nth / self.from
        } else {
            let root = (self.from * self.from + 2.0 * slope * nth).max(0.0).sqrt();
            (root - self.from) / slope
        };
        self.starts + within
    }
}

impl Load {
    /// Says what is out of bounds.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        let rates = [self.rate, self.from.max(0.01), self.peak.unwrap_or(self.rate)];
        if rates.iter().any(|rate| !(0.01..=RATE_MAX).contains(rate)) || self.from < 0.0 {
            return Err(ScenarioError::Bounds("load: a rate is from 0.01 to 100,000 a second"));
        }
        if !(1..=1000).contains(&self.steps) || !(1..=10_000).contains(&self.burst) {
            return Err(ScenarioError::Bounds("load: steps are 1 to 1,000, a burst 1 to 10,000"));
        }
        Ok(())
    }

    fn pieces(&self, time: f64) -> Vec<Piece> {
        let piece = |starts: f64, lasts: f64, from: f64, to: f64| Piece { starts, lasts, from, to };
        match self.shape {
            Form::Constant => vec![piece(0.0, time, self.rate, self.rate)],
            Form::Ramp => vec![piece(0.0, time, self.from, self.rate)],
            Form::Steps => {
                let (steps, lasts) = (f64::from(self.steps), time / f64::from(self.steps));
                let first = if self.from > 0.0 { self.from } else { self.rate / steps };
                let grows = (self.rate - first) / (steps - 1.0).max(1.0);
                let step = |n: u32| {
                    let rate =
                        if self.steps == 1 { self.rate } else { first + grows * f64::from(n) };
                    piece(f64::from(n) * lasts, lasts, rate, rate)
                };
                (0..self.steps).map(step).collect()
            }
            Form::Spike => {
                let peak = self.peak.unwrap_or(10.0 * self.rate);
                let part = time / 5.0;
                vec![
                    piece(0.0, 2.0 * part, self.rate, self.rate),
                    piece(2.0 * part, part, peak, peak),
                    piece(3.0 * part, 2.0 * part, self.rate, self.rate),
                ]
            }
        }
    }

    /// The moment of each arrival within a run of length `time`, from its start, in order.
    pub fn arrivals(&self, time: Duration) -> impl Iterator<Item = Duration> + use<> {
        let burst = self.burst;
        self.pieces(time.as_secs_f64()).into_iter().flat_map(move |piece| {
            // Whole bursts: what is left of one at a piece's end is not sent.
            let bursts = (piece.arrivals() / f64::from(burst) + 1e-6).floor() as u64;
            (0..bursts).flat_map(move |n| {
                let moment = piece.moment(n as f64 * f64::from(burst));
                (0..burst).map(move |_| Duration::from_secs_f64(moment.max(0.0)))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(shape: Form, rate: f64) -> Load {
        Load { shape, rate, from: 0.0, steps: 5, peak: None, burst: 1 }
    }

    fn moments(load: &Load, seconds: u64) -> Vec<f64> {
        load.check().unwrap();
        load.arrivals(Duration::from_secs(seconds)).map(|at| at.as_secs_f64()).collect()
    }

    #[test]
    fn each_shape_has_as_many_arrivals_as_its_rate_says_and_in_order() {
        for (shape, expected) in
            [(Form::Constant, 1000), (Form::Ramp, 500), (Form::Steps, 600), (Form::Spike, 2800)]
        {
            let moments = moments(&load(shape, 100.0), 10);
            assert_eq!(moments.len(), expected, "{shape:?}");
            assert!(moments.is_sorted() && moments[expected - 1] <= 10.0, "{shape:?}");
        }
    }

    #[test]
    fn a_ramp_grows_and_a_spike_stands_in_the_middle() {
        let ramp = moments(&load(Form::Ramp, 100.0), 10);
        assert_eq!(ramp.iter().filter(|at| **at < 5.0).count(), 125);
        let spike = moments(&load(Form::Spike, 100.0), 10);
        assert_eq!(spike.iter().filter(|at| (4.0..6.0).contains(*at)).count(), 2000);
    }

    #[test]
    fn a_burst_arrives_at_one_moment_and_leaves_the_rate_as_it_is() {
        let load = Load { burst: 50, ..load(Form::Constant, 100.0) };
        let moments = moments(&load, 10);
        assert_eq!(moments.len(), 1000);
        assert!(moments[..50].iter().all(|at| *at == 0.0) && moments[50] == 0.5);
    }
}
