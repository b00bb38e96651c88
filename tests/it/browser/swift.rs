//! From the tap on a phone to the bar on the stage: that it arrives, and how long it takes.

use serde_json::json;

use super::polls::open_poll;
use super::{Driver, Page, click, is_live, until};
use crate::server::{Server, is_long};

/// Notes when the phone was tapped, on the clock of the machine, in milliseconds.
const TAPS: &str = "window.taps = [];
    addEventListener('click', (event) => taps.push(performance.timeOrigin + event.timeStamp), true);";

/// Notes the first frame in which the bar has another width than it had at rest; looks in every frame.
const MOVES: &str = "window.moves = [];
    const bar = document.querySelector('#bars .fill');
    let before = bar.getBoundingClientRect().width;
    const look = () => {
        const { width } = bar.getBoundingClientRect();
        if (Math.abs(width - before) > 0.5) moves.push(performance.timeOrigin + performance.now());
        before = width;
        requestAnimationFrame(look);
    };
    look();";

async fn number(page: &Page, script: &str) -> f64 {
    page.execute(script, vec![]).await.unwrap().as_f64().expect("it is a number")
}

/// How soon a bar is to move. 250 ms from the tap to the first frame.
const SOON_MS: f64 = 250.0;

/// What `./test long` prints stands in `docs/performance.md`. That every vote arrives is checked always; how
/// soon is checked of half of many votes, and of a few of the fastest: other tests run beside this one.
#[tokio::test(flavor = "multi_thread")]
async fn every_tap_on_the_phone_moves_the_bar_on_the_stage() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({ "voters": "anyone" })).await;
    let (stage, phone) = (driver.browser("stage").await, driver.browser("phone").await);
    stage.goto(&format!("{}/polls/{id}/present", server.base())).await.unwrap();
    phone.goto(&format!("{}/polls/{id}", server.base())).await.unwrap();
    is_live(&stage).await;
    is_live(&phone).await;
    until(&stage, "return document.querySelector('#bars .fill') !== null").await;
    stage.execute(MOVES, vec![]).await.unwrap();
    phone.execute(TAPS, vec![]).await.unwrap();
    let votes = if is_long() { 60 } else { 4 };
    let mut took = Vec::new();
    for n in 0..votes {
        // The bar is at rest: it was in the same place in two looks.
        let rest = "return new Promise((done) => { const at = () => document.querySelector('#bars .fill')
            .getBoundingClientRect().width; const first = at(); setTimeout(() => done(at() === first), 50); })";
        until(&stage, rest).await;
        stage.execute("window.moves.length = 0", vec![]).await.unwrap();
        click(&phone, &format!("#ballot .choice:nth-of-type({})", 1 + n % 2)).await;
        until(&stage, "return window.moves.length > 0").await;
        let counted = format!(
            "return document.querySelector('#receipt')?.textContent.includes('Receipt {}:')",
            n + 2
        );
        until(&phone, &counted).await;
        took.push(
            number(&stage, "return window.moves[0]").await
                - number(&phone, "return window.taps.at(-1)").await,
        );
    }
    took.sort_by(f64::total_cmp);
    let at = |part: f64| took[((took.len() - 1) as f64 * part).round() as usize];
    println!(
        "{votes} votes, from the tap to the first frame in which the bar moved: p50 {:.0} ms, p95 {:.0} ms, max {:.0} ms",
        at(0.5),
        at(0.95),
        at(1.0)
    );
    let checked = if is_long() { at(0.5) } else { at(0.0) };
    assert!(checked <= SOON_MS, "the bar moved after {checked:.0} ms");
}
