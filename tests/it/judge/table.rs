//! What each sort of program is judged: the whole table at once, by several people, over REST.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;

use super::programs::{Row, all};
use super::{hand_in, judged, judging, languages};

/// How many jobs one person hands in: as many as the queue takes of one.
const EACH: usize = 45;

#[tokio::test(flavor = "multi_thread")]
async fn every_program_of_the_table_is_judged_as_it_should_be() {
    let Some(server) = judging(&[]) else { return };
    let known = languages(&server.client()).await;
    let (rows, left): (Vec<Row>, Vec<Row>) =
        all().into_iter().partition(|row| known.iter().any(|id| id == row.language));
    for row in &left {
        println!("left out: this machine has no {}: {}", row.language, row.what);
    }
    let mut people = Vec::new();
    for n in 0..rows.len().div_ceil(EACH) {
        people.push(server.person(&format!("person{n}")).await);
    }
    let start = Instant::now();
    let told = rows.iter().enumerate().map(|(n, row)| {
        let who = &people[n / EACH];
        async move {
            let job = hand_in(who, row.body()).await;
            judged(who, &job).await
        }
    });
    let told = join_all(told).await;
    let took = start.elapsed();
    let mut wrong = Vec::new();
    let mut many: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, job) in rows.iter().zip(&told) {
        *many.entry(row.verdict).or_default() += 1;
        let case = &job["cases"][0];
        let is = |name: &str, wanted: Option<i64>| wanted.is_none_or(|wanted| case[name] == wanted);
        let well = job["verdict"] == row.verdict
            && is("exit_code", row.code)
            && is("signal", row.signal)
            && job["attempt"] == 1
            && job["tier"] == "full";
        if !well {
            wrong.push(format!("{}, {}: not {} but {job}", row.language, row.what, row.verdict));
        }
    }
    println!("{} programs in {took:?}: {many:?}", rows.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows.len() + left.len() >= 60);
    server.saw_no_panic();
}
