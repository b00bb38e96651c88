//! The real binary under 300 voters, killed at random moments.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use playhouse_loadtest::client::Client;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{open_poll, voter};
use crate::server::{Server, is_long, seed};

const VOTERS: usize = 300;
/// How often the server is killed.
const KILLS: usize = 10;
/// How many votes are acknowledged between two kills, at least.
const BETWEEN: u64 = 60;
/// How often each voter votes, changing their mind.
const VOTES_EACH: usize = 4;

/// One voter's newest receipt and choice.
type Kept = (Value, u8);

/// Votes and changes the vote, each under its key until it is answered.
async fn vote(
    votes: String,
    voter: Client,
    mut chance: StdRng,
    told: Arc<AtomicU64>,
) -> (Client, Vec<Kept>) {
    let mut kept = Vec::new();
    for n in 0..VOTES_EACH {
        let choice = ((n + chance.random_range(0..2) * 2) % 4) as u8;
        let key = format!("vote-{n}");
        let receipt = voter.post_as(&key, &votes, json!({ "choice": [choice] })).await.unwrap();
        told.fetch_add(1, Ordering::Relaxed);
        kept.push((receipt, choice));
    }
    (voter, kept)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_vote_counts_once_after_ten_kills_at_random_moments() {
    let seed = seed();
    let mut chance = StdRng::seed_from_u64(seed);
    let mut server = Server::with(&[("PLAYHOUSE_LOG_LEVEL", "warn")]);
    let presenter = server.admin().await;
    let settings = json!({ "options": ["A", "B", "C", "D"], "change": true });
    let (poll, path) = open_poll(&presenter, settings).await;
    let mut people = Vec::new();
    for _ in 0..VOTERS {
        people.push(voter(&server, &poll).await);
    }
    let told = Arc::new(AtomicU64::new(0));
    let mut crowd = JoinSet::new();
    for (n, person) in people.into_iter().enumerate() {
        let chance = StdRng::seed_from_u64(seed.wrapping_add(1 + n as u64));
        crowd.spawn(vote(format!("{path}/votes"), person, chance, told.clone()));
    }
    let kills = if is_long() { KILLS + KILLS / 2 } else { KILLS };
    for kill in 1..=kills {
        let since = told.load(Ordering::Relaxed);
        let moment = BETWEEN + chance.random_range(0..20);
        let reached = async {
            while told.load(Ordering::Relaxed) < since + moment {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reached).await.expect("voters go on");
        tokio::task::block_in_place(|| {
            server.kill();
            server.run();
        });
        println!("kill {kill} after {} more", told.load(Ordering::Relaxed) - since);
    }
    let mut newest = Vec::new();
    let mut receipts = BTreeMap::new();
    while let Some(done) = crowd.join_next().await {
        let (voter, kept) = done.unwrap();
        let mut ballots: Vec<&Value> = kept.iter().map(|(receipt, _)| &receipt["ballot"]).collect();
        ballots.dedup();
        assert_eq!(ballots.len(), 1, "a changed vote stays one ballot");
        for (receipt, _) in &kept {
            let number = receipt["number"].as_u64().unwrap();
            receipts.insert(number, receipt["hash"].as_str().unwrap().to_owned());
        }
        newest.push((voter, kept.into_iter().last().unwrap()));
    }
    verify(&server, &path, &newest).await;
    let presenter = server.admin().await;
    let closed = presenter.post(&format!("{path}/close"), json!({})).await.unwrap();
    audit(&server, &path, closed["closing"].as_str().unwrap(), &receipts).await;
    server.saw_no_panic();
}

/// The tallies are those of the voters' own newest votes, and each voter finds theirs.
async fn verify(server: &Server, path: &str, newest: &[(Client, Kept)]) {
    let mut counts = [0_u32; 4];
    for (voter, (receipt, choice)) in newest {
        counts[usize::from(*choice)] += 1;
        let mine = voter.get(path).await.unwrap()["mine"]["vote"].clone();
        assert_eq!((&mine["receipt"], &mine["choice"]), (receipt, &json!([choice])));
    }
    let tally = server.client().get(path).await.unwrap()["tally"].clone();
    assert_eq!(tally, json!({ "ballots": VOTERS, "counts": counts }));
}

/// The auditor finds the export whole, with every receipt in it.
async fn audit(server: &Server, path: &str, closing: &str, receipts: &BTreeMap<u64, String>) {
    let export = reqwest::get(format!("{}{path}/export.csv", server.base())).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (file, slips) = (folder.path().join("export.csv"), folder.path().join("receipts"));
    std::fs::write(&file, export.bytes().await.unwrap()).unwrap();
    let lines: Vec<String> = receipts.iter().map(|(n, hash)| format!("{n}:{hash}")).collect();
    std::fs::write(&slips, lines.join("\n")).unwrap();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/audit/poll_audit.py");
    let mut auditor = Command::new("python3");
    auditor.arg(script).arg("--closing").arg(closing).arg("--receipts").arg(&slips).arg(&file);
    let output = auditor.output().expect("python3 is there (apt-get install python3)");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        receipts.len(),
        VOTERS * VOTES_EACH,
        "each acknowledged vote is a record of its own"
    );
}
