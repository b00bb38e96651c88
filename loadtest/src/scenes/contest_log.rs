//! What teams and whoever presides were told of a contest, and whether it fits together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What a wrong attempt costs, in minutes.
const PENALTY_MINUTES: u64 = 20;

/// A program that was accepted for judging, and what its team was told.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// Its id.
    pub(super) id: String,
    /// Which program it was.
    pub(super) name: &'static str,
    /// What may be found of it.
    pub(super) may_be: &'static [&'static str],
    /// What was found; none: nothing within the time.
    pub(super) verdict: Option<String>,
}

/// What was told in one run.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Programs that were accepted.
    pub(super) sent: Vec<Sent>,
    /// Programs that had no answer: they may have been accepted or not.
    pub(super) open: usize,
    /// What whoever presides was told of each, in the order in which it was told.
    heard: BTreeMap<String, BTreeSet<String>>,
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

impl Log {
    /// Takes in a view or a change of the channel.
    pub(super) fn hears(&mut self, told: &Value) {
        for one in told["submissions"].as_array().into_iter().flatten() {
            let heard = self.heard.entry(text(one, "id").to_owned()).or_default();
            heard.extend(one["verdict"].as_str().map(str::to_owned));
        }
    }

    /// Each has a verdict, its team was told no other, nor was whoever presides, and nothing is there that nobody sent.
    ///
    /// # Errors
    ///
    /// Says which has none or several.
    pub(super) fn one_verdict_each(&self, all: &[Value]) -> Result<String, String> {
        let known: BTreeMap<&str, &Value> = all.iter().map(|one| (text(one, "id"), one)).collect();
        for Sent { id, name, verdict, .. } in &self.sent {
            let Some(one) = known.get(id.as_str()) else { return Err(format!("{id} is gone")) };
            let stands = one["verdict"].as_str();
            if stands.is_none() || stands != verdict.as_deref() {
                return Err(format!("{id} ({name}) stands at {stands:?}, told was {verdict:?}"));
            }
            if one["judgings"] != 1 {
                return Err(format!("{id} was judged {} times", one["judgings"]));
            }
            let heard = self.heard.get(id).into_iter().flatten();
            if let Some(other) = heard.into_iter().find(|other| Some(other.as_str()) != stands) {
                return Err(format!("{id} stands at {stands:?}, the desk heard {other}"));
            }
        }
        let (many, most) = (all.len(), self.sent.len() + self.open);
        if known.len() != many || !(self.sent.len()..=most).contains(&many) {
            return Err(format!("{many} are there, {} were accepted", self.sent.len()));
        }
        Ok(format!("{many} programs, {} of them heard of at the desk", self.heard.len()))
    }

    /// The judge found of each program what it is; of hostile ones that they met a wall.
    ///
    /// # Errors
    ///
    /// Says which was judged otherwise.
    pub(super) fn as_they_are(&self) -> Result<String, String> {
        let mut found: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for Sent { id, name, may_be, verdict } in &self.sent {
            let verdict = verdict.as_deref().unwrap_or("nothing");
            if !may_be.contains(&verdict) {
                return Err(format!("{id} ({name}) was found to be {verdict}"));
            }
            *found.entry((name, verdict)).or_default() += 1;
        }
        let found = found.iter().map(|((name, verdict), n)| format!("{n} {name}: {verdict}"));
        Ok(found.collect::<Vec<_>>().join(", "))
    }

    /// The board is what the verdicts make by the rules of the ICPC, counted here.
    ///
    /// # Errors
    ///
    /// Says which row differs.
    pub(super) fn board(
        &self,
        contest: &Value,
        all: &[Value],
        board: &Value,
    ) -> Result<String, String> {
        let at = |value: &Value| value.as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
        let start = at(&contest["starts_at"]).ok_or("the contest has no beginning")?;
        let mut sorted: Vec<&Value> = all.iter().collect();
        sorted.sort_by_key(|one| one["number"].as_u64());
        let mut teams: BTreeMap<u64, (u64, u64, bool)> = BTreeMap::new();
        for one in sorted {
            let (wrong, penalty, solved) =
                teams.entry(one["team"].as_u64().unwrap_or(0)).or_default();
            match text(one, "verdict") {
                _ if *solved => {}
                "accepted" => {
                    let ms = at(&one["at"]).ok_or("no time")?.duration_since(start).as_millis();
                    *penalty = u64::try_from(ms).unwrap_or(0) / 60_000 + *wrong * PENALTY_MINUTES;
                    *solved = true;
                }
                "compile_error" | "internal_error" | "" => {}
                _ => *wrong += 1,
            }
        }
        let rows = board["rows"].as_array().cloned().unwrap_or_default();
        for row in &rows {
            let team = row["team"].as_u64().unwrap_or(0);
            let (_, penalty, solved) = teams.get(&team).copied().unwrap_or_default();
            let shown = (row["score"].as_u64(), row["penalty"].as_u64());
            let counted = (Some(u64::from(solved)), Some(if solved { penalty } else { 0 }));
            if shown != counted {
                return Err(format!(
                    "team {team} is shown with {shown:?}, counted were {counted:?}"
                ));
            }
        }
        let key = |row: &Value| {
            (Reverse(row["score"].as_u64()), row["penalty"].as_u64(), row["last_ms"].as_u64())
        };
        if !rows.is_sorted_by_key(key) {
            return Err("the rows are not in order".to_owned());
        }
        Ok(format!("{} rows of {} programs", rows.len(), all.len()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn program(number: u64, team: u64, verdict: &str) -> Value {
        json!({ "id": format!("s{number}"), "number": number, "team": team, "judgings": 1,
            "verdict": verdict, "at": format!("2027-01-01T00:0{number}:30Z") })
    }

    fn log() -> (Log, Vec<Value>) {
        let all = vec![
            program(0, 1, "wrong_answer"),
            program(1, 1, "accepted"),
            program(2, 2, "time_limit"),
        ];
        let sent = all.iter().map(|one| Sent {
            id: text(one, "id").into(),
            name: "x",
            may_be: &["accepted", "wrong_answer", "time_limit"],
            verdict: Some(text(one, "verdict").into()),
        });
        (Log { sent: sent.collect(), ..Log::default() }, all)
    }

    #[test]
    fn a_program_without_a_verdict_or_with_two_is_found() {
        let (mut log, mut all) = log();
        log.hears(&json!({ "submissions": [all[0]] }));
        assert!(log.one_verdict_each(&all).is_ok() && log.as_they_are().is_ok());
        log.hears(&json!({ "submissions": [program(0, 1, "accepted")] }));
        assert!(log.one_verdict_each(&all).is_err(), "the desk heard two");
        let (log, _) = self::log();
        all[2]["verdict"] = Value::Null;
        assert!(log.one_verdict_each(&all).is_err(), "one has none");
        assert!(log.one_verdict_each(&all[..2]).is_err(), "one is gone");
        let more: Vec<Value> =
            self::log().1.into_iter().chain([program(3, 1, "accepted")]).collect();
        assert!(log.one_verdict_each(&more).is_err(), "nobody sent that");
    }

    #[test]
    fn a_board_that_is_not_what_was_told_is_found() {
        let (log, all) = log();
        let contest = json!({ "starts_at": "2027-01-01T00:00:00Z" });
        let row = |team: u64, score: u64, penalty: u64| json!({ "team": team, "score": score, "penalty": penalty, "last_ms": 0 });
        let check = |rows: Vec<Value>| log.board(&contest, &all, &json!({ "rows": rows }));
        check(vec![row(1, 1, 21), row(2, 0, 0)]).unwrap();
        assert!(check(vec![row(1, 1, 1), row(2, 0, 0)]).is_err());
        assert!(check(vec![row(1, 1, 21), row(2, 1, 0)]).is_err());
        assert!(check(vec![row(2, 0, 0), row(1, 1, 21)]).is_err(), "not in order");
    }
}
