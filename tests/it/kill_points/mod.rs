//! The server is killed at each named step of every operation that writes: whoever asked asks again under
//! the same key, and it has happened once.
//!
//! A start takes longer than everything between two of them, so all operations are brought to a step
//! together and die together (`actors/src/kill.rs`); the server says which rooms were there.

mod admin;
mod case;
mod cinema;
mod contests;
mod finding;
mod followed;
mod house;
mod jobs;
mod matches;
mod operations;
mod people;
mod polls;
mod results;
mod tournaments;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use playhouse_actors::kill::Step;
use playhouse_loadtest::client::{Answer, new_key};
use playhouse_loadtest::live::Live;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use reqwest::Method;
use serde_json::{Value, json};

use self::case::Case;
use self::followed::Followed;
use self::house::House;
use self::operations::{ASK_OTHERS, OPERATIONS, SAGAS, TOLD, case};
use crate::server::{is_long, seed};

/// How soon the step must be passed once the commands are sent. 60 s, for a busy machine.
const PASSED_WITHIN: Duration = Duration::from_secs(60);

/// How many operations are tried alone in a test run; `./test long` tries all of them at every step.
const ALONE: usize = 6;

const STEPS: [Step; 5] =
    [Step::BeforeAppend, Step::BeforeSync, Step::AfterSync, Step::BeforeAnswer, Step::AfterAnswer];

/// A command that was sent, its key, and what it was told in the end.
struct Sent {
    operation: &'static str,
    case: Case,
    key: String,
    told: Answer,
}

impl House {
    /// Sends `operations`, has the server die once `many` are at `step` for the time `pass`, and starts it
    /// anew; what they were told in the end, and whether it died: false if everything was done before.
    async fn dies_at(
        &mut self,
        operations: &[&'static str],
        step: Step,
        (many, pass): (usize, usize),
    ) -> (Vec<Sent>, bool) {
        let cases = join_all(operations.iter().map(|operation| case(self, operation))).await;
        self.order(step, many, pass);
        self.sent(operations, cases).await
    }

    async fn sent(&mut self, operations: &[&'static str], cases: Vec<Case>) -> (Vec<Sent>, bool) {
        let asking = operations.iter().copied().zip(cases).map(|(operation, case)| {
            let key = new_key();
            tokio::spawn(async move {
                let told = case.ask(&key).await;
                Sent { operation, case, key, told }
            })
        });
        let asking: Vec<_> = asking.collect();
        let began = Instant::now();
        let mut answered = None;
        let died = loop {
            if self.server.has_ended() {
                break true;
            }
            if asking.iter().all(tokio::task::JoinHandle::is_finished) {
                // What is still written behind the last answer may be the turn that is meant.
                let since = *answered.get_or_insert_with(Instant::now);
                if since.elapsed() > Duration::from_millis(500) {
                    break false;
                }
            }
            assert!(began.elapsed() < PASSED_WITHIN, "nobody dies:\n{}", self.server.logged());
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        self.call_off();
        if died {
            tokio::task::block_in_place(|| self.server.run());
        }
        let sent = join_all(asking).await.into_iter();
        (sent.map(|sent| sent.expect("asking does not panic")).collect(), died)
    }
}

/// Each of `sent` happened once: it is asked again under its key, and looked at.
async fn happened_once(sent: &[Sent], step: Step, pass: usize) {
    let look = async |sent: &Sent| {
        let Sent { operation, case, key, told } = sent;
        let again = case.ask(key).await;
        let seen = case.happened_once(told, &again).await;
        seen.err().map(|what| format!("{operation}, killed {}, time {pass}: {what}", step.name()))
    };
    let wrong: Vec<_> = join_all(sent.iter().map(look)).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), sent.len(), wrong.join("\n"));
}

/// The operations that were not at the step, but on their way there.
fn missing(house: &House, sent: &[Sent], step: Step) -> Vec<&'static str> {
    let rooms = house.were_there();
    println!("{} records, answers or publications were {}", rooms.len(), step.name());
    let answers = matches!(step, Step::BeforeAnswer | Step::AfterAnswer);
    let mut wanted: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for Sent { operation, case, told, .. } in sent {
        let told = told.as_ref().unwrap_or(&Value::Null);
        if !(answers && ASK_OTHERS.contains(operation)) {
            wanted.entry(case.first_room(told)).or_default().push(operation);
        }
    }
    let there = |name: &String| rooms.iter().filter(|room| *room == name).count();
    wanted.retain(|room, operations| there(room) < operations.len());
    wanted.into_values().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_any_operation_leaves_it_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    for step in STEPS {
        let mut left = OPERATIONS.to_vec();
        // On a busy machine one of them may come too late to die with the others.
        for _ in 0..5 {
            let (sent, died) = house.dies_at(&left, step, (left.len(), 1)).await;
            assert!(died, "nobody was {}", step.name());
            left = missing(&house, &sent, step);
            happened_once(&sent, step, 1).await;
            if left.is_empty() {
                break;
            }
        }
        assert!(left.is_empty(), "they were never {}: {left:?}", step.name());
    }
    house.server.saw_no_panic();
}

/// Commands that write several records, one after the other: the kill comes at each of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_later_record_of_an_operation_leaves_it_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    for step in [Step::BeforeAppend, Step::BeforeSync, Step::AfterSync] {
        let mut turns = 1;
        loop {
            turns += 1;
            let (sent, died) = house.dies_at(&SAGAS, step, (SAGAS.len(), turns)).await;
            happened_once(&sent, step, turns).await;
            if !died {
                break;
            }
            println!("turn {turns} was killed {}", step.name());
        }
        assert!(turns > 3, "what writes several records was killed at {turns} of them");
    }
    let mut chance = StdRng::seed_from_u64(seed());
    for step in [Step::BeforeAnswer, Step::AfterAnswer] {
        // Any of the answers that they give each other; all of them have some forty.
        let answers = 2..=40;
        for answer in answers.choose_multiple(&mut chance, if is_long() { 20 } else { 2 }) {
            let (sent, died) = house.dies_at(&SAGAS, step, (1, answer)).await;
            println!("answer {answer}, {}: {died}", step.name());
            happened_once(&sent, step, answer).await;
        }
    }
    house.server.saw_no_panic();
}

/// Some operations alone: nothing else is in their batch.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_an_operation_alone_leaves_it_done_once() {
    let mut chance = StdRng::seed_from_u64(seed());
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    let all = OPERATIONS.iter().flat_map(|operation| STEPS.map(|step| (*operation, step)));
    let some = if is_long() { all.collect() } else { all.choose_multiple(&mut chance, ALONE) };
    for (operation, step) in some {
        let (sent, died) = house.dies_at(&[operation], step, (1, 1)).await;
        assert!(died, "{operation} was never {}", step.name());
        happened_once(&sent, step, 1).await;
    }
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_broadcast_leaves_no_follower_with_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    let cases = join_all(TOLD.iter().map(|operation| case(&house, operation))).await;
    let channels = cases.iter().map(|case| case.channel.clone().expect("it can be followed"));
    let mut followers: [Vec<Followed>; 2] =
        [channels.clone(), channels].map(|all| all.map(|channel| Followed::of(&channel)).collect());
    let connected = |house: &House| {
        let (base, token) = (house.server.base(), house.admin.token().map(str::to_owned));
        async move { Live::connect(&base, token.as_deref()).await.unwrap() }
    };
    let mut connections = [connected(&house).await, connected(&house).await];
    for (followers, live) in followers.iter_mut().zip(&mut connections) {
        for follower in followers {
            follower.subscribe(live).await;
        }
    }
    house.order(Step::MidBroadcast, cases.len(), 1);
    let (sent, died) = house.sent(&TOLD, cases).await;
    assert!(died, "nobody was {}", Step::MidBroadcast.name());
    let left = missing(&house, &sent, Step::MidBroadcast);
    assert!(left.is_empty(), "{left:?}");
    // The first of the two heard of everything, the other one of nothing.
    let mut heard = Vec::new();
    for (followers, live) in followers.iter_mut().zip(&mut connections) {
        let _ = live.linger(Duration::from_secs(5)).await;
        let pushes = live.pushes();
        heard.push(followers.iter_mut().map(|follower| follower.hear(&pushes)).sum());
    }
    assert_eq!(heard.iter().sum::<usize>(), TOLD.len(), "{heard:?}");
    for followers in &mut followers {
        let mut live = connected(&house).await;
        for follower in followers {
            follower.subscribe(&mut live).await;
            if follower.has_every_step() {
                let went_on = (follower.recovered, follower.anew);
                assert_eq!(went_on, (1, 1), "from its own offset: {follower:?}");
            }
        }
    }
    happened_once(&sent, Step::MidBroadcast, 1).await;
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_a_snapshot_and_the_compaction_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    let showing = house.showing().await;
    let holds = format!("{showing}/holds");
    house.order(Step::BeforeCompaction, 1, 1);
    let mut sent = 0_u32;
    // A snapshot is stored once 256 records lie behind the one before.
    while house.is_ordered() {
        sent += 1;
        assert!(sent < 400, "a snapshot is stored");
        let body = json!({ "seats": [format!("A{}", 1 + sent % 4)] });
        let asking = house.buyer.ask(Method::POST, &holds, None, Some(&body));
        let asked = tokio::time::timeout(Duration::from_millis(500), asking).await;
        let Ok(Ok(hold)) = asked else { continue };
        let hold = format!("{holds}/{}", hold["hold_id"].as_str().unwrap());
        let _ = tokio::time::timeout(Duration::from_millis(500), house.buyer.delete(&hold)).await;
    }
    house.server.killed(PASSED_WITHIN).await;
    tokio::task::block_in_place(|| house.server.run());
    let seats = house.buyer.get(&format!("{showing}/seats")).await.unwrap();
    for hold in seats["mine"]["holds"].as_array().unwrap() {
        let hold = format!("{holds}/{}", hold["hold_id"].as_str().unwrap());
        house.buyer.delete(&hold).await.unwrap();
    }
    let seats = house.buyer.get(&format!("{showing}/seats")).await.unwrap();
    assert_eq!((&seats["seats"]["total"], &seats["seats"]["free"]), (&json!(8), &json!(8)));
    house.server.saw_no_panic();
}
