//! Programs that burn a judge's processor time beside everybody else: what its neighbours feel of that.
//!
//! All are handed in before the first person arrives, by as many accounts as that takes, and each burns its core until
//! its limit. They are followed on the queue's channel, and called off when everybody else has gone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::meter::{Figures, Outcome};
use super::scenario::ScenarioError;
use super::stage::Stage;
use super::{HarnessError, Promise};
use crate::client::Client;
use crate::live::{Live, LiveError, news};

/// How many jobs one account may have. 50, as the server's default.
const PER_ACCOUNT: usize = 50;

/// How long it may take until as many run as may. 60 s: the server looks at the machine, and compiles once.
const RUNNING_WITHIN: Duration = Duration::from_secs(60);

/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What burns: counts until it is stopped.
const SOURCE: &str = "int main(void) { for (volatile unsigned n = 0;; n++) {} }\n";

/// The table `[burners]` of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How many programs are handed in at once, 1 to 1,000.
    pub programs: usize,
    /// How long each burns, in milliseconds of processor time, 1 to 15,000. Default 2,000.
    #[serde(default = "two_seconds")]
    pub cpu_ms: u32,
}

fn two_seconds() -> u32 {
    2_000
}

impl Plan {
    /// Says what is out of bounds.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        match (1..=1_000).contains(&self.programs) && (1..=15_000).contains(&self.cpu_ms) {
            true => Ok(()),
            false => Err(ScenarioError::Bounds(
                "burners: programs are 1 to 1,000, cpu_ms is 1 to 15,000",
            )),
        }
    }
}

/// What was seen of the queue.
#[derive(Debug, Default)]
struct Seen {
    slots: u64,
    running: u64,
    waiting: u64,
    running_max: u64,
    waiting_max: u64,
    views: u64,
    wrong: Option<String>,
}

impl Seen {
    fn view(&mut self, view: &Value) {
        let number = |name: &str| view[name].as_u64().unwrap_or_default();
        (self.slots, self.running, self.waiting) =
            (number("slots"), number("running"), number("waiting"));
        self.running_max = self.running_max.max(self.running);
        self.waiting_max = self.waiting_max.max(self.waiting);
        self.views += 1;
        if self.running > self.slots {
            self.wrong.get_or_insert(format!("{} ran in {} slots", self.running, self.slots));
        }
        let jobs = view["jobs"].as_array();
        let places = || jobs.into_iter().flatten().filter_map(|job| job["position"].as_u64());
        let each: BTreeSet<u64> = places().collect();
        let fit = each.iter().all(|place| (1..=self.waiting).contains(place));
        if each.len() != places().count() || !fit {
            let waiting = self.waiting;
            self.wrong.get_or_insert(format!("the places {each:?} of {waiting} that wait"));
        }
    }
}

type Shared = Arc<Mutex<Seen>>;

/// The programs of a run.
pub struct Burners {
    programs: usize,
    jobs: Vec<(Client, String)>,
    seen: Shared,
    followers: JoinSet<()>,
}

/// Follows the queue as `who`, and comes back whenever the connection breaks.
async fn follow(base: String, who: Client, seen: Shared) {
    loop {
        // The server is gone for a moment.
        let _ = hear(&base, &who, &seen).await;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn hear(base: &str, who: &Client, seen: &Shared) -> Result<(), LiveError> {
    let mut live = Live::connect(base, who.token()).await?;
    let told = live.command("subscribe", json!({ "channel": "queue:judge" })).await?;
    seen.lock().view(&told["data"]["view"]);
    loop {
        // Nobody says anything while nothing starts or ends.
        let push = live.push(Duration::from_secs(600)).await?;
        seen.lock().view(news(&push));
    }
}

impl Burners {
    /// Hands all in, and waits until as many run as may.
    ///
    /// # Errors
    ///
    /// [`HarnessError`] if one is refused, or they do not run.
    pub async fn hand_in(stage: &Arc<Stage>, plan: &Plan) -> Result<Self, HarnessError> {
        let seen = Shared::default();
        let mut followers = JoinSet::new();
        let mut people = Vec::new();
        for n in 0..plan.programs.div_ceil(PER_ACCOUNT) {
            let name = format!("burner{n:02}");
            let who = stage.client.come_in(&name, "a password of load tests").await?;
            followers.spawn(follow(stage.base.clone(), who.clone(), seen.clone()));
            people.push(who);
        }
        let body = json!({ "language": "c", "source": SOURCE, "tests": [{ "expected": "never" }],
            "limits": { "cpu_ms": plan.cpu_ms, "wall_ms": 60_000 } });
        let mut handing = JoinSet::new();
        for n in 0..plan.programs {
            let (who, body, stage) =
                (people[n % people.len()].clone(), body.clone(), stage.clone());
            handing.spawn(async move {
                let due = Instant::now();
                let made = who.post("/api/jobs", body).await?;
                stage.meter.note("burner", due, Outcome::Ok);
                let id = made["id"].as_str().unwrap_or_default();
                Ok::<_, HarnessError>((who, format!("/api/jobs/{id}")))
            });
        }
        let jobs = handing.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let burners = Self { programs: plan.programs, jobs, seen, followers };
        burners.all_slots_run().await?;
        Ok(burners)
    }

    async fn all_slots_run(&self) -> Result<(), HarnessError> {
        let begun = Instant::now();
        loop {
            let (slots, running, waiting) = {
                let seen = self.seen.lock();
                (seen.slots, seen.running, seen.waiting)
            };
            if slots > 0 && (running == slots || waiting == 0) {
                return Ok(());
            }
            if begun.elapsed() > RUNNING_WITHIN {
                return Err(HarnessError::Needs("a judge that runs the burners"));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Looks whether they burned until now, and calls off what is left.
    ///
    /// # Errors
    ///
    /// [`HarnessError`] if the server does not answer.
    pub async fn finish(mut self) -> Result<(Vec<Promise>, Figures), HarnessError> {
        let burning = self.seen.lock().running;
        let mut judged = 0;
        let mut wrong = None;
        for (who, job) in &self.jobs {
            let seen = who.get(job).await?;
            match seen["verdict"].as_str() {
                Some("time_limit") => judged += 1,
                Some(other) => wrong = Some(format!("{job} was judged {other}: {seen}")),
                None => drop(who.delete(job).await?),
            }
        }
        self.followers.shutdown().await;
        let seen = std::mem::take(&mut *self.seen.lock());
        let found = |broken: Option<String>, fine: String| broken.map_or(Ok(fine), Err);
        let still = (burning == 0).then(|| "none ran at the end: give more programs".to_owned());
        let promises = vec![
            Promise::new(
                "never more programs run than there are slots, and places are true",
                found(seen.wrong, format!("{} views of the queue", seen.views)),
            ),
            Promise::new(
                "each program that burns is stopped at its limit",
                found(
                    wrong,
                    format!("{judged} of {} judged, the others called off", self.programs),
                ),
            ),
            Promise::new("programs burn until the end", found(still, format!("{burning} ran"))),
        ];
        let mut figures = Figures::new();
        for (name, value) in [
            ("burners.judged", judged),
            ("burners.running_max", seen.running_max),
            ("burners.waiting_max", seen.waiting_max),
        ] {
            figures.insert(name.into(), value as f64);
        }
        Ok((promises, figures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(views: &[Value]) -> Seen {
        let mut seen = Seen::default();
        views.iter().for_each(|view| seen.view(view));
        seen
    }

    #[test]
    fn a_place_that_two_have_or_that_none_can_have_and_a_job_too_many_are_seen() {
        let view = |running: u64, places: &[u64]| {
            let job = |place: &u64| json!({ "job": "x", "position": place });
            let jobs: Vec<_> =
                places.iter().map(job).chain([json!({ "position": null })]).collect();
            json!({ "slots": 2, "running": running, "waiting": 4, "jobs": jobs })
        };
        let fine = after(&[view(2, &[1, 3, 4]), view(1, &[])]);
        assert_eq!((fine.wrong, fine.running, fine.running_max, fine.views), (None, 1, 2, 2));
        for wrong in [view(3, &[]), view(2, &[3, 3]), view(2, &[5]), view(2, &[0])] {
            assert!(after(std::slice::from_ref(&wrong)).wrong.is_some(), "{wrong}");
        }
    }

    #[test]
    fn so_many_programs_and_so_long_as_the_server_takes() {
        let plan = |programs, cpu_ms| Plan { programs, cpu_ms }.check().is_ok();
        assert!(plan(1, 1) && plan(1_000, 15_000));
        assert!(!plan(0, 1) && !plan(1_001, 1) && !plan(1, 0) && !plan(1, 15_001));
    }
}
