//! What is true of tallies and ballots, whoever looks.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use playhouse_actors::journal::Frame;
use playhouse_actors::journal::record::{decode_frame, decode_snapshot};
use playhouse_loadtest::client::Client;
use playhouse_loadtest::live::Live;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::polls::secret::ballot;
use crate::polls::{id_of, open_poll, voter};
use crate::server::{Server, seed};

/// The tallies that `live` is told next: ballots, and the sum of all options.
fn sums(push: &Value) -> Option<(u64, u64)> {
    let data = &push["pub"]["data"];
    let part = if data["view"].is_object() { "view" } else { "change" };
    let tally = &data[part]["tally"];
    let counts: u64 = tally["counts"].as_array()?.iter().map(|n| n.as_u64().unwrap()).sum();
    Some((tally["ballots"].as_u64()?, counts))
}

/// Follows until nothing comes for a while after `over`; every pair of ballots and sum, in order.
async fn watch(mut live: Live, over: tokio::sync::watch::Receiver<bool>) -> Vec<(u64, u64)> {
    let mut seen = Vec::new();
    loop {
        let was_over = *over.borrow();
        live.linger(Duration::from_millis(250)).await.unwrap();
        let pushes = live.pushes();
        if was_over && pushes.is_empty() {
            return seen;
        }
        seen.extend(pushes.iter().filter_map(sums));
    }
}

/// Each of many voters votes and changes the vote over and over, until the presenter closes the poll in
/// the middle of it. To everybody who watches ballots never fall, one that is changed is never missing
/// from the sum, and all end at the same tallies: those of the votes that were acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn tallies_never_go_back_a_change_moves_one_vote_and_nothing_counts_after_the_close() {
    let seed = seed();
    let server = Server::start();
    let presenter = server.admin().await;
    let (poll, path) = open_poll(&presenter, json!({ "change": true })).await;
    let (done, over) = tokio::sync::watch::channel(false);
    let mut watchers = JoinSet::new();
    for _ in 0..3 {
        let mut live = Live::connect(&server.base(), None).await.unwrap();
        let channel = json!({ "channel": format!("poll:{}", id_of(&poll)) });
        live.command("subscribe", channel).await.unwrap();
        watchers.spawn(watch(live, over.clone()));
    }
    let mut voters = JoinSet::new();
    let votes = Arc::new(AtomicU32::new(0));
    let mut people = Vec::new();
    for _ in 0..8 {
        people.push(voter(&server, &poll).await);
    }
    for (n, ann) in (0..).zip(people) {
        let (path, votes) = (path.clone(), votes.clone());
        let mut chance = StdRng::seed_from_u64(seed.wrapping_add(n));
        voters.spawn(async move {
            let mut last = None;
            // Longer than a publication takes, so that many are seen.
            let mut moment = tokio::time::interval(Duration::from_millis(60));
            loop {
                moment.tick().await;
                let choice = chance.random_range(0..2_usize);
                match ann.post(&format!("{path}/votes"), json!({ "choice": [choice] })).await {
                    Ok(_) => {
                        last = Some(choice);
                        votes.fetch_add(1, Ordering::Relaxed);
                    }
                    // A vote can be changed 20 times.
                    Err(refused) => {
                        let code = refused.code();
                        assert!(["poll_closed", "changed_too_often"].contains(&code), "{refused}");
                        return last;
                    }
                }
            }
        });
    }
    while votes.load(Ordering::Relaxed) < 60 {
        tokio::task::yield_now().await;
    }
    presenter.post(&format!("{path}/close"), json!({})).await.unwrap();
    let mut counts = [0_u64; 2];
    while let Some(last) = voters.join_next().await {
        counts[last.unwrap().expect("everybody voted")] += 1;
    }
    let tally = json!({ "ballots": 8, "counts": counts });
    let closed = presenter.get(&path).await.unwrap();
    assert_eq!(closed["tally"], tally, "what was acknowledged is what was closed");
    done.send(true).unwrap();
    while let Some(seen) = watchers.join_next().await {
        let seen = seen.unwrap();
        assert!(seen.len() > 2 && seen.is_sorted_by_key(|(ballots, _)| *ballots), "{seen:?}");
        assert!(
            seen.iter().all(|(ballots, counts)| ballots == counts),
            "a vote was away: {seen:?}"
        );
        assert_eq!(seen.last(), Some(&(8, 8)));
    }
    server.saw_no_panic();
}

/// Whose token it is, as 16 bytes.
fn guest(client: &Client) -> [u8; 16] {
    let claims = client.token().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let id: uuid::Uuid = claims["sub"].as_str().unwrap().parse().unwrap();
    id.into_bytes()
}

/// Every file below `folder`.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Every frame and snapshot that lies whole in `bytes`, wherever.
fn records(bytes: &[u8]) -> Vec<Frame> {
    let starts = bytes.windows(4).enumerate().filter(|(_, w)| *w == b"PHJF" || *w == b"PHJS");
    let record = |at: usize| {
        let head = bytes.get(at..at + 38)?;
        let name = usize::from(u16::from_le_bytes(head[32..34].try_into().unwrap()));
        let payload = u32::from_le_bytes(head[34..38].try_into().unwrap()) as usize;
        let record = bytes.get(at..at + 38 + name + payload + 4)?;
        let snapshot = || {
            let stored = decode_snapshot(record).ok()?;
            let (room, schema, payload) = (stored.room, stored.schema, stored.payload);
            Some(Frame { room, claim: 0, seq: stored.seq, schema, at: stored.at, payload })
        };
        decode_frame(record).ok().or_else(snapshot)
    };
    starts.filter_map(|(at, _)| record(at)).collect()
}

/// After a secret poll was closed, the files of the store hold who was given a ballot and what was cast,
/// and nowhere both: not in a record, and no file but the database has either.
#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_the_store_leads_from_a_voter_to_a_secret_vote() {
    let mut server = Server::start();
    let presenter = server.admin().await;
    let (poll, path) =
        open_poll(&presenter, json!({ "secret": true, "results": "after_close" })).await;
    let (mut voters, mut ballots) = (BTreeSet::new(), BTreeSet::new());
    for n in 0..5 {
        let ann = voter(&server, &poll).await;
        voters.insert(guest(&ann).to_vec());
        let cast = ballot(&ann, &poll).await.unwrap();
        let token = URL_SAFE_NO_PAD.decode(cast["token"].as_str().unwrap()).unwrap();
        ballots.insert(Sha256::digest(&token)[..16].to_vec());
        let vote = json!({ "choice": [n % 2], "ballot": cast });
        server.client().post(&format!("{path}/votes"), vote).await.unwrap();
    }
    presenter.post(&format!("{path}/close"), json!({})).await.unwrap();
    tokio::task::block_in_place(|| server.kill());

    let (poll, roll) = (format!("poll:{}", id_of(&poll)), format!("roll:{}", id_of(&poll)));
    let mut found = Vec::new();
    files(&server.data(), &mut found);
    let (mut votes, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (file, bytes) in &found {
        let is_database = file.ends_with("store/db");
        for (part, what) in
            voters.iter().map(|v| (v, "voter")).chain(ballots.iter().map(|b| (b, "ballot")))
        {
            assert!(is_database || !holds(bytes, part), "{file} holds a {what}");
        }
        for record in records(bytes) {
            let has = |parts: &BTreeSet<Vec<u8>>| -> BTreeSet<Vec<u8>> {
                parts.iter().filter(|part| holds(&record.payload, part)).cloned().collect()
            };
            let (voters, ballots) = (has(&voters), has(&ballots));
            let room = record.room.as_str();
            assert!(voters.is_empty() || ballots.is_empty(), "record {} of {room}", record.seq);
            assert!(voters.is_empty() || room == roll, "{room} knows a voter");
            assert!(ballots.is_empty() || room == poll, "{room} knows a ballot");
            names.extend(voters);
            votes.extend(ballots);
        }
    }
    // Both are there to be found.
    assert_eq!((names, votes), (voters.clone(), ballots));
    let log = server.logged();
    for voter in voters {
        let id = uuid::Uuid::from_slice(&voter).unwrap();
        assert!(!log.contains(&id.to_string()), "the log names a voter");
    }
}
