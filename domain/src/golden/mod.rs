//! Golden bytes of every kind: events, states and remembered replies, as each schema stored them.
//!
//! What a failure names as missing is a line to be added to the kind's file. A line that is there never
//! changes: see `playhouse_protocol::golden`.

use playhouse_protocol::codec;
use playhouse_protocol::golden::check;
use serde::Serialize;

use crate::account::Account;
use crate::audit::Audit;
use crate::contest::Contest;
use crate::contest::paper::Paper;
use crate::games::friends::Friends;
use crate::games::league::League;
use crate::games::match_room::Match;
use crate::games::tournament::Tournament;
use crate::judge::job::Job;
use crate::judge::queue::Queue;
use crate::matchmaking::Matchmaking;
use crate::movie::Movie;
use crate::party::Party;
use crate::poll::Poll;
use crate::poll::questions::Questions;
use crate::poll::roll::Roll;
use crate::poll::series::Series;
use crate::room::Rules;
use crate::screen::Screen;
use crate::showing::Showing;
use crate::unique::UniqueName;

/// Holds `file` against the kind `R`, at the schema that it writes now.
fn golden<R: Rules + std::fmt::Debug + Serialize>(file: &str)
where
    R::Event: std::fmt::Debug,
    R::Reply: std::fmt::Debug,
{
    let decoded = |bytes: &[u8]| codec::decode(bytes).map_err(|e| e.to_string());
    let mut wrong = check::<R::Event>(file, "event", |bytes| R::upcast_event(R::SCHEMA, bytes));
    wrong.extend(check::<R>(file, "state", |bytes| R::upcast_state(R::SCHEMA, bytes)));
    wrong.extend(check::<R::Reply>(file, "reply", decoded));
    assert!(wrong.is_empty(), "{} of schema {}:\n{}", R::KIND, R::SCHEMA, wrong.join("\n"));
}

#[test]
fn what_accounts_store_stays_as_it_is() {
    golden::<Account>(include_str!("account.1.txt"));
}

#[test]
fn what_unique_names_store_stays_as_it_is() {
    golden::<UniqueName>(include_str!("unique.1.txt"));
}

#[test]
fn what_movies_store_stays_as_it_is() {
    golden::<Movie>(include_str!("movie.1.txt"));
}

#[test]
fn what_screens_store_stays_as_it_is() {
    golden::<Screen>(include_str!("screen.1.txt"));
}

#[test]
fn what_showings_store_stays_as_it_is() {
    golden::<Showing>(include_str!("showing.2.txt"));
}

#[test]
fn what_polls_store_stays_as_it_is() {
    golden::<Poll>(include_str!("poll.1.txt"));
}

#[test]
fn what_questions_store_stays_as_it_is() {
    golden::<Questions>(include_str!("questions.1.txt"));
}

#[test]
fn what_rolls_store_stays_as_it_is() {
    golden::<Roll>(include_str!("roll.1.txt"));
}

#[test]
fn what_series_store_stays_as_it_is() {
    golden::<Series>(include_str!("series.1.txt"));
}

#[test]
fn what_the_audit_trail_stores_stays_as_it_is() {
    golden::<Audit>(include_str!("audit.1.txt"));
}

#[test]
fn what_matches_store_stays_as_it_is() {
    golden::<Match>(include_str!("game.3.txt"));
}

#[test]
fn what_matches_stored_before_can_still_be_read() {
    let stored = [(1, include_str!("game.1.txt")), (2, include_str!("game.2.txt"))];
    let lines = stored.iter().flat_map(|(schema, file)| file.lines().map(|line| (*schema, line)));
    let mut read = 0;
    for (schema, line) in lines {
        let mut words = line.split(' ');
        let (sort, hex) = (words.next().unwrap(), words.next().unwrap());
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        match sort {
            "event" => drop(Match::upcast_event(schema, &bytes).unwrap()),
            "state" => drop(Match::upcast_state(schema, &bytes).unwrap()),
            _ => drop(codec::decode::<<Match as Rules>::Reply>(&bytes).unwrap()),
        }
        read += 1;
    }
    assert!(read > 60, "{read} lines");
}

#[test]
fn what_leagues_store_stays_as_it_is() {
    golden::<League>(include_str!("league.1.txt"));
}

#[test]
fn what_lists_of_friends_store_stays_as_it_is() {
    golden::<Friends>(include_str!("friends.1.txt"));
}

#[test]
fn what_matchmaking_stores_stays_as_it_is() {
    golden::<Matchmaking>(include_str!("matchmaking.1.txt"));
}

#[test]
fn what_parties_store_stays_as_it_is() {
    golden::<Party>(include_str!("party.1.txt"));
}

#[test]
fn what_tournaments_store_stays_as_it_is() {
    golden::<Tournament>(include_str!("tournament.1.txt"));
}

#[test]
fn what_jobs_store_stays_as_it_is() {
    golden::<Job>(include_str!("job.1.txt"));
}

#[test]
fn what_the_queue_of_the_judge_stores_stays_as_it_is() {
    golden::<Queue>(include_str!("queue.1.txt"));
}

#[test]
fn what_contests_store_stays_as_it_is() {
    golden::<Contest>(include_str!("contest.1.txt"));
}

#[test]
fn what_papers_store_stays_as_it_is() {
    golden::<Paper>(include_str!("paper.1.txt"));
}
